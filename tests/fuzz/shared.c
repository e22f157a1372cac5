/* SPDX-License-Identifier: MIT */
/* shared - what fuzz targets have in common */
#include "shared.h"

#include <math.h>
#include <stdlib.h>

#include "metrology/playback.h"
#include "sim/model_load.h"

#define FRAMES_MAX  10000
#define PULL_FRAMES 320
#define LIMIT       1000.0f

const struct model *shared_model(void)
{
	static struct model *model;
	struct diag *diag;

	if (model)
		return model;
	if (diag_create(&diag) < 0)
		abort();
	if (model_load(&model, METERSIM_SOURCE_DATA "/conf/models/pro380-mod.yaml", diag) < 0)
		abort();
	diag_destroy(diag);
	return model;
}

struct mbpdu *shared_pdu(void)
{
	static struct mbpdu *pdu;

	if (!pdu && mbpdu_create(&pdu) < 0)
		abort();
	return pdu;
}

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
void shared_play(struct recording_reader *reader)
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
