/* SPDX-License-Identifier: MIT */
/*
 * test_framer - what a master says is cut into telegrams by silence or by length
 *
 * At 9600 baud with parity a character takes 1145833 ns, T1.5 is 1718749 ns, T3.5 is 4010415 ns.
 */
#include "sim/framer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "protocols/modbus/mbtelegram.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CHAR_NS  INT64_C(1145833)
#define T15_NS   INT64_C(1718749)
#define T35_NS   INT64_C(4010415)
#define LATE_NS  (20 * NS_PER_MS)
#define KEPT     4

struct kept {
	struct telegram telegram;
	struct slave_format format;
	uint8_t bytes[TELEGRAM_MAX];
};

struct listener {
	struct framer framer;
	struct kept kept[KEPT];
	size_t count;
};

static const struct slave_format format_9600 = {.baud = 9600, .parity = SLAVE_PARITY_EVEN};

static void keep(void *ctx, const struct telegram *telegram, const struct slave_format *format)
{
	struct listener *l = ctx;
	struct kept *kept = &l->kept[l->count++];

	assert_true(l->count <= KEPT);
	assert_true(telegram->len_bytes > 0 && telegram->len_bytes <= TELEGRAM_MAX);
	assert_true(telegram->from_master);
	assert_int_equal(telegram->fate, TELEGRAM_HEARD);
	assert_int_equal(telegram->gap_ns, CLK_NEVER);
	kept->telegram = *telegram;
	kept->format = *format;
	memcpy(kept->bytes, telegram->bytes, telegram->len_bytes);
}

static void set_up(struct listener *l, bool by_length, int64_t latency_ns)
{
	memset(l, 0, sizeof(*l));
	l->framer = (struct framer){.protocol = &mb_protocol,
				    .by_length = by_length,
				    .latency_ns = latency_ns,
				    .complete = keep,
				    .ctx = l};
}

/* Characters that begin at begin_ns and take their time. Returns when they are over. */
static int64_t say(struct listener *l, int64_t begin_ns, const char *hex)
{
	uint8_t bytes[64];
	const size_t n = fixture_bytes(hex, bytes, sizeof(bytes));
	const int64_t end_ns = begin_ns + (int64_t)n * CHAR_NS;

	framer_rx(&l->framer, begin_ns, end_ns, bytes, n, &format_9600);
	return end_ns;
}

