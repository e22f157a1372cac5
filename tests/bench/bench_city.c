/* SPDX-License-Identifier: MIT */
/*
 * bench_city - 6,000 meters in one daemon: 100 lines of 60 stations, polled all the time
 *
 * usage: bench_city [SECONDS]          (default: 30)
 *
 * Half of the lines have no pace, and each of their stations is asked once a second; the others
 * run at 9600 baud, where a round takes 3 s. The client is this process, one thread. Each station
 * is asked for its serial number, so that an answer of another one is noticed. Polls follow a plan
 * made beforehand: who answers late is asked late, and the count of polls falls short of the plan.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "child.h"
#include "station.h"
#include "statistics.h"

#define LINES         100
#define STATIONS      60
#define FIRST_SERIAL  30000001
#define SECONDS       30
#define FAST_ROUND_S  1.0
#define PACED_ROUND_S 3.0
#define TIMEOUT_S     2.0
#define YAML_MAX      65536
#define EVENTS        64

/* A line as its client sees it. */
struct spot {
	int fd;
	int first_serial;
	int station; /* that is asked, or comes next */
	bool waiting;
	double due_s, sent_s;
	double interval_s;
	int got;
	unsigned char answer[64];
};

/* Of one kind of line. */
struct tally {
	long wrong;
	long missing;
	long answers;
	long cap;
	double *taken_ms;
};

struct client {
	int epoll;
	struct spot spots[LINES];
	struct tally paced, fast;
};

static bool is_paced(int line)
{
	return line % 2;
}

static struct tally *tally_of(struct client *client, const struct spot *spot)
{
	return is_paced((int)(spot - client->spots)) ? &client->paced : &client->fast;
}

static void start(struct child *child)
{
	static char yaml[YAML_MAX];
	int used = snprintf(yaml, sizeof(yaml), "meters:\n");

	for (int i = 0; i < LINES; i++)
		used += snprintf(yaml + used, sizeof(yaml) - (size_t)used,
				 "  - {name: m%d, count: %d, model: pro380-mod, serial: %d, "
				 "load: {current: [10, 5, 2]}, settings: {modbus_id: 1}}\n",
				 i, STATIONS, FIRST_SERIAL + i * STATIONS);
	used += snprintf(yaml + used, sizeof(yaml) - (size_t)used, "lines:\n");
	for (int i = 0; i < LINES; i++)
		used += snprintf(yaml + used, sizeof(yaml) - (size_t)used,
				 "  - {name: l%d, protocol: modbus, port: {pty: l%d}, pace: %s, "
				 "meters: [m%d]}\n",
				 i, i, is_paced(i) ? "real" : "off", i);
	child_prepare(child);
	child_run(child, yaml);
}

static void open_spot(struct client *client, const struct child *child, int line, double begin_s)
{
	struct spot *spot = &client->spots[line];
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = spot};
	char path[128];

	snprintf(path, sizeof(path), "%s/l%d", child->folder, line);
	*spot = (struct spot){.fd = child_open(path),
			      .first_serial = FIRST_SERIAL + line * STATIONS,
			      .interval_s =
				      (is_paced(line) ? PACED_ROUND_S : FAST_ROUND_S) / STATIONS};
	spot->due_s = begin_s + spot->interval_s * line / LINES;
	if (epoll_ctl(client->epoll, EPOLL_CTL_ADD, spot->fd, &event) < 0) {
		perror("epoll_ctl");
		exit(1);
	}
}

static void open_tally(struct tally *tally, double seconds, double round_s)
{
	tally->cap = (long)ceil(seconds / round_s + 1) * STATIONS * LINES / 2;
	tally->taken_ms = calloc((size_t)tally->cap, sizeof(*tally->taken_ms));
	if (!tally->taken_ms) {
		perror("calloc");
		exit(1);
	}
}

static void ask(struct client *client, struct spot *spot, double now_s)
{
	unsigned char request[STATION_REQUEST_BYTES];

	station_ask_serial(request, spot->station + 1);
	spot->waiting = true;
	spot->got = 0;
	spot->sent_s = now_s;
	spot->due_s += spot->interval_s;
	if (write(spot->fd, request, sizeof(request)) != (ssize_t)sizeof(request))
		tally_of(client, spot)->missing++;
}

static void go_on(struct spot *spot)
{
	spot->waiting = false;
	spot->station = (spot->station + 1) % STATIONS;
}

static void take(struct client *client, struct spot *spot)
{
	struct tally *tally = tally_of(client, spot);
	ssize_t n =
		read(spot->fd, spot->answer + spot->got, sizeof(spot->answer) - (size_t)spot->got);

	if (n <= 0)
		return;
	if (!spot->waiting) { /* nobody asked */
		tally->wrong++;
		return;
	}
	spot->got += (int)n;
	if (spot->got < STATION_SERIAL_BYTES)
		return;
	if (spot->got > STATION_SERIAL_BYTES ||
	    !station_has_serial(spot->answer, spot->station + 1,
				spot->first_serial + spot->station))
		tally->wrong++;
	else if (tally->answers < tally->cap)
		tally->taken_ms[tally->answers++] = (statistics_seconds() - spot->sent_s) * 1e3;
	go_on(spot);
}

