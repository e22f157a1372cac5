/* SPDX-License-Identifier: MIT */
/* test_playback - columns sorted into channels, repetition, the end, readers that fail */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "metrology/playback.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define FRAMES_MAX 300

/* A reader whose sample is frame * 100 + column; gives at most chunk frames at once. */
struct tape {
	unsigned columns;
	uint32_t frames;
	uint32_t chunk;
	uint32_t at;
	int rewinds;
	int fail_read;   /* from the second half on, if not 0 */
	int fail_rewind; /* if not 0 */
	float *data;     /* exactly what was read last: the sanitizer sees one sample too many */
};

static int tape_read(void *ctx, uint32_t frames, const float **ret_interleaved)
{
	struct tape *t = ctx;

	if (t->fail_read && t->at >= t->frames / 2)
		return t->fail_read;
	if (frames > t->chunk)
		frames = t->chunk;
	if (frames > t->frames - t->at)
		frames = t->frames - t->at;
	free(t->data);
	t->data = malloc((size_t)frames * t->columns * sizeof(float) + 1);
	assert_non_null(t->data);
	for (uint32_t k = 0; k < frames; k++) {
		for (unsigned c = 0; c < t->columns; c++)
			t->data[k * t->columns + c] = (float)((t->at + k) * 100 + c);
	}
	t->at += frames;
	*ret_interleaved = t->data;
	return (int)frames;
}

static int tape_rewind(void *ctx)
{
	struct tape *t = ctx;

	if (t->fail_rewind)
		return t->fail_rewind;
	t->rewinds++;
	t->at = 0;
	return 0;
}

static struct playback_reader reader_of(struct tape *t)
{
	return (struct playback_reader){.ctx = t,
					.read = tape_read,
					.rewind = tape_rewind,
					.columns = t->columns,
					.rate_hz = 8000};
}

static const struct playback_channel straight[WAVE_CHANNELS] = {{0, 1}, {1, 1}, {2, 1},
								{3, 1}, {4, 1}, {5, 1}};

/* Pulls want frames in blocks; returns how many came or the error. */
static int pull_blocks(const struct wave_source *source, float out[WAVE_CHANNELS][FRAMES_MAX],
		       uint32_t want, uint32_t block)
{
	uint32_t done = 0;

	while (done < want) {
		const uint32_t n = want - done < block ? want - done : block;
		float *ch[WAVE_CHANNELS];
		int r;

		for (int c = 0; c < WAVE_CHANNELS; c++)
			ch[c] = out[c] + done;
		r = source->pull(source->ctx, ch, n);
		if (r < 0)
			return r;
		done += (uint32_t)r;
		if ((uint32_t)r < n)
			break;
	}
	return (int)done;
}

static void check_frames(float out[WAVE_CHANNELS][FRAMES_MAX], uint32_t frames,
			 uint32_t tape_frames, const struct playback_channel map[WAVE_CHANNELS])
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		for (uint32_t k = 0; k < frames; k++) {
			const float sample = (float)(k % tape_frames * 100) + (float)map[c].column;

			assert_true(out[c][k] == (map[c].column < 0 ? 0 : sample * map[c].scale));
		}
	}
}

static void test_maps(void **state)
{
	static const struct {
		unsigned columns;
		struct playback_channel map[WAVE_CHANNELS];
	} rows[] = {
		{6, {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}}},
		{6, {{0, 2}, {1, 0.5F}, {2, -1}, {3, 100}, {4, 0.25F}, {5, 3}}},
		{6, {{5, 1}, {4, 1}, {3, 1}, {2, 1}, {1, 1}, {0, 1}}},
		{6, {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {-1, 1}}},
		{7, {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}}}, /* one column too many */
		{2, {{0, 325}, {-1, 1}, {-1, 1}, {1, 14}, {-1, 1}, {-1, 1}}}, /* 1P2W */
		{1, {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 6}}},        /* one for all */
		{PLAYBACK_COLUMNS_MAX, {{63, 1}, {0, 1}, {31, 1}, {32, -2}, {-1, 1}, {7, 1}}},
		{3, {{-1, 1}, {-1, 1}, {-1, 1}, {-1, 1}, {-1, 1}, {-1, 1}}}, /* silence */
	};
	static const uint32_t blocks[] = {1, 3, 4, 7, 64, FRAMES_MAX};
	static const uint32_t chunks[] = {1, 5, 1000};
	float out[WAVE_CHANNELS][FRAMES_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t b = 0; b < COUNT(blocks) * COUNT(chunks); b++) {
			struct tape tape = {.columns = rows[i].columns,
					    .frames = 97,
					    .chunk = chunks[b % COUNT(chunks)]};
			const struct playback_reader reader = reader_of(&tape);
			struct wave_source source;
			struct playback *playback;

			assert_int_equal(playback_create(&playback, &reader, rows[i].map, false),
					 0);
			source = playback_source(playback);
			assert_int_equal(pull_blocks(&source, out, FRAMES_MAX,
						     blocks[b / COUNT(chunks)]),
					 97);
			check_frames(out, 97, 97, rows[i].map);
			assert_int_equal(pull_blocks(&source, out, 1, 1), 0); /* stays at its end */
			assert_int_equal(tape.rewinds, 0);
			playback_destroy(playback);
			free(tape.data);
		}
	}
}

