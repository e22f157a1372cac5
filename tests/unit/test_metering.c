/* SPDX-License-Identifier: MIT */
/*
 * test_metering - steady windows reused bit for bit, block sizes, changes, and what recordings do
 *
 * A whole day of the full path is too long for a unit test (tests/bench measures it): an hour at
 * 50 Hz and a quarter of one at the others take the full path here; a whole day is metered with
 * reuse and compared with the sum of its windows.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clk.h"
#include "base/rng.h"
#include "metrology/energy.h"
#include "metrology/metering.h"
#include "metrology/synth.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RATE_HZ  8000.0

static const uint32_t blocks[] = {1, 7, 64, 320, 1024};

/* A free source: the mains as a list of pieces. */
struct piece {
	int64_t until_frame;
	double frequency_hz;
	double voltage_v[WAVE_PHASES];
	double current_a;
	double jump_rad;       /* of the phase, where the piece begins */
	double sweep_hz_per_s; /* the frequency runs away */
};

struct mains {
	const struct piece *pieces; /* the last one reaches to the end; borrowed */
	int64_t frames;             /* of the recording; 0: endless */
	double rate_hz;
	int64_t at_frame;
	size_t piece;
	bool begun;
	double angle_rad;
	double frequency_hz;
};

static void mains_grid(void *ctx, struct wave_grid *ret)
{
	const struct mains *m = ctx;

	*ret = (struct wave_grid){.rate_hz = m->rate_hz};
}

static void mains_frame(struct mains *m, float *const ch[WAVE_CHANNELS], uint32_t k)
{
	const struct piece *piece;

	if (m->begun && m->at_frame >= m->pieces[m->piece].until_frame) {
		m->piece++;
		m->begun = false;
	}
	piece = &m->pieces[m->piece];
	if (!m->begun) {
		m->begun = true;
		m->angle_rad += piece->jump_rad;
		m->frequency_hz = piece->frequency_hz;
	}
	for (int p = 0; p < WAVE_PHASES; p++) {
		const double x = m->angle_rad - 2 * M_PI / 3 * p;

		ch[WAVE_V1 + p][k] = (float)(M_SQRT2 * piece->voltage_v[p] * sin(x));
		ch[WAVE_I1 + p][k] = (float)(M_SQRT2 * piece->current_a * sin(x - M_PI / 6));
	}
	m->angle_rad = fmod(m->angle_rad + 2 * M_PI * m->frequency_hz / m->rate_hz, 2 * M_PI);
	m->frequency_hz += piece->sweep_hz_per_s / m->rate_hz;
	m->at_frame++;
}

static int mains_pull(void *ctx, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	struct mains *m = ctx;

	if (m->frames && frames > m->frames - m->at_frame)
		frames = (uint32_t)(m->frames - m->at_frame);
	for (uint32_t k = 0; k < frames; k++)
		mains_frame(m, ch, k);
	return (int)frames;
}

static struct wave_source mains_source(struct mains *m)
{
	return (struct wave_source){.ctx = m, .grid = mains_grid, .pull = mains_pull};
}

#define LIVE                                                                                       \
	{                                                                                          \
		230, 230, 230                                                                      \
	}
#define FOREVER INT64_MAX
#define ON(until, f_hz, jump)                                                                      \
	{                                                                                          \
		(until), (f_hz), LIVE, 10, (jump), 0                                               \
	}
#define OFF(until)                                                                                 \
	{                                                                                          \
		(until), 50, {0, 0, 0}, 0, 0, 0                                                    \
	}

struct bench {
	struct metering_scratch *scratch;
	struct metering *metering;
	struct synth *synth;
};

static const struct element_config config = {.starting_current_a = 0.02};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct wave_source source;
	struct rng rng;

	rng_init(&rng, 1, "test");
	if (!b || metering_scratch_create(&b->scratch) < 0 ||
	    metering_create(&b->metering, b->scratch, &config) < 0 ||
	    synth_create(&b->synth, metering_scratch_basis(b->scratch), &rng) < 0)
		return -1;
	source = synth_source(b->synth);
	metering_use_locked(b->metering, &source);
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

static struct synth_input house(double frequency_hz)
{
	struct synth_input in = {.frequency_hz = frequency_hz};

