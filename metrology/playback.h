/* SPDX-License-Identifier: MIT */
/*
 * playback - a recording of terminal voltages and currents as a wave source
 *
 * Takes interleaved frames of any number of columns from a reader (a file, or memory) and sorts
 * them into the six channels, each a column times a scale; a channel without a column is silent.
 * Opens no file: sim/recording does. Rate and samples are used as they are, nothing is resampled.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrology/wave.h"

#define PLAYBACK_COLUMNS_MAX 256

struct playback_reader {
	void *ctx;
	/*
	 * The next frames, up to so many, interleaved, in memory of the reader's that holds until
	 * the next call. Returns how many: 0 at the end; or negative errno.
	 */
	int (*read)(void *ctx, uint32_t frames, const float **ret_interleaved);
	/* Back to the first frame; 0 or negative errno. */
	int (*rewind)(void *ctx);
	unsigned columns; /* 1..PLAYBACK_COLUMNS_MAX */
	double rate_hz;
};

struct playback_channel {
	int column;  /* from 0; -1: silent */
	float scale; /* V or A per unit of the column */
};

struct playback;

/* 0, -ENOMEM or -EINVAL (columns). Copies reader and map; the reader's ctx is borrowed. */
int playback_create(struct playback **ret, const struct playback_reader *reader,
		    const struct playback_channel map[WAVE_CHANNELS], bool repeat);
void playback_destroy(struct playback *playback);
struct wave_source playback_source(struct playback *playback);
