/* SPDX-License-Identifier: MIT */
/*
 * world - the world face of a meter: grid and load, by the names of the world points
 *
 * A world point is a place in the synthesiser's input; a name without a phase means all three.
 * Values are checked here, in the ranges of the users' contract. Knows neither meter nor bus.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "metrology/synth.h"

/* What a name means: one place per phase, or one for all. */
struct world_target {
	size_t offset[WAVE_PHASES]; /* of doubles in struct synth_input */
	unsigned count;             /* 1 or 3 */
	double min;
	double max;       /* for load.current without a limit of the meter: INFINITY */
	const char *unit; /* of a bare number */
	double factor;    /* from that unit to the place's: 0.01 for per cent */
};

/*
 * "grid.voltage", "load.current.l2", "grid.harmonic.5" ...; maximum_current_a: the meter's Imax,
 * of which 1.2 times are allowed. False: no such point.
 */
bool world_find(const char *name, double maximum_current_a, struct world_target *ret);
/* Names for "did you mean"; *ret_count of them. */
const char *const *world_names(size_t *ret_count);
/* value in the target's unit. 0; -EINVAL: text is no such quantity; -ERANGE. */
int world_parse(const struct world_target *target, const char *text, double *ret);

/* The double at one of a target's offsets. */
double *world_place(struct synth_input *input, size_t offset);
