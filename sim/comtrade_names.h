/* SPDX-License-Identifier: MIT */
/*
 * comtrade_names - what units, phases and names of COMTRADE channels mean
 *
 * The standard leaves all three to the maker of the recorder; this knows the usual ones and
 * guesses nothing else. Phase to neutral only: "AB" is no phase.
 */
#pragma once
#include "sim/recording_reader.h"

/* "kV": voltage, and 1000 V per unit; "": unknown, 1; anything else that is neither V nor A: other.
 */
enum recording_quantity comtrade_unit(const char *unit, double *ret_per_unit);
/* "A", "L1", "R", "1", "AN", "L1-N": 0..2, or RECORDING_PHASE_NONE. */
int comtrade_phase(const char *text);
/*
 * Completes *column, whose quantity the unit has told: the phase by the phase field, else by the
 * name ("UL1", "Va", "I_R"); an unknown quantity by the name.
 */
void comtrade_names_guess(const char *phase, const char *name, struct recording_column *column);
