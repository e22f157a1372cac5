/* SPDX-License-Identifier: MIT */
/*
 * director - does what a scenario says about the bench as a whole, and judges what it expects
 *
 * Faults, polls, power and marks at their times, in metering time; grid and load are the players'.
 * An expectation is judged when the windows up to its time have been measured.
 */
#pragma once
#include <stdbool.h>

#include "sim/bench.h"
#include "sim/scenario.h"

/* How an expectation came out. */
struct judgement {
	int64_t at_ns; /* metering time */
	bool held;
	unsigned file_line;
	char what[512]; /* "active_energy.forward of main near 88.3 kWh within 0.1 %" */
	char is[128];   /* "88.1 kWh" */
};

struct director;

/*
 * The bench must run in virtual time: its ports are in memory. Borrows all until destroy. 0;
 * -EINVAL with the reasons in diag (a line or a meter that is not there, a fault that cannot be);
 * -ENOMEM.
 */
int director_create(struct director **ret, struct bench *bench, const struct scenario *scenario,
		    const char *file, struct loop *loop, const struct log *log, struct diag *diag);
void director_destroy(struct director *director); /* NULL is a no-op */
size_t director_count(const struct director *director);
const struct judgement *director_judgement(const struct director *director, size_t index);