	for (int p = 0; p < WAVE_PHASES; p++) {
		struct synth_phase *ph = &in.phase[p];

		ph->voltage_v = 230;
		ph->current_a = 10 - 3 * p;
		ph->lag_deg = 100 * p;
		ph->voltage_harmonic[5].ratio = 0.03;
		ph->current_harmonic[3].ratio = 0.2;
	}
	return in;
}

static struct measurement next(struct metering *metering)
{
	const struct measurement *m;

	assert_int_equal(metering_next(metering, &m), 0);
	return *m;
}

/* Equal bit for bit, the serial apart. */
static bool same(const struct measurement *a, const struct measurement *b)
{
	const size_t from = offsetof(struct measurement, frequency_hz);

	return a->duration_ns == b->duration_ns && a->partial == b->partial &&
	       a->quadrant == b->quadrant &&
	       memcmp((const char *)a + from, (const char *)b + from,
		      offsetof(struct measurement, quadrant) - from) == 0;
}

static bool near(double value, double expected, double tolerance)
{
	if (fabs(value - expected) <= tolerance)
		return true;
	print_error("%.9g, expected %.9g +- %.2g\n", value, expected, tolerance);
	return false;
}

static void test_steady_is_reused(void **state)
{
	static const double frequencies_hz[] = {45, 49.87, 50, 60, 65};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(frequencies_hz); i++) {
		const struct synth_input in = house(frequencies_hz[i]);
		struct measurement first, again;

		synth_set(b->synth, &in);
		metering_set_reuse(b->metering, true);
		first = next(b->metering);
		for (int n = 0; n < 5; n++) {
			again = next(b->metering);
			assert_int_equal(again.serial, first.serial);
			assert_memory_equal(&again, &first, sizeof(first));
		}
		metering_set_reuse(b->metering, false);
		for (int n = 0; n < 5; n++) {
			again = next(b->metering);
			assert_true(again.serial != first.serial);
			assert_true(same(&again, &first));
		}
	}
}

/* Meters until as many windows as duration_ns holds were counted. */
static void meter(struct metering *metering, bool reuse, int64_t duration_ns,
		  struct energy_registers *registers)
{
	const struct measurement *m;

	metering_set_reuse(metering, reuse);
	for (int64_t at_ns = 0; at_ns < duration_ns; at_ns += m->duration_ns) {
		assert_int_equal(metering_next(metering, &m), 0);
		energy_count(registers, m, at_ns > duration_ns / 2);
	}
}

static void test_registers_with_and_without_reuse(void **state)
{
	static const struct {
		double frequency_hz;
		int64_t duration_ns;
	} rows[] = {{50, NS_PER_H}, {49.87, NS_PER_H / 4}, {60, NS_PER_H / 4}};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct synth_input in = house(rows[i].frequency_hz);
		struct energy_registers fast = {0}, full = {0};

		synth_set(b->synth, &in);
		meter(b->metering, true, rows[i].duration_ns, &fast);
		meter(b->metering, false, rows[i].duration_ns, &full);
		assert_memory_equal(&fast, &full, sizeof(fast));
		assert_true(fast.counters[ENERGY_ACTIVE][ENERGY_FORWARD].tariff[1].wh > 0);
	}
}

/* A day with reuse: exactly the window's energy times the windows, and within 10 ppm of P t. */
static void test_a_day(void **state)
{
	static const double frequencies_hz[] = {50, 49.87, 60};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(frequencies_hz); i++) {
		const struct synth_input in = house(frequencies_hz[i]);
		struct energy_registers registers = {0};
		struct energy expected = {0, 0};
		struct measurement m;
		int64_t windows;
		double wh;

		synth_set(b->synth, &in);
		meter(b->metering, true, 24 * NS_PER_H, &registers);
		m = next(b->metering);
		windows = (24 * NS_PER_H + m.duration_ns - 1) / m.duration_ns;
		for (int64_t n = 0; n < windows; n++)
			energy_add_nj(&expected, m.phase[0].active_nj);
		assert_int_equal(
			energy_compare(&expected,
				       &registers.counters[ENERGY_ACTIVE][ENERGY_FORWARD].phase[0]),
			0);
		wh = 230 * 10 * 24.0;
		assert_true(
			near((double)expected.wh + (double)expected.nj / 3.6e12, wh, wh * 1e-5));
	}
}

