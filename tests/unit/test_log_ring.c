/* SPDX-License-Identifier: MIT */
/* test_log_ring - the last messages of a log are kept, and all are handed on */
#include "sim/log_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void count(void *ctx, enum log_level level, const char *text)
{
	(void)level;
	(void)text;
	++*(int *)ctx;
}

static void the_last_are_kept(void **state)
{
	int handed_on = 0;
	const struct log next = {.level = LOG_LEVEL_NOTICE, .sink = count, .ctx = &handed_on};
	struct clk_virtual clk;
	struct log_ring *ring;

	(void)state;
	clk_virtual_init(&clk, 5);
	assert_int_equal(log_ring_create(&ring, &clk.clk, &next), 0);
	assert_int_equal(log_ring_count(ring), 0);
	log_info(log_ring_log(ring), "not at this level");
	assert_int_equal(log_ring_count(ring), 0);
	for (int i = 1; i <= LOG_RING_MAX + 3; i++) {
		clk_virtual_to(&clk, i);
		log_warning(log_ring_log(ring), "message %d", i);
	}
	assert_int_equal(handed_on, LOG_RING_MAX + 3);
	assert_int_equal(log_ring_count(ring), LOG_RING_MAX);
	assert_string_equal(log_ring_at(ring, 0)->text, "message 4");
	assert_int_equal(log_ring_at(ring, 0)->number, 4);
	assert_int_equal(log_ring_at(ring, LOG_RING_MAX - 1)->number, LOG_RING_MAX + 3);
	assert_int_equal(log_ring_at(ring, LOG_RING_MAX - 1)->at_ns, LOG_RING_MAX + 3);
	assert_int_equal(log_ring_at(ring, 7)->level, LOG_LEVEL_WARNING);
	log_ring_destroy(ring);
	log_ring_destroy(NULL);
}

static void long_ones_are_cut(void **state)
{
	const struct log next = {.level = LOG_LEVEL_DEBUG};
	struct clk_virtual clk;
	struct log_ring *ring;
	char text[900];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	clk_virtual_init(&clk, 0);
	assert_int_equal(log_ring_create(&ring, &clk.clk, &next), 0);
	log_debug(log_ring_log(ring), "%s", text);
	assert_int_equal(strlen(log_ring_at(ring, 0)->text), LOG_RING_TEXT_MAX - 1);
	log_ring_destroy(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_are_kept),
		cmocka_unit_test(long_ones_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
