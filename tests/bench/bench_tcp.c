/* SPDX-License-Identifier: MIT */
/*
 * bench_tcp - Modbus TCP requests per second, 50 registers, pace off, against a libmodbus server
 *
 * The peer is the select() loop of libmodbus' own example bandwidth-server-many-up. Both answer
 * the same client by turns, so that both see the same machine: this process, with raw sockets and
 * epoll, one request under way on each connection. The client has one core and the servers
 * another: else who shares a core with whom decides, and that changes from second to second.
 */
#include <arpa/inet.h>
#include <modbus.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "statistics.h"

#define ROUNDS      15
#define ROUND_S     0.5
#define CLIENTS_MAX 50
#define BACKLOG     64
#define FIRST       0x5000
#define REGISTERS   50
#define REQUEST     12 /* bytes */
#define ANSWER      (9 + 2 * REGISTERS)
#define TIMEOUT_MS  2000

/* A connection of the load generator. */
struct client {
	int fd;
	unsigned transaction;
	int got;
	unsigned char answer[ANSWER + 1];
};

struct load {
	int epoll;
	int count;
	struct client clients[CLIENTS_MAX];
};

/* One of the two, and what was measured of it. */
struct side {
	const char *name;
	pid_t pid;
	uint16_t port;
	struct load load;
	double per_s[ROUNDS];
	double cpu_us[ROUNDS]; /* of each request */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* --- the libmodbus server --- */

static void take_connection(int listener, fd_set *known, int *highest)
{
	const int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	FD_SET(fd, known);
	if (fd > *highest)
		*highest = fd;
}

static void serve_one(modbus_t *ctx, modbus_mapping_t *mapping, int fd, fd_set *known)
{
	unsigned char query[MODBUS_TCP_MAX_ADU_LENGTH];
	int n;

	modbus_set_socket(ctx, fd);
	n = modbus_receive(ctx, query);
	if (n > 0) {
		modbus_reply(ctx, query, n, mapping);
	} else if (n < 0) {
		close(fd);
		FD_CLR(fd, known);
	}
}

static void serve_peer(modbus_t *ctx, int listener)
{
	modbus_mapping_t *mapping =
		modbus_mapping_new_start_address(0, 0, 0, 0, FIRST, REGISTERS, 0, 0);
	fd_set known, ready;
	int highest = listener;

	if (!mapping)
		_exit(1);
	FD_ZERO(&known);
	FD_SET(listener, &known);
	for (;;) {
		ready = known;
		if (select(highest + 1, &ready, NULL, NULL, NULL) < 0)
			_exit(1);
		for (int fd = 0; fd <= highest; fd++) {
			if (!FD_ISSET(fd, &ready))
				continue;
			if (fd == listener)
				take_connection(listener, &known, &highest);
			else
				serve_one(ctx, mapping, fd, &known);
		}
	}
}

static void start_peer(struct side *side)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	modbus_t *ctx = modbus_new_tcp("127.0.0.1", 0);
	int listener = ctx ? modbus_tcp_listen(ctx, BACKLOG) : -1;

	if (listener < 0 || getsockname(listener, (struct sockaddr *)&at, &len) < 0)
		die("a libmodbus server");
	side->port = ntohs(at.sin_port);
	side->pid = fork();
	if (side->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* whatever ends the benchmark */
		serve_peer(ctx, listener);
	}
	close(listener);
	modbus_free(ctx);
}

static void start_ours(struct side *side, struct child *child)
{
	child_prepare(child);
	child_run(child,
		  "meters:\n  - {name: main, model: pro380-mod, load: {current: [10, 5, 2]}}\n"
		  "lines:\n  - {name: l, protocol: modbus, port: {modbus_tcp: \"127.0.0.1:0\"}, "
		  "pace: off, meters: [main]}\n");
	side->pid = child->pid;
	side->port = child_tcp_port(child);
}

/* --- the load generator --- */

