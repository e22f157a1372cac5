/* SPDX-License-Identifier: MIT */
/* test_scenario - timelines read, played step by step and from the middle; bad ones refused */
#include "sim/scenario.h"

#include "sim/player.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/clk.h"
#include "near.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define MESSAGE_SIZE 2048
#define MAXIMUM_A    100.0
#define HEAD         "name: n\nduration: 10s\n"

static int parse(struct scenario **ret, const char *text, char messages[MESSAGE_SIZE])
{
	struct diag *diag;
	int r;

	assert_int_equal(diag_create(&diag), 0);
	r = scenario_parse(ret, "s", text, strlen(text), MAXIMUM_A, diag);
	fixture_messages(diag, messages, MESSAGE_SIZE);
	diag_destroy(diag);
	return r;
}

static struct scenario *parse_good(const char *text)
{
	struct scenario *scenario = NULL;
	char messages[MESSAGE_SIZE];

	if (parse(&scenario, text, messages) < 0)
		fail_msg("%s", messages);
	return scenario;
}

static struct player *play(const struct scenario *scenario, int64_t start_ns)
{
	struct player *player;
	struct rng rng;

	rng_init(&rng, 1, "test");
	assert_int_equal(player_create(&player, scenario, "main", false, start_ns, &rng), 0);
	return player;
}

