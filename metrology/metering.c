/* SPDX-License-Identifier: MIT */
/* metering - the path from a wave source through the wiring to measured windows */
#include "metrology/metering.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrology/edges.h"

struct metering_scratch {
	struct basis *basis;
	float samples[WAVE_CHANNELS][BASIS_FRAMES_MAX];
};

/*
 * A free source's samples from a little before the running window on. The first sample of the
 * recording is repeated before it, and the last one behind it: the element looks ELEMENT_MARGIN
 * samples beyond both edges.
 */
struct history {
	float *ch[WAVE_CHANNELS];
	int64_t cap_frames;
	int64_t frames;      /* valid ones */
	double dropped;      /* frames that have left the buffer at its front */
	double from;         /* where the running window begins */
	double frequency_hz; /* of the last window; 0: not locked to any mains */
	int64_t end_ns;      /* of all windows so far */
	bool ended;          /* the source has no more */
	bool done;           /* everything was handed out */
};

struct metering {
	struct metering_scratch *scratch;
	struct element_config config;
	struct wave_source source;
	struct wave_grid grid; /* of a free source: its rate */
	struct wiring wiring;
	struct history history;
	struct measurement measured;
	uint64_t source_serial; /* the inputs that measured came from */
	uint64_t wiring_changes;
	uint32_t block_frames;
	bool free_running;
	bool reuse;
};

int metering_scratch_create(struct metering_scratch **ret)
{
	struct metering_scratch *scratch = calloc(1, sizeof(*scratch));
	int r;

	if (!scratch)
		return -ENOMEM;
	r = basis_create(&scratch->basis);
	if (r < 0) {
		free(scratch);
		return r;
	}
	*ret = scratch;
	return 0;
}

void metering_scratch_destroy(struct metering_scratch *scratch)
{
	if (!scratch)
		return;
	basis_destroy(scratch->basis);
	free(scratch);
}

struct basis *metering_scratch_basis(struct metering_scratch *scratch)
{
	return scratch->basis;
}

int metering_create(struct metering **ret, struct metering_scratch *scratch,
		    const struct element_config *config)
{
	struct metering *metering = calloc(1, sizeof(*metering));

	if (!metering)
		return -ENOMEM;
	metering->scratch = scratch;
	metering->config = *config;
	metering->block_frames = 320;
	metering->reuse = true;
	wiring_init(&metering->wiring, WIRING_3P4W, false);
	*ret = metering;
	return 0;
}

static void history_fini(struct history *h)
{
	free(h->ch[0]);
	*h = (struct history){0};
}

void metering_destroy(struct metering *metering)
{
	if (!metering)
		return;
	history_fini(&metering->history);
	free(metering);
}

struct wiring *metering_wiring(struct metering *metering)
{
	return &metering->wiring;
}

void metering_set_block(struct metering *metering, uint32_t frames)
{
	assert(frames >= 1 && frames <= METERING_BLOCK_MAX);
	metering->block_frames = frames;
}

void metering_set_reuse(struct metering *metering, bool reuse)
{
	metering->reuse = reuse;
}

void metering_use_locked(struct metering *metering, const struct wave_source *source)
{
	history_fini(&metering->history);
	metering->source = *source;
	metering->source_serial = 0;
	metering->free_running = false;
}

int metering_use_free(struct metering *metering, const struct wave_source *source)
{
	struct history h = {.frames = ELEMENT_MARGIN,
			    .from = ELEMENT_MARGIN,
			    .dropped = -ELEMENT_MARGIN};
	struct wave_grid grid;
	float *memory;

	source->grid(source->ctx, &grid);
	if (!(grid.rate_hz >= METERING_RATE_MIN_HZ && grid.rate_hz <= METERING_RATE_MAX_HZ))
		return -EINVAL;
	/* half of it may be used up before a window of 10 cycles at 40 Hz and its reach begin */
	h.cap_frames = 2 * ((int64_t)(grid.rate_hz * 0.40) + METERING_BLOCK_MAX);
	memory = calloc((size_t)h.cap_frames * WAVE_CHANNELS, sizeof(*memory));
	if (!memory)
		return -ENOMEM;
	for (int c = 0; c < WAVE_CHANNELS; c++)
		h.ch[c] = memory + h.cap_frames * c;
	history_fini(&metering->history);
	metering->history = h;
	metering->source = *source;
	metering->grid = grid;
	metering->free_running = true;
	return 0;
}

/* --- locked sources --- */

