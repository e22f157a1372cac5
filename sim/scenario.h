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

const char *scenario_name(const struct scenario *scenario);
int64_t scenario_duration_ns(const struct scenario *scenario);
/* Whether some event moves grid or load of the meter of that name, in a scenario of the bench. */
bool scenario_moves(const struct scenario *scenario, const char *meter);
/* Whether some event names no meter, and neither does the scenario. */
bool scenario_needs_meter(const struct scenario *scenario);
/* Whether it has events for a whole bench: faults, polls, expectations ... */
bool scenario_has_deeds(const struct scenario *scenario);
