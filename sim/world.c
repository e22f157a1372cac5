/* SPDX-License-Identifier: MIT */
/* world - the world face of a meter */
#include "sim/world.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sim/conf_read.h"

#define OVERCURRENT   1.2 /* of Imax */
#define PHASE(member) offsetof(struct synth_phase, member)
#define WORLD(member) offsetof(struct world, member)
#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))

struct world_row {
	const char *name;
	size_t offset; /* in struct synth_phase */
	double min;
	double max; /* 0: 1.2 Imax */
	const char *unit;
	double factor;
};

static const struct world_row phase_rows[] = {
	{"grid.voltage", PHASE(voltage_v), 0, 480, "V", 1},
	{"grid.angle", PHASE(angle_deg), -360, 360, "deg", 1},
	{"grid.noise", PHASE(voltage_noise), 0, 100, "%", 0.01},
	{"load.current", PHASE(current_a), 0, 0, "A", 1},
	{"load.angle", PHASE(lag_deg), -180, 180, "deg", 1},
	{"load.noise", PHASE(current_noise), 0, 100, "%", 0.01},
};

/* "grid.harmonic.5" is the ratio to the fundamental, "grid.harmonic.5.angle" its phase. */
static const struct {
	const char *name;
	size_t table;
} harmonic_rows[] = {
	{"grid.harmonic.", PHASE(voltage_harmonic)},
	{"load.harmonic.", PHASE(current_harmonic)},
};

static const char *const truth_names[] = {"false", "true", NULL};
static const char *const wire_names[] = {"none", "l1", "l2", "l3", NULL}; /* enum wiring_wire */

/* Places of struct world, one for each phase. */
static const struct {
	const char *name;
	size_t offset;
	const char *const *names; /* NULL: a factor from 0 to 100 */
} wiring_rows[] = {
	{"supply", WORLD(supply), truth_names},
	{"wiring.voltage", WORLD(wire_voltage), wire_names},
	{"wiring.current", WORLD(wire_current), wire_names},
	{"wiring.ct_reversed", WORLD(ct_reversed), truth_names},
	{"wiring.ct_factor", WORLD(ct_factor), NULL},
};

/* One place for all phases. */
static const struct {
	const char *name;
	struct world_target target;
} single_rows[] = {
	{"grid.frequency",
	 {.offset = {WORLD(input.frequency_hz)},
	  .min = SYNTH_FREQ_MIN,
	  .max = SYNTH_FREQ_MAX,
	  .unit = "Hz"}},
	{"supply.neutral", {.offset = {WORLD(supply_neutral)}, .names = truth_names}},
};

void world_init(struct world *world)
{
	*world = (struct world){.input = {.frequency_hz = 50}, .supply_neutral = 1};
	for (int p = 0; p < WAVE_PHASES; p++) {
		world->supply[p] = 1;
		world->wire_voltage[p] = wiring_right.voltage[p];
		world->wire_current[p] = wiring_right.current[p];
		world->ct_factor[p] = 1;
	}
}

/* Whatever moved it there, a place of two values has one of them. */
static bool truth(double place)
{
	return place >= 0.5;
}

static enum wiring_wire wire(double place)
{
	return place >= 0 && place < WIRING_WIRES ? (enum wiring_wire)place : WIRING_NONE;
}

void world_network(const struct world *world, enum wiring_connection connection,
		   struct network *ret)
{
	*ret = (struct network){.connection = connection, .neutral = truth(world->supply_neutral)};
	for (int p = 0; p < WAVE_PHASES; p++)
		ret->phase[p] = truth(world->supply[p]);
}

void world_terminals(const struct world *world, struct wiring_terminals *ret)
{
	for (int p = 0; p < WAVE_PHASES; p++) {
		ret->voltage[p] = wire(world->wire_voltage[p]);
		ret->current[p] = wire(world->wire_current[p]);
		ret->reversed[p] = truth(world->ct_reversed[p]);
		ret->ratio[p] = world->ct_factor[p];
	}
}

const char *const *world_names(size_t *ret_count)
{
	static const char *const names[] = {
		"grid.voltage",
		"grid.voltage.l1",
		"grid.voltage.l2",
		"grid.voltage.l3",
		"grid.frequency",
		"grid.angle",
		"grid.angle.l1",
		"grid.angle.l2",
		"grid.angle.l3",
		"grid.noise",
		"grid.harmonic.3",
		"grid.harmonic.5",
		"grid.harmonic.7",
		"load.current",
		"load.current.l1",
		"load.current.l2",
		"load.current.l3",
		"load.angle",
		"load.angle.l1",
		"load.angle.l2",
		"load.angle.l3",
		"load.noise",
		"load.harmonic.3",
		"load.harmonic.5",
		"load.harmonic.7",
		"supply",
		"supply.l1",
		"supply.l2",
		"supply.l3",
		"supply.neutral",
		"wiring.voltage",
		"wiring.voltage.l1",
		"wiring.voltage.l2",
		"wiring.voltage.l3",
		"wiring.current",
		"wiring.current.l1",
		"wiring.current.l2",
		"wiring.current.l3",
		"wiring.ct_reversed",
		"wiring.ct_reversed.l1",
		"wiring.ct_reversed.l2",
		"wiring.ct_reversed.l3",
		"wiring.ct_factor",
		"wiring.ct_factor.l1",
		"wiring.ct_factor.l2",
		"wiring.ct_factor.l3",
	};

	*ret_count = sizeof(names) / sizeof(names[0]);
	return names;
}

/* Cuts ".l1" .. ".l3" off name; returns the phase, 0 without one. */
static unsigned cut_phase(char *name)
{
	size_t len = strlen(name);

	if (len < 3 || name[len - 3] != '.' || name[len - 2] != 'l' || name[len - 1] < '1' ||
	    name[len - 1] > '3')
		return 0;
	name[len - 3] = '\0';
	return (unsigned)(name[len - 1] - '0');
}

