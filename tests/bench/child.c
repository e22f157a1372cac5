/* SPDX-License-Identifier: MIT */
/* child - a metersimd for a benchmark */
#include "child.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "statistics.h"

static void die(const char *what)
{
	perror(what);
	exit(1);
}

void child_write(const struct child *child, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", child->folder, name);
	file = fopen(path, "we");
	if (!file || fputs(text, file) == EOF || fclose(file) == EOF)
		die(path);
}

static bool ends_ready(const char *text, size_t len)
{
	static const char ready[] = "\nready\n";
	const size_t want = sizeof(ready) - 1;

	return len >= want && memcmp(text + len - want, ready, want) == 0;
}

/* The banner may be longer than what is kept of it. */
static void wait_ready(struct child *child, int fd)
{
	char text[2 * sizeof(child->banner)];
	const size_t keep = sizeof(child->banner) - 1;
	size_t used = 0, kept = 0;
	ssize_t n;

	while ((n = read(fd, text + used, sizeof(text) - used)) > 0) {
		const size_t more = (size_t)n < keep - kept ? (size_t)n : keep - kept;

		memcpy(child->banner + kept, text + used, more);
		kept += more;
		child->banner[kept] = '\0';
		used += (size_t)n;
		if (ends_ready(text, used))
			return;
		if (used > sizeof(text) / 2) {
			memmove(text, text + used - 16, 16);
			used = 16;
		}
	}
	fputs("metersimd did not get ready\n", stderr);
	exit(1);
}

void child_prepare(struct child *child)
{
	*child = (struct child){.pid = -1};
	snprintf(child->folder, sizeof(child->folder), "/tmp/metersim-bench-XXXXXX");
	if (!mkdtemp(child->folder))
		die("no temporary folder");
	snprintf(child->port, sizeof(child->port), "%s/port", child->folder);
}

void child_run(struct child *child, const char *yaml)
{
	const char *program = getenv("METERSIMD");
	char config[96];
	int out[2];

	if (!program || pipe(out) < 0)
		die("METERSIMD is not set, or no pipe");
	child_write(child, "bench.yaml", yaml);
	snprintf(config, sizeof(config), "%s/bench.yaml", child->folder);
	child->exec_s = statistics_seconds();
	child->pid = fork();
	if (child->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);              /* whatever ends the benchmark */
		setenv("RUNTIME_DIRECTORY", child->folder, 1); /* for its control socket */
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execl(program, program, "--config", config, "--log", "error", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	wait_ready(child, out[0]);
	child->ready_s = statistics_seconds();
	close(out[0]);
}

void child_start(struct child *child, bool paced)
{
	char yaml[512];

	snprintf(yaml, sizeof(yaml),
		 "meters:\n  - {name: main, model: pro380-mod, load: {current: [10, 5, 2]}}\n"
		 "lines:\n  - {name: rs485, protocol: modbus, port: {pty: port}, pace: %s, "
		 "meters: [main]}\n",
		 paced ? "real" : "off");
	child_prepare(child);
	child_run(child, yaml);
}

/* Of files only: there are no folders in it. */
static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0); /* "." and ".." stay */
	if (folder)
		closedir(folder);
	rmdir(path);
}

struct child_usage child_stop(struct child *child)
{
	struct rusage usage;

	kill(child->pid, SIGTERM);
	if (wait4(child->pid, NULL, 0, &usage) < 0)
		die("wait4");
	remove_folder(child->folder);
	return (struct child_usage){
		.cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6,
		.max_resident_kb = usage.ru_maxrss};
}

double child_cpu_s(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		die("CPU time of a process");
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

uint16_t child_tcp_port(const struct child *child)
{
	static const char host[] = "127.0.0.1:";
	const char *at = strstr(child->banner, host);

	if (!at) {
		fputs("the banner names no TCP port\n", stderr);
		exit(1);
	}
	return (uint16_t)strtoul(at + sizeof(host) - 1, NULL, 10);
}

int child_open(const char *path)
{
	return child_open_at(path, B9600);
}

int child_open_at(const char *path, speed_t rate)
{
	struct termios t;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &t) < 0)
		die(path);
	cfmakeraw(&t);
	cfsetspeed(&t, rate);
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
