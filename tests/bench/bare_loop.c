/* SPDX-License-Identifier: MIT */
/* bare_loop - the least work that could be called metering */
#include "bare_loop.h"

#include <math.h>
#include <string.h>

#define LANES 16

static void sum_phase(const float *v, const float *i, const float *v90, struct bare_sums *sums,
		      int p)
{
	float vv[LANES] = {0}, ii[LANES] = {0}, vi[LANES] = {0}, qi[LANES] = {0};

	for (int k = 0; k < BARE_BLOCK; k += LANES) {
		for (int l = 0; l < LANES; l++) {
			vv[l] += v[k + l] * v[k + l];
			ii[l] += i[k + l] * i[k + l];
			vi[l] += v[k + l] * i[k + l];
			qi[l] += v90[k + l] * i[k + l];
		}
	}
	for (int l = 0; l < LANES; l++) {
		sums->vv[p] += (double)vv[l];
		sums->ii[p] += (double)ii[l];
		sums->vi[p] += (double)vi[l];
		sums->qi[p] += (double)qi[l];
	}
}

void bare_measure(const float *const ch[BARE_CHANNELS], int64_t frames, struct bare_sums *sums)
{
	for (int64_t k = BARE_BLOCK; k + BARE_BLOCK <= frames; k += BARE_BLOCK) {
		for (int p = 0; p < 3; p++)
			sum_phase(ch[p] + k, ch[3 + p] + k, ch[p] + k - BARE_DELAY, sums, p);
	}
}

struct rotator {
	float c[LANES], s[LANES], step_c, step_s;
};

static void start(struct rotator *r, unsigned harmonic)
{
	const double w = 2 * M_PI * harmonic / BARE_BLOCK;

	for (int l = 0; l < LANES; l++) {
		r->c[l] = (float)cos(w * l);
		r->s[l] = (float)sin(w * l);
	}
	r->step_c = (float)cos(w * LANES);
	r->step_s = (float)sin(w * LANES);
}

static void render(struct rotator *r, unsigned h, float amplitude[BARE_CHANNELS][40][2],
		   float out[BARE_CHANNELS][BARE_BLOCK + BARE_DELAY])
{
	for (int k = BARE_DELAY; k < BARE_BLOCK + BARE_DELAY; k += LANES) {
		for (int c = 0; c < BARE_CHANNELS; c++) {
			const float a = amplitude[c][h][0], b = amplitude[c][h][1];

			for (int l = 0; l < LANES; l++)
				out[c][k + l] += a * r->c[l] + b * r->s[l];
		}
		for (int l = 0; l < LANES; l++) {
			const float c = r->c[l] * r->step_c - r->s[l] * r->step_s;

			r->s[l] = r->s[l] * r->step_c + r->c[l] * r->step_s;
			r->c[l] = c;
		}
	}
}

void bare_synthesise(int64_t blocks, unsigned harmonics, float amplitude[BARE_CHANNELS][40][2],
		     struct bare_sums *sums)
{
	static float out[BARE_CHANNELS][BARE_BLOCK + BARE_DELAY];
	struct rotator from[40], r;

	for (unsigned h = 0; h < harmonics; h++)
		start(&from[h], h + 1); /* exact; every block starts from a copy */
	for (int64_t b = 0; b < blocks; b++) {
		for (int c = 0; c < BARE_CHANNELS; c++) {
			memcpy(out[c], out[c] + BARE_BLOCK, BARE_DELAY * sizeof(float));
			memset(out[c] + BARE_DELAY, 0, BARE_BLOCK * sizeof(float));
		}
		for (unsigned h = 0; h < harmonics; h++) {
			r = from[h];
			render(&r, h, amplitude, out);
		}
		for (int p = 0; p < 3; p++)
			sum_phase(out[p] + BARE_DELAY, out[3 + p] + BARE_DELAY, out[p], sums, p);
	}
}
