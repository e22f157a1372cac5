/* SPDX-License-Identifier: MIT */
/* test_world - the names of grid and load, where they lead and what they may be */
#include "sim/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "near.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define MAXIMUM_A 100.0

static struct world world;

#define PHASE(p, member) (&world.input.phase[(p)-1].member)

static void names_lead_to_places(void **state)
{
	static const struct {
		const char *name;
		unsigned count;
		double *first;
		double min, max;
		const char *unit;
		double factor;
	} rows[] = {
		{"grid.voltage", 3, PHASE(1, voltage_v), 0, 480, "V", 1},
		{"grid.voltage.l1", 1, PHASE(1, voltage_v), 0, 480, "V", 1},
		{"grid.voltage.l3", 1, PHASE(3, voltage_v), 0, 480, "V", 1},
		{"grid.frequency", 1, &world.input.frequency_hz, 40, 70, "Hz", 1},
		{"grid.angle.l2", 1, PHASE(2, angle_deg), -360, 360, "deg", 1},
		{"grid.noise", 3, PHASE(1, voltage_noise), 0, 100, "%", 0.01},
		{"grid.harmonic.5", 3, PHASE(1, voltage_harmonic[5].ratio), 0, 100, "%", 0.01},
		{"grid.harmonic.2.l2", 1, PHASE(2, voltage_harmonic[2].ratio), 0, 100, "%", 0.01},
		{"load.current", 3, PHASE(1, current_a), 0, 1.2 * MAXIMUM_A, "A", 1},
		{"load.current.l2", 1, PHASE(2, current_a), 0, 1.2 * MAXIMUM_A, "A", 1},
		{"load.angle", 3, PHASE(1, lag_deg), -180, 180, "deg", 1},
		{"load.noise.l3", 1, PHASE(3, current_noise), 0, 100, "%", 0.01},
		{"load.harmonic.7.l1", 1, PHASE(1, current_harmonic[7].ratio), 0, 100, "%", 0.01},
		{"load.harmonic.3.angle", 3, PHASE(1, current_harmonic[3].phase_deg), -360, 360,
		 "deg", 1},
		{"load.harmonic.3.angle.l2", 1, PHASE(2, current_harmonic[3].phase_deg), -360, 360,
		 "deg", 1},
		{"wiring.ct_factor", 3, &world.ct_factor[0], 0, 100, "", 1},
		{"wiring.ct_factor.l2", 1, &world.ct_factor[1], 0, 100, "", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world_target t;

		assert_true(world_find(rows[i].name, MAXIMUM_A, &t));
		assert_null(t.names);
		assert_int_equal(t.count, rows[i].count);
		assert_ptr_equal(world_place(&world, t.offset[0]), rows[i].first);
		for (unsigned p = 1; p < t.count; p++)
			assert_ptr_equal(world_place(&world, t.offset[p]),
					 (char *)rows[i].first +
						 p * (t.unit[0] ? sizeof(struct synth_phase)
								: sizeof(double)));
		assert_near(t.min, rows[i].min, 0);
		assert_near(t.max, rows[i].max, 1e-9);
		assert_string_equal(t.unit, rows[i].unit);
		assert_near(t.factor, rows[i].factor, 0);
	}
}

static void words_lead_to_places(void **state)
{
	static const struct {
		const char *name;
		unsigned count;
		double *first;
		const char *last; /* of its words */
	} rows[] = {
		{"supply", 3, &world.supply[0], "true"},
		{"supply.l3", 1, &world.supply[2], "true"},
		{"supply.neutral", 1, &world.supply_neutral, "true"},
		{"wiring.voltage", 3, &world.wire_voltage[0], "l3"},
		{"wiring.current.l2", 1, &world.wire_current[1], "l3"},
		{"wiring.ct_reversed.l2", 1, &world.ct_reversed[1], "true"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world_target t;
		size_t n = 0;

		assert_true(world_find(rows[i].name, MAXIMUM_A, &t));
		assert_int_equal(t.count, rows[i].count);
		for (unsigned p = 0; p < t.count; p++)
			assert_ptr_equal(world_place(&world, t.offset[p]), rows[i].first + p);
		assert_non_null(t.names);
		while (t.names[n + 1])
			n++;
		assert_string_equal(t.names[n], rows[i].last);
	}
}

/* What it says of circuit and terminals; what lies between two values is one of them. */
static void the_world_says_what_is_connected(void **state)
{
	struct wiring_terminals t;
	struct wiring wiring;
	struct network n;
	struct world w;

	(void)state;
	world_init(&w);
	world_network(&w, WIRING_3P3W_DELTA, &n);
	assert_int_equal(n.connection, WIRING_3P3W_DELTA);
	assert_true(n.neutral && n.phase[0] && n.phase[1] && n.phase[2]);
	world_terminals(&w, &t);
	wiring_init(&wiring, WIRING_3P4W, false);
	wiring_set(&wiring, &t);
	assert_int_equal(wiring.changes, 1); /* all is as it should be */

	w.supply[1] = 0.4;
	w.supply[2] = 0.6;
	w.supply_neutral = 0;
	world_network(&w, WIRING_1P2W, &n);
	assert_true(!n.neutral && n.phase[0] && !n.phase[1] && n.phase[2]);
	w.wire_voltage[0] = WIRING_L3;
	w.wire_voltage[1] = 77;
	w.wire_current[2] = WIRING_NONE;
	w.wire_current[0] = -1;
	w.ct_reversed[1] = 1;
	w.ct_factor[2] = 0.25;
	world_terminals(&w, &t);
	assert_int_equal(t.voltage[0], WIRING_L3);
	assert_int_equal(t.voltage[1], WIRING_NONE);
	assert_int_equal(t.current[2], WIRING_NONE);
	assert_int_equal(t.current[0], WIRING_NONE);
	assert_true(!t.reversed[0] && t.reversed[1]);
	assert_near(t.ratio[2], 0.25, 0);
}

static void the_highest_harmonic_is_the_last(void **state)
{
	struct world_target t;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "grid.harmonic.%d.l3", WAVE_HARMONIC_MAX);
	assert_true(world_find(name, MAXIMUM_A, &t));
	assert_ptr_equal(world_place(&world, t.offset[0]),
			 PHASE(3, voltage_harmonic[WAVE_HARMONIC_MAX].ratio));
	snprintf(name, sizeof(name), "grid.harmonic.%d", WAVE_HARMONIC_MAX + 1);
	assert_false(world_find(name, MAXIMUM_A, &t));
}

static void other_names_are_none(void **state)
{
	static const char *const names[] = {
		"",
		"grid",
		"grid.",
		".l1",
		"voltage.l1",
		"grid.voltage.l4",
		"grid.voltage.l0",
		"grid.voltage.L1",
		"grid.voltage.l1.l1",
		"grid.frequency.l1",
		"grid.harmonic.",
		"grid.harmonic.0",
		"grid.harmonic.1",
		"grid.harmonic.x",
		"grid.harmonic.5.phase",
		"grid.harmonic.5.",
		"grid.harmonic.99999999",
		"grid.harmonic.-5",
		"grid.harmonic.+5",
		"grid.harmonic.05",
		"load.currents",
		"supply.l4",
		"supply.neutral.l1",
		"supply.n",
		"wiring",
		"wiring.",
		"wiring.ct_reversed.l2.l2",
		"wiring.neutral",
		"load.currentload.currentload.currentload.currentload.currentload.current.l1",
	};
	struct world_target t;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (world_find(names[i], MAXIMUM_A, &t))
			fail_msg("'%s' is a world point", names[i]);
	}
}

