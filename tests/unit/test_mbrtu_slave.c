/* SPDX-License-Identifier: MIT */
/*
 * test_mbrtu_slave - frames in, frames or silence out; manual A3.1, A3.2 and Modbus over Serial
 * Line V1.02 2.5.1
 */
#include "protocols/modbus/mbrtu_slave.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

/* requests and answers without their CRC; an empty answer is silence */
static const struct mbrtu_slave_config exact = {.immediate = false};

static const struct exchange {
	const char *request, *answer;
} exchanges[] = {
	/* A3.2's own examples */
	{"01 10 400D 0002 04 41200000", "01 10 400D 0002"},
	{"01 06 4010 0025", "01 06 4010 0025"},
	{"01 06 4016 0000", "01 06 4016 0000"},
	{"01 06 6048 0002", "01 06 6048 0002"},
	{"01 10 6049 0002 04 00000000", "01 10 6049 0002"},
	{"01 03 4000 0002", "01 03 04 16100649"},
	{"01 03 400D 0002", "01 03 04 41200000"},
	{"01 03 4010 0001", "01 03 02 0025"},
	/* the old map, as Inepro's own example reads it: address 0, answered with the real one */
	{"00 03 1000 0002", "01 03 04 16100649"},
	{"00 03 4003 0001", "01 03 02 0001"},
	{"00 03 0000 0001", "01 83 02"},
	{"00 03 4000 0000", "01 83 03"},
	/* writes to 0 are executed in silence */
	{"00 06 4010 0012", ""},
	{"01 03 4010 0001", "01 03 02 0012"},
	{"00 10 4010 0001 02 0013", ""},
	{"01 03 4010 0001", "01 03 02 0013"},
	{"00 06 4010 0099", ""},
	{"00 04 4000 0001", ""},
	{"00 11", ""},
	/* quantities */
	{"01 03 4000 0000", "01 83 03"},
	{"01 03 4000 007E", "01 83 03"},
	{"01 03 4000 FFFF", "01 83 03"},
	{"01 03 0000 007D", "01 83 02"},
	{"01 10 4010 0000 00", "01 90 03"},
	{"01 10 4010 0001 04 00080008", "01 90 03"},
	{"01 10 4010 0002 02 0008", "01 90 03"},
	/* addresses and values */
	{"01 03 3FFF 0001", "01 83 02"},
	{"01 06 5002 0001", "01 86 02"},
	{"01 06 400D 4120", "01 86 03"},
	{"01 06 4004 0064", "01 86 03"},
	{"01 10 400E 0001 02 0000", "01 90 02"},
	/* functions that the meter does not have */
	{"01 01 0000 0001", "01 81 01"},
	{"01 02 0000 0001", "01 82 01"},
	{"01 04 5002 0002", "01 84 01"},
	{"01 05 0000 FF00", "01 85 01"},
	{"01 07", "01 87 01"},
	{"01 08 0000 1234", "01 88 01"},
	{"01 11", "01 91 01"},
	{"01 17 4000 0001 4010 0001 02 0010", "01 97 01"},
	{"01 2B 0E 01 00", "01 AB 01"},
	{"01 00", "01 80 01"},
	{"01 7F", "01 FF 01"},
	/* answers of others, or echoes: no request at all */
	{"01 83 02", ""},
	{"01 80", ""},
	/* another address */
	{"02 03 4000 0002", ""},
	{"F8 03 4000 0002", ""},
	{"FF 03 4000 0002", ""},
	/* shorter or longer than the function */
	{"01 03 4000", ""},
	{"01 03 4000 0002 00", ""},
	{"01 03", ""},
	{"01 06 4010 00", ""},
	{"01 06 4010 0025 0000", ""},
	{"01 10 4010 0001 02 00", ""},
	{"01 10 4010 0001 02 000800", ""},
	{"01 10 4010 0001", ""},
	{"01 04 5002", ""},
	{"01 11 00", ""},
	{"01", ""},
	{"", ""},
};

static void check_exchange(struct fixture *f, const struct exchange *x)
{
	uint8_t request[512], answer[512], expected[512];
	const size_t n = fixture_bytes(x->request, request, sizeof(request));
	size_t want = fixture_bytes(x->answer, expected, sizeof(expected));
	const size_t got = fixture_ask(f, request, n, answer);

	if (want)
		want = fixture_crc(expected, want);
	if (got != want || memcmp(answer, expected, want) != 0)
		fail_msg("%s: %zu bytes %02x %02x %02x, not %s", x->request, got, answer[0],
			 answer[1], answer[2], *x->answer ? x->answer : "silence");
}

