/* SPDX-License-Identifier: MIT */
/*
 * test_meter - the instrument's rules: energies by combination code (manual 7.11), tariffs (7.3,
 * A3.2), day counter (7.9), settings and their limits, status word (8.1), signs and rounding
 */
#include "meter/meter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"
#include "near.h"

#define NEAR 1e-9

/* 7.11's example: L1 +5, L2 +5, L3 -12 kWh, in one window. */
static const struct measurement example = {
	.duration_ns = 200000000,
	.serial = 7,
	.phase = {{.active_nj = 5000 * ENERGY_NJ_PER_WH, .reactive_nj = 5000 * ENERGY_NJ_PER_WH},
		  {.active_nj = 5000 * ENERGY_NJ_PER_WH, .reactive_nj = 5000 * ENERGY_NJ_PER_WH},
		  {.active_nj = -12000 * ENERGY_NJ_PER_WH,
		   .reactive_nj = -12000 * ENERGY_NJ_PER_WH}},
};

/* Manual 7.11, first table; registers of forward and reverse are magnitudes on every bus. */
static void energies_by_combination_code(void **state)
{
	static const struct {
		int code;
		double total, forward, reverse;
		double l1, l3; /* totals of a phase: by the same formula */
	} rows[] = {
		{1, 10, 10, 12, 5, 0},     {4, -12, 10, 12, 0, -12}, {5, 22, 10, 12, 5, 12},
		{6, -22, 10, 12, -5, -12}, {9, -2, 10, 12, 5, -12},  {11, -2, 10, 12, 5, -12},
		{10, -2, 0, 2, 5, -12}, /* last: cannot be left */
	};
	struct fixture *f = fixture_create(NULL);

	(void)state;
	meter_count(fixture_meter(f), &example);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char *const kinds[] = {"active_energy", "reactive_energy"};

		assert_int_equal(fixture_set(f, "setting.combination_code", rows[i].code, 0,
					     WHO_BUTTONS),
				 METER_OK);
		for (int k = 0; k < 2; k++) {
			const struct {
				const char *part;
				double value;
			} parts[] = {
				{"total", rows[i].total},
				{"total.t1", rows[i].total},
				{"total.t2", 0},
				{"total.l1", rows[i].l1},
				{"total.l2", rows[i].l1},
				{"total.l3", rows[i].l3},
				{"forward", rows[i].forward},
				{"forward.t1", rows[i].forward},
				{"forward.t2", 0},
				{"forward.l1", 5},
				{"forward.l3", 0},
				{"reverse", rows[i].reverse},
				{"reverse.t1", rows[i].reverse},
				{"reverse.l1", 0},
				{"reverse.l3", 12},
			};

			for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
				char name[64];

				snprintf(name, sizeof(name), "%s.%s", kinds[k], parts[p].part);
				if (fabs(fixture_value(f, name) - parts[p].value) > NEAR)
					fail_msg("code %d: %s is %g, not %g", rows[i].code, name,
						 fixture_value(f, name), parts[p].value);
			}
		}
		/* 7.9: the day counter counts forward energy, netted at code 10 */
		assert_near(fixture_value(f, "day_counter"), rows[i].forward, NEAR);
	}
	fixture_destroy(f);
}

/* 7.11: "meters ... set afterwards to C-10 cannot be set to another calculation mode" */
static void code_10_stays(void **state)
{
	struct fixture *f = fixture_create(NULL);

	(void)state;
	assert_int_equal(fixture_set(f, "setting.combination_code", 10, 0, WHO_MODBUS), METER_OK);
	assert_int_equal(fixture_set(f, "setting.combination_code", 1, 0, WHO_MODBUS), METER_ONCE);
	assert_int_equal(fixture_set(f, "setting.combination_code", 1, 0, WHO_API), METER_ONCE);
	assert_int_equal(fixture_set(f, "setting.combination_code", 10, 0, WHO_IR), METER_OK);
	assert_near(fixture_value(f, "setting.combination_code"), 10, NEAR);
	fixture_destroy(f);
}

