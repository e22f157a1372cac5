/* SPDX-License-Identifier: MIT */
/*
 * register_table - the Modbus registers as manual A3.2 and field-facts 1 (old map) have them
 *
 * The tests' own reading of the sources: nothing here comes from the model file.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum table_type {
	TABLE_U16,
	TABLE_BCD16,
	TABLE_BCD32,
	TABLE_HEX32,
	TABLE_FLOAT,
	TABLE_DIRECTION,
	TABLE_TEXT,
};

struct table_row {
	uint16_t address;
	uint16_t count;
	enum table_type type;
	const char *point; /* NULL: 0 */
	bool write;
};

struct table {
	struct table_row rows[512];
	size_t count;
	char names[512][48];
};

void table_fill(struct table *table);
/* The row that covers an address, or NULL. */
const struct table_row *table_at(const struct table *table, unsigned address);
/*
 * Whether a read of one register may begin there: anywhere in an item of the new map, but only at
 * the beginning of one of the old map.
 */
bool table_readable(const struct table *table, unsigned address);
