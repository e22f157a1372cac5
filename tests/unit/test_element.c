/* SPDX-License-Identifier: MIT */
/*
 * test_element - the proof of accuracy: 45 to 65 Hz, 1 to 120 % of Imax, all angles, harmonics
 *
 * V and I within 10 ppm of the analytic value, P, Q and energy within 10 ppm of S, frequency
 * within 1 mHz (DESIGN.md, metrology), on both paths: synthesis in locked windows, and free
 * sources at 6.4, 8 and 12.8 kHz whose samples come from libm's sine in double. Harmonics are the
 * limits of EN 50160. Locked: the full product. Free: every frequency, rate and harmonic set,
 * every angle once in each, its current another one from set to set.
 *
 * Besides: quadrants (manual appendix 3, 4017), direction, THD, PF, angles, starting current
 * (manual 5: 0.4 % Ib).
 */
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
#include "metrology/metering.h"
#include "metrology/synth.h"

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define IMAX_A        100.0
#define STARTING_A    0.02 /* 0.4 % of Ib = 5 A */
#define PPM           1e-6
#define LIMIT         (10 * PPM)
#define FREQ_LIMIT_HZ 1e-3
#define ANGLES        24 /* -180..165 degrees in steps of 15 */

static const double frequencies_hz[] = {45, 47.3, 49.87, 50,    50.01, 52.5, 54.99,
					55, 57.7, 60,    60.07, 62.5,  65};
static const double currents_a[] = {0.01 * IMAX_A, 0.1 * IMAX_A, IMAX_A, 1.2 * IMAX_A};

/* --- harmonic sets --- */

struct partial {
	unsigned harmonic;
	double ratio;
};

static const struct partial voltage_limits[] = {{2, 0.02},   {3, 0.05},  {4, 0.01},
						{5, 0.06},   {7, 0.05},  {9, 0.015},
						{11, 0.035}, {13, 0.03}, {17, 0.02}};
static const struct partial current_limits[] = {{3, 0.8}, {5, 0.6}, {39, 0.1}, {40, 0.1}};

/* The n-th harmonic of a set has the phase first + n * step. */
static const struct harmonic_set {
	size_t voltages;
	size_t currents;
	double voltage_deg, voltage_step_deg;
	double current_deg, current_step_deg;
} sets[] = {
	{0, 0, 0, 0, 0, 0},
	{COUNT(voltage_limits), 0, 0, 180, 0, 0},
	{COUNT(voltage_limits), COUNT(current_limits), 0, 0, 0, 0},
	{COUNT(voltage_limits), COUNT(current_limits), 0, 180, 180, 180},
	{COUNT(voltage_limits), COUNT(current_limits), 30, 77, 110, -95},
	{0, COUNT(current_limits), 0, 0, 90, 90},
};

static void set_phase(struct synth_phase *ph, const struct harmonic_set *set)
{
	for (size_t n = 0; n < set->voltages; n++)
		ph->voltage_harmonic[voltage_limits[n].harmonic] =
			(struct synth_harmonic){voltage_limits[n].ratio,
						set->voltage_deg +
							(double)n * set->voltage_step_deg};
	for (size_t n = 0; n < set->currents; n++)
		ph->current_harmonic[current_limits[n].harmonic] =
			(struct synth_harmonic){current_limits[n].ratio,
						set->current_deg +
							(double)n * set->current_step_deg};
}

static double radians(double deg)
{
	return deg * (M_PI / 180);
}

/* --- what the meter should read --- */

struct analytic {
	double v, i, p, q, s;
};

static struct analytic analytic_of(const struct synth_phase *ph)
{
	double vv = 1, ii = 1, vi = cos(radians(ph->lag_deg));
	struct analytic a;

