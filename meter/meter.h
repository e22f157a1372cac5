/* SPDX-License-Identifier: MIT */
/*
 * meter - one instrument: registers, settings and their rules
 *
 * Measured windows go in, points come out; a write is a rule of the instrument whichever way it
 * came. Knows no protocol, reads no clock, allocates only in create(). Sections are the manual's.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "meter/model.h"
#include "meter/point.h"
#include "metrology/element.h"
#include "metrology/energy.h"

struct meter;

/* Who wants to write. */
enum meter_who { WHO_CONFIG, WHO_MODBUS, WHO_MBUS, WHO_IR, WHO_BUTTONS, WHO_API };

/* Answers to a write; all but METER_OK have changed nothing. */
enum meter_answer {
	METER_OK,
	METER_READ_ONLY, /* not a thing that can be written, or not by this one */
	METER_RANGE,     /* not a value that it can have */
	METER_ONCE,      /* it was set before and stays (7.11: code 10) */
};

/* serial: 0..99999999. Borrows model until destroy. 0, -ENOMEM or -EINVAL. */
int meter_create(struct meter **ret, const struct model *model, uint32_t serial);
void meter_destroy(struct meter *meter);
const struct model *meter_model(const struct meter *meter);

/* Counts a window's energies and shows its quantities from now on (energies only, if partial). */
void meter_count(struct meter *meter, const struct measurement *window);

/* 0, or -ENOENT: the model has no such point. */
int meter_get(const struct meter *meter, const struct point *point, struct point_value *ret);
/* The number of a setting that the model has; 0 of one that it has not. */
int64_t meter_setting(const struct meter *meter, enum point_kind kind);

/* number * 10^exponent in the point's unit. What meter_set would say; changes nothing. */
enum meter_answer meter_check(const struct meter *meter, const struct point *point, int64_t number,
			      int exponent, enum meter_who who);
enum meter_answer meter_set(struct meter *meter, const struct point *point, int64_t number,
			    int exponent, enum meter_who who);

/*
 * What the meter has counted so far, in Wh: a forward or reverse energy (its sum goes to T1), one
 * of its tariffs or phases, or the day counter. Replaces that counter; METER_READ_ONLY for what
 * is no counter, METER_RANGE for a negative one. Phases, where none is preset, share the sum.
 */
enum meter_answer meter_preset(struct meter *meter, const struct point *point, int64_t wh);
/* After the last preset: shares sums over the phases that were not preset. */
void meter_preset_finish(struct meter *meter);

/* The supply is back after it had failed: counts a power-down (manual 4016). */
void meter_power_returned(struct meter *meter);
/* How many writes it has accepted: whoever shows settings looks again when this has changed. */
uint64_t meter_writes(const struct meter *meter);

/* The registers themselves, for tests and the pulse outputs. */
const struct energy_registers *meter_energies(const struct meter *meter);
const char *meter_answer_text(enum meter_answer answer);
