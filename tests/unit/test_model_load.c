/* SPDX-License-Identifier: MIT */
/* test_model_load - the shipped model's facts, and what is said of broken ones */
#include "sim/model_load.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#include "near.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define TEXT_BYTES   8192
#define MESSAGE_SIZE 2048

/* One line a part, so that a test can name the line. */
static const char minimal[] =
	/* 1 */
	"name: minimal\n"
	/* 2 */ "title: The least\n"
	/* 3 */ "identity: {name: M, meter_code: 0x0102, protocol_version: 3.2, "
	"software_version: 2.18, hardware_version: 1.32, checksum: 0x0D012D35}\n"
	/* 4 */ "ratings: {voltage: 230 V, basic_current: 5 A, maximum_current: 100 A, "
	"starting_current: 0.004, phase_present: 57.5 V, rated_current: 100}\n"
	/* 5 */ "resolution: {voltage: 0.1, current: 0.01, power: 0.001, power_factor: 0.01, "
	"frequency: 0.01, energy: 0.01, angle: 1, thd: 0.000001}\n"
	/* 6 */ "idle_power_factor: 1\n"
	/* 7 */ "settings:\n"
	/* 8 */ "  modbus_id: {initial: 1, from: 1, to: 247}\n"
	/* 9 */ "  baud: {initial: 9600, values: [300, 9600]}\n"
	/* 10 */ "  parity: {initial: even, values: [even, none]}\n"
	/* 11 */ "  s0_rate: {initial: 0.5, values: [1000, 0.5], decimals: 1, final: 1000}\n"
	/* 12 */ "modbus:\n"
	/* 13 */ "  answer_zero: true\n"
	/* 14 */ "  unlisted: silence\n"
	/* 15 */ "  registers:\n"
	/* 16 */ "    - {at: 0x4002, point: setting.modbus_id, as: bcd16, write: true}\n"
	/* 17 */ "    - {at: 0x4000, point: identity.serial, as: u32}\n"
	/* 18 */ "    - {at: 0x1030, point: identity.name, as: text, registers: 16}\n"
	/* 19 */ "    - {at: 0x5000, constant: 0, as: f32}\n";

static int load_text(struct model **ret, const char *text, char messages[MESSAGE_SIZE])
{
	struct conf_tree *tree;
	struct diag *diag;
	int r;

	assert_int_equal(diag_create(&diag), 0);
	assert_int_equal(conf_tree_parse(&tree, "m", text, strlen(text), diag), 0);
	r = model_load_tree(ret, tree, diag);
	conf_tree_destroy(tree);
	fixture_messages(diag, messages, MESSAGE_SIZE);
	diag_destroy(diag);
	return r;
}

/* The minimal model with one text (which is there once) in another's place. */
static void minimal_with(const char *was, const char *is, char text[TEXT_BYTES])
{
	const char *at = strstr(minimal, was);

	assert_non_null(at);
	assert_null(strstr(at + 1, was));
	assert_true((size_t)snprintf(text, TEXT_BYTES, "%.*s%s%s", (int)(at - minimal), minimal, is,
				     at + strlen(was)) < TEXT_BYTES);
}

static void the_shipped_model_is_as_its_manual(void **state)
{
	struct model *model;
	const struct model_register *r;
	struct diag *diag;

	(void)state;
	assert_int_equal(diag_create(&diag), 0);
	assert_int_equal(
		model_load(&model, METERSIM_SOURCE_DATA "/conf/models/pro380-mod.yaml", diag), 0);
	assert_string_equal(model->name, "pro380-mod");
	assert_int_equal(model->meter_code, 0x0102);
	assert_int_equal(model->software_version, 218);
	assert_int_equal(model->hardware_version, 132);
	assert_int_equal(model->checksum, 0x0d012d35);
	assert_near(model->maximum_current_a, 100, 0);
	assert_near(model->starting_ratio, 0.004, 0);
	assert_int_equal(model->exponent[POINT_VOLTAGE], -1);
	assert_int_equal(model->exponent[POINT_REACTIVE_POWER], -3);
	assert_int_equal(model->exponent[POINT_ENERGY], -2);
	assert_true(model->modbus.present);
	assert_true(model->modbus.answer_zero);
	assert_int_equal(model->modbus.unlisted, UNLISTED_EXCEPTION);
	r = model_map_find(&model->modbus.map, 0x6049);
	assert_string_equal(r->point->name, "day_counter");
	assert_int_equal(r->encoding, ENCODE_F32);
	assert_true(r->writable);
	r = model_map_find(&model->modbus.old_map, 0x103f);
	assert_string_equal(r->point->name, "identity.name");
	assert_int_equal(r->count, 16);
	assert_true(model->setting[POINT_S0_RATE].present);
	assert_int_equal(model->setting[POINT_S0_RATE].exponent, -2);
	assert_int_equal(model->setting[POINT_S0_RATE].initial, 100000);
	assert_true(model->setting[POINT_COMBINATION_CODE].has_final);
	assert_int_equal(model->setting[POINT_COMBINATION_CODE].final, 10);
	model_destroy(model);
	assert_int_equal(model_load(&model, "/nonexistent/x.yaml", diag), -ENOENT);
	assert_int_equal(diag_count(diag), 0);
	diag_destroy(diag);
}