	for (int h = 2; h <= WAVE_HARMONIC_MAX; h++) {
		const struct synth_harmonic *hv = &ph->voltage_harmonic[h];
		const struct synth_harmonic *hi = &ph->current_harmonic[h];

		vv += hv->ratio * hv->ratio;
		ii += hi->ratio * hi->ratio;
		vi += hv->ratio * hi->ratio *
		      cos(radians(h * ph->lag_deg + hv->phase_deg - hi->phase_deg));
	}
	a.v = ph->voltage_v * sqrt(vv);
	a.i = ph->current_a * sqrt(ii);
	a.p = ph->voltage_v * ph->current_a * vi;
	a.q = ph->voltage_v * ph->current_a * sin(radians(ph->lag_deg));
	a.s = hypot(a.p, a.q);
	return a;
}

/* The worst errors seen: ratios, and Hz. */
struct worst {
	double v, i, p, q, wp, wq, f;
};

static void keep(double *worst, double error)
{
	if (!(fabs(error) <= *worst)) /* a NaN is the worst of all */
		*worst = fabs(error);
}

static void compare(struct worst *w, const struct synth_input *in, const struct measurement *m)
{
	const double t = (double)m->duration_ns;

	for (int p = 0; p < WAVE_PHASES; p++) {
		const struct analytic a = analytic_of(&in->phase[p]);
		const struct element_phase *ph = &m->phase[p];

		keep(&w->v, ph->voltage_v / a.v - 1);
		keep(&w->i, ph->current_a / a.i - 1);
		keep(&w->p, (ph->active_w - a.p) / a.s);
		keep(&w->q, (ph->reactive_var - a.q) / a.s);
		keep(&w->wp, ((double)ph->active_nj - a.p * t) / (a.s * t));
		keep(&w->wq, ((double)ph->reactive_nj - a.q * t) / (a.s * t));
	}
	keep(&w->f, m->frequency_hz - in->frequency_hz);
}

static void judge(const char *what, const struct worst *w)
{
	print_message("%s: worst ppm V %.3f I %.3f P %.3f Q %.3f Wp %.3f Wq %.3f, f %.2g mHz\n",
		      what, w->v / PPM, w->i / PPM, w->p / PPM, w->q / PPM, w->wp / PPM,
		      w->wq / PPM, w->f * 1e3);
	assert_true(w->v <= LIMIT);
	assert_true(w->i <= LIMIT);
	assert_true(w->p <= LIMIT);
	assert_true(w->q <= LIMIT);
	assert_true(w->wp <= LIMIT);
	assert_true(w->wq <= LIMIT);
	assert_true(w->f <= FREQ_LIMIT_HZ);
}

/* --- a free source of our own --- */

struct tone {
	unsigned harmonic;
	double peak;
	double phase_rad;
};

struct analog {
	double frequency_hz;
	double rate_hz;
	double start_rad;
	int64_t at_frame;
	size_t tones[WAVE_CHANNELS];
	struct tone tone[WAVE_CHANNELS][16];
};

static void add_tones(struct analog *a, int channel, double rms, double angle_rad,
		      const struct synth_harmonic *harmonics)
{
	for (unsigned h = 1; h <= WAVE_HARMONIC_MAX; h++) {
		const double ratio = h == 1 ? 1 : harmonics[h].ratio;
		const double own = h == 1 ? 0 : radians(harmonics[h].phase_deg);

		if (ratio > 0)
			a->tone[channel][a->tones[channel]++] =
				(struct tone){h, M_SQRT2 * rms * ratio, h * angle_rad + own};
	}
}

static void analog_init(struct analog *a, const struct synth_input *in, double rate_hz,
			double start_rad)
{
	static const double star_deg[WAVE_PHASES] = {0, -120, 120};

	*a = (struct analog){.frequency_hz = in->frequency_hz,
			     .rate_hz = rate_hz,
			     .start_rad = start_rad};
	for (int p = 0; p < WAVE_PHASES; p++) {
		const struct synth_phase *ph = &in->phase[p];
		const double angle = radians(star_deg[p] + ph->angle_deg);

		add_tones(a, WAVE_V1 + p, ph->voltage_v, angle, ph->voltage_harmonic);
		add_tones(a, WAVE_I1 + p, ph->current_a, angle - radians(ph->lag_deg),
			  ph->current_harmonic);
	}
}

static void analog_grid(void *ctx, struct wave_grid *ret)
{
	const struct analog *a = ctx;

	*ret = (struct wave_grid){.rate_hz = a->rate_hz};
}

