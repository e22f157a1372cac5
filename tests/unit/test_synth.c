/* SPDX-License-Identifier: MIT */
/* test_synth - samples against libm, the grid locked to the mains, serials, noise */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrology/synth.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct window {
	float samples[WAVE_CHANNELS][BASIS_FRAMES_MAX];
};

struct bench {
	struct basis *basis;
	struct synth *synth;
	struct wave_source source;
	struct window a, b;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct rng rng;

	rng_init(&rng, 1, "synth");
	if (!b || basis_create(&b->basis) < 0 || synth_create(&b->synth, b->basis, &rng) < 0)
		return -1;
	b->source = synth_source(b->synth);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	synth_destroy(b->synth);
	basis_destroy(b->basis);
	free(b);
	return 0;
}

static struct wave_grid grid_of(struct bench *b)
{
	struct wave_grid grid;

	b->source.grid(b->source.ctx, &grid);
	return grid;
}

/* Pulls one window in blocks. */
static void pull(struct bench *b, struct window *w, uint32_t block)
{
	const uint32_t frames = grid_of(b).frames;

	for (uint32_t at = 0; at < frames;) {
		const uint32_t want = frames - at < block ? frames - at : block;
		float *ch[WAVE_CHANNELS];

		for (int c = 0; c < WAVE_CHANNELS; c++)
			ch[c] = w->samples[c] + at;
		assert_int_equal(b->source.pull(b->source.ctx, ch, want), want);
		at += want;
	}
}

static struct synth_input rich(double frequency_hz)
{
	struct synth_input in = {.frequency_hz = frequency_hz};

	for (int p = 0; p < WAVE_PHASES; p++) {
		struct synth_phase *ph = &in.phase[p];

		ph->voltage_v = 230 - 10 * p;
		ph->current_a = 5 + p;
		ph->angle_deg = 3 * p;
		ph->lag_deg = 40 * p - 50;
		for (int h = 2; h <= WAVE_HARMONIC_MAX; h++) {
			ph->voltage_harmonic[h] = (struct synth_harmonic){0.3 / h, 17.0 * h};
			ph->current_harmonic[h] = (struct synth_harmonic){0.8 / h, -31.0 * h};
		}
	}
	return in;
}

/* v(t) of the header, in double. */
static double wave(double x, double rms, const struct synth_harmonic *harmonics)
{
	double sum = sin(x);

	for (int h = 2; h <= WAVE_HARMONIC_MAX; h++)
		sum += harmonics[h].ratio * sin(h * x + harmonics[h].phase_deg * M_PI / 180);
	return M_SQRT2 * rms * sum;
}

static void test_samples(void **state)
{
	static const double star_deg[WAVE_PHASES] = {0, -120, 120};
	static const double frequencies_hz[] = {40, 45, 49.87, 50, 54.99, 55, 60, 65, 70};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(frequencies_hz); i++) {
		const struct synth_input in = rich(frequencies_hz[i]);
		struct wave_grid g;

		synth_set(b->synth, &in);
		g = grid_of(b);
		pull(b, &b->a, 320);
		for (uint32_t k = 0; k < g.frames; k++) {
			for (int p = 0; p < WAVE_PHASES; p++) {
				const struct synth_phase *ph = &in.phase[p];
				const double x = 2 * M_PI * g.cycles * k / g.frames +
						 (star_deg[p] + ph->angle_deg) * M_PI / 180;
				const double v = wave(x, ph->voltage_v, ph->voltage_harmonic);
				const double c = wave(x - ph->lag_deg * M_PI / 180, ph->current_a,
						      ph->current_harmonic);

				assert_true(fabs((double)b->a.samples[p][k] - v) < 230 * 2e-6);
				assert_true(fabs((double)b->a.samples[3 + p][k] - c) < 5 * 4e-6);
			}
		}
	}
}