/* offset: of L1's place in struct world; stride: to the next phase's. */
static void place_phases(struct world_target *t, size_t offset, size_t stride, unsigned phase)
{
	const unsigned first = phase ? phase - 1 : 0;

	t->count = phase ? 1 : WAVE_PHASES;
	for (unsigned p = 0; p < t->count; p++)
		t->offset[p] = offset + (first + p) * stride;
}

/* offset in struct synth_phase */
static void place_input(struct world_target *t, size_t offset, unsigned phase)
{
	place_phases(t, WORLD(input.phase) + offset, sizeof(struct synth_phase), phase);
}

/* "5" or "5.angle" behind the prefix of a harmonic. */
static bool find_harmonic(const char *text, size_t table, unsigned phase, struct world_target *t)
{
	char order_text[8];
	const char *dot = strchr(text, '.');
	size_t len = dot ? (size_t)(dot - text) : strlen(text);
	bool angle = dot && strcmp(dot, ".angle") == 0;
	int64_t order;

	if ((dot && !angle) || len >= sizeof(order_text))
		return false;
	memcpy(order_text, text, len);
	order_text[len] = '\0';
	/* one name for each: neither "+5" nor "05" */
	if (order_text[0] < '1' || order_text[0] > '9' || text_to_int(order_text, &order) < 0 ||
	    order < 2 || order > WAVE_HARMONIC_MAX)
		return false;
	*t = angle ? (struct world_target){.min = -360, .max = 360, .unit = "deg", .factor = 1}
		   : (struct world_target){.min = 0, .max = 100, .unit = "%", .factor = 0.01};
	table += (size_t)order * sizeof(struct synth_harmonic);
	table += angle ? offsetof(struct synth_harmonic, phase_deg)
		       : offsetof(struct synth_harmonic, ratio);
	place_input(t, table, phase);
	return true;
}

static bool find_single(const char *name, struct world_target *ret)
{
	for (size_t i = 0; i < COUNT(single_rows); i++) {
		if (strcmp(single_rows[i].name, name) != 0)
			continue;
		*ret = single_rows[i].target;
		ret->count = 1;
		ret->factor = 1;
		return true;
	}
	return false;
}

static bool find_wiring(const char *base, unsigned phase, struct world_target *ret)
{
	for (size_t i = 0; i < COUNT(wiring_rows); i++) {
		if (strcmp(wiring_rows[i].name, base) != 0)
			continue;
		*ret = (struct world_target){
			.names = wiring_rows[i].names, .max = 100, .unit = "", .factor = 1};
		place_phases(ret, wiring_rows[i].offset, sizeof(double), phase);
		return true;
	}
	return false;
}

static bool find_input(const char *base, unsigned phase, double maximum_current_a,
		       struct world_target *ret)
{
	for (size_t i = 0; i < COUNT(phase_rows); i++) {
		const struct world_row *row = &phase_rows[i];

		if (strcmp(row->name, base) != 0)
			continue;
		*ret = (struct world_target){.min = row->min,
					     .max = row->max != 0 ? row->max
								  : OVERCURRENT * maximum_current_a,
					     .unit = row->unit,
					     .factor = row->factor};
		place_input(ret, row->offset, phase);
		return true;
	}
	for (size_t i = 0; i < COUNT(harmonic_rows); i++) {
		const size_t len = strlen(harmonic_rows[i].name);

		if (strncmp(base, harmonic_rows[i].name, len) == 0)
			return find_harmonic(base + len, harmonic_rows[i].table, phase, ret);
	}
	return false;
}

bool world_find(const char *name, double maximum_current_a, struct world_target *ret)
{
	char base[64];
	unsigned phase;

	if (find_single(name, ret))
		return true;
	if ((size_t)snprintf(base, sizeof(base), "%s", name) >= sizeof(base))
		return false;
	phase = cut_phase(base);
	return find_wiring(base, phase, ret) || find_input(base, phase, maximum_current_a, ret);
}

static int parse_name(const struct world_target *target, const char *text, double *ret)
{
	bool value;

	if (target->names == truth_names && conf_parse_bool(text, &value) == 0) {
		*ret = value ? 1 : 0;
		return 0;
	}
	for (int i = 0; target->names[i]; i++) {
		if (strcmp(target->names[i], text) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

int world_parse(const struct world_target *target, const char *text, double *ret)
{
	double number;

	if (target->names)
		return parse_name(target, text, ret);
	if (conf_quantity(text, target->unit, &number) < 0)
		return -EINVAL;
	if (!(number >= target->min && number <= target->max))
		return -ERANGE;
	*ret = number * target->factor;
	return 0;
}

const char *world_complaint(const struct world_target *target, int r, char *buf, size_t size)
{
	size_t used;

	if (target->names == truth_names) {
		snprintf(buf, size, "is neither true nor false");
	} else if (target->names) {
		used = (size_t)snprintf(buf, size, "is none of:");
		for (size_t i = 0; target->names[i] && used < size; i++)
			used += (size_t)snprintf(buf + used, size - used, "%s %s", i ? "," : "",
						 target->names[i]);
	} else if (r == -ERANGE) {
		snprintf(buf, size, "is out of range %.10g..%.10g%s%s", target->min, target->max,
			 *target->unit ? " " : "", target->unit);
	} else {
		snprintf(buf, size, "is not a number%s%s", *target->unit ? " of " : "",
			 target->unit);
	}
	return buf;
}

double *world_place(struct world *world, size_t offset)
{
	return (double *)(void *)((char *)world + offset);
}
