/* SPDX-License-Identifier: MIT */
/*
 * test_rng - golden first values, streams of their own, range and moments
 *
 * The golden numbers come from an independent program (xoshiro256** and splitmix64 as published
 * by Blackman and Vigna, FNV-1a as published by Noll). They are a promise: same seed, same bytes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"

#define DRAWS 200000

static void test_published_sequence(void **state)
{
	/* from the reference implementation: state 1, 2, 3, 4 */
	static const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
	struct rng rng = {.s = {1, 2, 3, 4}};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(rng_u64(&rng) == expected[i]);
}

static void test_golden(void **state)
{
	static const struct {
		uint64_t seed;
		const char *stream;
		uint64_t first[4];
	} rows[] = {
		{0,
		 "",
		 {0x21382ef092ed7068, 0x5b54c052757adf62, 0xa64cb2cf68795072, 0xd35c15d5962035af}},
		{1,
		 "main",
		 {0xbe17c5ce594c1237, 0xf5c7d329055d59f3, 0x326a3af03a598fb5, 0x38c7401738a2e263}},
		{UINT64_MAX,
		 "noise",
		 {0x59b806009b971c41, 0x66476fc6a6e45d1e, 0xeb6c636e2aa021ac, 0xf62b8ed11361b512}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int again = 0; again < 2; again++) {
			struct rng rng;

			rng_init(&rng, rows[i].seed, rows[i].stream);
			for (int k = 0; k < 4; k++)
				assert_true(rng_u64(&rng) == rows[i].first[k]);
		}
	}
}

/* Numbers that two streams have in common at the same or at a neighbouring place. */
static int common(struct rng a, struct rng b)
{
	uint64_t last = 0;
	int n = 0;

	for (int i = 0; i < 1000; i++) {
		uint64_t x = rng_u64(&a), y = rng_u64(&b);

		n += x == y || x == last;
		last = y;
	}
	return n;
}

static void test_streams_differ(void **state)
{
	static const struct {
		uint64_t seed;
		const char *stream;
	} rows[] = {{1, "a"}, {1, "b"}, {1, "ab"}, {1, "ba"}, {1, ""}, {2, "a"}, {0, "a"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t j = 0; j < i; j++) {
			struct rng a, b;

			rng_init(&a, rows[i].seed, rows[i].stream);
			rng_init(&b, rows[j].seed, rows[j].stream);
			assert_int_equal(common(a, b), 0);
		}
	}
}

static void test_uniform(void **state)
{
	double sum = 0, low = 1, high = 0;
	int tenth[10] = {0};
	struct rng rng;

	(void)state;
	rng_init(&rng, 42, "uniform");
	for (int i = 0; i < DRAWS; i++) {
		double x = rng_uniform(&rng);

		assert_true(x >= 0 && x < 1);
		sum += x;
		low = fmin(low, x);
		high = fmax(high, x);
		tenth[(int)(x * 10)]++;
	}
	assert_true(fabs(sum / DRAWS - 0.5) < 4 / sqrt(12.0 * DRAWS)); /* four sigma */
	assert_true(low < 1e-4 && high > 1 - 1e-4);
	for (int i = 0; i < 10; i++)
		assert_true(fabs(tenth[i] - DRAWS / 10.0) < 4 * sqrt(DRAWS * 0.09));
}

/* The ends of the range, from states whose next number is known. */
static void test_uniform_ends(void **state)
{
	struct rng zero = {.s = {1, 0, 0, 0}};
	struct rng full = {.s = {0, 0, 0, 0}};

	(void)state;
	assert_true(rng_uniform(&zero) == 0);
	/* s[1] = x with rotl(5 x, 7) * 9 = 2^64 - 1: x = rotr(-1 / 9, 7) / 5 mod 2^64 */
	full.s[1] = UINT64_C(0xffffffffffffffff) * UINT64_C(0x8e38e38e38e38e39);
	full.s[1] = full.s[1] >> 7 | full.s[1] << 57;
	full.s[1] *= UINT64_C(0xcccccccccccccccd);
	assert_true(rng_uniform(&full) == 1 - 0x1p-53);
}

static void test_noise(void **state)
{
	double sum = 0, squares = 0, cubes = 0, neighbours = 0, last = 0;
	double mean, sd;
	struct rng rng;

	(void)state;
	rng_init(&rng, 42, "noise");
	for (int i = 0; i < DRAWS; i++) {
		double x = (double)rng_noise(&rng);

		assert_true(fabs(x) < 3.47);
		sum += x;
		squares += x * x;
		cubes += x * x * x;
		neighbours += x * last;
		last = x;
	}
	mean = sum / DRAWS;
	sd = sqrt(squares / DRAWS - mean * mean);
	assert_true(fabs(mean) < 4 / sqrt(DRAWS));
	assert_true(fabs(sd - 1) < 0.01);
	assert_true(fabs(cubes / DRAWS) < 0.03);      /* symmetrical */
	assert_true(fabs(neighbours / DRAWS) < 0.01); /* no memory */
}

/* The same bits on every machine: integers and one rounding. */
static void test_noise_golden(void **state)
{
	struct rng rng, same;

	(void)state;
	rng_init(&rng, 1, "main");
	rng_init(&same, 1, "main");
	for (int i = 0; i < 1000; i++) {
		uint64_t bits = rng_u64(&same);
		int32_t sum = (int32_t)((bits & 0xffff) + (bits >> 16 & 0xffff) +
					(bits >> 32 & 0xffff) + (bits >> 48));

		assert_true(rng_noise(&rng) == (float)(sum - 131070) * (1.7320508f / 65536.0f));
	}
}

/* Depends on seed and place only, and fills 0..1. */
static void places_draw_for_themselves(void **state)
{
	struct rng a, b;
	double sum = 0;

	(void)state;
	rng_init(&a, 1, "x");
	rng_init(&b, 2, "x");
	for (uint64_t y = 0; y < 10000; y++) {
		const double u = rng_uniform_at(&a, 8, y);

		assert_true(u >= 0 && u < 1);
		assert_true(rng_uniform_at(&a, 16, y) < u || rng_uniform_at(&a, 16, y) > u);
		assert_true(rng_uniform_at(&b, 8, y) < u || rng_uniform_at(&b, 8, y) > u);
		assert_true(!(rng_uniform_at(&a, 8, y) < u) && !(rng_uniform_at(&a, 8, y) > u));
		sum += u;
	}
	assert_true(sum > 4900 && sum < 5100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_sequence),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_streams_differ),
		cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_uniform_ends),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_noise_golden),
		cmocka_unit_test(places_draw_for_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
