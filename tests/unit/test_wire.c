/* SPDX-License-Identifier: MIT */
/* test_wire - characters on one pair of wires: alone they come through, together they collide */
#include "sim/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct wire wire;
static struct wire_char chars[WIRE_CHARS_MAX];

/* Every byte comes through at its time, with every parity. */
static void one_station_comes_through(void **state)
{
	uint8_t all[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	for (int p = SLAVE_PARITY_NONE; p <= SLAVE_PARITY_ODD; p++) {
		const enum slave_parity parity = (enum slave_parity)p;
		const unsigned bits = slave_char_bits(parity);

		wire_clear(&wire);
		wire_add(&wire, 7, all, sizeof(all), parity);
		assert_int_equal(wire_frame(&wire, parity, chars, WIRE_CHARS_MAX), 256);
		for (unsigned i = 0; i < 256; i++) {
			assert_int_equal(chars[i].byte, i);
			assert_false(chars[i].framing_error || chars[i].parity_error);
			assert_int_equal(chars[i].end_bits, 7 + (i + 1) * bits);
		}
	}
}

/* Levels by hand: start 0, data from the lowest bit, even parity, stop 1. */
static void merged_levels_are_framed_anew(void **state)
{
	static const struct {
		const char *what;
		uint8_t a, b;
		uint32_t b_from; /* bits after a */
		size_t count;
		struct wire_char want[2];
	} rows[] = {
		{"equal telegrams survive", 0x35, 0x35, 0, 1, {{0x35, false, false, 11}}},
		/* 0F: 0 11110000 0 1, F0: 0 00001111 0 1: all data bits pulled down */
		{"a 0 wins", 0x0f, 0xf0, 0, 1, {{0x00, false, false, 11}}},
		/* 01: 0 10000000 1 1, 03: 0 11000000 0 1: data 01, whose parity would be 1 */
		{"a parity that does not fit", 0x01, 0x03, 0, 1, {{0x01, false, true, 11}}},
		/*
		 * b's start bit falls on a's stop bit; then the parity bit of b, FF is
		 * 0 11111111 0 1, is taken for a start bit
		 */
		{"a stop bit pulled down",
		 0xff,
		 0xff,
		 10,
		 2,
		 {{0xff, true, false, 11}, {0xff, false, true, 30}}},
		{"one after the other",
		 0x12,
		 0x34,
		 11,
		 2,
		 {{0x12, false, false, 11}, {0x34, false, false, 22}}},
		{"with a pause",
		 0x12,
		 0x34,
		 20,
		 2,
		 {{0x12, false, false, 11}, {0x34, false, false, 31}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n;

		wire_clear(&wire);
		wire_add(&wire, 0, &rows[i].a, 1, SLAVE_PARITY_EVEN);
		wire_add(&wire, rows[i].b_from, &rows[i].b, 1, SLAVE_PARITY_EVEN);
		n = wire_frame(&wire, SLAVE_PARITY_EVEN, chars, WIRE_CHARS_MAX);
		if (n != rows[i].count)
			fail_msg("%s: %zu characters", rows[i].what, n);
		for (size_t c = 0; c < n; c++) {
			if (chars[c].byte != rows[i].want[c].byte ||
			    chars[c].framing_error != rows[i].want[c].framing_error ||
			    chars[c].parity_error != rows[i].want[c].parity_error ||
			    chars[c].end_bits != rows[i].want[c].end_bits)
				fail_msg("%s: character %zu is %02x, ends at %u", rows[i].what, c,
					 chars[c].byte, chars[c].end_bits);
		}
	}
}

/* The order in which stations put their frames on the wire makes no difference. */
static void order_does_not_matter(void **state)
{
	const uint8_t a[] = {1, 3, 4, 0x43, 0x66}, b[] = {1, 3, 4, 0x42, 0xc8, 0};
	static struct wire other;

	(void)state;
	for (uint32_t late = 0; late < 100; late++) {
		wire_clear(&wire);
		wire_add(&wire, 0, a, sizeof(a), SLAVE_PARITY_ODD);
		wire_add(&wire, late, b, sizeof(b), SLAVE_PARITY_ODD);
		wire_clear(&other);
		wire_add(&other, late, b, sizeof(b), SLAVE_PARITY_ODD);
		wire_add(&other, 0, a, sizeof(a), SLAVE_PARITY_ODD);
		assert_int_equal(wire.bits, other.bits);
		assert_memory_equal(wire.low, other.low, sizeof(wire.low));
	}
}

static void what_does_not_fit_is_cut_off(void **state)
{
	static uint8_t much[WIRE_CHARS_MAX + 10];

	(void)state;
	wire_clear(&wire);
	wire_add(&wire, 0, much, sizeof(much), SLAVE_PARITY_NONE);
	assert_true(wire.bits <= WIRE_BITS_MAX);
	assert_true(wire_frame(&wire, SLAVE_PARITY_NONE, chars, WIRE_CHARS_MAX) <= WIRE_CHARS_MAX);
	wire_add(&wire, WIRE_BITS_MAX - 5, much, 1, SLAVE_PARITY_NONE);
	wire_add(&wire, UINT32_MAX - 5, much, 1, SLAVE_PARITY_NONE);
	wire_clear(&wire);
	wire_add(&wire, UINT32_MAX - 5, much, 1, SLAVE_PARITY_NONE);
	assert_int_equal(wire.bits, 0);
	assert_int_equal(wire_frame(&wire, SLAVE_PARITY_NONE, chars, WIRE_CHARS_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_station_comes_through),
		cmocka_unit_test(merged_levels_are_framed_anew),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(what_does_not_fit_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
