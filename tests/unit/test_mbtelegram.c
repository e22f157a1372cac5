/* SPDX-License-Identifier: MIT */
/*
 * test_mbtelegram - what telegrams are about, how people read them, and how they are spoilt
 *
 * Rows are bytes without their CRC, which is added, unless a row is raw.
 */
#include "protocols/modbus/mbtelegram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "protocols/modbus/mbframe.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NONE     TELEGRAM_NONE

enum how { SEALED, RAW };

static size_t bytes_of(const char *hex, enum how how, uint8_t *bytes, size_t cap_bytes)
{
	const size_t n = fixture_bytes(hex, bytes, cap_bytes - 2);

	return how == RAW ? n : fixture_crc(bytes, n);
}

/* In memory of exactly their size: one byte too far is seen by ASan. */
static void look(const uint8_t *bytes, size_t len_bytes, bool from_master,
		 struct telegram_facts *ret)
{
	uint8_t *exact = malloc(len_bytes ? len_bytes : 1);

	assert_non_null(exact);
	memcpy(exact, bytes, len_bytes);
	mb_protocol.look(exact, len_bytes, from_master, ret);
	free(exact);
}

static void check_facts(const char *row, const struct telegram_facts *got,
			const struct telegram_facts *want)
{
	if (got->intact != want->intact || got->answerable != want->answerable ||
	    got->foreign != want->foreign || got->station != want->station ||
	    got->function != want->function || got->exception != want->exception ||
	    got->registers != want->registers)
		fail_msg("%s: intact %d answerable %d foreign %d station %d function %d exception "
			 "%d registers %d",
			 row, got->intact, got->answerable, got->foreign, got->station,
			 got->function, got->exception, got->registers);
	if (want->registers) {
		assert_int_equal(got->first, want->first);
		assert_int_equal(got->last, want->last);
	}
	if (want->fault)
		assert_string_equal(got->fault, want->fault);
	else
		assert_null(got->fault);
}

static void requests_are_understood(void **state)
{
	static const struct {
		const char *hex;
		int station, function;
		bool answerable, registers;
		uint32_t first, last;
	} rows[] = {
		{"01 03 5002 0006", 1, 3, true, true, 0x5002, 0x5007},
		{"01 03 5002 0001", 1, 3, true, true, 0x5002, 0x5002},
		{"01 03 5002 0000", 1, 3, true, false, 0, 0},
		{"00 03 1000 0002", 0, 3, false, true, 0x1000, 0x1001},
		{"F7 04 FFFF 007D", 0xf7, 4, true, true, 0xffff, 0x1007b},
		{"02 01 0013 0013", 2, 1, true, true, 0x13, 0x25},
		{"02 02 00C4 0016", 2, 2, true, true, 0xc4, 0xd9},
		{"02 05 00AC FF00", 2, 5, true, true, 0xac, 0xac},
		{"02 06 4003 0002", 2, 6, true, true, 0x4003, 0x4003},
		{"00 06 4003 0002", 0, 6, false, true, 0x4003, 0x4003},
		{"02 0F 0013 000A 02 CD01", 2, 15, true, true, 0x13, 0x1c},
		{"02 10 400D 0002 04 0001 0002", 2, 16, true, true, 0x400d, 0x400e},
		{"02 10 400D 0000 00", 2, 16, true, false, 0, 0},
		{"02 11", 2, 17, true, false, 0, 0},
		{"02 2B 0E 01 00", 2, 0x2b, true, false, 0, 0},
		{"02 08 0000 1234", 2, 8, true, false, 0, 0},
	};
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct telegram_facts want = {.intact = true,
						    .answerable = rows[i].answerable,
						    .station = rows[i].station,
						    .function = rows[i].function,
						    .registers = rows[i].registers,
						    .first = rows[i].first,
						    .last = rows[i].last};
		const size_t n = bytes_of(rows[i].hex, SEALED, bytes, sizeof(bytes));
		struct telegram_facts got;

		look(bytes, n, true, &got);
		check_facts(rows[i].hex, &got, &want);
	}
}

