/* SPDX-License-Identifier: MIT */
/*
 * test_wiring - what each terminal sees, by connection (manual 5.7) and by mistake
 *
 * The circuit is U1 = 300, U2 = 20, U3 = 1 and I1 = 7, I2 = 5, I3 = 3 in the first sample, and
 * other numbers in those after it. Worked out by hand:
 *
 *	Aron    300 - 20, 20 - 20, 1 - 20
 *	delta   mean (300 + 20 + 1) / 3 = 107: 193, -87, -106
 *	L2 off  Aron and delta: mean (300 + 1) / 2 = 150.5: 149.5, 0, -149.5
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrology/metering.h"
#include "metrology/synth.h"
#include "near.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FRAMES   67

static const float circuit[WAVE_CHANNELS] = {300, 20, 1, 7, 5, 3};

static void fill(float samples[WAVE_CHANNELS][FRAMES])
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		for (int k = 0; k < FRAMES; k++)
			samples[c][k] = circuit[c] + (float)(31 * k % (7 + c));
	}
}

static void apply(const struct wiring *wiring, float samples[WAVE_CHANNELS][FRAMES], uint32_t block)
{
	for (uint32_t at = 0; at < FRAMES; at += block) {
		float *ch[WAVE_CHANNELS];

		for (int c = 0; c < WAVE_CHANNELS; c++)
			ch[c] = samples[c] + at;
		wiring_apply(wiring, ch, FRAMES - at < block ? FRAMES - at : block);
	}
}

static void right_wiring_passes_through(void **state)
{
	float samples[WAVE_CHANNELS][FRAMES], before[WAVE_CHANNELS][FRAMES];
	struct wiring wiring;

	(void)state;
	wiring_init(&wiring, WIRING_3P4W, false);
	assert_int_equal(wiring.connection, WIRING_3P4W);
	fill(samples);
	memcpy(before, samples, sizeof(before));
	apply(&wiring, samples, 320);
	assert_memory_equal(samples, before, sizeof(before));
}

#define RIGHT         .voltage = {1, 2, 3}, .current = {1, 2, 3}, .ratio = {1, 1, 1}
#define VOLTAGES(...) .voltage = {__VA_ARGS__}, .current = {1, 2, 3}, .ratio = {1, 1, 1}
#define CURRENTS(...) .voltage = {1, 2, 3}, .current = {__VA_ARGS__}, .ratio = {1, 1, 1}

static void every_terminal_sees_its_part(void **state)
{
	static const struct {
		const char *name;
		enum wiring_connection connection;
		bool transformers;
		struct wiring_terminals terminals;
		double want[WAVE_CHANNELS];
	} rows[] = {
		/* connections */
		{"3P4W", WIRING_3P4W, false, {RIGHT}, {300, 20, 1, 7, 5, 3}},
		{"3P4W CT", WIRING_3P4W, true, {RIGHT}, {300, 20, 1, 7, 5, 3}},
		{"Aron", WIRING_3P3W_ARON, false, {RIGHT}, {280, 0, -19, 7, 5, 3}},
		{"Aron CT", WIRING_3P3W_ARON, true, {RIGHT}, {280, 0, -19, 7, 0, 3}},
		{"delta", WIRING_3P3W_DELTA, false, {RIGHT}, {193, -87, -106, 7, 5, 3}},
		{"delta CT", WIRING_3P3W_DELTA, true, {RIGHT}, {193, -87, -106, 7, 5, 3}},
		{"1P2W", WIRING_1P2W, false, {RIGHT}, {300, 0, 0, 7, 0, 0}},
		{"1P2W CT", WIRING_1P2W, true, {RIGHT}, {300, 0, 0, 7, 0, 0}},
		/* phases swapped: voltage only, current only, both; all three in a ring */
		{"U12", WIRING_3P4W, false, {VOLTAGES(2, 1, 3)}, {20, 300, 1, 7, 5, 3}},
		{"I23", WIRING_3P4W, false, {CURRENTS(1, 3, 2)}, {300, 20, 1, 7, 3, 5}},
		{"both 13",
		 WIRING_3P4W,
		 false,
		 {.voltage = {3, 2, 1}, .current = {3, 2, 1}, .ratio = {1, 1, 1}},
		 {1, 20, 300, 3, 5, 7}},
		{"ring", WIRING_3P4W, false, {VOLTAGES(2, 3, 1)}, {20, 1, 300, 7, 5, 3}},
		{"Aron U12", WIRING_3P3W_ARON, true, {VOLTAGES(2, 1, 3)}, {-280, 0, -299, 7, 0, 3}},
		{"delta U13",
		 WIRING_3P3W_DELTA,
		 false,
		 {VOLTAGES(3, 2, 1)},
		 {-106, -87, 193, 7, 5, 3}},
		{"1P2W at L2", WIRING_1P2W, false, {VOLTAGES(2, 1, 3)}, {20, 0, 0, 7, 0, 0}},
		/* mean (300 + 300 + 1) / 3 = 200 1/3 */
		{"delta, L1 twice",
		 WIRING_3P3W_DELTA,
		 false,
		 {VOLTAGES(1, 1, 3)},
		 {300 - 601.0 / 3, 300 - 601.0 / 3, 1 - 601.0 / 3, 7, 5, 3}},
		/* a transformer on the wrong phase, short-circuited, reversed, of another ratio */
		{"CT2 on L1", WIRING_3P4W, true, {CURRENTS(1, 1, 3)}, {300, 20, 1, 7, 7, 3}},
		{"CT1 shorted", WIRING_3P4W, true, {CURRENTS(0, 2, 3)}, {300, 20, 1, 0, 5, 3}},
		{"CT2 reversed",
		 WIRING_3P4W,
		 true,
		 {RIGHT, .reversed = {false, true, false}},
		 {300, 20, 1, 7, -5, 3}},
		{"CT3 half",
		 WIRING_3P4W,
		 true,
		 {.voltage = {1, 2, 3}, .current = {1, 2, 3}, .ratio = {1, 1, 0.5}},
		 {300, 20, 1, 7, 5, 1.5}},
		{"Aron CT3 reversed",
		 WIRING_3P3W_ARON,
		 true,
		 {RIGHT, .reversed = {false, true, true}},
		 {280, 0, -19, 7, 0, -3}},
		{"CT1 on L3, reversed, doubled",
		 WIRING_3P4W,
		 true,
		 {.voltage = {1, 2, 3},
		  .current = {3, 2, 3},
		  .reversed = {true},
		  .ratio = {2, 1, 1}},
		 {300, 20, 1, -6, 5, 3}},
		/* a voltage lead that is off */
		{"L2 off", WIRING_3P4W, false, {VOLTAGES(1, 0, 3)}, {300, 0, 1, 7, 5, 3}},
		{"Aron L1 off", WIRING_3P3W_ARON, false, {VOLTAGES(0, 2, 3)}, {0, 0, -19, 7, 5, 3}},
		{"Aron L2 off",
		 WIRING_3P3W_ARON,
		 false,
		 {VOLTAGES(1, 0, 3)},
		 {149.5, 0, -149.5, 7, 5, 3}},
		{"delta L2 off",
		 WIRING_3P3W_DELTA,
		 false,
		 {VOLTAGES(1, 0, 3)},
		 {149.5, 0, -149.5, 7, 5, 3}},
		{"delta, all off",
		 WIRING_3P3W_DELTA,
		 false,
		 {VOLTAGES(0, 0, 0)},
		 {0, 0, 0, 7, 5, 3}},
		{"1P2W off", WIRING_1P2W, false, {VOLTAGES(0, 2, 3)}, {0, 0, 0, 7, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		float samples[WAVE_CHANNELS][FRAMES];
		struct wiring wiring;

		wiring_init(&wiring, rows[i].connection, rows[i].transformers);
		wiring_set(&wiring, &rows[i].terminals);
		fill(samples);
		apply(&wiring, samples, FRAMES);
		for (int c = 0; c < WAVE_CHANNELS; c++) {
			if (!(fabs((double)samples[c][0] - rows[i].want[c]) <= 3e-5))
				fail_msg("%s: channel %d is %g, not %g", rows[i].name, c,
					 (double)samples[c][0], rows[i].want[c]);
		}
	}
}

