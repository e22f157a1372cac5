/* SPDX-License-Identifier: MIT */
/*
 * test_verdict - telegrams are counted for what they are, and the report says so
 *
 * Rows are Modbus frames without their CRC, which is added, unless a row is raw.
 */
#include "sim/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "protocols/modbus/mbtelegram.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define T35_NS    INT64_C(4010415) /* 9600 baud, parity */
#define TEXT_SIZE 8192

enum side { MASTER, STATION, MASTER_RAW, STATION_RAW };

static const struct slave_format format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN};

static void count(struct verdict *v, enum side side, const char *hex, const struct telegram *as,
		  bool exact)
{
	struct telegram t = *as;
	uint8_t bytes[64];

	t.from_master = side == MASTER || side == MASTER_RAW;
	t.bytes = bytes;
	t.len_bytes = fixture_bytes(hex, bytes, sizeof(bytes) - 2);
	if (side == MASTER || side == STATION)
		t.len_bytes = fixture_crc(bytes, t.len_bytes);
	verdict_count(v, &mb_protocol, &t, &format, exact);
}

static void heard(struct verdict *v, enum side side, const char *hex)
{
	count(v, side, hex, &(struct telegram){.gap_ns = CLK_NEVER}, true);
}

struct report {
	char text[TEXT_SIZE];
	size_t used;
};

static void put_line(void *ctx, const char *text)
{
	struct report *r = ctx;

	r->used += (size_t)snprintf(r->text + r->used, sizeof(r->text) - r->used, "%s\n", text);
	assert_true(r->used < sizeof(r->text));
}

static void check_report(const struct verdict *v, const char *expected)
{
	struct report report = {.used = 0};

	verdict_report(v, put_line, &report);
	assert_string_equal(report.text, expected);
}