static int connect_to(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void load_open(struct load *load, uint16_t port, int count)
{
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->count = count;
	for (int i = 0; i < count; i++) {
		struct client *client = &load->clients[i];
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

		*client = (struct client){.fd = connect_to(port)};
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
			die("epoll_ctl");
	}
}

static void load_close(const struct load *load)
{
	for (int i = 0; i < load->count; i++)
		close(load->clients[i].fd);
	close(load->epoll);
}

static void ask(struct client *client)
{
	const unsigned t = ++client->transaction;
	const unsigned char request[REQUEST] = {(unsigned char)(t >> 8),
						(unsigned char)t,
						0,
						0,
						0,
						REQUEST - 6,
						1,
						MODBUS_FC_READ_HOLDING_REGISTERS,
						FIRST >> 8,
						FIRST & 0xff,
						0,
						REGISTERS};

	client->got = 0;
	if (send(client->fd, request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request))
		die("send");
}

static bool is_right(const struct client *client)
{
	const unsigned t = client->transaction;
	const unsigned char head[] = {
		(unsigned char)(t >> 8),          (unsigned char)t, 0, 0, 0, ANSWER - 6, 1,
		MODBUS_FC_READ_HOLDING_REGISTERS, 2 * REGISTERS};

	return client->got == ANSWER && memcmp(client->answer, head, sizeof(head)) == 0;
}

/* Whether an answer is complete now. */
static bool take(struct client *client)
{
	ssize_t n = recv(client->fd, client->answer + client->got,
			 sizeof(client->answer) - (size_t)client->got, 0);

	if (n <= 0)
		die("the server has closed");
	client->got += (int)n;
	if (client->got < ANSWER)
		return false;
	if (!is_right(client)) {
		fputs("a wrong answer\n", stderr);
		exit(1);
	}
	return true;
}

/* Requests answered in so many seconds; in the end none is under way. */
static long load_run(struct load *load, double seconds)
{
	const double end_s = statistics_seconds() + seconds;
	int under_way = load->count;
	long answered = 0;

	for (int i = 0; i < load->count; i++)
		ask(&load->clients[i]);
	while (under_way) {
		struct epoll_event events[CLIENTS_MAX];
		const int n = epoll_wait(load->epoll, events, CLIENTS_MAX, TIMEOUT_MS);
		const bool over = statistics_seconds() >= end_s;

		if (n <= 0)
			die("no answer");
		for (int i = 0; i < n; i++) {
			struct client *client = events[i].data.ptr;

			if (!take(client))
				continue;
			answered++;
			if (over)
				under_way--;
			else
				ask(client);
		}
	}
	return answered;
}

/* --- the comparison --- */

static void run_round(struct side *side, int round)
{
	const double cpu_s = child_cpu_s(side->pid), begin_s = statistics_seconds();
	const long answered = load_run(&side->load, ROUND_S);

	side->per_s[round] = (double)answered / (statistics_seconds() - begin_s);
	side->cpu_us[round] = (child_cpu_s(side->pid) - cpu_s) / (double)answered * 1e6;
}

static int compare(struct side sides[2], int count)
{
	double per_s[2], cpu_us[2];
	char what[64];

	for (int s = 0; s < 2; s++)
		load_open(&sides[s].load, sides[s].port, count);
	for (int round = -1; round < ROUNDS; round++) { /* the first one warms up */
		for (int s = 0; s < 2; s++)
			run_round(&sides[s], round < 0 ? 0 : round);
	}
	for (int s = 0; s < 2; s++) {
		load_close(&sides[s].load);
		per_s[s] = statistics_percentile(sides[s].per_s, ROUNDS, 0.5);
		cpu_us[s] = statistics_percentile(sides[s].cpu_us, ROUNDS, 0.5);
		printf("%2d client%s %-16s %8.0f requests/s (%.0f to %.0f), %.1f us of CPU time "
		       "each (medians of %d)\n",
		       count, count == 1 ? ": " : "s:", sides[s].name, per_s[s], sides[s].per_s[0],
		       sides[s].per_s[ROUNDS - 1], cpu_us[s], ROUNDS);
	}
	snprintf(what, sizeof(what), "ratio to the libmodbus server, %d client%s", count,
		 count == 1 ? "" : "s");
	return statistics_at_least(what, per_s[0] / per_s[1], 1);
}

/* Puts a process (0: this one) on the first, or the last, of the cores that there are. */
static void pin(pid_t pid, bool last)
{
	cpu_set_t all, one;
	size_t core = CPU_SETSIZE;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	for (size_t i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &all) && (last || core == CPU_SETSIZE))
			core = i;
	}
	CPU_ZERO(&one);
	CPU_SET(core, &one);
	sched_setaffinity(pid, sizeof(one), &one);
}

int main(void)
{
	static struct side sides[2] = {{.name = "metersim"}, {.name = "libmodbus server"}};
	struct child child;
	int met;

	start_peer(&sides[1]);
	start_ours(&sides[0], &child);
	pin(sides[0].pid, true);
	pin(sides[1].pid, true);
	pin(0, false);
	met = compare(sides, 1);
	met &= compare(sides, CLIENTS_MAX);
	kill(sides[1].pid, SIGTERM);
	waitpid(sides[1].pid, NULL, 0);
	child_stop(&child);
	return !met;
}
