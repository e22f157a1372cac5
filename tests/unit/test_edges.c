/* SPDX-License-Identifier: MIT */
/* test_edges - phase and frequency of the mains under harmonics, noise and lost phases */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/edges.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define FRAMES_MAX 4000

struct mains {
	double frequency_hz;
	double voltage_v[WAVE_PHASES];
	double angle_deg[WAVE_PHASES];
	double harmonic[WAVE_HARMONIC_MAX + 1]; /* ratios */
	double dc_v;
	double noise_v;
};

struct buffer {
	float samples[WAVE_CHANNELS][FRAMES_MAX];
	const float *ch[WAVE_CHANNELS];
};

static int setup(void **state)
{
	struct buffer *b = calloc(1, sizeof(*b));

	if (!b)
		return -1;
	for (int c = 0; c < WAVE_CHANNELS; c++)
		b->ch[c] = b->samples[c];
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static struct mains star(double frequency_hz)
{
	return (struct mains){.frequency_hz = frequency_hz,
			      .voltage_v = {230, 230, 230},
			      .angle_deg = {0, -120, 120}};
}

/* Sample 0 of L1 has the phase start_rad. */
static struct edges_signal render(struct buffer *b, const struct mains *m, double rate_hz,
				  double start_rad)
{
	struct rng rng;

	rng_init(&rng, 1, "edges");
	for (int k = 0; k < FRAMES_MAX; k++) {
		for (int p = 0; p < WAVE_PHASES; p++) {
			const double x = start_rad + 2 * M_PI * m->frequency_hz * k / rate_hz +
					 m->angle_deg[p] * M_PI / 180;
			double v = sin(x);

			for (int h = 2; h <= WAVE_HARMONIC_MAX; h++) {
				if (m->harmonic[h] > 0)
					v += m->harmonic[h] * sin(h * x + h);
			}
			b->samples[p][k] = (float)(v * M_SQRT2 * m->voltage_v[p] + m->dc_v +
						   m->noise_v * (double)rng_noise(&rng));
		}
	}
	return (struct edges_signal){.ch = b->ch, .frames = FRAMES_MAX, .rate_hz = rate_hz};
}

/* Phase of the mix of the voltages against L1's. */
static double mix_rad(const struct mains *m)
{
	static const double weight[WAVE_PHASES] = {1, 0.7, 0.4};
	double re = 0, im = 0;

	for (int p = 0; p < WAVE_PHASES; p++) {
		re += weight[p] * m->voltage_v[p] * cos(m->angle_deg[p] * M_PI / 180);
		im += weight[p] * m->voltage_v[p] * sin(m->angle_deg[p] * M_PI / 180);
	}
	return atan2(im, re);
}

static double off(double rad, double expected)
{
	return fabs(remainder(rad - expected, 2 * M_PI));
}

static struct mains distorted(double frequency_hz)
{
	struct mains m = star(frequency_hz);

	m.harmonic[2] = 0.02;
	m.harmonic[3] = 0.05;
	m.harmonic[5] = 0.06;
	m.harmonic[7] = 0.05;
	m.harmonic[17] = 0.02;
	m.harmonic[40] = 0.1;
	m.dc_v = 10;
	return m;
}

static void test_phase(void **state)
{
	static const double rates_hz[] = {6400, 8000, 12800, 25600};
	static const double frequencies_hz[] = {42, 45, 50, 57.7, 60, 65, 69};

	for (size_t i = 0; i < COUNT(rates_hz) * COUNT(frequencies_hz); i++) {
		const double rate = rates_hz[i % COUNT(rates_hz)];
		const double f = frequencies_hz[i / COUNT(rates_hz)];
		const struct mains m = distorted(f);
		const struct edges_signal signal = render(*state, &m, rate, (double)i);

		for (int n = 0; n < 20; n++) {
			const double at = 700 + 97.3 * n;
			double rad = 9;

			assert_true(edges_phase(&signal, at, f, &rad));
			assert_true(off(rad, (double)i + mix_rad(&m) + 2 * M_PI * f * at / rate) <
				    1e-4); /* harmonics between samples leave a little */
		}
	}
}

/* A sine alone is found far better: it is what locks a window within 1 mHz. */
static void test_phase_of_a_sine(void **state)
{
	static const double frequencies_hz[] = {45, 50, 60, 65};

	for (size_t i = 0; i < COUNT(frequencies_hz); i++) {
		const double f = frequencies_hz[i];
		const struct mains m = star(f);
		const struct edges_signal signal = render(*state, &m, 8000, 1);

		for (int n = 0; n < 20; n++) {
			const double at = 700 + 97.3 * n;
			double rad = 9;

			assert_true(edges_phase(&signal, at, f, &rad));
			assert_true(off(rad, 1 + mix_rad(&m) + 2 * M_PI * f * at / 8000) < 1e-5);
		}
	}
}

static void test_reach(void **state)
{
	const struct mains m = star(50);
	const struct edges_signal all = render(*state, &m, 8000, 0);
	static const struct {
		double at;
		int64_t frames;
		bool found;
	} rows[] = {
		{160, FRAMES_MAX, true},
		{159, FRAMES_MAX, false},
		{0, FRAMES_MAX, false},
		{-200, FRAMES_MAX, false},
		{FRAMES_MAX - 161, FRAMES_MAX, true},
		{FRAMES_MAX - 159, FRAMES_MAX, false},
		{FRAMES_MAX + 200, FRAMES_MAX, false},
		{200, 361, true},
		{200, 360, false},
		{0, 0, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct edges_signal signal = all;
		double rad = 9;

		signal.frames = rows[i].frames;
		assert_int_equal(edges_phase(&signal, rows[i].at, 50, &rad), rows[i].found);
		if (!rows[i].found)
			assert_true(rad == 9);
	}
}

/* No usual system makes the mix vanish: lost phases, either sequence, one phase three times. */
static void test_systems(void **state)
{
	static const struct {
		double voltage_v[WAVE_PHASES];
		double angle_deg[WAVE_PHASES];
		bool mains;
	} rows[] = {
		{{230, 230, 230}, {0, -120, 120}, true},
		{{230, 230, 230}, {0, 120, -120}, true},
		{{230, 230, 230}, {0, 0, 0}, true},
		{{0, 230, 230}, {0, -120, 120}, true},
		{{230, 0, 230}, {0, -120, 120}, true},
		{{230, 230, 0}, {0, -120, 120}, true},
		{{230, 0, 0}, {0, 0, 0}, true},
		{{0, 230, 0}, {0, 0, 0}, true},
		{{0, 0, 230}, {0, 0, 0}, true},
		{{230, 230, 230}, {0, -90, 90}, true},
		{{0, 0, 10}, {0, 0, 0}, true},
		{{0, 0, 0}, {0, 0, 0}, false},
		{{0.5, 0.5, 0.5}, {0, -120, 120}, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mains m = star(49.87);
		struct edges_signal signal;
		double f = 9;

		memcpy(m.voltage_v, rows[i].voltage_v, sizeof(m.voltage_v));
		memcpy(m.angle_deg, rows[i].angle_deg, sizeof(m.angle_deg));
		signal = render(*state, &m, 8000, 2);
		assert_int_equal(edges_acquire(&signal, 100, &f), rows[i].mains);
		assert_true(fabs(f - (rows[i].mains ? 49.87 : 9)) < 1e-3);
	}
}

static void test_acquire(void **state)
{
	static const struct {
		double frequency_hz;
		bool found;
	} rows[] = {
		{40.5, true}, {42, true},    {45, true}, {49.87, true}, {50, true},   {53, true},
		{55, true},   {60, true},    {65, true}, {69.5, true},  {39, false},  {71, false},
		{30, false},  {16.7, false}, {0, false}, {150, false},  {400, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mains m = star(rows[i].frequency_hz);
		const struct edges_signal signal = render(*state, &m, 8000, 0.7);
		double f = 9;

		if (edges_acquire(&signal, 2, &f) != rows[i].found)
			fail_msg("%g Hz: got %g", rows[i].frequency_hz, f);
		assert_true(fabs(f - (rows[i].found ? rows[i].frequency_hz : 9)) < 1e-3);
	}
}

static void test_acquire_distorted(void **state)
{
	static const double frequencies_hz[] = {45, 50, 60, 65};

	for (size_t i = 0; i < COUNT(frequencies_hz); i++) {
		struct mains m = distorted(frequencies_hz[i]);
		struct edges_signal signal = render(*state, &m, 8000, 0.7);
		double f = 9;

		assert_true(edges_acquire(&signal, 2, &f));
		assert_true(fabs(f - frequencies_hz[i]) < 0.01);
		m.noise_v = 2.3;
		signal = render(*state, &m, 8000, 0.7);
		assert_true(edges_acquire(&signal, 2, &f));
		assert_true(fabs(f - frequencies_hz[i]) < 0.05);
	}
}

/* Three cycles of 40 Hz after the place are enough; fewer may not be, and say so. */
static void test_acquire_reach(void **state)
{
	const struct mains m = star(50);
	struct edges_signal signal = render(*state, &m, 8000, 0);
	double f = 9;

	signal.frames = 2 + 600 + 1;
	assert_true(edges_acquire(&signal, 2, &f));
	f = 9;
	signal.frames = 2 + 300;
	assert_false(edges_acquire(&signal, 2, &f));
	assert_true(f == 9);
	signal.frames = 0;
	assert_false(edges_acquire(&signal, 2, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phase),         cmocka_unit_test(test_phase_of_a_sine),
		cmocka_unit_test(test_reach),         cmocka_unit_test(test_systems),
		cmocka_unit_test(test_acquire),       cmocka_unit_test(test_acquire_distorted),
		cmocka_unit_test(test_acquire_reach),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
