/* SPDX-License-Identifier: MIT */
/*
 * fuzz_intervals - any bytes as a table of intervals, held and linear
 *
 * Whatever comes out must be a current and an angle that the synthesiser may have.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/intervals.h"

#define CURRENT_MAX_A 100.0
#define STEP_NS       INT64_C(7000000000)
#define STEPS         200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(struct intervals *intervals)
{
	struct synth_input input = {.frequency_hz = 50};

	for (int64_t k = 0; k < STEPS; k++) {
		for (int p = 0; p < WAVE_PHASES; p++)
			input.phase[p].voltage_v = (double)(k % 3 * 115);
		intervals_apply(intervals, k * k * STEP_NS, &input);
		for (int p = 0; p < WAVE_PHASES; p++) {
			if (!(input.phase[p].current_a >= 0) ||
			    !(input.phase[p].current_a <= CURRENT_MAX_A) ||
			    !(fabs(input.phase[p].lag_deg) <= 180))
				abort();
		}
	}
}

static void run(const uint8_t *data, size_t size, bool linear, bool repeat)
{
	const struct intervals_config config = {.linear = linear,
						.repeat = repeat,
						.phases = WAVE_PHASES,
						.voltage_v = {230, 230, 230},
						.maximum_current_a = CURRENT_MAX_A};
	/* "r": never written to */
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
	struct intervals *intervals;
	struct diag *diag;

	if (!file)
		return;
	if (diag_create(&diag) == 0) {
		if (intervals_read(&intervals, file, "fuzz.csv", &config, diag) == 0) {
			play(intervals);
			intervals_destroy(intervals);
		} else if (diag_count(diag) == 0) {
			abort(); /* refused without a reason */
		}
		diag_destroy(diag);
	}
	fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(data, size, false, false);
	run(data, size, true, true);
	return 0;
}
