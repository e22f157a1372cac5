/* SPDX-License-Identifier: MIT */
/* intervals_head - the names of an interval file's columns, and its times; private to intervals */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "metrology/wave.h"

enum interval_quantity { INTERVAL_POWER, INTERVAL_CURRENT, INTERVAL_PF, INTERVAL_QUANTITIES };

#define INTERVAL_ALL WAVE_PHASES /* the phase of a column without one */

struct interval_column {
	enum interval_quantity quantity;
	int phase;   /* 0..2, or INTERVAL_ALL */
	double unit; /* W or A per unit of the file */
};

/* "power.l1 (kW)". 0; -EINVAL: no such column; -ERANGE: no such unit of it. */
int interval_column_parse(const char *name, struct interval_column *ret);
/* "time", "time (s)" or "timestamp", in any letters. */
bool interval_is_time(const char *name);
/*
 * Seconds, or ISO 8601: a date, 'T' or a blank, hours and minutes, and as one likes seconds with
 * decimals and Z or an offset. 0 or -EINVAL. In ns, of an ISO time since 1970.
 */
int interval_time_parse(const char *text, int64_t *ret_ns);