static void blocks_make_no_difference(void **state)
{
	static const uint32_t blocks[] = {1, 3, 4, 7, 64};
	static const struct wiring_terminals crossed = {
		.voltage = {2, 3, 1}, .current = {3, 0, 1}, .reversed = {true}, .ratio = {1, 1, 3}};
	float whole[WAVE_CHANNELS][FRAMES], pieces[WAVE_CHANNELS][FRAMES];
	struct wiring wiring;

	(void)state;
	wiring_init(&wiring, WIRING_3P3W_DELTA, false);
	wiring_set(&wiring, &crossed);
	fill(whole);
	apply(&wiring, whole, FRAMES);
	for (size_t i = 0; i < COUNT(blocks); i++) {
		fill(pieces);
		apply(&wiring, pieces, blocks[i]);
		assert_memory_equal(pieces, whole, sizeof(whole));
	}
}

/* A window of before is not used again after a change, and is after none. */
static void changes_are_counted(void **state)
{
	struct wiring_terminals t = wiring_right;
	struct wiring wiring;
	uint64_t changes;

	(void)state;
	memset(&wiring, 0, sizeof(wiring));
	wiring_init(&wiring, WIRING_3P4W, false);
	assert_true(wiring.changes != 0); /* one that was set up is a change to one that was not */
	changes = wiring.changes;
	wiring_set(&wiring, &t);
	assert_int_equal(wiring.changes, changes);
	t.reversed[1] = true;
	wiring_set(&wiring, &t);
	wiring_set(&wiring, &t);
	assert_int_equal(wiring.changes, changes + 1);
	t.ratio[0] = 1.01;
	wiring_set(&wiring, &t);
	t.voltage[2] = WIRING_NONE;
	wiring_set(&wiring, &t);
	t.current[0] = WIRING_L2;
	wiring_set(&wiring, &t);
	wiring_set(&wiring, &wiring_right);
	assert_int_equal(wiring.changes, changes + 5);
	assert_true(wiring.passes);
}

