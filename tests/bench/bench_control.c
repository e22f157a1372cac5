/* SPDX-License-Identifier: MIT */
/*
 * bench_control - point reads per second, and what 50 event readers cost the bus
 *
 * Reads: one connection to the Unix socket, one request under way. The bus: 48 registers every
 * 10 ms over a pty, pace off, in rounds by turns without and with 50 readers of values at 10 events
 * a second each, who read in a process of their own.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "station.h"
#include "statistics.h"

#define READ_ROUNDS 9
#define READ_S      0.5
#define ROUNDS      9
#define POLLS       400
#define POLL_S      0.01
#define READERS     50
#define FIRST       0x5002
#define REGISTERS   48
#define ANSWER_MAX  2048

static const char ask_point[] = "GET /v1/meters/main/points/voltage.l1 HTTP/1.1\r\nHost: x\r\n\r\n";
static const char ask_events[] = "GET /v1/events?meter=main&types=values&every=100ms&points="
				 "voltage.l1,voltage.l2,voltage.l3,current.l1,active_power,"
				 "active_energy.forward HTTP/1.1\r\nHost: x\r\n\r\n";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int connect_to(const struct child *child)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/control", child->folder);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("the control socket");
	return fd;
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die("a request");
}

/* --- point reads --- */

static void read_point(int fd)
{
	char answer[ANSWER_MAX];
	size_t got = 0;

	say(fd, ask_point);
	do {
		const ssize_t n = read(fd, answer + got, sizeof(answer) - got - 1);

		if (n <= 0)
			die("an answer");
		got += (size_t)n;
		answer[got] = '\0';
	} while (!strstr(answer, "}\n"));
	if (!strstr(answer, "\"value\":230.0,")) {
		fputs(answer, stderr);
		exit(1);
	}
}

static double reads_per_s(const struct child *child)
{
	double rate[READ_ROUNDS];
	const int fd = connect_to(child);

	for (int r = 0; r < READ_ROUNDS; r++) {
		const double begin = statistics_seconds();
		long count = 0;

		for (; statistics_seconds() - begin < READ_S; count++)
			read_point(fd);
		rate[r] = (double)count / (statistics_seconds() - begin);
	}
	close(fd);
	return statistics_percentile(rate, READ_ROUNDS, 0.5);
}

/* --- event readers --- */

static long count_events(const char *bytes, ssize_t len)
{
	static const char sign[] = "event: ";
	long count = 0;

	for (const char *at = bytes; (at = memmem(at, (size_t)(bytes + len - at), sign, 7)); at++)
		count++;
	return count;
}

/* Reads until it is killed; counts in memory that is shared. */
static void read_events(const struct child *child, volatile long *events)
{
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	char bytes[65536];

	prctl(PR_SET_PDEATHSIG, SIGTERM); /* whatever ends the benchmark */
	for (int i = 0; i < READERS; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = connect_to(child)};

		say(event.data.fd, ask_events);
		epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
	}
	for (;;) {
		struct epoll_event ready[READERS];
		const int n = epoll_wait(epoll, ready, READERS, -1);

		for (int i = 0; i < n; i++) {
			const ssize_t len = read(ready[i].data.fd, bytes, sizeof(bytes));

			if (len <= 0)
				_exit(1);
			*events += count_events(bytes, len);
		}
	}
}

/* --- the bus --- */

static void wait_until(double at_s)
{
	const double left_s = at_s - statistics_seconds();

	if (left_s > 0)
		nanosleep(&(struct timespec){.tv_nsec = (long)(left_s * 1e9)}, NULL);
}

/* The 99th percentile of a round, in us; *median likewise. */
static double poll_bus(int fd, double *median)
{
	unsigned char request[STATION_REQUEST_BYTES], answer[5 + 2 * REGISTERS];
	double took[POLLS], next_s = statistics_seconds();

	station_ask(request, 1, FIRST, REGISTERS);
	for (int i = 0; i < POLLS; i++) {
		double begin;

		wait_until(next_s += POLL_S);
		begin = statistics_seconds();
		if (!child_ask(fd, request, sizeof(request), answer, sizeof(answer)) ||
		    !station_intact(answer, 1, REGISTERS))
			die("the bus");
		took[i] = (statistics_seconds() - begin) * 1e6;
	}
	*median = statistics_percentile(took, POLLS, 0.5);
	return statistics_percentile(took, POLLS, 0.99);
}

static pid_t start_readers(const struct child *child, volatile long *events)
{
	const pid_t pid = fork();

	if (pid == 0)
		read_events(child, events);
	while (*events < 2L * READERS) /* all of them are there */
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	*events = 0;
	return pid;
}

static int bench_readers(const struct child *child)
{
	volatile long *events = mmap(NULL, sizeof(*events), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double p99[2][ROUNDS], median[2][ROUNDS], rate[ROUNDS], without, with;
	const int fd = child_open(child->port);
	int met;

	if (events == MAP_FAILED)
		die("shared memory");
	for (int r = 0; r < ROUNDS; r++) {
		double begin;
		pid_t pid;

		p99[0][r] = poll_bus(fd, &median[0][r]);
		*events = 0;
		pid = start_readers(child, events);
		begin = statistics_seconds();
		p99[1][r] = poll_bus(fd, &median[1][r]);
		rate[r] = (double)*events / READERS / (statistics_seconds() - begin);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(fd);
	without = statistics_percentile(p99[0], ROUNDS, 0.5);
	with = statistics_percentile(p99[1], ROUNDS, 0.5);
	printf("bus answers without readers: median %.0f us, p99 %.0f us; with %d: median %.0f us, "
	       "p99 %.0f us\n",
	       statistics_percentile(median[0], ROUNDS, 0.5), without, READERS,
	       statistics_percentile(median[1], ROUNDS, 0.5), with);
	met = statistics_at_least("events per second and reader",
				  statistics_percentile(rate, ROUNDS, 0.5), 9.9);
	met &= statistics_at_most("p99 with readers to p99 without", with / without, 1.5);
	return met;
}

int main(void)
{
	struct child_usage usage;
	struct child child;
	int met;

	child_start(&child, false);
	met = statistics_at_least("point reads per second", reads_per_s(&child), 2000);
	met &= bench_readers(&child);
	usage = child_stop(&child);
	printf("%.1f MB resident\n", (double)usage.max_resident_kb / 1024);
	return !met;
}