static int pull_window(struct metering *m, const struct wave_grid *grid)
{
	uint32_t at = 0;

	while (at < grid->frames) {
		uint32_t want = grid->frames - at;
		float *ch[WAVE_CHANNELS];
		int n;

		if (want > m->block_frames)
			want = m->block_frames;
		for (int c = 0; c < WAVE_CHANNELS; c++)
			ch[c] = m->scratch->samples[c] + at;
		n = m->source.pull(m->source.ctx, ch, want);
		if (n <= 0)
			return n < 0 ? n : -ENODATA;
		wiring_apply(&m->wiring, ch, (uint32_t)n);
		at += (uint32_t)n;
	}
	return 0;
}

static int next_locked(struct metering *m)
{
	const float *ch[WAVE_CHANNELS];
	uint64_t serial = m->measured.serial + 1;
	struct wave_grid grid;
	int r;

	m->source.grid(m->source.ctx, &grid);
	if (m->reuse && grid.serial != 0 && grid.serial == m->source_serial &&
	    m->wiring.changes == m->wiring_changes)
		return 0;
	r = pull_window(m, &grid);
	if (r < 0)
		return r;
	r = basis_select(m->scratch->basis, grid.frames, grid.cycles);
	if (r < 0)
		return r;
	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = m->scratch->samples[c];
	element_locked(&m->config, ch, &grid, basis_cos(m->scratch->basis, 1),
		       basis_sin(m->scratch->basis, 1), &m->measured);
	m->measured.serial = serial;
	m->source_serial = grid.serial;
	m->wiring_changes = m->wiring.changes;
	return 0;
}

/* --- free sources --- */

/*
 * Drops what no window needs any more, once it is half of the buffer. Between windows only:
 * it moves every position.
 */
static void slide(struct metering *m)
{
	struct history *h = &m->history;
	double reach = EDGES_REACH_CYCLES * m->grid.rate_hz / 40.0;
	int64_t drop = (int64_t)(h->from - reach) - 2;

	if (drop < h->cap_frames / 2)
		return;
	for (int c = 0; c < WAVE_CHANNELS; c++)
		memmove(h->ch[c], h->ch[c] + drop, (size_t)(h->frames - drop) * sizeof(float));
	h->frames -= drop;
	h->from -= (double)drop;
	h->dropped += (double)drop;
}

/* Copies the sample at from to the ELEMENT_MARGIN places from to on. */
static void repeat_sample(struct history *h, int64_t from, int64_t to)
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		for (int j = 0; j < ELEMENT_MARGIN; j++)
			h->ch[c][to + j] = h->ch[c][from];
	}
}

/* Has samples up to position upto in the buffer, or everything there is. */
static int fill(struct metering *m, double upto)
{
	struct history *h = &m->history;

	while (!h->ended && (double)h->frames <= upto + ELEMENT_MARGIN) {
		float *ch[WAVE_CHANNELS];
		int n;

		assert(h->frames + m->block_frames < h->cap_frames);
		for (int c = 0; c < WAVE_CHANNELS; c++)
			ch[c] = h->ch[c] + h->frames;
		n = m->source.pull(m->source.ctx, ch, m->block_frames);
		if (n < 0)
			return n;
		wiring_apply(&m->wiring, ch, (uint32_t)n);
		if (h->dropped + (double)h->frames == 0 && n > 0)
			repeat_sample(h, h->frames, 0);
		h->frames += n;
		h->ended = n < (int)m->block_frames;
	}
	return 0;
}

static struct edges_signal signal_of(const struct metering *m)
{
	return (struct edges_signal){.ch = (const float *const *)m->history.ch,
				     .frames = m->history.frames,
				     .rate_hz = m->grid.rate_hz};
}

static void hand_out(struct metering *m, double to, double cycles, bool partial)
{
	struct history *h = &m->history;
	const struct element_span span = {
		.from = h->from, .to = to, .cycles = cycles, .rate_hz = m->grid.rate_hz};
	const uint64_t serial = m->measured.serial + 1;
	const int64_t end_ns = llround((h->dropped + to) * 1e9 / m->grid.rate_hz);

	element_span(&m->config, (const float *const *)h->ch, &span, &m->measured);
	/* from the place in the recording, so that rounding does not add up */
	m->measured.duration_ns = end_ns - h->end_ns;
	m->measured.partial = partial;
	m->measured.serial = serial;
	h->end_ns = end_ns;
	h->from = to;
}

