/* SPDX-License-Identifier: MIT */
/*
 * test_mbmap - every register of the manual's A3.2 and of the old map: type, place, rights
 *
 * What is expected stands in tests/lib/register_table.c, written from the sources.
 */
#include "protocols/modbus/mbmap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "near.h"
#include "register_table.h"

static struct fixture *busy_meter(void)
{
	struct fixture *f = fixture_create((const char *[]){
		"grid: {voltage: [228.4, 230.1, 231.7], frequency: 49.97}",
		"load: {current: [10, 5, 2], angle: [10, 60, 170]}",
		"registers: {active_energy.forward.t1: 1234.56, active_energy.reverse.t2: 65.43,",
		"            reactive_energy.forward: 9.87, reactive_energy.reverse.t2: 6.5}",
		NULL});

	fixture_run(f, 30 * NS_PER_S);
	return f;
}

static uint32_t bcd(double number)
{
	char digits[16];
	uint32_t value = 0;

	snprintf(digits, sizeof(digits), "%.0f", number);
	for (const char *d = digits; *d; d++)
		value = value << 4 | (uint32_t)(*d - '0');
	return value;
}

static void check_row(struct fixture *f, const struct table_row *row)
{
	const double value =
		row->point && row->type != TABLE_TEXT ? fixture_value(f, row->point) : 0;
	uint16_t words[MB_READ_MAX] = {0};
	uint32_t both;
	float number;

	assert_int_equal(mbmap_read(fixture_meter(f), row->address, row->count, words), MB_OK);
	both = (uint32_t)words[0] << 16 | words[1];
	memcpy(&number, &both, sizeof(number));
	switch (row->type) {
	case TABLE_FLOAT:
		if (fabs((double)number - (double)(float)value) > 0)
			fail_msg("%04X %s: %g, not %g", row->address, row->point, (double)number,
				 value);
		break;
	case TABLE_U16:
		assert_int_equal(words[0], (uint16_t)value);
		break;
	case TABLE_BCD16:
		assert_int_equal(words[0], bcd(value));
		break;
	case TABLE_BCD32:
		assert_int_equal(both, bcd(value));
		break;
	case TABLE_HEX32:
		assert_int_equal(both, (uint32_t)value);
		break;
	case TABLE_DIRECTION:
		assert_int_equal(words[0],
				 (row->address - 0x4011 + '0') << 8 | (value > 0 ? 'R' : 'F'));
		break;
	case TABLE_TEXT:
		assert_int_equal(words[0], 'P' << 8 | 'R');
		assert_int_equal(words[15], 0);
		break;
	}
}

static void every_register_shows_its_point(void **state)
{
	struct table *e = test_calloc(1, sizeof(*e));
	struct fixture *f = busy_meter();

	(void)state;
	table_fill(e);
	for (size_t i = 0; i < e->count; i++)
		check_row(f, &e->rows[i]);
	fixture_destroy(f);
	test_free(e);
}

/*
 * Reads of one register at every address. New map: any register of an item; old map: an item's
 * first only. Everything else is exception 02.
 */
static void every_address_reads_or_not(void **state)
{
	struct table *e = test_calloc(1, sizeof(*e));
	struct fixture *f = busy_meter();
	uint16_t word;

	(void)state;
	table_fill(e);
	for (unsigned a = 0; a <= 0xffff; a++) {
		const bool listed = table_readable(e, a);
		const enum mb_exception got = mbmap_read(fixture_meter(f), (uint16_t)a, 1, &word);

		if (got != (listed ? MB_OK : MB_ILLEGAL_ADDRESS))
			fail_msg("%04X: %d", a, got);
	}
	fixture_destroy(f);
	test_free(e);
}