static void test_repeats(void **state)
{
	static const uint32_t lengths[] = {1, 2, 7, 97, FRAMES_MAX};
	static const uint32_t blocks[] = {1, 7, 64, FRAMES_MAX};
	float out[WAVE_CHANNELS][FRAMES_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths) * COUNT(blocks); i++) {
		struct tape tape = {.columns = 6,
				    .frames = lengths[i / COUNT(blocks)],
				    .chunk = 50};
		const struct playback_reader reader = reader_of(&tape);
		struct wave_source source;
		struct playback *playback;

		assert_int_equal(playback_create(&playback, &reader, straight, true), 0);
		source = playback_source(playback);
		assert_int_equal(pull_blocks(&source, out, FRAMES_MAX, blocks[i % COUNT(blocks)]),
				 FRAMES_MAX);
		check_frames(out, FRAMES_MAX, tape.frames, straight);
		assert_int_equal(tape.rewinds, (FRAMES_MAX - 1) / (int)tape.frames);
		playback_destroy(playback);
		free(tape.data);
	}
}

static void test_failures(void **state)
{
	static const struct {
		uint32_t frames;
		int fail_read, fail_rewind;
		bool repeat;
		int result;
	} rows[] = {
		{100, -EIO, 0, false, -EIO},
		{100, -EIO, 0, true, -EIO},
		{100, 0, -ESPIPE, true, -ESPIPE},
		{100, 0, -ESPIPE, false, 100}, /* not rewound */
		{0, 0, 0, true, 0},            /* an empty recording does not go round for ever */
		{0, 0, 0, false, 0},
	};
	float out[WAVE_CHANNELS][FRAMES_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tape tape = {.columns = 6,
				    .frames = rows[i].frames,
				    .chunk = 10,
				    .fail_read = rows[i].fail_read,
				    .fail_rewind = rows[i].fail_rewind};
		const struct playback_reader reader = reader_of(&tape);
		struct wave_source source;
		struct playback *playback;

		assert_int_equal(playback_create(&playback, &reader, straight, rows[i].repeat), 0);
		source = playback_source(playback);
		assert_int_equal(pull_blocks(&source, out, FRAMES_MAX, 64), rows[i].result);
		playback_destroy(playback);
		free(tape.data);
	}
}

static void test_create_refuses(void **state)
{
	static const struct {
		unsigned columns;
		int column; /* of the last channel */
		int r;
	} rows[] = {
		{0, -1, -EINVAL},   {PLAYBACK_COLUMNS_MAX + 1, 0, -EINVAL},
		{6, 6, -EINVAL},    {1, 1, -EINVAL},
		{6, 1000, -EINVAL}, {6, 5, 0},
		{6, -1, 0},         {PLAYBACK_COLUMNS_MAX, PLAYBACK_COLUMNS_MAX - 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct playback_channel map[WAVE_CHANNELS] = {{-1, 1}, {-1, 1}, {-1, 1},
							      {-1, 1}, {-1, 1}, {-1, 1}};
		struct tape tape = {.columns = rows[i].columns};
		const struct playback_reader reader = reader_of(&tape);
		struct playback *playback = NULL;

		map[WAVE_I3].column = rows[i].column;
		assert_int_equal(playback_create(&playback, &reader, map, false), rows[i].r);
		assert_int_equal(playback != NULL, rows[i].r == 0);
		playback_destroy(playback);
	}
}

static void test_grid(void **state)
{
	struct tape tape = {.columns = 6};
	const struct playback_reader reader = reader_of(&tape);
	struct playback *playback;
	struct wave_source source;
	struct wave_grid grid;

	(void)state;
	assert_int_equal(playback_create(&playback, &reader, straight, false), 0);
	source = playback_source(playback);
	source.grid(source.ctx, &grid);
	assert_true(grid.rate_hz == 8000);
	assert_int_equal(grid.frames, 0); /* free */
	assert_int_equal(grid.serial, 0);
	playback_destroy(playback);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps),     cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_create_refuses),
		cmocka_unit_test(test_grid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
