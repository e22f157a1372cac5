/* SPDX-License-Identifier: MIT */
/*
 * bench_samples - the full sample path against a bare loop, run alternately
 *
 * Prints for both ways (synthesis with five harmonics, a recording in memory) how many times
 * real time each side runs on one core, and the median of the ratios of neighbouring runs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_loop.h"
#include "base/clk.h"
#include "metrology/metering.h"
#include "metrology/playback.h"
#include "metrology/synth.h"
#include "statistics.h"

#define ROUNDS     15
#define METERED_S  400
#define RATE_HZ    8000
#define HARMONICS  5
#define RECORDED_S 60

static void house(struct synth_input *in)
{
	*in = (struct synth_input){.frequency_hz = 50};
	for (int p = 0; p < WAVE_PHASES; p++) {
		struct synth_phase *ph = &in->phase[p];

		ph->voltage_v = 230;
		ph->current_a = 10 - 3 * p;
		ph->lag_deg = 20 * p;
		for (unsigned h = 2; h <= HARMONICS; h++) {
			ph->voltage_harmonic[h].ratio = 0.02;
			ph->current_harmonic[h].ratio = 0.1;
		}
	}
}

/* Windows that make up METERED_S, none of them reused. Returns times real time. */
static double full_path(struct metering *metering, double *check)
{
	const struct measurement *window = NULL;
	int64_t metered_ns = 0;
	double begin = statistics_seconds();

	while (metered_ns < METERED_S * NS_PER_S) {
		if (metering_next(metering, &window) < 0)
			exit(1);
		metered_ns += window->duration_ns;
		*check += window->active_w;
	}
	return METERED_S / (statistics_seconds() - begin);
}

static double bare_synthesis(double *check)
{
	static float amplitude[BARE_CHANNELS][40][2];
	struct bare_sums sums = {0};
	double begin = statistics_seconds();

	for (int c = 0; c < BARE_CHANNELS; c++) {
		for (int h = 0; h < HARMONICS; h++) {
			amplitude[c][h][0] = h ? 1 : 0;
			amplitude[c][h][1] = c < 3 ? 325 : 14;
		}
	}
	bare_synthesise((int64_t)METERED_S * RATE_HZ / BARE_BLOCK, HARMONICS, amplitude, &sums);
	*check += sums.vi[0] + sums.qi[0];
	return METERED_S / (statistics_seconds() - begin);
}

struct memory {
	float *interleaved;
	float *planar[BARE_CHANNELS];
	int64_t frames;
	int64_t at;
};

static void record(struct memory *m)
{
	m->frames = (int64_t)RECORDED_S * RATE_HZ;
	m->interleaved = calloc((size_t)m->frames * BARE_CHANNELS, sizeof(float));
	for (int c = 0; c < BARE_CHANNELS; c++)
		m->planar[c] = calloc((size_t)m->frames, sizeof(float));
	for (int64_t k = 0; k < m->frames; k++) {
		for (int c = 0; c < BARE_CHANNELS; c++) {
			double peak = c < 3 ? 325 : 14;
			double x = 2 * M_PI * (50.0 * (double)k / RATE_HZ - (c % 3) / 3.0);
			float sample = (float)(peak * (sin(x) + 0.05 * sin(5 * x)));

			m->planar[c][k] = sample;
			m->interleaved[k * BARE_CHANNELS + c] = sample;
		}
	}
}

static int memory_read(void *ctx, uint32_t frames, const float **ret_interleaved)
{
	struct memory *m = ctx;

	if (frames > m->frames - m->at)
		frames = (uint32_t)(m->frames - m->at);
	*ret_interleaved = m->interleaved + m->at * BARE_CHANNELS;
	m->at += frames;
	return (int)frames;
}

static int memory_rewind(void *ctx)
{
	struct memory *m = ctx;

	m->at = 0;
	return 0;
}

static double bare_recording(const struct memory *m, double *check)
{
	struct bare_sums sums = {0};
	double begin = statistics_seconds();
	int rounds = METERED_S / RECORDED_S;

	for (int i = 0; i < rounds; i++)
		bare_measure((const float *const *)m->planar, m->frames, &sums);
	*check += sums.vi[0] + sums.qi[0];
	return rounds * RECORDED_S / (statistics_seconds() - begin);
}

/* Whether both bars are met. */
static int report(const char *what, double *ours, double *bare, double *ratio, const double bars[2])
{
	const double speed = statistics_percentile(ours, ROUNDS, 0.5);
	const double part = statistics_percentile(ratio, ROUNDS, 0.5);

	printf("%-28s %8.0f x real time | bare loop %8.0f x | ratio %.2f (medians of %d)\n", what,
	       speed, statistics_percentile(bare, ROUNDS, 0.5), part, ROUNDS);
	return statistics_at_least("ratio to the bare loop", part, bars[0]) &
	       statistics_at_least("times real time", speed, bars[1]);
}

int main(void)
{
	static struct synth_input input;
	static struct memory memory;
	const struct element_config config = {.starting_current_a = 0.02};
	const struct playback_channel map[WAVE_CHANNELS] = {{0, 1}, {1, 1}, {2, 1},
							    {3, 1}, {4, 1}, {5, 1}};
	const struct playback_reader reader = {.ctx = &memory,
					       .read = memory_read,
					       .rewind = memory_rewind,
					       .columns = BARE_CHANNELS,
					       .rate_hz = RATE_HZ};
	double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS], check = 0;
	struct metering_scratch *scratch;
	struct metering *metering;
	struct playback *playback;
	struct wave_source source;
	struct synth *synth;
	struct rng rng;
	int met;

	rng_init(&rng, 1, "bench");
	house(&input);
	record(&memory);
	if (metering_scratch_create(&scratch) < 0 ||
	    metering_create(&metering, scratch, &config) < 0 ||
	    synth_create(&synth, metering_scratch_basis(scratch), &rng) < 0 ||
	    playback_create(&playback, &reader, map, true) < 0)
		return 1;
	metering_set_reuse(metering, false);
	synth_set(synth, &input);
	source = synth_source(synth);
	metering_use_locked(metering, &source);
	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = full_path(metering, &check);
		bare[i] = bare_synthesis(&check);
		ratio[i] = ours[i] / bare[i];
	}
	met = report("synthesis, 5 harmonics", ours, bare, ratio, (const double[]){0.4, 4000});
	source = playback_source(playback);
	if (metering_use_free(metering, &source) < 0)
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = full_path(metering, &check);
		bare[i] = bare_recording(&memory, &check);
		ratio[i] = ours[i] / bare[i];
	}
	met &= report("recording in memory", ours, bare, ratio, (const double[]){0.25, 15000});
	fprintf(stderr, "(check %g)\n", check);
	playback_destroy(playback);
	synth_destroy(synth);
	metering_destroy(metering);
	metering_scratch_destroy(scratch);
	return !met;
}
