/* SPDX-License-Identifier: MIT */
/* point - the table of points */
#include "meter/point.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define QUANTITY(n, k, u)                                                                          \
	{.name = n, .kind = k, .unit = u}, {.name = n ".l1", .kind = k, .unit = u, .phase = 1},    \
		{.name = n ".l2", .kind = k, .unit = u, .phase = 2},                               \
	{                                                                                          \
		.name = n ".l3", .kind = k, .unit = u, .phase = 3                                  \
	}

#define PHASES(n, k, u)                                                                            \
	{.name = n ".l1", .kind = k, .unit = u, .phase = 1},                                       \
		{.name = n ".l2", .kind = k, .unit = u, .phase = 2},                               \
	{                                                                                          \
		.name = n ".l3", .kind = k, .unit = u, .phase = 3                                  \
	}

#define ENERGY(n, r, u, f, p)                                                                      \
	{                                                                                          \
		.name = n, .kind = POINT_ENERGY, .unit = u, .reactive = r, .flow = f, .part = p    \
	}

#define ENERGIES(n, r, u, f)                                                                       \
	ENERGY(n, r, u, f, PART_SUM), ENERGY(n ".t1", r, u, f, PART_T1),                           \
		ENERGY(n ".t2", r, u, f, PART_T2), ENERGY(n ".l1", r, u, f, PART_L1),              \
		ENERGY(n ".l2", r, u, f, PART_L2), ENERGY(n ".l3", r, u, f, PART_L3)

static const struct point points[] = {
	PHASES("voltage", POINT_VOLTAGE, UNIT_V),
	PHASES("current", POINT_CURRENT, UNIT_A),
	QUANTITY("active_power", POINT_ACTIVE_POWER, UNIT_KW),
	QUANTITY("reactive_power", POINT_REACTIVE_POWER, UNIT_KVAR),
	QUANTITY("apparent_power", POINT_APPARENT_POWER, UNIT_KVA),
	QUANTITY("power_factor", POINT_POWER_FACTOR, UNIT_NONE),
	{.name = "frequency", .kind = POINT_FREQUENCY, .unit = UNIT_HZ},
	QUANTITY("quadrant", POINT_QUADRANT, UNIT_NONE),
	PHASES("direction", POINT_DIRECTION, UNIT_NONE),
	PHASES("angle.voltage", POINT_VOLTAGE_ANGLE, UNIT_DEG),
	PHASES("angle.current", POINT_CURRENT_LAG, UNIT_DEG),
	PHASES("thd.voltage", POINT_VOLTAGE_THD, UNIT_PERCENT),
	PHASES("thd.current", POINT_CURRENT_THD, UNIT_PERCENT),
	ENERGIES("active_energy.total", 0, UNIT_KWH, FLOW_TOTAL),
	ENERGIES("active_energy.forward", 0, UNIT_KWH, FLOW_FORWARD),
	ENERGIES("active_energy.reverse", 0, UNIT_KWH, FLOW_REVERSE),
	ENERGIES("reactive_energy.total", 1, UNIT_KVARH, FLOW_TOTAL),
	ENERGIES("reactive_energy.forward", 1, UNIT_KVARH, FLOW_FORWARD),
	ENERGIES("reactive_energy.reverse", 1, UNIT_KVARH, FLOW_REVERSE),
	{.name = "day_counter", .kind = POINT_DAY_COUNTER, .unit = UNIT_KWH},
	{.name = "tariff", .kind = POINT_TARIFF},
	{.name = "power_down_counter", .kind = POINT_POWER_DOWN_COUNTER},
	{.name = "identity.serial", .kind = POINT_SERIAL},
	{.name = "identity.meter_code", .kind = POINT_METER_CODE},
	{.name = "identity.name", .kind = POINT_NAME, .text = true},
	{.name = "identity.protocol_version", .kind = POINT_PROTOCOL_VERSION},
	{.name = "identity.software_version", .kind = POINT_SOFTWARE_VERSION},
	{.name = "identity.hardware_version", .kind = POINT_HARDWARE_VERSION},
	{.name = "identity.rated_current", .kind = POINT_RATED_CURRENT, .unit = UNIT_A},
	{.name = "setting.modbus_id", .kind = POINT_MODBUS_ID, .setting = true},
	{.name = "setting.baud", .kind = POINT_BAUD, .unit = UNIT_BAUD, .setting = true},
	{.name = "setting.parity", .kind = POINT_PARITY, .setting = true},
	{.name = "setting.s0_rate",
	 .kind = POINT_S0_RATE,
	 .unit = UNIT_IMP_PER_KWH,
	 .setting = true},
	{.name = "setting.s0_rate.forward",
	 .kind = POINT_S0_RATE,
	 .unit = UNIT_IMP_PER_KWH,
	 .setting = true,
	 .output = 1},
	{.name = "setting.s0_rate.reverse",
	 .kind = POINT_S0_RATE,
	 .unit = UNIT_IMP_PER_KWH,
	 .setting = true,
	 .output = 2},
	{.name = "setting.combination_code", .kind = POINT_COMBINATION_CODE, .setting = true},
	{.name = "setting.lcd_cycle", .kind = POINT_LCD_CYCLE, .unit = UNIT_S, .setting = true},
	{.name = "setting.ct_primary", .kind = POINT_CT_PRIMARY, .unit = UNIT_A, .setting = true},
	{.name = "setting.ct_secondary",
	 .kind = POINT_CT_SECONDARY,
	 .unit = UNIT_A,
	 .setting = true},
	{.name = "diagnostic.status_word", .kind = POINT_STATUS_WORD},
	{.name = "diagnostic.error", .kind = POINT_ERROR},
	{.name = "diagnostic.checksum", .kind = POINT_CHECKSUM},
};

