/* SPDX-License-Identifier: MIT */
/* statistics - medians of noisy measurements */
#include "statistics.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double statistics_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double statistics_percentile(double *values, int count, double part)
{
	qsort(values, (size_t)count, sizeof(*values), by_size);
	return values[(int)((double)(count - 1) * part + 0.5)];
}

int statistics_at_least(const char *what, double value, double bar)
{
	printf("  %-44s %10.4g, bar at least %g: %s\n", what, value, bar,
	       value >= bar ? "met" : "MISSED");
	return value >= bar;
}

int statistics_at_most(const char *what, double value, double bar)
{
	printf("  %-44s %10.4g, bar at most %g: %s\n", what, value, bar,
	       value <= bar ? "met" : "MISSED");
	return value <= bar;
}
