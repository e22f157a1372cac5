/* SPDX-License-Identifier: MIT */
/* rng - seeded random numbers */
#include "base/rng.h"

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void rng_init(struct rng *rng, uint64_t seed, const char *stream)
{
	uint64_t name = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	uint64_t state;

	for (const char *c = stream; *c; c++)
		name = (name ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	state = seed ^ name;
	for (int i = 0; i < 4; i++)
		rng->s[i] = splitmix(&state);
}

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t rng_u64(struct rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

double rng_uniform(struct rng *rng)
{
	return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

double rng_uniform_at(const struct rng *rng, uint64_t x, uint64_t y)
{
	uint64_t state = rng->s[0] ^ x * UINT64_C(0xd6e8feb86659fd93);

	state = splitmix(&state) ^ y;
	return (double)(splitmix(&state) >> 11) * 0x1p-53;
}

float rng_noise(struct rng *rng)
{
	uint64_t bits = rng_u64(rng);
	int32_t sum = 0;

	for (int i = 0; i < 4; i++)
		sum += (int32_t)(bits >> (16 * i) & 0xffff);
	/* four uniforms of width 2^16: mean 2 * 65535, standard deviation 2^16 / sqrt(3) */
	return (float)(sum - 131070) * (1.7320508f / 65536.0f);
}