static void suggested_names_exist(void **state)
{
	struct world_target t;
	size_t count;
	const char *const *names = world_names(&count);

	(void)state;
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++)
		assert_true(world_find(names[i], MAXIMUM_A, &t));
}

static void values_are_checked_and_scaled(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		int r;
		double value;
	} rows[] = {
		{"grid.voltage", "0.23 kV", 0, 230},
		{"grid.voltage", "480", 0, 480},
		{"grid.voltage", "480.1", -ERANGE, 0},
		{"grid.voltage", "-1", -ERANGE, 0},
		{"grid.voltage", "5 A", -EINVAL, 0},
		{"grid.voltage", "", -EINVAL, 0},
		{"grid.voltage", "nan", -EINVAL, 0},
		{"grid.frequency", "40 Hz", 0, 40},
		{"grid.frequency", "39.9", -ERANGE, 0},
		{"load.current", "500 mA", 0, 0.5},
		{"load.current", "120", 0, 120},
		{"load.current", "121", -ERANGE, 0},
		{"load.angle", "-180 deg", 0, -180},
		{"load.angle", "181", -ERANGE, 0},
		{"load.harmonic.5", "12 %", 0, 0.12},
		{"load.harmonic.5", "12", 0, 0.12},
		{"load.harmonic.5", "101 %", -ERANGE, 0},
		{"supply.l1", "false", 0, 0},
		{"supply.l1", "on", 0, 1},
		{"supply.neutral", "no", 0, 0},
		{"supply.l1", "1", -EINVAL, 0},
		{"supply.l1", "True", -EINVAL, 0},
		{"wiring.ct_reversed", "true", 0, 1},
		{"wiring.ct_reversed", "", -EINVAL, 0},
		{"wiring.voltage.l1", "none", 0, WIRING_NONE},
		{"wiring.voltage.l1", "l3", 0, WIRING_L3},
		{"wiring.current", "l2", 0, WIRING_L2},
		{"wiring.current", "2", -EINVAL, 0},
		{"wiring.current", "L2", -EINVAL, 0},
		{"wiring.current", "true", -EINVAL, 0},
		{"wiring.ct_factor", "0.5", 0, 0.5},
		{"wiring.ct_factor", "-1", -ERANGE, 0},
		{"wiring.ct_factor", "5 A", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world_target t;
		double value = -77;

		assert_true(world_find(rows[i].name, MAXIMUM_A, &t));
		assert_int_equal(world_parse(&t, rows[i].text, &value), rows[i].r);
		assert_near(value, rows[i].r ? -77 : rows[i].value, 1e-12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lead_to_places),
		cmocka_unit_test(words_lead_to_places),
		cmocka_unit_test(the_world_says_what_is_connected),
		cmocka_unit_test(the_highest_harmonic_is_the_last),
		cmocka_unit_test(other_names_are_none),
		cmocka_unit_test(suggested_names_exist),
		cmocka_unit_test(values_are_checked_and_scaled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
