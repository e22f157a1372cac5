/* SPDX-License-Identifier: MIT */
/* register_table - the Modbus registers as manual A3.2 and field-facts 1 have them */
#include "register_table.h"

#include <stdio.h>
#include <string.h>

#define NEW_MAP 0x4000 /* where it begins */

/* A3.2, first two tables */
static const struct table_row identity_rows[] = {
	{0x4000, 2, TABLE_BCD32, "identity.serial", false},
	{0x4002, 1, TABLE_U16, "identity.meter_code", false},
	{0x4003, 1, TABLE_U16, "setting.modbus_id", true},
	{0x4004, 1, TABLE_U16, "setting.baud", true},
	{0x4005, 2, TABLE_FLOAT, "identity.protocol_version", false},
	{0x4007, 2, TABLE_FLOAT, "identity.software_version", false},
	{0x4009, 2, TABLE_FLOAT, "identity.hardware_version", false},
	{0x400B, 1, TABLE_U16, "identity.rated_current", false},
	{0x400C, 1, TABLE_BCD16, "setting.ct_primary", false},
	{0x400D, 2, TABLE_FLOAT, "setting.s0_rate", true},
	{0x400F, 1, TABLE_U16, "setting.combination_code", true},
	{0x4010, 1, TABLE_BCD16, "setting.lcd_cycle", true},
	{0x4011, 1, TABLE_U16, "setting.parity", true},
	{0x4012, 1, TABLE_DIRECTION, "direction.l1", false},
	{0x4013, 1, TABLE_DIRECTION, "direction.l2", false},
	{0x4014, 1, TABLE_DIRECTION, "direction.l3", false},
	{0x4015, 1, TABLE_U16, "diagnostic.error", false},
	{0x4016, 1, TABLE_U16, "power_down_counter", true},
	{0x4017, 1, TABLE_U16, "quadrant", false},
	{0x4018, 1, TABLE_U16, "quadrant.l1", false},
	{0x4019, 1, TABLE_U16, "quadrant.l2", false},
	{0x401A, 1, TABLE_U16, "quadrant.l3", false},
	{0x401B, 2, TABLE_HEX32, "diagnostic.checksum", false},
	{0x401D, 2, TABLE_BCD32, "diagnostic.status_word", false},
	{0x401F, 1, TABLE_U16, "setting.ct_secondary", false},
	{0x5000, 2, TABLE_FLOAT, NULL, false},
	{0x5008, 2, TABLE_FLOAT, "frequency", false},
	{0x500A, 2, TABLE_FLOAT, NULL, false},
	{0x6048, 1, TABLE_U16, "tariff", true},
	{0x6049, 2, TABLE_FLOAT, "day_counter", true},
	/* old map: field-facts 1 */
	{0x1000, 2, TABLE_BCD32, "identity.serial", false},
	{0x1010, 1, TABLE_U16, "identity.meter_code", false},
	{0x1018, 1, TABLE_U16, "setting.modbus_id", true},
	{0x1020, 1, TABLE_U16, "setting.baud", true},
	{0x1030, 16, TABLE_TEXT, "identity.name", false},
	{0x1050, 2, TABLE_FLOAT, "identity.protocol_version", false},
	{0x1054, 2, TABLE_FLOAT, "identity.software_version", false},
	{0x1058, 2, TABLE_FLOAT, "identity.hardware_version", false},
	{0x1060, 1, TABLE_U16, "identity.rated_current", false},
	{0x1062, 1, TABLE_BCD16, "setting.ct_primary", false},
	{0x1066, 2, TABLE_FLOAT, "setting.s0_rate", true},
	{0x107A, 1, TABLE_U16, "setting.combination_code", true},
	{0x1510, 1, TABLE_BCD16, "setting.lcd_cycle", true},
	{0x1520, 1, TABLE_U16, "setting.parity", true},
	{0x2000, 2, TABLE_FLOAT, NULL, false},
	{0x2020, 2, TABLE_FLOAT, "frequency", false},
	{0x2060, 2, TABLE_FLOAT, NULL, false},
	{0x2200, 1, TABLE_U16, "tariff", true},
};

static void expect_float(struct table *e, unsigned address, const char *a, const char *b)
{
	struct table_row *row = &e->rows[e->count];

	snprintf(e->names[e->count], sizeof(e->names[0]), "%s%s", a, b);
	*row = (struct table_row){(uint16_t)address, 2, TABLE_FLOAT, e->names[e->count], false};
	e->count++;
}

/* The regular parts: measured values and energies, new and old. */
void table_fill(struct table *e)
{
	static const char *const quantities[] = {"active_power", "reactive_power", "apparent_power",
						 "power_factor"};
	static const char *const energies[] = {
		"active_energy.total",   "active_energy.forward",   "active_energy.reverse",
		"reactive_energy.total", "reactive_energy.forward", "reactive_energy.reverse"};
	static const char *const parts[] = {"", ".t1", ".t2", ".l1", ".l2", ".l3"};
	static const char *const phases[] = {".l1", ".l2", ".l3"};

	memcpy(e->rows, identity_rows, sizeof(identity_rows));
	e->count = sizeof(identity_rows) / sizeof(identity_rows[0]);
	for (unsigned p = 0; p < 3; p++) {
		expect_float(e, 0x5002 + 2 * p, "voltage", phases[p]);
		expect_float(e, 0x500C + 2 * p, "current", phases[p]);
		expect_float(e, 0x2008 + 4 * p, "voltage", phases[p]);
		expect_float(e, 0x2068 + 4 * p, "current", phases[p]);
	}
	for (unsigned q = 0; q < 4; q++) {
		expect_float(e, 0x5012 + 8 * q, quantities[q], "");
		expect_float(e, 0x2080 + 0x20 * q, quantities[q], "");
		for (unsigned p = 0; p < 3; p++) {
			expect_float(e, 0x5014 + 8 * q + 2 * p, quantities[q], phases[p]);
			expect_float(e, 0x2088 + 0x20 * q + 4 * p, quantities[q], phases[p]);
		}
	}
	for (unsigned n = 0; n < 6; n++) {
		for (unsigned p = 0; p < 6; p++)
			expect_float(e, 0x6000 + 12 * n + 2 * p, energies[n], parts[p]);
		for (unsigned t = 0; t < 3; t++)
			expect_float(e, 0x3000 + 0x100 * t + 0x20 * n, energies[n], parts[t]);
		for (unsigned p = 0; p < 3; p++)
			expect_float(e, 0x3008 + 0x20 * n + 4 * p, energies[n], phases[p]);
	}
}

const struct table_row *table_at(const struct table *e, unsigned address)
{
	for (size_t i = 0; i < e->count; i++) {
		if (address >= e->rows[i].address &&
		    address < (unsigned)e->rows[i].address + e->rows[i].count)
			return &e->rows[i];
	}
	return NULL;
}

bool table_readable(const struct table *e, unsigned address)
{
	const struct table_row *row = table_at(e, address);

	return row && (address >= NEW_MAP || address == row->address);
}