/* 10 cycles, 12 from 55 Hz on, on the whole number of samples nearest to 8 kHz. */
static void test_grid(void **state)
{
	static const struct {
		double frequency_hz;
		uint32_t cycles;
		uint32_t frames;
		int64_t duration_ns;
	} rows[] = {
		{40, 10, 2000, 250000000},    {45, 10, 1778, 222222222},
		{49.87, 10, 1604, 200521356}, {50, 10, 1600, 200000000},
		{50.01, 10, 1600, 199960008}, {54.99, 10, 1455, 181851246},
		{55, 12, 1745, 218181818},    {60, 12, 1600, 200000000},
		{65, 12, 1477, 184615385},    {70, 12, 1371, 171428571},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct synth_input in = {.frequency_hz = rows[i].frequency_hz};
		struct wave_grid g;

		synth_set(b->synth, &in);
		g = grid_of(b);
		assert_int_equal(g.cycles, rows[i].cycles);
		assert_int_equal(g.frames, rows[i].frames);
		assert_int_equal(g.duration_ns, rows[i].duration_ns);
		assert_true(fabs(g.rate_hz / SYNTH_RATE_HZ - 1) < 0.0004);
		assert_true(fabs(g.rate_hz * (double)g.duration_ns * 1e-9 - g.frames) < 1e-6);
	}
}

/* Equal inputs give equal windows, in blocks of any size; a new input begins a new window. */
static void test_windows_repeat(void **state)
{
	static const uint32_t blocks[] = {1, 7, 15, 16, 17, 64, 320, 1024, BASIS_FRAMES_MAX};
	const struct synth_input in = rich(49.87);
	struct bench *b = *state;
	float *ch[WAVE_CHANNELS];

	synth_set(b->synth, &in);
	memset(&b->a, 0, sizeof(b->a));
	pull(b, &b->a, BASIS_FRAMES_MAX);
	for (size_t i = 0; i < COUNT(blocks); i++) {
		memset(&b->b, 0, sizeof(b->b));
		pull(b, &b->b, blocks[i]);
		assert_memory_equal(&b->a, &b->b, sizeof(b->a));
	}
	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = b->b.samples[c];
	assert_int_equal(b->source.pull(b->source.ctx, ch, 100), 100);
	synth_set(b->synth, &in); /* in the middle of a window: starts over */
	memset(&b->b, 0, sizeof(b->b));
	pull(b, &b->b, 64);
	assert_memory_equal(&b->a, &b->b, sizeof(b->a));
}

static void test_pull_ends_with_the_window(void **state)
{
	const struct synth_input in = rich(50);
	struct bench *b = *state;
	float *ch[WAVE_CHANNELS];

	synth_set(b->synth, &in);
	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = b->a.samples[c];
	assert_int_equal(b->source.pull(b->source.ctx, ch, 1500), 1500);
	assert_int_equal(b->source.pull(b->source.ctx, ch, 1500), 100);
	assert_int_equal(b->source.pull(b->source.ctx, ch, 1500), 1500);
}

static void test_serials(void **state)
{
	struct synth_input in = rich(50);
	struct bench *b = *state;
	uint64_t serial;

	synth_set(b->synth, &in);
	serial = grid_of(b).serial;
	assert_true(serial != 0);
	pull(b, &b->a, 320);
	assert_true(grid_of(b).serial == serial);
	synth_set(b->synth, &in); /* "always makes it a new one" */
	assert_true(grid_of(b).serial != serial && grid_of(b).serial != 0);
	in.phase[1].current_noise = 0.01;
	synth_set(b->synth, &in);
	assert_true(grid_of(b).serial == 0); /* every window is different */
	in.phase[1].current_a = 0;           /* noise is a ratio: of nothing it is nothing */
	synth_set(b->synth, &in);
	assert_true(grid_of(b).serial != 0);
}

static void test_silent_at_first(void **state)
{
	struct bench *b = *state;
	struct synth *synth;
	struct rng rng;

	rng_init(&rng, 2, "other");
	assert_int_equal(synth_create(&synth, b->basis, &rng), 0);
	b->source = synth_source(synth);
	memset(&b->a, 0xff, sizeof(b->a));
	pull(b, &b->a, 320);
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		for (int k = 0; k < 1600; k++)
			assert_true(b->a.samples[c][k] == 0);
	}
	b->source = synth_source(b->synth);
	synth_destroy(synth);
	synth_destroy(NULL);
}

