/* SPDX-License-Identifier: MIT */
/* test_point - the table of points: names are unique, found, and values print as people write */
#include "meter/point.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void names_are_unique_and_found(void **state)
{
	(void)state;
	assert_true(point_count() > 80);
	for (size_t i = 0; i < point_count(); i++) {
		const struct point *point = point_at(i);

		assert_ptr_equal(point_find(point->name), point);
		assert_int_equal(point_index(point), i);
		assert_true(point->phase <= 3 && point->kind < POINT_KINDS);
	}
	assert_null(point_at(point_count()));
	assert_null(point_find("voltage"));
	assert_null(point_find("voltage.l4"));
	assert_null(point_find(""));
}

static void contract_names_exist(void **state)
{
	static const char *const names[] = {
		"voltage.l1",
		"current.l3",
		"active_power",
		"active_power.l2",
		"reactive_power",
		"apparent_power",
		"power_factor",
		"frequency",
		"quadrant",
		"direction.l1",
		"active_energy.total",
		"active_energy.forward.t1",
		"active_energy.reverse.l3",
		"reactive_energy.total.t2",
		"day_counter",
		"tariff",
		"power_down_counter",
		"identity.serial",
		"identity.software_version",
		"setting.modbus_id",
		"setting.baud",
		"setting.parity",
		"setting.s0_rate",
		"setting.s0_rate.forward",
		"setting.s0_rate.reverse",
		"setting.combination_code",
		"setting.lcd_cycle",
		"setting.ct_primary",
		"setting.ct_secondary",
		"diagnostic.status_word",
		"diagnostic.error",
		"diagnostic.checksum",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(point_find(names[i]));
}

static void values_print(void **state)
{
	static const struct {
		int64_t number;
		int exponent;
		const char *text;
	} rows[] = {
		{2301, -1, "230.1"}, {-232, -3, "-0.232"},
		{0, -2, "0.00"},     {16100649, 0, "16100649"},
		{5, -1, "0.5"},      {-1, -2, "-0.01"},
		{3, 2, "300"},       {INT64_MIN, 0, "-9223372036854775808"},
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct point_value value = {.number = rows[i].number,
						  .exponent = rows[i].exponent};

		point_format(&value, buf, sizeof(buf));
		assert_string_equal(buf, rows[i].text);
	}
	point_format(&(struct point_value){.text = "PRO380"}, buf, 4);
	assert_string_equal(buf, "PRO");
	assert_string_equal(point_unit_name(UNIT_IMP_PER_KWH), "imp/kWh");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_found),
		cmocka_unit_test(contract_names_exist),
		cmocka_unit_test(values_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
