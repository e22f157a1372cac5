/* SPDX-License-Identifier: MIT */
/*
 * fault_conf - a fault as people write it, in a configuration or a scenario
 *
 * {name: noise, line: rs485, corrupt: crc, probability: 10%, count: 20}; the keys are described in
 * metersim.conf(5).
 */
#pragma once
#include "sim/conf_read.h"
#include "sim/faults.h"

/*
 * line: its key line, CONF_TEXT_MAX, "" if it has none. Whether it is fine; else everything wrong
 * with it has been reported.
 */
bool fault_conf_read(const struct conf_context *context, const struct conf_node *node,
		     struct fault_rule *ret, char *line);

/* Where a fault is written to, key by key. */
struct fault_conf_writer {
	void (*text)(void *ctx, const char *key, const char *value);
	void (*number)(void *ctx, const char *key, double value);
	void (*truth)(void *ctx, const char *key, bool value);
	void *ctx;
};

/* With the keys that fault_conf_read takes, but for line: reading them gives the rule again. */
void fault_conf_write(const struct fault_rule *rule, const struct fault_conf_writer *writer);
