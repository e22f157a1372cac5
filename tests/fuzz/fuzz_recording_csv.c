/* SPDX-License-Identifier: MIT */
/*
 * fuzz_recording_csv - any bytes as a CSV recording, with and without a time column
 *
 * Whatever comes out must be finite and within the limits asked for.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "metrology/playback.h"
#include "sim/recording_reader.h"

#define FRAMES_MAX  10000
#define PULL_FRAMES 320
#define LIMIT       1000.0f

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(float *const ch[WAVE_CHANNELS], int frames)
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		for (int k = 0; k < frames; k++) {
			if (!(fabsf(ch[c][k]) <= LIMIT))
				abort();
		}
	}
}

static void play(struct playback *playback)
{
	static float samples[WAVE_CHANNELS][PULL_FRAMES];
	const struct wave_source source = playback_source(playback);
	float *ch[WAVE_CHANNELS];
	int n;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = samples[c];
	for (int frames = 0; frames < FRAMES_MAX; frames += n) {
		n = source.pull(source.ctx, ch, PULL_FRAMES);
		if (n <= 0)
			break;
		check(ch, n);
	}
}

/* Every column is a channel's, as far as there are channels; the others are not looked at. */
static void start(struct recording_reader *reader)
{
	float limit[PLAYBACK_COLUMNS_MAX] = {0};
	struct playback_channel map[WAVE_CHANNELS];
	struct playback *playback;

	for (int c = 0; c < WAVE_CHANNELS; c++) {
		const int column = c < (int)reader->playback.columns ? c : -1;

		map[c] = (struct playback_channel){.column = column, .scale = 1};
		if (column >= 0)
			limit[column] = LIMIT;
	}
	if (reader->start(reader, limit) < 0)
		return;
	if (!(reader->playback.rate_hz > 0))
		abort();
	if (playback_create(&playback, &reader->playback, map, true) < 0)
		return;
	play(playback);
	playback_destroy(playback);
}

static void run(const uint8_t *data, size_t size, double rate_hz)
{
	struct recording_log log = {.path = "fuzz.csv"};
	struct recording_reader reader;
	/* "r": never written to */
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");

	if (!file)
		return;
	if (diag_create(&log.diag) < 0) {
		fclose(file);
		return;
	}
	if (recording_csv_open(&reader, file, &log, rate_hz) == 0) {
		start(&reader);
		reader.destroy(reader.playback.ctx);
	} else if (diag_count(log.diag) == 0) {
		abort(); /* refused without a reason */
	}
	diag_destroy(log.diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(data, size, 0);
	run(data, size, 8000);
	return 0;
}
