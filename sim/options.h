/* SPDX-License-Identifier: MIT */
/* options - the command line of metersimd */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"

/* sysexits(3), as the users' contract has them */
enum exit_status {
	EXIT_FINE = 0,
	EXIT_EXPECTATION = 1, /* one did not hold */
	EXIT_USAGE = 64,
	EXIT_NO_INPUT = 66,
	EXIT_NO_PORT = 69,
	EXIT_IO = 74,
	EXIT_CONFIG = 78,
};

struct options {
	const char *config;        /* NULL: the demo bench */
	const char *check;         /* NULL: run */
	const char *run;           /* a scenario, NULL: a bench with ports */
	const char *report;        /* or NULL */
	int64_t until_ns;          /* 0: to the end of the scenario */
	const char *capture;       /* NULL: the bus is not recorded */
	const char *control;       /* path of its socket, or "off"; NULL: the default place */
	const char *panel;         /* address of the control API over TCP, or "off"; NULL: none */
	const char *control_token; /* a file; NULL: none */
	bool help;
	bool version;
	bool has_seed;
	int64_t seed;
	bool has_speed;
	double speed;
	enum log_level log_level;
};

/* 0, or -EINVAL after saying on err what is wrong. */
int options_parse(struct options *ret, int argc, char *const argv[], FILE *err);
void options_help(FILE *out);
