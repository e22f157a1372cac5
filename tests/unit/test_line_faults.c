/* SPDX-License-Identifier: MIT */
/*
 * test_line_faults - what faults on purpose make of requests and answers on a line, and when
 *
 * Stations here are dummies (dummy.h) that answer any burst, after it has ended, with a fixed
 * frame. Which telegrams a rule strikes is test_faults's.
 */
#include "sim/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dummy.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void add_fault(struct dummy *s, const struct fault_rule *rule)
{
	struct fault_rule r = *rule;

	r.probability = 1;
	memcpy(r.name, "fault", sizeof("fault"));
	assert_int_equal(faults_add(line_faults(s->line), &r), 0);
}

struct fault_row {
	struct fault_rule rule; /* the direction apart */
	bool paced;
	size_t bytes;     /* that are heard */
	int64_t shift_ns; /* by which the last one of them comes later than the rule's absence */
};

/* What stations hear of a request, and when. */
static void request_faults_strike(void **state)
{
	static const struct fault_row rows[] = {
		{{.kind = FAULT_DROP}, true, 0, 0},
		{{.kind = FAULT_DROP}, false, 0, 0},
		{{.kind = FAULT_DELAY, .time_ns = {MS(30), MS(30)}}, true, 8, MS(30)},
		{{.kind = FAULT_DELAY, .time_ns = {MS(30), MS(30)}}, false, 8, MS(30)},
		{{.kind = FAULT_DELAY, .time_ns = {1, 1}}, true, 8, 1},
		{{.kind = FAULT_TRUNCATE, .amount = 3}, true, 5, -3 * CHAR_9600_NS},
		{{.kind = FAULT_TRUNCATE, .amount = 3}, false, 5, 0},
		{{.kind = FAULT_TRUNCATE, .amount = 8}, true, 0, 0},
		{{.kind = FAULT_NOISE, .how = FAULT_AFTER, .amount = 3},
		 true,
		 11,
		 3 * CHAR_9600_NS},
		{{.kind = FAULT_NOISE, .how = FAULT_BEFORE, .amount = 3}, false, 11, 0},
		{{.kind = FAULT_SLOW, .time_ns = {MS(2), MS(2)}}, true, 8, 7 * MS(2)},
		{{.kind = FAULT_SLOW, .time_ns = {MS(2), MS(2)}}, false, 8, 7 * MS(2)},
		{{.kind = FAULT_WRONG}, true, 8, 0},
		{{.kind = FAULT_ECHO}, true, 8, 0},
		{{.kind = FAULT_ECHO}, false, 8, 0},
	};
	const uint8_t request[8] = {1, 3, 0x50, 2, 0, 6, 7, 8};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fault_row *row = &rows[i];
		const int64_t time_ns = row->paced ? 8 * CHAR_9600_NS : 0;
		const size_t echoed = row->rule.kind == FAULT_ECHO ? sizeof(request) : 0;
		struct fault_rule rule = row->rule;
		struct dummy s;

		dummy_set_up(&s, row->paced, MS(5), 1);
		rule.direction = FAULT_REQUEST;
		add_fault(&s, &rule);
		dummy_ask(&s, request, sizeof(request));
		assert_int_equal(s.stations[0].heard_bytes, row->bytes);
		assert_int_equal(s.client.count, echoed + (row->bytes ? sizeof(dummy_hello) : 0));
		if (echoed)
			assert_memory_equal(s.client.bytes, request, sizeof(request));
		if (row->bytes) {
			const int64_t heard_ns = NS_PER_S + time_ns + row->shift_ns;

			assert_int_equal(s.stations[0].heard_end_ns, heard_ns);
			dummy_check_block(&s, echoed, dummy_hello, sizeof(dummy_hello),
					  row->paced ? heard_ns + MS(5) + SENT_NS(4) : heard_ns);
		}
		/* told of as it was said, once it was whole */
		assert_int_equal(s.told_count, row->bytes ? 2 : 1);
		assert_memory_equal(s.told[0].bytes, request, sizeof(request));
		assert_int_equal(s.told[0].telegram.len_bytes, sizeof(request));
		assert_int_equal(s.faults, 1);
		assert_int_equal(s.fault_ns, NS_PER_S + (row->paced ? time_ns + T35_9600_NS : 0));
		line_destroy(s.line);
	}
}