/* One timeline, and what stands where at which time; times must rise. */
static void timelines_are_played(void **state)
{
	enum { VOLTAGE, CURRENT, FREQUENCY };
	static const struct {
		const char *text;
		struct {
			double at_s;
			int what, phase;
			double value;
			bool changed;
		} steps[10];
	} rows[] = {
		{HEAD "timeline:\n" /* a set for all phases, a list, one phase */
		      "  - {at: 0s, set: {grid.voltage: 231 V}}\n"
		      "  - {at: 1s, set: {grid.voltage: [1, 2, 3]}}\n"
		      "  - {at: 2s, set: {grid.voltage.l2: 0.1 kV, grid.frequency: 51}}\n",
		 {{0, VOLTAGE, 2, 231, true},
		  {0.999, VOLTAGE, 2, 231, false},
		  {1, VOLTAGE, 0, 1, true},
		  {1.5, VOLTAGE, 2, 3, false},
		  {2, VOLTAGE, 1, 100, true},
		  {2, VOLTAGE, 2, 3, false},
		  {3, FREQUENCY, 0, 51, false}}},
		{HEAD "timeline: [{at: 5s, set: {load.current: 7}}]\n", /* not before its time */
		 {{0, CURRENT, 0, 1, false},
		  {4.999999999, CURRENT, 0, 1, false},
		  {5, CURRENT, 0, 7, true},
		  {1e6, CURRENT, 0, 7, false}}},
		{HEAD "timeline: [{at: 1s, ramp: {load.current: [11, 1, 21], over: 4s}}]\n",
		 {{0.5, CURRENT, 0, 1, false},
		  {2, CURRENT, 0, 3.5, true},
		  {2, CURRENT, 1, 1, true},
		  {3, CURRENT, 2, 11, true},
		  {4.999, CURRENT, 0, 10.9975, true},
		  {5, CURRENT, 0, 11, true},
		  {5.2, CURRENT, 0, 11, false}}},
		/* a ramp starts where another stands; a set stops one */
		{HEAD "timeline:\n"
		      "  - {at: 0s, ramp: {load.current.l1: 11, over: 10s}}\n"
		      "  - {at: 5s, ramp: {load.current.l1: 0, over: 2s}}\n"
		      "  - {at: 8s, ramp: {load.current.l1: 10, over: 10s}}\n"
		      "  - {at: 9s, set: {load.current.l1: 4}}\n",
		 {{4, CURRENT, 0, 5, true},
		  {6, CURRENT, 0, 3, true}, /* half of the 6 A that it was at 5 s */
		  {7, CURRENT, 0, 0, true},
		  {8.5, CURRENT, 0, 0.5, true},
		  {9.5, CURRENT, 0, 4, true},
		  {9.9, CURRENT, 0, 4, false}}},
		/* the last of two at one time wins */
		{HEAD "timeline:\n"
		      "  - {at: 1s, set: {load.current: 5}}\n"
		      "  - {at: 1s, set: {load.current: 6}}\n",
		 {{1, CURRENT, 1, 6, true}}},
		/* repeat: from the beginning again, with what was left standing */
		{HEAD "repeat: true\ntimeline:\n"
		      "  - {at: 2s, set: {load.current: 5}}\n"
		      "  - {at: 4s, ramp: {load.current.l1: 15, over: 10s}}\n",
		 {{9, CURRENT, 0, 10, true},
		  {11, CURRENT, 0, 12, true}, /* the ramp outlives the round */
		  {12, CURRENT, 0, 5, true},
		  {13.9, CURRENT, 0, 5, false},
		  {15, CURRENT, 0, 6, true},
		  {1000002, CURRENT, 0, 5, true},
		  {1000005, CURRENT, 0, 6, true}}},
		{HEAD "repeat: no\ntimeline: [{at: 2s, set: {load.current: 5}}]\n",
		 {{3, CURRENT, 0, 5, true}, {13, CURRENT, 0, 5, false}}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scenario *scenario = parse_good(rows[i].text);
		struct player *player = play(scenario, 0);
		struct world world;

		world_init(&world);
		for (int p = 0; p < WAVE_PHASES; p++)
			world.input.phase[p] =
				(struct synth_phase){.voltage_v = 230, .current_a = 1};
		for (size_t s = 0;
		     s < COUNT(rows[i].steps) && (s == 0 || rows[i].steps[s].at_s > 0); s++) {
			const int64_t at_ns = (int64_t)(rows[i].steps[s].at_s * 1e9 + 0.5);
			const int p = rows[i].steps[s].phase;
			const bool changed = player_apply(player, at_ns, &world);
			const double got =
				rows[i].steps[s].what == VOLTAGE   ? world.input.phase[p].voltage_v
				: rows[i].steps[s].what == CURRENT ? world.input.phase[p].current_a
								   : world.input.frequency_hz;

			if (changed != rows[i].steps[s].changed)
				fail_msg("row %zu, %g s: changed %d", i, rows[i].steps[s].at_s,
					 changed);
			assert_near(got, rows[i].steps[s].value, 1e-9);
		}
		player_destroy(player);
		scenario_destroy(scenario);
	}
	player_destroy(NULL);
	scenario_destroy(NULL);
}

/* The household, whose demo begins at the local time of day. */
static void the_middle_is_as_if_played_from_the_beginning(void **state)
{
	static const int64_t at_h[] = {0, 3, 7, 13, 19, 23, 24, 31, 60};
	struct scenario *scenario;
	struct diag *diag;

	(void)state;
	assert_int_equal(diag_create(&diag), 0);
	assert_int_equal(scenario_load(&scenario, METERSIM_SOURCE_DATA "/scenarios/household.yaml",
				       MAXIMUM_A, diag),
			 0);
	for (size_t i = 0; i < COUNT(at_h); i++) {
		const int64_t at_ns = at_h[i] * NS_PER_H + 123456789;
		struct player *player = play(scenario, 0);
		struct world often, once;

		world_init(&often);
		once = often;
		for (int64_t ns = 0; ns < at_ns; ns += 97 * NS_PER_S)
			player_apply(player, ns, &often);
		player_apply(player, at_ns, &often);
		player_destroy(player);
		player = play(scenario, at_ns);
		assert_true(player_apply(player, 0, &once));
		assert_memory_equal(&often, &once, sizeof(often));
		player_destroy(player);
	}
	scenario_destroy(scenario);
	assert_int_equal(scenario_load(&scenario, "/nonexistent.yaml", MAXIMUM_A, diag), -ENOENT);
	assert_int_equal(diag_count(diag), 0);
	diag_destroy(diag);
}

static void bad_ones_say_why(void **state)
{
	static const struct {
		const char *text;
		const char *messages;
	} rows[] = {
		{"[]", "s:1:1: the scenario: a map of keys and values is expected\n"},
		{"{}", "s:1:1: the scenario: key 'name' is missing\n"
		       "s:1:1: the scenario: key 'duration' is missing\n"
		       "s:1:1: the scenario: key 'timeline' is missing\n"},
		{"name: n\nduration: 0.5\ntimeline: [{at: 0, set: {grid.noise: 1}}]\n",
		 "s:2:11: duration: 0.5 is out of range 1..316224000 s\n"},
		{HEAD "timeline: []\n",
		 "s:3:11: timeline: a list of 1 to 10000 events is expected\n"},
		{HEAD "timeline: {at: 0s}\n",
		 "s:3:11: timeline: a list of 1 to 10000 events is expected\n"},
		{HEAD "repeat: daily\ntimeline: [{at: 0, set: {grid.noise: 1}}]\n",
		 "s:3:9: repeat: 'daily' is neither true nor false\n"},
		{HEAD "timeline: [5s]\n",
		 "s:3:12: the event: a map of keys and values is expected\n"},
		{HEAD "timeline: [{set: {grid.noise: 1}}]\n",
		 "s:3:12: the event: key 'at' is missing\n"},
		{HEAD "timeline: [{at: 0}]\n",
		 "s:3:12: one of set, ramp, vary, profile, include, fault, clear, mark, expect, "
		 "poll and power is expected\n"},
		{HEAD
		 "timeline: [{at: 0, set: {grid.noise: 1}, ramp: {over: 1s, load.noise: 1}}]\n",
		 "s:3:12: one of set, ramp, vary, profile, include, fault, clear, mark, expect, "
		 "poll and power is expected\n"},
		{HEAD "timeline: [{at: 0, sett: 1}]\n",
		 "s:3:20: unknown key 'sett' in the event, did you mean 'set'?\n"},
		{HEAD "timeline: [{at: noon, set: {grid.noise: 1}}]\n",
		 "s:3:17: at: 'noon' is not a duration such as 5ms, 30s or 1h30m\n"},
		{HEAD "timeline: [{at: 11s, set: {grid.noise: 1}}]\n",
		 "s:3:12: at: after the end of the scenario\n"},
		{HEAD
		 "timeline: [{at: 2s, set: {grid.noise: 1}}, {at: 1s, set: {grid.noise: 1}}]\n",
		 "s:3:44: at: earlier than the event before it\n"},
		{HEAD "timeline: [{at: 0, set: {}}]\n", "s:3:25: set: a world point is expected\n"},
		{HEAD "timeline: [{at: 0, ramp: {over: 1s}}]\n",
		 "s:3:26: ramp: a world point is expected\n"},
		{HEAD "timeline: [{at: 0, set: 5}]\n",
		 "s:3:25: set: a map of world points is expected\n"},
		{HEAD "timeline: [{at: 0, ramp: {load.current: 5}}]\n",
		 "s:3:26: ramp: key 'over' is missing\n"},
		{HEAD "timeline: [{at: 0, ramp: {load.current: 5, over: 0s}}]\n",
		 "s:3:50: over: 0s is out of range 0.001..31622400 s\n"},
		{HEAD "timeline: [{at: 0, set: {load.curent: 5}}]\n",
		 "s:3:26: there is no world point 'load.curent', did you mean 'load.current'?\n"},
		{HEAD "timeline: [{at: 0, set: {over: 5s}}]\n",
		 "s:3:26: there is no world point 'over'\n"},
		{HEAD "timeline: [{at: 0, set: {load.current: 121}}]\n",
		 "s:3:40: load.current: 121 is out of range 0..120 A\n"},
		{HEAD "timeline: [{at: 0, set: {load.current: 5 V}}]\n",
		 "s:3:40: load.current: '5 V' is not a number of A\n"},
		{HEAD "timeline: [{at: 0, set: {load.current: {l1: 5}}}]\n",
		 "s:3:40: load.current: one value or a list of three is expected\n"},
		{HEAD "timeline: [{at: 0, set: {load.current: [1, 2]}}]\n",
		 "s:3:40: load.current: one value or a list of three is expected\n"},
		{HEAD "timeline: [{at: 0, set: {load.current.l1: [1, 2, 3]}}]\n",
		 "s:3:43: load.current.l1: one value is expected\n"},
		{HEAD "timeline: [{at: 0, set: {load.current: 1, load.current: 2}}]\n",
		 "s:3:43: key 'load.current' is given twice\n"},
		{HEAD "timeline: [{at: 0, ramp: {over: 1s, load.current: 1, over: 2s}}]\n",
		 "s:3:54: key 'over' is given twice\n"},
		/* the wiring: words, which nothing lies between */
		{HEAD "timeline: [{at: 0, set: {supply.l1: maybe}}]\n",
		 "s:3:37: supply.l1: 'maybe' is neither true nor false\n"},
		{HEAD "timeline: [{at: 0, set: {wiring.voltage: [l2, l1, l4]}}]\n",
		 "s:3:51: wiring.voltage: 'l4' is none of: none, l1, l2, l3\n"},
		{HEAD "timeline: [{at: 0, set: {wiring.ct_factor: 101}}]\n",
		 "s:3:44: wiring.ct_factor: 101 is out of range 0..100\n"},
		{HEAD "timeline: [{at: 0, set: {wiring.ct_factor: 2 A}}]\n",
		 "s:3:44: wiring.ct_factor: '2 A' is not a number\n"},
		{HEAD "timeline: [{at: 0, ramp: {supply.neutral: false, over: 1s}}]\n",
		 "s:3:43: supply.neutral: can only be set, there is nothing between\n"},
		{HEAD "timeline: [{at: 0, vary: {wiring.ct_reversed: 5 %, every: 1s}}]\n",
		 "s:3:47: wiring.ct_reversed: can only be set, there is nothing between\n"},
		{HEAD "timeline: [{at: 0, set: {suply.neutral: false}}]\n",
		 "s:3:26: there is no world point 'suply.neutral', did you mean "
		 "'supply.neutral'?\n"},
		{HEAD "timeline: [{at: 0, set: {wiring.ct_reversd.l2: true}}]\n",
		 "s:3:26: there is no world point 'wiring.ct_reversd.l2', did you mean "
		 "'wiring.ct_reversed.l2'?\n"},
		/* all at once */
		{"name: n\nduration: long\ncolour: red\ntimeline:\n"
		 "  - {at: 1s, set: {load.current: [x, 1, 500], grid.frequency: 80}}\n"
		 "  - {at: never, ramp: {grid.voltage: y}}\n"
		 "  - {at: 0s, set: {grid.voltage: 1}}\n",
		 "s:2:11: duration: 'long' is not a duration such as 5ms, 30s or 1h30m\n"
		 "s:3:1: unknown key 'colour' in the scenario\n"
		 "s:5:35: load.current: 'x' is not a number of A\n"
		 "s:5:41: load.current: 500 is out of range 0..120 A\n"
		 "s:5:63: grid.frequency: 80 is out of range 40..70 Hz\n"
		 "s:6:10: at: 'never' is not a duration such as 5ms, 30s or 1h30m\n"
		 "s:6:38: grid.voltage: 'y' is not a number of V\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scenario *scenario = NULL;
		char messages[MESSAGE_SIZE];

		if (parse(&scenario, rows[i].text, messages) != -EINVAL)
			fail_msg("row %zu is read:\n%s", i, rows[i].text);
		assert_null(scenario);
		assert_string_equal(messages, rows[i].messages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timelines_are_played),
		cmocka_unit_test(the_middle_is_as_if_played_from_the_beginning),
		cmocka_unit_test(bad_ones_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
