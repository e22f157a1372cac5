/* SPDX-License-Identifier: MIT */
/* synth - synthesised terminal voltages and currents */
#include "metrology/synth.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LANES 16 /* frames summed side by side: four SSE or NEON registers */

/* One harmonic of one channel: cosine and sine amplitude (peak). */
struct partial {
	unsigned harmonic;
	float cos_amplitude;
	float sin_amplitude;
};

struct channel {
	unsigned partials;
	struct partial partial[WAVE_HARMONIC_MAX];
	float noise_rms; /* standard deviation of the noise; 0: none */
};

struct synth {
	struct basis *basis;
	struct rng rng;
	struct channel channel[WAVE_CHANNELS];
	struct wave_grid grid;
	uint64_t changes;
	uint32_t at_frame; /* within the window */
};

static double radians(double deg)
{
	return deg * (M_PI / 180.0);
}

static double complex phasor(double peak, double angle_rad)
{
	return peak == 0 ? 0 : synth_phasor(peak * cos(angle_rad), peak * sin(angle_rad));
}

static void channel_spectrum(double rms, double angle_rad, const struct synth_harmonic *harmonics,
			     double complex ret_peak[WAVE_HARMONIC_MAX + 1])
{
	const double peak = rms * M_SQRT2;

	ret_peak[0] = 0;
	ret_peak[1] = phasor(peak, angle_rad);
	for (unsigned h = 2; h <= WAVE_HARMONIC_MAX; h++)
		ret_peak[h] = phasor(peak * harmonics[h].ratio,
				     h * angle_rad + radians(harmonics[h].phase_deg));
}

void synth_spectrum_of(const struct synth_input *input, struct synth_spectrum *ret)
{
	static const double star_deg[WAVE_PHASES] = {0, -120, 120};

	ret->frequency_hz = input->frequency_hz;
	for (int p = 0; p < WAVE_PHASES; p++) {
		const struct synth_phase *in = &input->phase[p];
		const double angle_deg = star_deg[p] + in->angle_deg;

		channel_spectrum(in->voltage_v, radians(angle_deg), in->voltage_harmonic,
				 ret->peak[WAVE_V1 + p]);
		channel_spectrum(in->current_a, radians(angle_deg - in->lag_deg),
				 in->current_harmonic, ret->peak[WAVE_I1 + p]);
		ret->noise[WAVE_V1 + p] = in->voltage_noise;
		ret->noise[WAVE_I1 + p] = in->current_noise;
	}
}

static void set_channel(struct channel *c, const double complex peak[WAVE_HARMONIC_MAX + 1],
			double noise)
{
	c->partials = 0;
	for (unsigned h = 1; h <= WAVE_HARMONIC_MAX; h++) {
		const double re = creal(peak[h]), im = cimag(peak[h]);

		if (re == 0 && im == 0)
			continue;
		c->partial[c->partials++] = (struct partial){.harmonic = h,
							     .cos_amplitude = (float)im,
							     .sin_amplitude = (float)re};
	}
	c->noise_rms = (float)(cabs(peak[1]) * M_SQRT1_2 * noise);
}

/* 10 cycles, 12 for a 60 Hz grid, on the whole number of samples nearest to 8 kHz. */
static void set_grid(struct synth *synth, double f)
{
	struct wave_grid *g = &synth->grid;

	g->cycles = f < 55.0 ? 10 : 12;
	g->duration_ns = llround((double)g->cycles * 1e9 / f);
	g->frames = (uint32_t)lround((double)g->duration_ns * 1e-9 * SYNTH_RATE_HZ);
	g->rate_hz = (double)g->frames * 1e9 / (double)g->duration_ns;
}

static bool noisy(const struct synth *synth)
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		if (synth->channel[c].noise_rms > 0)
			return true;
	}
	return false;
}

