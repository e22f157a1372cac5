/* SPDX-License-Identifier: MIT */
/*
 * golden_first_light - the three register blocks of manual A3.2 for one load, worked out by hand
 *
 * 230 V, 50 Hz; L1 10 A at 0 deg, L2 5 A at 60 deg, L3 2 A at 170 deg. Per phase:
 *
 *	P = U I cos:  2300         575          -453.0116   sum  2421.9884 W
 *	Q = U I sin:     0         995.9292       79.8782   sum  1075.8074 var
 *	S = U I:      2300        1150           460        sum  3910 VA
 *	PF = |P|/S:      1           0.5           0.9848   of the sums 2421.99/2650.18 = 0.9139
 *	quadrant:        I           I            II        of the sums I
 *
 * kW, kvar and kVA to 0.001, A to 0.01 with the sign of the direction, PF to 0.01 (field-facts
 * 4.2). After 10,000 s, in Wh, cut to 0.01 kWh: forward L1 6388.8, L2 1597.2, sum 7986.1;
 * reverse L3 1258.3; varh: L2 2766.4, L3 221.8, sum 2988.3. Code 01: totals are the forward ones.
 * The identity block is that of field-facts 4.1, with serial number 16100649, power-down counter
 * 0, and directions and quadrants as above.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

struct golden {
	uint16_t address;
	const char *hex; /* the words, or NULL: then number, as a float */
	double number;
};

static const struct golden block_4000[] = {
	{0x4000, "1610 0649", 0},                      /* packed BCD */
	{0x4002, "0102", 0},                           /* PRO380 DC */
	{0x4003, "0001", 0},      {0x4004, "2580", 0}, /* 9600 */
	{0x4005, "404C CCCD", 0},                      /* 3.2 */
	{0x4007, "400B 851F", 0},                      /* 2.18 */
	{0x4009, "3FA8 F5C3", 0},                      /* 1.32 */
	{0x400B, "0064", 0},                           /* 100 A */
	{0x400C, "0000", 0},                           /* no current transformer */
	{0x400D, "447A 0000", 0},                      /* 1000 imp/kWh */
	{0x400F, "0001", 0},      {0x4010, "0010", 0}, /* 10 s, packed BCD */
	{0x4011, "0001", 0},                           /* even */
	{0x4012, "3146", 0},                           /* 1F */
	{0x4013, "3246", 0},                           /* 2F */
	{0x4014, "3352", 0},                           /* 3R */
	{0x4015, "0000", 0},      {0x4016, "0000", 0},      {0x4017, "0001", 0},
	{0x4018, "0001", 0},      {0x4019, "0001", 0},      {0x401A, "0002", 0},
	{0x401B, "0D01 2D35", 0}, {0x401D, "0011 0111", 0}, /* S 11 111 */
	{0x401F, "0005", 0},
};

static const struct golden block_5000[] = {
	{0x5000, NULL, 0},      {0x5002, NULL, 230},   {0x5004, NULL, 230}, {0x5006, NULL, 230},
	{0x5008, NULL, 50},     {0x500A, NULL, 0},     {0x500C, NULL, 10},  {0x500E, NULL, 5},
	{0x5010, NULL, -2},     {0x5012, NULL, 2.422}, {0x5014, NULL, 2.3}, {0x5016, NULL, 0.575},
	{0x5018, NULL, -0.453}, {0x501A, NULL, 1.076}, {0x501C, NULL, 0},   {0x501E, NULL, 0.996},
	{0x5020, NULL, 0.08},   {0x5022, NULL, 3.91},  {0x5024, NULL, 2.3}, {0x5026, NULL, 1.15},
	{0x5028, NULL, 0.46},   {0x502A, NULL, 0.91},  {0x502C, NULL, 1},   {0x502E, NULL, 0.5},
	{0x5030, NULL, 0.98},
};

static const struct golden block_6000[] = {
	/* total active: sum, T1, T2, L1, L2, L3 */
	{0x6000, NULL, 7.98},
	{0x6002, NULL, 7.98},
	{0x6004, NULL, 0},
	{0x6006, NULL, 6.38},
	{0x6008, NULL, 1.59},
	{0x600A, NULL, 0},
	/* forward active */
	{0x600C, NULL, 7.98},
	{0x600E, NULL, 7.98},
	{0x6010, NULL, 0},
	{0x6012, NULL, 6.38},
	{0x6014, NULL, 1.59},
	{0x6016, NULL, 0},
	/* reverse active */
	{0x6018, NULL, 1.25},
	{0x601A, NULL, 1.25},
	{0x601C, NULL, 0},
	{0x601E, NULL, 0},
	{0x6020, NULL, 0},
	{0x6022, NULL, 1.25},
	/* total reactive */
	{0x6024, NULL, 2.98},
	{0x6026, NULL, 2.98},
	{0x6028, NULL, 0},
	{0x602A, NULL, 0},
	{0x602C, NULL, 2.76},
	{0x602E, NULL, 0.22},
	/* forward reactive */
	{0x6030, NULL, 2.98},
	{0x6032, NULL, 2.98},
	{0x6034, NULL, 0},
	{0x6036, NULL, 0},
	{0x6038, NULL, 2.76},
	{0x603A, NULL, 0.22},
	/* reverse reactive */
	{0x603C, NULL, 0},
	{0x603E, NULL, 0},
	{0x6040, NULL, 0},
	{0x6042, NULL, 0},
	{0x6044, NULL, 0},
	{0x6046, NULL, 0},
	{0x6048, "0001", 0},  /* T1 */
	{0x6049, NULL, 7.98}, /* the day counter: forward energy */
};

static size_t words_of(const struct golden *g, uint8_t *bytes)
{
	const float number = (float)g->number;
	uint32_t bits;

	if (g->hex)
		return fixture_bytes(g->hex, bytes, 8);
	memcpy(&bits, &number, sizeof(bits));
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(bits >> (24 - 8 * i));
	return 4;
}

/* Reads the whole block in one request and compares every byte. */
static void check_block(struct fixture *f, uint16_t address, uint8_t count,
			const struct golden *rows, size_t row_count)
{
	const uint8_t request[] = {1, 3, (uint8_t)(address >> 8), (uint8_t)address, 0, count};
	uint8_t answer[512], words[8];
	size_t at = 3;

	assert_int_equal(fixture_ask(f, request, sizeof(request), answer), 5 + 2 * count);
	for (size_t i = 0; i < row_count; i++) {
		const size_t n = words_of(&rows[i], words);

		assert_int_equal(rows[i].address, address + (at - 3) / 2); /* no gap in the table */
		if (memcmp(answer + at, words, n) != 0)
			fail_msg("%04X: %02X%02X %02X%02X, not %02X%02X %02X%02X", rows[i].address,
				 answer[at], answer[at + 1], answer[at + 2], answer[at + 3],
				 words[0], words[1], words[2], words[3]);
		at += n;
	}
	assert_int_equal(at, 3 + 2 * count);
}

static void three_blocks(void **state)
{
	struct fixture *f = fixture_create(
		(const char *[]){"grid: {voltage: 230, frequency: 50}",
				 "load: {current: [10, 5, 2], angle: [0, 60, 170]}", NULL});

	(void)state;
	fixture_run(f, 10000 * NS_PER_S);
	check_block(f, 0x4000, 32, block_4000, sizeof(block_4000) / sizeof(block_4000[0]));
	check_block(f, 0x5000, 50, block_5000, sizeof(block_5000) / sizeof(block_5000[0]));
	check_block(f, 0x6000, 75, block_6000, sizeof(block_6000) / sizeof(block_6000[0]));
	fixture_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(three_blocks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