/* A3.2, register 6048: 11 and 12 are not saved; reading gives 1 or 2 */
static void tariffs_count_apart(void **state)
{
	static const struct {
		int write, read;
		double t1, t2;
	} rows[] = {{2, 2, 0, 10}, {11, 1, 10, 10}, {12, 2, 10, 20}, {1, 1, 20, 20}};
	struct fixture *f = fixture_create(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(fixture_set(f, "tariff", rows[i].write, 0, WHO_MODBUS), METER_OK);
		assert_near(fixture_value(f, "tariff"), rows[i].read, NEAR);
		meter_count(fixture_meter(f), &example);
		assert_near(fixture_value(f, "active_energy.forward.t1"), rows[i].t1, NEAR);
		assert_near(fixture_value(f, "active_energy.forward.t2"), rows[i].t2, NEAR);
		assert_near(fixture_value(f, "active_energy.forward"), rows[i].t1 + rows[i].t2,
			    NEAR);
	}
	assert_int_equal(fixture_set(f, "tariff", 3, 0, WHO_MODBUS), METER_RANGE);
	assert_int_equal(fixture_set(f, "tariff", 0, 0, WHO_MODBUS), METER_RANGE);
	fixture_destroy(f);
}

static void settings_keep_their_limits(void **state)
{
	static const struct {
		const char *point;
		int64_t number;
		int exponent;
		enum meter_answer answer;
	} rows[] = {
		/* 7.12 */
		{"setting.modbus_id", 1, 0, METER_OK},
		{"setting.modbus_id", 247, 0, METER_OK},
		{"setting.modbus_id", 0, 0, METER_RANGE},
		{"setting.modbus_id", 248, 0, METER_RANGE},
		/* 7.13, A3.1 */
		{"setting.baud", 300, 0, METER_OK},
		{"setting.baud", 2400, 0, METER_OK},
		{"setting.baud", 19200, 0, METER_RANGE},
		{"setting.baud", 0, 0, METER_RANGE},
		/* 7.14 */
		{"setting.parity", 3, 0, METER_OK},
		{"setting.parity", 4, 0, METER_RANGE},
		/* 7.10 */
		{"setting.s0_rate", 10000, 0, METER_OK},
		{"setting.s0_rate", 1, -2, METER_OK},
		{"setting.s0_rate", 10, -2, METER_OK},
		{"setting.s0_rate", 1, -3, METER_RANGE},
		{"setting.s0_rate", 500, 0, METER_RANGE},
		{"setting.s0_rate", INT64_MAX, 0, METER_RANGE},
		/* 7.11 */
		{"setting.combination_code", 6, 0, METER_OK},
		{"setting.combination_code", 2, 0, METER_RANGE},
		/* 7.6.2 */
		{"setting.lcd_cycle", 30, 0, METER_OK},
		{"setting.lcd_cycle", 31, 0, METER_RANGE},
		/* what is no setting */
		{"voltage.l1", 230, 0, METER_READ_ONLY},
		{"identity.serial", 1, 0, METER_READ_ONLY},
		{"active_energy.total", 0, 0, METER_READ_ONLY},
		{"diagnostic.status_word", 0, 0, METER_READ_ONLY},
		/* A3.2: any value resets */
		{"power_down_counter", 99, 0, METER_OK},
		{"day_counter", -1, 0, METER_OK},
	};
	struct fixture *f = fixture_create(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const double before = fixture_value(f, rows[i].point);
		const struct point *point = point_find(rows[i].point);
		const enum meter_answer answer =
			meter_check(fixture_meter(f), point, rows[i].number, rows[i].exponent,
				    WHO_MODBUS);

		if (answer != rows[i].answer)
			fail_msg("row %zu, %s: %s", i, rows[i].point, meter_answer_text(answer));
		assert_near(fixture_value(f, rows[i].point), before, NEAR);
		assert_int_equal(fixture_set(f, rows[i].point, rows[i].number, rows[i].exponent,
					     WHO_MODBUS),
				 rows[i].answer);
		if (rows[i].answer != METER_OK)
			assert_near(fixture_value(f, rows[i].point), before, NEAR);
	}
	fixture_destroy(f);
}

