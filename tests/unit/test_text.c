/* SPDX-License-Identifier: MIT */
/* test_text - good and bad numbers, quantities, scaled decimals, hints for mistyped names */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED 4242 /* results stay what they were when a call fails */

/* Fifty digits: no number that anybody means. */
#define FIFTY "12345678901234567890123456789012345678901234567890"

static void expect(const char *text, int r, int expected)
{
	if (r != expected)
		fail_msg("\"%s\": returned %d, expected %d", text, r, expected);
}

static void test_int(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t value;
	} rows[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"+7", 0, 7},
		{"9600", 0, 9600},
		{"-1", 0, -1},
		{"007", 0, 7}, /* decimal, not octal */
		{"010", 0, 10},
		{"9223372036854775807", 0, INT64_MAX},
		{"-9223372036854775808", 0, INT64_MIN},
		{"9223372036854775808", -ERANGE, 0},
		{"-9223372036854775809", -ERANGE, 0},
		{FIFTY, -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"+", -EINVAL, 0},
		{"--1", -EINVAL, 0},
		{"+-1", -EINVAL, 0},
		{"- 1", -EINVAL, 0},
		{".", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"1.", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"9600abc", -EINVAL, 0},
		{"abc", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
		{"\t1", -EINVAL, 0},
		{"1,000", -EINVAL, 0},
		{"1'000", -EINVAL, 0},
		{"\xd9\xa1", -EINVAL, 0}, /* an Arabic digit one */
		{"\xb2", -EINVAL, 0},     /* a superscript two of Latin-1 */
		{"nan", -EINVAL, 0},
		{FIFTY "x", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = UNTOUCHED;

		expect(rows[i].text, text_to_int(rows[i].text, &value), rows[i].r);
		assert_int_equal(value, rows[i].r ? UNTOUCHED : rows[i].value);
	}
}

static void test_hex32(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint32_t value;
	} rows[] = {
		{"0x0", 0, 0},
		{"0X1f", 0, 0x1f},
		{"0xAbCd", 0, 0xabcd},
		{"0x4007", 0, 0x4007},
		{"0x00000001", 0, 1},
		{"0xffffffff", 0, UINT32_MAX},
		{"0x100000000", -ERANGE, 0},
		{"0xffffffffffffffffffff", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"0", -EINVAL, 0},
		{"x", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"0xg", -EINVAL, 0},
		{"0x1g", -EINVAL, 0},
		{"0x 1", -EINVAL, 0},
		{"0x-1", -EINVAL, 0},
		{"0x0x1", -EINVAL, 0},
		{"-0x1", -EINVAL, 0},
		{"+0x1", -EINVAL, 0},
		{" 0x1", -EINVAL, 0},
		{"0x1 ", -EINVAL, 0},
		{"0x1.8", -EINVAL, 0},
		{"0x1p3", -EINVAL, 0},
		{"4007", -EINVAL, 0},
		{"1x10", -EINVAL, 0},
		{"ff", -EINVAL, 0},
		{"0xffffffffffffffffffffz", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t value = UNTOUCHED;

		expect(rows[i].text, text_to_hex32(rows[i].text, &value), rows[i].r);
		assert_int_equal(value, rows[i].r ? UNTOUCHED : rows[i].value);
	}
}

