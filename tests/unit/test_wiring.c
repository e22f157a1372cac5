/* SPDX-License-Identifier: MIT */
/* test_wiring - three-phase four-wire (manual 5.7) passes the circuit's samples through */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrology/wiring.h"

#define FRAMES 67

static void fill(float samples[WAVE_CHANNELS][FRAMES])
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		for (int k = 0; k < FRAMES; k++)
			samples[c][k] = (float)(1000 * (c + 1) - 31 * k);
	}
}

static void test_3p4w_passes_through(void **state)
{
	static const uint32_t frames[] = {0, 1, 3, 4, 7, 64, FRAMES};
	float samples[WAVE_CHANNELS][FRAMES], before[WAVE_CHANNELS][FRAMES];
	float *ch[WAVE_CHANNELS];
	struct wiring wiring;

	(void)state;
	wiring_init(&wiring, WIRING_3P4W);
	assert_int_equal(wiring.connection, WIRING_3P4W);
	fill(samples);
	memcpy(before, samples, sizeof(before));
	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = samples[c];
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		wiring_apply(&wiring, ch, frames[i]);
		assert_memory_equal(samples, before, sizeof(before));
	}
}

/* A wiring that was set up is a change to one that never was: no window of before is reused. */
static void test_init_is_a_change(void **state)
{
	struct wiring wiring;

	(void)state;
	memset(&wiring, 0, sizeof(wiring));
	wiring_init(&wiring, WIRING_3P4W);
	assert_true(wiring.changes != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_3p4w_passes_through),
		cmocka_unit_test(test_init_is_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
