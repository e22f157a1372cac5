/* SPDX-License-Identifier: MIT */
/* clk - the virtual clock */
#include "base/clk.h"

static int64_t virtual_now(void *ctx)
{
	const struct clk_virtual *v = ctx;

	return v->at_ns;
}

void clk_virtual_init(struct clk_virtual *v, int64_t at_ns)
{
	v->clk = (struct clk){.now_ns = virtual_now, .ctx = v};
	v->at_ns = at_ns;
}

void clk_virtual_to(struct clk_virtual *v, int64_t at_ns)
{
	if (at_ns > v->at_ns)
		v->at_ns = at_ns;
}