/* A request in two halves with a silence between them. */
static void silences_flag_and_cut(void **state)
{
	static const struct {
		bool by_length;
		int64_t latency_ns;
		int64_t silence_ns;
		size_t telegrams; /* when the second half has begun */
		bool inner_gap;
	} rows[] = {
		{false, 0, 0, 0, false},
		{false, 0, T15_NS, 0, false}, /* more than T1.5 spoils it */
		{false, 0, T15_NS + 1, 0, true},
		{false, 0, T35_NS - 1, 0, true},
		{false, 0, T35_NS, 1, false},
		{false, 0, NS_PER_S, 1, false},
		/* of characters that may be told of late only what is beyond that is a silence */
		{false, LATE_NS, T35_NS, 0, false},
		{false, LATE_NS, LATE_NS + T15_NS, 0, false},
		{false, LATE_NS, LATE_NS + T15_NS + 1, 0, true},
		{false, LATE_NS, LATE_NS + T35_NS - 1, 0, true},
		{false, LATE_NS, LATE_NS + T35_NS, 1, false},
		/* where nothing is paced a silence inside is nobody's fault */
		{true, 0, T15_NS + 1, 0, false},
		{true, 0, T35_NS - 1, 0, false},
		{true, 0, T35_NS, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct listener l;
		int64_t half_ns;

		set_up(&l, rows[i].by_length, rows[i].latency_ns);
		half_ns = say(&l, 1000, "01 03 50 02");
		assert_int_equal(l.count, 0);
		say(&l, half_ns + rows[i].silence_ns, "00 06");
		if (l.count != rows[i].telegrams || l.framer.now.inner_gap != rows[i].inner_gap)
			fail_msg("row %zu: %zu telegrams, inner gap %d", i, l.count,
				 l.framer.now.inner_gap);
		if (!l.count)
			continue;
		assert_int_equal(l.kept[0].telegram.begin_ns, 1000);
		assert_int_equal(l.kept[0].telegram.end_ns, half_ns);
		assert_int_equal(l.kept[0].telegram.len_bytes, 4);
		assert_int_equal(l.framer.now.begin_ns, half_ns + rows[i].silence_ns);
		assert_int_equal(l.framer.now.len_bytes, 2);
	}
}

/* The flag belongs to one telegram, and not to the next one. */
static void a_gap_is_flagged_once(void **state)
{
	struct listener l;
	int64_t at_ns;

	(void)state;
	set_up(&l, false, 0);
	at_ns = say(&l, 0, "01 03");
	at_ns = say(&l, at_ns + T15_NS + 1, "50");
	at_ns = say(&l, at_ns, "02");
	assert_int_equal(framer_tick(&l.framer, at_ns + T35_NS), CLK_NEVER);
	at_ns = say(&l, NS_PER_S, "01 03");
	framer_tick(&l.framer, at_ns + T35_NS);
	assert_int_equal(l.count, 2);
	assert_true(l.kept[0].telegram.inner_gap);
	assert_int_equal(l.kept[0].telegram.len_bytes, 4);
	assert_false(l.kept[1].telegram.inner_gap);
}

/* Ticks tell exactly when they want to come again, and end a telegram then and not before. */
static void ticks_end_telegrams(void **state)
{
	static const struct {
		bool by_length;
		int64_t latency_ns;
		const char *hex;
		int64_t silence_ns; /* until it is over; 0: at once */
	} rows[] = {
		{false, 0, "01 03 5002 0006 1234", T35_NS},
		{false, 0, "01 03", T35_NS},
		{false, LATE_NS, "01 03 5002 0006 1234", T35_NS}, /* all there: nothing is late */
		{false, LATE_NS, "01 03 5002 0006 12", T35_NS + LATE_NS},
		{false, LATE_NS, "01 03 5002 0006 1234 56", T35_NS + LATE_NS},
		{false, LATE_NS, "01 2B 0E 01 00 12 34", T35_NS + LATE_NS},
		{true, 0, "01 03 5002 0006 1234", 0},
		{true, 0, "01 10 400D 0001 02 0001 1234", 0},
		{true, 0, "01 11 12 34", 0},
		{true, 0, "01 03 5002 0006 12", T35_NS},
		{true, 0, "01 03 5002 0006 1234 56", T35_NS},
		{true, 0, "01 2B 0E 01 00 12 34", T35_NS}, /* its length is not known */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct listener l;
		int64_t end_ns;

		set_up(&l, rows[i].by_length, rows[i].latency_ns);
		assert_int_equal(framer_tick(&l.framer, 0), CLK_NEVER);
		end_ns = say(&l, 5000, rows[i].hex);
		assert_int_equal(l.count, rows[i].silence_ns ? 0 : 1);
		if (rows[i].silence_ns) {
			const int64_t over_ns = end_ns + rows[i].silence_ns;

			assert_int_equal(framer_tick(&l.framer, end_ns), over_ns);
			assert_int_equal(framer_tick(&l.framer, over_ns - 1), over_ns);
			assert_int_equal(l.count, 0);
			assert_int_equal(framer_tick(&l.framer, over_ns), CLK_NEVER);
		}
		assert_int_equal(l.count, 1);
		assert_int_equal(l.kept[0].telegram.begin_ns, 5000);
		assert_int_equal(l.kept[0].telegram.end_ns, end_ns);
		assert_false(l.kept[0].telegram.inner_gap);
		assert_false(l.kept[0].telegram.overlong);
		assert_int_equal(framer_tick(&l.framer, end_ns + NS_PER_S), CLK_NEVER);
		assert_int_equal(l.count, 1);
	}
}

/* By length: pieces make one, and the next one begins at once. */
static void lengths_cut_a_stream(void **state)
{
	static const char *const pieces[] = {"01", "03 5002 00", "06 AAAA", "02 06 4003 0001 BBBB"};
	static const struct {
		size_t len_bytes;
		uint8_t first, last;
		int64_t begin_ns;
	} rows[] = {{8, 1, 0xaa, 0}, {8, 2, 0xbb, 8 * CHAR_NS}};
	struct listener l;
	int64_t at_ns = 0;

	(void)state;
	set_up(&l, true, 0);
	for (size_t i = 0; i < COUNT(pieces); i++)
		at_ns = say(&l, at_ns, pieces[i]);
	assert_int_equal(l.count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(l.kept[i].telegram.len_bytes, rows[i].len_bytes);
		assert_int_equal(l.kept[i].bytes[0], rows[i].first);
		assert_int_equal(l.kept[i].bytes[7], rows[i].last);
		assert_int_equal(l.kept[i].telegram.begin_ns, rows[i].begin_ns);
		assert_int_equal(l.kept[i].telegram.end_ns, rows[i].begin_ns + 8 * CHAR_NS);
	}
}

/* What is beyond TELEGRAM_MAX is gone, but its time counts; the next one is as any other. */
static void too_long_ones_are_cut_off(void **state)
{
	static const struct {
		size_t pieces[3];
		size_t kept;
		bool overlong;
	} rows[] = {
		{{512, 0, 0}, 512, false},   {{513, 0, 0}, 512, true}, {{300, 212, 0}, 512, false},
		{{300, 300, 10}, 512, true}, {{512, 1, 1}, 512, true}, {{100, 100, 600}, 512, true},
	};
	static uint8_t much[600];

	(void)state;
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct listener l;
		int64_t at_ns = 0;

		set_up(&l, i & 1, 0);
		for (size_t p = 0; p < 3 && rows[i].pieces[p]; p++) {
			const int64_t begin_ns = at_ns;

			at_ns += (int64_t)rows[i].pieces[p] * CHAR_NS;
			framer_rx(&l.framer, begin_ns, at_ns, much, rows[i].pieces[p],
				  &format_9600);
		}
		assert_int_equal(framer_tick(&l.framer, at_ns), at_ns + T35_NS);
		framer_tick(&l.framer, at_ns + T35_NS);
		assert_int_equal(l.count, 1);
		assert_int_equal(l.kept[0].telegram.len_bytes, rows[i].kept);
		assert_int_equal(l.kept[0].telegram.overlong, rows[i].overlong);
		assert_int_equal(l.kept[0].telegram.end_ns, at_ns);
		for (size_t b = 0, p = 0, from = 0; b < rows[i].kept; b++) {
			if (b - from == rows[i].pieces[p])
				from += rows[i].pieces[p++];
			assert_int_equal(l.kept[0].bytes[b], (uint8_t)((b - from) * 7));
		}
		say(&l, at_ns + NS_PER_S, "01 03");
		framer_tick(&l.framer, at_ns + 2 * NS_PER_S);
		assert_int_equal(l.count, 2);
		assert_false(l.kept[1].telegram.overlong);
		assert_int_equal(l.kept[1].telegram.len_bytes, 2);
	}
}

