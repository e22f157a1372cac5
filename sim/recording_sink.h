/* SPDX-License-Identifier: MIT */
/*
 * recording_sink - what the writers of file formats give to sim/recording_write; private to it
 *
 * Frames are counted and rates checked for being possible at all before they come here.
 */
#pragma once
#include "sim/recording_write.h"

struct recording_sink {
	void *ctx;
	/* As recording_write_frames. */
	int (*write)(void *ctx, double rate_hz, const float *const ch[WAVE_CHANNELS],
		     uint32_t frames);
	int (*finish)(void *ctx);
	void (*destroy)(void *ctx); /* closes what is open */
};

/* 0, -ENOMEM, or what opening said. */
int recording_comtrade_create(struct recording_sink *ret, const char *path,
			      const struct recording_write_info *info);
int recording_wav_create(struct recording_sink *ret, const char *path,
			 const struct recording_write_info *info);
