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

#define ROWS (sizeof(phase_rows) / sizeof(phase_rows[0]))

const char *const *world_names(size_t *ret_count)
{
	static const char *const names[] = {
		"grid.voltage",    "grid.voltage.l1", "grid.voltage.l2", "grid.voltage.l3",
		"grid.frequency",  "grid.angle",      "grid.angle.l1",   "grid.angle.l2",
		"grid.angle.l3",   "grid.noise",      "grid.harmonic.3", "grid.harmonic.5",
		"grid.harmonic.7", "load.current",    "load.current.l1", "load.current.l2",
		"load.current.l3", "load.angle",      "load.angle.l1",   "load.angle.l2",
		"load.angle.l3",   "load.noise",      "load.harmonic.3", "load.harmonic.5",
		"load.harmonic.7",
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

static void place_phases(struct world_target *t, size_t offset, unsigned phase)
{
	const unsigned first = phase ? phase - 1 : 0;

	t->count = phase ? 1 : WAVE_PHASES;
	for (unsigned p = 0; p < t->count; p++)
		t->offset[p] = offsetof(struct synth_input, phase) +
			       (first + p) * sizeof(struct synth_phase) + offset;
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
	place_phases(t, table, phase);
	return true;
}

bool world_find(const char *name, double maximum_current_a, struct world_target *ret)
{
	char base[64];
	unsigned phase;

	if (strcmp(name, "grid.frequency") == 0) {
		*ret = (struct world_target){.offset = {offsetof(struct synth_input, frequency_hz)},
					     .count = 1,
					     .min = SYNTH_FREQ_MIN,
					     .max = SYNTH_FREQ_MAX,
					     .unit = "Hz",
					     .factor = 1};
		return true;
	}
	if ((size_t)snprintf(base, sizeof(base), "%s", name) >= sizeof(base))
		return false;
	phase = cut_phase(base);
	for (size_t i = 0; i < ROWS; i++) {
		const struct world_row *row = &phase_rows[i];

		if (strcmp(row->name, base) != 0)
			continue;
		*ret = (struct world_target){.min = row->min,
					     .max = row->max != 0 ? row->max
								  : OVERCURRENT * maximum_current_a,
					     .unit = row->unit,
					     .factor = row->factor};
		place_phases(ret, row->offset, phase);
		return true;
	}
	for (size_t i = 0; i < 2; i++) {
		const size_t len = strlen(harmonic_rows[i].name);

		if (strncmp(base, harmonic_rows[i].name, len) == 0)
			return find_harmonic(base + len, harmonic_rows[i].table, phase, ret);
	}
	return false;
}

int world_parse(const struct world_target *target, const char *text, double *ret)
{
	double number;

	if (conf_quantity(text, target->unit, &number) < 0)
		return -EINVAL;
	if (!(number >= target->min && number <= target->max))
		return -ERANGE;
	*ret = number * target->factor;
	return 0;
}

double *world_place(struct synth_input *input, size_t offset)
{
	return (double *)(void *)((char *)input + offset);
}
