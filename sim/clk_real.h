/* SPDX-License-Identifier: MIT */
/* clk_real - the system's monotonic clock behind base/clk.h; the only place that asks it */
#pragma once
#include "base/clk.h"

#define CLK_REAL_TEXT_MAX 96

struct clk clk_real(void);
/* Local time of day in ns since midnight, for the demo's household. */
int64_t clk_real_time_of_day(void);
/* What must be added to the monotonic clock to have UTC in ns since 1970. */
int64_t clk_real_epoch_offset(void);
/* "2026-11-23T08:15:00.123456Z" of ns since 1970. text: CLK_REAL_TEXT_MAX. */
void clk_real_format(int64_t epoch_ns, char *text);
