/* SPDX-License-Identifier: MIT */
/*
 * child - a metersimd for a benchmark: one meter on one pty
 *
 * The program is the one that $METERSIMD names. Ends the benchmark with a message when something
 * cannot be had.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	char folder[64];
	char port[96];
	double exec_s; /* when it was started */
};

/* Starts it and waits until it is ready. */
void child_start(struct child *child, bool paced);
struct child_usage {
	double cpu_s;
	long max_resident_kb;
};
/* Ends it; what it has used up. */
struct child_usage child_stop(struct child *child);

/* Opens a pty raw at 9600. */
int child_open(const char *path);
/* Writes a request and reads want bytes of its answer. False: they did not come within 2 s. */
bool child_ask(int fd, const unsigned char *request, int len, unsigned char *answer, int want);