static void the_least_model_loads(void **state)
{
	struct model *model;
	char messages[MESSAGE_SIZE], text[TEXT_BYTES];

	(void)state;
	assert_int_equal(load_text(&model, minimal, messages), 0);
	assert_string_equal(messages, "");
	assert_int_equal(model->modbus.unlisted, UNLISTED_SILENCE);
	assert_int_equal(model->modbus.map.count, 4);
	assert_int_equal(model->modbus.map.registers[0].address, 0x1030);
	assert_int_equal(model->setting[POINT_PARITY].initial, POINT_PARITY_EVEN);
	assert_int_equal(model->setting[POINT_S0_RATE].initial, 5);
	assert_int_equal(model->setting[POINT_S0_RATE].final, 10000);
	assert_int_equal(model->exponent[POINT_VOLTAGE_THD], -6);
	assert_int_equal(model->exponent[POINT_CURRENT_LAG], 0);
	model_destroy(model);

	/* the order of the keys is the writer's, and a meter need not have Modbus */
	snprintf(text, sizeof(text), "%s%.*s", strstr(minimal, "modbus:\n"),
		 (int)(strstr(minimal, "modbus:\n") - minimal), minimal);
	assert_int_equal(load_text(&model, text, messages), 0);
	assert_int_equal(model->modbus.map.count, 4);
	model_destroy(model);
	snprintf(text, sizeof(text), "%.*s", (int)(strstr(minimal, "modbus:\n") - minimal),
		 minimal);
	assert_int_equal(load_text(&model, text, messages), 0);
	assert_false(model->modbus.present);
	model_destroy(model);
}

