/* SPDX-License-Identifier: MIT */
/*
 * test_faults - rules strike what they are about, as often as they should, and do what they say
 *
 * Rows are Modbus frames without their CRC, which is added.
 */
#include "sim/faults.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/clk.h"
#include "near.h"
#include "protocols/modbus/mbframe.h"
#include "protocols/modbus/mbtelegram.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define REQ      FAULT_REQUEST
#define ANS      FAULT_ANSWER
#define REQUEST  "01 03 5002 0002"
#define ANSWER   "01 03 04 1234 5678"

static size_t sealed(const char *hex, uint8_t *bytes, size_t cap_bytes)
{
	return fixture_crc(bytes, fixture_bytes(hex, bytes, cap_bytes - 2));
}

static struct faults *create(uint64_t seed, const char *line)
{
	struct faults *faults;

	assert_int_equal(faults_create(&faults, &mb_protocol, seed, line), 0);
	return faults;
}

static void add(struct faults *faults, const struct fault_rule *rule)
{
	assert_int_equal(faults_add(faults, rule), 0);
}

/* A request, or an answer to one. */
static void act(struct faults *faults, enum fault_direction direction, int64_t now_ns,
		const char *telegram, const char *request, struct fault_effect *ret)
{
	uint8_t bytes[64], asked[64];
	const size_t n = sealed(telegram, bytes, sizeof(bytes));
	const size_t m = direction == FAULT_ANSWER ? sealed(request, asked, sizeof(asked)) : 0;

	faults_act(faults, direction, now_ns, bytes, n, m ? asked : NULL, m, ret);
}

static struct fault_rule rule_of(const char *name, enum fault_kind kind)
{
	struct fault_rule rule = {.kind = kind, .direction = FAULT_ANSWER, .probability = 1};

	snprintf(rule.name, sizeof(rule.name), "%s", name);
	return rule;
}

/* --- what they do --- */

