/* SPDX-License-Identifier: MIT */
/*
 * test_network - lost conductors: what is left of the circuit, by hand and by loop currents
 *
 * By hand, at 230 V and with 10, 5 and 2 A at unity power factor, so that admittances are as
 * the currents, and no neutral:
 *
 *	Us = 230/17 (10 + 5/_-120 + 2/_120) = 230/17 (6.5 - j 2.5981) = 87.9412 - j 35.1504
 *	V1 = |142.0588 + j 35.1504| = 146.3429      I1 = 10 V1/230 = 6.3627
 *	V2 = |-202.9412 - j 164.0354| = 260.9458    I2 =  5 V2/230 = 5.6727
 *	V3 = |-202.9412 + j 234.3362| = 309.9980    I3 =  2 V3/230 = 2.6956
 */
#include "metrology/network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrology/metering.h"
#include "near.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PPM      1e-6

/* --- by hand --- */

static struct synth_input input_of(const double current_a[3], const double lag_deg[3])
{
	struct synth_input in = {.frequency_hz = 50};

	for (int p = 0; p < WAVE_PHASES; p++)
		in.phase[p] = (struct synth_phase){.voltage_v = 230,
						   .current_a = current_a[p],
						   .lag_deg = lag_deg[p]};
	return in;
}

#define ALL                                                                                        \
	{                                                                                          \
		true, true, true                                                                   \
	}
#define LOST1                                                                                      \
	{                                                                                          \
		false, true, true                                                                  \
	}
#define LOST2                                                                                      \
	{                                                                                          \
		true, false, true                                                                  \
	}
#define LOST3                                                                                      \
	{                                                                                          \
		true, true, false                                                                  \
	}
#define NOTHING                                                                                    \
	{                                                                                          \
		false, false, false                                                                \
	}
#define U(v)                                                                                       \
	{                                                                                          \
		v, v, v                                                                            \
	}
#define LINE      398.3717 /* 230 sqrt 3 */
#define HALF_LINE 199.1858

