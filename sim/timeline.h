/* SPDX-License-Identifier: MIT */
/* timeline - a scenario as it was read; private to scenario.c, player.c and director.c */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/deed.h"

/* One place takes, or moves to, one value. */
struct change {
	size_t offset;
	double value;
};

enum action { ACTION_SET, ACTION_RAMP, ACTION_VARY };

/* What happens to grid and load. */
struct event {
	int64_t at_ns;
	enum action action;
	int64_t time_ns; /* how long a ramp takes; how often what varies takes a new value */
	int64_t step_ns; /* of a ramp that moves in steps; 0: with every window */
	size_t first;    /* of its changes */
	size_t count;
	size_t order;      /* of reading: what is at the same time happens in this order */
	const char *meter; /* a name or a pattern; NULL: any meter that plays the scenario */
};

/* A list that grows. */
struct deeds {
	struct deed *list; /* by time */
	size_t count;
	size_t cap;
};

struct scenario {
	char name[CONF_TEXT_MAX];
	char meter[CONF_TEXT_MAX]; /* a name or a pattern; "": the only one */
	int64_t duration_ns;
	bool repeat;
	struct event *events; /* by time */
	size_t event_count;
	size_t event_cap;
	struct change *changes;
	size_t change_count;
	size_t change_cap;
	struct deeds deeds;
	char **meters; /* what events call their meters: owned */
	size_t meters_count;
	size_t ramp_places; /* places that some ramp moves: as many can move at the same time */
	size_t vary_places; /* places that vary at some time */
};