/* What is exact for every seed. */
static void every_kind_does_what_it_says(void **state)
{
	static const struct {
		enum fault_direction direction;
		enum fault_kind kind;
		int how;
		int64_t amount;           /* or time */
		struct fault_effect want; /* without bytes */
		const char *bytes;        /* with a CRC of their own; NULL: as they were, or cut */
	} rows[] = {
		{ANS, FAULT_DROP, 0, 0, {.dropped = true, .len_bytes = 9}, NULL},
		{REQ, FAULT_DROP, 0, 0, {.dropped = true, .len_bytes = 8}, NULL},
		{ANS, FAULT_DELAY, 0, 7, {.delay_ns = 7, .len_bytes = 9}, NULL},
		{REQ, FAULT_DELAY, 0, 7, {.delay_ns = 7, .len_bytes = 8}, NULL},
		{ANS, FAULT_SLOW, 0, 9, {.char_gap_ns = 9, .len_bytes = 9}, NULL},
		{REQ, FAULT_SLOW, 0, 9, {.char_gap_ns = 9, .len_bytes = 8}, NULL},
		{ANS, FAULT_DUPLICATE, 0, 0, {.doubled = true, .len_bytes = 9}, NULL},
		{ANS, FAULT_SILENCE, 0, 7, {.dropped = true, .len_bytes = 9}, NULL},
		{REQ, FAULT_ECHO, 0, 0, {.echoed = true, .len_bytes = 8}, NULL},
		{ANS, FAULT_TRUNCATE, 0, 1, {.len_bytes = 8}, NULL},
		{ANS, FAULT_TRUNCATE, 0, 8, {.len_bytes = 1}, NULL},
		{ANS, FAULT_TRUNCATE, 0, 9, {.dropped = true}, NULL},
		{ANS, FAULT_TRUNCATE, 0, 64, {.dropped = true}, NULL},
		{REQ, FAULT_TRUNCATE, 0, 3, {.len_bytes = 5}, NULL},
		{ANS, FAULT_WRONG, FAULT_WRONG_ADDRESS, 0, {.len_bytes = 9}, "02 03 04 12345678"},
		{ANS, FAULT_WRONG, FAULT_WRONG_FUNCTION, 0, {.len_bytes = 9}, "01 02 04 12345678"},
		{REQ, FAULT_WRONG, FAULT_WRONG_ADDRESS, 0, {.len_bytes = 8}, "02 03 5002 0002"},
		{REQ, FAULT_WRONG, FAULT_WRONG_FUNCTION, 0, {.len_bytes = 8}, "01 02 5002 0002"},
		{ANS, FAULT_EXCEPTION, 0, 4, {.len_bytes = 5}, "01 83 04"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fault_effect *want = &rows[i].want;
		const char *telegram = rows[i].direction == ANS ? ANSWER : REQUEST;
		struct fault_rule rule = rule_of("it", rows[i].kind);
		struct faults *faults = create(i, "l");
		struct fault_effect got;
		uint8_t bytes[64];

		rule.direction = rows[i].direction;
		rule.how = rows[i].how;
		rule.amount = rule.time_ns[0] = rule.time_ns[1] = rows[i].amount;
		add(faults, &rule);
		memset(&got, 0x55, sizeof(got));
		act(faults, rule.direction, 1000, telegram, REQUEST, &got);
		assert_ptr_equal(got.rule, faults_rule(faults, 0));
		if (got.dropped != want->dropped || got.doubled != want->doubled ||
		    got.echoed != want->echoed || got.delay_ns != want->delay_ns ||
		    got.char_gap_ns != want->char_gap_ns || got.len_bytes != want->len_bytes)
			fail_msg("row %zu: dropped %d doubled %d echoed %d delay %lld gap %lld "
				 "length %zu",
				 i, got.dropped, got.doubled, got.echoed, (long long)got.delay_ns,
				 (long long)got.char_gap_ns, got.len_bytes);
		sealed(rows[i].bytes ? rows[i].bytes : telegram, bytes, sizeof(bytes));
		assert_memory_equal(got.bytes, bytes, got.len_bytes);
		assert_int_equal(faults_hits(faults, 0), 1);
		faults_destroy(faults);
	}
	faults_destroy(NULL);
}

/* How many bits differ. */
static int distance(const uint8_t *a, const uint8_t *b, size_t len_bytes)
{
	int bits = 0;

	for (size_t i = 0; i < 8 * len_bytes; i++)
		bits += (a[i / 8] ^ b[i / 8]) >> i % 8 & 1;
	return bits;
}

/* Corruption is where and as much as it should be, whatever the seed, and not always the same. */
static void corruption_is_where_it_should_be(void **state)
{
	static const struct {
		int how;
		int64_t bits;
		int bits_min, bits_max;
		size_t bytes_max, from; /* how many bytes differ, and from which one on */
	} rows[] = {
		{FAULT_CORRUPT_BITS, 1, 1, 1, 1, 0},
		{FAULT_CORRUPT_BITS, 5, 5, 5, 5, 0},
		{FAULT_CORRUPT_BITS, 72, 72, 72, 9, 0},
		{FAULT_CORRUPT_BITS, 200, 72, 72, 9, 0}, /* no more than there are */
		{FAULT_CORRUPT_BYTE, 1, 1, 8, 1, 0},
		{FAULT_CORRUPT_CHECK, 1, 1, 8, 1, 7},
	};
	uint8_t before[64];
	const size_t n = sealed(ANSWER, before, sizeof(before));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault_rule rule = rule_of("it", FAULT_CORRUPT);
		bool touched[16] = {false};

		rule.how = rows[i].how;
		rule.amount = rows[i].bits;
		for (uint64_t seed = 0; seed < 200; seed++) {
			struct faults *faults = create(seed, "l");
			struct fault_effect got;
			size_t bytes = 0;
			int bits;

			add(faults, &rule);
			act(faults, FAULT_ANSWER, 0, ANSWER, REQUEST, &got);
			assert_int_equal(got.len_bytes, n);
			bits = distance(before, got.bytes, n);
			assert_in_range(bits, rows[i].bits_min, rows[i].bits_max);
			for (size_t k = 0; k < n; k++) {
				if (got.bytes[k] == before[k])
					continue;
				bytes++;
				touched[k] = true;
				assert_true(k >= rows[i].from);
			}
			assert_in_range(bytes, 1, rows[i].bytes_max);
			faults_destroy(faults);
		}
		for (size_t k = rows[i].from; k < n; k++)
			assert_true(touched[k]); /* each of them now and then */
	}
}

