/* SPDX-License-Identifier: MIT */
/*
 * test_line_tx - bursts leave byte by byte at their times, and meet each other on the wire
 *
 * At 9600 baud with parity n characters take n * 11 / 9600 s, rounded down.
 */
#include "sim/line_tx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "fixture.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define CHARS_NS(n) ((int64_t)(n)*11 * NS_PER_S / 9600)
#define BYTES_MAX   16384
#define WAITING_MAX 16

struct bus {
	struct line_tx *tx;
	int64_t now_ns;
	uint8_t bytes[BYTES_MAX];
	int64_t at_ns[BYTES_MAX];
	size_t count;
	struct telegram sent[64];
	uint8_t sent_first[64];
	size_t sent_count;
	size_t sent_bytes;
};

static void on_send(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	struct bus *b = ctx;

	assert_true(len_bytes > 0);
	for (size_t i = 0; i < len_bytes; i++) {
		assert_true(b->count < BYTES_MAX);
		b->at_ns[b->count] = b->now_ns;
		b->bytes[b->count++] = bytes[i];
	}
}

/* What is told of is what went out since the last time. */
static void on_sent(void *ctx, const struct telegram *telegram)
{
	struct bus *b = ctx;

	assert_true(telegram->len_bytes > 0);
	assert_true(telegram->end_ns >= telegram->begin_ns);
	assert_false(telegram->from_master);
	assert_true(b->sent_bytes + telegram->len_bytes <= b->count);
	assert_memory_equal(telegram->bytes, b->bytes + b->sent_bytes, telegram->len_bytes);
	b->sent_first[b->sent_count % 64] = telegram->bytes[0];
	b->sent[b->sent_count++ % 64] = *telegram;
	b->sent_bytes += telegram->len_bytes;
}

static void set_up(struct bus *b, enum line_tx_mode mode)
{
	const struct line_tx_output output = {.send = on_send, .sent = on_sent, .ctx = b};

	memset(b, 0, sizeof(*b));
	assert_int_equal(line_tx_create(&b->tx, mode, &output), 0);
	assert_int_equal(line_tx_run(b->tx, 0), CLK_NEVER);
	assert_false(line_tx_busy(b->tx));
}

static void put(struct bus *b, int64_t begin_ns, int64_t char_gap_ns, const char *hex)
{
	struct burst burst = {.begin_ns = begin_ns,
			      .char_gap_ns = char_gap_ns,
			      .format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN}};

	burst.len_bytes = fixture_bytes(hex, burst.bytes, sizeof(burst.bytes));
	line_tx_put(b->tx, &burst);
}

/* At every deadline, each of which lies ahead; nothing is left in the end. */
static void run(struct bus *b)
{
	int64_t due_ns = line_tx_run(b->tx, b->now_ns);

	while (due_ns != CLK_NEVER) {
		assert_true(due_ns > b->now_ns);
		assert_true(line_tx_busy(b->tx));
		b->now_ns = due_ns;
		due_ns = line_tx_run(b->tx, b->now_ns);
	}
	assert_false(line_tx_busy(b->tx));
	if (!b->sent[0].overlong)
		assert_int_equal(b->sent_bytes, b->count);
}

struct expected {
	const char *bytes;
	int64_t at_ns[8];
	int64_t begin_ns, end_ns; /* as told of */
};

