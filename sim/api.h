/* SPDX-License-Identifier: MIT */
/*
 * api - what a running bench can be asked and told (docs/openapi.yaml)
 *
 * Knows no socket: requests come from sim/http.c, from a test or from a fuzzer. Every answer is
 * made in one go and is short, or is a stream: the buses wait meanwhile. A request that is
 * refused has changed nothing.
 */
#pragma once
#include <stdint.h>

#include "sim/bench.h"
#include "sim/log_ring.h"
#include "sim/route.h"

struct api;

struct api_config {
	struct bench *bench;
	const struct bench_conf *conf;
	struct loop *loop;
	struct clk clk;
	int64_t epoch_offset_ns; /* what makes UTC of the clock */
	const struct log_ring *ring;
	const struct log *log;
};

/* Copies *config; borrows what it points to until destroy. 0 or -ENOMEM. */
int api_create(struct api **ret, const struct api_config *config);
/* After every stream has been destroyed. NULL is a no-op. */
void api_destroy(struct api *api);
/* Fills *ret, which goes to route_answer_fini. ctx: the struct api. */
void api_serve(void *ctx, struct route_request *request, struct route_answer *ret);
