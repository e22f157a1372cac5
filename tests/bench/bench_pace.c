/* SPDX-License-Identifier: MIT */
/*
 * bench_pace - how exactly a paced line keeps its time: the length of an answer, and the turnaround
 *
 * As a client on a pty sees it, its own way to the CPU included. Times of characters are those of
 * 8E1, 11 bits each.
 */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "child.h"
#include "sim/data_path.h"
#include "station.h"
#include "statistics.h"

#define CHAR_BITS     11
#define ROUNDS        15
#define SLOW_ROUNDS   3 /* at 300 baud: 4 s each */
#define TURNAROUNDS   200
#define MODEL_MAX     65536
#define ANSWER_MAX    256
#define SHORT_COUNT   2 /* registers */
#define LONG_COUNT    50
#define MEASURED      0x5000
#define SILENCE_CHARS 3.5
#define TIMEOUT_MS    3000
#define MEDIAN        0.5
#define NEARLY_WORST  0.99

struct arrival {
	double sent_s;
	double first_s; /* of the answer */
	double last_s;
};

static double ms_of_chars(double chars, int baud)
{
	return chars * CHAR_BITS / baud * 1e3;
}

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* Copies the model into the child's folder, with one baud rate more. */
static void write_model(const struct child *child)
{
	static const char list[] = "4800, 9600]";
	char path[DATA_PATH_MAX], text[MODEL_MAX], copy[MODEL_MAX + 16];
	size_t len;
	FILE *file;
	char *at;

	file = data_path_find(DATA_MODEL, "pro380-mod", NULL, path) < 0 ? NULL : fopen(path, "re");
	if (!file)
		fail("no model");
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	at = strstr(text, list);
	if (!at)
		fail("the model's list of baud rates has changed");
	snprintf(copy, sizeof(copy), "%.*s4800, 9600, 19200]%s", (int)(at - text), text,
		 at + strlen(list));
	child_write(child, "model.yaml", copy);
}

static void start(struct child *child, int baud, int turnaround_ms)
{
	char yaml[512];

	child_prepare(child);
	write_model(child);
	snprintf(yaml, sizeof(yaml),
		 "meters:\n  - {name: main, model: ./model.yaml, load: {current: [10, 5, 2]}, "
		 "settings: {baud: %d}}\n"
		 "lines:\n  - {name: rs485, protocol: modbus, port: {pty: port}, "
		 "turnaround: %dms, meters: [main]}\n",
		 baud, turnaround_ms);
	child_run(child, yaml);
}

/* One request and its answer, whose bytes are taken as they come. */
static struct arrival ask(int fd, int registers)
{
	unsigned char request[STATION_REQUEST_BYTES], answer[ANSWER_MAX];
	const int want = station_answer_bytes(registers);
	struct arrival a = {0};
	int got = 0;

	station_ask(request, 1, MEASURED, registers);
	a.sent_s = statistics_seconds();
	if (write(fd, request, sizeof(request)) != (ssize_t)sizeof(request))
		fail("cannot write");
	while (got < want) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n = poll(&p, 1, TIMEOUT_MS) > 0
				    ? read(fd, answer + got, sizeof(answer) - (size_t)got)
				    : 0;

		if (n <= 0)
			fail("no answer");
		a.last_s = statistics_seconds();
		if (!got)
			a.first_s = a.last_s;
		got += (int)n;
	}
	if (got != want || !station_intact(answer, 1, registers))
		fail("a wrong answer");
	return a;
}

/* From the first to the last byte of a long answer. */
static int pace(int baud, speed_t rate, int rounds, double allowed_ms)
{
	const int chars = station_answer_bytes(LONG_COUNT) - 1;
	const double want_ms = ms_of_chars(chars, baud);
	double ms[ROUNDS], median, nearly_worst;
	struct child child;
	char what[64];
	int fd;

	start(&child, baud, 5);
	fd = child_open_at(child.port, rate);
	ask(fd, SHORT_COUNT);
	for (int i = 0; i < rounds; i++) {
		const struct arrival a = ask(fd, LONG_COUNT);

		ms[i] = (a.last_s - a.first_s) * 1e3;
	}
	close(fd);
	child_stop(&child);
	median = statistics_percentile(ms, rounds, MEDIAN);
	nearly_worst = statistics_percentile(ms, rounds, NEARLY_WORST);
	printf("%d characters at %5d baud: %.2f ms; median %.2f ms, 99th percentile %.2f, "
	       "shortest %.2f, longest %.2f (%d answers)\n",
	       chars, baud, want_ms, median, nearly_worst, ms[0], ms[rounds - 1], rounds);
	snprintf(what, sizeof(what), "ms off at %d baud (median)", baud);
	return statistics_at_most(what, fabs(median - want_ms), allowed_ms);
}

/* From the end of the silence behind a request to the beginning of its answer. */
static int turnaround(int set_ms)
{
	const double wire_ms = ms_of_chars(STATION_REQUEST_BYTES + SILENCE_CHARS + 1, 9600);
	double ms[TURNAROUNDS], median;
	struct child child;
	char what[64];
	int fd;

	start(&child, 9600, set_ms);
	fd = child_open(child.port);
	ask(fd, SHORT_COUNT);
	for (int i = 0; i < TURNAROUNDS; i++) {
		const struct arrival a = ask(fd, SHORT_COUNT);

		ms[i] = (a.first_s - a.sent_s) * 1e3 - wire_ms;
	}
	close(fd);
	child_stop(&child);
	median = statistics_percentile(ms, TURNAROUNDS, MEDIAN);
	printf("turnaround of %d ms: median %.3f ms, 99th percentile %.3f, shortest %.3f, "
	       "longest %.3f (%d answers)\n",
	       set_ms, median, statistics_percentile(ms, TURNAROUNDS, NEARLY_WORST), ms[0],
	       ms[TURNAROUNDS - 1], TURNAROUNDS);
	snprintf(what, sizeof(what), "ms off a turnaround of %d ms (median)", set_ms);
	return statistics_at_most(what, fabs(median - set_ms), 0.5);
}

int main(void)
{
	const int chars = station_answer_bytes(LONG_COUNT) - 1;
	int met = pace(9600, B9600, ROUNDS, 2);

	met &= pace(19200, B19200, ROUNDS, 0.02 * ms_of_chars(chars, 19200));
	met &= pace(300, B300, SLOW_ROUNDS, 0.02 * ms_of_chars(chars, 300));
	met &= turnaround(5);
	met &= turnaround(20);
	return !met;
}
