/* SPDX-License-Identifier: MIT */
/*
 * walk - every address and every function code over a real pty
 *
 * usage: walk PTY, of a bench with pace off whose time stands still. Reads one register at each of
 * the 65536 addresses: which of them answer is compared with tests/lib/register_table, and their
 * values with a meter of the same configuration in this process (whose registers test_mbmap and
 * the golden test compare with the sources). Then sends every function code and compares answer,
 * exception or silence. Exits with 1 and says where it differs.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "fixture.h"
#include "protocols/modbus/mbmap.h"
#include "register_table.h"

#define ANSWER_MS  5000 /* an answer is waited for, silence is proven by the next answer */
#define FRAME_SIZE 300

static void fail(const char *what, unsigned number, const uint8_t *answer, size_t n)
{
	fprintf(stderr, "%s %04X: %zu bytes:", what, number, n);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, " %02x", answer[i]);
	fputc('\n', stderr);
	exit(1);
}

static int open_raw(const char *path)
{
	struct termios t;
	int fd = open(path, O_RDWR | O_NOCTTY);

	if (fd < 0 || tcgetattr(fd, &t) < 0) {
		perror(path);
		exit(1);
	}
	cfmakeraw(&t);
	cfsetspeed(&t, B9600);
	tcsetattr(fd, TCSANOW, &t);
	return fd;
}

static void put(int fd, uint8_t *request, size_t n)
{
	n = fixture_crc(request, n);
	if (write(fd, request, n) != (ssize_t)n)
		exit(1);
}

/* want bytes, or what came until time was up. */
static size_t get(int fd, uint8_t *answer, size_t want)
{
	size_t got = 0;

	while (got < want) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, ANSWER_MS) <= 0)
			break;
		n = read(fd, answer + got, want - got);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

static void compare(struct fixture *twin, unsigned address, const uint8_t *answer)
{
	uint16_t word = 0;

	if (mbmap_read(fixture_meter(twin), (uint16_t)address, 1, &word) != MB_OK ||
	    word != (answer[3] << 8 | answer[4]))
		fail("value of", address, answer, 7);
}

static void walk_addresses(int fd)
{
	struct fixture *twin = fixture_create((const char *[]){
		"grid: {voltage: 230, frequency: 50}",
		"load: {current: [10, 5, 2], angle: [0, 60, 170]}",
		"registers: {active_energy.forward.t1: 1234.56, active_energy.reverse.t2: 65.43,",
		"            reactive_energy.forward: 9.87, reactive_energy.reverse.t2: 6.5}",
		NULL});
	struct table *table = calloc(1, sizeof(*table));
	uint8_t request[FRAME_SIZE], answer[FRAME_SIZE];

	if (!table)
		exit(1);
	table_fill(table);
	for (unsigned a = 0; a <= 0xffff; a++) {
		const bool listed = table_readable(table, a);
		const size_t want = listed ? 7 : 5;
		const uint8_t read_one[] = {1, 3, (uint8_t)(a >> 8), (uint8_t)a, 0, 1};
		size_t n;

		memcpy(request, read_one, sizeof(read_one));
		put(fd, request, sizeof(read_one));
		n = get(fd, answer, want);
		if (n != want || !mb_frame_intact(answer, n) || answer[1] != (listed ? 3 : 0x83) ||
		    answer[2] != 2)
			fail("read of", a, answer, n);
		if (listed)
			compare(twin, a, answer);
	}
	fixture_destroy(twin);
	free(table);
}

/* Bytes behind the function that make it a whole request. */
static size_t body_of(unsigned function)
{
	if (function == 0x0f || function == 0x10)
		return 5;
	return (function >= 1 && function <= 6) || function == 8 ? 4 : 0;
}

static uint8_t exception_of(unsigned function)
{
	switch (function) {
	case 0x03: /* 0 registers */
	case 0x10:
		return 3;
	case 0x06: /* no such register */
		return 2;
	default:
		return 1;
	}
}

static void walk_functions(int fd)
{
	uint8_t request[FRAME_SIZE], answer[FRAME_SIZE];

	for (unsigned function = 0; function < 256; function++) {
		const bool silent = function >= 0x80;
		size_t n;

		memset(request, 0, sizeof(request));
		request[0] = 1;
		request[1] = (uint8_t)function;
		put(fd, request, 2 + body_of(function));
		if (silent) { /* let T3.5 pass, then ask something that is answered */
			struct pollfd p = {.fd = fd, .events = POLLIN};

			if (poll(&p, 1, 20) > 0)
				fail("function", function, answer, get(fd, answer, 5));
			continue;
		}
		n = get(fd, answer, 5);
		if (n != 5 || !mb_frame_intact(answer, 5) || answer[1] != (function | 0x80) ||
		    answer[2] != exception_of(function))
			fail("function", function, answer, n);
	}
}

int main(int argc, char *argv[])
{
	int fd;

	if (argc != 2)
		return 64;
	fd = open_raw(argv[1]);
	walk_addresses(fd);
	walk_functions(fd);
	close(fd);
	return 0;
}
