/* SPDX-License-Identifier: MIT */
/*
 * test_pcapng - blocks are read back as the draft (IETF opsawg-pcapng) has them
 *
 * A reader of our own: types, lengths at both ends, options, and the tags of exported PDUs.
 */
#include "sim/pcapng.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define EPOCH_NS INT64_C(1795421700123456789)

struct output {
	FILE *file;
	char *data;
	size_t size;
};

static void open_output(struct output *o)
{
	o->data = NULL;
	o->file = open_memstream(&o->data, &o->size);
	assert_non_null(o->file);
}

static void close_output(struct output *o)
{
	assert_false(ferror(o->file));
	assert_int_equal(fclose(o->file), 0);
}

static uint32_t le(const uint8_t *b, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value |= (uint32_t)b[i] << 8 * i;
	return value;
}

static uint32_t be(const uint8_t *b, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | b[i];
	return value;
}

struct block {
	uint32_t type;
	const uint8_t *body;
	size_t len_bytes;
};

/* The next block at *at; false at the end. */
static bool next_block(const struct output *o, size_t *at, struct block *ret)
{
	const uint8_t *b = (const uint8_t *)o->data + *at;
	uint32_t len_bytes;

	if (*at == o->size)
		return false;
	assert_true(o->size - *at >= 12);
	len_bytes = le(b + 4, 4);
	assert_int_equal(len_bytes % 4, 0);
	assert_true(len_bytes >= 12 && len_bytes <= o->size - *at);
	assert_int_equal(le(b + len_bytes - 4, 4), len_bytes);
	*ret = (struct block){.type = le(b, 4), .body = b + 8, .len_bytes = len_bytes - 12};
	*at += len_bytes;
	return true;
}

struct option {
	uint32_t code;
	const uint8_t *value;
	size_t len_bytes;
};

/* All options from at on, the end one excluded, which must be there and the last thing. */
static size_t read_options(const struct block *block, size_t at, struct option *ret, size_t cap)
{
	size_t n = 0;

	for (;;) {
		const uint8_t *b = block->body + at;
		uint32_t code, len_bytes;

		assert_true(block->len_bytes - at >= 4);
		code = le(b, 2);
		len_bytes = le(b + 2, 2);
		at += 4 + (len_bytes + 3) / 4 * 4;
		assert_true(at <= block->len_bytes);
		for (const uint8_t *pad = b + 4 + len_bytes; pad < block->body + at; pad++)
			assert_int_equal(*pad, 0);
		if (code == 0)
			break;
		assert_true(n < cap);
		ret[n++] = (struct option){code, b + 4, len_bytes};
	}
	assert_int_equal(at, block->len_bytes);
	return n;
}

static void check_text(const struct option *option, uint32_t code, const char *text)
{
	assert_int_equal(option->code, code);
	assert_int_equal(option->len_bytes, strlen(text));
	assert_memory_equal(option->value, text, strlen(text));
}

