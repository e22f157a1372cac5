/* SPDX-License-Identifier: MIT */
/*
 * clk - the one clock interface, and the virtual clock
 *
 * Times are ns as int64_t since an arbitrary start, never backwards. The real clock lives in
 * sim/clk_real.c: nothing below sim/ may ask the system for the time.
 */
#pragma once
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_H  (3600 * NS_PER_S)
#define CLK_NEVER INT64_MAX /* a deadline that does not come */

struct clk {
	int64_t (*now_ns)(void *ctx);
	void *ctx;
};

static inline int64_t clk_now(const struct clk *clk)
{
	return clk->now_ns(clk->ctx);
}

/* A clock that stands still until it is told to go on. */
struct clk_virtual {
	struct clk clk;
	int64_t at_ns;
};

void clk_virtual_init(struct clk_virtual *v, int64_t at_ns);
/* Jumps to at_ns; an earlier time is ignored, the clock never goes back. */
void clk_virtual_to(struct clk_virtual *v, int64_t at_ns);