static void test_double(void **state)
{
	static const struct {
		const char *text;
		int r;
		double value;
	} rows[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"1", 0, 1},
		{"+1", 0, 1},
		{"-1.5", 0, -1.5},
		{".5", 0, 0.5},
		{"-.5", 0, -0.5},
		{"5.", 0, 5},
		{"0.1", 0, 0.1},
		{"230.00", 0, 230},
		{"1e3", 0, 1000},
		{"1E3", 0, 1000},
		{"1e+3", 0, 1000},
		{"25e-4", 0, 25e-4},
		{"1e308", 0, 1e308},
		{"1e-999", 0, 0}, /* too small to tell from 0 */
		{"1e999", -ERANGE, 0},
		{"-1e999", -ERANGE, 0},
		{"1e99999999999999999999", -ERANGE, 0},
		{FIFTY, -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"+", -EINVAL, 0},
		{".", -EINVAL, 0},
		{"-.", -EINVAL, 0},
		{"..5", -EINVAL, 0},
		{"1.2.3", -EINVAL, 0},
		{"1..2", -EINVAL, 0},
		{"--1", -EINVAL, 0},
		{"- 1", -EINVAL, 0},
		{"1-", -EINVAL, 0},
		{"e3", -EINVAL, 0},
		{".e3", -EINVAL, 0},
		{"1e", -EINVAL, 0},
		{"1e+", -EINVAL, 0},
		{"1e-", -EINVAL, 0},
		{"1e3.5", -EINVAL, 0},
		{"1ee3", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"0x1p3", -EINVAL, 0},
		{"nan", -EINVAL, 0},
		{"NaN", -EINVAL, 0},
		{"nan(1)", -EINVAL, 0},
		{"inf", -EINVAL, 0},
		{"-inf", -EINVAL, 0},
		{"infinity", -EINVAL, 0},
		{"9600abc", -EINVAL, 0},
		{"16 A", -EINVAL, 0},
		{"16A", -EINVAL, 0},
		{"1,5", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
		{"\xd9\xa1", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double value = UNTOUCHED;

		expect(rows[i].text, text_to_double(rows[i].text, &value), rows[i].r);
		if (value != (rows[i].r ? UNTOUCHED : rows[i].value))
			fail_msg("\"%s\": %.17g", rows[i].text, value);
	}
}

static void test_quantity(void **state)
{
	static const struct {
		const char *text;
		int r;
		double number;
		const char *unit;
	} rows[] = {
		{"16 A", 0, 16, "A"},
		{"16A", 0, 16, "A"},
		{"16   A", 0, 16, "A"},
		{"16", 0, 16, ""},
		{"16 ", 0, 16, ""},
		{"-0.5 %", 0, -0.5, "%"},
		{"1234.56 kWh", 0, 1234.56, "kWh"},
		{"1.5e3 W", 0, 1500, "W"},
		{"5e3W", 0, 5000, "W"},
		{"5 eV", 0, 5, "eV"},
		{"5eV", 0, 5, "eV"}, /* an e without an exponent begins the unit */
		{"2E", 0, 2, "E"},
		{"0x10", 0, 0, "x10"}, /* a zero and a unit that nobody knows */
		{"5ms", 0, 5, "ms"},
		{"3ms..20ms", 0, 3, "ms..20ms"},
		{"1.2.3", 0, 1.2, ".3"},
		{"1 2", 0, 1, "2"},
		{"5\t A", 0, 5, "\t A"}, /* blanks are blanks, nothing else */
		{"1e999 V", -ERANGE, 0, NULL},
		{FIFTY " V", -ERANGE, 0, NULL},
		{"", -EINVAL, 0, NULL},
		{"A", -EINVAL, 0, NULL},
		{"A 16", -EINVAL, 0, NULL},
		{" 16 A", -EINVAL, 0, NULL},
		{"- 16 A", -EINVAL, 0, NULL},
		{".A", -EINVAL, 0, NULL},
		{"nan A", -EINVAL, 0, NULL},
		{"inf A", -EINVAL, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *unit = NULL;
		double number = UNTOUCHED;

		expect(rows[i].text, text_to_quantity(rows[i].text, &number, &unit), rows[i].r);
		if (rows[i].r) {
			assert_true(number == UNTOUCHED);
			assert_null(unit);
			continue;
		}
		assert_true(number == rows[i].number);
		assert_string_equal(unit, rows[i].unit);
		assert_true(unit >= rows[i].text &&
			    unit <= rows[i].text + strlen(rows[i].text)); /* points into text */
	}
}

static void test_scaled(void **state)
{
	static const struct {
		const char *text;
		unsigned decimals;
		int r;
		int64_t value;
	} rows[] = {
		{"0.01", 2, 0, 1},
		{"0", 0, 0, 0},
		{"-0", 3, 0, 0},
		{"1", 2, 0, 100},
		{"+1.5", 2, 0, 150},
		{"-1.5", 2, 0, -150},
		{".5", 1, 0, 5},
		{"5.", 1, 0, 50},
		{"0.10", 1, 0, 1}, /* zeros beyond the decimals say nothing */
		{"12.3400000000000000000000000000000000", 2, 0, 1234},
		{"12.0", 0, 0, 12},
		{"0.29", 2, 0, 29}, /* as a double it would be cut to 28 */
		{"1234.567", 3, 0, 1234567},
		{"0000000000000000000000000000001", 0, 0, 1},
		{"9223372036854775807", 0, 0, INT64_MAX},
		{"92233720368547758.07", 2, 0, INT64_MAX},
		{"-9223372036854775807", 0, 0, -INT64_MAX},
		{"9223372036854775808", 0, -ERANGE, 0},
		{"9223372036854775807", 1, -ERANGE, 0},
		{"92233720368547758.08", 2, -ERANGE, 0},
		{"1", 19, -ERANGE, 0},
		{FIFTY, 0, -ERANGE, 0},
		{"0.011", 2, -EINVAL, 0},
		{"0.5", 0, -EINVAL, 0},
		{"", 2, -EINVAL, 0},
		{"-", 2, -EINVAL, 0},
		{"+", 2, -EINVAL, 0},
		{".", 2, -EINVAL, 0},
		{"-.", 2, -EINVAL, 0},
		{"--1", 2, -EINVAL, 0},
		{"1.2.3", 2, -EINVAL, 0},
		{"1..2", 2, -EINVAL, 0},
		{"1e2", 2, -EINVAL, 0},
		{"0x10", 2, -EINVAL, 0},
		{"nan", 2, -EINVAL, 0},
		{"inf", 2, -EINVAL, 0},
		{"1,5", 2, -EINVAL, 0},
		{" 1", 2, -EINVAL, 0},
		{"1 ", 2, -EINVAL, 0},
		{"9600abc", 2, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = UNTOUCHED;

		expect(rows[i].text, text_to_scaled(rows[i].text, rows[i].decimals, &value),
		       rows[i].r);
		assert_int_equal(value, rows[i].r ? UNTOUCHED : rows[i].value);
	}
}

static void test_nearest(void **state)
{
	static const char *const names[] = {
		"voltage",
		"current",
		"frequency",
		"baud",
		"parity",
		"pt",
		"id",
		"meters",
		"a_name_that_is_far_longer_than_anything_that_a_user_would_ever_type",
	};
	static const struct {
		const char *word;
		const char *name;
	} rows[] = {
		{"voltage", "voltage"},
		{"votage", "voltage"},   /* one left out */
		{"voltagee", "voltage"}, /* one too many */
		{"voltege", "voltage"},  /* another one */
		{"votlage", "voltage"},  /* two swapped: two edits */
		{"currant", "current"},
		{"frequenci", "frequency"},
		{"frequenzy", "frequency"},
		{"frekwency", "frequency"},
		{"meter", "meters"},
		{"bauds", "baud"},
		{"buad", NULL},      /* two of four letters wrong */
		{"volt", "voltage"}, /* the rest was left out */
		{"vol", "voltage"},
		{"vo", NULL},         /* too short to be a hint */
		{"baudrate", "baud"}, /* something was added */
		{"pta", NULL},        /* half a word of two letters is no hint */
		{"ie", NULL},
		{"vxltxgx", NULL}, /* three edits */
		{"", NULL},
		{"x", NULL},
		{"temperature", NULL},
		{"VOLTAGE", NULL}, /* all letters differ */
		{"a_name_that_is_far_longer_than_anything_that_a_user_would_ever_typ", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *name = text_nearest(rows[i].word, names, COUNT(names));

		if (!rows[i].name && name)
			fail_msg("\"%s\": got %s", rows[i].word, name);
		if (rows[i].name && (!name || strcmp(name, rows[i].name) != 0))
			fail_msg("\"%s\": got %s", rows[i].word, name ? name : "nothing");
	}
	assert_null(text_nearest("voltage", names, 0));
}

static void test_nearest_of_several(void **state)
{
	static const char *const names[] = {"serial_a", "serial", "seriel"};

	(void)state;
	assert_string_equal(text_nearest("seriel", names, COUNT(names)), "seriel");
	assert_string_equal(text_nearest("serial", names, COUNT(names)), "serial");
	assert_string_equal(text_nearest("seral", names, COUNT(names)), "serial");
	/* the longest words that are compared at all */
	assert_null(text_nearest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", names,
				 COUNT(names)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_hex32),
		cmocka_unit_test(test_double),
		cmocka_unit_test(test_quantity),
		cmocka_unit_test(test_scaled),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_nearest_of_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
