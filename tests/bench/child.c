/* SPDX-License-Identifier: MIT */
/* child - a metersimd for a benchmark */
#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "statistics.h"

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_config(const struct child *child, char *path, size_t size, bool paced)
{
	FILE *file;

	snprintf(path, size, "%s/bench.yaml", child->folder);
	file = fopen(path, "we");
	if (!file)
		die(path);
	fprintf(file,
		"meters:\n  - {name: main, model: pro380-mod, load: {current: [10, 5, 2]}}\n"
		"lines:\n  - {name: rs485, protocol: modbus, port: {pty: port}, pace: %s, "
		"meters: [main]}\n",
		paced ? "real" : "off");
	fclose(file);
}

static void wait_ready(int fd)
{
	char text[4096];
	size_t used = 0;

	while (used < sizeof(text) - 1) {
		ssize_t n = read(fd, text + used, sizeof(text) - 1 - used);

		if (n <= 0)
			break;
		used += (size_t)n;
		text[used] = '\0';
		if (strstr(text, "ready\n"))
			return;
	}
	fputs("metersimd did not get ready\n", stderr);
	exit(1);
}

void child_start(struct child *child, bool paced)
{
	const char *program = getenv("METERSIMD");
	char config[96];
	int out[2];

	snprintf(child->folder, sizeof(child->folder), "/tmp/metersim-bench-XXXXXX");
	if (!program || !mkdtemp(child->folder) || pipe(out) < 0)
		die("METERSIMD is not set, or no temporary folder");
	snprintf(child->port, sizeof(child->port), "%s/port", child->folder);
	write_config(child, config, sizeof(config), paced);
	child->exec_s = statistics_seconds();
	child->pid = fork();
	if (child->pid == 0) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execl(program, program, "--config", config, "--log", "error", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	wait_ready(out[0]);
	close(out[0]);
}

struct child_usage child_stop(struct child *child)
{
	char path[96];
	struct rusage usage;

	kill(child->pid, SIGTERM);
	if (wait4(child->pid, NULL, 0, &usage) < 0)
		die("wait4");
	snprintf(path, sizeof(path), "%s/bench.yaml", child->folder);
	unlink(path);
	rmdir(child->folder);
	return (struct child_usage){
		.cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6,
		.max_resident_kb = usage.ru_maxrss};
}

int child_open(const char *path)
{
	struct termios t;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &t) < 0)
		die(path);
	cfmakeraw(&t);
	cfsetspeed(&t, B9600);
	tcsetattr(fd, TCSANOW, &t);
	return fd;
}

bool child_ask(int fd, const unsigned char *request, int len, unsigned char *answer, int want)
{
	int got = 0;

	if (write(fd, request, (size_t)len) != len)
		return false;
	while (got < want) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, 2000) <= 0)
			return false;
		n = read(fd, answer + got, (size_t)(want - got));
		if (n <= 0)
			return false;
		got += (int)n;
	}
	return true;
}
