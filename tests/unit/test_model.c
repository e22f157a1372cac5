/* SPDX-License-Identifier: MIT */
/* test_model - register maps in order, overlaps found, settings limited */
#include "meter/model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void registers_are_found_by_any_address_they_cover(void **state)
{
	struct model_register registers[] = {{.address = 0x6049, .count = 2},
					     {.address = 0x4000, .count = 2},
					     {.address = 0x4002, .count = 1},
					     {.address = 0xfffe, .count = 2}};
	struct model_map map = {.registers = registers, .count = 4};
	uint16_t at = 0;

	(void)state;
	assert_int_equal(model_map_sort(&map, &at), 0);
	assert_int_equal(model_map_find(&map, 0x4001)->address, 0x4000);
	assert_int_equal(model_map_find(&map, 0x4002)->address, 0x4002);
	assert_int_equal(model_map_find(&map, 0x604a)->address, 0x6049);
	assert_int_equal(model_map_find(&map, 0xffff)->address, 0xfffe);
	assert_null(model_map_find(&map, 0x3fff));
	assert_null(model_map_find(&map, 0x4003));
	assert_null(model_map_find(&map, 0));
	assert_null(model_map_find(&(struct model_map){0}, 0x4000));
}

static void overlaps_are_refused(void **state)
{
	static const struct model_register bad[][2] = {
		{{.address = 0x4000, .count = 2}, {.address = 0x4001, .count = 1}},
		{{.address = 0x4000, .count = 1}, {.address = 0x4000, .count = 1}},
		{{.address = 0x4000, .count = 1}, {.address = 0xffff, .count = 2}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct model_register registers[2] = {bad[i][0], bad[i][1]};
		struct model_map map = {.registers = registers, .count = 2};
		uint16_t at = 0;

		assert_int_equal(model_map_sort(&map, &at), -EINVAL);
		assert_int_equal(at, bad[i][1].address);
	}
}

static void settings_are_limited(void **state)
{
	const struct model_setting range = {.min = 1, .max = 30};
	const struct model_setting list = {.value_count = 2, .value = {300, 9600}};

	(void)state;
	assert_true(model_setting_allows(&range, 1) && model_setting_allows(&range, 30));
	assert_false(model_setting_allows(&range, 0) || model_setting_allows(&range, 31));
	assert_true(model_setting_allows(&list, 9600));
	assert_false(model_setting_allows(&list, 2400));
}

static void encodings_take_their_registers(void **state)
{
	(void)state;
	assert_int_equal(model_encoding_registers(ENCODE_U16, 0), 1);
	assert_int_equal(model_encoding_registers(ENCODE_DIRECTION, 0), 1);
	assert_int_equal(model_encoding_registers(ENCODE_F32, 0), 2);
	assert_int_equal(model_encoding_registers(ENCODE_BCD32, 0), 2);
	assert_int_equal(model_encoding_registers(ENCODE_TEXT, 16), 16);
}

static void a_ratio_that_can_be_set_is_a_ct_version(void **state)
{
	static const struct {
		struct model_setting primary;
		bool transformers;
	} rows[] = {
		{{.present = false}, false},
		{{.present = true, .min = 0, .max = 0}, false}, /* direct: reads 0 */
		{{.present = true, .min = 1, .max = 9999}, true},
		{{.present = true, .value_count = 1, .value = {0}}, false},
		{{.present = true, .value_count = 2, .value = {0, 100}}, true},
	};
	struct model *model;

	(void)state;
	assert_int_equal(model_create(&model), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		model->setting[POINT_CT_PRIMARY] = rows[i].primary;
		assert_int_equal(model_has_transformers(model), rows[i].transformers);
	}
	model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_are_found_by_any_address_they_cover),
		cmocka_unit_test(overlaps_are_refused),
		cmocka_unit_test(settings_are_limited),
		cmocka_unit_test(a_ratio_that_can_be_set_is_a_ct_version),
		cmocka_unit_test(encodings_take_their_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
