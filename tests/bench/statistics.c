/* SPDX-License-Identifier: MIT */
/* statistics - medians of noisy measurements */
#include "statistics.h"

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
