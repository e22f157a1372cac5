/* SPDX-License-Identifier: MIT */
/* clk_real - the system's monotonic clock */
#include "sim/clk_real.h"

#include <stddef.h>
#include <time.h>

static int64_t now_ns(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

struct clk clk_real(void)
{
	return (struct clk){.now_ns = now_ns};
}

int64_t clk_real_time_of_day(void)
{
	const time_t now = time(NULL);
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return 0;
	return (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) * NS_PER_S;
}
