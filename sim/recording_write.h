/* SPDX-License-Identifier: MIT */
/*
 * recording_write - terminal voltages and currents into a COMTRADE or WAV file
 *
 * What it writes, sim/recording plays without another word: COMTRADE 2013 with FLOAT32 data (".cfg"
 * with ".dat" beside it, or ".cff"), each sample as it is, to the bit; or float WAV (RF64 beyond
 * 4 GB) in V and A with its sidecar. Streams: nothing but a block is held in memory. Samples are
 * V and A, six channels as in metrology/wave. An existing file is overwritten.
 */
#pragma once
#include <stdint.h>

#include "metrology/wave.h"

#define RECORDING_WRITE_SECTIONS_MAX 64 /* changes of the sampling rate, COMTRADE */

struct recording_write_info {
	const char *station; /* of COMTRADE; borrowed for the call; NULL: "metersim" */
	const char *device;  /* likewise, for example the meter's name; NULL: "" */
	double line_hz;      /* nominal */
	int64_t begin_ns;    /* of the first sample since 1970-01-01 UTC, not negative */
};

struct recording_write;

/*
 * The ending of path chooses: .cfg, .cff or .wav, in small or capital letters. 0; -ENOTSUP: it
 * ends in none of them; -ENOMEM; or what opening said.
 */
int recording_write_create(struct recording_write **ret, const char *path,
			   const struct recording_write_info *info);
/*
 * Appends frames, at the rate of the wave_grid they come from. COMTRADE: a new rate begins a new
 * section; -ERANGE beyond RECORDING_WRITE_SECTIONS_MAX. WAV: its one rate is that of the first
 * block in whole Hz, which is how far its time base is off; -ERANGE for a rate that differs by
 * more than a thousandth. -EFBIG: no more sample numbers (COMTRADE, 2^32 - 1). -EIO, -ENOSPC ...:
 * the file cannot be written; then only destroy.
 */
int recording_write_frames(struct recording_write *write, double rate_hz,
			   const float *const ch[WAVE_CHANNELS], uint32_t frames);
/* Completes and closes the files, which are not valid before. 0, -ENODATA: no frames; -EIO ... */
int recording_write_finish(struct recording_write *write);
/* Without finish the files stay incomplete. NULL is a no-op. */
void recording_write_destroy(struct recording_write *write);
