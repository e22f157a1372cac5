/* SPDX-License-Identifier: MIT */
/*
 * test_line - characters take their time in both directions, on a virtual clock
 *
 * Stations here are dummies (dummy.h) that answer any burst, after it has ended, with a fixed
 * frame. Faults on purpose are test_line_faults's.
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

static void characters_take_their_time(void **state)
{
	const uint8_t request[8] = {1};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 5 * NS_PER_MS, 1);
	s.client.now_ns = NS_PER_S;
	dummy_hear(&s, NS_PER_S, request, sizeof(request), 9600);
	dummy_run(&s);
	assert_int_equal(s.stations[0].heard_end_ns, NS_PER_S + 8 * CHAR_9600_NS);
	assert_int_equal(s.client.count, sizeof(dummy_hello));
	assert_memory_equal(s.client.bytes, dummy_hello, sizeof(dummy_hello));
	for (size_t i = 0; i < sizeof(dummy_hello);
	     i++) /* a byte is there when its stop bit is over */
		assert_int_equal(s.client.at_ns[i],
				 NS_PER_S + 8 * CHAR_9600_NS + 5 * NS_PER_MS +
					 ((int64_t)i + 1) * 11 * NS_PER_S / 9600);
	line_destroy(s.line);
}

/* Two writes of a client follow each other on the wire, however fast they came. */
static void bursts_queue_up(void **state)
{
	const uint8_t request[8] = {1};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 1);
	dummy_hear(&s, 1000, request, 6, 9600);
	dummy_hear(&s, 2000, request + 6, 2, 9600);
	assert_int_equal(s.stations[0].heard_end_ns, 1000 + 8 * CHAR_9600_NS);
	line_destroy(s.line);
}

/* A burst that nobody understands does not make the line forget what is under way. */
static void a_wrong_burst_between_is_nothing(void **state)
{
	const uint8_t request[8] = {1};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 1);
	dummy_hear(&s, 1000, request, 6, 9600);
	dummy_hear(&s, 1500, request, 1, 19200);
	dummy_hear(&s, 2000, request + 6, 2, 9600);
	assert_int_equal(s.stations[0].heard_bytes, 8);
	assert_int_equal(s.stations[0].heard_end_ns, 1000 + 8 * CHAR_9600_NS);
	assert_int_equal(dummy_told_of(&s, TELEGRAM_WRONG_RATE), 1);
	assert_int_equal(dummy_told_of(&s, TELEGRAM_TOO_EARLY), 0);
	line_destroy(s.line);
}

/* More than TELEGRAM_MAX characters ahead are lost, and only those. */
static void what_is_written_ahead_is_bounded(void **state)
{
	static const uint8_t much[TELEGRAM_MAX];
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 1);
	for (int i = 0; i < 10; i++)
		dummy_hear(&s, 1000, much, sizeof(much), 9600);
	assert_int_equal(s.stations[0].heard_bytes, 2 * TELEGRAM_MAX);
	assert_int_equal(dummy_told_of(&s, TELEGRAM_TOO_MUCH), 8);
	line_destroy(s.line);
}

static void without_pace_nothing_waits(void **state)
{
	const uint8_t request[8] = {1, 3};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, false, 5 * NS_PER_MS, 1);
	dummy_hear(&s, 1000, request, sizeof(request), 0);
	assert_int_equal(s.stations[0].heard_end_ns, 1000);
	s.client.now_ns = 1000;
	assert_int_equal(line_tick(s.line, 1000), CLK_NEVER);
	assert_int_equal(s.client.count, sizeof(dummy_hello));
	line_destroy(s.line);
}

static void a_wrong_baud_rate_is_not_heard(void **state)
{
	static const struct {
		uint32_t client_baud;
		size_t heard;
	} rows[] = {{9600, 3}, {0, 3}, {19200, 0}, {300, 0}, {9601, 0}};
	const uint8_t request[3] = {1, 2, 3};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dummy s;

		dummy_set_up(&s, true, 0, 1);
		dummy_hear(&s, 0, request, sizeof(request), rows[i].client_baud);
		assert_int_equal(s.stations[0].heard_bytes, rows[i].heard);
		assert_int_equal(dummy_told_of(&s, TELEGRAM_WRONG_RATE), rows[i].heard ? 0 : 1);
		line_destroy(s.line);
	}
}