/* --- through the metering --- */

/* Equal windows are used again until the wiring changes; wired as before, they are as before. */
static void windows_follow_the_wiring(void **state)
{
	const struct element_config config = {.starting_current_a = 0.02};
	struct synth_input in = {.frequency_hz = 50};
	struct wiring_terminals t = wiring_right;
	const struct measurement *m;
	struct metering_scratch *scratch;
	struct measurement first, second;
	struct metering *metering;
	struct wave_source source;
	struct synth *synth;
	struct rng rng;

	(void)state;
	for (int p = 0; p < WAVE_PHASES; p++)
		in.phase[p] = (struct synth_phase){.voltage_v = 230, .current_a = 5 + p};
	rng_init(&rng, 1, "wiring");
	assert_int_equal(metering_scratch_create(&scratch), 0);
	assert_int_equal(synth_create(&synth, metering_scratch_basis(scratch), &rng), 0);
	assert_int_equal(metering_create(&metering, scratch, &config), 0);
	source = synth_source(synth);
	metering_use_locked(metering, &source);
	synth_set(synth, &in);

	assert_int_equal(metering_next(metering, &m), 0);
	first = *m;
	wiring_set(metering_wiring(metering), &t);
	assert_int_equal(metering_next(metering, &m), 0);
	assert_int_equal(m->serial, first.serial);

	t.reversed[1] = true;
	wiring_set(metering_wiring(metering), &t);
	assert_int_equal(metering_next(metering, &m), 0);
	second = *m;
	assert_true(second.serial != first.serial);
	assert_near(second.phase[1].active_w, -first.phase[1].active_w, 0);
	assert_true(second.phase[1].reverse);
	assert_near(second.phase[0].active_w, first.phase[0].active_w, 0);
	assert_int_equal(metering_next(metering, &m), 0);
	assert_int_equal(m->serial, second.serial);

	wiring_set(metering_wiring(metering), &wiring_right);
	assert_int_equal(metering_next(metering, &m), 0);
	assert_true(m->serial != second.serial);
	for (int p = 0; p < WAVE_PHASES; p++) {
		assert_near(m->phase[p].voltage_v, first.phase[p].voltage_v, 0);
		assert_near(m->phase[p].current_a, first.phase[p].current_a, 0);
		assert_int_equal(m->phase[p].active_nj, first.phase[p].active_nj);
	}
	metering_destroy(metering);
	synth_destroy(synth);
	metering_scratch_destroy(scratch);
}

