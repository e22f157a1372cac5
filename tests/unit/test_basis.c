/* SPDX-License-Identifier: MIT */
/* test_basis - tables against libm, windows kept and recomputed, sizes refused */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrology/basis.h"

static int setup(void **state)
{
	struct basis *basis;

	if (basis_create(&basis) < 0)
		return -1;
	*state = basis;
	return 0;
}

static int teardown(void **state)
{
	basis_destroy(*state);
	return 0;
}

/* The farthest that a table of the selected window is from the sine itself. */
static double worst(struct basis *basis, uint32_t frames, uint32_t cycles, unsigned h)
{
	const float *c = basis_cos(basis, h), *s = basis_sin(basis, h);
	double far = 0;

	for (uint32_t k = 0; k < frames; k++) {
		double x = 2 * M_PI * (double)((uint64_t)h * cycles * k % frames) / frames;

		far = fmax(far, fabs((double)c[k] - cos(x)));
		far = fmax(far, fabs((double)s[k] - sin(x)));
	}
	return far;
}

static void test_tables(void **state)
{
	static const struct {
		uint32_t frames;
		uint32_t cycles;
	} rows[] =
		{
			{1600, 10}, {1604, 10}, {1778, 10}, {1455, 12},
			{1745, 12}, {1477, 12}, {2000, 10}, {2048, 12},
			{1, 1},     {2, 1},     {7, 10},    {80, 2}, /* 40th: every sample alike */
		};
	struct basis *basis = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(basis_select(basis, rows[i].frames, rows[i].cycles), 0);
		for (unsigned h = 1; h <= WAVE_HARMONIC_MAX; h++)
			assert_true(worst(basis, rows[i].frames, rows[i].cycles, h) < 0x1p-24);
	}
}

static void test_sizes_refused(void **state)
{
	static const struct {
		uint32_t frames;
		uint32_t cycles;
	} rows[] = {{0, 10}, {BASIS_FRAMES_MAX + 1, 10}, {UINT32_MAX, 10}, {1600, 0}, {0, 0}};
	struct basis *basis = *state;

	assert_int_equal(basis_select(basis, 1600, 10), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(basis_select(basis, rows[i].frames, rows[i].cycles), -EINVAL);
		assert_true(worst(basis, 1600, 10, 3) < 0x1p-24); /* the old one stays selected */
	}
}

/* Four windows keep their tables, a fifth takes the place of the least recently used. */
static void test_kept(void **state)
{
	struct basis *basis = *state;
	const float *table[4];

	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(basis_select(basis, 1600 + i, 10), 0);
		table[i] = basis_cos(basis, 5);
	}
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(basis_select(basis, 1600 + i, 10), 0);
		assert_ptr_equal(basis_cos(basis, 5), table[i]);
		assert_true(worst(basis, 1600 + i, 10, 5) < 0x1p-24);
	}
	assert_int_equal(basis_select(basis, 1600, 10), 0); /* now 1601 is the oldest */
	assert_int_equal(basis_select(basis, 1334, 12), 0);
	assert_ptr_equal(basis_cos(basis, 5), table[1]);
	assert_true(worst(basis, 1334, 12, 5) < 0x1p-24);
	assert_int_equal(basis_select(basis, 1600, 10), 0);
	assert_ptr_equal(basis_cos(basis, 5), table[0]);
	assert_true(worst(basis, 1600, 10, 5) < 0x1p-24);
}

/* The same number of samples, another number of cycles: another window. */
static void test_cycles_matter(void **state)
{
	struct basis *basis = *state;

	for (int i = 0; i < 20; i++) {
		const uint32_t cycles = 8 + (uint32_t)(i * 7 % 6);

		assert_int_equal(basis_select(basis, 1600, cycles), 0);
		assert_true(worst(basis, 1600, cycles, 1) < 0x1p-24);
		assert_true(worst(basis, 1600, cycles, 40) < 0x1p-24);
	}
}

static void test_destroy_null(void **state)
{
	(void)state;
	basis_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cycles_matter, setup, teardown),
		cmocka_unit_test(test_destroy_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
