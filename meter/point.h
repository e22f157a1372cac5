/* SPDX-License-Identifier: MIT */
/*
 * point - the named values of a meter, the one vocabulary of protocols, display and scenarios
 *
 * A value is an integer times a power of ten in the point's unit (230.1 V is 2301, -1), or text.
 * Nothing here knows a meter's state: see meter.h. Names as in the users' contract, lower case
 * with dots, totals without a suffix.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum point_unit {
	UNIT_NONE,
	UNIT_V,
	UNIT_A,
	UNIT_KW,
	UNIT_KVAR,
	UNIT_KVA,
	UNIT_HZ,
	UNIT_KWH,
	UNIT_KVARH,
	UNIT_S,
	UNIT_BAUD,
	UNIT_IMP_PER_KWH,
	UNIT_DEG,
	UNIT_PERCENT,
};

/* What a point is made from; with index: which phase, tariff or variant. */
enum point_kind {
	POINT_VOLTAGE,
	POINT_CURRENT,
	POINT_ACTIVE_POWER,
	POINT_REACTIVE_POWER,
	POINT_APPARENT_POWER,
	POINT_POWER_FACTOR,
	POINT_FREQUENCY,
	POINT_QUADRANT,
	POINT_DIRECTION,
	POINT_VOLTAGE_ANGLE,
	POINT_CURRENT_LAG,
	POINT_VOLTAGE_THD,
	POINT_CURRENT_THD,
	POINT_ENERGY,
	POINT_DAY_COUNTER,
	POINT_TARIFF,
	POINT_POWER_DOWN_COUNTER,
	POINT_SERIAL,
	POINT_METER_CODE,
	POINT_NAME,
	POINT_PROTOCOL_VERSION,
	POINT_SOFTWARE_VERSION,
	POINT_HARDWARE_VERSION,
	POINT_RATED_CURRENT,
	POINT_MODBUS_ID,
	POINT_BAUD,
	POINT_PARITY,
	POINT_S0_RATE,
	POINT_COMBINATION_CODE,
	POINT_LCD_CYCLE,
	POINT_CT_PRIMARY,
	POINT_CT_SECONDARY,
	POINT_STATUS_WORD,
	POINT_ERROR,
	POINT_CHECKSUM,
	POINT_KINDS
};

enum { POINT_PARITY_EVEN = 1, POINT_PARITY_NONE = 2, POINT_PARITY_ODD = 3 }; /* register 4011 */

/* Sums and parts of an energy; L1..L3 over all tariffs. */
enum energy_part { PART_SUM, PART_T1, PART_T2, PART_L1, PART_L2, PART_L3, ENERGY_PARTS };
/* Total by the combination code's formula, or one direction. */
enum energy_flow { FLOW_TOTAL, FLOW_FORWARD, FLOW_REVERSE };

struct point {
	const char *name;
	enum point_kind kind;
	enum point_unit unit;
	uint8_t phase; /* 0: total or none; 1..3 */
	bool setting;  /* kept by the meter, may be writable */
	bool text;     /* the value is text */
	/* POINT_ENERGY only */
	uint8_t reactive; /* 0 active, 1 reactive */
	enum energy_flow flow;
	enum energy_part part;
	/* POINT_S0_RATE only: 0 both, 1 forward, 2 reverse */
	uint8_t output;
};

struct point_value {
	int64_t number;
	int exponent;     /* of ten */
	const char *text; /* of a text point; NULL else. Belongs to the meter. */
};

size_t point_count(void);
/* NULL beyond the last. */
const struct point *point_at(size_t index);
/* NULL for a name that is none. */
const struct point *point_find(const char *name);
size_t point_index(const struct point *point);
const char *point_unit_name(enum point_unit unit);
/* "230.1", "-0.232", "16100649"; at most size bytes with the end. */
void point_format(const struct point_value *value, char *buf, size_t size);