static void answers_are_understood(void **state)
{
	static const struct {
		const char *hex;
		bool from_master;
		int station, function, exception;
	} rows[] = {
		{"01 03 02 1234", false, 1, 3, 0},
		{"01 03 5002 0006", false, 1, 3, 0}, /* a request's echo, for all one can tell */
		{"01 83 02", false, 1, 3, 2},
		{"F7 90 0B", false, 0xf7, 16, 11},
		{"01 10 400D 0002", false, 1, 16, 0},
		/* other stations' on the master's side */
		{"02 03 04 0001 0002", true, 2, 3, 0},
		{"02 01 01 05", true, 2, 1, 0},
		{"02 83 02", true, 2, 3, 2},
		{"02 86 04", true, 2, 6, 4},
		{"02 10 400D 0002", true, 2, 16, 0},
		{"02 0F 0013 000A", true, 2, 15, 0},
	};
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct telegram_facts want = {.intact = true,
						    .foreign = rows[i].from_master,
						    .station = rows[i].station,
						    .function = rows[i].function,
						    .exception = rows[i].exception};
		const size_t n = bytes_of(rows[i].hex, SEALED, bytes, sizeof(bytes));
		struct telegram_facts got;

		look(bytes, n, rows[i].from_master, &got);
		check_facts(rows[i].hex, &got, &want);
	}
}

static void broken_ones_say_why(void **state)
{
	static const struct {
		const char *hex;
		enum how how;
		bool from_master;
		const char *fault;
	} rows[] = {
		{"", RAW, true, "too short"},
		{"01", RAW, false, "too short"},
		{"01 03 50", RAW, true, "too short"},
		{"01", SEALED, true, "too short"},
		{"01 03 5002 0006 0000", RAW, true, "CRC error"},
		{"01 03 5002 0006 0000", RAW, false, "CRC error"},
		{"01 03 5002 0006 00", SEALED, true, "wrong length"},
		{"01 03 5002 00", SEALED, true, "wrong length"},
		{"01 06 4003 00", SEALED, true, "wrong length"},
		{"01 11 00", SEALED, true, "wrong length"},
		{"01 0F 0000", SEALED, true, "wrong length"},
		{"01 83", SEALED, true, "wrong length"},
		{"01 83", SEALED, false, "wrong length"},
		{"01 83 02 00", SEALED, false, "wrong length"},
		{"01 10", SEALED, true, "wrong length"},
		{"01 10 400D", SEALED, true, "wrong length"},
		{"01 10 400D 00", SEALED, true, "wrong length"},
		{"01 10 400D 0002 04 0001 00", SEALED, true, "wrong length"},
		{"01 10 400D 0002 04 0001 0002 00", SEALED, true, "wrong length"},
		{"01 0F 0013 000A 02 CD", SEALED, true, "wrong length"},
	};
	uint8_t bytes[300] = {1, 0x2b};
	struct telegram_facts got;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct telegram_facts want = {.station = NONE,
						    .function = NONE,
						    .fault = rows[i].fault};

		look(bytes, bytes_of(rows[i].hex, rows[i].how, bytes, sizeof(bytes)),
		     rows[i].from_master, &got);
		check_facts(rows[i].hex, &got, &want);
	}
	memset(bytes, 0x2b, sizeof(bytes));
	look(bytes, fixture_crc(bytes, MB_FRAME_MAX - 2), true, &got);
	assert_true(got.intact);
	memset(bytes, 0x2b, sizeof(bytes));
	look(bytes, fixture_crc(bytes, MB_FRAME_MAX - 1), true, &got);
	assert_string_equal(got.fault, "too long");
}

struct described {
	const char *hex;
	enum how how;
	bool from_master;
	const char *request; /* or NULL */
	const char *text;
};

