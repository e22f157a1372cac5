/* SPDX-License-Identifier: MIT */
/*
 * bench_conf - the configuration of a bench (metersim.conf(5)), read and checked whole
 *
 * Everything that can be wrong in the file, in the models and in the scenarios that it names is
 * found here, before anything is opened. Owns models and scenarios.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "meter/meter.h"
#include "sim/conf_read.h"
#include "sim/data_path.h"
#include "sim/faults.h"
#include "sim/intervals.h"
#include "sim/port_conf.h"
#include "sim/scenario.h"
#include "sim/world.h"

#define BENCH_METERS_MAX 10000
#define BENCH_LINES_MAX  1000
#define BENCH_FAULTS_MAX 10000
#define SPEED_MIN        1e-3 /* of metering time; or 0 */
#define SPEED_MAX        1e5

struct bench_setting {
	const struct point *point;
	int64_t number;
	int exponent;
};

struct bench_preset {
	const struct point *point;
	int64_t wh;
};

struct bench_meter_conf {
	char name[CONF_TEXT_MAX];
	char group[CONF_TEXT_MAX]; /* of meters made by one count:, its name in the file; or "" */
	const struct model *model;
	int64_t serial;
	enum wiring_connection connection;
	struct world world; /* before anything happens to it */
	struct bench_setting *settings;
	size_t setting_count;
	struct bench_preset *presets;
	size_t preset_count;
	const struct scenario *scenario; /* NULL: nothing ever changes */
	bool scenario_local_time;        /* begins at the local time of day, not at 0 */
	char *recording;                 /* NULL: synthesised */
	bool recording_repeat;
	char *intervals; /* NULL: the load is that of input */
	struct intervals_config intervals_config;
};

struct bench_line_conf {
	char name[CONF_TEXT_MAX];
	struct port_conf port;
	bool paced;
	bool echo;
	int64_t turnaround_ns[2]; /* from, to */
	size_t *meters;           /* indexes */
	size_t meter_count;
	struct fault_rule *faults;
	size_t fault_count;
};

struct bench_conf {
	int64_t seed;
	double speed;
	struct bench_meter_conf *meters;
	size_t meter_count;
	size_t meter_cap;
	struct bench_line_conf *lines;
	size_t line_count;
	struct bench_owned *owned; /* models and scenarios */
};

/* 0, -EINVAL with the reasons in diag, -ENOMEM, or what opening the file said. */
int bench_conf_load(struct bench_conf **ret, const char *path, struct diag *diag);
/* The same from a tree that was read already, and from text that stands for a file. */
int bench_conf_load_tree(struct bench_conf **ret, const struct conf_tree *tree, struct diag *diag);
int bench_conf_parse(struct bench_conf **ret, const char *file, const char *text, size_t len_bytes,
		     struct diag *diag);
void bench_conf_destroy(struct bench_conf *conf);
