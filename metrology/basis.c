/* SPDX-License-Identifier: MIT */
/* basis - cosine and sine tables of a measuring window and its harmonics */
#include "metrology/basis.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define KEPT 4 /* windows whose tables are kept, the least recently used goes first */

struct table {
	float cos[BASIS_FRAMES_MAX];
	float sin[BASIS_FRAMES_MAX];
};

struct window {
	uint32_t frames;
	uint32_t cycles;
	uint64_t used;
	bool filled[WAVE_HARMONIC_MAX + 1];
	struct table circle;                          /* n points of one turn */
	struct table harmonic[WAVE_HARMONIC_MAX + 1]; /* [0] stays empty */
};

struct basis {
	uint64_t uses;
	struct window *now;
	struct window window[KEPT];
};

int basis_create(struct basis **ret)
{
	struct basis *basis = calloc(1, sizeof(*basis));

	if (!basis)
		return -ENOMEM;
	*ret = basis;
	return 0;
}

void basis_destroy(struct basis *basis)
{
	free(basis);
}

static void fill_circle(struct window *w)
{
	for (uint32_t j = 0; j < w->frames; j++) {
		double angle = 2.0 * M_PI * (double)j / (double)w->frames;

		w->circle.cos[j] = (float)cos(angle);
		w->circle.sin[j] = (float)sin(angle);
	}
}

static void fill_harmonic(struct window *w, unsigned harmonic)
{
	struct table *table = &w->harmonic[harmonic];
	uint32_t step = (uint32_t)((uint64_t)harmonic * w->cycles % w->frames);
	uint32_t at = 0;

	for (uint32_t k = 0; k < w->frames; k++) {
		table->cos[k] = w->circle.cos[at];
		table->sin[k] = w->circle.sin[at];
		at += step;
		if (at >= w->frames)
			at -= w->frames;
	}
	w->filled[harmonic] = true;
}

static struct window *find(struct basis *basis, uint32_t frames, uint32_t cycles)
{
	struct window *oldest = &basis->window[0];

	for (int i = 0; i < KEPT; i++) {
		struct window *w = &basis->window[i];

		if (w->frames == frames && w->cycles == cycles)
			return w;
		if (w->used < oldest->used)
			oldest = w;
	}
	if (oldest->frames != frames) {
		oldest->frames = frames;
		fill_circle(oldest);
	}
	oldest->cycles = cycles;
	for (unsigned h = 0; h <= WAVE_HARMONIC_MAX; h++)
		oldest->filled[h] = false;
	return oldest;
}

int basis_select(struct basis *basis, uint32_t frames, uint32_t cycles)
{
	if (frames == 0 || frames > BASIS_FRAMES_MAX || cycles == 0)
		return -EINVAL;
	if (!basis->now || basis->now->frames != frames || basis->now->cycles != cycles)
		basis->now = find(basis, frames, cycles);
	basis->now->used = ++basis->uses;
	return 0;
}

static const struct table *harmonic_table(struct basis *basis, unsigned harmonic)
{
	assert(basis->now && harmonic >= 1 && harmonic <= WAVE_HARMONIC_MAX);
	if (!basis->now->filled[harmonic])
		fill_harmonic(basis->now, harmonic);
	return &basis->now->harmonic[harmonic];
}

const float *basis_cos(struct basis *basis, unsigned harmonic)
{
	return harmonic_table(basis, harmonic)->cos;
}

const float *basis_sin(struct basis *basis, unsigned harmonic)
{
	return harmonic_table(basis, harmonic)->sin;
}
