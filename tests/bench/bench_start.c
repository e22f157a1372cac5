/* SPDX-License-Identifier: MIT */
/* bench_start - from exec to the first answer, on a paced line at 9600 baud and without pace */
#include <stdio.h>
#include <unistd.h>

#include "child.h"
#include "statistics.h"

#define ROUNDS 21

static const unsigned char request[] = {0x01, 0x03, 0x50, 0x02, 0x00, 0x02, 0x74, 0xcb};

int main(void)
{
	int met = 1;

	for (int paced = 0; paced < 2; paced++) {
		double ms[ROUNDS], median;

		for (int i = 0; i < ROUNDS; i++) {
			unsigned char answer[9];
			struct child child;
			int fd;

			child_start(&child, paced);
			fd = child_open(child.port);
			if (!child_ask(fd, request, sizeof(request), answer, sizeof(answer))) {
				fputs("no answer\n", stderr);
				return 1;
			}
			ms[i] = (statistics_seconds() - child.exec_s) * 1e3;
			close(fd);
			child_stop(&child);
		}
		median = statistics_percentile(ms, ROUNDS, 0.5);
		printf("exec to first answer, pace %-4s %6.1f ms (median of %d, longest %.1f)\n",
		       paced ? "real" : "off", median, ROUNDS, ms[ROUNDS - 1]);
		met &= statistics_at_most("ms", median, 100);
	}
	return !met;
}