/* The telegram is in there still, with so many strange bytes before, inside or behind it. */
static void noise_is_where_it_should_be(void **state)
{
	static const struct {
		int how;
		int64_t bytes;
		size_t at_min, at_max;
	} rows[] = {
		{FAULT_BEFORE, 3, 0, 0},
		{FAULT_AFTER, 3, 9, 9},
		{FAULT_INSIDE, 3, 1, 8},
		{FAULT_INSIDE, 64, 1, 8},
	};
	uint8_t before[64];
	const size_t n = sealed(ANSWER, before, sizeof(before));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault_rule rule = rule_of("it", FAULT_NOISE);
		bool seen[16] = {false}, other = false;
		uint8_t last = 0;

		rule.how = rows[i].how;
		rule.amount = rows[i].bytes;
		for (uint64_t seed = 0; seed < 300; seed++) {
			const size_t noise = (size_t)rows[i].bytes;
			struct faults *faults = create(seed, "l");
			struct fault_effect got;
			bool found = false;

			add(faults, &rule);
			act(faults, FAULT_ANSWER, 0, ANSWER, REQUEST, &got);
			assert_int_equal(got.len_bytes, n + noise);
			for (size_t at = rows[i].at_min; at <= rows[i].at_max; at++) {
				if (memcmp(got.bytes, before, at) != 0 ||
				    memcmp(got.bytes + at + noise, before + at, n - at) != 0)
					continue;
				found = seen[at] = true;
				other |= seed && got.bytes[at] != last;
				last = got.bytes[at];
			}
			assert_true(found);
			faults_destroy(faults);
		}
		for (size_t at = rows[i].at_min; at <= rows[i].at_max; at++)
			assert_true(seen[at]);
		assert_true(other); /* not always the same noise */
	}
}

/* A telegram as long as can be has room for what there is room for. */
static void noise_does_not_overflow(void **state)
{
	static const struct {
		size_t len_bytes, len_after;
	} rows[] = {{TELEGRAM_MAX, TELEGRAM_MAX},      {TELEGRAM_MAX - 1, TELEGRAM_MAX},
		    {TELEGRAM_MAX - 64, TELEGRAM_MAX}, {TELEGRAM_MAX - 65, TELEGRAM_MAX - 1},
		    {TELEGRAM_MAX + 1, TELEGRAM_MAX},  {1, 65}};
	static uint8_t bytes[TELEGRAM_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31);
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int how = FAULT_BEFORE; how <= FAULT_AFTER; how++) {
			const size_t len =
				rows[i].len_bytes < TELEGRAM_MAX ? rows[i].len_bytes : TELEGRAM_MAX;
			const size_t noise = rows[i].len_after - len;
			struct faults *faults = create(1, "l");
			struct fault_rule rule = rule_of("it", FAULT_NOISE);
			struct fault_effect got;

			rule.direction = FAULT_REQUEST;
			rule.how = how;
			rule.amount = FAULT_BYTES_MAX;
			add(faults, &rule);
			faults_act(faults, FAULT_REQUEST, 0, bytes, rows[i].len_bytes, NULL, 0,
				   &got);
			assert_int_equal(got.len_bytes, rows[i].len_after);
			if (how == FAULT_BEFORE)
				assert_memory_equal(got.bytes + noise, bytes, len);
			else if (how == FAULT_AFTER)
				assert_memory_equal(got.bytes, bytes, len);
			faults_destroy(faults);
		}
	}
}

/* Too short to be refused, or to have a CRC: it struck, but the telegram is what it was. */
static void short_ones_are_left_alone(void **state)
{
	static const struct {
		enum fault_kind kind;
		int how;
	} rows[] = {{FAULT_EXCEPTION, 0}, {FAULT_CORRUPT, FAULT_CORRUPT_CHECK}};
	static const uint8_t bytes[3] = {1, 3, 4};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault_rule rule = rule_of("it", rows[i].kind);
		struct faults *faults = create(1, "l");
		struct fault_effect got;

		rule.how = rows[i].how;
		rule.amount = 4;
		add(faults, &rule);
		faults_act(faults, FAULT_ANSWER, 0, bytes, sizeof(bytes), bytes, sizeof(bytes),
			   &got);
		assert_int_equal(got.len_bytes, sizeof(bytes));
		assert_memory_equal(got.bytes, bytes, sizeof(bytes));
		assert_int_equal(faults_hits(faults, 0), 1);
		faults_destroy(faults);
	}
}