static void test_change_takes_effect_with_the_next_window(void **state)
{
	struct synth_input in = house(50);
	struct bench *b = *state;
	struct measurement m, before;

	synth_set(b->synth, &in);
	before = next(b->metering);
	in.phase[0].current_a = 20;
	synth_set(b->synth, &in);
	m = next(b->metering);
	assert_true(m.serial != before.serial);
	assert_true(near(m.phase[0].active_w, 2 * before.phase[0].active_w, 0.1));
	in.frequency_hz = 60;
	synth_set(b->synth, &in);
	assert_true(near(next(b->metering).frequency_hz, 60, 1e-3));
	in = house(50);
	synth_set(b->synth, &in); /* back again: the same window as the first, computed anew */
	m = next(b->metering);
	assert_true(same(&m, &before));
}

/* A change of the wiring makes a new window of the same samples. */
static void test_change_of_wiring(void **state)
{
	const struct synth_input in = house(50);
	struct bench *b = *state;
	struct measurement before, m;

	synth_set(b->synth, &in);
	before = next(b->metering);
	metering_wiring(b->metering)->changes++;
	m = next(b->metering);
	assert_true(m.serial != before.serial);
	assert_true(same(&m, &before));
	assert_int_equal(next(b->metering).serial, m.serial);
}

/* Noise: no window is that of the one before. */
static void test_noise_is_not_reused(void **state)
{
	struct synth_input in = house(50);
	struct bench *b = *state;
	struct measurement before, m;

	in.phase[0].voltage_noise = 0.01;
	synth_set(b->synth, &in);
	before = next(b->metering);
	m = next(b->metering);
	assert_true(m.serial != before.serial);
	assert_false(same(&m, &before));
	assert_true(m.phase[1].active_w == before.phase[1].active_w); /* L1 alone has some */
}

enum { WINDOWS = 12 };

static void run_synth(struct metering_scratch *scratch, uint32_t block, double noise,
		      struct measurement out[WINDOWS])
{
	struct synth_input in = house(49.87);
	struct wave_source source;
	struct metering *metering;
	struct synth *synth;
	struct rng rng;

	for (int p = 0; p < WAVE_PHASES; p++)
		in.phase[p].voltage_noise = in.phase[p].current_noise = noise;
	rng_init(&rng, 7, "noise");
	assert_int_equal(synth_create(&synth, metering_scratch_basis(scratch), &rng), 0);
	assert_int_equal(metering_create(&metering, scratch, &config), 0);
	synth_set(synth, &in);
	source = synth_source(synth);
	metering_use_locked(metering, &source);
	metering_set_reuse(metering, false);
	metering_set_block(metering, block);
	for (int n = 0; n < WINDOWS; n++)
		out[n] = next(metering);
	metering_destroy(metering);
	synth_destroy(synth);
}

/* Returns how many windows the recording had. */
static int run_mains(struct metering_scratch *scratch, uint32_t block, const struct piece *pieces,
		     int64_t frames, struct measurement out[WINDOWS])
{
	struct mains mains = {.pieces = pieces, .frames = frames, .rate_hz = RATE_HZ};
	const struct wave_source source = mains_source(&mains);
	const struct measurement *m;
	struct metering *metering;
	int n = 0;

	assert_int_equal(metering_create(&metering, scratch, &config), 0);
	metering_set_block(metering, block);
	assert_int_equal(metering_use_free(metering, &source), 0);
	while (n < WINDOWS && metering_next(metering, &m) == 0)
		out[n++] = *m;
	metering_destroy(metering);
	return n;
}

static void test_block_sizes_of_synth(void **state)
{
	static const double noises[] = {0, 0.02};
	struct bench *b = *state;
	struct measurement first[WINDOWS], other[WINDOWS];

	for (size_t i = 0; i < COUNT(noises); i++) {
		run_synth(b->scratch, 320, noises[i], first);
		for (size_t k = 0; k < COUNT(blocks); k++) {
			run_synth(b->scratch, blocks[k], noises[i], other);
			for (int n = 0; n < WINDOWS; n++) {
				assert_true(same(&first[n], &other[n]));
				assert_int_equal(first[n].serial, other[n].serial);
			}
		}
	}
}

