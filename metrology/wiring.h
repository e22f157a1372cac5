/* SPDX-License-Identifier: MIT */
/*
 * wiring - how the meter's terminals are connected to the circuit
 *
 * A stage of its own between source and element: what is wired wrong acts on the samples, and
 * everything after it is simply measured. The source's channels are the circuit: phase-to-neutral
 * voltages and line currents. Three-phase four-wire (manual 5.7) passes them through.
 */
#pragma once
#include <stdint.h>

#include "metrology/wave.h"

enum wiring_connection { WIRING_3P4W };

struct wiring {
	enum wiring_connection connection;
	uint64_t changes; /* part of a window's identity: counts up with every change */
};

void wiring_init(struct wiring *wiring, enum wiring_connection connection);
/* Turns the circuit's samples into those at the meter's terminals, in place. */
void wiring_apply(const struct wiring *wiring, float *const ch[WAVE_CHANNELS], uint32_t frames);
