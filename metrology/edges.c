/* SPDX-License-Identifier: MIT */
/* edges - where the measuring windows of a free source begin and end */
#include "metrology/edges.h"

#include <math.h>

#include "metrology/lanes.h"

#define DEAD_V 1.0 /* peak of the mix: no mains */

/*
 * Weights of the three voltages. No usual system makes the mix vanish: it is 0.5 of a phase in a
 * symmetrical one of either sequence, 2.1 when all three are the same phase, and at least 0.4
 * with one phase alone.
 */
static lanes mix(const struct edges_signal *signal, int64_t k)
{
	return lanes_load(signal->ch[WAVE_V1] + k) + 0.7f * lanes_load(signal->ch[WAVE_V2] + k) +
	       0.4f * lanes_load(signal->ch[WAVE_V3] + k);
}

static float mix_one(const struct edges_signal *signal, int64_t k)
{
	return signal->ch[WAVE_V1][k] + 0.7f * signal->ch[WAVE_V2][k] +
	       0.4f * signal->ch[WAVE_V3][k];
}

/* Phasors of LANES neighbouring samples, turned on by LANES samples at a time. */
struct phasors {
	lanes c, s;
	float step_c, step_s;
};

static struct phasors phasors_from(double angle_rad, double step_rad)
{
	struct phasors p = {.step_c = (float)cos(LANES * step_rad),
			    .step_s = (float)sin(LANES * step_rad)};

	for (int l = 0; l < LANES; l++) {
		p.c[l] = (float)cos(angle_rad + l * step_rad);
		p.s[l] = (float)sin(angle_rad + l * step_rad);
	}
	return p;
}

static void phasors_turn(struct phasors *p)
{
	const lanes c = p->c * p->step_c - p->s * p->step_s;

	p->s = p->s * p->step_c + p->c * p->step_s;
	p->c = c;
}

bool edges_phase(const struct edges_signal *signal, double at, double frequency_hz, double *ret_rad)
{
	const double half = EDGES_REACH_CYCLES * signal->rate_hz / frequency_hz;
	const int64_t first = (int64_t)ceil(at - half), last = (int64_t)floor(at + half);
	const double step = 2 * M_PI * frequency_hz / signal->rate_hz, hann_step = M_PI / half;
	struct phasors wave, hann;
	int64_t k = first;
	lanes sum_c = {0}, sum_s = {0}, weights = {0};

	if (first < 0 || last >= signal->frames)
		return false;
	wave = phasors_from(((double)first - at) * step, step);
	hann = phasors_from(((double)first - at) * hann_step, hann_step);
	for (; k + LANES - 1 <= last; k += LANES) {
		const lanes weight = 0.5f + 0.5f * hann.c;
		const lanes x = weight * mix(signal, k);

		sum_c += x * wave.c;
		sum_s += x * wave.s;
		weights += weight;
		phasors_turn(&wave);
		phasors_turn(&hann);
	}
	for (int l = 0; k <= last; k++, l++) { /* fewer than LANES samples are left */
		const float weight = 0.5f + 0.5f * hann.c[l], x = weight * mix_one(signal, k);

		sum_c[l] += x * wave.c[l];
		sum_s[l] += x * wave.s[l];
		weights[l] += weight;
	}
	if (hypot(lanes_total(sum_c), lanes_total(sum_s)) * 2 < DEAD_V * lanes_total(weights))
		return false;
	*ret_rad = atan2(lanes_total(sum_c), lanes_total(sum_s));
	return true;
}

/* How far the frequency is from f, from the phases one cycle of f apart. */
static bool improve(const struct edges_signal *signal, double at, double *f)
{
	const double cycle = signal->rate_hz / *f;
	double from, to;

	if (!edges_phase(signal, at + cycle, *f, &from) ||
	    !edges_phase(signal, at + 2 * cycle, *f, &to))
		return false;
	*f *= 1 + remainder(to - from, 2 * M_PI) / (2 * M_PI);
	return edges_in_range(*f);
}

bool edges_acquire(const struct edges_signal *signal, double at, double *ret_frequency_hz)
{
	double f = 53; /* between the two grids: both are found from here */

	for (int i = 0; i < 8; i++) {
		if (!improve(signal, at, &f))
			return false;
	}
	*ret_frequency_hz = f;
	return true;
}