/* Half duplex: who speaks into an answer is not heard. */
static void nobody_listens_while_answering(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 1);
	dummy_hear(&s, 0, request, sizeof(request), 9600);
	s.client.now_ns = 2 * CHAR_9600_NS;
	line_tick(s.line, s.client.now_ns);
	dummy_hear(&s, s.client.now_ns + 1, request, sizeof(request), 9600);
	assert_int_equal(s.stations[0].heard_bytes, 2);
	assert_int_equal(dummy_told_of(&s, TELEGRAM_TOO_EARLY), 1);
	dummy_run(&s);
	assert_int_equal(s.client.count, sizeof(dummy_hello));
	line_destroy(s.line);
}

/* Two stations at once: a 0 wins. */
static void answers_at_once_merge(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 2);
	dummy_hear(&s, 0, request, sizeof(request), 9600);
	dummy_run(&s);
	assert_int_equal(s.client.count, sizeof(dummy_other));
	for (size_t i = 0; i < sizeof(dummy_other); i++)
		assert_int_equal(s.client.bytes[i], i < sizeof(dummy_hello)
							    ? dummy_hello[i] & dummy_other[i]
							    : dummy_other[i]);
	line_destroy(s.line);
}

/* A turnaround from a range: never outside it, not always the same, the same for a seed. */
static void turnarounds_are_drawn(void **state)
{
	const uint8_t request[2] = {1, 2};
	int64_t first_ns[2][20];

	(void)state;
	for (int run_twice = 0; run_twice < 2; run_twice++) {
		struct dummy s;
		bool differ = false;

		dummy_set_up_as(&s,
				&(struct line_config){.paced = true,
						      .turnaround_min_ns = 3 * NS_PER_MS,
						      .turnaround_max_ns = 20 * NS_PER_MS,
						      .seed = 5},
				1);
		for (int i = 0; i < 20; i++) {
			const int64_t at_ns = (i + 1) * NS_PER_S;
			int64_t waited_ns;

			s.client.now_ns = at_ns;
			s.client.count = 0;
			dummy_hear(&s, at_ns, request, sizeof(request), 9600);
			dummy_run(&s);
			waited_ns = s.client.at_ns[0] - at_ns - 3 * CHAR_9600_NS;
			assert_true(waited_ns >= 3 * NS_PER_MS - 2 && waited_ns <= 20 * NS_PER_MS);
			first_ns[run_twice][i] = waited_ns;
			differ |= waited_ns != first_ns[run_twice][0];
		}
		assert_true(differ);
		line_destroy(s.line);
	}
	assert_memory_equal(first_ns[0], first_ns[1], sizeof(first_ns[0]));
}

/* Answers that do not meet follow each other whole, however far apart. */
static void answers_far_apart_do_not_meet(void **state)
{
	static const int64_t range_ns[] = {4 * NS_PER_S, 10 * NS_PER_S};
	const uint8_t request[2] = {1, 2};

	(void)state;
	for (size_t r = 0; r < sizeof(range_ns) / sizeof(range_ns[0]); r++) {
		struct dummy s;
		int whole = 0;

		for (uint64_t seed = 0; seed < 50; seed++) {
			dummy_set_up_as(&s,
					&(struct line_config){.paced = true,
							      .turnaround_max_ns = range_ns[r],
							      .seed = seed},
					2);
			dummy_hear(&s, 0, request, sizeof(request), 9600);
			dummy_run(&s);
			whole += s.client.count == sizeof(dummy_hello) + sizeof(dummy_other);
			line_destroy(s.line);
		}
		assert_true(whole > 45);
	}
}

/* What a client is owed when it leaves is lost; what it said was said. */
static void who_leaves_hears_no_more(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 1);
	dummy_hear(&s, 0, request, sizeof(request), 9600);
	line_client_left(s.line);
	dummy_run(&s);
	assert_int_equal(s.client.count, 0);
	assert_int_equal(s.stations[0].heard_bytes, 2);
	dummy_hear(&s, NS_PER_S, request, sizeof(request), 9600);
	dummy_run(&s);
	assert_int_equal(s.client.count, sizeof(dummy_hello));
	line_destroy(s.line);
	line_destroy(NULL);
}

