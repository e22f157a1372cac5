/* SPDX-License-Identifier: MIT */
/*
 * test_energy - counters, the manual's example of section 7.11, the day counter (7.9), no drift
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrology/energy.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WH       ENERGY_NJ_PER_WH
#define KWH      (1000 * WH)

static void expect(const struct energy *e, int64_t wh, int64_t nj)
{
	assert_int_equal(e->wh, wh);
	assert_int_equal(e->nj, nj);
}

static void test_add_nj(void **state)
{
	static const struct {
		int64_t nj;
		struct energy sum;
	} rows[] = {
		{0, {0, 0}},
		{1, {0, 1}},
		{WH - 2, {0, WH - 1}},
		{1, {1, 0}}, /* carry */
		{WH, {2, 0}},
		{5 * WH + 7, {7, 7}},
		{WH - 7, {8, 0}},
		{1000000 * WH + WH - 1, {1000008, WH - 1}},
		{WH - 1, {1000009, WH - 2}},
	};
	struct energy e = {0, 0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		energy_add_nj(&e, rows[i].nj);
		expect(&e, rows[i].sum.wh, rows[i].sum.nj);
	}
}

static void test_add(void **state)
{
	static const struct {
		struct energy a, b, sum;
	} rows[] = {
		{{0, 0}, {0, 0}, {0, 0}},
		{{1, 2}, {3, 4}, {4, 6}},
		{{1, WH - 1}, {3, 1}, {5, 0}},
		{{0, WH - 1}, {0, WH - 1}, {1, WH - 2}},
		{{INT64_MAX / 2, 5}, {INT64_MAX / 2, 6}, {INT64_MAX - 1, 11}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct energy e = rows[i].a;

		energy_add(&e, &rows[i].b);
		expect(&e, rows[i].sum.wh, rows[i].sum.nj);
		e = rows[i].b;
		energy_add(&e, &rows[i].a);
		expect(&e, rows[i].sum.wh, rows[i].sum.nj);
	}
}

static void test_add_to_itself(void **state)
{
	struct energy e = {3, WH - 1};

	(void)state;
	energy_add(&e, &e);
	expect(&e, 7, WH - 2);
}

static void test_compare_and_difference(void **state)
{
	static const struct {
		struct energy a, b;
		int sign;
		struct energy difference;
	} rows[] = {
		{{0, 0}, {0, 0}, 0, {0, 0}},
		{{5, 7}, {5, 7}, 0, {0, 0}},
		{{0, 1}, {0, 0}, 1, {0, 1}},
		{{5, 7}, {5, 6}, 1, {0, 1}},
		{{6, 0}, {5, WH - 1}, 1, {0, 1}}, /* borrow */
		{{7, 3}, {5, 5}, 1, {1, WH - 2}},
		{{7, 5}, {5, 3}, 1, {2, 2}},
		{{INT64_MAX, WH - 1}, {0, 0}, 1, {INT64_MAX, WH - 1}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct energy d = {-1, -1};
		struct energy self = rows[i].a;
		int c = energy_compare(&rows[i].a, &rows[i].b);

		assert_int_equal((c > 0) - (c < 0), rows[i].sign);
		c = energy_compare(&rows[i].b, &rows[i].a);
		assert_int_equal((c > 0) - (c < 0), -rows[i].sign);
		assert_int_equal(energy_difference(&rows[i].a, &rows[i].b, &d), rows[i].sign);
		expect(&d, rows[i].difference.wh, rows[i].difference.nj);
		assert_int_equal(energy_difference(&rows[i].b, &rows[i].a, &d), -rows[i].sign);
		expect(&d, rows[i].difference.wh, rows[i].difference.nj);
		energy_difference(&self, &rows[i].b, &self); /* in place */
		expect(&self, rows[i].difference.wh, rows[i].difference.nj);
	}
}

static struct measurement window_of(const int64_t active_nj[WAVE_PHASES],
				    const int64_t reactive_nj[WAVE_PHASES])
{
	struct measurement m = {.duration_ns = 200000000};

	for (int p = 0; p < WAVE_PHASES; p++) {
		m.phase[p].active_nj = active_nj[p];
		m.phase[p].reactive_nj = reactive_nj[p];
	}
	return m;
}

/* L1 +5, L2 +5, L3 -12 kWh (manual 7.11); the reactive energies go the other way. */
static void test_example_of_7_11(void **state)
{
	static const int64_t active[] = {5 * KWH / 1000, 5 * KWH / 1000, -12 * KWH / 1000};
	static const int64_t reactive[] = {-5 * KWH / 1000, -5 * KWH / 1000, 12 * KWH / 1000};
	static const struct {
		enum energy_kind kind;
		enum energy_direction direction;
		int64_t phase_wh[WAVE_PHASES];
		int64_t tariff_wh; /* the rows Forward and Reverse */
		int64_t net_wh;    /* the same of C-10: 0 and -2 */
	} rows[] = {
		{ENERGY_ACTIVE, ENERGY_FORWARD, {5000, 5000, 0}, 10000, 0},
		{ENERGY_ACTIVE, ENERGY_REVERSE, {0, 0, 12000}, 12000, 2000},
		{ENERGY_REACTIVE, ENERGY_FORWARD, {0, 0, 12000}, 12000, 2000},
		{ENERGY_REACTIVE, ENERGY_REVERSE, {5000, 5000, 0}, 10000, 0},
	};
	const struct measurement window = window_of(active, reactive);

	(void)state;
	for (unsigned tariff = 0; tariff < ENERGY_TARIFFS; tariff++) {
		struct energy_registers registers = {0};

		for (int i = 0; i < 1000; i++)
			energy_count(&registers, &window, tariff);
		for (size_t i = 0; i < COUNT(rows); i++) {
			const struct energy_counters *c =
				&registers.counters[rows[i].kind][rows[i].direction];

			for (int p = 0; p < WAVE_PHASES; p++)
				expect(&c->phase[p], rows[i].phase_wh[p], 0);
			expect(&c->tariff[tariff], rows[i].tariff_wh, 0);
			expect(&c->net[tariff], rows[i].net_wh, 0);
			expect(&c->tariff[1 - tariff], 0, 0); /* the other one stands still */
			expect(&c->net[1 - tariff], 0, 0);
		}
		expect(&registers.day_sum, 10000, 0);
		expect(&registers.day_net, 0, 0);
	}
}

/* Code 10 nets the phases window by window: what comes and what goes later both count. */
static void test_net_window_by_window(void **state)
{
	static const int64_t none[] = {0, 0, 0};
	static const struct {
		int64_t active_nj[WAVE_PHASES];
		unsigned tariff;
		struct energy net[ENERGY_TARIFFS][ENERGY_DIRECTIONS]; /* afterwards */
		struct energy day_sum, day_net;
	} rows[] = {
		{{3 * WH, -WH, 0}, 0, {{{2, 0}, {0, 0}}, {{0, 0}, {0, 0}}}, {3, 0}, {2, 0}},
		{{WH, -3 * WH, -1}, 0, {{{2, 0}, {2, 1}}, {{0, 0}, {0, 0}}}, {4, 0}, {2, 0}},
		{{5 * WH, -5 * WH, 0}, 0, {{{2, 0}, {2, 1}}, {{0, 0}, {0, 0}}}, {9, 0}, {2, 0}},
		{{0, 0, -WH}, 1, {{{2, 0}, {2, 1}}, {{0, 0}, {1, 0}}}, {9, 0}, {2, 0}},
		{{1, 1, 1}, 1, {{{2, 0}, {2, 1}}, {{0, 3}, {1, 0}}}, {9, 3}, {2, 3}},
		{{0, 0, 0}, 1, {{{2, 0}, {2, 1}}, {{0, 3}, {1, 0}}}, {9, 3}, {2, 3}},
	};
	struct energy_registers registers = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct measurement window = window_of(rows[i].active_nj, none);

		energy_count(&registers, &window, rows[i].tariff);
		for (int t = 0; t < ENERGY_TARIFFS; t++) {
			for (int d = 0; d < ENERGY_DIRECTIONS; d++)
				expect(&registers.counters[ENERGY_ACTIVE][d].net[t],
				       rows[i].net[t][d].wh, rows[i].net[t][d].nj);
		}
		expect(&registers.day_sum, rows[i].day_sum.wh, rows[i].day_sum.nj);
		expect(&registers.day_net, rows[i].day_net.wh, rows[i].day_net.nj);
	}
}

/* The day counter (manual 7.9) counts forward active energy over both tariffs, nothing else. */
static void test_day_counter(void **state)
{
	static const int64_t in[] = {WH, 2 * WH, 0}, out[] = {-WH, -WH, -WH}, none[] = {0, 0, 0};
	const struct measurement import = window_of(in, none), export = window_of(out, in);
	struct energy_registers registers = {0};

	(void)state;
	energy_count(&registers, &import, 0);
	energy_count(&registers, &import, 1);
	expect(&registers.day_sum, 6, 0);
	energy_count(&registers, &export, 0);
	expect(&registers.day_sum, 6, 0);
	expect(&registers.day_net, 6, 0);
	registers.day_sum = registers.day_net = (struct energy){0, 0}; /* the user's reset */
	energy_count(&registers, &import, 0);
	expect(&registers.day_sum, 3, 0);
	expect(&registers.counters[ENERGY_ACTIVE][ENERGY_FORWARD].tariff[0], 6, 0);
}

/* A year of windows of 200 ms in steps of a number of nJ that has no divisor in common with 1 Wh.
 */
static void test_long_sum(void **state)
{
	enum { WINDOWS = 3000000 };
	static const int64_t active[] = {460000000007, -230000000003, 99999999989};
	static const int64_t reactive[] = {-1, 999999999989, 0};
	const struct measurement window = window_of(active, reactive);
	struct energy_registers registers = {0};
	const struct energy_counters *in = &registers.counters[ENERGY_ACTIVE][ENERGY_FORWARD];
	const struct energy_counters *out = &registers.counters[ENERGY_ACTIVE][ENERGY_REVERSE];

	(void)state;
	for (int i = 0; i < WINDOWS; i++)
		energy_count(&registers, &window, 0);
	for (int p = 0; p < WAVE_PHASES; p++) {
		const int64_t nj = active[p] < 0 ? -active[p] : active[p];
		const struct energy *e = active[p] < 0 ? &out->phase[p] : &in->phase[p];

		expect(e, nj * WINDOWS / WH, nj * WINDOWS % WH);
	}
	expect(&in->tariff[0], (active[0] + active[2]) * WINDOWS / WH,
	       (active[0] + active[2]) * WINDOWS % WH);
	expect(&out->tariff[0], -active[1] * WINDOWS / WH, -active[1] * WINDOWS % WH);
	expect(&in->net[0], (active[0] + active[1] + active[2]) * WINDOWS / WH,
	       (active[0] + active[1] + active[2]) * WINDOWS % WH);
	expect(&out->net[0], 0, 0);
	expect(&registers.counters[ENERGY_REACTIVE][ENERGY_REVERSE].phase[0], 0, WINDOWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_nj),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_to_itself),
		cmocka_unit_test(test_compare_and_difference),
		cmocka_unit_test(test_example_of_7_11),
		cmocka_unit_test(test_net_window_by_window),
		cmocka_unit_test(test_day_counter),
		cmocka_unit_test(test_long_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
