/* SPDX-License-Identifier: MIT */
/*
 * bare_loop - the least work that could be called metering: the peer of bench_samples
 *
 * Six channels at 8 kHz: per phase sum v^2, i^2, v i and v i delayed by a quarter period, in 16
 * lanes. No wiring, no windows, no fundamental, no energies: what a hand-written loop would do.
 */
#pragma once
#include <stdint.h>

#define BARE_CHANNELS 6
#define BARE_BLOCK    160 /* one period of 50 Hz at 8 kHz */
#define BARE_DELAY    40

struct bare_sums {
	double vv[3], ii[3], vi[3], qi[3];
};

/* Sums over frames (a multiple of BARE_BLOCK) of planar samples. */
void bare_measure(const float *const ch[BARE_CHANNELS], int64_t frames, struct bare_sums *sums);
/*
 * Synthesises and sums blocks of one period: harmonics rotators shared by the channels, restarted
 * exactly at each block. amplitude[c][h]: cosine and sine amplitude of harmonic h + 1.
 */
void bare_synthesise(int64_t blocks, unsigned harmonics, float amplitude[BARE_CHANNELS][40][2],
		     struct bare_sums *sums);