static int analog_pull(void *ctx, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	struct analog *a = ctx;

	for (uint32_t k = 0; k < frames; k++, a->at_frame++) {
		const double x = a->start_rad +
				 2 * M_PI * a->frequency_hz * (double)a->at_frame / a->rate_hz;

		for (int c = 0; c < WAVE_CHANNELS; c++) {
			double sum = 0;

			for (size_t n = 0; n < a->tones[c]; n++)
				sum += a->tone[c][n].peak *
				       sin(a->tone[c][n].harmonic * x + a->tone[c][n].phase_rad);
			ch[c][k] = (float)sum;
		}
	}
	return (int)frames;
}

/* --- the bench --- */

struct bench {
	struct metering_scratch *scratch;
	struct metering *metering;
	struct synth *synth;
};

static int setup(void **state)
{
	const struct element_config config = {.starting_current_a = STARTING_A};
	struct bench *b = calloc(1, sizeof(*b));
	struct rng rng;

	rng_init(&rng, 1, "test");
	if (!b || metering_scratch_create(&b->scratch) < 0 ||
	    metering_create(&b->metering, b->scratch, &config) < 0 ||
	    synth_create(&b->synth, metering_scratch_basis(b->scratch), &rng) < 0)
		return -1;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	synth_destroy(b->synth);
	metering_destroy(b->metering);
	metering_scratch_destroy(b->scratch);
	free(b);
	return 0;
}

static const struct measurement *measure_locked(struct bench *b, const struct synth_input *in)
{
	const struct wave_source source = synth_source(b->synth);
	const struct measurement *m;

	synth_set(b->synth, in);
	metering_use_locked(b->metering, &source);
	assert_int_equal(metering_next(b->metering, &m), 0);
	return m;
}

/* Compares the first windows whole windows of the free source. */
static void measure_free(struct bench *b, struct analog *a, const struct synth_input *in,
			 int windows, struct worst *w)
{
	const struct wave_source source = {.ctx = a, .grid = analog_grid, .pull = analog_pull};
	const struct measurement *m;

	assert_int_equal(metering_use_free(b->metering, &source), 0);
	while (windows > 0) {
		assert_int_equal(metering_next(b->metering, &m), 0);
		if (m->partial)
			continue;
		compare(w, in, m);
		windows--;
	}
}

/* --- the accuracy table --- */

static double angle_of(unsigned n)
{
	return -180.0 + 360.0 / ANGLES * (n % ANGLES);
}

/* Three phases with angles and currents of their own, voltages 230 V and +-20 % (manual 5). */
static void fill_input(struct synth_input *in, double frequency_hz, const struct harmonic_set *set,
		       const unsigned angle[WAVE_PHASES], const unsigned current[WAVE_PHASES])
{
	static const double voltages_v[WAVE_PHASES] = {230, 184, 276};

	*in = (struct synth_input){.frequency_hz = frequency_hz};
	for (int p = 0; p < WAVE_PHASES; p++) {
		in->phase[p].voltage_v = voltages_v[p];
		in->phase[p].current_a = currents_a[current[p] % COUNT(currents_a)];
		in->phase[p].lag_deg = angle_of(angle[p]);
		set_phase(&in->phase[p], set);
	}
}

static void test_accuracy_locked(void **state)
{
	struct synth_input in;
	struct worst w = {0};

	for (size_t f = 0; f < COUNT(frequencies_hz); f++) {
		for (size_t s = 0; s < COUNT(sets); s++) {
			for (unsigned c = 0; c < COUNT(currents_a); c++) {
				for (unsigned a = 0; a < ANGLES; a += WAVE_PHASES) {
					const unsigned angle[] = {a, a + 1, a + 2};
					const unsigned current[] = {c, c, c};

					fill_input(&in, frequencies_hz[f], &sets[s], angle,
						   current);
					compare(&w, &in, measure_locked(*state, &in));
				}
			}
		}
	}
	judge("locked", &w);
}

