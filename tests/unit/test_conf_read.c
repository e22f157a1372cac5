/* SPDX-License-Identifier: MIT */
/* test_conf_read - every reader, and every fault with its place and what was expected */
#include "sim/conf_read.h"

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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct all {
	char text[CONF_TEXT_MAX];
	bool flag;
	int64_t whole;
	uint32_t hex;
	double power_w;
	double ratio;
	double phase_v[3];
	int64_t time_ns;
	int64_t times_ns[2];
	int64_t ints[2];
	int choice;
	const struct conf_node *raw;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct conf_field fields[] = {
	{.key = "text", .read = conf_text, .offset = offsetof(struct all, text), .required = true},
	{.key = "flag", .read = conf_bool, .offset = offsetof(struct all, flag)},
	{.key = "whole",
	 .read = conf_int,
	 .offset = offsetof(struct all, whole),
	 .min = -5,
	 .max = 5},
	{.key = "hex", .read = conf_hex, .offset = offsetof(struct all, hex), .max = 0xffff},
	{.key = "power",
	 .read = conf_number,
	 .offset = offsetof(struct all, power_w),
	 .min = 0,
	 .max = 5000,
	 .unit = "W"},
	{.key = "ratio", .read = conf_number, .offset = offsetof(struct all, ratio)},
	{.key = "phase",
	 .read = conf_phases,
	 .offset = offsetof(struct all, phase_v),
	 .min = 0,
	 .max = 480,
	 .unit = "V"},
	{.key = "time",
	 .read = conf_duration,
	 .offset = offsetof(struct all, time_ns),
	 .min = 0.001,
	 .max = 60},
	{.key = "times",
	 .read = conf_durations,
	 .offset = offsetof(struct all, times_ns),
	 .min = 0.001,
	 .max = 60},
	{.key = "ints",
	 .read = conf_ints,
	 .offset = offsetof(struct all, ints),
	 .min = -5,
	 .max = 0x5010},
	{.key = "choice",
	 .read = conf_choice,
	 .offset = offsetof(struct all, choice),
	 .names = colours},
	{.key = "raw", .read = conf_raw, .offset = offsetof(struct all, raw)},
};

/* All messages, a line each; "" for none. Returns what conf_map said. */
static bool read_all(const char *text, struct all *ret, char *messages, size_t size)
{
	struct conf_context context = {.file = "f"};
	struct conf_tree *tree;
	bool ok;

	assert_int_equal(diag_create(&context.diag), 0);
	assert_int_equal(conf_tree_parse(&tree, "f", text, strlen(text), context.diag), 0);
	ok = conf_map(&context, conf_tree_root(tree), "it", fields, COUNT(fields), ret);
	fixture_messages(context.diag, messages, size);
	assert_int_equal(ok, diag_count(context.diag) == 0);
	conf_tree_destroy(tree);
	diag_destroy(context.diag);
	return ok;
}

static void every_reader_reads(void **state)
{
	struct all got = {.ratio = 7};
	char messages[512];

	(void)state;
	assert_true(read_all("text: a b\nflag: yes\nwhole: -5\nhex: 0xBeef\npower: 2.3 kW\n"
			     "phase: [1, 0.2kV, 3 V]\ntime: 1.5s\nchoice: blue\nraw: [x]\n",
			     &got, messages, sizeof(messages)));
	assert_string_equal(got.text, "a b");
	assert_true(got.flag);
	assert_int_equal(got.whole, -5);
	assert_int_equal(got.hex, 0xbeef);
	assert_near(got.power_w, 2300, 1e-9);
	assert_near(got.ratio, 7, 0); /* not there: keeps its value */
	assert_near(got.phase_v[0], 1, 0);
	assert_near(got.phase_v[1], 200, 1e-9);
	assert_near(got.phase_v[2], 3, 0);
	assert_int_equal(got.time_ns, 1500 * NS_PER_MS);
	assert_int_equal(got.choice, 2);
	assert_non_null(got.raw);
	assert_true(
		read_all("{text: x, flag: off, phase: 230 V}", &got, messages, sizeof(messages)));
	assert_false(got.flag);
	for (int p = 0; p < 3; p++)
		assert_near(got.phase_v[p], 230, 0);
}

static void every_fault_is_told(void **state)
{
	static const struct {
		const char *text;
		const char *messages;
	} rows[] = {
		{"[1]", "f:1:1: it: a map of keys and values is expected\n"},
		{"{}", "f:1:1: it: key 'text' is missing\n"},
		{"{text: a, text: b}", "f:1:11: key 'text' is given twice in it\n"},
		{"{text: a, colour: red}", "f:1:11: unknown key 'colour' in it\n"},
		{"{text: a, wholle: 1}",
		 "f:1:11: unknown key 'wholle' in it, did you mean 'whole'?\n"},
		{"{txt: a}", "f:1:2: unknown key 'txt' in it, did you mean 'text'?\n"
			     "f:1:1: it: key 'text' is missing\n"},
		{"text:", "f:1:6: text: 1 to 255 characters are expected\n"},
		{"text: [a]", "f:1:7: text: one value is expected, not a list\n"},
		{"text: {a: b}", "f:1:7: text: one value is expected, not a map\n"},
		{"{text: a, flag: maybe}", "f:1:17: flag: 'maybe' is neither true nor false\n"},
		{"{text: a, flag: True}", "f:1:17: flag: 'True' is neither true nor false\n"},
		{"{text: a, whole: 1.5}", "f:1:18: whole: '1.5' is not a whole number\n"},
		{"{text: a, whole: ''}", "f:1:18: whole: '' is not a whole number\n"},
		{"{text: a, whole: 99999999999999999999}",
		 "f:1:18: whole: '99999999999999999999' is too large\n"},
		{"{text: a, whole: 6}", "f:1:18: whole: 6 is out of range -5..5\n"},
		{"{text: a, hex: 4000}",
		 "f:1:16: hex: '4000' is not a hexadecimal number such as 0x4000\n"},
		{"{text: a, hex: 0x10000}", "f:1:16: hex: 0x10000 is out of range 0..65535\n"},
		{"{text: a, power: much}", "f:1:18: power: 'much' is not a number of W\n"},
		{"{text: a, power: 5 A}", "f:1:18: power: '5 A' is not a number of W\n"},
		{"{text: a, power: 5 xW}", "f:1:18: power: '5 xW' is not a number of W\n"},
		{"{text: a, power: nan}", "f:1:18: power: 'nan' is not a number of W\n"},
		{"{text: a, power: 0x10}", "f:1:18: power: '0x10' is not a number of W\n"},
		{"{text: a, power: 6 kW}", "f:1:18: power: 6 kW is out of range 0..5000 W\n"},
		{"{text: a, power: -1}", "f:1:18: power: -1 is out of range 0..5000 W\n"},
		{"{text: a, ratio: 5m}", "f:1:18: ratio: '5m' is not a number\n"},
		{"{text: a, ratio: '1,5'}", "f:1:18: ratio: '1,5' is not a number\n"},
		{"{text: a, phase: [1, 2]}",
		 "f:1:18: phase: one number or a list of three (L1, L2, L3) is expected\n"},
		{"{text: a, phase: {l1: 1}}",
		 "f:1:18: phase: one number or a list of three (L1, L2, L3) is expected\n"},
		{"{text: a, phase: [x, 2, 481]}", "f:1:19: phase: 'x' is not a number of V\n"
						  "f:1:25: phase: 481 is out of range 0..480 V\n"},
		{"{text: a, phase: [1, [2], 3]}",
		 "f:1:22: phase: one value is expected, not a list\n"},
		{"{text: a, time: 5 parsec}",
		 "f:1:17: time: '5 parsec' is not a duration such as 5ms, 30s or 1h30m\n"},
		{"{text: a, time: 2min}", "f:1:17: time: 2min is out of range 0.001..60 s\n"},
		{"{text: a, time: 0}", "f:1:17: time: 0 is out of range 0.001..60 s\n"},
		{"{text: a, times: 5ms..soon}",
		 "f:1:18: times: 'soon' is not a duration such as 5ms, 30s or 1h30m\n"},
		{"{text: a, times: ..5ms}",
		 "f:1:18: times: '' is not a duration such as 5ms, 30s or 1h30m\n"},
		{"{text: a, times: 5ms..}",
		 "f:1:18: times: '' is not a duration such as 5ms, 30s or 1h30m\n"},
		{"{text: a, times: 1s..2s..3s}",
		 "f:1:18: times: '2s..3s' is not a duration such as 5ms, 30s or 1h30m\n"},
		{"{text: a, times: 1s..2min}", "f:1:18: times: 2min is out of range 0.001..60 s\n"},
		{"{text: a, times: 0..1s}", "f:1:18: times: 0 is out of range 0.001..60 s\n"},
		{"{text: a, times: 2s..1s}", "f:1:18: times: a range goes upward\n"},
		{"{text: a, times: [1s, 2s]}",
		 "f:1:18: times: one value is expected, not a list\n"},
		{"{text: a, ints: 1..x}", "f:1:17: ints: 'x' is not a whole number\n"},
		{"{text: a, ints: 1..2..3}", "f:1:17: ints: '2..3' is not a whole number\n"},
		{"{text: a, ints: ..3}", "f:1:17: ints: '' is not a whole number\n"},
		{"{text: a, ints: ''}", "f:1:17: ints: '' is not a whole number\n"},
		{"{text: a, ints: 1.5}", "f:1:17: ints: '1.5' is not a whole number\n"},
		{"{text: a, ints: 0x}", "f:1:17: ints: '0x' is not a whole number\n"},
		{"{text: a, ints: 0x100000000}",
		 "f:1:17: ints: '0x100000000' is not a whole number\n"},
		{"{text: a, ints: 0x5000..0x5011}",
		 "f:1:17: ints: 0x5011 is out of range -5..20496\n"},
		{"{text: a, ints: -6..1}", "f:1:17: ints: -6 is out of range -5..20496\n"},
		{"{text: a, ints: 2..0x1}", "f:1:17: ints: a range goes upward\n"},
		{"{text: a, ints: {from: 1}}", "f:1:17: ints: one value is expected, not a map\n"},
		{"{text: a, choice: pink}",
		 "f:1:19: choice: 'pink' is none of: red, green, blue\n"},
		/* all at once, in the order of the file; what is missing comes last */
		{"flag: x\nwhole: 6\n\npower: 1 V\nfoo: 1\n",
		 "f:1:7: flag: 'x' is neither true nor false\n"
		 "f:2:8: whole: 6 is out of range -5..5\n"
		 "f:4:8: power: '1 V' is not a number of W\n"
		 "f:5:1: unknown key 'foo' in it\n"
		 "f:1:1: it: key 'text' is missing\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct all before = {.whole = 3,
					   .power_w = 2,
					   .phase_v = {4, 5, 6},
					   .times_ns = {7, 8},
					   .ints = {9, 10}};
		struct all got = before;
		char messages[1024];

		assert_false(read_all(rows[i].text, &got, messages, sizeof(messages)));
		assert_string_equal(messages, rows[i].messages);
		/* a bad value is not taken over */
		assert_int_equal(got.whole, before.whole);
		assert_near(got.power_w, before.power_w, 0);
		assert_memory_equal(got.phase_v, before.phase_v, sizeof(got.phase_v));
		assert_memory_equal(got.times_ns, before.times_ns, sizeof(got.times_ns));
		assert_memory_equal(got.ints, before.ints, sizeof(got.ints));
	}
}

/* One value is both ends. */
static void ranges_have_two_ends(void **state)
{
	static const struct {
		const char *times;
		int64_t times_ns[2];
		const char *ints;
		int64_t range[2];
	} rows[] = {
		{"3ms..20ms", {3 * NS_PER_MS, 20 * NS_PER_MS}, "0x5000..0x5010", {0x5000, 0x5010}},
		{"5ms", {5 * NS_PER_MS, 5 * NS_PER_MS}, "7", {7, 7}},
		{"5ms..5ms", {5 * NS_PER_MS, 5 * NS_PER_MS}, "0x10", {16, 16}},
		{"1ms..1min", {NS_PER_MS, 60 * NS_PER_S}, "-5..0x5010", {-5, 0x5010}},
		{"1.5..2.5", {1500 * NS_PER_MS, 2500 * NS_PER_MS}, "10..0x0a", {10, 10}},
		{"1s..2 s", {NS_PER_S, 2 * NS_PER_S}, "-2..-1", {-2, -1}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct all got = {.whole = 0};
		char text[128], messages[512];

		snprintf(text, sizeof(text), "{text: a, times: %s, ints: %s}", rows[i].times,
			 rows[i].ints);
		if (!read_all(text, &got, messages, sizeof(messages)))
			fail_msg("%s: %s", text, messages);
		assert_memory_equal(got.times_ns, rows[i].times_ns, sizeof(got.times_ns));
		assert_memory_equal(got.ints, rows[i].range, sizeof(got.ints));
	}
}

static void long_text_is_refused(void **state)
{
	char text[CONF_TEXT_MAX + 32] = "text: ", messages[512];
	struct all got;

	(void)state;
	memset(text + 6, 'x', CONF_TEXT_MAX - 1);
	assert_true(read_all(text, &got, messages, sizeof(messages)));
	assert_int_equal(strlen(got.text), CONF_TEXT_MAX - 1);
	text[6 + CONF_TEXT_MAX - 1] = 'x';
	assert_false(read_all(text, &got, messages, sizeof(messages)));
	assert_string_equal(messages, "f:1:7: text: 1 to 255 characters are expected\n");
}

static void quantities_have_prefixes(void **state)
{
	static const struct {
		const char *text;
		const char *unit;
		int r;
		double value;
	} rows[] = {
		{"2.3 kW", "W", 0, 2300},      {"2.3kW", "W", 0, 2300},  {"5", "W", 0, 5},
		{"5 mA", "A", 0, 0.005},       {"1e3", "A", 0, 1000},    {"2 MW", "W", 0, 2e6},
		{"-1.5 A", "A", 0, -1.5},      {".5", "", 0, 0.5},       {"5 m", "m", 0, 5},
		{"5 mm", "m", 0, 0.005},       {"5k", "", -EINVAL, 0},   {"5 W", "", -EINVAL, 0},
		{"W", "W", -EINVAL, 0},        {"", "W", -EINVAL, 0},    {"5 WW", "W", -EINVAL, 0},
		{"5 W ", "W", -EINVAL, 0},     {"inf", "W", -EINVAL, 0}, {"1e999", "W", -ERANGE, 0},
		{"1e308 kW", "W", -ERANGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double value = -77;

		assert_int_equal(conf_quantity(rows[i].text, rows[i].unit, &value), rows[i].r);
		assert_near(value, rows[i].r ? -77 : rows[i].value, 1e-9);
	}
}

static void durations_add_up(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t ns;
	} rows[] = {
		{"5ms", 0, 5 * NS_PER_MS},
		{"3 us", 0, 3 * NS_PER_US},
		{"30", 0, 30 * NS_PER_S},
		{"1.5", 0, 1500 * NS_PER_MS},
		{"0", 0, 0},
		{"1h30m", 0, 90 * 60 * NS_PER_S},
		{"1h 30min 5s", 0, 5405 * NS_PER_S},
		{"2d", 0, 48 * NS_PER_H},
		{"1m", 0, 60 * NS_PER_S},
		{"0s", 0, 0},
		{"", -EINVAL, 0},
		{"h", -EINVAL, 0},
		{"-5s", -EINVAL, 0},
		{"5 s 3", -EINVAL, 0},
		{"0s5", -EINVAL, 0},
		{"5 5s", -EINVAL, 0},
		{"1month", -EINVAL, 0},
		{"1e30d", -ERANGE, 0},
		{"1e300", -ERANGE, 0},
		{"300000d", -ERANGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ns = -77;

		assert_int_equal(conf_parse_duration(rows[i].text, &ns), rows[i].r);
		assert_int_equal(ns, rows[i].r ? -77 : rows[i].ns);
	}
}

static void hints_are_near(void **state)
{
	static const char *const names[] = {"voltage", "frequency"};
	char buf[64];

	(void)state;
	assert_string_equal(conf_hint("voltge", names, 2, buf, sizeof(buf)),
			    ", did you mean 'voltage'?");
	assert_string_equal(conf_hint("volt", names, 2, buf, sizeof(buf)),
			    ", did you mean 'voltage'?");
	assert_string_equal(conf_hint("current", names, 2, buf, sizeof(buf)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reader_reads),       cmocka_unit_test(every_fault_is_told),
		cmocka_unit_test(ranges_have_two_ends),     cmocka_unit_test(long_text_is_refused),
		cmocka_unit_test(quantities_have_prefixes), cmocka_unit_test(durations_add_up),
		cmocka_unit_test(hints_are_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