/* Two settings in the menu; register 400D writes both and reads forward. */
static void s0_rates_are_two(void **state)
{
	struct fixture *f = fixture_create(NULL);

	(void)state;
	assert_near(fixture_value(f, "setting.s0_rate"), 1000, NEAR);
	assert_int_equal(fixture_set(f, "setting.s0_rate.reverse", 10, 0, WHO_BUTTONS), METER_OK);
	assert_near(fixture_value(f, "setting.s0_rate"), 1000, NEAR);
	assert_near(fixture_value(f, "setting.s0_rate.reverse"), 10, NEAR);
	assert_int_equal(fixture_set(f, "setting.s0_rate.forward", 100, 0, WHO_BUTTONS), METER_OK);
	assert_near(fixture_value(f, "setting.s0_rate"), 100, NEAR);
	assert_int_equal(fixture_set(f, "setting.s0_rate", 1, -2, WHO_MODBUS), METER_OK);
	assert_near(fixture_value(f, "setting.s0_rate.forward"), 0.01, NEAR);
	assert_near(fixture_value(f, "setting.s0_rate.reverse"), 0.01, NEAR);
	fixture_destroy(f);
}

/* 7.9 */
static void day_counter_resets(void **state)
{
	struct fixture *f = fixture_create(NULL);

	(void)state;
	meter_count(fixture_meter(f), &example);
	assert_near(fixture_value(f, "day_counter"), 10, NEAR);
	assert_int_equal(fixture_set(f, "day_counter", 0, 0, WHO_BUTTONS), METER_OK);
	assert_near(fixture_value(f, "day_counter"), 0, NEAR);
	assert_near(fixture_value(f, "active_energy.forward"), 10, NEAR);
	fixture_destroy(f);
}