/* Every angle once per frequency and set; the currents move on with every set. */
static void accuracy_free(struct bench *b, double rate_hz, size_t set_count, const char *what)
{
	struct synth_input in;
	struct worst w = {0};
	struct analog a;
	unsigned n = 0;

	for (size_t f = 0; f < COUNT(frequencies_hz); f++) {
		for (size_t s = 0; s < set_count; s++) {
			for (unsigned k = 0; k < ANGLES; k += WAVE_PHASES, n++) {
				const unsigned c = n / (ANGLES / WAVE_PHASES) + k;
				const unsigned angle[] = {k, k + 1, k + 2};
				const unsigned current[] = {c, c + 1, c + 2};

				fill_input(&in, frequencies_hz[f], &sets[s], angle, current);
				analog_init(&a, &in, rate_hz, 0.3 + 2.4 * n);
				measure_free(b, &a, &in, 1, &w);
			}
		}
	}
	judge(what, &w);
}

static void test_accuracy_free_8000(void **state)
{
	accuracy_free(*state, 8000, COUNT(sets), "free 8 kHz");
}

static void test_accuracy_free_6400(void **state)
{
	accuracy_free(*state, 6400, COUNT(sets), "free 6.4 kHz");
}

static void test_accuracy_free_12800(void **state)
{
	accuracy_free(*state, 12800, COUNT(sets), "free 12.8 kHz");
}

/* Rates too low for harmonics, an uneven one, and that of a sound card: sines alone. */
static void test_accuracy_free_other_rates(void **state)
{
	static const double rates_hz[] = {800, 1000.7, 3200, 44100};

	for (size_t i = 0; i < COUNT(rates_hz); i++)
		accuracy_free(*state, rates_hz[i], 1, "free, other rates");
}

/* Many windows of one source: edges fall everywhere between samples, nothing builds up. */
static void test_accuracy_free_many_windows(void **state)
{
	static const unsigned angle[] = {4, 16, 21}, current[] = {0, 1, 3};
	struct synth_input in;
	struct worst w = {0};
	struct analog a;

	fill_input(&in, 49.87, &sets[3], angle, current);
	analog_init(&a, &in, 8000, 1);
	measure_free(*state, &a, &in, 100, &w);
	judge("free, 100 windows", &w);
}

/* --- everything else that an element says --- */

static void plain_input(struct synth_input *in, double current_a, double lag_deg)
{
	*in = (struct synth_input){.frequency_hz = 50};
	for (int p = 0; p < WAVE_PHASES; p++) {
		in->phase[p].voltage_v = 230;
		in->phase[p].current_a = current_a;
		in->phase[p].lag_deg = lag_deg;
	}
}

static bool near(double value, double expected, double tolerance)
{
	if (fabs(value - expected) <= tolerance)
		return true;
	print_error("%.9g, expected %.9g +- %.2g\n", value, expected, tolerance);
	return false;
}

static void check_quadrant(const struct measurement *m, unsigned quadrant, bool reverse, double pf)
{
	for (int p = 0; p < WAVE_PHASES; p++) {
		assert_int_equal(m->phase[p].quadrant, quadrant);
		assert_int_equal(m->phase[p].reverse, reverse);
		assert_true(near(m->phase[p].power_factor, pf, LIMIT));
		assert_true(m->phase[p].active_nj < 0 ? reverse : !reverse);
	}
	assert_int_equal(m->quadrant, quadrant);
	assert_true(near(m->power_factor, pf, LIMIT));
}

