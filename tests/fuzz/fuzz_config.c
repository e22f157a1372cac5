/* SPDX-License-Identifier: MIT */
/*
 * fuzz_config - any bytes as the configuration of a bench
 *
 * Stands for a file of the source tree, so that models and scenarios are found. What is refused
 * must be refused with a reason.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "sim/bench_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the running program relies on. */
static void check(const struct bench_conf *conf)
{
	if (!conf->meter_count || !conf->line_count || !(conf->speed >= 0))
		abort();
	for (size_t i = 0; i < conf->meter_count; i++) {
		if (!conf->meters[i].model || conf->meters[i].name[0] == '\0')
			abort();
	}
	for (size_t i = 0; i < conf->line_count; i++) {
		const struct bench_line_conf *line = &conf->lines[i];

		if (!line->meter_count || line->turnaround_ns[0] < 0 ||
		    line->turnaround_ns[1] < line->turnaround_ns[0])
			abort();
		for (size_t m = 0; m < line->meter_count; m++) {
			if (line->meters[m] >= conf->meter_count)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench_conf *conf;
	struct diag *diag;
	int r;

	if (diag_create(&diag) < 0)
		return 0;
	r = bench_conf_parse(&conf, METERSIM_SOURCE_DATA "/conf/examples/fuzz.yaml",
			     (const char *)data, size, diag);
	if (r == 0) {
		check(conf);
		bench_conf_destroy(conf);
	} else if (r == -EINVAL && diag_count(diag) == 0) {
		abort();
	}
	diag_destroy(diag);
	return 0;
}