/* 8.1: program, EEPROM, phases A B C */
static void status_word_tells_the_phases(void **state)
{
	static const struct {
		const char *grid;
		double word;
	} rows[] = {
		{"grid: {voltage: 230}", 110111},
		{"grid: {voltage: [0, 230, 230]}", 110011},
		{"grid: {voltage: [230, 0, 230]}", 110101},
		{"grid: {voltage: [230, 230, 50]}", 110110},
		{"grid: {voltage: 0}", 110000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *f = fixture_create((const char *[]){rows[i].grid, NULL});

		assert_near(fixture_value(f, "diagnostic.status_word"), rows[i].word, NEAR);
		fixture_destroy(f);
	}
}

/* field-facts: signs, totals, power factor, rounding half away from zero, energies cut */
static void quantities_have_sign_and_resolution(void **state)
{
	static const struct {
		const char *load;
		const char *point;
		double value;
	} rows[] = {
		{"load: {current: 1.62, angle: 180}", "current.l2", -1.62},
		{"load: {current: 1.62, angle: 180}", "active_power.l2", -0.373},
		{"load: {current: 1.62, angle: 180}", "direction.l2", 1},
		{"load: {current: 1.62, angle: 180}", "power_factor.l2", 1},
		{"load: {current: 10, angle: 60}", "power_factor.l1", 0.5},
		{"load: {current: 10, angle: 60}", "reactive_power.l1", 1.992},
		{"load: {current: 10, angle: -60}", "reactive_power.l1", -1.992},
		{"load: {current: 10, angle: -60}", "quadrant.l1", 4},
		{"load: {current: 10, angle: -120}", "quadrant.l1", 3},
		{"load: {current: 10, angle: 120}", "quadrant", 2},
		{"load: {current: [10, 10, 0], angle: [0, 180, 0]}", "active_power", 0},
		{"load: {current: [10, 10, 0], angle: [0, 180, 0]}", "apparent_power", 4.6},
		{"load: {current: 0}", "power_factor", 1},
		{"load: {current: 0}", "quadrant", 1},
		{"grid: {voltage: 230.05}", "voltage.l1", 230.1},
		{"grid: {voltage: 230.15}", "voltage.l2", 230.2},
		{"grid: {voltage: 229.95}", "voltage.l3", 230.0},
		{"load: {current: 5.005}", "current.l1", 5.01},
		{"load: {current: 5.015, angle: 180}", "current.l2", -5.02},
		{"grid: {voltage: 230.049}", "voltage.l1", 230.0},
		{"grid: {frequency: 49.876}", "frequency", 49.88},
		{"grid: {voltage: 0}", "frequency", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *f = fixture_create((const char *[]){rows[i].load, NULL});
		const double value = fixture_value(f, rows[i].point);

		if (fabs(value - rows[i].value) > NEAR)
			fail_msg("%s: %s is %g, not %g", rows[i].load, rows[i].point, value,
				 rows[i].value);
		fixture_destroy(f);
	}
}

static void energies_are_cut(void **state)
{
	struct measurement almost = {.serial = 1};
	struct fixture *f = fixture_create(NULL);

	(void)state;
	almost.phase[0].active_nj = 20 * ENERGY_NJ_PER_WH - 1; /* 19.999... Wh */
	meter_count(fixture_meter(f), &almost);
	assert_near(fixture_value(f, "active_energy.forward"), 0.01, NEAR);
	almost.phase[0].active_nj = 1;
	meter_count(fixture_meter(f), &almost);
	assert_near(fixture_value(f, "active_energy.forward"), 0.02, NEAR);
	fixture_destroy(f);
}

/* A partial window of a recording counts, but is not shown. */
static void partial_windows_only_count(void **state)
{
	struct measurement partial = example;
	struct fixture *f = fixture_create((const char *[]){"load: {current: 5}", NULL});

	(void)state;
	partial.partial = true;
	partial.phase[0].voltage_v = 1;
	meter_count(fixture_meter(f), &partial);
	assert_near(fixture_value(f, "voltage.l1"), 230, NEAR);
	assert_near(fixture_value(f, "active_energy.forward"), 10, 0.011);
	fixture_destroy(f);
}

/* registers: of the configuration */
static void presets_share_the_sum(void **state)
{
	struct fixture *f = fixture_create((const char *[]){
		"registers: {active_energy.forward.t1: 300 kWh, active_energy.forward.t2: 30,",
		"            active_energy.reverse.l2: 7.5 kWh, reactive_energy.reverse: 3 kvarh,",
		"            day_counter: 1.25}", NULL});

	(void)state;
	assert_near(fixture_value(f, "active_energy.forward"), 330, NEAR);
	assert_near(fixture_value(f, "active_energy.forward.t2"), 30, NEAR);
	assert_near(fixture_value(f, "active_energy.forward.l3"), 110, NEAR);
	assert_near(fixture_value(f, "active_energy.reverse.l2"), 7.5, NEAR);
	assert_near(fixture_value(f, "active_energy.reverse.l1"), 0, NEAR);
	assert_near(fixture_value(f, "reactive_energy.reverse.t1"), 3, NEAR);
	assert_near(fixture_value(f, "reactive_energy.reverse.l1"), 1, NEAR);
	assert_near(fixture_value(f, "day_counter"), 1.25, NEAR);
	assert_int_equal(meter_preset(fixture_meter(f), point_find("active_energy.total"), 1),
			 METER_READ_ONLY);
	assert_int_equal(meter_preset(fixture_meter(f), point_find("voltage.l1"), 1),
			 METER_READ_ONLY);
	assert_int_equal(meter_preset(fixture_meter(f), point_find("day_counter"), -1),
			 METER_RANGE);
	fixture_destroy(f);
}

static void writes_are_counted(void **state)
{
	struct fixture *f = fixture_create(NULL);
	const uint64_t before = meter_writes(fixture_meter(f));

	(void)state;
	assert_int_equal(fixture_set(f, "setting.baud", 1234, 0, WHO_API), METER_RANGE);
	assert_int_equal(meter_writes(fixture_meter(f)), before);
	assert_int_equal(fixture_set(f, "setting.baud", 2400, 0, WHO_MODBUS), METER_OK);
	assert_int_equal(fixture_set(f, "day_counter", 0, 0, WHO_API), METER_OK);
	assert_int_equal(meter_writes(fixture_meter(f)), before + 2);
	fixture_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(energies_by_combination_code),
		cmocka_unit_test(code_10_stays),
		cmocka_unit_test(tariffs_count_apart),
		cmocka_unit_test(settings_keep_their_limits),
		cmocka_unit_test(s0_rates_are_two),
		cmocka_unit_test(day_counter_resets),
		cmocka_unit_test(status_word_tells_the_phases),
		cmocka_unit_test(quantities_have_sign_and_resolution),
		cmocka_unit_test(energies_are_cut),
		cmocka_unit_test(partial_windows_only_count),
		cmocka_unit_test(presets_share_the_sum),
		cmocka_unit_test(writes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
