/* SPDX-License-Identifier: MIT */
/*
 * rng - seeded random numbers, the only source of chance in the program
 *
 * xoshiro256** (Blackman, Vigna), seeded by splitmix64. Every consumer takes a stream of its
 * own, named by text, so that adding one does not change what the others draw.
 */
#pragma once
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

/* stream: any text; equal seeds and streams give equal numbers. */
void rng_init(struct rng *rng, uint64_t seed, const char *stream);
uint64_t rng_u64(struct rng *rng);
/* 0 <= result < 1 */
double rng_uniform(struct rng *rng);
/* The same, for a place in two dimensions: draws nothing, so the order of calls is free. */
double rng_uniform_at(const struct rng *rng, uint64_t x, uint64_t y);
/*
 * Noise of mean 0 and standard deviation 1: the sum of four uniform numbers, so never beyond
 * 3.47. Integer arithmetic and one division by a power of two: the same bits on every machine.
 */
float rng_noise(struct rng *rng);
