/* SPDX-License-Identifier: MIT */
/*
 * energy - energy registers as integers
 *
 * A counter never loses or gains: windows are whole nJ, a counter is whole Wh and the nJ left
 * over, so that the sum of a year is the sum of its windows. The manual's 7.11 is computed from
 * these: forward and reverse magnitudes per phase, per tariff over the phases, and netted over
 * the phases window by window (code 10).
 */
#pragma once
#include <stdint.h>

#include "metrology/element.h"

#define ENERGY_NJ_PER_WH INT64_C(3600000000000)

/* A magnitude: wh >= 0, 0 <= nj < ENERGY_NJ_PER_WH. The same for varh. */
struct energy {
	int64_t wh;
	int64_t nj;
};

/* nj >= 0 */
void energy_add_nj(struct energy *e, int64_t nj);
void energy_add(struct energy *e, const struct energy *other);
/* Negative, 0 or positive as a is less than, equal to or greater than b. */
int energy_compare(const struct energy *a, const struct energy *b);
/* a - b as sign and magnitude: returns -1, 0 or 1 and fills *ret. */
int energy_difference(const struct energy *a, const struct energy *b, struct energy *ret);

enum energy_kind { ENERGY_ACTIVE, ENERGY_REACTIVE, ENERGY_KINDS };
enum energy_direction { ENERGY_FORWARD, ENERGY_REVERSE, ENERGY_DIRECTIONS };
#define ENERGY_TARIFFS 2

/* Counters of one kind and direction. */
struct energy_counters {
	struct energy phase[WAVE_PHASES];     /* over all tariffs */
	struct energy tariff[ENERGY_TARIFFS]; /* sum of the phases */
	struct energy net[ENERGY_TARIFFS];    /* of the phases' sum, window by window */
};

struct energy_registers {
	struct energy_counters counters[ENERGY_KINDS][ENERGY_DIRECTIONS];
	struct energy day_sum; /* forward active since the last reset, phases apart ... */
	struct energy day_net; /* ... and netted */
};

/* Counts a window; tariff: 0 is T1, 1 is T2. */
void energy_count(struct energy_registers *registers, const struct measurement *window,
		  unsigned tariff);