/* A loop that wakes late catches up: everything that is due goes out at once. */
static void late_ticks_catch_up(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 1);
	dummy_hear(&s, 0, request, sizeof(request), 9600);
	line_tick(s.line, 2 * CHAR_9600_NS);
	s.client.now_ns = 2 * CHAR_9600_NS + 3 * CHAR_9600_NS + 1;
	assert_true(line_tick(s.line, s.client.now_ns) <=
		    2 * CHAR_9600_NS + 4 * 11 * NS_PER_S / 9600);
	assert_int_equal(s.client.count, 3);
	line_destroy(s.line);
}

/* An adapter that echoes: the client hears each byte when it has been on the wire. */
static void a_client_hears_itself(void **state)
{
	static const struct {
		bool echo, paced;
	} rows[] = {{false, true}, {true, true}, {false, false}, {true, false}};
	const uint8_t request[8] = {1, 3, 0x50, 2, 0, 6, 7, 8};
	const int64_t turnaround_ns = 5 * NS_PER_MS;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t echoed = rows[i].echo ? sizeof(request) : 0;
		int64_t answer_ns = NS_PER_S;
		struct dummy s;

		dummy_set_up_as(&s,
				&(struct line_config){.paced = rows[i].paced,
						      .echo = rows[i].echo,
						      .turnaround_min_ns = turnaround_ns,
						      .turnaround_max_ns = turnaround_ns},
				1);
		dummy_ask(&s, request, sizeof(request));
		assert_int_equal(s.stations[0].heard_bytes, sizeof(request));
		assert_int_equal(s.client.count, echoed + sizeof(dummy_hello));
		for (size_t k = 0; k < echoed; k++)
			dummy_check_block(&s, k, request + k, 1,
					  NS_PER_S + (rows[i].paced ? SENT_NS(k + 1) : 0));
		if (rows[i].paced)
			answer_ns +=
				8 * CHAR_9600_NS + turnaround_ns + SENT_NS(sizeof(dummy_hello));
		dummy_check_block(&s, echoed, dummy_hello, sizeof(dummy_hello), answer_ns);
		assert_int_equal(s.told_count, 2); /* an echo is no telegram of its own */
		line_destroy(s.line);
	}
}

/* However many pieces it has said it in: they follow each other on the wire. */
static void pieces_are_echoed_whole(void **state)
{
	static const size_t pieces[] = {1, 3, 8, 200};
	uint8_t words[200];

	(void)state;
	for (size_t i = 0; i < sizeof(words); i++)
		words[i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct dummy s;

		dummy_set_up_as(&s, &(struct line_config){.paced = true, .echo = true}, 1);
		for (size_t at = 0; at < sizeof(words); at += pieces[i]) {
			const size_t left = sizeof(words) - at;

			dummy_hear(&s, 0, words + at, left < pieces[i] ? left : pieces[i], 9600);
		}
		s.stations[0].due_ns = CLK_NEVER; /* it has nothing to say */
		dummy_run(&s);
		assert_int_equal(s.client.count, sizeof(words));
		assert_memory_equal(s.client.bytes, words, sizeof(words));
		line_destroy(s.line);
	}
}

/* Who leaves does not hear the rest of itself either. */
static void an_echo_ends_with_its_client(void **state)
{
	const uint8_t request[8] = {1, 3};
	struct dummy s;

	(void)state;
	dummy_set_up_as(&s, &(struct line_config){.paced = true, .echo = true}, 1);
	dummy_hear(&s, 0, request, sizeof(request), 9600);
	s.client.now_ns = SENT_NS(3);
	line_tick(s.line, s.client.now_ns);
	assert_int_equal(s.client.count, 3);
	line_client_left(s.line);
	dummy_run(&s);
	assert_int_equal(s.client.count, 3);
	assert_int_equal(s.stations[0].heard_bytes, 8);
	line_destroy(s.line);
}

