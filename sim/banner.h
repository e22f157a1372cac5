/* SPDX-License-Identifier: MIT */
/* banner - what the daemon prints when its ports are open */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "sim/bench.h"

/* Lines, paths and addresses; demo: with a command line to copy. */
void banner_print(FILE *out, const struct bench *bench, const struct bench_conf *conf, bool demo);
