/* SPDX-License-Identifier: MIT */
/* test_intervals - tables of power and current over time, and what is said about bad ones */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/intervals.h"
#include "sim/intervals_head.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define S        INT64_C(1000000000)
#define PI       3.14159265358979323846

static const struct intervals_config held = {.phases = 3,
					     .voltage_v = {230, 230, 230},
					     .maximum_current_a = 78};

static int read_text(struct intervals **ret, const char *text,
		     const struct intervals_config *config, struct diag *diag)
{
	FILE *file = tmpfile();
	int r;

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	rewind(file);
	r = intervals_read(ret, file, "i.csv", config, diag);
	assert_int_equal(fclose(file), 0);
	return r;
}

static struct intervals *read_good(const char *text, const struct intervals_config *config)
{
	struct intervals *intervals = NULL;
	struct diag *diag;

	assert_int_equal(diag_create(&diag), 0);
	if (read_text(&intervals, text, config, diag) < 0)
		print_message("diag: %s\n", diag_text(diag, 0));
	assert_non_null(intervals);
	diag_destroy(diag);
	return intervals;
}

static void set_grid(struct synth_input *input, double voltage_v)
{
	*input = (struct synth_input){.frequency_hz = 50};
	for (int p = 0; p < WAVE_PHASES; p++) {
		input->phase[p].voltage_v = voltage_v;
		input->phase[p].current_a = 1;
		input->phase[p].lag_deg = 9;
	}
}

static double power_of(const struct synth_phase *phase)
{
	return phase->voltage_v * phase->current_a * cos(phase->lag_deg * PI / 180);
}

static void expect_power(const struct synth_input *input, double w1, double w2, double w3)
{
	const double expected[WAVE_PHASES] = {w1, w2, w3};

	for (int p = 0; p < WAVE_PHASES; p++) {
		if (fabs(power_of(&input->phase[p]) - expected[p]) > 1e-3)
			print_message("L%d: %g W\n", p + 1, power_of(&input->phase[p]));
		assert_true(fabs(power_of(&input->phase[p]) - expected[p]) < 1e-3);
	}
}

/* What a phase has that no column names. */
#define AS_IT_WAS (230 * 1 * cos(9 * PI / 180))

static void test_held(void **state)
{
	static const char text[] = "# export\ntime,power.l1 (kW),power.l2 [W],pf\n"
				   "2026-11-22T10:00:00Z,2.3,-460,0.5\n"
				   "2026-11-22T11:15:00+01:00,0,230,1\n";
	struct intervals *intervals = read_good(text, &held);
	struct synth_input input;

	(void)state;
	set_grid(&input, 230);
	assert_true(intervals_apply(intervals, 0, &input));
	expect_power(&input, 2300, -460, AS_IT_WAS);
	assert_true(fabs(input.phase[0].current_a - 20) < 1e-5);
	assert_true(fabs(input.phase[0].lag_deg - 60) < 1e-5);
	assert_true(fabs(input.phase[1].lag_deg - 120) < 1e-5); /* exports, and draws vars */
	assert_false(intervals_apply(intervals, 900 * S - 1, &input));
	assert_true(intervals_apply(intervals, 900 * S, &input));
	expect_power(&input, 0, 230, AS_IT_WAS);
	assert_false(intervals_apply(intervals, 1000000 * S, &input));
	/* the voltage falls, the power stays; to the greatest current, and to none */
	input.phase[1].voltage_v = 115;
	assert_true(intervals_apply(intervals, 1000001 * S, &input));
	assert_true(fabs(input.phase[1].current_a - 2) < 1e-6);
	input.phase[1].voltage_v = 0.1;
	assert_true(intervals_apply(intervals, 1000002 * S, &input));
	assert_true(input.phase[1].current_a == 78);
	input.phase[1].voltage_v = 0;
	assert_true(intervals_apply(intervals, 1000003 * S, &input));
	assert_true(input.phase[1].current_a == 0);
	intervals_destroy(intervals);
	intervals_destroy(NULL);
}

static void test_linear_repeat(void **state)
{
	struct intervals_config config = held;
	struct synth_input input;
	struct intervals *intervals;

	(void)state;
	config.linear = true;
	config.repeat = true;
	intervals = read_good("time;power\n100;0\n110;690\n120;1380\n", &config);
	set_grid(&input, 230);
	intervals_apply(intervals, 5 * S, &input);
	expect_power(&input, 115, 115, 115);
	intervals_apply(intervals, 20 * S, &input);
	expect_power(&input, 460, 460, 460);
	intervals_apply(intervals, 25 * S, &input); /* back to the first row */
	expect_power(&input, 230, 230, 230);
	intervals_apply(intervals, 30 * S, &input);
	expect_power(&input, 0, 0, 0);
	intervals_apply(intervals, 305 * S, &input);
	expect_power(&input, 115, 115, 115);
	intervals_destroy(intervals);
}

