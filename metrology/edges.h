/* SPDX-License-Identifier: MIT */
/*
 * edges - where the measuring windows of a free source begin and end
 *
 * An edge is the upward zero crossing of the fundamental of a mix of the three voltages (L1
 * alone would lose the mains when L1 is lost). Its phase is taken from two cycles around the
 * place where it is expected, under a Hann window whose nulls lie on the harmonics, so that
 * harmonics and noise do not move the window. No state: the caller keeps the frequency.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "metrology/wave.h"

#define EDGES_REACH_CYCLES 1.0 /* samples needed on both sides of an edge */

#define EDGES_FREQUENCY_MIN 40.0
#define EDGES_FREQUENCY_MAX 70.0

static inline bool edges_in_range(double frequency_hz)
{
	return frequency_hz >= EDGES_FREQUENCY_MIN && frequency_hz <= EDGES_FREQUENCY_MAX;
}

struct edges_signal {
	const float *const *ch; /* WAVE_CHANNELS planar channels */
	int64_t frames;
	double rate_hz;
};

/*
 * Phase of the fundamental at sample position at, in rad, 0 at the upward crossing. False: no
 * voltage there, or at is nearer to an end than EDGES_REACH_CYCLES.
 */
bool edges_phase(const struct edges_signal *signal, double at, double frequency_hz,
		 double *ret_rad);
/*
 * The frequency near sample position at, which needs three cycles of 40 Hz after it. False: no
 * mains between 40 and 70 Hz. Takes for granted that a voltage has a fundamental in that range if
 * it has anything near it: 100 Hz alone may be taken for mains.
 */
bool edges_acquire(const struct edges_signal *signal, double at, double *ret_frequency_hz);
