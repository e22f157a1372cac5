/* SPDX-License-Identifier: MIT */
/*
 * wiring - how the meter's terminals are connected to the circuit, and what is wrong there
 *
 * A stage of its own between source and element: what is wired wrong acts on the samples, and
 * everything after it is simply measured. The source's channels are the circuit: the voltages of
 * the line conductors against the neutral (without one: against anything that is the same for all
 * three) and the line currents. What a missing conductor does to them is network.h's business.
 *
 * Connections as in the manual's 5.7. The meter measures each voltage terminal against its
 * neutral terminal:
 *
 *	3P4W    the neutral terminal is at the neutral
 *	Aron    the neutral terminal is tied to terminal 2 (12/13 to 16/17), so that the elements
 *	        see U12, 0 and U32; with transformers the second one is not used
 *	delta   the neutral terminal is open: three equal voltage circuits put it at the mean of
 *	        the terminals that are connected
 *	1P2W    as 3P4W, but the second and third element are not used
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "metrology/wave.h"

enum wiring_connection { WIRING_3P4W, WIRING_3P3W_ARON, WIRING_3P3W_DELTA, WIRING_1P2W };

/* A line conductor of the circuit. */
enum wiring_wire { WIRING_NONE, WIRING_L1, WIRING_L2, WIRING_L3, WIRING_WIRES };

/* What is at the terminals, by element. */
struct wiring_terminals {
	/* NONE: the lead is off; the voltage circuit pulls it to the neutral terminal */
	enum wiring_wire voltage[WAVE_PHASES];
	enum wiring_wire current[WAVE_PHASES]; /* NONE: the transformer is short-circuited */
	bool reversed[WAVE_PHASES];            /* current flows in where it should flow out */
	double ratio[WAVE_PHASES];             /* of the current seen to the one that is right */
};

struct wiring {
	enum wiring_connection connection;
	bool transformers; /* the meter's CT version */
	struct wiring_terminals terminals;
	uint64_t changes; /* part of a window's identity: counts up with every change */
	/* what it comes to: terminals are a matrix times the circuit, by row */
	float voltage[WAVE_PHASES][WAVE_PHASES];
	float current[WAVE_PHASES][WAVE_PHASES];
	bool passes; /* both matrices are ones: nothing is to be done */
};

/* Everything as it should be: L1, L2, L3, nothing reversed, ratios 1. */
extern const struct wiring_terminals wiring_right;

void wiring_init(struct wiring *wiring, enum wiring_connection connection, bool transformers);
/* Takes effect with the samples that are pulled next. What is there already is no change. */
void wiring_set(struct wiring *wiring, const struct wiring_terminals *terminals);
/* Turns the circuit's samples into those at the meter's terminals, in place. */
void wiring_apply(const struct wiring *wiring, float *const ch[WAVE_CHANNELS], uint32_t frames);