/* Asks whom it is time to ask, gives up on whom it is time to. Returns when to look again. */
static double look(struct client *client, double now_s, double end_s)
{
	double next_s = end_s;

	for (struct spot *spot = client->spots; spot < client->spots + LINES; spot++) {
		double at_s;

		if (spot->waiting && now_s - spot->sent_s > TIMEOUT_S) {
			tally_of(client, spot)->missing++;
			go_on(spot);
		}
		if (!spot->waiting && spot->due_s <= now_s && now_s < end_s)
			ask(client, spot, now_s);
		at_s = spot->waiting ? spot->sent_s + TIMEOUT_S : spot->due_s;
		if (at_s < next_s)
			next_s = at_s;
	}
	return next_s;
}

static void wait_for(struct client *client, double until_s)
{
	const double left_s = until_s - statistics_seconds();
	struct epoll_event events[EVENTS];
	int n = epoll_wait(client->epoll, events, EVENTS, left_s > 0 ? (int)ceil(left_s * 1e3) : 0);

	for (int i = 0; i < n; i++)
		take(client, events[i].data.ptr);
}

static bool any_waits(const struct client *client)
{
	for (int i = 0; i < LINES; i++) {
		if (client->spots[i].waiting)
			return true;
	}
	return false;
}

static void poll_city(struct client *client, double end_s)
{
	double now_s;

	while ((now_s = statistics_seconds()) < end_s)
		wait_for(client, look(client, now_s, end_s));
	while (any_waits(client) && now_s < end_s + TIMEOUT_S) { /* no further polls */
		wait_for(client, end_s + TIMEOUT_S);
		now_s = statistics_seconds();
	}
	for (int i = 0; i < LINES; i++)
		tally_of(client, &client->spots[i])->missing += client->spots[i].waiting;
}

static int report(const char *what, struct tally *tally, double planned)
{
	printf("%s: %ld answers, median %.2f ms, 99th percentile %.2f, longest %.2f\n", what,
	       tally->answers, statistics_percentile(tally->taken_ms, (int)tally->answers, 0.5),
	       statistics_percentile(tally->taken_ms, (int)tally->answers, 0.99),
	       statistics_percentile(tally->taken_ms, (int)tally->answers, 1));
	return statistics_at_most("wrong answers", (double)tally->wrong, 0) &
	       statistics_at_most("missing answers", (double)tally->missing, 0) &
	       statistics_at_least("answers of those planned", (double)tally->answers / planned,
				   0.99);
}

int main(int argc, char *argv[])
{
	const double seconds = argc > 1 ? strtod(argv[1], NULL) : SECONDS;
	static struct client client;
	struct child_usage usage;
	struct child child;
	double begin_s, begin_cpu_s, per_cent, own_cpu_s;
	int met;

	start(&child);
	client.epoll = epoll_create1(EPOLL_CLOEXEC);
	begin_s = statistics_seconds();
	for (int i = 0; i < LINES; i++)
		open_spot(&client, &child, i, begin_s);
	open_tally(&client.fast, seconds, FAST_ROUND_S);
	open_tally(&client.paced, seconds, PACED_ROUND_S);
	begin_cpu_s = child_cpu_s(child.pid);
	own_cpu_s = child_cpu_s(getpid());
	poll_city(&client, begin_s + seconds);
	per_cent = (child_cpu_s(child.pid) - begin_cpu_s) / seconds * 100;
	own_cpu_s = child_cpu_s(getpid()) - own_cpu_s;
	for (int i = 0; i < LINES; i++)
		close(client.spots[i].fd);
	usage = child_stop(&child);
	printf("%d meters on %d lines, %.0f s: %.1f %% of a core, %.1f MB resident, ready %.2f s "
	       "after exec, which took %.2f s of CPU time; the client: %.1f %%\n",
	       LINES * STATIONS, LINES, seconds, per_cent, (double)usage.max_resident_kb / 1024,
	       child.ready_s - child.exec_s, begin_cpu_s, own_cpu_s / seconds * 100);
	met = report("without pace", &client.fast, seconds / FAST_ROUND_S * STATIONS * LINES / 2);
	met &= report("at 9600 baud", &client.paced,
		      seconds / PACED_ROUND_S * STATIONS * LINES / 2);
	met &= statistics_at_most("per cent of a core", per_cent, 100);
	met &= statistics_at_most("MB resident", (double)usage.max_resident_kb / 1024, 250);
	free(client.fast.taken_ms);
	free(client.paced.taken_ms);
	return !met;
}
