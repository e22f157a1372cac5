/* SPDX-License-Identifier: MIT */
/* test_mbframe - CRC (captures of real frames), the lengths of requests, and silences */
#include "protocols/modbus/mbframe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

/* Frames seen on real buses: field-facts 4.3. */
static void real_frames_are_intact(void **state)
{
	static const char *const frames[] = {
		"01 03 50 0C 00 06 14 CB",    "01 03 0C 41800000 41800000 41800000 97 AE",
		"01 03 50 0C 00 02 15 08",    "00 03 10 00 00 02 C1 1A",
		"01 03 04 15 06 00 01 DF FE",
	};
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		const size_t n = fixture_bytes(frames[i], bytes, sizeof(bytes));

		assert_true(mb_frame_intact(bytes, n));
		for (size_t bit = 0; bit < 8 * n; bit++) { /* any single bit is noticed */
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(mb_frame_intact(bytes, n));
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t cut = 0; cut < n; cut++)
			assert_false(mb_frame_intact(bytes, cut));
	}
}

static void lengths_of_requests(void **state)
{
	static const struct {
		const char *begin;
		size_t length;
	} rows[] = {
		{"01", 0},
		{"01 03", 8},
		{"01 03 50 02", 8},
		{"01 06 40 03", 8},
		{"01 04", 8},
		{"01 11", 4},
		{"01 10 40 0D 00 02", 0},
		{"01 10 40 0D 00 02 04", 13},
		{"01 10 40 0D 00 02 FF", 264},
		{"01 0F 00 00 00 03 01", 10},
		{"01 08 00 00", 0},
		{"01 2B 0E", 0},
		{"01 83 02", 0},
	};
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t n = fixture_bytes(rows[i].begin, bytes, sizeof(bytes));

		assert_int_equal(mb_request_length(bytes, n), rows[i].length);
	}
}

/* Manual A3.2 lists 03, 06 and 10 hex. */
static void served_functions(void **state)
{
	(void)state;
	for (int f = 0; f < 256; f++)
		assert_int_equal(mb_function_served((uint8_t)f), f == 3 || f == 6 || f == 0x10);
}

/* V1.02 2.5.1.1: in characters up to 19200 baud, 750 us and 1.75 ms above. */
static void silences_of_the_rates(void **state)
{
	static const struct {
		uint32_t baud;
		enum slave_parity parity;
		int64_t t15_ns, t35_ns;
	} rows[] = {
		{300, SLAVE_PARITY_EVEN, 54999999, 128333331},
		{300, SLAVE_PARITY_NONE, 49999999, 116666665},
		{9600, SLAVE_PARITY_EVEN, 1718749, 4010415},
		{9600, SLAVE_PARITY_ODD, 1718749, 4010415},
		{9600, SLAVE_PARITY_NONE, 1562499, 3645831},
		{19200, SLAVE_PARITY_EVEN, 859374, 2005206},
		{19200, SLAVE_PARITY_NONE, 781249, 1822915},
		{19201, SLAVE_PARITY_EVEN, 750000, 1750000},
		{38400, SLAVE_PARITY_EVEN, 750000, 1750000},
		{38400, SLAVE_PARITY_NONE, 750000, 1750000},
		{115200, SLAVE_PARITY_EVEN, 750000, 1750000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct slave_format format = {rows[i].baud, rows[i].parity};

		assert_int_equal(mb_t15_ns(&format), rows[i].t15_ns);
		assert_int_equal(mb_t35_ns(&format), rows[i].t35_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_frames_are_intact),
		cmocka_unit_test(lengths_of_requests),
		cmocka_unit_test(served_functions),
		cmocka_unit_test(silences_of_the_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
