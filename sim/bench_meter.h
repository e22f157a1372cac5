/* SPDX-License-Identifier: MIT */
/*
 * bench_meter - a running meter: its world, its metering and the instrument
 *
 * Time here is metering time in ns since the bench began. A scenario moves the world window by
 * window; a recording replaces grid and load until it ends.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "metrology/metering.h"
#include "sim/bench_conf.h"

struct bench_meter;

/*
 * Borrows conf, scratch and log until destroy. 0; -EINVAL with the reasons in diag (the
 * recording); -ENOMEM; or what opening the recording said.
 */
int bench_meter_create(struct bench_meter **ret, const struct bench_meter_conf *conf,
		       struct metering_scratch *scratch, uint64_t seed, const struct log *log,
		       struct diag *diag);
void bench_meter_destroy(struct bench_meter *meter);
struct meter *bench_meter_instrument(struct bench_meter *meter);
const struct bench_meter_conf *bench_meter_conf_of(const struct bench_meter *meter);

/* Measures a first whole window, so that the first answer holds values. */
void bench_meter_start(struct bench_meter *meter);
/* Measures one window. */
void bench_meter_step(struct bench_meter *meter);
/* Up to where it has measured. */
int64_t bench_meter_measured_ns(const struct bench_meter *meter);
/* When the next window is over. */
int64_t bench_meter_due_ns(const struct bench_meter *meter);
/* Whether a recording is being played. */
bool bench_meter_plays(const struct bench_meter *meter);
/*
 * Follows a scenario of the whole bench from 0 on, in place of its own. Before the start. Borrows
 * the scenario. 0 or -ENOMEM.
 */
int bench_meter_follow(struct bench_meter *meter, const struct scenario *scenario, uint64_t seed);
/* Without supply a meter counts nothing; when it is back, it has counted a power-down. */
void bench_meter_set_power(struct bench_meter *meter, bool on);
/* The world as it is now: of a scenario, where that has taken it. */
const struct world *bench_meter_world(const struct bench_meter *meter);
/* The world: takes effect with the next window. */
void bench_meter_set_world(struct bench_meter *meter, const struct world *world);
