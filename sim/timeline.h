/* SPDX-License-Identifier: MIT */
/* timeline - a scenario as it was read; private to scenario.c, which fills it, and player.c */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One place takes, or moves to, one value. */
struct change {
	size_t offset;
	double value;
};

enum action { ACTION_SET, ACTION_RAMP, ACTION_VARY };

struct event {
	int64_t at_ns;
	enum action action;
	int64_t time_ns; /* how long a ramp takes; how often what varies takes a new value */
	size_t first;    /* of its changes */
	size_t count;
};

struct scenario {
	int64_t duration_ns;
	bool repeat;
	struct event *events;
	size_t event_count;
	struct change *changes;
	size_t change_count;
	size_t ramp_places; /* places that some ramp moves: as many can move at the same time */
	size_t vary_places; /* places that vary at some time */
};
