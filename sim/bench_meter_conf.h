/* SPDX-License-Identifier: MIT */
/* bench_meter_conf - one meter of a bench's configuration; private to bench_conf */
#pragma once
#include "sim/bench_conf.h"

/* Appends a meter to conf->meters, which has room for it. False: reported. */
bool bench_meter_conf_read(const struct conf_context *context, const struct conf_node *node,
			   struct bench_conf *conf);
void bench_meter_conf_fini(struct bench_meter_conf *meter);
/* Frees the models and scenarios that meters share. */
void bench_owned_destroy(struct bench_owned *owned);