static void telegrams_are_counted(void **state)
{
	static const struct {
		struct {
			enum side side;
			const char *hex;
		} said[6];
		const char *report;
	} rows[] = {
		{{{MASTER, NULL}}, "requests: 0, answers: 0\n"},
		{{{MASTER, "01 03 5002 0002"}, {STATION, "01 03 04 1234 5678"}},
		 "requests: 1, answers: 1\n"},
		{{{MASTER, "01 03 5002 0002"}, {MASTER, "02 03 5002 0002"}},
		 "requests: 2, answers: 0\naddresses that never answered: 1..2\n"},
		/* a refusal is an answer */
		{{{MASTER, "01 03 5002 0002"}, {STATION, "01 83 06"}},
		 "requests: 1, answers: 1\nanswered with exception 06 (1x)\n"},
		{{{MASTER, "01 2B 0E 01 00"},
		  {STATION, "01 AB 01"},
		  {MASTER, "01 2B 0E 01 00"},
		  {STATION, "01 AB 01"},
		  {MASTER, "01 03 5002 0000"},
		  {STATION, "01 83 03"}},
		 "requests: 3, answers: 3\n"
		 "answered with exception 01 (2x), 03 (1x)\n"},
		/* broadcasts are asked of nobody */
		{{{MASTER, "00 06 4003 0001"}, {MASTER, "00 06 4003 0002"}},
		 "requests: 2, answers: 0, broadcasts: 2\n"},
		/* broken ones of either side */
		{{{MASTER, "01 03 5002 0002"}, {STATION_RAW, "01 03 04 1234 5678 0000"}},
		 "requests: 1, answers: 0\n"
		 "answers that reached the client broken: 1\n"},
		{{{MASTER_RAW, "01 03 5002 0002 0000"},
		  {MASTER_RAW, "01"},
		  {MASTER_RAW, "01 03 5002 0002 0001"},
		  {MASTER, "01 03 5002 00"}},
		 "requests: 0, answers: 0\n"
		 "not understood: CRC error (2x), too short (1x), wrong length (1x)\n"},
		/* somebody else's */
		{{{MASTER, "07 03 02 1234"}, {MASTER, "07 83 02"}},
		 "requests: 0, answers: 0\nanswers of other stations on the line: 2\n"},
		/* an answer to a question that has been asked twice */
		{{{MASTER, "01 03 5002 0002"},
		  {MASTER, "01 03 5002 0002"},
		  {STATION, "01 03 04 1234 5678"}},
		 "requests: 2, answers: 1\n"},
		/* a second answer is to nothing */
		{{{MASTER, "01 03 5100 0001"}, {STATION, "01 83 02"}, {STATION, "01 83 02"}},
		 "requests: 1, answers: 2\n"
		 "answered with exception 02 (2x)\n"
		 "unlisted registers asked for: 0x5100 of 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict v = {.requests = 0};

		for (size_t k = 0; k < 6 && rows[i].said[k].hex; k++)
			heard(&v, rows[i].said[k].side, rows[i].said[k].hex);
		check_report(&v, rows[i].report);
	}
}

/* Silences are judged where times are exact; what is spoilt by one is not looked at. */
static void silences_are_judged(void **state)
{
	static const struct {
		struct telegram as;
		bool exact;
		const char *hex;
		const char *report;
	} rows[] = {
		{{.gap_ns = CLK_NEVER},
		 true,
		 "00 06 4003 0001",
		 "requests: 1, answers: 0, broadcasts: 1\n"},
		{{.gap_ns = T35_NS},
		 true,
		 "00 06 4003 0001",
		 "requests: 1, answers: 0, broadcasts: 1\n"},
		{{.gap_ns = T35_NS - 1},
		 true,
		 "00 06 4003 0001",
		 "requests: 1, answers: 0, broadcasts: 1\n"
		 "requests too close to what was on the line before (T3.5): 1\n"},
		{{.gap_ns = -5},
		 true,
		 "00 06 4003 0001",
		 "requests: 1, answers: 0, broadcasts: 1\n"
		 "requests too close to what was on the line before (T3.5): 1\n"},
		{{.gap_ns = T35_NS - 1},
		 false,
		 "00 06 4003 0001",
		 "requests: 1, answers: 0, broadcasts: 1\n"},
		{{.gap_ns = NS_PER_S, .inner_gap = true},
		 true,
		 "00 06 4003 0001",
		 "requests: 0, answers: 0\n"
		 "requests with a silence too long inside (T1.5): 1\n"},
		{{.gap_ns = NS_PER_S, .inner_gap = true},
		 true,
		 "00 06 4003 0001 00",
		 "requests: 0, answers: 0\n"
		 "requests with a silence too long inside (T1.5): 1\n"},
		{{.gap_ns = NS_PER_S, .overlong = true},
		 true,
		 "00 06 4003 0001",
		 "requests: 0, answers: 0\nnot understood: too long (1x)\n"},
		{{.gap_ns = NS_PER_S, .fate = TELEGRAM_TOO_EARLY},
		 true,
		 "01 03 5002 0001",
		 "requests: 0, answers: 0\n"
		 "spoke while an answer was owed: 1\n"},
		{{.gap_ns = NS_PER_S, .fate = TELEGRAM_WRONG_RATE},
		 true,
		 "01 03 5002 0001",
		 "requests: 0, answers: 0\n"
		 "spoke at a baud rate or parity of no meter, not heard: 1\n"},
		{{.gap_ns = NS_PER_S, .fate = TELEGRAM_TOO_MUCH},
		 true,
		 "01 03 5002 0001",
		 "requests: 0, answers: 0\n"
		 "spoke faster than the line can carry, lost: 1\n"},
		/* heard by others than the one that owes */
		{{.gap_ns = NS_PER_S, .owed = true},
		 true,
		 "00 06 4003 0001",
		 "requests: 1, answers: 0, broadcasts: 1\n"
		 "spoke while an answer was owed: 1\n"},
		{{.gap_ns = 0, .fate = TELEGRAM_TOO_EARLY},
		 true,
		 "01",
		 "requests: 0, answers: 0\n" /* neither too close nor too short: nobody listened */
		 "spoke while an answer was owed: 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict v = {.requests = 0};

		count(&v, MASTER, rows[i].hex, &rows[i].as, rows[i].exact);
		check_report(&v, rows[i].report);
	}
}

/* By place, each once, with what was asked of whom. */
static void unlisted_registers_are_remembered(void **state)
{
	static const char *const requests[] = {"01 03 5100 0001", "01 03 5100 0004",
					       "01 03 5100 0001", "02 03 5100 0001",
					       "01 10 4100 0002 04 00010002"};
	struct verdict v = {.requests = 0};

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		heard(&v, MASTER, requests[i]);
		heard(&v, STATION, "01 83 02");
	}
	assert_int_equal(v.unlisted, 5);
	assert_int_equal(v.unlisted_at[0].count, 2);
	assert_int_equal(v.unlisted_at[1].count, 1);
	/* refused for another reason, or without registers: not these */
	heard(&v, MASTER, "01 03 5200 0001");
	heard(&v, STATION, "01 83 03");
	heard(&v, MASTER, "01 11");
	heard(&v, STATION, "01 91 02");
	assert_int_equal(v.unlisted, 5);
	check_report(&v,
		     "requests: 7, answers: 7\n"
		     "answered with exception 02 (6x), 03 (1x)\n"
		     "unlisted registers asked for: 0x5100 of 1, 0x5100..0x5103 of 1, 0x5100 of "
		     "2, 0x4100..0x4101 of 1\n");
}

static void only_so_many_are_remembered(void **state)
{
	struct verdict v = {.requests = 0};
	struct report report = {.used = 0};

	(void)state;
	for (int i = 0; i < VERDICT_UNLISTED_MAX + 3; i++) {
		char hex[32];

		snprintf(hex, sizeof(hex), "01 03 51%02X 0001", (unsigned)i);
		heard(&v, MASTER, hex);
		heard(&v, STATION, "01 83 02");
		if (i == VERDICT_UNLISTED_MAX - 2) {
			report.used = 0;
			verdict_report(&v, put_line, &report);
			assert_null(strstr(report.text, "..."));
		}
	}
	assert_int_equal(v.unlisted, VERDICT_UNLISTED_MAX + 3);
	report.used = 0;
	verdict_report(&v, put_line, &report);
	assert_non_null(strstr(report.text, ", 0x510e of 1, 0x510f of 1 ...\n"));
	assert_null(strstr(report.text, "0x5110"));
}

/* Neighbours in one; one that has answered once is not among them. */
static void silent_stations_are_named(void **state)
{
	static const struct {
		const char *asked;
		const char *text;
	} rows[] = {
		{"5", "5"},
		{"5 6", "5..6"},
		{"1 2 3 5 7 8", "1..3, 5, 7..8"},
		{"247 3 2 3", "2..3, 247"},
		{"254 255", "254..255"},
		{"1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31",
		 "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31"},
		{"1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35",
		 "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31 ..."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict v = {.requests = 0};
		char expected[512], hex[32], asked[128], *save = NULL;
		unsigned requests = 0;

		snprintf(asked, sizeof(asked), "%s", rows[i].asked);
		for (char *n = strtok_r(asked, " ", &save); n; n = strtok_r(NULL, " ", &save)) {
			snprintf(hex, sizeof(hex), "%02X 03 5002 0001", (unsigned)atoi(n));
			heard(&v, MASTER, hex);
			requests++;
		}
		heard(&v, MASTER, "04 03 5002 0001"); /* this one answers, in the end */
		heard(&v, MASTER, "04 03 5002 0001");
		heard(&v, STATION, "04 03 02 0000");
		snprintf(expected, sizeof(expected),
			 "requests: %u, answers: 1\naddresses that never answered: %s\n",
			 requests + 2, rows[i].text);
		check_report(&v, expected);
	}
}

/* Everything at once, in its order; lines stay lines, however much there is. */
static void everything_is_reported(void **state)
{
	struct verdict v = {.requests = 1,
			    .answers = 2,
			    .broadcasts = 3,
			    .foreign = 4,
			    .spoilt = 5,
			    .inner_gaps = 6,
			    .too_close = 7,
			    .too_early = 8,
			    .wrong_rates = 9,
			    .too_much = 10,
			    .exceptions = {[4] = 11, [255] = 12},
			    .faults = {{"odd", 13}, {"even", 14}}};

	(void)state;
	v.unlisted_at[0] =
		(struct verdict_unlisted){.station = 9, .first = 1, .last = 2, .count = 1};
	v.asked[17] = 1;
	check_report(&v, "requests: 1, answers: 2, broadcasts: 3\n"
			 "answered with exception 04 (11x), 255 (12x)\n"
			 "unlisted registers asked for: 0x0001..0x0002 of 9\n"
			 "addresses that never answered: 17\n"
			 "not understood: odd (13x), even (14x)\n"
			 "answers that reached the client broken: 5\n"
			 "requests with a silence too long inside (T1.5): 6\n"
			 "requests too close to what was on the line before (T3.5): 7\n"
			 "spoke while an answer was owed: 8\n"
			 "spoke at a baud rate or parity of no meter, not heard: 9\n"
			 "spoke faster than the line can carry, lost: 10\n"
			 "answers of other stations on the line: 4\n");
	for (int i = 0; i < 256; i++)
		v.exceptions[i] = UINT64_MAX;
	for (struct report r = {.used = 0}; r.used == 0;) {
		verdict_report(&v, put_line, &r);
		assert_non_null(strstr(r.text, "\nunlisted registers asked for: 0x0001"));
		assert_null(strstr(r.text, "255 ("));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(telegrams_are_counted),
		cmocka_unit_test(silences_are_judged),
		cmocka_unit_test(unlisted_registers_are_remembered),
		cmocka_unit_test(only_so_many_are_remembered),
		cmocka_unit_test(silent_stations_are_named),
		cmocka_unit_test(everything_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
