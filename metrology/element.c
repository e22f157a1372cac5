/* SPDX-License-Identifier: MIT */
/* element - the measuring element */
#include "metrology/element.h"

#include <math.h>

#include "metrology/lanes.h"

#define CHUNK           256  /* frames summed in float before they go to double */
#define FUNDAMENTAL_MIN 1e-6 /* V or A: below it there is nothing to relate harmonics to */
#define THD_MAX         1000.0

/* Mean products of one phase over a window. */
struct sums {
	double vv, ii, vi, vc, vs, ic, is;
};

static void add_frame(struct sums *s, double weight, double v, double i, double c, double sn)
{
	s->vv += weight * v * v;
	s->ii += weight * i * i;
	s->vi += weight * v * i;
	s->vc += weight * v * c;
	s->vs += weight * v * sn;
	s->ic += weight * i * c;
	s->is += weight * i * sn;
}

/* n <= CHUNK frames */
static void add_chunk(struct sums *s, const float *v, const float *i, const float *c,
		      const float *sn, uint32_t n)
{
	lanes vv = {0}, ii = {0}, vi = {0}, vc = {0}, vs = {0}, ic = {0}, is = {0};
	uint32_t k = 0;

	for (; k + LANES <= n; k += LANES) {
		const lanes lv = lanes_load(v + k), li = lanes_load(i + k), lc = lanes_load(c + k),
			    ls = lanes_load(sn + k);

		vv += lv * lv;
		ii += li * li;
		vi += lv * li;
		vc += lv * lc;
		vs += lv * ls;
		ic += li * lc;
		is += li * ls;
	}
	s->vv += lanes_total(vv);
	s->ii += lanes_total(ii);
	s->vi += lanes_total(vi);
	s->vc += lanes_total(vc);
	s->vs += lanes_total(vs);
	s->ic += lanes_total(ic);
	s->is += lanes_total(is);
	for (; k < n; k++)
		add_frame(s, 1, (double)v[k], (double)i[k], (double)c[k], (double)sn[k]);
}

static void scale(struct sums *s, double by)
{
	s->vv *= by;
	s->ii *= by;
	s->vi *= by;
	s->vc *= by;
	s->vs *= by;
	s->ic *= by;
	s->is *= by;
}

/* ui: what P and Q are uncertain by ELEMENT_UNCERTAINTY of. */
static unsigned quadrant(double p, double q, double ui)
{
	bool import = p >= -ELEMENT_UNCERTAINTY * ui;
	bool inductive = q >= -ELEMENT_UNCERTAINTY * ui;

	if (import)
		return inductive ? 1 : 4;
	return inductive ? 2 : 3;
}

static double thd(double mean_square, double fundamental_square)
{
	double rest = mean_square - fundamental_square;

	if (!(rest > 0) || fundamental_square < FUNDAMENTAL_MIN * FUNDAMENTAL_MIN)
		return 0;
	return fmin(sqrt(rest / fundamental_square), THD_MAX);
}

static double wrap_deg(double deg)
{
	return deg > 180 ? deg - 360 : deg <= -180 ? deg + 360 : deg;
}

static double degrees(double rad)
{
	return rad * (180.0 / M_PI);
}

