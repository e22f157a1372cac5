/* SPDX-License-Identifier: MIT */
/*
 * network - the circuit between grid and load, also when a conductor of it is missing
 *
 * As long as neutral and phases are there, the load draws what it is set to, whatever the voltage
 * does. Without a neutral (lost, or a three-wire network, which has none) the load is a star of
 * impedances that its currents define at the set voltages, and the star point is where the
 * node-voltage method puts it, harmonic by harmonic. For one harmonic, over the phases that are
 * there, with the grid's voltages U, the load's set currents I and admittances Y:
 *
 *	I(V) = I + Y (V - U)         what a phase draws with V across it; at the fundamental Y V
 *	sum I(U - Us) = 0            node equation of the star point
 *	Us = sum I / sum Y           at the fundamental sum Y U / sum Y
 *
 * A phase's impedance is R + j h X, or R + j X / h if X is negative (series elements: assumed).
 * An exporting phase has a negative R at the fundamental, and |R| at harmonics (assumed).
 *
 * Pure arithmetic on phasors. What the meter sees of the circuit is wiring.h's business.
 */
#pragma once
#include <stdbool.h>

#include "metrology/synth.h"
#include "metrology/wiring.h"

/* Where impedances would resonate or export into nothing, the load is taken off (assumed). */
#define NETWORK_LIMIT_V 1000.0
/* A phase that is set to less than this defines no impedance and draws nothing. */
#define NETWORK_DEAD_V 1.0

struct network {
	enum wiring_connection connection; /* 1P2W: there is only L1; 3P3W: no neutral */
	bool phase[WAVE_PHASES];           /* connected to the grid; false: lost */
	bool neutral;
};

/*
 * What is at the meter: the voltages of the line conductors behind the break, where a lost one
 * hangs on the load, against the load's star point (3P3W: against the grid's), and the currents.
 */
void network_solve(const struct network *network, const struct synth_input *input,
		   struct synth_spectrum *ret);