static void test_quadrants(void **state)
{
	static const struct {
		double lag_deg;
		unsigned quadrant;
		bool reverse;
	} rows[] = {
		{45, 1, false},
		{135, 2, true},
		{225, 3, true},
		{315, 4, false},
		{-45, 4, false},
		{-135, 3, true},
		{1, 1, false},
		{-1, 4, false},
		{89, 1, false},
		{91, 2, true},
		{179, 2, true},
		{181, 3, true},
		{269, 3, true},
		{271, 4, false},
		{0.01, 1, false},
		{-0.01, 4, false},
		/* on an axis, where the sign means nothing: the positive side */
		{0, 1, false},
		{90, 1, false},
		{180, 2, true},
		{-180, 2, true},
		{270, 4, false},
		{-90, 4, false},
		{360, 1, false},
	};
	struct synth_input in;
	struct analog a;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const double pf = fabs(cos(radians(rows[i].lag_deg)));
		const struct wave_source source = {.ctx = &a,
						   .grid = analog_grid,
						   .pull = analog_pull};
		const struct measurement *m;
		struct bench *b = *state;

		plain_input(&in, 10, rows[i].lag_deg);
		if (fmod(rows[i].lag_deg, 90) == 0) { /* P or Q is next to 0: its sign is chance */
			m = measure_locked(b, &in);
			assert_int_equal(m->phase[0].quadrant, rows[i].quadrant);
			continue;
		}
		check_quadrant(measure_locked(b, &in), rows[i].quadrant, rows[i].reverse, pf);
		analog_init(&a, &in, 8000, (double)i);
		assert_int_equal(metering_use_free(b->metering, &source), 0);
		for (int n = 0; n < 2; n++) /* the first one is partial */
			assert_int_equal(metering_next(b->metering, &m), 0);
		check_quadrant(m, rows[i].quadrant, rows[i].reverse, pf);
	}
}

static void test_totals(void **state)
{
	static const double lag_deg[WAVE_PHASES] = {0, 60, 180};
	static const double current_a[WAVE_PHASES] = {5, 10, 12};
	const struct measurement *m;
	struct synth_input in;
	double p = 0, q = 0, s = 0;

	plain_input(&in, 0, 0);
	for (int i = 0; i < WAVE_PHASES; i++) {
		in.phase[i].lag_deg = lag_deg[i];
		in.phase[i].current_a = current_a[i];
		p += 230 * current_a[i] * cos(radians(lag_deg[i]));
		q += 230 * current_a[i] * sin(radians(lag_deg[i]));
		s += 230 * current_a[i];
	}
	m = measure_locked(*state, &in);
	assert_true(near(m->active_w, p, s * LIMIT));
	assert_true(near(m->reactive_var, q, s * LIMIT));
	assert_true(near(m->apparent_va, s, s * LIMIT));
	assert_true(near(m->power_factor, fabs(p) / hypot(p, q), 2 * LIMIT));
	assert_int_equal(m->quadrant, 2); /* more goes out than comes in */
	assert_int_equal(m->phase[0].quadrant, 1);
	assert_int_equal(m->phase[1].quadrant, 1);
	assert_int_equal(m->phase[2].reverse, true);
	assert_int_equal(m->duration_ns, 200000000);
}

static void test_angles_and_lag(void **state)
{
	static const struct {
		double angle_deg[WAVE_PHASES];
		double lag_deg[WAVE_PHASES];
		double voltage_deg[WAVE_PHASES]; /* expected, against L1 */
	} rows[] = {
		{{0, 0, 0}, {0, 30, -30}, {0, -120, 120}},
		{{0, 5, -5}, {89, -89, 179}, {0, -115, 115}},
		{{20, 0, 0}, {1, 2, 3}, {0, -140, 100}}, /* the angle of L1 moves the others */
		{{0, -59, 59}, {-179, 91, -91}, {0, -179, 179}},
		{{0, 240, -240}, {0, 0, 0}, {0, 120, -120}}, /* the other sequence */
	};
	struct synth_input in;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct measurement *m;

		plain_input(&in, 10, 0);
		for (int p = 0; p < WAVE_PHASES; p++) {
			in.phase[p].angle_deg = rows[i].angle_deg[p];
			in.phase[p].lag_deg = rows[i].lag_deg[p];
			set_phase(&in.phase[p], &sets[4]); /* harmonics turn no angle */
		}
		m = measure_locked(*state, &in);
		for (int p = 0; p < WAVE_PHASES; p++) {
			assert_true(
				near(m->phase[p].voltage_angle_deg, rows[i].voltage_deg[p], 1e-3));
			assert_true(near(m->phase[p].lag_deg, rows[i].lag_deg[p], 1e-3));
		}
	}
}