/* Times are drawn from their range, all over it. */
static void times_are_drawn(void **state)
{
	static const struct {
		enum fault_kind kind;
		int64_t from_ns, to_ns;
	} rows[] = {
		{FAULT_DELAY, 3 * NS_PER_MS, 20 * NS_PER_MS},
		{FAULT_SLOW, 0, NS_PER_MS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int64_t from_ns = rows[i].from_ns, to_ns = rows[i].to_ns;
		struct fault_rule rule = rule_of("it", rows[i].kind);
		struct faults *faults = create(1, "l");
		int64_t least_ns = INT64_MAX, most_ns = 0;

		rule.time_ns[0] = from_ns;
		rule.time_ns[1] = to_ns;
		add(faults, &rule);
		for (int k = 0; k < 1000; k++) {
			struct fault_effect got;
			int64_t ns;

			act(faults, FAULT_ANSWER, k, ANSWER, REQUEST, &got);
			ns = rows[i].kind == FAULT_SLOW ? got.char_gap_ns : got.delay_ns;
			assert_true(ns >= from_ns && ns <= to_ns);
			least_ns = ns < least_ns ? ns : least_ns;
			most_ns = ns > most_ns ? ns : most_ns;
		}
		assert_true(least_ns < from_ns + (to_ns - from_ns) / 50);
		assert_true(most_ns > to_ns - (to_ns - from_ns) / 50);
		faults_destroy(faults);
	}
}

/* --- when they strike --- */

static void nothing_strikes_without_a_rule(void **state)
{
	struct faults *faults = create(1, "l");
	struct fault_rule rule = rule_of("it", FAULT_DROP);
	struct fault_effect got;
	uint8_t bytes[64];
	const size_t n = sealed(ANSWER, bytes, sizeof(bytes));

	(void)state;
	for (int round = 0; round < 2; round++) {
		memset(&got, 0x55, sizeof(got));
		act(faults, FAULT_ANSWER, 0, ANSWER, REQUEST, &got);
		assert_null(got.rule);
		assert_false(got.dropped || got.doubled || got.echoed);
		assert_int_equal(got.delay_ns, 0);
		assert_int_equal(got.char_gap_ns, 0);
		assert_int_equal(got.len_bytes, n);
		assert_memory_equal(got.bytes, bytes, n);
		rule.direction = FAULT_REQUEST; /* a rule of the other direction is none */
		if (!round)
			add(faults, &rule);
	}
	faults_act(faults, FAULT_REQUEST, 0, bytes, 0, NULL, 0, &got);
	assert_null(got.rule); /* nothing is no telegram */
	assert_int_equal(faults_hits(faults, 0), 0);
	faults_destroy(faults);
}

struct target {
	const char *keys; /* for people who read the failure */
	int64_t station[2], function[2], registers[2];
	enum fault_direction direction;
	const char *telegram, *request;
	bool strikes;
};

#define ANY                                                                                        \
	{                                                                                          \
		-1, -1                                                                             \
	}

static void targets_are_chosen(void **state)
{
	static const struct target rows[] = {
		{"all", ANY, ANY, ANY, ANS, ANSWER, REQUEST, true},
		/* stations: of the telegram itself */
		{"station", {1, 1}, ANY, ANY, ANS, ANSWER, REQUEST, true},
		{"station", {2, 9}, ANY, ANY, ANS, ANSWER, REQUEST, false},
		{"station", {0, 0}, ANY, ANY, ANS, ANSWER, REQUEST, false},
		{"station", {0, 2}, ANY, ANY, REQ, REQUEST, NULL, true},
		{"station", {0, 0}, ANY, ANY, REQ, "00 06 4003 0001", NULL, true},
		{"station", {5, 5}, ANY, ANY, ANS, "05 03 02 0001", "00 03 1000 0001", true},
		/* functions: of the request, so that a refusal is of what was asked */
		{"function", ANY, {3, 3}, ANY, REQ, REQUEST, NULL, true},
		{"function", ANY, {6, 16}, ANY, REQ, REQUEST, NULL, false},
		{"function", ANY, {6, 16}, ANY, REQ, "01 06 4003 0001", NULL, true},
		{"function", ANY, {3, 3}, ANY, ANS, "01 83 02", REQUEST, true},
		{"function", ANY, {4, 4}, ANY, ANS, ANSWER, REQUEST, false},
		{"function", ANY, {3, 3}, ANY, ANS, "01 06 4003 0001", REQUEST, true},
		{"function", ANY, {6, 6}, ANY, ANS, "01 06 4003 0001", REQUEST, false},
		/* registers: one that is asked for is enough */
		{"registers", ANY, ANY, {0x5002, 0x5002}, REQ, REQUEST, NULL, true},
		{"registers", ANY, ANY, {0x5003, 0x5003}, REQ, REQUEST, NULL, true},
		{"registers", ANY, ANY, {0x5004, 0x5fff}, REQ, REQUEST, NULL, false},
		{"registers", ANY, ANY, {0x5000, 0x5001}, REQ, REQUEST, NULL, false},
		{"registers", ANY, ANY, {0x5000, 0x5002}, REQ, REQUEST, NULL, true},
		{"registers", ANY, ANY, {0x5003, 0x5fff}, ANS, ANSWER, REQUEST, true},
		{"registers", ANY, ANY, {0x5004, 0x5fff}, ANS, ANSWER, REQUEST, false},
		{"registers", ANY, ANY, {0, 0xffff}, REQ, "01 03 5002 0000", NULL, false},
		{"registers", ANY, ANY, {0, 0xffff}, REQ, "01 11", NULL, false},
		{"registers", ANY, ANY, {0x4003, 0x4003}, REQ, "01 06 4003 0001", NULL, true},
		{"registers",
		 ANY,
		 ANY,
		 {0x400e, 0x400e},
		 REQ,
		 "01 10 400D 0002 04 00010002",
		 NULL,
		 true},
		/* all of them */
		{"all three", {1, 1}, {3, 3}, {0x5003, 0x5003}, ANS, ANSWER, REQUEST, true},
		{"all three", {2, 2}, {3, 3}, {0x5003, 0x5003}, ANS, ANSWER, REQUEST, false},
		{"all three", {1, 1}, {4, 4}, {0x5003, 0x5003}, ANS, ANSWER, REQUEST, false},
		{"all three", {1, 1}, {3, 3}, {0x5004, 0x5004}, ANS, ANSWER, REQUEST, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct target *t = &rows[i];
		struct fault_rule rule = rule_of("it", FAULT_DROP);
		struct faults *faults = create(1, "l");
		struct fault_effect got;

		rule.direction = t->direction;
		rule.has_station = t->station[0] >= 0;
		memcpy(rule.station, t->station, sizeof(rule.station));
		rule.has_function = t->function[0] >= 0;
		memcpy(rule.function, t->function, sizeof(rule.function));
		rule.has_registers = t->registers[0] >= 0;
		memcpy(rule.registers, t->registers, sizeof(rule.registers));
		add(faults, &rule);
		act(faults, t->direction, 0, t->telegram, t->request, &got);
		if (got.dropped != t->strikes)
			fail_msg("row %zu: %s, %s", i, t->keys, t->telegram);
		assert_int_equal(faults_hits(faults, 0), t->strikes);
		faults_destroy(faults);
	}
}

/* One that is broken has neither station nor function nor registers. */
static void broken_ones_are_nobodys(void **state)
{
	static const uint8_t broken[] = {1, 3, 0x50, 2, 0, 2, 0, 0};
	struct fault_rule rule = rule_of("station", FAULT_DROP);
	struct faults *faults = create(1, "l");
	struct fault_effect got;

	(void)state;
	rule.direction = FAULT_REQUEST;
	rule.has_station = true;
	rule.station[1] = 255;
	add(faults, &rule);
	rule = rule_of("function", FAULT_DROP);
	rule.direction = FAULT_REQUEST;
	rule.has_function = true;
	rule.function[1] = 255;
	add(faults, &rule);
	rule = rule_of("registers", FAULT_DROP);
	rule.direction = FAULT_REQUEST;
	rule.has_registers = true;
	rule.registers[1] = 65535;
	add(faults, &rule);
	faults_act(faults, FAULT_REQUEST, 0, broken, sizeof(broken), NULL, 0, &got);
	assert_null(got.rule);
	rule = rule_of("anything", FAULT_DROP);
	rule.direction = FAULT_REQUEST;
	add(faults, &rule);
	faults_act(faults, FAULT_REQUEST, 0, broken, sizeof(broken), NULL, 0, &got);
	assert_string_equal(got.rule->name, "anything");
	faults_destroy(faults);
}

/* The first one decides; one that is used up leaves it to the next one. */
static void the_first_match_wins(void **state)
{
	static const char *const expected[] = {"elsewhere", "twice", "twice",
					       "once",      "rest",  "rest"};
	struct faults *faults = create(1, "l");
	struct fault_rule rule;

	(void)state;
	rule = rule_of("elsewhere", FAULT_DROP); /* about another station */
	rule.has_station = true;
	rule.station[0] = rule.station[1] = 9;
	add(faults, &rule);
	rule = rule_of("twice", FAULT_DUPLICATE);
	rule.count = 2;
	add(faults, &rule);
	rule = rule_of("never", FAULT_DROP);
	rule.probability = 0;
	add(faults, &rule);
	rule = rule_of("once", FAULT_DROP);
	rule.count = 1;
	add(faults, &rule);
	rule = rule_of("rest", FAULT_DELAY);
	add(faults, &rule);
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct fault_effect got;

		act(faults, FAULT_ANSWER, 0, i ? ANSWER : "09 03 02 0001", REQUEST, &got);
		assert_string_equal(got.rule->name, expected[i]);
		assert_int_equal(got.doubled, i == 1 || i == 2);
		assert_int_equal(got.dropped, i == 0 || i == 3);
	}
	assert_int_equal(faults_hits(faults, 0), 1);
	assert_int_equal(faults_hits(faults, 1), 2);
	assert_int_equal(faults_hits(faults, 2), 0);
	assert_int_equal(faults_hits(faults, 3), 1);
	assert_int_equal(faults_hits(faults, 4), 2);
	faults_destroy(faults);
}

static void chances_come_true(void **state)
{
	static const double rows[] = {0, 0.001, 0.1, 0.3, 0.5, 0.97, 1};
	const int n = 10000;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const double p = rows[i], sigma = sqrt(n * p * (1 - p));
		struct fault_rule rule = rule_of("it", FAULT_DROP);
		struct faults *faults = create(7, "l");
		uint64_t dropped = 0;

		rule.probability = p;
		add(faults, &rule);
		for (int k = 0; k < n; k++) {
			struct fault_effect got;

			act(faults, FAULT_ANSWER, k, ANSWER, REQUEST, &got);
			assert_int_equal(got.dropped, got.rule != NULL);
			dropped += got.dropped;
		}
		assert_near((double)dropped, n * p, 3 * sigma);
		assert_int_equal(faults_hits(faults, 0), dropped);
		faults_destroy(faults);
	}
}

