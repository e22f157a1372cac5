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

static struct synth_input input;

#define PHASE(p, member) (&input.phase[(p)-1].member)

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
		{"grid.frequency", 1, &input.frequency_hz, 40, 70, "Hz", 1},
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
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world_target t;

		assert_true(world_find(rows[i].name, MAXIMUM_A, &t));
		assert_int_equal(t.count, rows[i].count);
		assert_ptr_equal(world_place(&input, t.offset[0]), rows[i].first);
		for (unsigned p = 1; p < t.count; p++)
			assert_int_equal(t.offset[p] - t.offset[p - 1], sizeof(struct synth_phase));
		assert_near(t.min, rows[i].min, 0);
		assert_near(t.max, rows[i].max, 1e-9);
		assert_string_equal(t.unit, rows[i].unit);
		assert_near(t.factor, rows[i].factor, 0);
	}
}

static void the_highest_harmonic_is_the_last(void **state)
{
	struct world_target t;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "grid.harmonic.%d.l3", WAVE_HARMONIC_MAX);
	assert_true(world_find(name, MAXIMUM_A, &t));
	assert_ptr_equal(world_place(&input, t.offset[0]),
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
		{"grid.voltage", "0.23 kV", 0, 230},      {"grid.voltage", "480", 0, 480},
		{"grid.voltage", "480.1", -ERANGE, 0},    {"grid.voltage", "-1", -ERANGE, 0},
		{"grid.voltage", "5 A", -EINVAL, 0},      {"grid.voltage", "", -EINVAL, 0},
		{"grid.voltage", "nan", -EINVAL, 0},      {"grid.frequency", "40 Hz", 0, 40},
		{"grid.frequency", "39.9", -ERANGE, 0},   {"load.current", "500 mA", 0, 0.5},
		{"load.current", "120", 0, 120},          {"load.current", "121", -ERANGE, 0},
		{"load.angle", "-180 deg", 0, -180},      {"load.angle", "181", -ERANGE, 0},
		{"load.harmonic.5", "12 %", 0, 0.12},     {"load.harmonic.5", "12", 0, 0.12},
		{"load.harmonic.5", "101 %", -ERANGE, 0},
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
		cmocka_unit_test(the_highest_harmonic_is_the_last),
		cmocka_unit_test(other_names_are_none),
		cmocka_unit_test(suggested_names_exist),
		cmocka_unit_test(values_are_checked_and_scaled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
