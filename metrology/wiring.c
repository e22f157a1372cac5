/* SPDX-License-Identifier: MIT */
/* wiring - how the meter's terminals are connected to the circuit, and what is wrong there */
#include "metrology/wiring.h"

#include <assert.h>
#include <string.h>

const struct wiring_terminals wiring_right = {
	.voltage = {WIRING_L1, WIRING_L2, WIRING_L3},
	.current = {WIRING_L1, WIRING_L2, WIRING_L3},
	.ratio = {1, 1, 1},
};

/* Whether an element's current terminals are wired at all (manual 5.7). */
static bool has_current(const struct wiring *w, int element)
{
	if (w->connection == WIRING_1P2W)
		return element == 0;
	return !(w->connection == WIRING_3P3W_ARON && w->transformers && element == 1);
}

static enum wiring_wire wire_at(const struct wiring *w, int element)
{
	if (w->connection == WIRING_1P2W && element > 0)
		return WIRING_NONE;
	return w->terminals.voltage[element];
}

/* The mean of the terminals that are connected: where equal circuits pull what is open. */
static void mean_row(const struct wiring *w, double row[WAVE_PHASES])
{
	unsigned connected = 0;

	for (int k = 0; k < WAVE_PHASES; k++)
		connected += wire_at(w, k) != WIRING_NONE;
	for (int k = 0; k < WAVE_PHASES; k++) {
		if (wire_at(w, k) != WIRING_NONE)
			row[wire_at(w, k) - WIRING_L1] += 1.0 / connected;
	}
}

/* The meter's neutral terminal, as parts of the line conductors; all 0: at the neutral. */
static void neutral_row(const struct wiring *w, double row[WAVE_PHASES])
{
	memset(row, 0, WAVE_PHASES * sizeof(*row));
	if (w->connection == WIRING_3P3W_ARON && wire_at(w, 1) != WIRING_NONE)
		row[wire_at(w, 1) - WIRING_L1] = 1;
	else if (w->connection == WIRING_3P3W_ARON || w->connection == WIRING_3P3W_DELTA)
		mean_row(w, row);
}

static void work_out(struct wiring *w)
{
	const struct wiring_terminals *t = &w->terminals;
	double neutral[WAVE_PHASES];

	neutral_row(w, neutral);
	memset(w->voltage, 0, sizeof(w->voltage));
	memset(w->current, 0, sizeof(w->current));
	w->passes = true;
	for (int k = 0; k < WAVE_PHASES; k++) {
		for (int p = 0; p < WAVE_PHASES; p++) {
			const float one = k == p ? 1 : 0;
			const double seen = (int)wire_at(w, k) == WIRING_L1 + p ? 1 : 0;

			if (wire_at(w, k) != WIRING_NONE)
				w->voltage[k][p] = (float)(seen - neutral[p]);
			if (has_current(w, k) && (int)t->current[k] == WIRING_L1 + p)
				w->current[k][p] =
					(float)(t->reversed[k] ? -t->ratio[k] : t->ratio[k]);
			w->passes &= !(w->voltage[k][p] < one) && !(w->voltage[k][p] > one) &&
				     !(w->current[k][p] < one) && !(w->current[k][p] > one);
		}
	}
}

static bool same(const struct wiring_terminals *a, const struct wiring_terminals *b)
{
	for (int k = 0; k < WAVE_PHASES; k++) {
		if (a->voltage[k] != b->voltage[k] || a->current[k] != b->current[k] ||
		    a->reversed[k] != b->reversed[k] || a->ratio[k] < b->ratio[k] ||
		    a->ratio[k] > b->ratio[k])
			return false;
	}
	return true;
}

void wiring_init(struct wiring *wiring, enum wiring_connection connection, bool transformers)
{
	*wiring = (struct wiring){.connection = connection,
				  .transformers = transformers,
				  .terminals = wiring_right,
				  .changes = 1};
	work_out(wiring);
}

void wiring_set(struct wiring *wiring, const struct wiring_terminals *terminals)
{
	for (int k = 0; k < WAVE_PHASES; k++)
		assert(terminals->voltage[k] < WIRING_WIRES &&
		       terminals->current[k] < WIRING_WIRES);
	if (same(&wiring->terminals, terminals))
		return;
	wiring->terminals = *terminals;
	wiring->changes++;
	work_out(wiring);
}

/* Three channels become a matrix of themselves. */
static void mix(const float row[WAVE_PHASES][WAVE_PHASES], float *const ch[WAVE_PHASES],
		uint32_t frames)
{
	for (uint32_t k = 0; k < frames; k++) {
		const float a = ch[0][k], b = ch[1][k], c = ch[2][k];

		for (int p = 0; p < WAVE_PHASES; p++)
			ch[p][k] = row[p][0] * a + row[p][1] * b + row[p][2] * c;
	}
}

void wiring_apply(const struct wiring *wiring, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	if (wiring->passes)
		return;
	mix(wiring->voltage, &ch[WAVE_V1], frames);
	mix(wiring->current, &ch[WAVE_I1], frames);
}