static void requests_and_answers(void **state)
{
	for (int immediate = 0; immediate < 2; immediate++) {
		struct fixture *f = fixture_create(NULL);

		(void)state;
		fixture_slave(f, &(struct mbrtu_slave_config){.immediate = immediate});
		for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
			check_exchange(f, &exchanges[i]);
		fixture_destroy(f);
	}
}

/* Every function code: 03, 06, 10 are served, others below 80 get exception 01. */
static void every_function(void **state)
{
	struct fixture *f = fixture_create(NULL);
	uint8_t request[16], answer[512];

	(void)state;
	for (unsigned function = 0; function < 256; function++) {
		size_t n = 2, got;

		request[0] = 1;
		request[1] = (uint8_t)function;
		memset(request + 2, 0, sizeof(request) - 2);
		if (function == 0x0f || function == 0x10)
			n = 7;
		else if ((function >= 1 && function <= 6) || function == 0x08)
			n = 6;
		got = fixture_ask(f, request, n, answer);
		if (function >= 0x80) {
			assert_int_equal(got, 0);
			continue;
		}
		assert_int_equal(got, 5);
		assert_int_equal(answer[1], function | 0x80);
		/* 0 registers, or address 0: the served ones know better than 01 */
		assert_int_equal(answer[2], function == 3      ? 3
					    : function == 6    ? 2
					    : function == 0x10 ? 3
							       : 1);
	}
	fixture_destroy(f);
}

static void every_unit(void **state)
{
	struct fixture *f = fixture_create((const char *[]){"settings: {modbus_id: 247}", NULL});
	uint8_t request[] = {0, 3, 0x40, 0x03, 0, 1}, answer[512];

	(void)state;
	for (unsigned unit = 0; unit < 256; unit++) {
		request[0] = (uint8_t)unit;
		assert_int_equal(fixture_ask(f, request, sizeof(request), answer),
				 unit == 247 || unit == 0 ? 7 : 0);
	}
	fixture_destroy(f);
}

