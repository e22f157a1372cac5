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
#include "sim/loop.h"

struct bench;

/*
 * Measures a first window of every meter, then opens the ports. Borrows loop, conf and log until
 * destroy. 0; -EINVAL with the reasons in diag (recordings); -EIO with the reason in diag: a port
 * cannot be opened; -ENOMEM.
 */
int bench_create(struct bench **ret, struct loop *loop, const struct bench_conf *conf,
		 const struct log *log, struct diag *diag);
void bench_destroy(struct bench *bench);

/* What was opened, for the banner. */
struct bench_line_info {
	const struct bench_line_conf *conf;
	const char *path;   /* of the port */
	const char *device; /* behind it */
};

size_t bench_line_count(const struct bench *bench);
struct bench_line_info bench_line_info(const struct bench *bench, size_t index);
/* A meter's instrument, by its place in the configuration. */
struct meter *bench_meter_at(const struct bench *bench, size_t index);
/* Takes over what can change in a running bench from a newer reading of its file; logs what. */
void bench_reload(struct bench *bench, const struct bench_conf *newer);
/* Logs what went over the lines. */
void bench_log_statistics(const struct bench *bench);