static void test_block_sizes_of_recordings(void **state)
{
	static const struct {
		struct piece pieces[3];
		int64_t frames;
	} rows[] = {
		{{ON(FOREVER, 49.87, 0.4)}, 0},
		{{ON(FOREVER, 60.07, 3)}, 12345}, /* ends in the twelfth window */
		{{ON(FOREVER, 50, 0)}, 8192},     /* ends with a block */
		{{ON(4000, 50, 0), OFF(9000), ON(FOREVER, 50, 1)}, 0},
		{{ON(5000, 50, 0), ON(FOREVER, 50, 2)}, 0},
		{{OFF(FOREVER)}, 6000},
		{{{FOREVER, 50, LIVE, 1, 0, 0}}, 500}, /* shorter than what an edge needs */
		{{{FOREVER, 50, LIVE, 1, 0, 0}}, 3},
		{{{FOREVER, 50, LIVE, 1, 0, 0}}, 1},
	};
	struct bench *b = *state;
	struct measurement first[WINDOWS], other[WINDOWS];

	for (size_t i = 0; i < COUNT(rows); i++) {
		const int count = run_mains(b->scratch, 320, rows[i].pieces, rows[i].frames, first);

		for (size_t k = 0; k < COUNT(blocks); k++) {
			assert_int_equal(run_mains(b->scratch, blocks[k], rows[i].pieces,
						   rows[i].frames, other),
					 count);
			for (int n = 0; n < count; n++)
				assert_true(same(&first[n], &other[n]));
		}
	}
}

/* Meters the mains from the start to its end; returns the windows' durations summed. */
static int64_t meter_to_the_end(struct metering *metering, struct mains *mains,
				int64_t active_nj[WAVE_PHASES])
{
	const struct wave_source source = mains_source(mains);
	const struct measurement *m;
	int64_t at_ns = 0;
	int r;

	assert_int_equal(metering_use_free(metering, &source), 0);
	while ((r = metering_next(metering, &m)) == 0) {
		assert_true(m->duration_ns > 0);
		at_ns += m->duration_ns;
		for (int p = 0; p < WAVE_PHASES; p++)
			active_nj[p] += m->phase[p].active_nj;
	}
	assert_int_equal(r, -ENODATA);
	assert_int_equal(metering_next(metering, &m), -ENODATA); /* and it stays at its end */
	return at_ns;
}

/* n samples are n - 1 intervals long; their windows add up to that, to the ns. */
static void test_end_of_a_recording(void **state)
{
	static const double rates_hz[] = {6400, 8000, 12800, 11025};
	static const int64_t lengths[] = {1,   2,    3,    4,    5,    150,   500,   671,  672,
					  673, 1000, 1024, 3333, 8192, 80000, 80001, 81919};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(rates_hz) * COUNT(lengths); i++) {
		static const struct piece piece = ON(FOREVER, 49.87, 2);
		struct mains mains = {.pieces = &piece,
				      .frames = lengths[i / COUNT(rates_hz)],
				      .rate_hz = rates_hz[i % COUNT(rates_hz)]};
		int64_t active_nj[WAVE_PHASES] = {0};
		const int64_t at_ns = meter_to_the_end(b->metering, &mains, active_nj);

		assert_int_equal(at_ns, llround((double)(mains.frames - 1) * 1e9 / mains.rate_hz));
		if (mains.frames < 80000)
			continue;
		/* ten seconds: at most half a cycle's worth of energy besides P t */
		for (int p = 0; p < WAVE_PHASES; p++) {
			const double p_t = 2300 * cos(M_PI / 6) * (double)at_ns;

			assert_true(
				near((double)active_nj[p], p_t, 2300 / (2 * M_PI * 49.87) * 1e9));
		}
	}
}

/* Only the pieces at both ends are partial. */
static void test_partial_pieces(void **state)
{
	static const struct piece piece = ON(FOREVER, 50, 1);
	struct mains mains = {.pieces = &piece, .frames = 8000, .rate_hz = RATE_HZ};
	const struct wave_source source = mains_source(&mains);
	const struct measurement *m;
	struct bench *b = *state;
	int n = 0, partial = 0;
	bool last = false;

	assert_int_equal(metering_use_free(b->metering, &source), 0);
	for (; metering_next(b->metering, &m) == 0; n++) {
		partial += m->partial;
		last = m->partial;
		if (n == 0)
			assert_true(m->partial);
		if (!m->partial)
			assert_int_equal((m->duration_ns + 500) / 1000, 200000);
	}
	assert_int_equal(partial, 2);
	assert_true(last);
	assert_int_equal(n, 6);
}