/* A bad CRC is silence, in every bit; and the next frame is understood again. */
static void bad_crc_is_silence(void **state)
{
	struct fixture *f = fixture_create(NULL);
	struct slave slave = fixture_slave(f, &exact);
	uint8_t frame[8] = {1, 3, 0x40, 0, 0, 2};
	uint8_t answer[512];
	int64_t now_ns = 0;

	(void)state;
	fixture_crc(frame, 6);
	for (size_t bit = 0; bit < 64; bit++) {
		int64_t due_ns;

		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		now_ns += NS_PER_S;
		slave.ops->rx(slave.ctx, now_ns, frame, sizeof(frame));
		due_ns = slave.ops->tick(slave.ctx, now_ns);
		assert_int_equal(slave.ops->tick(slave.ctx, due_ns), SLAVE_IDLE);
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(fixture_ready_ns(f), 0); /* nothing was ever sent */
	assert_int_equal(fixture_ask(f, frame, 6, answer), 9);
	fixture_destroy(f);
}

/*
 * V1.02 2.5.1.1: more than 1.5 silent characters spoil a frame (1.72 ms at 9600 8E1), unless the
 * model takes them; 3.5 cut it (4.01 ms). How late characters may be told of counts for neither.
 */
static void frames_are_cut_by_silence(void **state)
{
	static const struct {
		const char *setting;
		int64_t char_ns;
	} rates[] = {
		{"settings: {baud: 9600}", 1145833},
		{"settings: {baud: 300}", 36666666},
		{"settings: {baud: 9600, parity: none}", 1041666},
	};
	static const struct {
		int quarters; /* of a character */
		int early;    /* 1 us less, or more */
		enum model_inner_gap inner_gap;
		bool answered;
	} gaps[] = {
		{6, -1, INNER_GAP_DISCARD, true}, {6, 1, INNER_GAP_DISCARD, false},
		{6, 1, INNER_GAP_ACCEPT, true},   {14, -1, INNER_GAP_ACCEPT, true},
		{14, 1, INNER_GAP_ACCEPT, false},
	};

	(void)state;
	for (size_t i = 0; i < 3 * 5 * 2; i++) {
		const int64_t char_ns = rates[i % 3].char_ns,
			      latency_ns = i < 15 ? 0 : 20 * NS_PER_MS;
		const int64_t t35_ns = char_ns * 7 / 2;
		struct fixture *f = fixture_create((const char *[]){rates[i % 3].setting, NULL});
		struct slave slave =
			fixture_slave(f, &(struct mbrtu_slave_config){.latency_ns = latency_ns});
		uint8_t frame[8] = {1, 3, 0x40, 0, 0, 2};
		int64_t end_ns = NS_PER_S;

		fixture_model(f)->modbus.inner_gap = gaps[i / 3 % 5].inner_gap;
		fixture_crc(frame, 6);
		slave.ops->rx(slave.ctx, end_ns, frame, 4);
		assert_int_equal(slave.ops->tick(slave.ctx, end_ns), end_ns + t35_ns + latency_ns);
		end_ns += char_ns * gaps[i / 3 % 5].quarters / 4 + latency_ns + 4 * char_ns +
			  gaps[i / 3 % 5].early * 1000;
		slave.ops->rx(slave.ctx, end_ns, frame + 4, 4);
		slave.ops->tick(slave.ctx, end_ns + t35_ns);
		assert_int_equal(fixture_ready_ns(f),
				 gaps[i / 3 % 5].answered ? end_ns + t35_ns : 0);
		fixture_destroy(f);
	}
}

/* A change of address, baud rate or parity takes effect after the answer. */
static void changes_after_the_answer(void **state)
{
	static const struct {
		const char *request, *reread;
		uint32_t baud;
		enum slave_parity parity;
	} rows[] = {
		{"01 06 4003 000A", "0A 03 4003 0001", 9600, SLAVE_PARITY_EVEN},
		{"01 06 4004 012C", "01 03 4004 0001", 300, SLAVE_PARITY_EVEN},
		{"01 06 4011 0002", "01 03 4011 0001", 9600, SLAVE_PARITY_NONE},
		{"01 10 4003 0002 04 000C 0960", "0C 03 4003 0001", 2400, SLAVE_PARITY_EVEN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *f = fixture_create(NULL);
		struct slave slave = fixture_slave(f, &exact);
		uint8_t request[64], answer[512];
		size_t n = fixture_bytes(rows[i].request, request, sizeof(request));

		assert_int_equal(fixture_ask(f, request, n, answer), 8);
		assert_int_equal(answer[0], 1);
		assert_int_equal(fixture_format(f).baud, 9600);
		assert_int_equal(fixture_format(f).parity, SLAVE_PARITY_EVEN);
		assert_int_equal(slave.ops->format(slave.ctx).baud, rows[i].baud);
		assert_int_equal(slave.ops->format(slave.ctx).parity, rows[i].parity);
		n = fixture_bytes(rows[i].reread, request, sizeof(request));
		assert_int_equal(fixture_ask(f, request, n, answer), 7);
		assert_int_equal(answer[0], request[0]);
		fixture_destroy(f);
	}
}

/* The longest read there is: 75 registers are the longest block of the meter. */
static void longest_answer(void **state)
{
	struct fixture *f = fixture_create(NULL);
	const uint8_t request[] = {1, 3, 0x60, 0, 0, 75};
	uint8_t answer[512];

	(void)state;
	assert_int_equal(fixture_ask(f, request, sizeof(request), answer), 155);
	assert_int_equal(answer[2], 150);
	assert_true(mb_frame_intact(answer, 155));
	fixture_destroy(f);
}

/* More bytes than a frame may have: silence, and the next frame is understood. */
static void overlong_is_silence(void **state)
{
	struct fixture *f = fixture_create(NULL);
	struct slave slave = fixture_slave(f, &exact);
	uint8_t junk[300], answer[512];
	const uint8_t request[] = {1, 3, 0x40, 0, 0, 2};

	(void)state;
	memset(junk, 1, sizeof(junk));
	for (int i = 0; i < 5; i++)
		slave.ops->rx(slave.ctx, 1000 * (i + 1), junk, sizeof(junk));
	slave.ops->tick(slave.ctx, NS_PER_S / 2);
	assert_int_equal(fixture_ready_ns(f), 0);
	assert_int_equal(fixture_ask(f, request, sizeof(request), answer), 9);
	fixture_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_and_answers),
		cmocka_unit_test(every_function),
		cmocka_unit_test(every_unit),
		cmocka_unit_test(bad_crc_is_silence),
		cmocka_unit_test(frames_are_cut_by_silence),
		cmocka_unit_test(changes_after_the_answer),
		cmocka_unit_test(longest_answer),
		cmocka_unit_test(overlong_is_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