/* A silence goes on: for its time everything that it is about is dropped, and counts once. */
static void silences_go_on(void **state)
{
	static const struct {
		int64_t at_ns;
		const char *telegram;
		bool dropped;
		uint64_t hits;
	} rows[] = {
		{1000, ANSWER, true, 1},
		{1001, ANSWER, true, 1},
		{1500, "02 03 02 0001", false, 1}, /* another station goes on */
		{1999, ANSWER, true, 1},
		{2000, ANSWER, true, 2}, /* over, and begins anew */
		{2999, ANSWER, true, 2},
		{3000, ANSWER, false, 2}, /* used up */
		{9000, ANSWER, false, 2},
	};
	struct fault_rule rule = rule_of("it", FAULT_SILENCE);
	struct faults *faults = create(1, "l");

	(void)state;
	rule.time_ns[0] = rule.time_ns[1] = 1000;
	rule.count = 2;
	rule.has_station = true;
	rule.station[0] = rule.station[1] = 1;
	add(faults, &rule);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault_effect got;

		act(faults, FAULT_ANSWER, rows[i].at_ns, rows[i].telegram, REQUEST, &got);
		if (got.dropped != rows[i].dropped || faults_hits(faults, 0) != rows[i].hits)
			fail_msg("row %zu: dropped %d", i, got.dropped);
		assert_int_equal(got.rule != NULL, rows[i].dropped);
	}
	faults_destroy(faults);
}

