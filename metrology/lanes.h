/* SPDX-License-Identifier: MIT */
/*
 * lanes - four floats side by side, as every CPU with SSE or NEON has them
 *
 * The compiler may not reorder sums of floats, so loops that shall run in parallel say so.
 */
#pragma once
#include <string.h>

#define LANES 4

typedef float lanes __attribute__((vector_size(16)));

static inline lanes lanes_load(const float *at)
{
	lanes l;

	memcpy(&l, at, sizeof(l));
	return l;
}

static inline void lanes_store(float *at, lanes l)
{
	memcpy(at, &l, sizeof(l));
}

static inline double lanes_total(lanes l)
{
	return ((double)l[0] + (double)l[1]) + ((double)l[2] + (double)l[3]);
}
