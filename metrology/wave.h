/* SPDX-License-Identifier: MIT */
/*
 * wave - what a source of terminal voltages and currents looks like
 *
 * Six planar channels of samples, V and A, as float: a 24-bit mantissa is 0.06 ppm, far below
 * the 10 ppm that the measurement keeps. A source is either locked to the mains (synthesis: it
 * hands out whole measuring windows of an exact number of samples) or free (a recording at its
 * own rate, whose windows are cut by the element's window finder).
 */
#pragma once
#include <stdint.h>

enum wave_channel { WAVE_V1, WAVE_V2, WAVE_V3, WAVE_I1, WAVE_I2, WAVE_I3, WAVE_CHANNELS };

#define WAVE_PHASES       3
#define WAVE_HARMONIC_MAX 40

/* The next window of a source, before its samples are pulled. */
struct wave_grid {
	uint32_t frames;     /* samples of the whole window; 0: a free source */
	uint32_t cycles;     /* mains cycles in the window, locked sources only */
	int64_t duration_ns; /* of the window, locked sources only */
	double rate_hz;      /* sampling rate */
	/*
	 * Locked sources: equal serials promise equal samples, so that a measured window may be
	 * used again. 0: every window is different (noise).
	 */
	uint64_t serial;
};

struct wave_source {
	void *ctx;
	void (*grid)(void *ctx, struct wave_grid *ret);
	/*
	 * Writes up to frames samples to each of ch[]. Returns how many; fewer than asked for:
	 * the end of a recording; negative errno: reading failed. A locked source starts over
	 * with a window each time grid->frames have been pulled.
	 */
	int (*pull)(void *ctx, float *const ch[WAVE_CHANNELS], uint32_t frames);
};
