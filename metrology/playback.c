/* SPDX-License-Identifier: MIT */
/* playback - a recording of terminal voltages and currents as a wave source */
#include "metrology/playback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metrology/lanes.h"

#define PREFETCH 2048 /* floats: a recording in memory is larger than the caches */

struct playback {
	struct playback_reader reader;
	struct playback_channel map[WAVE_CHANNELS];
	bool repeat;
	bool six_straight; /* six columns, in the order of the channels */
};

int playback_create(struct playback **ret, const struct playback_reader *reader,
		    const struct playback_channel map[WAVE_CHANNELS], bool repeat)
{
	struct playback *playback;

	if (reader->columns < 1 || reader->columns > PLAYBACK_COLUMNS_MAX)
		return -EINVAL;
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		if (map[c].column >= (int)reader->columns)
			return -EINVAL;
	}
	playback = calloc(1, sizeof(*playback));
	if (!playback)
		return -ENOMEM;
	playback->reader = *reader;
	memcpy(playback->map, map, sizeof(playback->map));
	playback->repeat = repeat;
	playback->six_straight = reader->columns == WAVE_CHANNELS;
	for (int c = 0; c < WAVE_CHANNELS; c++)
		playback->six_straight &= map[c].column == c;
	*ret = playback;
	return 0;
}

void playback_destroy(struct playback *playback)
{
	free(playback);
}

static void source_grid(void *ctx, struct wave_grid *ret)
{
	const struct playback *playback = ctx;

	*ret = (struct wave_grid){.rate_hz = playback->reader.rate_hz};
}

/* Columns x and y of four frames, which lie at the given ends of four of their registers. */
static void store_two(lanes a, lanes b, float *x, float *y, const float scale[2])
{
	const lanes cx = __builtin_shufflevector(a, b, 0, 1, 4, 5) * scale[0];
	const lanes cy = __builtin_shufflevector(a, b, 2, 3, 6, 7) * scale[1];

	lanes_store(x, cx);
	lanes_store(y, cy);
}

/*
 * The usual recording, three voltages and three currents, is turned four frames at a time.
 * Returns how many frames it took care of.
 */
static uint32_t sort_six(const struct playback *playback, const float *interleaved,
			 float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	float *const c0 = ch[0], *const c1 = ch[1], *const c2 = ch[2];
	float *const c3 = ch[3], *const c4 = ch[4], *const c5 = ch[5];
	float scale[WAVE_CHANNELS];
	uint32_t k = 0;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		scale[c] = playback->map[c].scale;
	for (; k + LANES <= frames; k += LANES) {
		const float *in = interleaved + 6 * (size_t)k;
		const lanes r0 = lanes_load(in), r1 = lanes_load(in + 4), r2 = lanes_load(in + 8);
		const lanes r3 = lanes_load(in + 12), r4 = lanes_load(in + 16),
			    r5 = lanes_load(in + 20);

		__builtin_prefetch(in + PREFETCH);
		__builtin_prefetch(in + PREFETCH + 16);
		store_two(__builtin_shufflevector(r0, r1, 0, 6, 1, 7),
			  __builtin_shufflevector(r3, r4, 0, 6, 1, 7), c0 + k, c1 + k, scale);
		store_two(__builtin_shufflevector(r0, r2, 2, 4, 3, 5),
			  __builtin_shufflevector(r3, r5, 2, 4, 3, 5), c2 + k, c3 + k, scale + 2);
		store_two(__builtin_shufflevector(r1, r2, 0, 6, 1, 7),
			  __builtin_shufflevector(r4, r5, 0, 6, 1, 7), c4 + k, c5 + k, scale + 4);
	}
	return k;
}

static void sort_out(const struct playback *playback, const float *interleaved,
		     float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	const unsigned columns = playback->reader.columns;
	const uint32_t sorted =
		playback->six_straight ? sort_six(playback, interleaved, ch, frames) : 0;

	for (int c = 0; c < WAVE_CHANNELS; c++) {
		const struct playback_channel *map = &playback->map[c];
		float *out = ch[c];

		if (map->column < 0) {
			memset(out, 0, frames * sizeof(*out));
			continue;
		}
		const float *in = interleaved + map->column + (size_t)sorted * columns;

		for (uint32_t k = sorted; k < frames; k++, in += columns)
			out[k] = map->scale * *in;
	}
}

/* Starts over at the end if the recording repeats. */
static int read_some(struct playback *playback, uint32_t frames, const float **ret_interleaved)
{
	const struct playback_reader *reader = &playback->reader;
	int n = reader->read(reader->ctx, frames, ret_interleaved);
	int r;

	if (n != 0 || !playback->repeat)
		return n;
	r = reader->rewind(reader->ctx);
	if (r < 0)
		return r;
	return reader->read(reader->ctx, frames, ret_interleaved);
}

static int source_pull(void *ctx, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	struct playback *playback = ctx;
	uint32_t done = 0;

	while (done < frames) {
		float *at[WAVE_CHANNELS];
		const float *interleaved;
		int n = read_some(playback, frames - done, &interleaved);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		for (int c = 0; c < WAVE_CHANNELS; c++)
			at[c] = ch[c] + done;
		sort_out(playback, interleaved, at, (uint32_t)n);
		done += (uint32_t)n;
	}
	return (int)done;
}

struct wave_source playback_source(struct playback *playback)
{
	return (struct wave_source){.ctx = playback, .grid = source_grid, .pull = source_pull};
}