static void people_can_read_them(void **state)
{
	static const struct described rows[] = {
		{"01 03 5002 0006", SEALED, true, NULL, "1: read 0x5002..0x5007"},
		{"01 03 5002 0001", SEALED, true, NULL, "1: read 0x5002"},
		{"01 03 5002 0000", SEALED, true, NULL, "1: read 0x5002, none"},
		{"00 06 4003 0002", SEALED, true, NULL, "all: write 0x4003 = 0002"},
		{"F7 10 400D 0002 04 0001 BEEF", SEALED, true, NULL,
		 "247: write 0x400d..0x400e = 0001 beef"},
		{"01 04 0010 0002", SEALED, true, NULL, "1: function 0x04 0x0010..0x0011"},
		{"01 2B 0E 01 00", SEALED, true, NULL, "1: function 0x2b"},
		{"01 03 5002 0006 0000", RAW, true, NULL, "CRC error"},
		{"01 03 50", RAW, false, NULL, "too short"},
		{"02 03 02 1234", SEALED, true, NULL, "2: 2 bytes = 1234"}, /* foreign */
		{"01 03 04 1234 5678", SEALED, false, "01 03 5002 0002", "1: 0x5002 = 1234 5678"},
		{"01 03 04 1234 5678", SEALED, false, NULL, "1: 4 bytes = 1234 5678"},
		{"01 03 04 1234 5678", SEALED, false, "01 06 4003 0001", "1: 4 bytes = 1234 5678"},
		{"01 03 04 1234 5678", SEALED, false, "01 03 5002 0000", "1: 4 bytes = 1234 5678"},
		{"01 03 00", SEALED, false, NULL, "1: 0 bytes ="},
		{"01 06 4003 0002", SEALED, false, "01 06 4003 0002", "1: written"},
		{"01 10 400D 0002", SEALED, false, NULL, "1: written"},
		{"01 83 02", SEALED, false, "01 03 5002 0002",
		 "1: exception 02, illegal data address"},
		{"01 86 01", SEALED, false, NULL, "1: exception 01, illegal function"},
		{"01 86 03", SEALED, false, NULL, "1: exception 03, illegal data value"},
		{"01 86 04", SEALED, false, NULL, "1: exception 04, device failure"},
		{"01 86 06", SEALED, false, NULL, "1: exception 06, busy"},
		{"01 86 0B", SEALED, false, NULL,
		 "1: exception 11, gateway target does not respond"},
		{"01 86 07", SEALED, false, NULL, "1: exception 07, unknown"},
		{"01 86 FF", SEALED, false, NULL, "1: exception 255, unknown"},
		{"01 04 02 1234", SEALED, false, NULL, "1: function 0x04"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[64], asked[64];
		struct telegram t = {.from_master = rows[i].from_master, .bytes = bytes};
		struct telegram request = {.from_master = true, .bytes = asked};
		char text[TELEGRAM_TEXT_MAX];

		t.len_bytes = bytes_of(rows[i].hex, rows[i].how, bytes, sizeof(bytes));
		if (rows[i].request)
			request.len_bytes = bytes_of(rows[i].request, SEALED, asked, sizeof(asked));
		memset(text, 'x', sizeof(text));
		mb_protocol.describe(&t, rows[i].request ? &request : NULL, text);
		assert_string_equal(text, rows[i].text);
	}
}

/* Twelve words are enough for anybody. */
static void long_ones_are_cut(void **state)
{
	uint8_t bytes[MB_FRAME_MAX] = {1, MB_READ_HOLDING, 250};
	struct telegram t = {.bytes = bytes};
	char text[TELEGRAM_TEXT_MAX];

	(void)state;
	t.len_bytes = fixture_crc(bytes, 253);
	mb_protocol.describe(&t, NULL, text);
	assert_string_equal(text, "1: 250 bytes = 0000 0000 0000 0000 0000 0000 0000 0000 0000 "
				  "0000 0000 0000 and 113 more");
}

enum spoil { SEAL, STATION, FUNCTION };

static void they_are_spoilt_and_sealed(void **state)
{
	static const struct {
		enum spoil spoil;
		const char *before; /* raw */
		const char *after;  /* without its CRC */
	} rows[] = {
		{SEAL, "01 03 5002 0006 0000", "01 03 5002 0006"},
		{SEAL, "01 03 0000", "01 03"},
		{STATION, "02 03 5002 0006 0000", "03 03 5002 0006"},
		{STATION, "01 03 5002 0006 0000", "02 03 5002 0006"}, /* not a broadcast */
		{STATION, "00 06 4003 0001 0000", "01 06 4003 0001"},
		{STATION, "F7 83 02 0000", "F6 83 02"},
		{FUNCTION, "01 03 5002 0006 0000", "01 02 5002 0006"},
		{FUNCTION, "01 06 4003 0001 0000", "01 07 4003 0001"},
		{FUNCTION, "01 10 400D 0002 0000", "01 11 400D 0002"},
		{FUNCTION, "01 83 02 0000", "01 82 02"},
	};
	uint8_t bytes[64], expected[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t n = fixture_bytes(rows[i].before, bytes, sizeof(bytes));
		const size_t want = bytes_of(rows[i].after, SEALED, expected, sizeof(expected));

		assert_int_equal(n, want);
		if (rows[i].spoil == SEAL)
			mb_protocol.seal(bytes, n);
		else if (rows[i].spoil == STATION)
			mb_protocol.another_station(bytes, n);
		else
			mb_protocol.another_function(bytes, n);
		assert_memory_equal(bytes, expected, n);
	}
}

/* Too short for a CRC: there is nothing to seal, and nothing beyond is touched. */
static void short_ones_are_left_alone(void **state)
{
	static const struct {
		size_t len_bytes;
		uint8_t station, function;
	} rows[] = {{1, 2, 3}, {2, 2, 2}, {3, 2, 2}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[4] = {1, 3, 0x55, 0xaa};
		size_t at = 77;

		assert_int_equal(mb_protocol.check_field(bytes, rows[i].len_bytes, &at), 0);
		assert_int_equal(at, 77);
		mb_protocol.seal(bytes, rows[i].len_bytes);
		assert_int_equal(mb_protocol.refuse(bytes, rows[i].len_bytes, 2), 0);
		mb_protocol.another_station(bytes, rows[i].len_bytes);
		mb_protocol.another_function(bytes, rows[i].len_bytes);
		assert_int_equal(bytes[0], rows[i].station);
		assert_int_equal(bytes[1], rows[i].function);
		assert_int_equal(bytes[2], 0x55);
		assert_int_equal(bytes[3], 0xaa);
	}
}

static void the_check_field_is_at_the_end(void **state)
{
	uint8_t bytes[8] = {0};

	(void)state;
	for (size_t n = MB_FRAME_MIN; n <= sizeof(bytes); n++) {
		size_t at = 0;

		assert_int_equal(mb_protocol.check_field(bytes, n, &at), 2);
		assert_int_equal(at, n - 2);
	}
}

static void answers_become_refusals(void **state)
{
	static const struct {
		const char *answer;
		uint8_t code;
		const char *refusal;
	} rows[] = {
		{"01 03 04 1234 5678", 2, "01 83 02"},
		{"07 10 400D 0002", 4, "07 90 04"},
		{"01 11", 6, "01 91 06"}, /* one byte longer than it was */
		{"01 83 02", 255, "01 83 FF"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[TELEGRAM_MAX], expected[16];
		const size_t n = bytes_of(rows[i].answer, SEALED, bytes, sizeof(bytes));

		assert_int_equal(bytes_of(rows[i].refusal, SEALED, expected, sizeof(expected)), 5);
		assert_int_equal(mb_protocol.refuse(bytes, n, rows[i].code), 5);
		assert_memory_equal(bytes, expected, 5);
	}
}

static void it_has_names_and_silences(void **state)
{
	const struct slave_format format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN};
	const uint8_t request[8] = {1, 3};

	(void)state;
	assert_string_equal(mb_protocol.name, "Modbus RTU");
	assert_string_equal(mb_protocol.dissector, "mbrtu");
	assert_string_equal(mb_protocol.check, "crc");
	assert_int_equal(mb_protocol.inner_gap_ns(&format), 1718749);
	assert_int_equal(mb_protocol.end_gap_ns(&format), 4010415);
	assert_true(mb_protocol.whole(request, sizeof(request)));
	assert_false(mb_protocol.whole(request, sizeof(request) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_understood),
		cmocka_unit_test(answers_are_understood),
		cmocka_unit_test(broken_ones_say_why),
		cmocka_unit_test(people_can_read_them),
		cmocka_unit_test(long_ones_are_cut),
		cmocka_unit_test(they_are_spoilt_and_sealed),
		cmocka_unit_test(short_ones_are_left_alone),
		cmocka_unit_test(the_check_field_is_at_the_end),
		cmocka_unit_test(answers_become_refusals),
		cmocka_unit_test(it_has_names_and_silences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
