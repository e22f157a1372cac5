/* SPDX-License-Identifier: MIT */
/*
 * basis - cosine and sine tables of a measuring window and its harmonics
 *
 * A window locked to the mains has n samples and a whole number of cycles, so the h-th harmonic
 * at sample k is the point (h * cycles * k) mod n of one circle. A table depends on n and cycles
 * only: meters on the same grid share it, and a frequency that moves by less than half a sample
 * per window keeps it. Exact to float rounding; no rotator, no drift.
 *
 * All memory is taken in create(); pages of harmonics that nobody asks for are never touched.
 */
#pragma once
#include <stdint.h>

#include "metrology/wave.h"

#define BASIS_FRAMES_MAX 2048 /* 12 cycles at 47 Hz and 8 kHz; 10 cycles at 40 Hz have 2000 */

struct basis;

/* 0 or -ENOMEM. */
int basis_create(struct basis **ret);
void basis_destroy(struct basis *basis);
/* Chooses the window; the tables of up to four windows are kept. 0 or -EINVAL (size). */
int basis_select(struct basis *basis, uint32_t frames, uint32_t cycles);
/* Tables of harmonic 1..WAVE_HARMONIC_MAX in the selected window, valid until the next select. */
const float *basis_cos(struct basis *basis, unsigned harmonic);
const float *basis_sin(struct basis *basis, unsigned harmonic);
