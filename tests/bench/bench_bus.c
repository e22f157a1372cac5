/* SPDX-License-Identifier: MIT */
/*
 * bench_bus - a full bus: 60 stations on one pty at 9600 baud, polled in turn without a pause
 *
 * usage: bench_bus [SECONDS]          (default: 60; 600 is the long run)
 *
 * Each station is asked for its serial number, so that an answer of another one is noticed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "child.h"
#include "station.h"
#include "statistics.h"

#define STATIONS     60
#define FIRST_SERIAL 20000001
#define SECONDS      60

struct tally {
	long polls;
	long wrong;
	long missing;
};

static void start(struct child *child)
{
	char yaml[512];

	snprintf(yaml, sizeof(yaml),
		 "meters:\n  - {name: flat, count: %d, model: pro380-mod, serial: %d, "
		 "load: {current: [10, 5, 2]}, settings: {modbus_id: 1}}\n"
		 "lines:\n  - {name: bus, protocol: modbus, port: {pty: port}, pace: real, "
		 "meters: [flat]}\n",
		 STATIONS, FIRST_SERIAL);
	child_prepare(child);
	child_run(child, yaml);
}

static void poll_station(int fd, int station, struct tally *tally)
{
	unsigned char request[STATION_REQUEST_BYTES], answer[STATION_SERIAL_BYTES];
	const int unit = station + 1;

	tally->polls++;
	station_ask_serial(request, unit);
	if (!child_ask(fd, request, sizeof(request), answer, sizeof(answer))) {
		tally->missing++;
		tcflush(fd, TCIFLUSH); /* half of one must not spoil the next */
	} else if (!station_has_serial(answer, unit, FIRST_SERIAL + station)) {
		tally->wrong++;
		tcflush(fd, TCIFLUSH);
	}
}

int main(int argc, char *argv[])
{
	const double seconds = argc > 1 ? strtod(argv[1], NULL) : SECONDS;
	struct tally tally = {0};
	struct child_usage usage;
	struct child child;
	double begin, took;
	int fd, met;

	start(&child);
	fd = child_open(child.port);
	begin = statistics_seconds();
	for (int i = 0; statistics_seconds() - begin < seconds; i = (i + 1) % STATIONS)
		poll_station(fd, i, &tally);
	took = statistics_seconds() - begin;
	close(fd);
	usage = child_stop(&child);
	printf("%d stations at 9600 baud, %.0f s: %ld polls, %.2f ms each; %.2f %% of a core, "
	       "%.1f MB resident\n",
	       STATIONS, took, tally.polls, took / (double)tally.polls * 1e3,
	       usage.cpu_s / took * 100, (double)usage.max_resident_kb / 1024);
	met = statistics_at_most("wrong answers", (double)tally.wrong, 0);
	met &= statistics_at_most("missing answers", (double)tally.missing, 0);
	met &= statistics_at_most("per cent of a core", usage.cpu_s / took * 100, 3);
	return !met;
}
