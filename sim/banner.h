/* SPDX-License-Identifier: MIT */
/* banner - what the daemon prints when its ports are open */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "sim/bench.h"
#include "sim/control.h"

/*
 * Lines, paths and addresses; control: where it is asked, "" for what is off; demo: with a command
 * line to copy.
 */
void banner_print(FILE *out, const struct bench *bench, const struct bench_conf *conf,
		  const struct control *control, bool demo);
