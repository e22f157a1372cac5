/* SPDX-License-Identifier: MIT */
/*
 * synth - synthesised terminal voltages and currents, locked to the mains
 *
 * v(t) = sqrt(2) V [sin(th) + sum r_h sin(h th + ph_h)] with th = wt + angle of the phase, and
 * the current alike with th - lag. V and A are r.m.s. of the fundamental; harmonics come on top,
 * as a ratio to the fundamental. Windows are 10 cycles, 12 from 55 Hz on (IEC 61000-4-30), at
 * the number of samples nearest to 8 kHz; the phase restarts with each window, so that equal
 * inputs give equal windows.
 *
 * Reads no clock. Borrows the basis, which meters of one thread may share.
 */
#pragma once
#include <complex.h>
#include <stdint.h>

#include "base/rng.h"
#include "metrology/basis.h"
#include "metrology/wave.h"

#define SYNTH_RATE_HZ  8000.0
#define SYNTH_FREQ_MIN 40.0
#define SYNTH_FREQ_MAX 70.0

/* A ratio to the fundamental and the phase of the harmonic at the fundamental's zero crossing. */
struct synth_harmonic {
	double ratio;     /* 0..  */
	double phase_deg; /* of the harmonic's own period */
};

struct synth_phase {
	double voltage_v;     /* r.m.s. of the fundamental */
	double angle_deg;     /* of the voltage against this phase's place in the star */
	double current_a;     /* r.m.s. of the fundamental */
	double lag_deg;       /* by which the current lags its voltage; beyond 90: export */
	double voltage_noise; /* r.m.s., ratio to the fundamental */
	double current_noise;
	struct synth_harmonic voltage_harmonic[WAVE_HARMONIC_MAX + 1]; /* 0 and 1 unused */
	struct synth_harmonic current_harmonic[WAVE_HARMONIC_MAX + 1];
};

struct synth_input {
	double frequency_hz; /* SYNTH_FREQ_MIN..SYNTH_FREQ_MAX */
	struct synth_phase phase[WAVE_PHASES];
};

/*
 * What an input comes to: a phasor for each harmonic of each channel, x(t) = Im sum peak[h]
 * exp(j h w t). Whoever works on the circuit (network.h) works on this.
 */
struct synth_spectrum {
	double frequency_hz;
	double complex peak[WAVE_CHANNELS][WAVE_HARMONIC_MAX + 1]; /* V or A; 0 unused */
	double noise[WAVE_CHANNELS]; /* r.m.s., ratio to the fundamental */
};

static inline double complex synth_phasor(double re, double im) /* clang may have no CMPLX */
{
	return re + im * (double complex)_Complex_I;
}

void synth_spectrum_of(const struct synth_input *input, struct synth_spectrum *ret);

struct synth;

/* 0 or -ENOMEM. Borrows basis until destroy. The noise is drawn from rng's copy. */
int synth_create(struct synth **ret, struct basis *basis, const struct rng *rng);
void synth_destroy(struct synth *synth);
/*
 * Takes effect with the next window, and always makes it a new one. The input's ranges are the
 * caller's business (sim/world checks what users say); frequency is asserted.
 */
void synth_set(struct synth *synth, const struct synth_input *input);
void synth_set_spectrum(struct synth *synth, const struct synth_spectrum *spectrum);
/* The source's view of it; valid as long as the synth. */
struct wave_source synth_source(struct synth *synth);