/* Where the port can tell the client's parity it must be the station's. */
static void a_wrong_parity_is_not_heard(void **state)
{
	static const struct {
		struct slave_format client;
		size_t heard;
	} rows[] = {{{9600, SLAVE_PARITY_EVEN}, 3},   {{9600, SLAVE_PARITY_UNKNOWN}, 3},
		    {{9600, SLAVE_PARITY_ODD}, 0},    {{9600, SLAVE_PARITY_NONE}, 0},
		    {{0, SLAVE_PARITY_EVEN}, 3},      {{0, SLAVE_PARITY_ODD}, 0},
		    {{19200, SLAVE_PARITY_EVEN}, 0},  {{0, SLAVE_PARITY_UNKNOWN}, 3},
		    {{4800, SLAVE_PARITY_UNKNOWN}, 0}};
	const uint8_t request[3] = {1, 2, 3};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dummy s;

		dummy_set_up(&s, true, 0, 1);
		line_receive(s.line, 0, request, sizeof(request), &rows[i].client);
		assert_int_equal(s.stations[0].heard_bytes, rows[i].heard);
		assert_int_equal(dummy_told_of(&s, TELEGRAM_WRONG_RATE), rows[i].heard ? 0 : 1);
		dummy_run(&s);
		assert_int_equal(s.client.count, rows[i].heard ? sizeof(dummy_hello) : 0);
		line_destroy(s.line);
	}
}

/* Each telegram with its times, and the silence before it whoever spoke last. */
static void telegrams_are_told_of(void **state)
{
	const uint8_t request[8] = {1, 3, 0x50, 2, 0, 6, 7, 8};
	const int64_t heard_ns = 8 * CHAR_9600_NS;
	const struct {
		bool from_master;
		int64_t begin_ns, end_ns, gap_ns;
	} rows[] = {
		{true, NS_PER_S, NS_PER_S + heard_ns, CLK_NEVER},
		{false, NS_PER_S + heard_ns + MS(5), NS_PER_S + heard_ns + MS(5) + SENT_NS(4),
		 MS(5)},
		{true, 2 * NS_PER_S, 2 * NS_PER_S + heard_ns,
		 NS_PER_S - heard_ns - MS(5) - SENT_NS(4)},
		{false, 2 * NS_PER_S + heard_ns + MS(5),
		 2 * NS_PER_S + heard_ns + MS(5) + SENT_NS(4), MS(5)},
	};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, MS(5), 1);
	dummy_ask(&s, request, sizeof(request));
	s.client.now_ns = 2 * NS_PER_S;
	dummy_hear(&s, 2 * NS_PER_S, request, sizeof(request), 9600);
	dummy_run(&s);
	assert_int_equal(s.told_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct telegram *t = &s.told[i].telegram;

		assert_int_equal(t->from_master, rows[i].from_master);
		assert_int_equal(t->fate, TELEGRAM_HEARD);
		assert_int_equal(t->begin_ns, rows[i].begin_ns);
		assert_int_equal(t->end_ns, rows[i].end_ns);
		assert_int_equal(t->gap_ns, rows[i].gap_ns);
		assert_int_equal(t->len_bytes, rows[i].from_master ? 8 : sizeof(dummy_hello));
		assert_memory_equal(s.told[i].bytes, rows[i].from_master ? request : dummy_hello,
				    t->len_bytes);
		assert_false(t->owed);
	}
	assert_int_equal(line_quiet_ns(s.line), rows[3].end_ns);
	line_destroy(s.line);
}

/* A station that owes an answer does not listen; another one does, and that is told of. */
static void who_owes_does_not_listen(void **state)
{
	static const uint32_t bauds[] = {9600, 19200, 9600, 4800};
	static const struct {
		enum telegram_fate fate;
		bool owed;
		size_t heard[2];
	} rows[] = {{TELEGRAM_HEARD, false, {4, 0}},
		    {TELEGRAM_HEARD, true, {4, 4}},
		    {TELEGRAM_HEARD, true, {4, 4}}, /* by nobody: both owe */
		    {TELEGRAM_WRONG_RATE, false, {4, 4}}};
	const uint8_t request[4] = {1, 2, 3, 4};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, NS_PER_S, 2);
	s.stations[1].format.baud = 19200;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int64_t at_ns = NS_PER_S + (int64_t)i * MS(100);

		dummy_hear(&s, at_ns, request, sizeof(request), bauds[i]);
		line_tick(s.line, at_ns + MS(50));
		assert_int_equal(s.stations[0].heard_bytes, rows[i].heard[0]);
		assert_int_equal(s.stations[1].heard_bytes, rows[i].heard[1]);
		assert_int_equal(s.told_count, i + 1);
		assert_int_equal(s.told[i].telegram.fate, rows[i].fate);
		assert_int_equal(s.told[i].telegram.owed, rows[i].owed);
	}
	s.client.now_ns = NS_PER_S + MS(350);
	dummy_run(&s);
	assert_int_equal(s.client.count, sizeof(dummy_hello) + sizeof(dummy_other));
	dummy_hear(&s, s.client.now_ns, request, sizeof(request),
		   9600); /* and then it does again */
	assert_int_equal(s.stations[0].heard_bytes, 8);
	line_destroy(s.line);
}