static void by_hand(void **state)
{
	static const struct {
		const char *name;
		struct network network;
		double current_a[3], lag_deg[3];
		double want_v[3], want_a[3]; /* r.m.s. */
	} rows[] = {
		/* the neutral is there: what is set, and nothing of what is lost */
		{"whole", {WIRING_3P4W, ALL, true}, {10, 5, 2}, {0, 60, 170}, U(230), {10, 5, 2}},
		{"L2 lost", {WIRING_3P4W, LOST2, true}, {10, 5, 2}, {0}, {230, 0, 230}, {10, 0, 2}},
		{"only N", {WIRING_3P4W, NOTHING, true}, {10, 5, 2}, {0}, U(0), {0}},
		/* no neutral */
		{"no neutral",
		 {WIRING_3P4W, ALL, false},
		 {10, 5, 2},
		 {0},
		 {146.3429, 260.9458, 309.9980},
		 {6.3627, 5.6727, 2.6956}},
		{"balanced", {WIRING_3P4W, ALL, false}, {10, 10, 10}, U(30), U(230), {10, 10, 10}},
		/* only L1 has a load: it pulls the star point to L1 */
		{"one load", {WIRING_3P4W, ALL, false}, {10, 0, 0}, {0}, {0, LINE, LINE}, {0}},
		/* none: the meter's circuits keep it in the middle */
		{"no load", {WIRING_3P4W, ALL, false}, {0}, {0}, U(230), {0}},
		/* L1 and L2 in series, 23 and 46 Ohm at 398.37 V: 5.7735 A */
		{"no N, no L3",
		 {WIRING_3P4W, LOST3, false},
		 {10, 5, 2},
		 {0},
		 {132.7906, 265.5811, 0},
		 {5.7735, 5.7735, 0}},
		{"only L1", {WIRING_3P4W, {true, false, false}, false}, {10, 5, 2}, {0}, U(0), {0}},
		{"nothing", {WIRING_3P4W, NOTHING, false}, {10, 5, 2}, {0}, U(0), {0}},
		/* 10 A out and 10 A in: sum Y = 0, beyond any limit, the load is off */
		{"export", {WIRING_3P4W, ALL, false}, {10, 10, 0}, {0, 180, 0}, U(230), {0}},
		/* an inductor and a capacitor without any resistance: the same */
		{"resonance", {WIRING_3P4W, ALL, false}, {10, 10, 0}, {90, -90, 0}, U(230), {0}},
		/* one phase */
		{"1P2W", {WIRING_1P2W, LOST3, true}, {10, 0, 0}, {0}, {230, 230, 0}, {10, 0, 0}},
		{"1P2W no N", {WIRING_1P2W, ALL, false}, {10, 5, 2}, {0}, U(0), {0}},
		{"1P2W no L", {WIRING_1P2W, LOST1, true}, {10, 5, 2}, {0}, U(0), {0}},
		/* three wires; the neutral is of no account. A load that adds up to nothing: */
		{"balanced 3W", {WIRING_3P3W_DELTA, ALL, false}, U(10), U(30), U(230), U(10)},
		{"3W",
		 {WIRING_3P3W_ARON, ALL, true},
		 {10, 5, 2},
		 {0},
		 U(230),
		 {6.3627, 5.6727, 2.6956}},
		/* L1 hangs on the star point, half way between L2 and L3: 115 V from the middle */
		{"3W no L1",
		 {WIRING_3P3W_DELTA, LOST1, true},
		 {10, 10, 10},
		 {0},
		 {115, 230, 230},
		 {0, 8.6603, 8.6603}},
		/* no load: by the meter's circuits half way again; with Aron's tie L1 is at L2 */
		{"delta no L1", {WIRING_3P3W_DELTA, LOST1, true}, {0}, {0}, {115, 230, 230}, {0}},
		{"Aron no L1", {WIRING_3P3W_ARON, LOST1, true}, {0}, {0}, U(230), {0}},
		{"Aron no L2", {WIRING_3P3W_ARON, LOST2, true}, {0}, {0}, {230, 115, 230}, {0}},
		/* the lost phase alone has a load: no current in it either */
		{"Aron no L1, load there",
		 {WIRING_3P3W_ARON, LOST1, true},
		 {10, 0, 0},
		 {0},
		 U(230),
		 {0}},
		{"3W two lost",
		 {WIRING_3P3W_DELTA, {false, true, false}, true},
		 {10, 10, 10},
		 {0},
		 U(0),
		 {0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct synth_input in = input_of(rows[i].current_a, rows[i].lag_deg);
		struct synth_spectrum s;

		network_solve(&rows[i].network, &in, &s);
		for (int p = 0; p < WAVE_PHASES; p++) {
			const double v = cabs(s.peak[WAVE_V1 + p][1]) * M_SQRT1_2;
			const double a = cabs(s.peak[WAVE_I1 + p][1]) * M_SQRT1_2;

			if (!(fabs(v - rows[i].want_v[p]) <= 1e-3))
				fail_msg("%s: L%d %.6f V, not %.6f", rows[i].name, p + 1, v,
					 rows[i].want_v[p]);
			if (!(fabs(a - rows[i].want_a[p]) <= 1e-4))
				fail_msg("%s: L%d %.6f A, not %.6f", rows[i].name, p + 1, a,
					 rows[i].want_a[p]);
		}
	}
}

/* Between the conductors: L1 of a network without load is at L2 by Aron's tie. */
static void aron_ties_an_open_end(void **state)
{
	const struct synth_input in = input_of((double[3]){0}, (double[3]){0});
	const struct network network = {WIRING_3P3W_ARON, LOST1, true};
	struct synth_spectrum s;

	(void)state;
	network_solve(&network, &in, &s);
	assert_near(cabs(s.peak[WAVE_V1][1] - s.peak[WAVE_V2][1]), 0, 1e-9);
}

/* A phase that is set to no voltage defines no impedance. */
static void a_dead_phase_draws_nothing(void **state)
{
	const struct network network = {WIRING_3P4W, ALL, false};
	struct synth_input in = input_of((double[3]){10, 10, 10}, (double[3]){0});
	struct synth_spectrum s;

	(void)state;
	in.phase[0].voltage_v = 0;
	network_solve(&network, &in, &s);
	/* L2 and L3 in series: the star point is half way, 115 V off the dead phase */
	assert_near(cabs(s.peak[WAVE_V1][1]) * M_SQRT1_2, 115, 1e-6);
	assert_near(cabs(s.peak[WAVE_V2][1]) * M_SQRT1_2, HALF_LINE, 1e-4);
	assert_near(cabs(s.peak[WAVE_I1][1]), 0, 0);
	assert_near(cabs(s.peak[WAVE_I1 + 1][1]) * M_SQRT1_2, 8.6603, 1e-4);
}

/* --- by loop currents --- */

struct loops {
	double complex v[WAVE_PHASES]; /* r.m.s., across the load */
	double complex i[WAVE_PHASES];
};

static double complex at_deg(double magnitude, double deg)
{
	return magnitude * synth_phasor(cos(deg * M_PI / 180), sin(deg * M_PI / 180));
}

/*
 * A star without a neutral by its two loops, J from L1 back through L2 and K from L2 back through
 * L3: Z1 J + Z2 (J - K) = U12, Z2 (K - J) + Z3 K = U23. Nothing of it knows of a star point.
 */
static void solve_loops(const double complex u[3], const double complex z[3], struct loops *ret)
{
	const double complex a = z[0] + z[1], b = -z[1], c = z[1] + z[2];
	const double complex u12 = u[0] - u[1], u23 = u[1] - u[2];
	const double complex det = a * c - b * b;
	const double complex j = (u12 * c - b * u23) / det, k = (a * u23 - b * u12) / det;

	ret->i[0] = j;
	ret->i[1] = k - j;
	ret->i[2] = -k;
	for (int p = 0; p < WAVE_PHASES; p++)
		ret->v[p] = z[p] * ret->i[p];
}

struct bench {
	struct metering_scratch *scratch;
	struct metering *metering;
	struct synth *synth;
};

static int setup(void **state)
{
	static struct bench b;
	const struct element_config config = {.starting_current_a = 0.02};
	struct wave_source source;
	struct rng rng;

	rng_init(&rng, 1, "network");
	assert_int_equal(metering_scratch_create(&b.scratch), 0);
	assert_int_equal(synth_create(&b.synth, metering_scratch_basis(b.scratch), &rng), 0);
	assert_int_equal(metering_create(&b.metering, b.scratch, &config), 0);
	source = synth_source(b.synth);
	metering_use_locked(b.metering, &source);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	metering_destroy(b->metering);
	synth_destroy(b->synth);
	metering_scratch_destroy(b->scratch);
	return 0;
}

static const struct measurement *measure(struct bench *b, const struct network *network,
					 const struct synth_input *in)
{
	const struct measurement *m;
	struct synth_spectrum s;

	wiring_init(metering_wiring(b->metering), network->connection, false);
	network_solve(network, in, &s);
	synth_set_spectrum(b->synth, &s);
	assert_int_equal(metering_next(b->metering, &m), 0);
	return m;
}

struct star {
	double frequency_hz, voltage_v[3], angle_deg[3], current_a[3], lag_deg[3];
};

static const struct star stars[] = {
	{50, {230, 230, 230}, {0}, {10, 5, 2}, {0}},
	{50, {230, 230, 230}, {0}, {10, 5, 2}, {0, 60, -30}},
	{50, {230, 230, 230}, {0}, {100, 0.1, 0.1}, {20, 40, 5}},
	{60, {231, 228, 235}, {1, -2, 3}, {16, 16, 0.5}, {3, 12, 80}},
	{49.87, {225, 240, 231}, {0}, {0.5, 32, 7}, {25, 88, -60}},
	{50, {230, 230, 230}, {0}, {30, 12, 20}, {10, 175, 20}}, /* L2 exports */
};

static struct synth_input input_of_star(const struct star *r)
{
	struct synth_input in = {.frequency_hz = r->frequency_hz};

	for (int p = 0; p < WAVE_PHASES; p++)
		in.phase[p] = (struct synth_phase){.voltage_v = r->voltage_v[p],
						   .angle_deg = r->angle_deg[p],
						   .current_a = r->current_a[p],
						   .lag_deg = r->lag_deg[p]};
	return in;
}

static void loops_of(const struct star *r, double complex u[3], struct loops *ret)
{
	double complex z[WAVE_PHASES];

	for (int p = 0; p < WAVE_PHASES; p++) {
		u[p] = at_deg(r->voltage_v[p], -120.0 * p + r->angle_deg[p]);
		z[p] = at_deg(r->voltage_v[p] / r->current_a[p], r->lag_deg[p]);
	}
	solve_loops(u, z, ret);
}

/* The phase voltages that a meter shows when its neutral is gone; within 10 ppm. */
static void a_missing_neutral_floats_the_star_point(void **state)
{
	const struct network network = {WIRING_3P4W, ALL, false};

	for (size_t i = 0; i < COUNT(stars); i++) {
		const struct synth_input in = input_of_star(&stars[i]);
		const struct measurement *m = measure(*state, &network, &in);
		double complex u[WAVE_PHASES];
		struct loops want;

		loops_of(&stars[i], u, &want);
		for (int p = 0; p < WAVE_PHASES; p++) {
			const double v = cabs(want.v[p]), a = cabs(want.i[p]);
			const double complex s = want.v[p] * conj(want.i[p]);

			assert_near(m->phase[p].voltage_v, v, 10 * PPM * v);
			assert_near(m->phase[p].current_a, a, 10 * PPM * a);
			assert_near(m->phase[p].active_w, creal(s), 10 * PPM * v * a);
			assert_near(m->phase[p].reactive_var, cimag(s), 10 * PPM * v * a);
		}
	}
}

/* Three wires: both circuits measure the whole power of a load that they see in different ways. */
static void three_wire_meters_measure_it_all(void **state)
{
	static const enum wiring_connection connections[] = {WIRING_3P3W_ARON, WIRING_3P3W_DELTA};

	for (size_t i = 0; i < 2 * COUNT(stars); i++) {
		const struct star *r = &stars[i / 2];
		const struct network network = {connections[i % 2], ALL, true};
		const struct synth_input in = input_of_star(r);
		const struct measurement *m = measure(*state, &network, &in);
		const bool aron = network.connection == WIRING_3P3W_ARON;
		double complex u[WAVE_PHASES], s = 0;
		struct loops want;

		loops_of(r, u, &want);
		for (int p = 0; p < WAVE_PHASES; p++) {
			const double complex at = aron ? u[1] : (u[0] + u[1] + u[2]) / 3;
			const double v = cabs(u[p] - at), a = cabs(want.i[p]);

			s += want.v[p] * conj(want.i[p]);
			assert_near(m->phase[p].voltage_v, v, 10 * PPM * v + 1e-9);
			assert_near(m->phase[p].current_a, a, 10 * PPM * a);
		}
		assert_near(m->active_w, creal(s), 10 * PPM * m->apparent_va);
		assert_near(m->reactive_var, cimag(s), 10 * PPM * m->apparent_va);
	}
}

/*
 * Harmonics: whatever the solver did, currents must add up to nothing, and each phase's change of
 * voltage must be its change of current times its impedance at that harmonic.
 */
static void harmonics_obey_the_circuit(void **state)
{
	const struct network network = {WIRING_3P4W, ALL, false};
	struct synth_input in = input_of((double[3]){10, 5, 2}, (double[3]){30, -40, 0});
	struct synth_spectrum set, got;

	(void)state;
	for (int p = 0; p < WAVE_PHASES; p++) {
		for (unsigned h = 2; h <= WAVE_HARMONIC_MAX; h++) {
			in.phase[p].voltage_harmonic[h] = (struct synth_harmonic){0.2 / h, 17 * h};
			in.phase[p].current_harmonic[h] =
				(struct synth_harmonic){0.5 / (h + 0.5 * p), 10 * p};
		}
	}
	synth_spectrum_of(&in, &set);
	network_solve(&network, &in, &got);
	for (unsigned h = 1; h <= WAVE_HARMONIC_MAX; h++) {
		double complex sum = 0, moved = 0;

		for (int p = 0; p < WAVE_PHASES; p++) {
			const double complex z1 =
				at_deg(230 / in.phase[p].current_a, in.phase[p].lag_deg);
			const double x = cimag(z1);
			const double complex z = synth_phasor(creal(z1), x > 0 ? x * h : x / h);
			const double complex dv =
				got.peak[WAVE_V1 + p][h] - set.peak[WAVE_V1 + p][h];
			const double complex di =
				got.peak[WAVE_I1 + p][h] - set.peak[WAVE_I1 + p][h];

			sum += got.peak[WAVE_I1 + p][h];
			assert_near(cabs(dv - z * di), 0, 1e-9);
			if (p > 0) /* one star point for all */
				assert_near(cabs(dv - moved), 0, 1e-9);
			moved = dv;
		}
		assert_near(cabs(sum), 0, 1e-9);
	}
}

/* The limit holds for each harmonic by itself: 4 % of 40th in a load that is nearly a coil. */
static void a_harmonic_beyond_the_limit_is_left_out(void **state)
{
	const struct network network = {WIRING_3P4W, ALL, false};
	struct synth_input in = input_of((double[3]){10, 10, 10}, (double[3]){89.9, 89.9, 89.9});
	struct synth_spectrum s;

	(void)state;
	in.phase[0].current_harmonic[40].ratio = 0.04; /* 0.4 A into 3 times 920 Ohm: 123 V */
	network_solve(&network, &in, &s);
	assert_near(cabs(s.peak[WAVE_V1][40]) * M_SQRT1_2, 0.4 * 920 / 3, 0.1);
	in.phase[0].current_harmonic[40].ratio = 0.4; /* 1230 V */
	network_solve(&network, &in, &s);
	assert_near(cabs(s.peak[WAVE_V1][40]), 0, 1e-9);
	assert_near(cabs(s.peak[WAVE_I1][40]), 0, 0);
	assert_near(cabs(s.peak[WAVE_I1][1]) * M_SQRT1_2, 10, 1e-6);
}

/* Noise is relative to what is at the terminals; a whole network is the synthesiser's own. */
static void the_rest_is_kept(void **state)
{
	const struct network whole = {WIRING_3P4W, ALL, true}, lost = {WIRING_3P4W, LOST1, false};
	struct synth_input in = input_of((double[3]){10, 5, 2}, (double[3]){0});
	struct synth_spectrum set, got;

	(void)state;
	memset(&set, 0, sizeof(set));
	memset(&got, 0, sizeof(got));
	in.frequency_hz = 60.5;
	in.phase[1].voltage_noise = 0.01;
	in.phase[2].current_noise = 0.02;
	synth_spectrum_of(&in, &set);
	network_solve(&whole, &in, &got);
	assert_memory_equal(&got, &set, sizeof(got));
	network_solve(&lost, &in, &got);
	assert_near(got.frequency_hz, 60.5, 0);
	assert_near(got.noise[WAVE_V2], 0.01, 0);
	assert_near(got.noise[WAVE_I3], 0.02, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(aron_ties_an_open_end),
		cmocka_unit_test(a_dead_phase_draws_nothing),
		cmocka_unit_test(a_missing_neutral_floats_the_star_point),
		cmocka_unit_test(three_wire_meters_measure_it_all),
		cmocka_unit_test(harmonics_obey_the_circuit),
		cmocka_unit_test(a_harmonic_beyond_the_limit_is_left_out),
		cmocka_unit_test(the_rest_is_kept),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
