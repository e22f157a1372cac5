/* SPDX-License-Identifier: MIT */
/*
 * scenario - what happens to a meter's grid and load over time
 *
 * A timeline of sets, ramps and random variation, read from YAML (metersim-scenario(5)) and played
 * by a player per meter. Plays in metering time; reads no clock. A change takes effect with the
 * next window, a ramp is followed window by window.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/rng.h"
#include "metrology/synth.h"
#include "sim/conf_node.h"

struct scenario;

/*
 * maximum_current_a: Imax of the meters that will play it. 0, -EINVAL with the reasons in diag,
 * -ENOMEM, or what opening the file said.
 */
int scenario_load(struct scenario **ret, const char *path, double maximum_current_a,
		  struct diag *diag);
/* The same from a tree that was read already, and from text that stands for a file. */
int scenario_load_tree(struct scenario **ret, const struct conf_tree *tree,
		       double maximum_current_a, struct diag *diag);
int scenario_parse(struct scenario **ret, const char *file, const char *text, size_t len_bytes,
		   double maximum_current_a, struct diag *diag);
void scenario_destroy(struct scenario *scenario);

struct player;

/*
 * Starts at start_ns of the scenario's own time; what varies is drawn from a copy of rng. Borrows
 * scenario. 0 or -ENOMEM.
 */
int player_create(struct player **ret, const struct scenario *scenario, int64_t start_ns,
		  const struct rng *rng);
void player_destroy(struct player *player);
/*
 * Brings input to where it stands at now_ns since the player was created; never call it with an
 * earlier time. Returns whether input was changed. The first call takes input's values as those
 * that hold until the scenario sets them.
 */
bool player_apply(struct player *player, int64_t now_ns, struct synth_input *input);