/* A rule about requests that does not strike changes nothing, nor when. */
static void held_back_is_not_late(void **state)
{
	const uint8_t request[8] = {1, 3, 0x50, 2, 0, 6, 7, 8};

	(void)state;
	for (int paced = 0; paced < 2; paced++) {
		struct dummy s[2];

		for (int with = 0; with < 2; with++) {
			struct fault_rule rule = {.direction = FAULT_REQUEST,
						  .kind = FAULT_DROP,
						  .name = "fault"};

			dummy_set_up(&s[with], paced, MS(5), 1);
			if (with)
				assert_int_equal(faults_add(line_faults(s[with].line), &rule), 0);
			dummy_ask(&s[with], request, sizeof(request));
			assert_int_equal(s[with].faults, 0);
			assert_int_equal(s[with].client.count, sizeof(dummy_hello));
			assert_int_equal(s[with].stations[0].heard_bytes, 8);
			line_destroy(s[with].line);
		}
		assert_int_equal(s[0].stations[0].heard_end_ns, s[1].stations[0].heard_end_ns);
		assert_memory_equal(s[0].client.at_ns, s[1].client.at_ns,
				    sizeof(dummy_hello) * sizeof(s[0].client.at_ns[0]));
	}
}

/* Eight may be under way at the same time; each keeps its own time. */
static void delayed_requests_are_bounded(void **state)
{
	const uint8_t request[8] = {1, 3};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 1);
	add_fault(&s, &(struct fault_rule){.direction = FAULT_REQUEST,
					   .kind = FAULT_DELAY,
					   .time_ns = {10 * NS_PER_S, 10 * NS_PER_S}});
	for (int i = 0; i < 10; i++) {
		const int64_t at_ns = NS_PER_S + i * MS(100);

		s.client.now_ns = at_ns;
		dummy_hear(&s, at_ns, request, sizeof(request), 9600);
		s.client.now_ns = at_ns + MS(50);
		line_tick(s.line, s.client.now_ns);
	}
	assert_int_equal(s.stations[0].heard_bytes, 0);
	dummy_run(&s);
	assert_int_equal(s.faults, 10);
	assert_int_equal(s.stations[0].heard_bytes, 8 * sizeof(request));
	assert_int_equal(s.stations[0].heard_end_ns,
			 11 * NS_PER_S + 7 * MS(100) + 8 * CHAR_9600_NS);
	assert_int_equal(s.client.count, 8 * sizeof(dummy_hello));
	for (size_t i = 0; i < 8; i++)
		dummy_check_block(&s, i * sizeof(dummy_hello), dummy_hello, sizeof(dummy_hello),
				  11 * NS_PER_S + (int64_t)i * MS(100) + 8 * CHAR_9600_NS +
					  SENT_NS(4));
	line_destroy(s.line);
}

