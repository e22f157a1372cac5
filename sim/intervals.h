/* SPDX-License-Identifier: MIT */
/*
 * intervals - the load of a meter by a table of times and values: a smart meter's or SCADA export
 *
 * A CSV file whose first line names its columns: time first (s, or ISO 8601), then power.l1 .l2
 * .l3 or power (the total, spread evenly over the phases), or current.l1 .l2 .l3 or current (of
 * each phase), and pf, of all or of each phase. The unit stands behind the name: "power.l1 (kW)"; W
 * and A if there is none. Negative power, or a negative pf, is export. Lines that begin with '#'
 * are comments.
 *
 * Held in memory: INTERVALS_ROWS_MAX of them, eight years of minutes. Reads no clock; times are
 * ns since the first row.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/diag.h"
#include "metrology/synth.h"

#define INTERVALS_ROWS_MAX 4194304

struct intervals_config {
	bool linear; /* between two rows; else a row holds until the next one */
	bool repeat; /* begins anew behind the last row, which lasts as long as the one before it */
	unsigned phases;               /* 1 or 3: those that have a load */
	double voltage_v[WAVE_PHASES]; /* against which a row's power is checked */
	double maximum_current_a; /* refused beyond, and cut there if the voltage falls later */
};

struct intervals;

/*
 * 0, -ENOMEM, -EINVAL or -EIO (with the reasons in diag), or what opening the file said (not in
 * diag). diag is borrowed for the call.
 */
int intervals_open(struct intervals **ret, const char *path, const struct intervals_config *config,
		   struct diag *diag);
/* Likewise from a stream, which it does not close. path: for messages. */
int intervals_read(struct intervals **ret, FILE *file, const char *path,
		   const struct intervals_config *config, struct diag *diag);
void intervals_destroy(struct intervals *intervals); /* NULL is a no-op */
/*
 * Sets current and lag of each phase as they are at now_ns, power by the voltage that input has.
 * What the file has no column for stays. Returns whether input was changed.
 */
bool intervals_apply(struct intervals *intervals, int64_t now_ns, struct synth_input *input);