static void test_currents(void **state)
{
	struct intervals_config config = held;
	struct synth_input input;
	struct intervals *intervals;

	(void)state;
	config.phases = 1;
	config.repeat = true;
	intervals = read_good("\xef\xbb\xbfTimestamp\tCurrent (mA)\tPF\r\n"
			      "0\t5000\t-1\r\n0.5\t\"2000\"\t0.5\r\n\r\n",
			      &config);
	set_grid(&input, 230);
	intervals_apply(intervals, 0, &input);
	expect_power(&input, -1150, AS_IT_WAS, AS_IT_WAS);
	intervals_apply(intervals, S / 2, &input);
	expect_power(&input, 230, AS_IT_WAS, AS_IT_WAS);
	intervals_apply(intervals, S, &input);
	expect_power(&input, -1150, AS_IT_WAS, AS_IT_WAS);
	intervals_destroy(intervals);
	/* a single row holds, repeated or not */
	config.linear = true;
	intervals = read_good("time,current.l1\n7,3\n", &config);
	intervals_apply(intervals, 9 * S, &input);
	expect_power(&input, 690, AS_IT_WAS, AS_IT_WAS);
	intervals_destroy(intervals);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"", "i.csv: there is nothing in it"},
		{"# x\n", "i.csv: there is nothing in it"},
		{"time,power\n", "i.csv: there are no rows in it"},
		{"power,time\n", "i.csv:1:1: the first column is 'time', not 'power'"},
		{"time\n0\n", "i.csv:1:1: no column of power or current"},
		{"time,pf\n0,1\n", "i.csv:1:1: no column of power or current"},
		{"time,power,current\n", "i.csv:1:1: both power and current"},
		{"time,power.l4\n", "i.csv:1:6: 'power.l4' is none of power, power.l1"},
		{"time,power (kVA)\n", "i.csv:1:6: 'power (kVA)': W or kW, A, and nothing"},
		{"time,power,power.l2\n", "i.csv:1:12: 'power.l2' is in column 2 already"},
		{"time,power\n0,1\n0,1\n", "i.csv:3:1: 0 is not later than the row before it"},
		{"time,power\n2026-02-29 10:00,1\n", "i.csv:2:1: '2026-02-29 10:00' is no time"},
		{"time,power\n0,x\n", "i.csv:2:3: 'x' is not a number"},
		{"time;power\n0;1,5\n", "'1,5' is not a number (decimals are written with a '.')"},
		{"time,power\n0,1\n1,nan\n", "i.csv:3:3: 'nan' is not a number"},
		{"time,power\n0,1\n1\n", "i.csv:3:1: 1 column, where the first line has 2"},
		{"time,power\n0,1\n1,2,3\n", "i.csv:3:1: 3 columns, where the first line has 2"},
		{"time,current\n0,-1\n", "i.csv:2:3: -1 is out of range 0.."},
		{"time,current,pf\n0,1,1.01\n", "i.csv:2:5: 1.01 is out of range -1..1"},
		{"time,power (kW)\n0,54\n0,1\n",
		 "i.csv:2:1: 78.26 A in L1, at 230 V, are more than the 78 A"},
		{"time,power,pf\n0,1,0\n", "i.csv:2:1: inf A in L1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct intervals *intervals = NULL;
		struct diag *diag;

		assert_int_equal(diag_create(&diag), 0);
		assert_int_equal(read_text(&intervals, rows[i].text, &held, diag), -EINVAL);
		if (!diag_text(diag, 0) || !strstr(diag_text(diag, 0), rows[i].expected))
			print_message("%s, not: %s\n", rows[i].expected, diag_text(diag, 0));
		assert_non_null(strstr(diag_text(diag, 0), rows[i].expected));
		assert_null(intervals);
		diag_destroy(diag);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t expected_ns; /* -1: no time */
	} rows[] = {
		{"0", 0},
		{"12.5", 12 * S + S / 2},
		{"1970-01-01T00:00", 0},
		{"1970-01-01T01:00:01.25+01:00", S + S / 4},
		{"2000-02-29 00:00Z", 951782400 * S},
		{"2026-11-22T10:00:00-0130", 1795347000 * S},
		{"2100-03-01T00:00:00Z", 4107542400 * S},
		{"2026-11-22", -1},
		{"2026-11-22T24:00", -1},
		{"2026-13-22T10:00", -1},
		{"2026-11-31T10:00", -1},
		{"2026-11-22T10:00:", -1},
		{"2026-11-22T10:00:00.", -1},
		{"2026-11-22T10:00:00Zulu", -1},
		{"2026-11-22T10:00+1", -1},
		{"1e11", -1},
		{"", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ns = -1;
		const int r = interval_time_parse(rows[i].text, &ns);

		if (ns != rows[i].expected_ns)
			print_message("%s: %lld\n", rows[i].text, (long long)ns);
		assert_int_equal(r, rows[i].expected_ns < 0 ? -EINVAL : 0);
		assert_true(ns == rows[i].expected_ns);
	}
}

/* A year of minutes. */
static void test_long(void **state)
{
	enum { ROWS = 525600 };
	struct intervals *intervals = NULL;
	struct synth_input input;
	struct diag *diag;
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	fputs("time,power.l1,power.l2,power.l3\n", file);
	for (int k = 0; k < ROWS; k++)
		fprintf(file, "%d,%d,%d,0\n", 60 * k, k % 1000, 7);
	rewind(file);
	assert_int_equal(diag_create(&diag), 0);
	assert_int_equal(intervals_read(&intervals, file, "i.csv", &held, diag), 0);
	set_grid(&input, 230);
	intervals_apply(intervals, (60 * (int64_t)(ROWS - 1) + 30) * S, &input);
	expect_power(&input, (ROWS - 1) % 1000, 7, 0);
	intervals_destroy(intervals);
	diag_destroy(diag);
	assert_int_equal(fclose(file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held),     cmocka_unit_test(test_linear_repeat),
		cmocka_unit_test(test_currents), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_times),    cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("intervals", tests, NULL, NULL);
}
