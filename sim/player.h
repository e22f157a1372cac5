/* SPDX-License-Identifier: MIT */
/*
 * player - plays a scenario into the world of one meter
 *
 * In metering time; reads no clock. Does not read scenarios: see scenario.h.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "sim/scenario.h"
#include "sim/world.h"

struct player;

/*
 * For the meter of that name, which events may leave out; whole_bench: those without a meter of
 * their own are for the scenario's. Starts at start_ns of the scenario's own
 * time; what varies is drawn from a copy of rng. Borrows
 * scenario and meter. 0 or -ENOMEM.
 */
int player_create(struct player **ret, const struct scenario *scenario, const char *meter,
		  bool whole_bench, int64_t start_ns, const struct rng *rng);
void player_destroy(struct player *player);
/*
 * Brings world to where it stands at now_ns since the player was created; never call it with an
 * earlier time. Returns whether world was changed. The first call takes world's values as those
 * that hold until the scenario sets them.
 */
bool player_apply(struct player *player, int64_t now_ns, struct world *world);