/* Also where it begins seldom: what follows is silent for certain. */
static void silences_that_begin_by_chance_go_on(void **state)
{
	struct fault_rule rule = rule_of("it", FAULT_SILENCE);
	struct faults *faults = create(1, "l");
	struct fault_effect got;
	int64_t at_ns = 0;

	(void)state;
	rule.probability = 0.05;
	rule.time_ns[0] = rule.time_ns[1] = 100;
	add(faults, &rule);
	do
		act(faults, FAULT_ANSWER, ++at_ns, ANSWER, REQUEST, &got);
	while (!got.dropped);
	assert_true(at_ns > 1 && at_ns < 200);
	for (int64_t k = 1; k < 100; k++) {
		act(faults, FAULT_ANSWER, at_ns + k, ANSWER, REQUEST, &got);
		assert_true(got.dropped);
	}
	assert_int_equal(faults_hits(faults, 0), 1);
	faults_destroy(faults);
}

/* --- chance --- */

#define DRAWS 500

/* Which of so many telegrams a rule of that name strikes, with others beside it or not. */
static void draw(uint64_t seed, const char *line, const char *name, bool with_others,
		 bool ret[DRAWS])
{
	struct faults *faults = create(seed, line);
	struct fault_rule rule = rule_of("a", FAULT_CORRUPT);

	if (with_others) {
		rule.has_station = true;
		rule.station[0] = rule.station[1] = 2;
		add(faults, &rule);
	}
	rule = rule_of(name, FAULT_DROP);
	rule.probability = 0.5;
	add(faults, &rule);
	if (with_others) {
		rule = rule_of("c", FAULT_NOISE);
		rule.amount = 3;
		rule.probability = 0.5;
		add(faults, &rule);
	}
	for (int i = 0; i < DRAWS; i++) {
		struct fault_effect got;

		if (with_others)
			act(faults, FAULT_ANSWER, i, "02 03 02 0001", REQUEST, &got);
		act(faults, FAULT_ANSWER, i, ANSWER, REQUEST, &got);
		ret[i] = got.rule && strcmp(got.rule->name, name) == 0;
	}
	faults_destroy(faults);
}

