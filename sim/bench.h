/* SPDX-License-Identifier: MIT */
/*
 * bench - everything of one daemon, built in one place from one configuration
 *
 * The composition root: meters, slaves, lines and ports are made and joined here and nowhere
 * else. Metering time runs at conf->speed times real time; buses run in real time.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "sim/bench_conf.h"
#include "sim/bench_line.h"
#include "sim/loop.h"

struct bench;

struct bench_options {
	const char *capture;             /* a path, or NULL */
	const struct scenario *scenario; /* of the whole bench, or NULL: borrowed */
};

/*
 * Measures a first window of every meter, then opens the ports; in a loop of virtual time these
 * are in memory. Borrows loop, conf and log until destroy. 0; -EINVAL with the reasons in diag
 * (recordings); -EIO with the reason in diag: a port cannot be opened; -ENOSPC likewise: the
 * capture; -ENOMEM.
 */
int bench_create(struct bench **ret, struct loop *loop, const struct bench_conf *conf,
		 const struct bench_options *options, const struct log *log, struct diag *diag);
void bench_destroy(struct bench *bench);

size_t bench_line_count(const struct bench *bench);
struct bench_line *bench_line_at(const struct bench *bench, size_t index);
/* NULL for a name that is none; "": the only line, if there is only one. */
struct bench_line *bench_line_named(const struct bench *bench, const char *name);
size_t bench_meter_count(const struct bench *bench);
const char *bench_meter_name(const struct bench *bench, size_t index);
/* A meter's instrument, by its place in the configuration. */
struct meter *bench_meter_at(const struct bench *bench, size_t index);
/* Metering time now, and when (on the loop's clock) it will have come so far. */
int64_t bench_metering_now_ns(const struct bench *bench);
int64_t bench_real_ns(const struct bench *bench, int64_t metering_ns);
/* Whether a meter has supply: without, it is silent on all its lines and counts nothing. */
void bench_set_power(struct bench *bench, size_t meter, bool on);
/* The same with its world and its metering. */
struct bench_meter *bench_running_meter(const struct bench *bench, size_t index);
double bench_speed(const struct bench *bench);
/* 0, or SPEED_MIN to SPEED_MAX: metering time goes on from where it is. */
void bench_set_speed(struct bench *bench, double speed);
/* The recording of the bus; NULL: none. */
struct capture *bench_capture(const struct bench *bench);
/* Who looks on from now on; with NULL for both functions nobody does. */
void bench_observe(struct bench *bench, const struct bench_observer *observer);
/* Takes over what can change in a running bench from a newer reading of its file; logs what. */
void bench_reload(struct bench *bench, const struct bench_conf *newer);
/* Logs the verdict on each line's master. */
void bench_report(const struct bench *bench);