/* Writes of the value that is there, at every address, by function 06 and by 10 hex. */
static void every_address_writes_or_not(void **state)
{
	struct table *e = test_calloc(1, sizeof(*e));
	struct fixture *f = busy_meter();

	(void)state;
	table_fill(e);
	for (unsigned a = 0; a <= 0xffff; a++) {
		const struct table_row *row = table_at(e, a);
		const bool start = row && row->write && a == row->address;
		uint16_t words[MB_READ_MAX] = {0};
		enum mb_exception got;

		if (start)
			mbmap_read(fixture_meter(f), (uint16_t)a, row->count, words);
		got = mbmap_write(fixture_meter(f), (uint16_t)a, 1, words, true);
		if (got != (!start           ? MB_ILLEGAL_ADDRESS
			    : row->count > 1 ? MB_ILLEGAL_VALUE
					     : MB_OK))
			fail_msg("06 to %04X: %d", a, got);
		got = mbmap_write(fixture_meter(f), (uint16_t)a, row && start ? row->count : 1,
				  words, false);
		if (got != (start ? MB_OK : MB_ILLEGAL_ADDRESS))
			fail_msg("10 to %04X: %d", a, got);
	}
	fixture_destroy(f);
	test_free(e);
}

static void blocks(void **state)
{
	static const struct {
		uint16_t address, count;
		enum mb_exception answer;
	} rows[] = {
		/* what clients in the field read: field-facts 8 */
		{0x4000, 0x20, MB_OK},
		{0x5000, 0x32, MB_OK},
		{0x6000, 0x4b, MB_OK},
		{0x5002, 40, MB_OK},
		{0x500c, 38, MB_OK},
		{0x600c, 24, MB_OK},
		{0x500c, 6, MB_OK},
		{0x502a, 8, MB_OK},
		{0x6049, 2, MB_OK},
		/* halves of 32-bit items */
		{0x5003, 1, MB_OK},
		{0x5001, 3, MB_OK},
		/* over the end of a block */
		{0x4000, 0x21, MB_ILLEGAL_ADDRESS},
		{0x5000, 0x33, MB_ILLEGAL_ADDRESS},
		{0x6000, 0x4c, MB_ILLEGAL_ADDRESS},
		{0x3fff, 2, MB_ILLEGAL_ADDRESS},
		{0x4000, 125, MB_ILLEGAL_ADDRESS},
		{0xffff, 2, MB_ILLEGAL_ADDRESS},
		/* the old map's items stand alone */
		{0x1000, 2, MB_OK},
		{0x1000, 1, MB_OK},
		{0x1000, 3, MB_ILLEGAL_ADDRESS},
		{0x1001, 1, MB_ILLEGAL_ADDRESS},
		{0x1060, 2, MB_ILLEGAL_ADDRESS},
		{0x2008, 4, MB_ILLEGAL_ADDRESS},
		{0x1030, 16, MB_OK},
		{0x1030, 17, MB_ILLEGAL_ADDRESS},
	};
	struct fixture *f = busy_meter();
	uint16_t words[MB_READ_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (mbmap_read(fixture_meter(f), rows[i].address, rows[i].count, words) !=
		    rows[i].answer)
			fail_msg("%04X x %u", rows[i].address, rows[i].count);
	}
	fixture_destroy(f);
}