/* 180 degrees have two names; the element says +180. */
static void test_lag_of_half_a_turn(void **state)
{
	struct synth_input in;

	plain_input(&in, 10, 180);
	assert_true(near(fabs(measure_locked(*state, &in)->phase[0].lag_deg), 180, 1e-3));
	assert_true(near(fabs(measure_locked(*state, &in)->phase[1].lag_deg), 180, 1e-3));
}

static void test_thd(void **state)
{
	double voltage = 0, current = 0;
	const struct measurement *m;
	struct synth_input in;

	for (size_t n = 0; n < COUNT(voltage_limits); n++)
		voltage += voltage_limits[n].ratio * voltage_limits[n].ratio;
	for (size_t n = 0; n < COUNT(current_limits); n++)
		current += current_limits[n].ratio * current_limits[n].ratio;
	for (size_t s = 0; s < COUNT(sets); s++) {
		plain_input(&in, 10, 30);
		for (int p = 0; p < WAVE_PHASES; p++)
			set_phase(&in.phase[p], &sets[s]);
		m = measure_locked(*state, &in);
		/* near 0 the THD is a root of a difference: a float's rounding shows as 0.05 % */
		for (int p = 0; p < WAVE_PHASES; p++) {
			assert_true(near(m->phase[p].voltage_thd,
					 sets[s].voltages ? sqrt(voltage) : 0,
					 sets[s].voltages ? 1e-5 : 1e-3));
			assert_true(near(m->phase[p].current_thd,
					 sets[s].currents ? sqrt(current) : 0,
					 sets[s].currents ? 1e-5 : 1e-3));
		}
	}
}

/* Without a load PF is 1, angles and powers are 0, and it is import (field-facts 4.2). */
static void test_no_load(void **state)
{
	const struct measurement *m;
	struct synth_input in;

	plain_input(&in, 0, 77);
	m = measure_locked(*state, &in);
	for (int p = 0; p < WAVE_PHASES; p++) {
		const struct element_phase *ph = &m->phase[p];

		assert_true(near(ph->voltage_v, 230, 230 * LIMIT));
		assert_true(ph->current_a == 0 && ph->active_w == 0 && ph->reactive_var == 0);
		assert_true(ph->apparent_va == 0 && ph->power_factor == 1);
		assert_true(ph->lag_deg == 0 && ph->current_thd == 0);
		assert_true(ph->active_nj == 0 && ph->reactive_nj == 0);
		assert_int_equal(ph->quadrant, 1);
		assert_false(ph->reverse);
	}
	assert_true(m->power_factor == 1 && m->quadrant == 1);
	assert_true(near(m->frequency_hz, 50, FREQ_LIMIT_HZ));
}

/* Below ELEMENT_DEAD_V on all phases there is no frequency; one live phase is enough for one. */
static void test_dead_voltage(void **state)
{
	static const struct {
		double voltage_v[WAVE_PHASES];
		double frequency_hz;
	} rows[] = {
		{{0, 0, 0}, 0},        {{0.99, 0.99, 0.99}, 0}, {{1.01, 0, 0}, 50},
		{{0, 1.01, 0}, 50},    {{0, 0, 230}, 50},       {{230, 0, 230}, 50},
		{{230, 230, 230}, 50}, {{0, 0.99, 0}, 0},
	};
	struct synth_input in;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct measurement *m;

		plain_input(&in, 10, 0);
		for (int p = 0; p < WAVE_PHASES; p++)
			in.phase[p].voltage_v = rows[i].voltage_v[p];
		m = measure_locked(*state, &in);
		assert_true(near(m->frequency_hz, rows[i].frequency_hz, FREQ_LIMIT_HZ));
		for (int p = 0; p < WAVE_PHASES; p++) {
			const struct element_phase *ph = &m->phase[p];

			assert_true(near(ph->current_a, 10, 10 * LIMIT));
			if (rows[i].voltage_v[p] > 0)
				continue;
			assert_true(ph->voltage_v == 0 && ph->voltage_angle_deg == 0);
			assert_true(ph->lag_deg == 0 && ph->voltage_thd == 0);
			assert_true(ph->active_nj == 0 && ph->power_factor == 1);
		}
	}
}