static void equal_seeds_draw_alike(void **state)
{
	static const struct {
		uint64_t seed;
		const char *line, *name;
		bool with_others;
		bool equal;
	} rows[] = {
		{5, "l", "b", false, true},
		{5, "l", "b", true, true}, /* each rule has a stream of its own */
		{6, "l", "b", false, false},
		{5, "m", "b", false, false},
		{5, "l", "d", false, false},
	};
	bool first[DRAWS], got[DRAWS];

	(void)state;
	draw(5, "l", "b", false, first);
	for (size_t i = 0; i < COUNT(rows); i++) {
		draw(rows[i].seed, rows[i].line, rows[i].name, rows[i].with_others, got);
		assert_int_equal(memcmp(first, got, sizeof(first)) == 0, rows[i].equal);
	}
}

/* --- rules come and go --- */

static void kinds_have_directions(void **state)
{
	(void)state;
	for (int kind = 0; kind < FAULT_KINDS; kind++) {
		const bool request =
			kind != FAULT_DUPLICATE && kind != FAULT_EXCEPTION && kind != FAULT_SILENCE;
		struct faults *faults = create(1, "l");
		struct fault_rule rule = rule_of("it", (enum fault_kind)kind);

		assert_int_equal(faults_possible(rule.kind, FAULT_REQUEST), request);
		assert_int_equal(faults_possible(rule.kind, FAULT_ANSWER), kind != FAULT_ECHO);
		assert_int_equal(faults_add(faults, &rule), kind == FAULT_ECHO ? -EINVAL : 0);
		assert_int_equal(faults_concern(faults, FAULT_ANSWER), kind != FAULT_ECHO);
		assert_false(faults_concern(faults, FAULT_REQUEST));
		snprintf(rule.name, sizeof(rule.name), "other");
		rule.direction = FAULT_REQUEST;
		assert_int_equal(faults_add(faults, &rule), request ? 0 : -EINVAL);
		assert_int_equal(faults_concern(faults, FAULT_REQUEST), request);
		assert_int_equal(faults_count(faults), request && kind != FAULT_ECHO ? 2 : 1);
		faults_destroy(faults);
	}
}

