/* SPDX-License-Identifier: MIT */
/* test_fault_conf - every key of a fault arrives in its rule; all that is wrong is told */
#include "sim/fault_conf.h"

#include <errno.h>
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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ONE_OF                                                                                     \
	"drop, delay, corrupt, truncate, duplicate, noise, wrong, exception, silence, slow or "    \
	"echo\n"
#define WHAT "f:1:1: what does the fault do? One of: " ONE_OF
#define MANY "f:1:1: a fault does one thing: " ONE_OF

static bool read_fault(const char *text, struct fault_rule *ret, char line[CONF_TEXT_MAX],
		       char *messages, size_t size)
{
	struct conf_context context = {.file = "f"};
	struct conf_tree *tree;
	bool ok;

	assert_int_equal(diag_create(&context.diag), 0);
	assert_int_equal(conf_tree_parse(&tree, "f", text, strlen(text), context.diag), 0);
	ok = fault_conf_read(&context, conf_tree_root(tree), ret, line);
	fixture_messages(context.diag, messages, size);
	assert_int_equal(ok, diag_count(context.diag) == 0);
	conf_tree_destroy(tree);
	diag_destroy(context.diag);
	return ok;
}

static void read_good(const char *text, struct fault_rule *ret, char line[CONF_TEXT_MAX])
{
	char messages[2048];

	memset(ret, 0x55, sizeof(*ret));
	if (!read_fault(text, ret, line, messages, sizeof(messages)))
		fail_msg("%s: %s", text, messages);
}