/* What the client hears of an answer, and when. */
static void answer_faults_strike(void **state)
{
	static const struct fault_row rows[] = {
		{{.kind = FAULT_DROP}, true, 0, 0},
		{{.kind = FAULT_DROP}, false, 0, 0},
		{{.kind = FAULT_SILENCE, .time_ns = {MS(1), MS(1)}}, true, 0, 0},
		{{.kind = FAULT_DELAY, .time_ns = {MS(30), MS(30)}}, true, 4, MS(30)},
		{{.kind = FAULT_DELAY, .time_ns = {MS(30), MS(30)}}, false, 4, MS(30)},
		/* T3.5 behind the first one, so that a client can tell them apart */
		{{.kind = FAULT_DUPLICATE}, true, 8, SENT_NS(4) + T35_9600_NS},
		{{.kind = FAULT_DUPLICATE}, false, 8, 1},
		{{.kind = FAULT_TRUNCATE, .amount = 1}, true, 3, SENT_NS(3) - SENT_NS(4)},
		{{.kind = FAULT_TRUNCATE, .amount = 1}, false, 3, 0},
		{{.kind = FAULT_SLOW, .time_ns = {MS(2), MS(2)}}, true, 4, 3 * MS(2)},
		{{.kind = FAULT_SLOW, .time_ns = {MS(2), MS(2)}}, false, 4, 3 * MS(2)},
		{{.kind = FAULT_NOISE, .how = FAULT_AFTER, .amount = 3},
		 true,
		 7,
		 SENT_NS(7) - SENT_NS(4)},
		{{.kind = FAULT_EXCEPTION, .amount = 4}, true, 5, SENT_NS(5) - SENT_NS(4)},
	};
	const uint8_t request[8] = {1, 3, 0x50, 2, 0, 6, 7, 8};
	const uint8_t refusal[] = {0xf0, 0x8f, 0x04};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fault_row *row = &rows[i];
		const int64_t heard_ns = NS_PER_S + (row->paced ? 8 * CHAR_9600_NS : 0);
		const int64_t plain_ns = heard_ns + (row->paced ? MS(5) + SENT_NS(4) : 0);
		struct fault_rule rule = row->rule;
		struct dummy s;

		dummy_set_up(&s, row->paced, MS(5), 1);
		rule.direction = FAULT_ANSWER;
		add_fault(&s, &rule);
		dummy_ask(&s, request, sizeof(request));
		assert_int_equal(s.stations[0].heard_bytes, sizeof(request));
		assert_int_equal(s.stations[0].heard_end_ns, heard_ns);
		if (s.client.count != row->bytes)
			fail_msg("row %zu: %zu bytes", i, s.client.count);
		assert_int_equal(s.faults, 1);
		assert_int_equal(s.told_count,
				 1 + (row->bytes + 3) / 4 - (row->bytes > 4 && row->bytes < 8));
		if (row->bytes)
			assert_int_equal(s.client.at_ns[row->bytes - 1], plain_ns + row->shift_ns);
		if (rule.kind == FAULT_EXCEPTION)
			assert_memory_equal(s.client.bytes, refusal, sizeof(refusal));
		else if (row->bytes)
			assert_memory_equal(s.client.bytes, dummy_hello,
					    row->bytes < 4 ? row->bytes : 4);
		if (rule.kind == FAULT_DUPLICATE) {
			dummy_check_block(&s, 0, dummy_hello, sizeof(dummy_hello), plain_ns);
			dummy_check_block(&s, 4, dummy_hello, sizeof(dummy_hello),
					  plain_ns + row->shift_ns);
		}
		line_destroy(s.line);
	}
}

/* A request that is held back is judged in its own format, not in that of the next one. */
static void held_requests_keep_their_format(void **state)
{
	const uint8_t request[8] = {1, 3, 0x50, 2, 0, 6, 7, 8};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 2);
	s.stations[1].format.baud = 19200;
	add_fault(&s, &(struct fault_rule){.kind = FAULT_DROP,
					   .direction = FAULT_REQUEST,
					   .has_station = true,
					   .station = {99, 99}});
	dummy_hear(&s, NS_PER_S, request, sizeof(request), 9600);
	dummy_hear(&s, NS_PER_S + MS(100), request, sizeof(request),
		   19200); /* a loop that is late */
	s.client.now_ns = NS_PER_S + MS(100);
	dummy_run(&s);
	assert_int_equal(s.stations[0].heard_bytes, 8);
	assert_int_equal(s.stations[1].heard_bytes, 8);
	line_destroy(s.line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_faults_strike),
		cmocka_unit_test(held_back_is_not_late),
		cmocka_unit_test(delayed_requests_are_bounded),
		cmocka_unit_test(answer_faults_strike),
		cmocka_unit_test(held_requests_keep_their_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