static void rules_come_and_go(void **state)
{
	static const char *const left[] = {"a", "c", "d"};
	struct faults *faults = create(1, "l");
	struct fault_rule rule;
	struct fault_effect got;

	(void)state;
	assert_int_equal(faults_count(faults), 0);
	assert_int_equal(faults_remove(faults, "a"), -ENOENT);
	for (char name[] = "a"; *name <= 'd'; ++*name) {
		rule = rule_of(name, FAULT_DROP);
		rule.has_station = *name == 'a';
		rule.station[0] = rule.station[1] = 9;
		rule.count = *name == 'b' ? 1 : 0;
		add(faults, &rule);
	}
	assert_int_equal(faults_add(faults, &rule), -EEXIST);
	assert_int_equal(faults_count(faults), 4);
	act(faults, FAULT_ANSWER, 0, ANSWER, REQUEST, &got);
	act(faults, FAULT_ANSWER, 0, ANSWER, REQUEST, &got);
	assert_string_equal(got.rule->name, "c");
	assert_int_equal(faults_remove(faults, "e"), -ENOENT);
	assert_int_equal(faults_remove(faults, "b"), 0);
	assert_int_equal(faults_remove(faults, "b"), -ENOENT);
	assert_int_equal(faults_count(faults), COUNT(left));
	for (size_t i = 0; i < COUNT(left); i++) {
		assert_string_equal(faults_rule(faults, i)->name, left[i]);
		assert_int_equal(faults_hits(faults, i), i == 1); /* goes with its rule */
	}
	rule = rule_of("b", FAULT_DROP); /* one that comes back begins anew, behind the others */
	add(faults, &rule);
	assert_string_equal(faults_rule(faults, 3)->name, "b");
	assert_int_equal(faults_hits(faults, 3), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(faults_remove(faults, faults_rule(faults, 0)->name), 0);
	assert_int_equal(faults_count(faults), 0);
	assert_false(faults_concern(faults, FAULT_ANSWER));
	act(faults, FAULT_ANSWER, 0, ANSWER, REQUEST, &got);
	assert_null(got.rule);
	faults_destroy(faults);
}

static void there_are_only_so_many(void **state)
{
	struct faults *faults = create(1, "l");
	struct fault_rule rule;
	char name[32];

	(void)state;
	for (int i = 0; i < FAULTS_MAX; i++) {
		snprintf(name, sizeof(name), "rule-%d", i);
		rule = rule_of(name, FAULT_DROP);
		add(faults, &rule);
	}
	rule = rule_of("one-more", FAULT_DROP);
	assert_int_equal(faults_add(faults, &rule), -ENOSPC);
	assert_int_equal(faults_count(faults), FAULTS_MAX);
	assert_int_equal(faults_remove(faults, "rule-0"), 0);
	assert_int_equal(faults_add(faults, &rule), 0);
	assert_string_equal(faults_rule(faults, FAULTS_MAX - 1)->name, "one-more");
	assert_string_equal(faults_rule(faults, FAULTS_MAX - 2)->name, "rule-99");
	faults_destroy(faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_does_what_it_says),
		cmocka_unit_test(corruption_is_where_it_should_be),
		cmocka_unit_test(noise_is_where_it_should_be),
		cmocka_unit_test(noise_does_not_overflow),
		cmocka_unit_test(short_ones_are_left_alone),
		cmocka_unit_test(times_are_drawn),
		cmocka_unit_test(nothing_strikes_without_a_rule),
		cmocka_unit_test(targets_are_chosen),
		cmocka_unit_test(broken_ones_are_nobodys),
		cmocka_unit_test(the_first_match_wins),
		cmocka_unit_test(chances_come_true),
		cmocka_unit_test(silences_go_on),
		cmocka_unit_test(silences_that_begin_by_chance_go_on),
		cmocka_unit_test(equal_seeds_draw_alike),
		cmocka_unit_test(kinds_have_directions),
		cmocka_unit_test(rules_come_and_go),
		cmocka_unit_test(there_are_only_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
