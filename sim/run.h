/* SPDX-License-Identifier: MIT */
/*
 * run - plays a scenario in virtual time, without clients and without ports (metersimd --run)
 *
 * Equal seeds give equal bytes: nothing here asks what time it is but the progress bar, which is
 * drawn only when stderr is a terminal and the run takes over a second.
 */
#pragma once
#include "base/diag.h"
#include "base/log.h"
#include "sim/bench_conf.h"

struct run_options {
	const char *path;    /* of the scenario */
	const char *capture; /* or NULL */
	const char *report;  /* or NULL */
	int64_t until_ns;    /* 0: to the end of the scenario */
};

/* The smallest Imax of a configuration's meters: what the scenario may load them with. */
double run_maximum_current_a(const struct bench_conf *conf);
/*
 * 0: every expectation held; 1: some did not, which it has said on stderr. -EINVAL with the reasons
 * in diag; -EIO: the capture or the report cannot be written, said likewise; -ENOMEM; or what
 * opening the scenario said.
 */
int run_scenario(const struct run_options *options, const struct bench_conf *conf,
		 const struct log *log, struct diag *diag);
