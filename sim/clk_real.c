/* SPDX-License-Identifier: MIT */
/* clk_real - the system's monotonic clock */
#include "sim/clk_real.h"

#include <stddef.h>
#include <stdio.h>
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

int64_t clk_real_epoch_offset(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec - now_ns(NULL);
}

void clk_real_format(int64_t epoch_ns, char *text)
{
	const time_t s = epoch_ns / NS_PER_S;
	struct tm tm;

	text[0] = '\0';
	if (!gmtime_r(&s, &tm))
		return;
	snprintf(text, CLK_REAL_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(epoch_ns % NS_PER_S / NS_PER_US));
}
