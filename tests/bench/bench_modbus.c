/* SPDX-License-Identifier: MIT */
/*
 * bench_modbus - answer time on a pty, 50 registers, pace off, against a bare libmodbus slave
 *
 * The peer is the loop of libmodbus' own examples (modbus_receive, modbus_reply) on the master end
 * of a pty. The same client asks both in turn, a batch each, so that both see the same machine.
 */
#include <fcntl.h>
#include <modbus.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "statistics.h"

#define ROUNDS 15
#define BATCH  1000
#define WANT   105 /* bytes of the answer */

static const unsigned char request[] = {0x01, 0x03, 0x50, 0x00, 0x00, 0x32, 0xd5, 0x1f};

static void serve_bare(int master)
{
	unsigned char query[MODBUS_RTU_MAX_ADU_LENGTH];
	modbus_mapping_t *mapping = modbus_mapping_new_start_address(0, 0, 0, 0, 0x5000, 50, 0, 0);
	modbus_t *ctx = modbus_new_rtu("/dev/null", 9600, 'N', 8, 1);

	if (!mapping || !ctx)
		_exit(1);
	modbus_set_slave(ctx, 1);
	modbus_set_socket(ctx, master);
	for (;;) {
		int n = modbus_receive(ctx, query);

		if (n > 0)
			modbus_reply(ctx, query, n, mapping);
	}
}

static pid_t start_bare(char *path, size_t size)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlock = 0;
	unsigned number;
	pid_t pid;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(master, TIOCGPTN, &number) < 0) {
		perror("pty");
		exit(1);
	}
	snprintf(path, size, "/dev/pts/%u", number);
	pid = fork();
	if (pid == 0)
		serve_bare(master);
	close(master);
	return pid;
}

static void ask_batch(int fd, double *seconds)
{
	unsigned char answer[WANT];

	for (int i = 0; i < BATCH; i++) {
		double begin = statistics_seconds();

		if (!child_ask(fd, request, sizeof(request), answer, WANT)) {
			fputs("no answer\n", stderr);
			exit(1);
		}
		seconds[i] = statistics_seconds() - begin;
	}
}

int main(void)
{
	static double ours[ROUNDS * BATCH], bare[ROUNDS * BATCH];
	struct child child;
	char path[32];
	double us = 1e6;
	int met = 1;
	pid_t pid = start_bare(path, sizeof(path));
	int bare_fd = child_open(path), fd;

	child_start(&child, false);
	fd = child_open(child.port);
	ask_batch(fd, ours); /* warm up */
	ask_batch(bare_fd, bare);
	for (int i = 0; i < ROUNDS; i++) {
		ask_batch(fd, ours + i * BATCH);
		ask_batch(bare_fd, bare + i * BATCH);
	}
	for (int i = 0; i < 2; i++) {
		const double part = i ? 0.99 : 0.5;
		const double a = statistics_percentile(ours, ROUNDS * BATCH, part) * us;
		const double b = statistics_percentile(bare, ROUNDS * BATCH, part) * us;

		printf("answer, 50 registers, %-15s %7.1f us | libmodbus slave %7.1f us | "
		       "ratio %.2f (%d answers each)\n",
		       i ? "99th percentile" : "median", a, b, a / b, ROUNDS * BATCH);
		met &= statistics_at_most("ratio to the libmodbus slave", a / b, 1.3);
	}
	close(fd);
	close(bare_fd);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	child_stop(&child);
	return !met;
}