/* What is left behind the last whole window. */
static int hand_out_rest(struct metering *m)
{
	struct history *h = &m->history;
	double to = (double)(h->frames - 1);

	if (h->done || to - h->from < 1) { /* less than one sample is no span */
		h->done = true;
		return -ENODATA;
	}
	repeat_sample(h, h->frames - 1, h->frames);
	hand_out(m, to,
		 (to - h->from) * (h->frequency_hz > 0 ? h->frequency_hz : 50) / m->grid.rate_hz,
		 true);
	h->done = true;
	return 0;
}

/*
 * Looks for the mains at the beginning and after it was lost. Hands out the piece before the
 * first edge, at least a cycle long, for the edge needs its reach: 1; or there is no mains: 0.
 */
static int start(struct metering *m)
{
	struct history *h = &m->history;
	const double rate = m->grid.rate_hz;
	struct edges_signal signal;
	double f, at, phase;
	int r = fill(m, h->from + 4.2 * rate / 40.0);

	if (r < 0)
		return r;
	signal = signal_of(m);
	if (!edges_acquire(&signal, h->from, &f))
		return 0; /* windows run free */
	at = h->from + 1.01 * rate / f;
	if (!edges_phase(&signal, at, f, &phase))
		return 0;
	h->frequency_hz = f;
	if (phase > 0)
		phase -= 2 * M_PI;
	at -= phase / (2 * M_PI) * rate / f;
	hand_out(m, at, (at - h->from) * f / rate, true);
	return 1;
}

/*
 * Moves the expected edge to the zero crossing near it. More than half a radian off is no drift
 * of the mains but a jump of its phase or frequency: the window is cut there all the same, but
 * the mains must be looked for anew. Returns whether the frequency may be taken from the window.
 */
static bool find_edge(const struct metering *m, double *to)
{
	const struct history *h = &m->history;
	const double rad_frames = m->grid.rate_hz / (2 * M_PI * h->frequency_hz);
	struct edges_signal signal = signal_of(m);
	double phase, again;

	if (!edges_phase(&signal, *to, h->frequency_hz, &phase))
		return false;
	*to -= phase * rad_frames;
	if (fabs(phase) > 1e-3 && edges_phase(&signal, *to, h->frequency_hz, &again))
		*to -= again * rad_frames;
	return fabs(phase) < 0.5;
}

static double nominal_cycles(double f)
{
	return f < 55 ? 10 : 12;
}

/* A window a whole cycle or more too long or too short has next to no fundamental in it. */
static bool slipped(const struct measurement *m)
{
	for (int p = 0; p < WAVE_PHASES; p++) {
		if (m->phase[p].voltage_v >= ELEMENT_DEAD_V && m->phase[p].voltage_thd < 1)
			return false;
	}
	return true;
}

static int next_free(struct metering *m)
{
	struct history *h = &m->history;
	const double rate = m->grid.rate_hz;
	double f, cycles, to;
	bool locked = true;
	int r;

	slide(m);
	if (h->frequency_hz == 0) {
		r = start(m);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	f = h->frequency_hz > 0 ? h->frequency_hz : 50;
	cycles = nominal_cycles(f);
	to = h->from + cycles * rate / f;
	r = fill(m, to + 1.5 * rate / f);
	if (r < 0)
		return r;
	if (h->frequency_hz > 0) {
		locked = find_edge(m, &to);
		if (locked)
			h->frequency_hz = cycles * rate / (to - h->from);
	}
	if (to + ELEMENT_MARGIN >= (double)h->frames)
		return hand_out_rest(m);
	hand_out(m, to, cycles, false);
	m->measured.frequency_hz = m->measured.frequency_hz > 0 ? h->frequency_hz : 0;
	if (!locked || slipped(&m->measured) || !edges_in_range(h->frequency_hz))
		h->frequency_hz = 0;
	return 0;
}

int64_t metering_next_duration_ns(const struct metering *metering)
{
	const double f = metering->history.frequency_hz;
	struct wave_grid grid;

	if (metering->free_running)
		return f > 0 ? llround(nominal_cycles(f) * 1e9 / f) : 200000000;
	metering->source.grid(metering->source.ctx, &grid);
	return grid.duration_ns;
}

int metering_next(struct metering *metering, const struct measurement **ret)
{
	int r = metering->free_running ? next_free(metering) : next_locked(metering);

	if (r < 0)
		return r;
	*ret = &metering->measured;
	return 0;
}