/* A telegram is in the format in which it began, and silences are of that format. */
static void the_format_is_of_the_beginning(void **state)
{
	const struct slave_format fast = {.baud = 38400, .parity = SLAVE_PARITY_NONE};
	const uint8_t bytes[] = {1, 2, 3};
	struct listener l;

	(void)state;
	set_up(&l, false, 0);
	framer_rx(&l.framer, 0, 1000, bytes, 2, &fast);
	framer_rx(&l.framer, 1000, 2000, bytes, 1, &format_9600);
	assert_int_equal(framer_tick(&l.framer, 2000), 2000 + 1750 * NS_PER_US);
	framer_tick(&l.framer, 2000 + 1750 * NS_PER_US);
	assert_int_equal(l.count, 1);
	assert_int_equal(l.kept[0].telegram.len_bytes, 3);
	assert_int_equal(l.kept[0].format.baud, 38400);
	assert_int_equal(l.kept[0].format.parity, SLAVE_PARITY_NONE);
	say(&l, NS_PER_S, "01 03");
	framer_tick(&l.framer, 2 * NS_PER_S);
	assert_int_equal(l.kept[1].format.baud, 9600);
	assert_int_equal(l.kept[1].format.parity, SLAVE_PARITY_EVEN);
}

/* The end of the line ends what is under way, silence or not; nothing is no telegram. */
static void a_running_one_is_finished(void **state)
{
	struct listener l;

	(void)state;
	for (int by_length = 0; by_length < 2; by_length++) {
		set_up(&l, by_length, 0);
		assert_false(framer_running(&l.framer));
		framer_finish(&l.framer);
		assert_int_equal(l.count, 0);
		say(&l, 7, "01 03 50");
		assert_true(framer_running(&l.framer));
		framer_finish(&l.framer);
		assert_false(framer_running(&l.framer));
		assert_int_equal(l.count, 1);
		assert_int_equal(l.kept[0].telegram.len_bytes, 3);
		assert_int_equal(l.kept[0].telegram.end_ns, 7 + 3 * CHAR_NS);
		assert_int_equal(framer_tick(&l.framer, NS_PER_S), CLK_NEVER);
		say(&l, 2 * NS_PER_S, "01 03 5002 0006 1234");
		assert_int_equal(framer_running(&l.framer), !by_length);
		framer_finish(&l.framer);
		assert_int_equal(l.count, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silences_flag_and_cut),
		cmocka_unit_test(a_gap_is_flagged_once),
		cmocka_unit_test(ticks_end_telegrams),
		cmocka_unit_test(lengths_cut_a_stream),
		cmocka_unit_test(too_long_ones_are_cut_off),
		cmocka_unit_test(the_format_is_of_the_beginning),
		cmocka_unit_test(a_running_one_is_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
