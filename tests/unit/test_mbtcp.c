/* SPDX-License-Identifier: MIT */
/*
 * test_mbtcp - telegrams of Modbus TCP are cut from a stream, become serial frames and come back
 *
 * The first exchange is the example of the Application Protocol V1.1b3 6.3.
 */
#include "protocols/modbus/mbtcp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In memory of exactly their size: one byte too far is seen by ASan. */
static int length_of(const uint8_t *bytes, size_t len_bytes)
{
	uint8_t *exact = malloc(len_bytes ? len_bytes : 1);
	int r;

	assert_non_null(exact);
	memcpy(exact, bytes, len_bytes);
	r = mbtcp_length(exact, len_bytes);
	free(exact);
	return r;
}

static void lengths_are_told(void **state)
{
	static const struct {
		const char *begin;
		int length;
	} rows[] = {
		{"", 0},
		{"0001 0000 00", 0},
		{"0001 0000 0006", 0},
		{"0001 0000 0006 11 03 006B 00", 0},
		{"0001 0000 0006 11 03 006B 0003", 12},
		{"0001 0000 0006 11 03 006B 0003 0002", 12}, /* the next one has begun */
		{"FFFF 0000 0002 FF 11", 8},
		{"0001 0000 0002", 0},
		{"0001 0000 0001", -EPROTO}, /* no function */
		{"0001 0000 0000", -EPROTO},
		{"0001 0000 00FE", 0}, /* 260 bytes: the most there is */
		{"0001 0000 00FF", -EPROTO},
		{"0001 0000 0106 11 03", -EPROTO},
		{"0001 0001 0006", -EPROTO}, /* another protocol */
		{"0001 0100 0006 11 03 006B 0003", -EPROTO},
	};
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t n = fixture_bytes(rows[i].begin, bytes, sizeof(bytes));

		if (length_of(bytes, n) != rows[i].length)
			fail_msg("%s: %d", rows[i].begin, length_of(bytes, n));
	}
}

static void the_longest_is_told(void **state)
{
	uint8_t bytes[MBTCP_MAX + 1] = {0, 1, 0, 0, 0, 254, 17, 3};

	(void)state;
	assert_int_equal(length_of(bytes, MBTCP_MAX - 1), 0);
	assert_int_equal(length_of(bytes, MBTCP_MAX), MBTCP_MAX);
	assert_int_equal(length_of(bytes, MBTCP_MAX + 1), MBTCP_MAX);
}

static void they_become_frames(void **state)
{
	static const struct {
		const char *telegram;
		const char *frame; /* without CRC */
	} rows[] = {
		{"0001 0000 0006 11 03 006B 0003", "11 03 006B 0003"},
		{"ABCD 0000 0002 FF 11", "FF 11"},
		{"0000 0000 000B 00 10 400D 0002 04 00010002", "00 10 400D 0002 04 00010002"},
	};
	uint8_t telegram[64], expected[64], frame[MB_FRAME_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t n = fixture_bytes(rows[i].telegram, telegram, sizeof(telegram));
		const size_t want = fixture_crc(expected, fixture_bytes(rows[i].frame, expected,
									sizeof(expected) - 2));

		assert_int_equal(mbtcp_to_frame(telegram, n, frame), want);
		assert_memory_equal(frame, expected, want);
	}
}

/* 260 bytes become 256, not one more. */
static void the_longest_becomes_a_frame(void **state)
{
	uint8_t telegram[MBTCP_MAX] = {0, 1, 0, 0, 0, 254, 17, 3}, answer[MBTCP_MAX];
	uint8_t *frame = malloc(MB_FRAME_MAX);

	(void)state;
	assert_non_null(frame);
	for (size_t i = 8; i < sizeof(telegram); i++)
		telegram[i] = (uint8_t)i;
	assert_int_equal(mbtcp_to_frame(telegram, sizeof(telegram), frame), MB_FRAME_MAX);
	assert_true(mb_frame_intact(frame, MB_FRAME_MAX));
	assert_memory_equal(frame, telegram + 6, MB_FRAME_MAX - 2);
	assert_int_equal(mbtcp_answer(telegram, frame, MB_FRAME_MAX, answer), MBTCP_MAX);
	assert_memory_equal(answer, telegram, sizeof(telegram));
	free(frame);
}

/* Transaction and protocol are the request's, all else is the station's. */
static void answers_bear_the_transaction(void **state)
{
	static const struct {
		const char *telegram;
		const char *frame; /* without CRC */
		const char *answer;
	} rows[] = {
		{"0001 0000 0006 11 03 006B 0003", "11 03 06 022B 0000 0064",
		 "0001 0000 0009 11 03 06 022B 0000 0064"},
		{"FFFE 0000 0006 11 03 006B 0003", "11 83 02", "FFFE 0000 0003 11 83 02"},
		{"1234 0000 0006 00 06 4003 0002", "07 06 4003 0002",
		 "1234 0000 0006 07 06 4003 0002"},
		{"1234 0000 0002 01 11", "01 11", "1234 0000 0002 01 11"},
	};
	uint8_t telegram[64], frame[64], expected[64], answer[MBTCP_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t want = fixture_bytes(rows[i].answer, expected, sizeof(expected));
		const size_t n =
			fixture_crc(frame, fixture_bytes(rows[i].frame, frame, sizeof(frame) - 2));

		fixture_bytes(rows[i].telegram, telegram, sizeof(telegram));
		assert_int_equal(mbtcp_answer(telegram, frame, n, answer), want);
		assert_memory_equal(answer, expected, want);
		assert_int_equal(mbtcp_length(answer, want), want);
	}
}

static void the_gateway_refuses(void **state)
{
	static const struct {
		const char *telegram;
		uint8_t code;
		const char *answer;
	} rows[] = {
		{"0001 0000 0006 11 03 006B 0003", 11, "0001 0000 0003 11 83 0B"},
		{"0203 0000 0006 F7 06 4003 0002", 10, "0203 0000 0003 F7 86 0A"},
		{"0203 0000 0002 00 83", 1, "0203 0000 0003 00 83 01"},
	};
	uint8_t telegram[64], expected[64], answer[MBTCP_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t want = fixture_bytes(rows[i].answer, expected, sizeof(expected));

		fixture_bytes(rows[i].telegram, telegram, sizeof(telegram));
		assert_int_equal(mbtcp_refuse(telegram, rows[i].code, answer), want);
		assert_memory_equal(answer, expected, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_are_told),
		cmocka_unit_test(the_longest_is_told),
		cmocka_unit_test(they_become_frames),
		cmocka_unit_test(the_longest_becomes_a_frame),
		cmocka_unit_test(answers_bear_the_transaction),
		cmocka_unit_test(the_gateway_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
