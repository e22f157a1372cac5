/* SPDX-License-Identifier: MIT */
/*
 * fuzz_scenario - any bytes as a scenario, played
 *
 * A player that is asked often and one that is asked once must agree at the end, and at any time
 * the world must be within the limits that users are promised.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "sim/scenario.h"

#include "sim/player.h"

#define MAXIMUM_CURRENT_A 100.0

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct synth_input start = {.frequency_hz = 50,
					 .phase = {{.voltage_v = 230, .current_a = 1},
						   {.voltage_v = 230, .current_a = 2},
						   {.voltage_v = 230, .current_a = 3}}};

static void within(double value, double min, double max)
{
	if (!(value >= min && value <= max))
		abort();
}

static void check(const struct synth_input *input)
{
	within(input->frequency_hz, SYNTH_FREQ_MIN, SYNTH_FREQ_MAX);
	for (int p = 0; p < WAVE_PHASES; p++) {
		const struct synth_phase *phase = &input->phase[p];

		within(phase->voltage_v, 0, 480);
		within(phase->current_a, 0, 1.2 * MAXIMUM_CURRENT_A);
		within(phase->angle_deg, -360, 360);
		within(phase->lag_deg, -180, 180);
		within(phase->voltage_noise, 0, 1);
		within(phase->current_noise, 0, 1);
		for (int h = 2; h <= WAVE_HARMONIC_MAX; h++) {
			within(phase->voltage_harmonic[h].ratio, 0, 1);
			within(phase->current_harmonic[h].ratio, 0, 1);
		}
	}
}

static void play(const struct scenario *scenario)
{
	static const int64_t at_ns[] = {
		0,
		1,
		NS_PER_MS,
		200 * NS_PER_MS,
		NS_PER_S - 1,
		NS_PER_S,
		5 * NS_PER_S,
		5 * NS_PER_S,
		17 * NS_PER_S,
		60 * NS_PER_S,
		90 * NS_PER_S,
		NS_PER_H / 2,
		NS_PER_H,
	};
	const size_t steps = sizeof(at_ns) / sizeof(at_ns[0]);
	struct synth_input often = start, once = start, before;
	struct player *player;
	struct rng rng;

	rng_init(&rng, 1, "fuzz");
	if (player_create(&player, scenario, "main", false, 0, &rng) < 0)
		return;
	for (size_t i = 0; i < steps; i++) {
		before = often;
		if (!player_apply(player, at_ns[i], &often) &&
		    memcmp(&before, &often, sizeof(often)) != 0)
			abort();
		check(&often);
	}
	player_destroy(player);
	if (player_create(&player, scenario, "main", false, at_ns[steps - 1], &rng) < 0)
		return;
	player_apply(player, 0, &once);
	player_destroy(player);
	if (memcmp(&often, &once, sizeof(often)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scenario *scenario;
	struct diag *diag;
	int r;

	if (diag_create(&diag) < 0)
		return 0;
	r = scenario_parse(&scenario, "fuzz.yaml", (const char *)data, size, MAXIMUM_CURRENT_A,
			   diag);
	if (r == 0) {
		play(scenario);
		scenario_destroy(scenario);
	} else if (r == -EINVAL && diag_count(diag) == 0) {
		abort();
	}
	diag_destroy(diag);
	return 0;
}
