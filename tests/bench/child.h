/* SPDX-License-Identifier: MIT */
/*
 * child - a metersimd for a benchmark: one meter on one pty, or a configuration of one's own
 *
 * The program is the one that $METERSIMD names. Ends the benchmark with a message when something
 * cannot be had.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

struct child {
	pid_t pid;
	char folder[64];
	char port[96];     /* the pty "port" of the folder */
	char banner[4096]; /* the beginning of what it says when it is ready */
	double exec_s;     /* when it was started */
	double ready_s;
};

/* Starts it with one meter on one pty, and waits until it is ready. */
void child_start(struct child *child, bool paced);
/* The same in two steps: a temporary folder, then a configuration whose paths are relative to it.
 */
void child_prepare(struct child *child);
void child_run(struct child *child, const char *yaml);
/* Puts a file into the folder. */
void child_write(const struct child *child, const char *name, const char *text);
struct child_usage {
	double cpu_s;
	long max_resident_kb;
};
/* Ends it and removes the folder; what it has used up. */
struct child_usage child_stop(struct child *child);
/* What a process that still runs has used up. */
double child_cpu_s(pid_t pid);
/* The TCP port of its first line that has one. */
uint16_t child_tcp_port(const struct child *child);

/* Opens a pty raw at 9600, or at another rate. */
int child_open(const char *path);
int child_open_at(const char *path, speed_t rate);
/* Writes a request and reads want bytes of its answer. False: they did not come within 2 s. */
bool child_ask(int fd, const unsigned char *request, int len, unsigned char *answer, int want);