/* s: means over the window; the fundamental of x has the phasor 2 (xs + j xc), peak. */
static void finish_phase(const struct element_config *config, const struct sums *s,
			 double duration_ns, struct element_phase *ph)
{
	double v1 = 2 * (s->vc * s->vc + s->vs * s->vs);
	double i1 = 2 * (s->ic * s->ic + s->is * s->is);

	ph->voltage_v = sqrt(s->vv);
	ph->current_a = sqrt(s->ii);
	ph->active_w = s->vi;
	ph->reactive_var = 2 * (s->vc * s->is - s->vs * s->ic);
	ph->apparent_va = hypot(ph->active_w, ph->reactive_var);
	ph->power_factor = ph->apparent_va > 0 ? fabs(ph->active_w) / ph->apparent_va : 1;
	ph->voltage_angle_deg = degrees(atan2(s->vc, s->vs));
	ph->lag_deg = i1 > 0 && v1 > 0
			      ? wrap_deg(ph->voltage_angle_deg - degrees(atan2(s->ic, s->is)))
			      : 0;
	ph->voltage_thd = thd(s->vv, v1);
	ph->current_thd = thd(s->ii, i1);
	/* below the starting current nothing has a direction, and nothing counts */
	ph->quadrant = 1;
	ph->active_nj = 0;
	ph->reactive_nj = 0;
	/* at the starting current itself the meter must start: allow for the uncertainty */
	if (ph->current_a >= config->starting_current_a * (1 - ELEMENT_UNCERTAINTY)) {
		ph->quadrant =
			quadrant(ph->active_w, ph->reactive_var, ph->voltage_v * ph->current_a);
		ph->active_nj = llround(ph->active_w * duration_ns);
		ph->reactive_nj = llround(ph->reactive_var * duration_ns);
	}
	ph->reverse = ph->quadrant == 2 || ph->quadrant == 3;
}

static void finish(const struct element_config *config, struct sums sums[WAVE_PHASES],
		   double duration_ns, double frequency_hz, struct measurement *m)
{
	double loudest = 0;
	double reference_deg, s;

	*m = (struct measurement){.duration_ns = llround(duration_ns)};
	for (int p = 0; p < WAVE_PHASES; p++) {
		struct element_phase *ph = &m->phase[p];

		finish_phase(config, &sums[p], duration_ns, ph);
		m->active_w += ph->active_w;
		m->reactive_var += ph->reactive_var;
		m->apparent_va += ph->apparent_va;
		loudest = fmax(loudest, ph->voltage_v);
	}
	m->frequency_hz = loudest >= ELEMENT_DEAD_V ? frequency_hz : 0;
	reference_deg = m->phase[0].voltage_v < ELEMENT_DEAD_V ? 0 : m->phase[0].voltage_angle_deg;
	for (int p = 0; p < WAVE_PHASES; p++) {
		struct element_phase *ph = &m->phase[p];

		ph->voltage_angle_deg = ph->voltage_v < ELEMENT_DEAD_V
						? 0
						: wrap_deg(ph->voltage_angle_deg - reference_deg);
	}
	s = hypot(m->active_w, m->reactive_var);
	m->power_factor = s > 0 ? fabs(m->active_w) / s : 1;
	m->quadrant = quadrant(m->active_w, m->reactive_var, m->apparent_va);
}

void element_locked(const struct element_config *config, const float *const ch[WAVE_CHANNELS],
		    const struct wave_grid *grid, const float *cosine, const float *sine,
		    struct measurement *ret)
{
	struct sums sums[WAVE_PHASES] = {{0}};

	for (uint32_t k = 0; k < grid->frames; k += CHUNK) {
		uint32_t n = grid->frames - k < CHUNK ? grid->frames - k : CHUNK;

		for (int p = 0; p < WAVE_PHASES; p++)
			add_chunk(&sums[p], ch[WAVE_V1 + p] + k, ch[WAVE_I1 + p] + k, cosine + k,
				  sine + k, n);
	}
	for (int p = 0; p < WAVE_PHASES; p++)
		scale(&sums[p], 1.0 / grid->frames);
	finish(config, sums, (double)grid->duration_ns,
	       (double)grid->cycles * 1e9 / (double)grid->duration_ns, ret);
}

/* A unit phasor; turned by multiplication, for libm is slow beside the sums. */
struct turn {
	double c, s;
};

static struct turn turn_of(double angle_rad)
{
	return (struct turn){.c = cos(angle_rad), .s = sin(angle_rad)};
}

static struct turn turned(struct turn a, struct turn by)
{
	return (struct turn){.c = a.c * by.c - a.s * by.s, .s = a.s * by.c + a.c * by.s};
}

/* cos and sin of step * 0, step * 1, ..., in double, rounded once; returns step * CHUNK. */
static struct turn fill_turns(struct turn step, float *cosine, float *sine)
{
	struct turn at = {.c = 1, .s = 0};

	for (int m = 0; m < CHUNK; m++) {
		cosine[m] = (float)at.c;
		sine[m] = (float)at.s;
		at = turned(at, step);
	}
	return at;
}