/* Noise adds to the waves on the channels that have some, with the r.m.s. asked for. */
static void test_noise(void **state)
{
	struct synth_input in = rich(50);
	struct bench *b = *state;
	double sum = 0, squares = 0;

	synth_set(b->synth, &in);
	pull(b, &b->a, 320);
	in.phase[1].voltage_noise = 0.02; /* of 220 V */
	synth_set(b->synth, &in);
	for (int n = 0; n < 50; n++) {
		pull(b, &b->b, 7);
		for (int c = 0; c < WAVE_CHANNELS; c++) {
			if (c != WAVE_V2)
				assert_memory_equal(b->a.samples[c], b->b.samples[c],
						    1600 * sizeof(float));
		}
		for (int k = 0; k < 1600; k++) {
			const double d =
				(double)(b->b.samples[WAVE_V2][k] - b->a.samples[WAVE_V2][k]);

			sum += d;
			squares += d * d;
		}
	}
	assert_true(fabs(sum / 80000) < 4 * 4.4 / sqrt(80000));
	assert_true(fabs(sqrt(squares / 80000) - 4.4) < 0.05);
}

/* The same seed gives the same noise, whatever the blocks; another one another. */
static void test_noise_is_seeded(void **state)
{
	static const struct {
		uint64_t seed;
		uint32_t block;
		bool same;
	} rows[] = {{7, 1, true}, {7, 7, true}, {7, 1024, true}, {8, 320, false}};
	struct synth_input in = rich(60);
	struct bench *b = *state;

	for (int p = 0; p < WAVE_PHASES; p++)
		in.phase[p].voltage_noise = in.phase[p].current_noise = 0.01;
	for (size_t i = 0; i <= COUNT(rows); i++) {
		struct window *w = i == 0 ? &b->a : &b->b;
		struct synth *synth;
		struct rng rng;

		rng_init(&rng, i == 0 ? 7 : rows[i - 1].seed, "noise");
		assert_int_equal(synth_create(&synth, b->basis, &rng), 0);
		synth_set(synth, &in);
		b->source = synth_source(synth);
		memset(w, 0, sizeof(*w));
		for (int n = 0; n < 3; n++)
			pull(b, w, i == 0 ? 320 : rows[i - 1].block);
		synth_destroy(synth);
		if (i > 0)
			assert_int_equal(memcmp(&b->a, &b->b, sizeof(b->a)) == 0, rows[i - 1].same);
	}
	b->source = synth_source(b->synth);
}

/* Two synths on one basis, at different frequencies, do not disturb each other. */
static void test_shared_basis(void **state)
{
	const struct synth_input fifty = rich(50), sixty = rich(60);
	struct bench *b = *state;
	float other[WAVE_CHANNELS][64];
	float *ch[WAVE_CHANNELS], *other_ch[WAVE_CHANNELS];
	struct wave_source source;
	struct synth *synth;
	struct rng rng;

	rng_init(&rng, 1, "x");
	assert_int_equal(synth_create(&synth, b->basis, &rng), 0);
	synth_set(synth, &sixty);
	source = synth_source(synth);
	synth_set(b->synth, &fifty);
	pull(b, &b->a, 320);
	memset(&b->b, 0, sizeof(b->b));
	for (uint32_t at = 0; at < 1600; at += 64) {
		for (int c = 0; c < WAVE_CHANNELS; c++) {
			ch[c] = b->b.samples[c] + at;
			other_ch[c] = other[c];
		}
		assert_int_equal(source.pull(source.ctx, other_ch, 64), 64);
		assert_int_equal(b->source.pull(b->source.ctx, ch, 64), 64);
	}
	for (int c = 0; c < WAVE_CHANNELS; c++)
		assert_memory_equal(b->a.samples[c], b->b.samples[c], 1600 * sizeof(float));
	synth_destroy(synth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_windows_repeat),
		cmocka_unit_test(test_pull_ends_with_the_window),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_silent_at_first),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_noise_is_seeded),
		cmocka_unit_test(test_shared_basis),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