/* A3.2 "Write", and what is refused; a refused write changes nothing at all. */
static void writes(void **state)
{
	static const struct {
		uint16_t address, count;
		uint16_t words[5];
		bool single;
		enum mb_exception answer;
		const char *point;
		double after;
	} rows[] = {
		{0x4003, 1, {10}, true, MB_OK, "setting.modbus_id", 10},
		{0x4003, 1, {0}, true, MB_ILLEGAL_VALUE, "setting.modbus_id", 10},
		{0x4003, 1, {248}, true, MB_ILLEGAL_VALUE, "setting.modbus_id", 10},
		{0x1018, 1, {1}, true, MB_OK, "setting.modbus_id", 1},
		{0x4004, 1, {1200}, true, MB_OK, "setting.baud", 1200},
		{0x4004, 1, {19200}, true, MB_ILLEGAL_VALUE, "setting.baud", 1200},
		{0x400D, 2, {0x4120, 0}, false, MB_OK, "setting.s0_rate", 10},
		{0x400D, 2, {0x3DCC, 0xCCCD}, false, MB_OK, "setting.s0_rate", 0.1},
		{0x400D, 2, {0x3C23, 0xD70A}, false, MB_OK, "setting.s0_rate", 0.01},
		{0x400D, 2, {0x7FC0, 0}, false, MB_ILLEGAL_VALUE, "setting.s0_rate", 0.01}, /* NaN
											     */
		{0x400D, 2, {0x7F80, 0}, false, MB_ILLEGAL_VALUE, "setting.s0_rate", 0.01}, /* inf
											     */
		{0x400D, 2, {0x41A0, 0}, false, MB_ILLEGAL_VALUE, "setting.s0_rate", 0.01}, /* 20 */
		{0x400D, 1, {0x4120}, true, MB_ILLEGAL_VALUE, "setting.s0_rate", 0.01},
		{0x400D, 1, {0x4120}, false, MB_ILLEGAL_ADDRESS, "setting.s0_rate", 0.01},
		{0x400E, 1, {0}, true, MB_ILLEGAL_ADDRESS, "setting.s0_rate", 0.01},
		{0x1066, 2, {0x447A, 0}, false, MB_OK, "setting.s0_rate", 1000},
		{0x4010, 1, {0x0025}, true, MB_OK, "setting.lcd_cycle", 25},
		{0x4010, 1, {0x001A}, true, MB_ILLEGAL_VALUE, "setting.lcd_cycle", 25},
		{0x4010, 1, {0x0031}, true, MB_ILLEGAL_VALUE, "setting.lcd_cycle", 25},
		{0x4011, 1, {2}, true, MB_OK, "setting.parity", 2},
		{0x4011, 1, {0}, true, MB_ILLEGAL_VALUE, "setting.parity", 2},
		{0x4016, 1, {77}, true, MB_OK, "power_down_counter", 0},
		{0x6048, 1, {12}, true, MB_OK, "tariff", 2},
		{0x6048, 1, {3}, true, MB_ILLEGAL_VALUE, "tariff", 2},
		{0x6049, 2, {0x7FC0, 1}, false, MB_OK, "day_counter", 0},
		{0x4000,
		 2,
		 {0x1234, 0x5678},
		 false,
		 MB_ILLEGAL_ADDRESS,
		 "identity.serial",
		 16100649},
		/* several at once, all or nothing */
		{0x400D, 5, {0x4120, 0, 9, 0x0007, 1}, false, MB_OK, "setting.lcd_cycle", 7},
		{0x400D,
		 5,
		 {0x447A, 0, 9, 0x0008, 9},
		 false,
		 MB_ILLEGAL_VALUE,
		 "setting.lcd_cycle",
		 7},
		{0x400D,
		 5,
		 {0x447A, 0, 9, 0x0008, 9},
		 false,
		 MB_ILLEGAL_VALUE,
		 "setting.s0_rate",
		 10},
		{0x4010, 3, {0x0008, 1, 0}, false, MB_ILLEGAL_ADDRESS, "setting.lcd_cycle", 7},
		/* 7.11: 10 stays */
		{0x400F, 1, {10}, true, MB_OK, "setting.combination_code", 10},
		{0x400F, 1, {1}, true, MB_ILLEGAL_VALUE, "setting.combination_code", 10},
	};
	struct fixture *f = busy_meter();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const enum mb_exception got =
			mbmap_write(fixture_meter(f), rows[i].address, rows[i].count, rows[i].words,
				    rows[i].single);

		if (got != rows[i].answer)
			fail_msg("row %zu, %04X: answer %d, not %d", i, rows[i].address, got,
				 rows[i].answer);
		assert_near(fixture_value(f, rows[i].point), rows[i].after, 1e-9);
	}
	fixture_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_register_shows_its_point),
		cmocka_unit_test(every_address_reads_or_not),
		cmocka_unit_test(every_address_writes_or_not),
		cmocka_unit_test(blocks),
		cmocka_unit_test(writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