static void turn_all(struct turn by, const float *tc, const float *ts, float *cosine, float *sine)
{
	const float c = (float)by.c, s = (float)by.s;

	for (int m = 0; m < CHUNK; m++) {
		cosine[m] = c * tc[m] - s * ts[m];
		sine[m] = s * tc[m] + c * ts[m];
	}
}

/* Where the samples of a span meet its edge. */
struct edge {
	int64_t sample;   /* the outermost one inside the span */
	int inward;       /* +1 at the beginning, -1 at the end */
	double rest;      /* from that sample outward to the edge, 0..1 samples */
	double angle_rad; /* of the fundamental at that sample */
};

/* From 1 at x = -1 to 0 at x = 1: the integral of a Hann window. */
static double smooth_step(double x)
{
	if (fabs(x) >= 1)
		return x < 0 ? 1 : 0;
	return 0.5 - 0.5 * x - sin(M_PI * x) / (2 * M_PI);
}

/* What the samples around an edge weigh besides the 1 that the body gave to those inside. */
static void add_edge(struct sums sums[WAVE_PHASES], const float *const ch[WAVE_CHANNELS],
		     const struct edge *edge, double step_rad)
{
	const double inward_rad = edge->inward * step_rad;
	struct turn at = turn_of(edge->angle_rad + (ELEMENT_MARGIN - 1) * inward_rad);
	const struct turn outward = turn_of(-inward_rad);

	for (int out = 1 - ELEMENT_MARGIN; out <= ELEMENT_MARGIN; out++) {
		const int64_t k = edge->sample - edge->inward * out;
		const double weight =
			smooth_step((out - edge->rest) / ELEMENT_MARGIN) - (out <= 0 ? 1 : 0);

		for (int p = 0; p < WAVE_PHASES; p++)
			add_frame(&sums[p], weight, (double)ch[WAVE_V1 + p][k],
				  (double)ch[WAVE_I1 + p][k], at.c, at.s);
		at = turned(at, outward);
	}
}

static void add_body(struct sums sums[WAVE_PHASES], const float *const ch[WAVE_CHANNELS],
		     int64_t first, int64_t last, double from, double step_rad)
{
	float tc[CHUNK], ts[CHUNK], cosine[CHUNK], sine[CHUNK];
	const struct turn chunk = fill_turns(turn_of(step_rad), tc, ts);
	struct turn at = turn_of(((double)first - from) * step_rad);

	for (int64_t k = first; k <= last; k += CHUNK) {
		uint32_t n = last - k + 1 < CHUNK ? (uint32_t)(last - k + 1) : CHUNK;

		turn_all(at, tc, ts, cosine, sine);
		for (int p = 0; p < WAVE_PHASES; p++)
			add_chunk(&sums[p], ch[WAVE_V1 + p] + k, ch[WAVE_I1 + p] + k, cosine, sine,
				  n);
		at = turned(at, chunk);
	}
}

void element_span(const struct element_config *config, const float *const ch[WAVE_CHANNELS],
		  const struct element_span *span, struct measurement *ret)
{
	struct sums sums[WAVE_PHASES] = {{0}};
	const double frames = span->to - span->from;
	const double step_rad = 2 * M_PI * span->cycles / frames;
	const int64_t first = (int64_t)ceil(span->from), last = (int64_t)floor(span->to);
	const struct edge begin = {.sample = first,
				   .inward = 1,
				   .rest = (double)first - span->from,
				   .angle_rad = ((double)first - span->from) * step_rad};
	const struct edge end = {.sample = last,
				 .inward = -1,
				 .rest = span->to - (double)last,
				 .angle_rad = ((double)last - span->from) * step_rad};

	add_body(sums, ch, first, last, span->from, step_rad);
	add_edge(sums, ch, &begin, step_rad);
	add_edge(sums, ch, &end, step_rad);
	for (int p = 0; p < WAVE_PHASES; p++)
		scale(&sums[p], 1 / frames);
	finish(config, sums, frames * 1e9 / span->rate_hz, span->cycles * span->rate_hz / frames,
	       ret);
}