static void check_one(const struct bus *b, const struct expected *want)
{
	uint8_t bytes[64];
	const size_t n = fixture_bytes(want->bytes, bytes, sizeof(bytes));

	assert_int_equal(b->count, n);
	assert_memory_equal(b->bytes, bytes, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(b->at_ns[i], want->at_ns[i]);
	assert_int_equal(b->sent_count, 1);
	assert_int_equal(b->sent[0].begin_ns, want->begin_ns);
	assert_int_equal(b->sent[0].end_ns, want->end_ns);
}

#define B 10000 /* when they begin */

static void bytes_leave_at_their_times(void **state)
{
	static const struct {
		enum line_tx_mode mode;
		int64_t char_gap_ns;
		struct expected want;
	} rows[] = {
		{LINE_TX_PACED,
		 0,
		 {"01 02 03",
		  {B + CHARS_NS(1), B + CHARS_NS(2), B + CHARS_NS(3)},
		  B,
		  B + CHARS_NS(3)}},
		{LINE_TX_UNPACED, 0, {"01 02 03", {B, B, B}, B, B}},
		{LINE_TX_WIRE, 0, {"01 02 03", {B, B, B}, B, B + CHARS_NS(3)}},
		/* with a silence behind each character; the last one's is nobody's */
		{LINE_TX_PACED,
		 5000,
		 {"01 02 03",
		  {B + CHARS_NS(1), B + CHARS_NS(2) + 5000, B + CHARS_NS(3) + 10000},
		  B,
		  B + CHARS_NS(3) + 10000}},
		{LINE_TX_UNPACED, 5000, {"01 02 03", {B, B + 5000, B + 10000}, B, B + 10000}},
		{LINE_TX_WIRE,
		 5000,
		 {"01 02 03",
		  {B, B + CHARS_NS(2) - CHARS_NS(1) + 5000, B + CHARS_NS(3) - CHARS_NS(1) + 10000},
		  B,
		  B + CHARS_NS(3) + 10000}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct burst same = {.begin_ns = B,
					   .char_gap_ns = rows[i].char_gap_ns,
					   .format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN},
					   .len_bytes = 3};
		struct bus b;

		set_up(&b, rows[i].mode);
		put(&b, B, rows[i].char_gap_ns, "01 02 03");
		assert_true(line_tx_busy(b.tx));
		assert_int_equal(b.count, 0); /* nothing leaves without run() */
		run(&b);
		check_one(&b, &rows[i].want);
		assert_int_equal(line_tx_end_ns(rows[i].mode, &same), rows[i].want.end_ns);
		line_tx_destroy(b.tx);
	}
	line_tx_destroy(NULL);
}

/* The first deadline is when the first character may be handed out. */
static void the_first_deadline_is_told(void **state)
{
	static const struct {
		enum line_tx_mode mode;
		int64_t due_ns;
	} rows[] = {{LINE_TX_PACED, B + CHARS_NS(1)}, {LINE_TX_UNPACED, B}, {LINE_TX_WIRE, B}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bus b;

		set_up(&b, rows[i].mode);
		put(&b, B, 0, "01 02");
		assert_int_equal(line_tx_run(b.tx, 0), rows[i].due_ns);
		assert_int_equal(line_tx_run(b.tx, rows[i].due_ns - 1), rows[i].due_ns);
		assert_int_equal(b.count, 0);
		line_tx_run(b.tx, rows[i].due_ns);
		assert_true(b.count > 0);
		line_tx_destroy(b.tx);
	}
}

/* Without parity a character has ten bits; nothing adds up over a long burst. */
static void times_do_not_drift(void **state)
{
	struct burst burst = {.begin_ns = 0,
			      .format = {.baud = 9600, .parity = SLAVE_PARITY_NONE},
			      .len_bytes = TELEGRAM_MAX};
	struct bus b;

	(void)state;
	set_up(&b, LINE_TX_PACED);
	line_tx_put(b.tx, &burst);
	run(&b);
	assert_int_equal(b.count, TELEGRAM_MAX);
	for (size_t i = 0; i < b.count; i++)
		assert_int_equal(b.at_ns[i], ((int64_t)i + 1) * 10 * NS_PER_S / 9600);
	line_tx_destroy(b.tx);
}

/* A look that comes late finds everything that was due meanwhile. */
static void late_looks_catch_up(void **state)
{
	struct bus b;

	(void)state;
	set_up(&b, LINE_TX_PACED);
	put(&b, 0, 0, "01 02 03 04");
	b.now_ns = CHARS_NS(3);
	assert_int_equal(line_tx_run(b.tx, b.now_ns), CHARS_NS(4));
	assert_int_equal(b.count, 3);
	assert_int_equal(b.sent_count, 0);
	put(&b, NS_PER_S, 0, "05");
	b.now_ns = 2 * NS_PER_S;
	assert_int_equal(line_tx_run(b.tx, b.now_ns), CLK_NEVER);
	assert_int_equal(b.count, 5);
	assert_int_equal(b.sent_count, 2);
	assert_int_equal(b.sent[0].end_ns, CHARS_NS(4)); /* told as they were, not as we woke */
	assert_int_equal(b.sent[1].begin_ns, NS_PER_S);
	line_tx_destroy(b.tx);
}

/* Two bursts, the second one late_ns after the first. */
static void bursts_meet_on_the_wire(void **state)
{
	static const struct {
		enum line_tx_mode mode;
		const char *first, *second;
		int64_t late_ns;
		const char *heard;
		size_t telegrams;
	} rows[] = {
		/* a 0 wins */
		{LINE_TX_PACED, "F0 0F 55 FF", "3C FF 0F FF AA", 0, "30 0F 05 FF AA", 1},
		{LINE_TX_WIRE, "F0 0F 55 FF", "3C FF 0F FF AA", 0, "30 0F 05 FF AA", 1},
		{LINE_TX_PACED, "01 02", "01 02", 0, "01 02", 1},           /* equal ones survive */
		{LINE_TX_PACED, "01 02 03", "01 02", 20000, "01 02 03", 1}, /* to the nearest bit */
		/* into the running one, by a whole character */
		{LINE_TX_PACED, "FF F0", "3C 01", CHARS_NS(1), "FF 30 01", 1},
		{LINE_TX_PACED, "FF F0 FF", "3C", CHARS_NS(1), "FF 30 FF", 1},
		{LINE_TX_PACED, "FF F0", "3C 01", CHARS_NS(1) - 20000, "FF 30 01", 1},
		{LINE_TX_PACED, "FF F0", "3C 01", CHARS_NS(1) + 20000, "FF 30 01", 1},
		/* behind each other */
		{LINE_TX_PACED, "F0 0F", "3C 33", CHARS_NS(2), "F0 0F 3C 33", 1}, /* one */
		{LINE_TX_WIRE, "F0 0F", "3C 33", CHARS_NS(2), "F0 0F 3C 33", 1},
		{LINE_TX_PACED, "F0 0F", "3C 33", CHARS_NS(2) + 52200, "F0 0F 3C 33", 2},
		{LINE_TX_PACED, "F0 0F", "3C 33", NS_PER_S, "F0 0F 3C 33", 2},
		{LINE_TX_WIRE, "F0 0F", "3C 33", NS_PER_S, "F0 0F 3C 33", 2},
		/* without pace those meet that begin together */
		{LINE_TX_UNPACED, "F0 0F", "3C 33", 0, "30 03", 1},
		{LINE_TX_UNPACED, "F0 0F", "3C 33", 1, "F0 0F 3C 33", 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int backwards = 0; backwards < 2; backwards++) {
			uint8_t heard[64];
			const size_t n = fixture_bytes(rows[i].heard, heard, sizeof(heard));
			struct bus b;

			/* which one was put first makes no difference */
			if (backwards && rows[i].late_ns == CHARS_NS(2))
				continue; /* only the last one is continued */
			set_up(&b, rows[i].mode);
			if (!backwards)
				put(&b, B, 0, rows[i].first);
			put(&b, B + rows[i].late_ns, 0, rows[i].second);
			if (backwards)
				put(&b, B, 0, rows[i].first);
			run(&b);
			if (b.count != n || memcmp(b.bytes, heard, n) != 0 ||
			    b.sent_count != rows[i].telegrams)
				fail_msg("row %zu: %zu bytes, %zu telegrams", i, b.count,
					 b.sent_count);
			assert_int_equal(b.sent[0].begin_ns, B);
			line_tx_destroy(b.tx);
		}
	}
}

/* Merged ones leave at the times of the wire, and with silences they meet only where they are. */
static void merged_ones_have_their_times(void **state)
{
	static const struct {
		enum line_tx_mode mode;
		int64_t gap_ns; /* of the first one */
		const char *first, *second;
		int64_t late_ns;
		struct expected want;
	} rows[] = {
		{LINE_TX_PACED,
		 0,
		 "FF F0",
		 "3C 01",
		 CHARS_NS(1),
		 {"FF 30 01", {CHARS_NS(1), CHARS_NS(2), CHARS_NS(3)}, 0, CHARS_NS(3)}},
		{LINE_TX_WIRE,
		 0,
		 "FF F0",
		 "3C 01",
		 CHARS_NS(1),
		 {"FF 30 01",
		  {0, CHARS_NS(2) - CHARS_NS(1), CHARS_NS(3) - CHARS_NS(1)},
		  0,
		  CHARS_NS(3)}},
		/* a character of silence behind each of the first one's: the other one fits in */
		{LINE_TX_PACED,
		 CHARS_NS(1),
		 "F0 0F",
		 "3C",
		 CHARS_NS(1),
		 {"F0 3C 0F", {CHARS_NS(1), CHARS_NS(2), CHARS_NS(3)}, 0, CHARS_NS(3)}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bus b;

		set_up(&b, rows[i].mode);
		put(&b, 0, rows[i].gap_ns, rows[i].first);
		put(&b, rows[i].late_ns, 0, rows[i].second);
		run(&b);
		check_one(&b, &rows[i].want);
		line_tx_destroy(b.tx);
	}
}

/* Bursts that go on where the last one ended are one; with a difference they are two. */
static void bursts_continue(void **state)
{
	static const struct {
		enum line_tx_mode mode;
		int64_t gap_ns[2];
		uint32_t baud;
		enum slave_parity parity;
		int64_t late_ns;
		size_t telegrams;
	} rows[] = {
		{LINE_TX_PACED, {0, 0}, 9600, SLAVE_PARITY_EVEN, 0, 1},
		{LINE_TX_WIRE, {0, 0}, 9600, SLAVE_PARITY_EVEN, 0, 1},
		{LINE_TX_UNPACED, {0, 0}, 9600, SLAVE_PARITY_EVEN, 1, 2},
		{LINE_TX_PACED, {0, 0}, 9600, SLAVE_PARITY_ODD, 0, 2},
		{LINE_TX_PACED, {0, 0}, 4800, SLAVE_PARITY_EVEN, 0, 2},
		{LINE_TX_PACED, {0, 0}, 9600, SLAVE_PARITY_EVEN, 52000, 1},
		{LINE_TX_PACED, {0, 0}, 9600, SLAVE_PARITY_EVEN, 52200, 2},
		{LINE_TX_PACED, {0, 7}, 9600, SLAVE_PARITY_EVEN, 0, 2},
		{LINE_TX_PACED, {7, 0}, 9600, SLAVE_PARITY_EVEN, 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct burst burst = {.begin_ns = B,
				      .char_gap_ns = rows[i].gap_ns[0],
				      .format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN},
				      .len_bytes = 2,
				      .bytes = {0x11, 0x22}};
		const uint8_t expected[] = {0x11, 0x22, 0x33, 0x44};
		struct bus b;

		set_up(&b, rows[i].mode);
		line_tx_put(b.tx, &burst);
		burst.begin_ns = line_tx_end_ns(rows[i].mode, &burst) + rows[i].late_ns;
		burst.char_gap_ns = rows[i].gap_ns[1];
		burst.format.baud = rows[i].baud;
		burst.format.parity = rows[i].parity;
		memcpy(burst.bytes, expected + 2, 2);
		line_tx_put(b.tx, &burst);
		run(&b);
		assert_int_equal(b.count, sizeof(expected));
		assert_memory_equal(b.bytes, expected, sizeof(expected));
		if (b.sent_count != rows[i].telegrams)
			fail_msg("row %zu: %zu telegrams", i, b.sent_count);
		line_tx_destroy(b.tx);
	}
}

/* One that goes on beyond TELEGRAM_MAX is a burst of its own, and nothing is lost. */
static void long_ones_continue_as_two(void **state)
{
	struct burst burst = {.format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN}};
	struct bus b;

	(void)state;
	set_up(&b, LINE_TX_PACED);
	for (int i = 0; i < 3; i++) {
		burst.len_bytes = 200;
		memset(burst.bytes, 0x10 + i, burst.len_bytes);
		line_tx_put(b.tx, &burst);
		burst.begin_ns = CHARS_NS(200 * (i + 1));
	}
	run(&b);
	assert_int_equal(b.count, 600);
	for (size_t i = 0; i < b.count; i++) {
		assert_int_equal(b.bytes[i], 0x10 + i / 200);
		assert_true(llabs(b.at_ns[i] - CHARS_NS(i + 1)) <= 1);
	}
	line_tx_destroy(b.tx);
}

static void sixteen_may_wait(void **state)
{
	struct bus b;

	(void)state;
	set_up(&b, LINE_TX_PACED);
	put(&b, 0, 0, ""); /* nothing is no burst */
	assert_false(line_tx_busy(b.tx));
	for (int i = 0; i < WAITING_MAX + 4; i++) {
		char hex[] = "00";

		hex[0] = (char)('0' + i / 10);
		hex[1] = (char)('0' + i % 10);
		put(&b, (20 - i) * NS_PER_S, 0, hex);
	}
	run(&b);
	assert_int_equal(b.count, WAITING_MAX);
	assert_int_equal(b.sent_count, WAITING_MAX);
	assert_int_equal(b.bytes[0], 0x15); /* the earliest of those that were in time */
	assert_int_equal(b.bytes[WAITING_MAX - 1], 0x00);
	/* and then there is room once more */
	put(&b, b.now_ns, 0, "77");
	run(&b);
	assert_int_equal(b.bytes[WAITING_MAX], 0x77);
	line_tx_destroy(b.tx);
}

/* What has gone out is told of, what has not is forgotten. */
static void dropped_ones_are_forgotten(void **state)
{
	static const struct {
		enum line_tx_mode mode;
		int64_t until_ns;
		size_t bytes;
		int64_t end_ns; /* as told of */
	} rows[] = {
		{LINE_TX_PACED, B - 1, 0, 0},
		{LINE_TX_PACED, B, 0, 0},
		{LINE_TX_PACED, B + CHARS_NS(1), 1, B + CHARS_NS(1)},
		{LINE_TX_PACED, B + CHARS_NS(3) - 1, 2, B + CHARS_NS(2)},
		{LINE_TX_WIRE, B, 3, B + CHARS_NS(3)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bus b;

		set_up(&b, rows[i].mode);
		put(&b, B, 0, "01 02 03");
		put(&b, NS_PER_S, 0, "04");
		b.now_ns = rows[i].until_ns;
		line_tx_run(b.tx, b.now_ns);
		line_tx_drop(b.tx);
		assert_false(line_tx_busy(b.tx));
		run(&b);
		assert_int_equal(b.count, rows[i].bytes);
		assert_int_equal(b.sent_count, rows[i].bytes ? 1 : 0);
		if (rows[i].bytes)
			assert_int_equal(b.sent[0].end_ns, rows[i].end_ns);
		line_tx_drop(b.tx); /* of nothing: nothing */
		put(&b, 2 * NS_PER_S, 0, "05");
		run(&b);
		assert_int_equal(b.count, rows[i].bytes + 1);
		line_tx_destroy(b.tx);
	}
}

/* Owed is not yet on the line: that is from the first start bit to the last stop bit. */
static void it_speaks_from_start_to_stop(void **state)
{
	static const struct {
		enum line_tx_mode mode;
		int64_t at_ns; /* of a look, with a run() behind it, as a loop has them */
		bool speaks, busy;
	} rows[] = {
		{LINE_TX_PACED, 0, false, true},
		{LINE_TX_PACED, B - 1, false, true},
		{LINE_TX_PACED, B, true, true},
		{LINE_TX_PACED, B + CHARS_NS(1), true, true},
		{LINE_TX_PACED, B + CHARS_NS(2) - 1, true, true},
		{LINE_TX_WIRE, B - 1, false, true},
		{LINE_TX_WIRE, B + CHARS_NS(2) - 1, true, true},
		{LINE_TX_UNPACED, B - 1, false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bus b;

		set_up(&b, rows[i].mode);
		assert_false(line_tx_speaks(b.tx, NS_PER_S));
		put(&b, 2 * NS_PER_S, 0, "03"); /* the first one counts, wherever it waits */
		put(&b, B, 0, "01 02");
		line_tx_run(b.tx, rows[i].at_ns / 2);
		assert_int_equal(line_tx_speaks(b.tx, rows[i].at_ns), rows[i].speaks);
		assert_int_equal(line_tx_busy(b.tx), rows[i].busy);
		line_tx_run(b.tx, rows[i].at_ns);
		assert_int_equal(line_tx_speaks(b.tx, rows[i].at_ns), rows[i].speaks);
		line_tx_run(b.tx, NS_PER_S);
		assert_false(line_tx_speaks(b.tx, NS_PER_S));
		assert_true(line_tx_busy(b.tx)); /* the second one is owed */
		assert_true(line_tx_speaks(b.tx, 2 * NS_PER_S));
		line_tx_run(b.tx, 3 * NS_PER_S);
		assert_false(line_tx_speaks(b.tx, 3 * NS_PER_S));
		assert_false(line_tx_busy(b.tx));
		line_tx_destroy(b.tx);
	}
}

/* The telegram callback may be missing. */
static void nobody_need_look_on(void **state)
{
	struct line_tx_output output = {.send = on_send};
	struct bus b = {.count = 0};

	(void)state;
	output.ctx = &b;
	assert_int_equal(line_tx_create(&b.tx, LINE_TX_PACED, &output), 0);
	put(&b, 0, 0, "01 02");
	b.now_ns = CHARS_NS(1);
	line_tx_run(b.tx, b.now_ns);
	line_tx_drop(b.tx);
	put(&b, CHARS_NS(2), 0, "03");
	b.now_ns = NS_PER_S;
	assert_int_equal(line_tx_run(b.tx, b.now_ns), CLK_NEVER);
	assert_int_equal(b.count, 2);
	line_tx_destroy(b.tx);
}

/* Whatever is put in: deadlines lie ahead (run() checks it) and bytes are as many as are told of.
 */
static void deadlines_lie_ahead(void **state)
{
	static const uint32_t bauds[] = {300, 9600, 38400};
	struct rng rng;

	(void)state;
	rng_init(&rng, 1, "test_line_tx");
	for (int round = 0; round < 600; round++) {
		struct bus b;
		size_t put_bytes = 0;
		int bursts = 1 + (int)(rng_u64(&rng) % 8);

		set_up(&b, (enum line_tx_mode)(round % 3));
		for (int i = 0; i < bursts; i++) {
			struct burst burst = {
				.begin_ns = b.now_ns + (int64_t)(rng_u64(&rng) % 20000000),
				.format = {.baud = bauds[rng_u64(&rng) % 3],
					   .parity = (enum slave_parity)(rng_u64(&rng) % 3)},
				.len_bytes = rng_u64(&rng) % 40,
			};

			if (rng_u64(&rng) % 3 == 0)
				burst.char_gap_ns = (int64_t)(rng_u64(&rng) % 5000000);
			for (size_t k = 0; k < burst.len_bytes; k++)
				burst.bytes[k] = (uint8_t)rng_u64(&rng);
			put_bytes += burst.len_bytes;
			line_tx_put(b.tx, &burst);
			if (rng_u64(&rng) % 4 == 0)
				run(&b);
			if (rng_u64(&rng) % 4 == 0) {
				b.now_ns += (int64_t)(rng_u64(&rng) % 10000000);
				assert_true(line_tx_run(b.tx, b.now_ns) > b.now_ns);
			}
		}
		run(&b);
		if (round % 3 == LINE_TX_UNPACED)
			assert_int_equal(b.count, put_bytes);
		line_tx_destroy(b.tx);
	}
}

/* More than a telegram can hold goes to the client, and is told of as far as it fits. */
static void what_is_told_is_bounded(void **state)
{
	struct burst burst = {.begin_ns = B,
			      .format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN},
			      .len_bytes = TELEGRAM_MAX};
	struct bus b;

	(void)state;
	set_up(&b, LINE_TX_PACED);
	line_tx_put(b.tx, &burst);
	burst.begin_ns = line_tx_end_ns(LINE_TX_PACED, &burst) - CHARS_NS(12);
	line_tx_put(b.tx, &burst);
	run(&b);
	assert_int_equal(b.count, 2 * TELEGRAM_MAX - 12);
	assert_int_equal(b.sent_count, 1);
	assert_int_equal(b.sent[0].len_bytes, TELEGRAM_MAX);
	assert_true(b.sent[0].overlong);
	line_tx_destroy(b.tx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_leave_at_their_times),
		cmocka_unit_test(the_first_deadline_is_told),
		cmocka_unit_test(times_do_not_drift),
		cmocka_unit_test(late_looks_catch_up),
		cmocka_unit_test(bursts_meet_on_the_wire),
		cmocka_unit_test(merged_ones_have_their_times),
		cmocka_unit_test(bursts_continue),
		cmocka_unit_test(long_ones_continue_as_two),
		cmocka_unit_test(sixteen_may_wait),
		cmocka_unit_test(dropped_ones_are_forgotten),
		cmocka_unit_test(it_speaks_from_start_to_stop),
		cmocka_unit_test(nobody_need_look_on),
		cmocka_unit_test(deadlines_lie_ahead),
		cmocka_unit_test(what_is_told_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
