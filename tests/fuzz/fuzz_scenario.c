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

static void begin(struct world *world)
{
	world_init(world);
	for (int p = 0; p < WAVE_PHASES; p++) {
		world->input.phase[p].voltage_v = 230;
		world->input.phase[p].current_a = 1 + p;
	}
}

static void within(double value, double min, double max)
{
	if (!(value >= min && value <= max))
		abort();
}

static void check_wiring(const struct world *world)
{
	within(world->supply_neutral, 0, 1);
	for (int p = 0; p < WAVE_PHASES; p++) {
		within(world->supply[p], 0, 1);
		within(world->ct_reversed[p], 0, 1);
		within(world->wire_voltage[p], WIRING_NONE, WIRING_L3);
		within(world->wire_current[p], WIRING_NONE, WIRING_L3);
		within(world->ct_factor[p], 0, 200); /* at the most, and varied by all of it */
	}
}

static void check(const struct world *world)
{
	const struct synth_input *input = &world->input;

	check_wiring(world);
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
	struct world often, once, before;
	struct player *player;
	struct rng rng;

	begin(&often);
	begin(&once);
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
