/* SPDX-License-Identifier: MIT */
/*
 * element - the measuring element: a window of samples in, quantities and energies out
 *
 * V and I are r.m.s. with harmonics, P is active power with harmonics, Q is fundamental reactive
 * power, S = sqrt(P^2 + Q^2), PF = |P| / S (field-facts.md 4.2, IEC 62053-23 for Q). Energies
 * are the window's mean power times its duration, rounded once to whole nJ (nvars). Nothing is
 * counted for a phase below the starting current (manual section 5: 0.4 % Ib).
 *
 * Does no windowing itself: a locked window comes whole, the edges of a free one from edges.h.
 * Pure arithmetic, no state, no allocation.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "metrology/wave.h"

/*
 * P, Q and energy are right within 10 ppm of S: a P or Q smaller than that has no sign that
 * means anything and counts as positive for quadrant and direction.
 */
#define ELEMENT_UNCERTAINTY 10e-6
#define ELEMENT_DEAD_V      1.0 /* below it on all phases there is no frequency to measure */

struct element_config {
	double starting_current_a; /* below it a phase counts nothing */
};

struct element_phase {
	double voltage_v;
	double current_a;
	double active_w;
	double reactive_var;
	double apparent_va;
	double power_factor;      /* 0..1; 1 without a load */
	double voltage_angle_deg; /* of the fundamental, against that of L1's voltage, -180..180 */
	double lag_deg;           /* by which the current's fundamental lags the voltage's */
	double voltage_thd;       /* ratio to the fundamental */
	double current_thd;
	int64_t active_nj;   /* signed energy of the window */
	int64_t reactive_nj; /* signed, nvars */
	unsigned quadrant;   /* 1..4 */
	bool reverse;
};

struct measurement {
	int64_t duration_ns;
	/*
	 * Only energies hold: a piece of a recording before its first or after its last zero
	 * crossing, or before the one where a lost mains was found again, too short to measure
	 * r.m.s. values in.
	 */
	bool partial;
	uint64_t serial;     /* equal serials of one metering: the same window used again */
	double frequency_hz; /* 0: no voltage */
	struct element_phase phase[WAVE_PHASES];
	double active_w; /* totals, from unrounded phases */
	double reactive_var;
	double apparent_va;  /* sum of the phases' S */
	double power_factor; /* |P| / sqrt(P^2 + Q^2) of the totals */
	unsigned quadrant;
};

/*
 * A whole window of frames samples and a whole number of cycles; cosine and sine: tables of the
 * fundamental over it.
 */
void element_locked(const struct element_config *config, const float *const ch[WAVE_CHANNELS],
		    const struct wave_grid *grid, const float *cosine, const float *sine,
		    struct measurement *ret);

#define ELEMENT_MARGIN 4 /* samples looked at beyond the edges of a span */

/* A window between two points in a buffer of samples. */
struct element_span {
	double from;   /* in samples from ch[][0]; at least ELEMENT_MARGIN */
	double to;     /* ELEMENT_MARGIN samples after it must exist; to - from at least 1 */
	double cycles; /* in the span */
	double rate_hz;
};

/*
 * A span whose edges lie between samples: each edge is a smooth step over ELEMENT_MARGIN samples
 * to both sides, so that adjoining spans add up to the sum over all samples. (A sharp cut, however
 * well interpolated, is 40 ppm off at 6.4 kHz with 10 % of a 39th and 40th harmonic of 65 Hz: the
 * products lie beyond half the sampling rate, and only a smooth edge has no ear for their images.)
 */
void element_span(const struct element_config *config, const float *const ch[WAVE_CHANNELS],
		  const struct element_span *span, struct measurement *ret);
