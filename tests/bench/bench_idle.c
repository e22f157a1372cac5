/* SPDX-License-Identifier: MIT */
/* bench_idle - what one meter in real time costs: CPU time and resident memory, polled and not */
#include <stdio.h>
#include <unistd.h>

#include "child.h"
#include "statistics.h"

#define SECONDS 20

static const unsigned char request[] = {0x01, 0x03, 0x50, 0x00, 0x00, 0x32, 0xd5, 0x1f};

static int measure(const char *what, int polls_per_s)
{
	unsigned char answer[105];
	struct child child;
	struct child_usage usage;
	double begin, end;
	int fd;

	child_start(&child, true);
	fd = child_open(child.port);
	begin = statistics_seconds();
	end = begin + SECONDS;
	for (int i = 0; statistics_seconds() < end; i++) {
		double next = begin + (double)(i + 1) / (polls_per_s ? polls_per_s : 1);
		double left;

		if (polls_per_s && !child_ask(fd, request, sizeof(request), answer, sizeof(answer)))
			fputs("no answer\n", stderr);
		left = next - statistics_seconds();
		if (left > 0)
			usleep((useconds_t)(left * 1e6));
	}
	close(fd);
	usage = child_stop(&child);
	printf("one meter, real time, %-22s %.2f %% of a core, %.1f MB resident (%d s)\n", what,
	       usage.cpu_s / SECONDS * 100, (double)usage.max_resident_kb / 1024, SECONDS);
	return statistics_at_most("per cent of a core", usage.cpu_s / SECONDS * 100, 1) &
	       statistics_at_most("MB resident", (double)usage.max_resident_kb / 1024, 20);
}

int main(void)
{
	int met = measure("nobody asks:", 0);

	met &= measure("50 registers each 1 s:", 1);
	return !met;
}
