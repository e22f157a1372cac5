/* SPDX-License-Identifier: MIT */
/* network - the circuit between grid and load, also when a conductor of it is missing */
#include "metrology/network.h"

#include <math.h>

/*
 * From each phase to the star point, in S: the meter's voltage circuits are a load like any other
 * and decide where the star point is when there is none. So small that a uA outweighs it.
 */
#define METER_S 1e-12

/* One harmonic of the circuit: peak values. */
struct node {
	double complex u[WAVE_PHASES]; /* grid */
	double complex i[WAVE_PHASES]; /* load, as set */
	double complex y[WAVE_PHASES]; /* its admittances; 0: there is none */
};

static bool three_wire(const struct network *n)
{
	return n->connection == WIRING_3P3W_ARON || n->connection == WIRING_3P3W_DELTA;
}

static int phases_of(const struct network *n)
{
	return n->connection == WIRING_1P2W ? 1 : WAVE_PHASES;
}

static bool has_neutral(const struct network *n)
{
	return n->neutral && !three_wire(n);
}

static unsigned conductors(const struct network *n)
{
	unsigned count = has_neutral(n) ? 1 : 0;

	for (int p = 0; p < phases_of(n); p++)
		count += n->phase[p];
	return count;
}

/* Of the phase's impedance at a harmonic; u, i: its fundamental. */
static double complex admittance(double complex u, double complex i, unsigned harmonic)
{
	double complex z;

	if (cabs(u) < NETWORK_DEAD_V * M_SQRT2 || cabs(i) <= 0)
		return 0;
	if (harmonic == 1)
		return i / u;
	z = u / i;
	return 1.0 / synth_phasor(fabs(creal(z)),
				  cimag(z) > 0 ? cimag(z) * harmonic : cimag(z) / harmonic);
}

static struct node node_of(const struct network *n, const struct synth_spectrum *s,
			   unsigned harmonic)
{
	struct node node = {.u = {0}};

	for (int p = 0; p < phases_of(n); p++) {
		node.u[p] = s->peak[WAVE_V1 + p][harmonic];
		node.y[p] = admittance(s->peak[WAVE_V1 + p][1], s->peak[WAVE_I1 + p][1], harmonic);
		node.i[p] = node.y[p] == 0 ? 0 : s->peak[WAVE_I1 + p][harmonic];
	}
	return node;
}

static double complex star_point(const struct network *n, const struct node *node)
{
	double complex current = 0, y = 0;

	for (int p = 0; p < phases_of(n); p++) {
		if (!n->phase[p])
			continue;
		current += node->i[p] + METER_S * node->u[p];
		y += node->y[p] + METER_S;
	}
	return current / y;
}

static bool beyond_limit(const struct network *n, const struct node *node, double complex star)
{
	for (int p = 0; p < phases_of(n); p++) {
		/* not below or at it: a resonance may be without a number */
		if (n->phase[p] && !(cabs(node->u[p] - star) <= NETWORK_LIMIT_V * M_SQRT2))
			return true;
	}
	return false;
}

static void take_load_off(struct node *node)
{
	for (int p = 0; p < WAVE_PHASES; p++)
		node->i[p] = node->y[p] = 0;
}

/* Where a lost conductor without a load is pulled by the meter's own circuits. */
static double complex open_terminal(const struct network *n, const bool known[WAVE_PHASES],
				    const double complex at[WAVE_PHASES])
{
	double complex sum = 0;
	unsigned count = 0;

	if (n->connection == WIRING_3P3W_ARON && known[1]) /* its neutral terminal is there */
		return at[1];
	for (int p = 0; p < WAVE_PHASES; p++) {
		if (known[p]) {
			sum += at[p];
			count++;
		}
	}
	return count ? sum / count : 0;
}

/* A three-wire network's conductors: the grid's, or those that the load pulls to its star point. */
static void conductors_at(const struct network *n, const struct node *node, double complex star,
			  double complex ret[WAVE_PHASES])
{
	bool loaded = false, known[WAVE_PHASES];

	for (int p = 0; p < WAVE_PHASES; p++)
		loaded |= n->phase[p] && node->y[p] != 0;
	for (int p = 0; p < WAVE_PHASES; p++) {
		known[p] = n->phase[p] || (loaded && node->y[p] != 0);
		ret[p] = n->phase[p] ? node->u[p] : star;
	}
	for (int p = 0; p < WAVE_PHASES; p++) {
		if (!known[p])
			ret[p] = open_terminal(n, known, ret);
	}
}

static void solve(const struct network *n, const struct node *node, double complex star,
		  unsigned harmonic, struct synth_spectrum *ret)
{
	double complex at[WAVE_PHASES] = {0};

	if (three_wire(n))
		conductors_at(n, node, star, at);
	for (int p = 0; p < WAVE_PHASES; p++) {
		const bool there = p < phases_of(n) && n->phase[p];

		/* four wires: the load pulls a lost conductor to the star point */
		ret->peak[WAVE_V1 + p][harmonic] = three_wire(n) ? at[p]
						   : there       ? node->u[p] - star
								 : 0;
		ret->peak[WAVE_I1 + p][harmonic] = there ? node->i[p] - node->y[p] * star : 0;
	}
}

static void nothing(struct synth_spectrum *ret)
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		for (unsigned h = 0; h <= WAVE_HARMONIC_MAX; h++)
			ret->peak[c][h] = 0;
	}
}

/* The neutral holds the star point: the phases do not know of each other. */
static void cut_lost(const struct network *n, struct synth_spectrum *ret)
{
	for (int p = 0; p < WAVE_PHASES; p++) {
		for (unsigned h = 1; h <= WAVE_HARMONIC_MAX && !n->phase[p]; h++)
			ret->peak[WAVE_V1 + p][h] = ret->peak[WAVE_I1 + p][h] = 0;
	}
}

static void float_star(const struct network *n, struct synth_spectrum *ret)
{
	const struct synth_spectrum set = *ret;
	bool off = false; /* at the fundamental, and so at all */

	for (unsigned h = 1; h <= WAVE_HARMONIC_MAX; h++) {
		struct node node = node_of(n, &set, h);
		double complex star = star_point(n, &node);

		if (off || beyond_limit(n, &node, star)) {
			off |= h == 1;
			take_load_off(&node);
			star = star_point(n, &node);
		}
		solve(n, &node, star, h, ret);
	}
}

void network_solve(const struct network *network, const struct synth_input *input,
		   struct synth_spectrum *ret)
{
	synth_spectrum_of(input, ret);
	if (conductors(network) < 2)
		nothing(ret);
	else if (has_neutral(network))
		cut_lost(network, ret);
	else
		float_star(network, ret);
}