#define POINTS (sizeof(points) / sizeof(points[0]))

size_t point_count(void)
{
	return POINTS;
}

const struct point *point_at(size_t index)
{
	return index < POINTS ? &points[index] : NULL;
}

const struct point *point_find(const char *name)
{
	for (size_t i = 0; i < POINTS; i++) {
		if (strcmp(points[i].name, name) == 0)
			return &points[i];
	}
	return NULL;
}

size_t point_index(const struct point *point)
{
	return (size_t)(point - points);
}

const char *point_unit_name(enum point_unit unit)
{
	static const char *const names[] = {
		[UNIT_NONE] = "",   [UNIT_V] = "V",       [UNIT_A] = "A",
		[UNIT_KW] = "kW",   [UNIT_KVAR] = "kvar", [UNIT_KVA] = "kVA",
		[UNIT_HZ] = "Hz",   [UNIT_KWH] = "kWh",   [UNIT_KVARH] = "kvarh",
		[UNIT_S] = "s",     [UNIT_BAUD] = "Bd",   [UNIT_IMP_PER_KWH] = "imp/kWh",
		[UNIT_DEG] = "deg", [UNIT_PERCENT] = "%",
	};

	return names[unit];
}

void point_format(const struct point_value *value, char *buf, size_t size)
{
	const uint64_t magnitude =
		value->number < 0 ? (uint64_t) - (value->number + 1) + 1 : (uint64_t)value->number;
	const char *sign = value->number < 0 ? "-" : "";
	const int decimals = value->exponent < -9 ? 9 : -value->exponent;
	uint64_t unit = 1;

	if (value->text) {
		snprintf(buf, size, "%s", value->text);
		return;
	}
	for (int d = 0; d < decimals; d++)
		unit *= 10;
	if (decimals <= 0)
		snprintf(buf, size, "%s%" PRIu64 "%.*s", sign, magnitude, -decimals, "000000000");
	else
		snprintf(buf, size, "%s%" PRIu64 ".%0*" PRIu64, sign, magnitude / unit, decimals,
			 magnitude % unit);
}