/* Names of all lengths, so that padding is of all lengths. */
static void a_section_begins(void **state)
{
	static const char *const names[] = {"", "a", "ab", "abc", "abcd", "metersimd 0.1.0"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		static const uint8_t begin[] = {0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,    0,
						0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
		struct option options[4];
		struct output o;
		struct block block;
		size_t at = 0;

		open_output(&o);
		pcapng_begin(o.file, names[i]);
		close_output(&o);
		assert_true(next_block(&o, &at, &block));
		assert_int_equal(block.type, 0x0a0d0d0a);
		assert_true(block.len_bytes > sizeof(begin));
		assert_memory_equal(block.body, begin, sizeof(begin));
		assert_int_equal(read_options(&block, sizeof(begin), options, COUNT(options)), 1);
		check_text(&options[0], 4, names[i]);
		assert_false(next_block(&o, &at, &block));
		free(o.data);
	}
}

static void lines_are_interfaces(void **state)
{
	static const char *const names[] = {"l", "li", "lin", "line", "rs485-house.cellar"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		static const uint8_t begin[] = {252, 0, 0, 0, 0, 0, 0, 0};
		struct option options[4];
		struct output o;
		struct block block;
		size_t at = 0;

		open_output(&o);
		pcapng_interface(o.file, names[i]);
		close_output(&o);
		assert_true(next_block(&o, &at, &block));
		assert_int_equal(block.type, 1);
		assert_memory_equal(block.body, begin, sizeof(begin));
		assert_int_equal(read_options(&block, sizeof(begin), options, COUNT(options)), 2);
		check_text(&options[0], 2, names[i]);
		assert_int_equal(options[1].code, 9); /* ns */
		assert_int_equal(options[1].len_bytes, 1);
		assert_int_equal(options[1].value[0], 9);
		assert_false(next_block(&o, &at, &block));
		free(o.data);
	}
}

/* The tags before the telegram; returns where that begins. */
static size_t check_tags(const uint8_t *pdu, size_t len_bytes, const struct pcapng_packet *p,
			 uint8_t station)
{
	const uint8_t master_ip[] = {127, 0, 0, 1}, station_ip[] = {127, 0, 1, station};
	const uint32_t master_port = 1024 + p->interface;
	const struct {
		uint32_t tag;
		uint32_t value;
	} rows[] = {{20, be(p->from_master ? master_ip : station_ip, 4)},
		    {21, be(p->from_master ? station_ip : master_ip, 4)},
		    {24, 2},
		    {25, p->from_master ? master_port : 502},
		    {26, p->from_master ? 502 : master_port}};
	const size_t name_bytes = (strlen(p->dissector) + 3) / 4 * 4;
	size_t at = 4 + name_bytes;

	assert_true(len_bytes >= at);
	assert_int_equal(be(pdu, 2), 12);
	assert_int_equal(be(pdu + 2, 2), name_bytes);
	assert_memory_equal(pdu + 4, p->dissector, strlen(p->dissector));
	for (size_t i = strlen(p->dissector); i < name_bytes; i++)
		assert_int_equal(pdu[4 + i], 0);
	for (size_t i = 0; i < COUNT(rows); i++, at += 8) {
		assert_true(len_bytes - at >= 8);
		assert_int_equal(be(pdu + at, 2), rows[i].tag);
		assert_int_equal(be(pdu + at + 2, 2), 4);
		assert_int_equal(be(pdu + at + 4, 4), rows[i].value);
	}
	assert_true(len_bytes - at >= 4);
	assert_int_equal(be(pdu + at, 4), 0); /* the end of the tags */
	return at + 4;
}

static void check_packet(const struct block *block, const struct pcapng_packet *p, uint8_t station)
{
	const uint8_t *b = block->body;
	struct option options[4];
	size_t pdu_bytes, at;

	assert_int_equal(block->type, 6);
	assert_int_equal(le(b, 4), p->interface);
	assert_int_equal((uint64_t)le(b + 4, 4) << 32 | le(b + 8, 4), p->epoch_ns);
	pdu_bytes = le(b + 12, 4);
	assert_int_equal(le(b + 16, 4), pdu_bytes); /* nothing was cut off */
	assert_true(20 + pdu_bytes <= block->len_bytes);
	at = check_tags(b + 20, pdu_bytes, p, station);
	assert_int_equal(pdu_bytes - at, p->len_bytes);
	assert_memory_equal(b + 20 + at, p->bytes, p->len_bytes);
	for (size_t i = 20 + pdu_bytes; i % 4; i++)
		assert_int_equal(b[i], 0);
	assert_int_equal(read_options(block, 20 + (pdu_bytes + 3) / 4 * 4, options, 4),
			 *p->comment ? 2 : 1);
	assert_int_equal(options[0].code, 2);
	assert_int_equal(options[0].len_bytes, 4);
	assert_int_equal(le(options[0].value, 4), p->from_master ? 1 : 2);
	if (*p->comment)
		check_text(&options[1], 1, p->comment);
}

static void packets_bear_everything(void **state)
{
	static uint8_t bytes[TELEGRAM_MAX];
	static char comment[2 * TELEGRAM_TEXT_MAX];
	static const struct {
		struct pcapng_packet packet; /* but its bytes */
		uint8_t station;             /* as its address has it */
	} rows[] = {
		{{0, EPOCH_NS, "mbrtu", 1, true, NULL, 8, "1: read 0x5002"}, 1},
		{{0, EPOCH_NS, "mbrtu", 1, false, NULL, 9, ""}, 1},
		{{3, 0, "mbtcp4", 247, false, NULL, 1, "a"}, 247},
		{{4711, EPOCH_NS, "abcd", TELEGRAM_NONE, true, NULL, 2, "ab"}, 0},
		{{1, INT64_MAX, "mbus-wm", 0, true, NULL, 3, "abc"}, 0},
		{{1, 0xffffffff, "m", 255, true, NULL, 4, "abcd"}, 255},
		{{1, 0x100000000, "mb", 255, false, NULL, TELEGRAM_MAX, comment}, 255},
		{{1, 1, "mb", 2, false, NULL, TELEGRAM_MAX - 1, comment}, 2},
		{{1, 1, "mb", 2, false, NULL, 0, ""}, 2},
	};
	struct output o;
	struct block block;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + 1);
	memset(comment, 'c', sizeof(comment) - 1);
	open_output(&o);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pcapng_packet packet = rows[i].packet;

		packet.bytes = bytes;
		pcapng_packet(o.file, &packet);
	}
	close_output(&o);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pcapng_packet packet = rows[i].packet;

		packet.bytes = bytes;
		assert_true(next_block(&o, &at, &block));
		check_packet(&block, &packet, rows[i].station);
	}
	assert_false(next_block(&o, &at, &block));
	free(o.data);
}

/* A block that would not be whole is not written at all. */
static void too_much_is_nothing(void **state)
{
	static uint8_t bytes[8192];
	static char text[8192];
	struct pcapng_packet packet = {.dissector = "mbrtu", .bytes = bytes, .comment = ""};
	struct output o;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	open_output(&o);
	packet.len_bytes = sizeof(bytes);
	pcapng_packet(o.file, &packet);
	packet.len_bytes = 8;
	packet.comment = text;
	pcapng_packet(o.file, &packet);
	pcapng_interface(o.file, text);
	pcapng_begin(o.file, text);
	close_output(&o);
	assert_int_equal(o.size, 0);
	free(o.data);
}

static void errors_are_left_to_ferror(void **state)
{
	FILE *file = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(file);
	setvbuf(file, NULL, _IONBF, 0);
	pcapng_begin(file, "x");
	pcapng_interface(file, "x");
	assert_true(ferror(file));
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_begins),          cmocka_unit_test(lines_are_interfaces),
		cmocka_unit_test(packets_bear_everything),   cmocka_unit_test(too_much_is_nothing),
		cmocka_unit_test(errors_are_left_to_ferror),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