static void broken_models_say_why(void **state)
{
	static const struct {
		const char *was, *is; /* change of the minimal model */
		const char *messages; /* "": it is fine */
	} rows[] = {
		{"title: The least", "titel: The least",
		 "m:2:1: unknown key 'titel' in the model, did you mean 'title'?\n"
		 "m:1:1: the model: key 'title' is missing\n"},
		{"name: minimal", "name: a name that is much longer than 31",
		 "m:1:7: name: at most 31 characters are expected\n"},
		{"name: M,", "name: [M],", "m:3:18: name: one value is expected, not a list\n"},
		{"meter_code: 0x0102", "meter_code: 0x10000",
		 "m:3:33: meter_code: 0x10000 is out of range 0..65535\n"},
		{"protocol_version: 3.2", "protocol_version: 3.201",
		 "m:3:59: protocol_version: '3.201' is not a version such as 2.18\n"},
		{"checksum: 0x0D012D35", "checksum: 1234",
		 "m:3:122: checksum: '1234' is not a hexadecimal number such as 0x4000\n"},
		{"maximum_current: 100 A", "maximum_current: 100 V",
		 "m:4:64: maximum_current: '100 V' is not a number of A\n"},
		{"starting_current: 0.004", "starting_current: 0.4",
		 "m:4:89: starting_current: 0.4 is out of range 0..0.1\n"},
		{"ratings: {voltage: 230 V", "ratings: {voltage: 230 V, voltages: 1",
		 "m:4:27: unknown key 'voltages' in ratings, did you mean 'voltage'?\n"},
		{"energy: 0.01", "energy: 0.0001",
		 "m:5:102: energy: '0.0001' is not 1, 0.1 ... down to 3 decimals\n"},
		{"power: 0.001", "power: 0.002",
		 "m:5:50: power: '0.002' is not 1, 0.1 ... down to 6 decimals\n"},
		{"idle_power_factor: 1", "idle_power_factor: 1.1",
		 "m:6:20: idle_power_factor: 1.1 is out of range 0..1\n"},
		{"  modbus_id:", "  address:",
		 "m:8:3: there is no setting 'address'\n"
		 "m:16:7: the model has no setting 'setting.modbus_id'\n"},
		{"  s0_rate:", "  s0_rate.forward:",
		 "m:11:3: there is no setting 's0_rate.forward'\n"},
		{"  s0_rate:", "  parity:", "m:11:3: setting 'parity' is given twice\n"},
		{"initial: 1,", "initial: 300,",
		 "m:8:24: modbus_id: the initial value is none that it allows\n"},
		{"from: 1, to: 247", "from: 1",
		 "m:8:14: modbus_id: either 'values' or 'from' and "
		 "'to' are expected\n"},
		{"from: 1, to: 247", "from: 1, to: 2, values: [1]",
		 "m:8:14: modbus_id: either 'values' or 'from' and 'to' are expected\n"},
		{"from: 1, to: 247", "from: 1, to: 248",
		 "m:1:1: modbus_id: values from 1 to 247 are expected\n"},
		{"values: [300, 9600]", "values: []",
		 "m:9:33: values: a list of 1 to 16 values is expected\n"},
		{"values: [300, 9600]", "values: [fast, 9600, 2.5]",
		 "m:9:34: values: 'fast' is not a value of this setting\n"
		 "m:9:46: values: '2.5' is not a value of this setting\n"},
		{"values: [300, 9600]", "values: [0, 9600]",
		 "m:1:1: baud: a list of values from 300 to 115200 is expected\n"},
		{"values: [300, 9600]", "from: 300, to: 9600",
		 "m:1:1: baud: a list of values from 300 to 115200 is expected\n"},
		{"values: [even, none]", "values: [even, mark]",
		 "m:10:42: values: 'mark' is not a value of this setting\n"},
		{"decimals: 1", "decimals: 7", "m:11:58: decimals: 7 is out of range 0..6\n"},
		{"  answer_zero: true\n", "", "m:13:3: modbus: key 'answer_zero' is missing\n"},
		{"unlisted: silence", "unlisted: quiet",
		 "m:14:13: unlisted: 'quiet' is none of: exception, silence\n"},
		{"  registers:\n", "  registers: no\n  old_registers:\n",
		 "m:15:14: registers: a list of at most 512 registers is expected\n"},
		{"at: 0x4000", "at: 4000",
		 "m:17:12: at: '4000' is not a hexadecimal number such as 0x4000\n"},
		{"at: 0x4000", "at: 0x4001",
		 "m:16:5: registers: the register at 0x4002 overlaps another or FFFF\n"},
		{"at: 0x5000", "at: 0xFFFF",
		 "m:16:5: registers: the register at 0xFFFF overlaps another or FFFF\n"},
		{"identity.serial", "identity.serail",
		 "m:17:7: there is no point 'identity.serail', did you mean 'identity.serial'?\n"},
		{"identity.serial, as: u32", "identity.seral, as: u64",
		 "m:17:47: as: 'u64' is none of: u16, u32, bcd16, bcd32, f32, direction, text\n"
		 "m:17:7: there is no point 'identity.seral', did you mean 'identity.serial'?\n"},
		{"identity.serial, as: u32", "identity.serial, as: u32, write: true",
		 "m:17:7: identity.serial cannot be written\n"},
		{"as: bcd16, write: true", "as: u32, write: true",
		 "m:16:7: setting.modbus_id cannot be written in this encoding\n"},
		{"identity.serial, as: u32", "identity.serial, as: direction",
		 "m:17:7: point 'identity.serial' cannot be told as direction\n"},
		{"identity.serial, as: u32", "identity.name, as: u32",
		 "m:17:7: point 'identity.name' cannot be told as u32\n"},
		{"as: text, registers: 16", "as: text",
		 "m:18:7: 'registers' is the length of a text, and needed for one\n"},
		{"as: text, registers: 16", "as: text, registers: 17",
		 "m:18:63: registers: 17 is out of range 1..16\n"},
		{"constant: 0, ", "constant: 0, point: frequency, ",
		 "m:19:7: either 'point' or 'constant' is expected\n"},
		{"constant: 0, ", "", "m:19:7: either 'point' or 'constant' is expected\n"},
		{"constant: 0, ", "constant: 1, ", "m:19:30: constant: only 0 is known\n"},
		{"constant: 0, as: f32", "constant: 0, as: f32, write: yes",
		 "m:19:7: a constant cannot be written\n"},
		{"identity.serial, as: u32", "setting.lcd_cycle, as: u32",
		 "m:17:7: the model has no setting 'setting.lcd_cycle'\n"},
		/* what a register cannot hold */
		{"identity.serial, as: u32", "voltage.l1, as: u16",
		 "m:17:7: point 'voltage.l1' cannot be told as u16\n"},
		{"as: bcd16, write: true", "as: f32", ""},
		{"identity.serial, as: u32", "setting.s0_rate, as: u16",
		 "m:17:7: not every value of 'setting.s0_rate' can be told as u16\n"},
		{"identity.serial, as: u32", "setting.baud, as: bcd16", ""},
		{"values: [300, 9600]", "values: [300, 9600, 38400]", ""},
		{"identity.serial, as: u32", "tariff, as: u16, write: true",
		 "m:17:7: the model has no setting 'tariff'\n"},
		/* far apart, and all at once */
		{"idle_power_factor: 1\n"
		 "settings:\n"
		 "  modbus_id: {initial: 1, from: 1, to: 247}\n",
		 "idle_power_factor: none\n"
		 "settings:\n"
		 "  modbus_id: {initial: x, from: 1, to: y}\n"
		 "  colour: {initial: 1, values: [1]}\n",
		 "m:6:20: idle_power_factor: 'none' is not a number\n"
		 "m:8:24: initial: 'x' is not a value of this setting\n"
		 "m:8:40: to: 'y' is not a value of this setting\n"
		 "m:9:3: there is no setting 'colour'\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[TEXT_BYTES], messages[MESSAGE_SIZE];
		struct model *model = NULL;

		minimal_with(rows[i].was, rows[i].is, text);
		if (load_text(&model, text, messages) != (*rows[i].messages ? -EINVAL : 0))
			fail_msg("row %zu (%s): %s", i, rows[i].is, messages);
		assert_int_equal(model == NULL, *rows[i].messages != '\0');
		assert_string_equal(messages, rows[i].messages);
		model_destroy(model);
	}
}

static void a_bus_needs_its_settings(void **state)
{
	static const struct {
		const char *line;
		const char *messages;
	} rows[] = {
		{"  baud: {initial: 9600, values: [300, 9600]}\n",
		 "m:1:1: a model with Modbus needs the settings modbus_id, baud and parity\n"},
		{"  parity: {initial: even, values: [even, none]}\n",
		 "m:1:1: a model with Modbus needs the settings modbus_id, baud and parity\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[TEXT_BYTES], messages[MESSAGE_SIZE];
		struct model *model;

		minimal_with(rows[i].line, "", text);
		assert_int_equal(load_text(&model, text, messages), -EINVAL);
		assert_string_equal(messages, rows[i].messages);
	}
}

static void settings_are_parsed_and_described(void **state)
{
	const struct model_setting rate = {.exponent = -2,
					   .value_count = 3,
					   .value = {100000, 10, 1}};
	const struct model_setting id = {.min = 1, .max = 247};
	const struct model_setting parity = {.value_count = 3, .value = {1, 2, 3}};
	int64_t number = -77;
	char text[32], tiny[4];

	(void)state;
	assert_int_equal(model_parse_setting(&rate, POINT_S0_RATE, "0.1", &number), 0);
	assert_int_equal(number, 10);
	assert_int_equal(model_parse_setting(&parity, POINT_PARITY, "odd", &number), 0);
	assert_int_equal(number, POINT_PARITY_ODD);
	assert_int_equal(model_parse_setting(&parity, POINT_PARITY, "1", &number), -EINVAL);
	assert_int_equal(model_parse_setting(&rate, POINT_S0_RATE, "0.001", &number), -EINVAL);
	assert_int_equal(model_parse_setting(&id, POINT_MODBUS_ID, "one", &number), -EINVAL);
	assert_int_equal(number, POINT_PARITY_ODD);
	model_describe_setting(&rate, POINT_S0_RATE, text, sizeof(text));
	assert_string_equal(text, "1000, 0.1, 0.01");
	model_describe_setting(&id, POINT_MODBUS_ID, text, sizeof(text));
	assert_string_equal(text, "1..247");
	model_describe_setting(&parity, POINT_PARITY, text, sizeof(text));
	assert_string_equal(text, "even, none, odd");
	model_describe_setting(&rate, POINT_S0_RATE, tiny, sizeof(tiny));
	assert_string_equal(tiny, "100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shipped_model_is_as_its_manual),
		cmocka_unit_test(the_least_model_loads),
		cmocka_unit_test(broken_models_say_why),
		cmocka_unit_test(a_bus_needs_its_settings),
		cmocka_unit_test(settings_are_parsed_and_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
