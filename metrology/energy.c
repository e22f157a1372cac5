/* SPDX-License-Identifier: MIT */
/* energy - energy registers as integers */
#include "metrology/energy.h"

#include <assert.h>
#include <stddef.h>

void energy_add_nj(struct energy *e, int64_t nj)
{
	assert(nj >= 0);
	e->nj += nj;
	if (e->nj >= ENERGY_NJ_PER_WH) {
		e->wh += e->nj / ENERGY_NJ_PER_WH;
		e->nj %= ENERGY_NJ_PER_WH;
	}
}

void energy_add(struct energy *e, const struct energy *other)
{
	e->wh += other->wh;
	energy_add_nj(e, other->nj);
}

int energy_compare(const struct energy *a, const struct energy *b)
{
	if (a->wh != b->wh)
		return a->wh < b->wh ? -1 : 1;
	return a->nj < b->nj ? -1 : a->nj > b->nj;
}

int energy_difference(const struct energy *a, const struct energy *b, struct energy *ret)
{
	int sign = energy_compare(a, b);
	const struct energy *more = sign < 0 ? b : a, *less = sign < 0 ? a : b;
	struct energy d = {.wh = more->wh - less->wh, .nj = more->nj - less->nj};

	if (d.nj < 0) {
		d.wh--;
		d.nj += ENERGY_NJ_PER_WH;
	}
	*ret = d;
	return sign;
}

static void count_phases(struct energy_counters counters[ENERGY_DIRECTIONS],
			 const int64_t nj[WAVE_PHASES], unsigned tariff, struct energy *day_sum,
			 struct energy *day_net)
{
	int64_t sum[ENERGY_DIRECTIONS] = {0, 0};
	int64_t net;

	for (int p = 0; p < WAVE_PHASES; p++) {
		enum energy_direction d = nj[p] < 0 ? ENERGY_REVERSE : ENERGY_FORWARD;
		int64_t magnitude = nj[p] < 0 ? -nj[p] : nj[p];

		energy_add_nj(&counters[d].phase[p], magnitude);
		sum[d] += magnitude;
	}
	for (int d = 0; d < ENERGY_DIRECTIONS; d++)
		energy_add_nj(&counters[d].tariff[tariff], sum[d]);
	net = sum[ENERGY_FORWARD] - sum[ENERGY_REVERSE];
	energy_add_nj(&counters[net < 0].net[tariff], net < 0 ? -net : net);
	if (day_sum) {
		energy_add_nj(day_sum, sum[ENERGY_FORWARD]);
		energy_add_nj(day_net, net > 0 ? net : 0);
	}
}

void energy_count(struct energy_registers *registers, const struct measurement *window,
		  unsigned tariff)
{
	int64_t active[WAVE_PHASES], reactive[WAVE_PHASES];

	assert(tariff < ENERGY_TARIFFS);
	for (int p = 0; p < WAVE_PHASES; p++) {
		active[p] = window->phase[p].active_nj;
		reactive[p] = window->phase[p].reactive_nj;
	}
	count_phases(registers->counters[ENERGY_ACTIVE], active, tariff, &registers->day_sum,
		     &registers->day_net);
	count_phases(registers->counters[ENERGY_REACTIVE], reactive, tariff, NULL, NULL);
}
