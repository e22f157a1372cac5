/* SPDX-License-Identifier: MIT */
/*
 * world - the world face of a meter: grid, load, supply and wiring, by the names of the world
 * points
 *
 * A world point is a place in struct world; a name without a phase means all three. Values are
 * checked here, in the ranges of the users' contract. Knows neither meter nor bus.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "metrology/network.h"
#include "metrology/synth.h"
#include "metrology/wiring.h"

/* Doubles only: each of them is a place. */
struct world {
	struct synth_input input;
	double supply[WAVE_PHASES];       /* 1: connected, 0: lost */
	double supply_neutral;            /* as well */
	double wire_voltage[WAVE_PHASES]; /* enum wiring_wire */
	double wire_current[WAVE_PHASES]; /* as well */
	double ct_reversed[WAVE_PHASES];  /* 1: reversed */
	double ct_factor[WAVE_PHASES];    /* of the current seen to the one that is right */
};

/* What a name means: one place per phase, or one for all. */
struct world_target {
	size_t offset[WAVE_PHASES]; /* of doubles in struct world */
	unsigned count;             /* 1 or 3 */
	const char *const *names;   /* what it may be, by value, NULL-terminated; NULL: a number */
	double min;                 /* of numbers, as all that follows */
	double max;                 /* for load.current without a limit of the meter: INFINITY */
	const char *unit;           /* of a bare number */
	double factor;              /* from that unit to the place's: 0.01 for per cent */
};

/* No voltage and no load at 50 Hz, everything connected as it should be. */
void world_init(struct world *world);
/* What it says of the conductors and of the meter's terminals. */
void world_network(const struct world *world, enum wiring_connection connection,
		   struct network *ret);
void world_terminals(const struct world *world, struct wiring_terminals *ret);

/*
 * "grid.voltage", "load.current.l2", "grid.harmonic.5" ...; maximum_current_a: the meter's Imax,
 * of which 1.2 times are allowed. False: no such point.
 */
bool world_find(const char *name, double maximum_current_a, struct world_target *ret);
/* Names for "did you mean"; *ret_count of them. */
const char *const *world_names(size_t *ret_count);
/* value in the target's unit. 0; -EINVAL: text is no such quantity or word; -ERANGE. */
int world_parse(const struct world_target *target, const char *text, double *ret);
/* For messages about -EINVAL and -ERANGE: "is not a number of A", "is out of range 0..480 V". */
const char *world_complaint(const struct world_target *target, int r, char *buf, size_t size);

/* The double at one of a target's offsets. */
double *world_place(struct world *world, size_t offset);
