/* SPDX-License-Identifier: MIT */
/*
 * test_cursor - every prefix of a message is read without going beyond it, and bad sticks
 *
 * Prefixes are copied to memory of exactly their size, so that the address sanitizer sees a byte
 * read too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cursor.h"

enum width { U8, BE16, LE16, BE32, LE32 };

struct field {
	enum width width;
	size_t len_bytes;
	uint32_t value;
};

static const uint8_t message[] = {0x80, 0x12, 0x34, 0x12, 0x34, 0xfe, 0xdc, 0xba, 0x98, 0xff, 0xff,
				  0x00, 0x80, 0x7f, 0x00, 0x00, 0x00, 0x01, 0x78, 0x56, 0x34, 0xf2};

static const struct field fields[] = {
	{U8, 1, 0x80},         {BE16, 2, 0x1234}, {LE16, 2, 0x3412},
	{BE32, 4, 0xfedcba98}, {BE16, 2, 0xffff}, {LE16, 2, 0x8000},
	{U8, 1, 0x7f},         {BE32, 4, 1},      {LE32, 4, 0xf2345678},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static uint32_t get(struct cursor_in *in, enum width width)
{
	switch (width) {
	case U8:
		return cursor_get_u8(in);
	case BE16:
		return cursor_get_be16(in);
	case LE16:
		return cursor_get_le16(in);
	case LE32:
		return cursor_get_le32(in);
	case BE32:
		break;
	}
	return cursor_get_be32(in);
}

static void put(struct cursor_out *out, const struct field *field)
{
	switch (field->width) {
	case U8:
		cursor_put_u8(out, (uint8_t)field->value);
		break;
	case BE16:
		cursor_put_be16(out, (uint16_t)field->value);
		break;
	case LE16:
		cursor_put_le16(out, (uint16_t)field->value);
		break;
	case BE32:
		cursor_put_be32(out, field->value);
		break;
	case LE32:
		cursor_put_le32(out, field->value);
		break;
	}
}

/* Reads all fields from the first len_bytes of the message. */
static void read_prefix(size_t len_bytes)
{
	uint8_t *data = malloc(len_bytes ? len_bytes : 1);
	struct cursor_in in;
	size_t pos = 0;
	bool bad = false;

	assert_non_null(data);
	memcpy(data, message, len_bytes);
	cursor_in_init(&in, data, len_bytes);
	for (size_t i = 0; i < FIELDS; i++) {
		bad = bad || len_bytes - pos < fields[i].len_bytes;
		assert_int_equal(get(&in, fields[i].width), bad ? 0 : fields[i].value);
		pos += bad ? 0 : fields[i].len_bytes;
		assert_int_equal(in.bad, bad);
		assert_int_equal(cursor_left(&in), len_bytes - pos);
	}
	assert_int_equal(bad, len_bytes < sizeof(message));
	/* a byte may be left over, but bad sticks; at the end of the whole one nothing is left */
	assert_int_equal(cursor_get_u8(&in), 0);
	assert_true(in.bad);
	free(data);
}

static void test_every_prefix_read(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(message); len++)
		read_prefix(len);
}

/* Writes all fields to a buffer of cap_bytes: whole fields arrive, nothing of the others. */
static void write_prefix(size_t cap_bytes)
{
	uint8_t *data = malloc(cap_bytes ? cap_bytes : 1);
	struct cursor_out out;
	size_t pos = 0;
	bool bad = false;

	assert_non_null(data);
	memset(data, 0xa5, cap_bytes);
	cursor_out_init(&out, data, cap_bytes);
	for (size_t i = 0; i < FIELDS; i++) {
		put(&out, &fields[i]);
		bad = bad || cap_bytes - pos < fields[i].len_bytes;
		pos += bad ? 0 : fields[i].len_bytes;
		assert_int_equal(out.bad, bad);
		assert_int_equal(out.len_bytes, pos);
	}
	assert_memory_equal(data, message, pos);
	for (size_t k = pos; k < cap_bytes; k++)
		assert_int_equal(data[k], 0xa5);
	free(data);
}

static void test_every_capacity_written(void **state)
{
	(void)state;
	for (size_t cap = 0; cap <= sizeof(message); cap++)
		write_prefix(cap);
}

/* Low byte first; what does not fit is not written at all, and nothing beyond it. */
static void test_le32_written(void **state)
{
	static const struct {
		uint32_t value;
		uint8_t bytes[4];
	} rows[] = {
		{0x01020304, {4, 3, 2, 1}},
		{0xfedcba98, {0x98, 0xba, 0xdc, 0xfe}},
		{0x80, {0x80, 0, 0, 0}},
		{UINT32_MAX, {0xff, 0xff, 0xff, 0xff}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t cap = 0; cap <= 5; cap++) {
			const struct field field = {LE32, 4, rows[i].value};
			uint8_t data[5] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5};
			struct cursor_out out;

			cursor_out_init(&out, data, cap);
			put(&out, &field);
			assert_int_equal(out.bad, cap < 4);
			assert_int_equal(out.len_bytes, cap < 4 ? 0 : 4);
			assert_memory_equal(data, rows[i].bytes, out.len_bytes);
			for (size_t k = out.len_bytes; k < sizeof(data); k++)
				assert_int_equal(data[k], 0xa5);
		}
	}
}

static void test_bytes(void **state)
{
	static const struct {
		size_t len_bytes;
		size_t len_after;
		bool bad;
	} rows[] = {
		{0, 0, false}, {3, 3, false}, {5, 8, false}, /* full */
		{0, 8, false},                               /* nothing fits into nothing */
		{1, 8, true},  {0, 8, true},                 /* sticks */
	};
	static const uint8_t source[5] = {1, 2, 3, 4, 5};
	static const uint8_t expected[8] = {1, 2, 3, 1, 2, 3, 4, 5};
	uint8_t data[8] = {0};
	struct cursor_out out;

	(void)state;
	cursor_out_init(&out, data, sizeof(data));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cursor_put_bytes(&out, rows[i].len_bytes ? source : NULL, rows[i].len_bytes);
		assert_int_equal(out.len_bytes, rows[i].len_after);
		assert_int_equal(out.bad, rows[i].bad);
	}
	assert_memory_equal(data, expected, sizeof(expected));
}

static void test_absurd_length_is_bad(void **state)
{
	uint8_t data[4] = {0};
	struct cursor_out out;

	(void)state;
	cursor_out_init(&out, data, sizeof(data));
	cursor_put_u8(&out, 1);
	cursor_put_bytes(&out, data, SIZE_MAX);
	assert_true(out.bad);
	assert_int_equal(out.len_bytes, 1);
}

static void test_init_forgets_bad(void **state)
{
	struct cursor_in in;

	(void)state;
	cursor_in_init(&in, NULL, 0);
	assert_int_equal(cursor_left(&in), 0);
	assert_int_equal(cursor_get_be32(&in), 0);
	assert_true(in.bad);
	cursor_in_init(&in, message, sizeof(message));
	assert_false(in.bad);
	assert_int_equal(cursor_get_u8(&in), 0x80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_prefix_read),
		cmocka_unit_test(test_every_capacity_written),
		cmocka_unit_test(test_le32_written),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_absurd_length_is_bad),
		cmocka_unit_test(test_init_forgets_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
