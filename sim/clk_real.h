/* SPDX-License-Identifier: MIT */
/* clk_real - the system's monotonic clock behind base/clk.h; the only place that asks it */
#pragma once
#include "base/clk.h"

struct clk clk_real(void);
/* Local time of day in ns since midnight, for the demo's household. */
int64_t clk_real_time_of_day(void);