/* A recording of 50 Hz at 8 kHz: 230 V and 5 A, L1 alone. */
static void tape_grid(void *ctx, struct wave_grid *ret)
{
	(void)ctx;
	*ret = (struct wave_grid){.rate_hz = 8000};
}

static int tape_pull(void *ctx, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	uint32_t *at = ctx;

	for (uint32_t k = 0; k < frames; k++, ++*at) {
		const double x = M_SQRT2 * sin(2 * M_PI * *at / 160);

		for (int c = 0; c < WAVE_CHANNELS; c++)
			ch[c][k] = 0;
		ch[WAVE_V1][k] = (float)(230 * x);
		ch[WAVE_I1][k] = (float)(5 * x);
	}
	return (int)frames;
}

/* The lost phases of an Aron meter are seen against L2, which is at 0: U32 is 0, U12 is 230 V. */
static void recordings_are_wired_as_well(void **state)
{
	const struct element_config config = {.starting_current_a = 0.02};
	struct wiring_terminals t = wiring_right;
	uint32_t at = 0;
	const struct wave_source source = {.ctx = &at, .grid = tape_grid, .pull = tape_pull};
	struct metering_scratch *scratch;
	const struct measurement *m;
	struct metering *metering;

	(void)state;
	assert_int_equal(metering_scratch_create(&scratch), 0);
	assert_int_equal(metering_create(&metering, scratch, &config), 0);
	wiring_init(metering_wiring(metering), WIRING_3P3W_ARON, false);
	assert_int_equal(metering_use_free(metering, &source), 0);
	for (int i = 0; i < 3; i++) /* the first one is a piece before the first zero crossing */
		assert_int_equal(metering_next(metering, &m), 0);
	assert_near(m->phase[0].voltage_v, 230, 1e-2);
	assert_near(m->phase[2].voltage_v, 0, 1e-3);
	assert_near(m->active_w, 1150, 0.1);

	t.reversed[0] = true;
	t.voltage[1] = WIRING_L1; /* L2's lead at L1: U12 is 0, U32 is -U1 */
	wiring_set(metering_wiring(metering), &t);
	for (int i = 0; i < 3; i++) /* what was read ahead was wired right */
		assert_int_equal(metering_next(metering, &m), 0);
	assert_near(m->phase[0].voltage_v, 0, 1e-3);
	assert_near(m->phase[2].voltage_v, 230, 1e-2);
	assert_near(m->phase[0].current_a, 5, 1e-3);
	metering_destroy(metering);
	metering_scratch_destroy(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_wiring_passes_through),
		cmocka_unit_test(every_terminal_sees_its_part),
		cmocka_unit_test(blocks_make_no_difference),
		cmocka_unit_test(changes_are_counted),
		cmocka_unit_test(windows_follow_the_wiring),
		cmocka_unit_test(recordings_are_wired_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