static void test_starting_current(void **state)
{
	static const struct {
		double current_a;
		double lag_deg;
		bool counts;
	} rows[] = {
		{STARTING_A, 0, true}, /* exactly at it the meter starts */
		{STARTING_A, 60, true},
		{STARTING_A, 180, true},
		{STARTING_A * (1 + 30 * PPM), 0, true},
		{STARTING_A * (1 - 30 * PPM), 0, false}, /* just below */
		{STARTING_A * (1 - 30 * PPM), 60, false},
		{STARTING_A / 2, 0, false},
		{0, 0, false},
	};
	struct synth_input in;

	for (size_t f = 0; f < COUNT(frequencies_hz); f++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			const struct measurement *m;

			plain_input(&in, rows[i].current_a, rows[i].lag_deg);
			in.frequency_hz = frequencies_hz[f];
			in.phase[2].current_a = 1; /* each phase starts on its own */
			m = measure_locked(*state, &in);
			for (int p = 0; p < 2; p++) {
				assert_int_equal(m->phase[p].active_nj != 0, rows[i].counts);
				if (!rows[i].counts) /* nothing is counted, but power is shown */
					assert_int_equal(m->phase[p].reactive_nj, 0);
				assert_true(near(m->phase[p].apparent_va, 230 * rows[i].current_a,
						 1e-4));
			}
			assert_true(m->phase[2].active_nj != 0);
		}
	}
}

/* Adjoining spans add up to the span over both, wherever they are cut. */
static void test_spans_add_up(void **state)
{
	static const double cuts[] = {300, 300.5, 301.25, 555.999, 812.001, 1000};
	enum { FRAMES = 1800 };
	const struct element_config config = {.starting_current_a = STARTING_A};
	static const unsigned angle[] = {4, 16, 21}, current[] = {0, 1, 3};
	float *samples = calloc((size_t)FRAMES * WAVE_CHANNELS, sizeof(*samples));
	const float *in_ch[WAVE_CHANNELS];
	float *ch[WAVE_CHANNELS];
	struct synth_input in;
	struct analog a;

	(void)state;
	assert_non_null(samples);
	for (int c = 0; c < WAVE_CHANNELS; c++)
		in_ch[c] = ch[c] = samples + FRAMES * c;
	fill_input(&in, 50, &sets[4], angle, current);
	analog_init(&a, &in, 8000, 1);
	analog_pull(&a, ch, FRAMES);
	for (size_t i = 0; i < COUNT(cuts); i++) {
		struct element_span span = {
			.from = 10.3, .to = 1610.3, .cycles = 10, .rate_hz = 8000};
		struct measurement whole, first, second;

		element_span(&config, in_ch, &span, &whole);
		span.to = cuts[i];
		span.cycles = (span.to - span.from) / 160;
		element_span(&config, in_ch, &span, &first);
		span.from = cuts[i];
		span.to = 1610.3;
		span.cycles = (span.to - span.from) / 160;
		element_span(&config, in_ch, &span, &second);
		for (int p = 0; p < WAVE_PHASES; p++) {
			const double s = whole.phase[p].apparent_va * (double)whole.duration_ns;

			assert_true(
				near((double)(first.phase[p].active_nj + second.phase[p].active_nj),
				     (double)whole.phase[p].active_nj, s * 1e-7));
		}
	}
	free(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accuracy_locked),
		cmocka_unit_test(test_accuracy_free_8000),
		cmocka_unit_test(test_accuracy_free_6400),
		cmocka_unit_test(test_accuracy_free_12800),
		cmocka_unit_test(test_accuracy_free_other_rates),
		cmocka_unit_test(test_accuracy_free_many_windows),
		cmocka_unit_test(test_quadrants),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_angles_and_lag),
		cmocka_unit_test(test_lag_of_half_a_turn),
		cmocka_unit_test(test_thd),
		cmocka_unit_test(test_no_load),
		cmocka_unit_test(test_dead_voltage),
		cmocka_unit_test(test_starting_current),
		cmocka_unit_test(test_spans_add_up),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
