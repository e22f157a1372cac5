/* SPDX-License-Identifier: MIT */
/* test_clk - the virtual clock stands still, jumps ahead and never goes back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clk.h"

static void test_jumps(void **state)
{
	static const struct {
		int64_t to_ns;
		int64_t now_ns;
	} rows[] = {
		{100, 100},
		{101, 101},
		{101, 101}, /* the same time again */
		{50, 101},  /* never back */
		{INT64_MIN, 101},
		{-1, 101},
		{NS_PER_H, 3600 * NS_PER_S},
		{CLK_NEVER - 1, CLK_NEVER - 1},
		{CLK_NEVER, CLK_NEVER},
		{0, CLK_NEVER},
	};
	struct clk_virtual v;

	(void)state;
	clk_virtual_init(&v, 100);
	assert_int_equal(clk_now(&v.clk), 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clk_virtual_to(&v, rows[i].to_ns);
		assert_int_equal(clk_now(&v.clk), rows[i].now_ns);
		assert_int_equal(clk_now(&v.clk), rows[i].now_ns); /* asking does not move it */
	}
}

static void test_begins_before_zero(void **state)
{
	struct clk_virtual v;

	(void)state;
	clk_virtual_init(&v, -5);
	assert_int_equal(clk_now(&v.clk), -5);
	clk_virtual_to(&v, -6);
	assert_int_equal(clk_now(&v.clk), -5);
	clk_virtual_to(&v, 0);
	assert_int_equal(clk_now(&v.clk), 0);
}

static void test_two_clocks_are_apart(void **state)
{
	struct clk_virtual a, b;

	(void)state;
	clk_virtual_init(&a, 0);
	clk_virtual_init(&b, 0);
	clk_virtual_to(&a, 7);
	assert_int_equal(clk_now(&a.clk), 7);
	assert_int_equal(clk_now(&b.clk), 0);
}

static void test_units(void **state)
{
	(void)state;
	assert_int_equal(NS_PER_MS, 1000 * NS_PER_US);
	assert_int_equal(NS_PER_S, 1000 * NS_PER_MS);
	assert_int_equal(NS_PER_H, INT64_C(3600000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_begins_before_zero),
		cmocka_unit_test(test_two_clocks_are_apart),
		cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