void synth_set_spectrum(struct synth *synth, const struct synth_spectrum *spectrum)
{
	const double f = spectrum->frequency_hz;

	assert(f >= SYNTH_FREQ_MIN && f <= SYNTH_FREQ_MAX);
	for (int c = 0; c < WAVE_CHANNELS; c++)
		set_channel(&synth->channel[c], spectrum->peak[c], spectrum->noise[c]);
	set_grid(synth, f);
	synth->changes++;
	synth->grid.serial = noisy(synth) ? 0 : synth->changes;
	synth->at_frame = 0;
}

void synth_set(struct synth *synth, const struct synth_input *input)
{
	struct synth_spectrum spectrum;

	synth_spectrum_of(input, &spectrum);
	synth_set_spectrum(synth, &spectrum);
}

/* LANES frames of one channel from frame k of the window on. */
static void sum_partials(const struct channel *c, const float *const *cosines,
			 const float *const *sines, uint32_t k, float *out)
{
	float acc[LANES] = {0};

	for (unsigned i = 0; i < c->partials; i++) {
		const float a = c->partial[i].cos_amplitude;
		const float b = c->partial[i].sin_amplitude;
		const float *cs = cosines[i] + k;
		const float *sn = sines[i] + k;

		for (unsigned l = 0; l < LANES; l++)
			acc[l] += a * cs[l] + b * sn[l];
	}
	memcpy(out, acc, sizeof(acc));
}

static void render(struct synth *synth, const struct channel *c, uint32_t from, uint32_t frames,
		   float *out)
{
	const float *cosines[WAVE_HARMONIC_MAX];
	const float *sines[WAVE_HARMONIC_MAX];
	float tail[LANES];
	uint32_t k = 0;

	for (unsigned i = 0; i < c->partials; i++) {
		cosines[i] = basis_cos(synth->basis, c->partial[i].harmonic);
		sines[i] = basis_sin(synth->basis, c->partial[i].harmonic);
	}
	for (; k + LANES <= frames; k += LANES)
		sum_partials(c, cosines, sines, from + k, out + k);
	if (k < frames) { /* the tables are longer than the window: reading on is harmless */
		sum_partials(c, cosines, sines, from + k, tail);
		memcpy(out + k, tail, (frames - k) * sizeof(*out));
	}
}

static void source_grid(void *ctx, struct wave_grid *ret)
{
	const struct synth *synth = ctx;

	*ret = synth->grid;
}

static void add_noise(struct synth *synth, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	for (uint32_t k = 0; k < frames; k++) { /* frame by frame: block sizes change nothing */
		for (int c = 0; c < WAVE_CHANNELS; c++) {
			float rms = synth->channel[c].noise_rms;

			if (rms > 0)
				ch[c][k] += rms * rng_noise(&synth->rng);
		}
	}
}

static int source_pull(void *ctx, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	struct synth *synth = ctx;
	uint32_t left = synth->grid.frames - synth->at_frame;
	int r;

	if (frames > left)
		frames = left;
	r = basis_select(synth->basis, synth->grid.frames, synth->grid.cycles);
	if (r < 0)
		return r;
	for (int c = 0; c < WAVE_CHANNELS; c++)
		render(synth, &synth->channel[c], synth->at_frame, frames, ch[c]);
	if (synth->grid.serial == 0)
		add_noise(synth, ch, frames);
	synth->at_frame += frames;
	if (synth->at_frame == synth->grid.frames)
		synth->at_frame = 0;
	return (int)frames;
}

struct wave_source synth_source(struct synth *synth)
{
	return (struct wave_source){.ctx = synth, .grid = source_grid, .pull = source_pull};
}

int synth_create(struct synth **ret, struct basis *basis, const struct rng *rng)
{
	struct synth *synth = calloc(1, sizeof(*synth));
	struct synth_input silent = {.frequency_hz = 50};

	if (!synth)
		return -ENOMEM;
	synth->basis = basis;
	synth->rng = *rng;
	synth_set(synth, &silent);
	*ret = synth;
	return 0;
}

void synth_destroy(struct synth *synth)
{
	free(synth);
}