/* Busy from when an answer is owed to its last stop bit; then nothing is due any more. */
static void a_line_comes_to_rest(void **state)
{
	const uint8_t request[2] = {1, 2};
	const int64_t heard_ns = 2 * CHAR_9600_NS;
	const int64_t over_ns = heard_ns + MS(5) + SENT_NS(4);
	static const struct {
		bool past_hearing;
		int64_t at_ns; /* from when it was heard, or from the end of the answer */
		bool busy;
	} rows[] = {
		{false, -1, false}, {false, 0, true}, {false, MS(5), true},
		{true, -1, true},   {true, 0, false}, {true, 1, false},
	};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, MS(5), 1);
	assert_int_equal(line_tick(s.line, 0), CLK_NEVER);
	assert_false(line_busy(s.line));
	dummy_hear(&s, 0, request, sizeof(request), 9600);
	assert_false(line_busy(s.line));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int64_t at_ns = (rows[i].past_hearing ? over_ns : heard_ns) + rows[i].at_ns;
		const int64_t due_ns = line_tick(s.line, at_ns);

		assert_true(due_ns > at_ns);
		assert_int_equal(line_busy(s.line), rows[i].busy);
		assert_int_equal(due_ns == CLK_NEVER, rows[i].past_hearing && !rows[i].busy);
	}
	line_destroy(s.line);
}

/* The end of a line: what is under way is told of, and nobody answers it. */
static void a_line_is_finished(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct dummy s;

	(void)state;
	dummy_set_up(&s, true, 0, 1);
	dummy_hear(&s, 0, request, sizeof(request), 9600);
	line_finish(s.line, 1000); /* in the middle of a request */
	assert_int_equal(s.told_count, 1);
	assert_int_equal(s.told[0].telegram.len_bytes, 2);
	s.client.now_ns = 1000;
	dummy_run(&s);
	assert_int_equal(s.client.count, 0);
	line_destroy(s.line);

	dummy_set_up(&s, true, 0, 1);
	dummy_hear(&s, 0, request, sizeof(request), 9600);
	s.client.now_ns = 2 * CHAR_9600_NS;
	line_tick(s.line, s.client.now_ns);
	s.client.now_ns += SENT_NS(3);
	line_tick(s.line, s.client.now_ns);
	line_finish(s.line, s.client.now_ns); /* in the middle of an answer */
	assert_int_equal(s.told_count, 2);
	assert_true(s.told[0].telegram.from_master);
	assert_false(s.told[1].telegram.from_master);
	assert_int_equal(s.told[1].telegram.len_bytes, 3);
	dummy_run(&s);
	assert_int_equal(s.client.count, 3);
	line_finish(s.line, s.client.now_ns); /* of nothing: nothing */
	assert_int_equal(s.told_count, 2);
	line_destroy(s.line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_take_their_time),
		cmocka_unit_test(bursts_queue_up),
		cmocka_unit_test(a_wrong_burst_between_is_nothing),
		cmocka_unit_test(what_is_written_ahead_is_bounded),
		cmocka_unit_test(without_pace_nothing_waits),
		cmocka_unit_test(a_wrong_baud_rate_is_not_heard),
		cmocka_unit_test(nobody_listens_while_answering),
		cmocka_unit_test(answers_at_once_merge),
		cmocka_unit_test(turnarounds_are_drawn),
		cmocka_unit_test(answers_far_apart_do_not_meet),
		cmocka_unit_test(who_leaves_hears_no_more),
		cmocka_unit_test(late_ticks_catch_up),
		cmocka_unit_test(a_client_hears_itself),
		cmocka_unit_test(pieces_are_echoed_whole),
		cmocka_unit_test(an_echo_ends_with_its_client),
		cmocka_unit_test(a_wrong_parity_is_not_heard),
		cmocka_unit_test(telegrams_are_told_of),
		cmocka_unit_test(who_owes_does_not_listen),
		cmocka_unit_test(a_line_comes_to_rest),
		cmocka_unit_test(a_line_is_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