static void every_kind_arrives(void **state)
{
	static const struct {
		const char *text;
		struct fault_rule rule; /* kind, direction, how, amount, times */
	} rows[] = {
		{"{name: x, drop: true}", {.kind = FAULT_DROP, .direction = FAULT_ANSWER}},
		{"{name: x, drop: true, direction: request}",
		 {.kind = FAULT_DROP, .direction = FAULT_REQUEST}},
		{"{name: x, drop: on, direction: answer}",
		 {.kind = FAULT_DROP, .direction = FAULT_ANSWER}},
		{"{name: x, delay: 5ms}",
		 {.kind = FAULT_DELAY,
		  .direction = FAULT_ANSWER,
		  .time_ns = {5 * NS_PER_MS, 5 * NS_PER_MS}}},
		{"{name: x, delay: 5ms..1h, direction: request}",
		 {.kind = FAULT_DELAY,
		  .direction = FAULT_REQUEST,
		  .time_ns = {5 * NS_PER_MS, NS_PER_H}}},
		{"{name: x, delay: 0}", {.kind = FAULT_DELAY, .direction = FAULT_ANSWER}},
		{"{name: x, corrupt: bits}",
		 {.kind = FAULT_CORRUPT,
		  .direction = FAULT_ANSWER,
		  .how = FAULT_CORRUPT_BITS,
		  .amount = 1}},
		{"{name: x, corrupt: bits, bits: 64}",
		 {.kind = FAULT_CORRUPT,
		  .direction = FAULT_ANSWER,
		  .how = FAULT_CORRUPT_BITS,
		  .amount = 64}},
		{"{name: x, corrupt: byte, direction: request}",
		 {.kind = FAULT_CORRUPT,
		  .direction = FAULT_REQUEST,
		  .how = FAULT_CORRUPT_BYTE,
		  .amount = 1}},
		{"{name: x, corrupt: crc}",
		 {.kind = FAULT_CORRUPT,
		  .direction = FAULT_ANSWER,
		  .how = FAULT_CORRUPT_CHECK,
		  .amount = 1}},
		{"{name: x, truncate: 64}",
		 {.kind = FAULT_TRUNCATE, .direction = FAULT_ANSWER, .amount = 64}},
		{"{name: x, duplicate: yes}", {.kind = FAULT_DUPLICATE, .direction = FAULT_ANSWER}},
		{"{name: x, noise: before}",
		 {.kind = FAULT_NOISE,
		  .direction = FAULT_ANSWER,
		  .how = FAULT_BEFORE,
		  .amount = 3}},
		{"{name: x, noise: inside, bytes: 1}",
		 {.kind = FAULT_NOISE,
		  .direction = FAULT_ANSWER,
		  .how = FAULT_INSIDE,
		  .amount = 1}},
		{"{name: x, noise: after, bytes: 64, direction: request}",
		 {.kind = FAULT_NOISE,
		  .direction = FAULT_REQUEST,
		  .how = FAULT_AFTER,
		  .amount = 64}},
		{"{name: x, wrong: address}",
		 {.kind = FAULT_WRONG, .direction = FAULT_ANSWER, .how = FAULT_WRONG_ADDRESS}},
		{"{name: x, wrong: function}",
		 {.kind = FAULT_WRONG, .direction = FAULT_ANSWER, .how = FAULT_WRONG_FUNCTION}},
		{"{name: x, exception: 255}",
		 {.kind = FAULT_EXCEPTION, .direction = FAULT_ANSWER, .amount = 255}},
		{"{name: x, silence: 1s..2s}",
		 {.kind = FAULT_SILENCE,
		  .direction = FAULT_ANSWER,
		  .time_ns = {NS_PER_S, 2 * NS_PER_S}}},
		{"{name: x, slow: 1ms..10s}",
		 {.kind = FAULT_SLOW,
		  .direction = FAULT_ANSWER,
		  .time_ns = {NS_PER_MS, 10 * NS_PER_S}}},
		{"{name: x, echo: true}", {.kind = FAULT_ECHO, .direction = FAULT_REQUEST}},
		/* what is off is not there */
		{"{name: x, echo: off, drop: true, duplicate: no}",
		 {.kind = FAULT_DROP, .direction = FAULT_ANSWER}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fault_rule *want = &rows[i].rule;
		struct fault_rule got;
		char line[CONF_TEXT_MAX];

		read_good(rows[i].text, &got, line);
		assert_string_equal(got.name, "x");
		assert_string_equal(line, "");
		if (got.kind != want->kind || got.direction != want->direction ||
		    got.how != want->how || got.amount != want->amount ||
		    got.time_ns[0] != want->time_ns[0] || got.time_ns[1] != want->time_ns[1])
			fail_msg("%s: kind %d direction %d how %d amount %lld", rows[i].text,
				 got.kind, got.direction, got.how, (long long)got.amount);
		/* and it is about everything, always */
		assert_false(got.has_station || got.has_function || got.has_registers);
		assert_near(got.probability, 1, 0);
		assert_int_equal(got.count, 0);
	}
}

static void targets_arrive(void **state)
{
	static const struct {
		const char *keys;
		bool has_station, has_function, has_registers;
		int64_t from, to;
	} rows[] = {
		{"station: 1", true, false, false, 1, 1},
		{"station: 0..255", true, false, false, 0, 255},
		{"function: 3", false, true, false, 3, 3},
		{"function: 0x03..0x10", false, true, false, 3, 16},
		{"registers: 0x5000..0x5010", false, false, true, 0x5000, 0x5010},
		{"registers: 0..65535", false, false, true, 0, 65535},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault_rule got;
		char text[128], line[CONF_TEXT_MAX];
		const int64_t *range = rows[i].has_station    ? got.station
				       : rows[i].has_function ? got.function
							      : got.registers;

		snprintf(text, sizeof(text), "{name: x, drop: true, %s}", rows[i].keys);
		read_good(text, &got, line);
		assert_int_equal(got.has_station, rows[i].has_station);
		assert_int_equal(got.has_function, rows[i].has_function);
		assert_int_equal(got.has_registers, rows[i].has_registers);
		assert_int_equal(range[0], rows[i].from);
		assert_int_equal(range[1], rows[i].to);
	}
}

static void chances_arrive(void **state)
{
	static const struct {
		const char *text;
		double probability;
	} rows[] = {{"10%", 0.1}, {"0.1", 0.1},     {"0", 0},        {"0%", 0},  {"1", 1},
		    {"100%", 1},  {"2.5 %", 0.025}, {"1e-3", 0.001}, {".5", 0.5}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault_rule got;
		char text[128], line[CONF_TEXT_MAX];

		snprintf(text, sizeof(text),
			 "{name: a.b-c_9, line: bus-1, drop: true, probability: %s, count: 7}",
			 rows[i].text);
		read_good(text, &got, line);
		assert_string_equal(got.name, "a.b-c_9");
		assert_string_equal(line, "bus-1");
		assert_near(got.probability, rows[i].probability, 1e-15);
		assert_int_equal(got.count, 7);
	}
}

static void bad_ones_say_why(void **state)
{
	static const struct {
		const char *text;
		const char *messages;
	} rows[] = {
		{"[drop]", "f:1:1: the fault: a map of keys and values is expected\n"},
		{"{drop: true}", "f:1:1: the fault: key 'name' is missing\n"},
		{"{name: x}", WHAT},
		{"{name: x, drop: false}", WHAT},
		{"{name: x, bits: 3}", WHAT},
		{"{name: x, drop: true, echo: true}", MANY},
		{"{name: x, delay: 0, silence: 0}", MANY},
		{"{name: x, slow: 0, noise: before, bytes: 3}", MANY},
		{"{name: x, exeption: 2}",
		 "f:1:11: unknown key 'exeption' in the fault, did you mean 'exception'?\n"},
		{"{name: a/b, drop: true}",
		 "f:1:8: name: letters, digits, '.', '_' and '-' are expected\n"},
		{"{name: x, line: 'a b', drop: true}",
		 "f:1:17: line: letters, digits, '.', '_' and '-' are expected\n"},
		{"{name: x, drop: true, direction: both}",
		 "f:1:34: direction: 'both' is none of: request, answer\n"},
		{"{name: x, drop: true, station: 256}",
		 "f:1:32: station: 256 is out of range 0..255\n"},
		{"{name: x, drop: true, station: -1}",
		 "f:1:32: station: -1 is out of range 0..255\n"},
		{"{name: x, drop: true, station: 9..1}", "f:1:32: station: a range goes upward\n"},
		{"{name: x, drop: true, function: read}",
		 "f:1:33: function: 'read' is not a whole number\n"},
		{"{name: x, drop: true, registers: 0..0x10000}",
		 "f:1:34: registers: 0x10000 is out of range 0..65535\n"},
		{"{name: x, drop: true, probability: 101%}",
		 "f:1:36: probability: '101%' is neither from 0% to 100% nor a number from 0 to "
		 "1\n"},
		{"{name: x, drop: true, probability: 1.5}",
		 "f:1:36: probability: '1.5' is neither from 0% to 100% nor a number from 0 to "
		 "1\n"},
		{"{name: x, drop: true, probability: -0.1}",
		 "f:1:36: probability: '-0.1' is neither from 0% to 100% nor a number from 0 to "
		 "1\n"},
		{"{name: x, drop: true, probability: often}",
		 "f:1:36: probability: 'often' is neither from 0% to 100% nor a number from 0 to "
		 "1\n"},
		{"{name: x, drop: true, probability: nan}",
		 "f:1:36: probability: 'nan' is neither from 0% to 100% nor a number from 0 to "
		 "1\n"},
		{"{name: x, drop: true, probability: [1]}",
		 "f:1:36: probability: one value is expected, not a list\n"},
		{"{name: x, drop: true, count: 0}",
		 "f:1:30: count: 0 is out of range 1..1000000000\n"},
		{"{name: x, drop: maybe}", "f:1:17: drop: 'maybe' is neither true nor false\n"},
		{"{name: x, delay: fast}",
		 "f:1:18: delay: 'fast' is not a duration such as 5ms, 30s or 1h30m\n"},
		{"{name: x, delay: 2h}", "f:1:18: delay: 2h is out of range 0..3600 s\n"},
		{"{name: x, delay: 2s..1s}", "f:1:18: delay: a range goes upward\n"},
		{"{name: x, silence: 1s..2h}", "f:1:20: silence: 2h is out of range 0..3600 s\n"},
		{"{name: x, slow: 11s}", "f:1:17: slow: 11s is out of range 0..10 s\n"},
		{"{name: x, corrupt: all}", "f:1:20: corrupt: 'all' is none of: bits, byte, crc\n"},
		{"{name: x, corrupt: bits, bits: 65}", "f:1:32: bits: 65 is out of range 1..64\n"},
		{"{name: x, truncate: 0}", "f:1:21: truncate: 0 is out of range 1..64\n"},
		{"{name: x, noise: around}",
		 "f:1:18: noise: 'around' is none of: before, inside, after\n"},
		{"{name: x, noise: after, bytes: 65}", "f:1:32: bytes: 65 is out of range 1..64\n"},
		{"{name: x, wrong: crc}", "f:1:18: wrong: 'crc' is none of: address, function\n"},
		{"{name: x, exception: 256}", "f:1:22: exception: 256 is out of range 1..255\n"},
		{"{name: x, exception: 0}", "f:1:22: exception: 0 is out of range 1..255\n"},
		/* what does not go together */
		{"{name: x, corrupt: byte, bits: 1}", "f:1:1: bits: only with 'corrupt: bits'\n"},
		{"{name: x, drop: true, bits: 1}", "f:1:1: bits: only with 'corrupt: bits'\n"},
		{"{name: x, corrupt: bits, bytes: 1}", "f:1:1: bytes: only with 'noise'\n"},
		{"{name: x, duplicate: true, direction: request}",
		 "f:1:1: direction: duplicate, exception and silence are of answers\n"},
		{"{name: x, exception: 1, direction: request}",
		 "f:1:1: direction: duplicate, exception and silence are of answers\n"},
		{"{name: x, silence: 1s, direction: request}",
		 "f:1:1: direction: duplicate, exception and silence are of answers\n"},
		{"{name: x, echo: true, direction: answer}",
		 "f:1:1: direction: echo is of requests\n"},
		/* all at once */
		{"station: x\ncount: 0\nnoise: off\n",
		 "f:1:10: station: 'x' is not a whole number\n"
		 "f:2:8: count: 0 is out of range 1..1000000000\n"
		 "f:3:8: noise: 'off' is none of: before, inside, after\n"
		 "f:1:1: the fault: key 'name' is missing\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault_rule rule;
		char messages[2048], line[CONF_TEXT_MAX];

		if (read_fault(rows[i].text, &rule, line, messages, sizeof(messages)))
			fail_msg("row %zu is read: %s", i, rows[i].text);
		assert_string_equal(messages, rows[i].messages);
	}
}

static void names_are_short(void **state)
{
	char text[256], messages[512], line[CONF_TEXT_MAX], name[FAULT_NAME_MAX + 1];
	struct fault_rule rule;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[FAULT_NAME_MAX - 1] = '\0';
	snprintf(text, sizeof(text), "{drop: true, name: %s}", name);
	read_good(text, &rule, line);
	assert_string_equal(rule.name, name);
	name[FAULT_NAME_MAX - 1] = 'n';
	name[FAULT_NAME_MAX] = '\0';
	snprintf(text, sizeof(text), "{drop: true, name: %s}", name);
	assert_false(read_fault(text, &rule, line, messages, sizeof(messages)));
	assert_string_equal(messages, "f:1:1: name: at most 63 characters\n");
}

struct written {
	char text[512];
	size_t used;
};

static void put_text(void *ctx, const char *key, const char *value)
{
	struct written *w = ctx;

	w->used += (size_t)snprintf(w->text + w->used, sizeof(w->text) - w->used, "%s%s: %s",
				    w->used > 1 ? ", " : "", key, value);
}

static void put_number(void *ctx, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", value);
	put_text(ctx, key, text);
}

static void put_truth(void *ctx, const char *key, bool value)
{
	put_text(ctx, key, value ? "true" : "false");
}

static void what_is_written_is_read_again(void **state)
{
	static const char *const faults[] = {
		"{name: a, drop: true}",
		"{name: a, drop: true, direction: request, station: 3, count: 7}",
		"{name: a, delay: 5ms..1h, station: 1..10, probability: 12.5%}",
		"{name: a, delay: 0.001ms, function: 3..6}",
		"{name: a, corrupt: bits, bits: 64, registers: 0x5000..0x5010}",
		"{name: a, corrupt: byte, registers: 7}",
		"{name: a, corrupt: crc, probability: 0}",
		"{name: a, truncate: 3}",
		"{name: a, duplicate: true}",
		"{name: a, noise: inside, bytes: 9}",
		"{name: a, noise: before}",
		"{name: a, wrong: address}",
		"{name: a, wrong: function}",
		"{name: a, exception: 255}",
		"{name: a, silence: 3s..20s, count: 1000000000}",
		"{name: a, slow: 1.5ms}",
		"{name: a, echo: true}",
	};
	char line[CONF_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct written w = {.text = "{", .used = 1};
		const struct fault_conf_writer writer = {
			.text = put_text, .number = put_number, .truth = put_truth, .ctx = &w};
		struct fault_rule rule, again;

		read_good(faults[i], &rule, line);
		fault_conf_write(&rule, &writer);
		snprintf(w.text + w.used, sizeof(w.text) - w.used, "}");
		read_good(w.text, &again, line);
		if (memcmp(&rule, &again, sizeof(rule)) != 0)
			fail_msg("%s: %s", faults[i], w.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_arrives),
		cmocka_unit_test(targets_arrive),
		cmocka_unit_test(chances_arrive),
		cmocka_unit_test(bad_ones_say_why),
		cmocka_unit_test(names_are_short),
		cmocka_unit_test(what_is_written_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