/* Are 20 whole windows after a second from from_frame on measured rightly? */
static bool measures(struct bench *b, struct mains *mains, int64_t from_frame,
		     const double voltage_v[WAVE_PHASES], double frequency_hz)
{
	const struct wave_source source = mains_source(mains);
	const double settled_ns = ((double)from_frame / mains->rate_hz + 1) * 1e9;
	bool good = true;
	int64_t at_ns = 0;
	int whole = 0;

	assert_int_equal(metering_use_free(b->metering, &source), 0);
	while ((double)at_ns < settled_ns + 4.2e9) {
		const bool settled = (double)at_ns >= settled_ns;
		const struct measurement m = next(b->metering);

		at_ns += m.duration_ns;
		if (!settled || m.partial)
			continue;
		whole++;
		good = good && near(m.frequency_hz, frequency_hz, 1e-3);
		for (int p = 0; p < WAVE_PHASES; p++)
			good = good && near(m.phase[p].voltage_v, voltage_v[p], 2e-3);
	}
	return good && whole >= 20;
}

/*
 * Something happens to the mains at a frame; one second later all is well again, and stays so:
 * the windows are locked to what is there now, with its frequency.
 */
static void test_events(void **state)
{
	static const struct {
		const char *what;
		struct piece pieces[3];
		double frequency_hz;
	} rows[] = {
		{"nothing", {ON(FOREVER, 49.87, 1)}, 49.87},
		{"L1 lost", {ON(5000, 50, 0), {FOREVER, 50, {0, 230, 230}, 10, 0, 0}}, 50},
		{"L1 never there", {{FOREVER, 50, {0, 230, 230}, 10, 0, 0}}, 50},
		{"L1 and L2 lost", {ON(5000, 60, 0), {FOREVER, 60, {0, 0, 230}, 10, 0, 0}}, 60},
		{"L1 back", {{5000, 50, {0, 230, 230}, 10, 0, 0}, ON(FOREVER, 50, 0)}, 50},
		{"mains lost", {ON(5000, 50, 0), OFF(FOREVER)}, 0},
		{"mains never there", {OFF(FOREVER)}, 0},
		{"mains comes late", {OFF(5000), ON(FOREVER, 50, 1.3)}, 50},
		{"back, 0.45 rad", {ON(4000, 50, 0), OFF(20000), ON(FOREVER, 50, 0.45)}, 50},
		{"back, -0.45 rad", {ON(4000, 50, 0), OFF(20000), ON(FOREVER, 50, -0.45)}, 50},
		{"back at 57.7", {ON(4000, 50, 0), OFF(20000), ON(FOREVER, 57.7, 2)}, 57.7},
		{"phase jump 0.3", {ON(5000, 50, 0), ON(FOREVER, 50, 0.3)}, 50},
		{"phase jump 1", {ON(5000, 50, 0), ON(FOREVER, 50, 1)}, 50},
		{"phase jump -2.5", {ON(5000, 50, 0), ON(FOREVER, 50, -2.5)}, 50},
		{"phase jump pi", {ON(5000, 60, 0), ON(FOREVER, 60, M_PI)}, 60},
		{"frequency step, small", {ON(5000, 50, 0), ON(FOREVER, 50.3, 0)}, 50.3},
		{"frequency step up", {ON(5000, 50, 0), ON(FOREVER, 50.5, 0)}, 50.5},
		{"frequency step down", {ON(5000, 50, 0), ON(FOREVER, 47.5, 0)}, 47.5},
		{"step, half a cycle", {ON(5000, 50, 0), ON(FOREVER, 52.5, 0)}, 52.5},
		{"frequency step, a cycle", {ON(5000, 50, 0), ON(FOREVER, 55, 0)}, 55},
		{"from a 50 Hz grid to a 60 Hz one", {ON(5000, 50, 0), ON(FOREVER, 60, 0)}, 60},
		{"drift",
		 {ON(5000, 50, 0), {13000, 50, LIVE, 10, 0, 0.5}, ON(FOREVER, 50.5, 0)},
		 50.5},
	};
	struct bench *b = *state;
	int failed = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mains mains = {.pieces = rows[i].pieces, .rate_hz = RATE_HZ};
		const struct piece *last = &rows[i].pieces[0];
		int64_t began = 0;

		while (last->until_frame != FOREVER)
			began = (last++)->until_frame;
		if (!measures(b, &mains, began, last->voltage_v, rows[i].frequency_hz)) {
			print_error("%s: not measured rightly\n", rows[i].what);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

/* L1 alone is lost: its phase reads 0, the others go on as if nothing had happened. */
static void test_lost_l1(void **state)
{
	static const struct piece pieces[] = {ON(5000, 50, 0),
					      {FOREVER, 50, {0, 230, 230}, 10, 0, 0}};
	static const double voltage_v[WAVE_PHASES] = {0, 230, 230};
	struct mains mains = {.pieces = pieces, .rate_hz = RATE_HZ};
	struct bench *b = *state;
	struct measurement m;

	assert_true(measures(b, &mains, 5000, voltage_v, 50));
	m = next(b->metering);
	assert_int_equal(m.phase[0].active_nj, 0);
	assert_true(m.phase[0].voltage_angle_deg == 0);
	for (int p = 1; p < WAVE_PHASES; p++)
		assert_true(near(m.phase[p].active_w, 2300 * cos(M_PI / 6), 2300e-5));
}

/* Without the mains there is no voltage and no energy, but windows go on without a gap. */
static void test_lost_mains(void **state)
{
	static const struct piece pieces[] = {ON(4000, 50, 0), OFF(40000), ON(FOREVER, 50, 1)};
	struct mains mains = {.pieces = pieces, .frames = 80000, .rate_hz = RATE_HZ};
	const struct wave_source source = mains_source(&mains);
	const struct measurement *m;
	struct bench *b = *state;
	int64_t at_ns = 0, dead_ns = 0;
	double energy_nj = 0;

	assert_int_equal(metering_use_free(b->metering, &source), 0);
	while (metering_next(b->metering, &m) == 0) {
		at_ns += m->duration_ns;
		energy_nj += (double)m->phase[0].active_nj;
		if (m->phase[0].voltage_v > 0)
			continue;
		dead_ns += m->duration_ns;
		assert_true(m->frequency_hz == 0 && m->phase[0].active_nj == 0);
		assert_int_equal(m->duration_ns, 200000000);
	}
	assert_int_equal(at_ns, llround(79999 * 1e9 / RATE_HZ));
	assert_true(dead_ns > 4000000000 && dead_ns <= 4500000000);
	/* 44000 samples of 80000 are live; a cycle's worth at each of the four ends */
	assert_true(near(energy_nj, 2300 * cos(M_PI / 6) * 5.5e9, 2300 * 0.02e9));
}

/*
 * Whatever is in a recording, it is measured to its end: a mains that runs away far below 40 or
 * above 70 Hz trips no assertion and no duration is lost.
 */
static void test_runaway_frequency(void **state)
{
	static const struct {
		double rate_hz;
		double from_hz, to_hz;
		double sweep_hz_per_s;
	} rows[] = {
		{1600, 50, 10, -0.5},   {1600, 50, 10, -1.5},   {1600, 50, 150, 2},
		{25600, 42, 16, -1.45}, {12800, 66, 90, 1},     {8000, 50, 20, -0.3},
		{16000, 41, 20, -0.21}, {44100, 50, 25, -0.42},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const double seconds = (rows[i].to_hz - rows[i].from_hz) / rows[i].sweep_hz_per_s;
		const struct piece piece = {FOREVER, rows[i].from_hz,       LIVE, 10,
					    0,       rows[i].sweep_hz_per_s};
		struct mains mains = {.pieces = &piece,
				      .frames = (int64_t)(seconds * rows[i].rate_hz),
				      .rate_hz = rows[i].rate_hz};
		int64_t active_nj[WAVE_PHASES] = {0};

		assert_int_equal(meter_to_the_end(b->metering, &mains, active_nj),
				 llround((double)(mains.frames - 1) * 1e9 / mains.rate_hz));
	}
}

static void test_rates(void **state)
{
	static const struct {
		double rate_hz;
		int r;
	} rows[] = {
		{0, -EINVAL},
		{-8000, -EINVAL},
		{METERING_RATE_MIN_HZ - 1, -EINVAL},
		{(double)NAN, -EINVAL},
		{METERING_RATE_MAX_HZ + 1, -EINVAL},
		{(double)INFINITY, -EINVAL},
		{METERING_RATE_MIN_HZ, 0},
		{METERING_RATE_MAX_HZ, 0},
		{44100, 0},
	};
	static const struct piece piece = ON(FOREVER, 50, 0.3);
	const struct synth_input in = house(60);
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mains mains = {.pieces = &piece, .rate_hz = rows[i].rate_hz};
		const struct wave_source source = mains_source(&mains);
		const struct wave_source locked = synth_source(b->synth);

		synth_set(b->synth, &in);
		metering_use_locked(b->metering, &locked);
		assert_int_equal(metering_use_free(b->metering, &source), rows[i].r);
		next(b->metering);
		/* refused: the old source goes on */
		assert_true(near(next(b->metering).frequency_hz, rows[i].r ? 60 : 50, 1e-2));
	}
}

/* Sources follow each other; no window of an earlier one comes again. */
static void test_change_of_source(void **state)
{
	static const struct piece piece = {FOREVER, 50, LIVE, 7, 0.3, 0};
	struct mains mains = {.pieces = &piece, .rate_hz = RATE_HZ};
	const struct synth_input in = house(60);
	struct bench *b = *state;
	const struct wave_source locked = synth_source(b->synth), free_one = mains_source(&mains);
	struct measurement before, m;

	synth_set(b->synth, &in);
	metering_use_locked(b->metering, &locked);
	before = next(b->metering);
	assert_int_equal(metering_use_free(b->metering, &free_one), 0);
	next(b->metering);
	m = next(b->metering);
	assert_true(near(m.phase[2].current_a, 7, 7e-5) && near(m.frequency_hz, 50, 1e-3));
	metering_use_locked(b->metering, &locked);
	m = next(b->metering);
	assert_true(same(&m, &before));
	assert_true(m.serial > before.serial);
	metering_use_locked(b->metering, &locked);
	assert_true(next(b->metering).serial > m.serial);
}

struct failing {
	int calls;
	int fail_at;
};

static void failing_grid(void *ctx, struct wave_grid *ret)
{
	(void)ctx;
	*ret = (struct wave_grid){.rate_hz = RATE_HZ};
}

static int failing_pull(void *ctx, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	struct failing *f = ctx;

	if (f->calls++ == f->fail_at)
		return -EIO;
	for (int c = 0; c < WAVE_CHANNELS; c++)
		memset(ch[c], 0, frames * sizeof(float));
	return (int)frames;
}

/* What the source's pull says is forwarded, and *ret stays what it was. */
static void test_reading_fails(void **state)
{
	struct bench *b = *state;

	for (int fail_at = 0; fail_at < 12; fail_at++) {
		struct failing failing = {.fail_at = fail_at};
		const struct wave_source source = {.ctx = &failing,
						   .grid = failing_grid,
						   .pull = failing_pull};
		const struct measurement *m = NULL, *untouched = NULL;
		int r;

		assert_int_equal(metering_use_free(b->metering, &source), 0);
		while ((r = metering_next(b->metering, &m)) == 0)
			untouched = m;
		assert_int_equal(r, -EIO);
		assert_ptr_equal(m, untouched);
	}
}

static void test_destroy_null(void **state)
{
	(void)state;
	metering_destroy(NULL);
	metering_scratch_destroy(NULL);
}

#define BENCH_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_steady_is_reused),
		BENCH_TEST(test_registers_with_and_without_reuse),
		BENCH_TEST(test_a_day),
		BENCH_TEST(test_change_takes_effect_with_the_next_window),
		BENCH_TEST(test_change_of_wiring),
		BENCH_TEST(test_noise_is_not_reused),
		BENCH_TEST(test_block_sizes_of_synth),
		BENCH_TEST(test_block_sizes_of_recordings),
		BENCH_TEST(test_end_of_a_recording),
		BENCH_TEST(test_partial_pieces),
		BENCH_TEST(test_events),
		BENCH_TEST(test_lost_l1),
		BENCH_TEST(test_lost_mains),
		BENCH_TEST(test_runaway_frequency),
		BENCH_TEST(test_rates),
		BENCH_TEST(test_change_of_source),
		BENCH_TEST(test_reading_fails),
		cmocka_unit_test(test_destroy_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
