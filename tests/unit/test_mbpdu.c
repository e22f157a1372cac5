/* SPDX-License-Identifier: MIT */
/* test_mbpdu - answers by libmodbus, byte for byte, and fast: it must not sleep */
#include "protocols/modbus/mbpdu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <modbus.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

static size_t request_of(const char *hex, uint8_t *bytes)
{
	return fixture_crc(bytes, fixture_bytes(hex, bytes, 256));
}

static void answers(void **state)
{
	static const struct {
		const char *request, *answer;
		uint16_t address, count;
		enum mb_exception exception;
	} rows[] = {
		{"01 03 5002 0002", "01 03 04 4366 199A", 0x5002, 2, MB_OK},
		{"2A 03 FFFF 0001", "2A 03 02 4366", 0xffff, 1, MB_OK},
		{"01 06 4003 000A", "01 06 4003 000A", 0x4003, 1, MB_OK},
		{"01 10 400D 0002 04 41200000", "01 10 400D 0002", 0x400d, 2, MB_OK},
		{"01 04 5002 0002", "01 84 01", 0, 0, MB_ILLEGAL_FUNCTION},
		{"01 08 0000 1234", "01 88 01", 0, 0, MB_ILLEGAL_FUNCTION},
		{"01 2B 0E 01 00", "01 AB 01", 0, 0, MB_ILLEGAL_FUNCTION},
		{"01 03 0000 0001", "01 83 02", 0, 0, MB_ILLEGAL_ADDRESS},
		{"F7 10 400D 0002 04 41200000", "F7 90 03", 0, 0, MB_ILLEGAL_VALUE},
	};
	struct mbpdu *pdu;

	(void)state;
	assert_int_equal(mbpdu_create(&pdu), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t words[MB_READ_MAX] = {0x4366, 0x199a};
		uint8_t request[256], expected[256], answer[MB_FRAME_MAX];
		const size_t n = request_of(rows[i].request, request);
		const size_t want = request_of(rows[i].answer, expected);
		int got;

		if (rows[i].exception)
			got = mbpdu_exception(pdu, request, rows[i].exception, answer);
		else
			got = mbpdu_reply(pdu, request, n, rows[i].address, rows[i].count, words,
					  answer);
		assert_int_equal(got, want);
		assert_memory_equal(answer, expected, want);
	}
	mbpdu_destroy(pdu);
	mbpdu_destroy(NULL);
}

/* What libmodbus itself says to a read, through a socketpair of the test's. */
static size_t by_the_library(modbus_t *ctx, int fd, const uint8_t *request, uint16_t address,
			     uint16_t count, uint16_t *words, uint8_t *answer)
{
	modbus_mapping_t mapping = {.start_registers = address,
				    .nb_registers = count,
				    .tab_registers = words};

	assert_true(modbus_reply(ctx, request, 8, &mapping) > 0);
	return (size_t)read(fd, answer, MB_FRAME_MAX);
}

/* The answers to reads are put together without libmodbus: the same bytes, for every length. */
static void reads_are_as_the_library_has_them(void **state)
{
	uint16_t words[MB_READ_MAX];
	uint8_t request[256], expected[MB_FRAME_MAX], answer[MB_FRAME_MAX];
	modbus_t *ctx = modbus_new_rtu("/dev/null", 9600, 'E', 8, 1);
	struct mbpdu *pdu;
	int fds[2];

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	modbus_set_socket(ctx, fds[0]);
	assert_int_equal(mbpdu_create(&pdu), 0);
	for (uint16_t i = 0; i < MB_READ_MAX; i++)
		words[i] = (uint16_t)(i * 40503u);
	for (uint16_t count = 1; count <= MB_READ_MAX; count++) {
		const uint16_t address = (uint16_t)(0x4000 + count);
		const uint8_t bytes[6] = {(uint8_t)count,   3, (uint8_t)(address >> 8),
					  (uint8_t)address, 0, (uint8_t)count};
		size_t want;

		memcpy(request, bytes, sizeof(bytes));
		fixture_crc(request, sizeof(bytes));
		want = by_the_library(ctx, fds[1], request, address, count, words, expected);
		assert_int_equal(mbpdu_reply(pdu, request, 8, address, count, words, answer), want);
		assert_memory_equal(answer, expected, want);
	}
	mbpdu_destroy(pdu);
	modbus_free(ctx);
	close(fds[0]);
	close(fds[1]);
}

/* libmodbus sleeps for its response timeout before exceptions 01 and 03: 0.5 s by default. */
static void exceptions_do_not_sleep(void **state)
{
	uint8_t request[256], answer[MB_FRAME_MAX];
	struct timespec begin, end;
	struct mbpdu *pdu;

	(void)state;
	request_of("01 03 5002 0000", request);
	assert_int_equal(mbpdu_create(&pdu), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < 20; i++)
		assert_int_equal(mbpdu_exception(pdu, request, MB_ILLEGAL_VALUE, answer), 5);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 5);
	mbpdu_destroy(pdu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(reads_are_as_the_library_has_them),
		cmocka_unit_test(exceptions_do_not_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
