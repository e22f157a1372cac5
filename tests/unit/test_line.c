/* SPDX-License-Identifier: MIT */
/*
 * test_line - characters take their time in both directions, on a virtual clock
 *
 * Stations here are dummies that answer any burst, after it has ended, with a fixed frame.
 */
#include "sim/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CHAR_9600_NS INT64_C(1145833)
#define NOT_YET      INT64_MAX

struct station {
	const struct slave_tx *tx;
	struct slave_format format;
	const uint8_t *answer;
	size_t answer_len;
	int64_t heard_end_ns; /* of the last burst */
	size_t heard_bytes;
	int64_t due_ns;
};

struct client {
	uint8_t bytes[1024];
	int64_t at_ns[1024];
	size_t count;
	int64_t now_ns;
};

static void station_rx(void *ctx, int64_t end_ns, const uint8_t *bytes, size_t len_bytes)
{
	struct station *s = ctx;

	(void)bytes;
	s->heard_end_ns = end_ns;
	s->heard_bytes += len_bytes;
	s->due_ns = end_ns;
}

static int64_t station_tick(void *ctx, int64_t now_ns)
{
	struct station *s = ctx;

	if (now_ns < s->due_ns || s->due_ns == NOT_YET)
		return s->due_ns;
	s->due_ns = NOT_YET;
	s->tx->send(s->tx->ctx, s->answer, s->answer_len, s->heard_end_ns, &s->format);
	return NOT_YET;
}

static struct slave_format station_format(const void *ctx)
{
	const struct station *s = ctx;

	return s->format;
}

static const struct slave_ops station_ops = {.rx = station_rx,
					     .tick = station_tick,
					     .format = station_format};

static void to_client(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	struct client *c = ctx;

	for (size_t i = 0; i < len_bytes; i++) {
		c->at_ns[c->count] = c->now_ns;
		c->bytes[c->count++] = bytes[i];
	}
}

struct setup {
	struct line *line;
	struct client client;
	struct station stations[2];
};

static const uint8_t hello[] = {0xf0, 0x0f, 0x55, 0xff};
static const uint8_t other[] = {0x3c, 0xff, 0x0f, 0xff, 0xaa};

static void set_up(struct setup *s, bool paced, int64_t turnaround_ns, size_t stations)
{
	const struct line_config config = {.paced = paced,
					   .turnaround_min_ns = turnaround_ns,
					   .turnaround_max_ns = turnaround_ns};
	const struct line_output output = {.send = to_client, .ctx = &s->client};

	memset(s, 0, sizeof(*s));
	assert_int_equal(line_create(&s->line, &config, &output), 0);
	for (size_t i = 0; i < stations; i++) {
		const struct slave slave = {.ops = &station_ops, .ctx = &s->stations[i]};

		s->stations[i] =
			(struct station){.tx = line_slave_tx(s->line),
					 .format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN},
					 .answer = i ? other : hello,
					 .answer_len = i ? sizeof(other) : sizeof(hello),
					 .due_ns = NOT_YET};
		assert_int_equal(line_add(s->line, &slave), 0);
	}
}

/* Ticks at every deadline until nothing is left to do. */
static void run(struct setup *s)
{
	int64_t due_ns = line_tick(s->line, s->client.now_ns);

	while (due_ns != CLK_NEVER) {
		assert_true(due_ns > s->client.now_ns); /* a line that asks for now never rests */
		s->client.now_ns = due_ns;
		due_ns = line_tick(s->line, due_ns);
	}
}

static void characters_take_their_time(void **state)
{
	const uint8_t request[8] = {1};
	struct setup s;

	(void)state;
	set_up(&s, true, 5 * NS_PER_MS, 1);
	s.client.now_ns = NS_PER_S;
	line_receive(s.line, NS_PER_S, request, sizeof(request), 9600);
	run(&s);
	assert_int_equal(s.stations[0].heard_end_ns, NS_PER_S + 8 * CHAR_9600_NS);
	assert_int_equal(s.client.count, sizeof(hello));
	assert_memory_equal(s.client.bytes, hello, sizeof(hello));
	for (size_t i = 0; i < sizeof(hello); i++) /* a byte is there when its stop bit is over */
		assert_int_equal(s.client.at_ns[i],
				 NS_PER_S + 8 * CHAR_9600_NS + 5 * NS_PER_MS +
					 ((int64_t)i + 1) * 11 * NS_PER_S / 9600);
	line_destroy(s.line);
}

/* Two writes of a client follow each other on the wire, however fast they came. */
static void bursts_queue_up(void **state)
{
	const uint8_t request[8] = {1};
	struct setup s;

	(void)state;
	set_up(&s, true, 0, 1);
	line_receive(s.line, 1000, request, 6, 9600);
	line_receive(s.line, 2000, request + 6, 2, 9600);
	assert_int_equal(s.stations[0].heard_end_ns, 1000 + 8 * CHAR_9600_NS);
	line_destroy(s.line);
}

/* A burst that nobody understands does not make the line forget what is under way. */
static void a_wrong_burst_between_is_nothing(void **state)
{
	const uint8_t request[8] = {1};
	struct setup s;

	(void)state;
	set_up(&s, true, 0, 1);
	line_receive(s.line, 1000, request, 6, 9600);
	line_receive(s.line, 1500, request, 1, 19200);
	line_receive(s.line, 2000, request + 6, 2, 9600);
	assert_int_equal(s.stations[0].heard_bytes, 8);
	assert_int_equal(s.stations[0].heard_end_ns, 1000 + 8 * CHAR_9600_NS);
	assert_int_equal(line_statistics(s.line).overrun_bytes, 0);
	line_destroy(s.line);
}

/* More than LINE_FRAME_MAX characters ahead are lost, and only those. */
static void what_is_written_ahead_is_bounded(void **state)
{
	static const uint8_t much[LINE_FRAME_MAX];
	struct setup s;

	(void)state;
	set_up(&s, true, 0, 1);
	for (int i = 0; i < 10; i++)
		line_receive(s.line, 1000, much, sizeof(much), 9600);
	assert_int_equal(s.stations[0].heard_bytes, 2 * LINE_FRAME_MAX);
	assert_int_equal(line_statistics(s.line).overrun_bytes, 8 * LINE_FRAME_MAX);
	line_destroy(s.line);
}

static void without_pace_nothing_waits(void **state)
{
	const uint8_t request[8] = {1};
	struct setup s;

	(void)state;
	set_up(&s, false, 5 * NS_PER_MS, 1);
	line_receive(s.line, 1000, request, sizeof(request), 0);
	assert_int_equal(s.stations[0].heard_end_ns, 1000);
	s.client.now_ns = 1000;
	assert_int_equal(line_tick(s.line, 1000), CLK_NEVER);
	assert_int_equal(s.client.count, sizeof(hello));
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
		struct setup s;

		set_up(&s, true, 0, 1);
		line_receive(s.line, 0, request, sizeof(request), rows[i].client_baud);
		assert_int_equal(s.stations[0].heard_bytes, rows[i].heard);
		assert_int_equal(line_statistics(s.line).mismatched, rows[i].heard ? 0 : 1);
		line_destroy(s.line);
	}
}

/* Half duplex: who speaks into an answer is not heard. */
static void nobody_listens_while_answering(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct setup s;

	(void)state;
	set_up(&s, true, 0, 1);
	line_receive(s.line, 0, request, sizeof(request), 9600);
	s.client.now_ns = 2 * CHAR_9600_NS;
	line_tick(s.line, s.client.now_ns);
	line_receive(s.line, s.client.now_ns + 1, request, sizeof(request), 9600);
	assert_int_equal(s.stations[0].heard_bytes, 2);
	assert_int_equal(line_statistics(s.line).overrun_bytes, 2);
	run(&s);
	assert_int_equal(s.client.count, sizeof(hello));
	line_destroy(s.line);
}

/* Two stations at once: a 0 wins. */
static void answers_at_once_merge(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct setup s;

	(void)state;
	set_up(&s, true, 0, 2);
	line_receive(s.line, 0, request, sizeof(request), 9600);
	run(&s);
	assert_int_equal(s.client.count, sizeof(other));
	for (size_t i = 0; i < sizeof(other); i++)
		assert_int_equal(s.client.bytes[i],
				 i < sizeof(hello) ? hello[i] & other[i] : other[i]);
	line_destroy(s.line);
}

/* A turnaround from a range: never outside it, not always the same, the same for a seed. */
static void turnarounds_are_drawn(void **state)
{
	const uint8_t request[2] = {1, 2};
	int64_t first_ns[2][20];

	(void)state;
	for (int run_twice = 0; run_twice < 2; run_twice++) {
		struct line_config config = {.paced = true,
					     .turnaround_min_ns = 3 * NS_PER_MS,
					     .turnaround_max_ns = 20 * NS_PER_MS};
		struct setup s;
		struct line_output output = {.send = to_client, .ctx = &s.client};
		struct slave slave = {.ops = &station_ops, .ctx = &s.stations[0]};
		bool differ = false;

		memset(&s, 0, sizeof(s));
		rng_init(&config.rng, 5, "line");
		assert_int_equal(line_create(&s.line, &config, &output), 0);
		s.stations[0] = (struct station){.tx = line_slave_tx(s.line),
						 .format = {9600, SLAVE_PARITY_EVEN},
						 .answer = hello,
						 .answer_len = sizeof(hello),
						 .due_ns = NOT_YET};
		assert_int_equal(line_add(s.line, &slave), 0);
		for (int i = 0; i < 20; i++) {
			const int64_t at_ns = (i + 1) * NS_PER_S;
			int64_t waited_ns;

			s.client.now_ns = at_ns;
			s.client.count = 0;
			line_receive(s.line, at_ns, request, sizeof(request), 9600);
			run(&s);
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
		struct setup s;
		int whole = 0;

		for (uint64_t seed = 0; seed < 50; seed++) {
			struct line_config config = {.paced = true,
						     .turnaround_max_ns = range_ns[r]};
			const struct line_output output = {.send = to_client, .ctx = &s.client};

			memset(&s, 0, sizeof(s));
			rng_init(&config.rng, seed, "line");
			assert_int_equal(line_create(&s.line, &config, &output), 0);
			for (int i = 0; i < 2; i++) {
				const struct slave slave = {.ops = &station_ops,
							    .ctx = &s.stations[i]};

				s.stations[i] =
					(struct station){.tx = line_slave_tx(s.line),
							 .format = {9600, SLAVE_PARITY_EVEN},
							 .answer = i ? other : hello,
							 .answer_len =
								 i ? sizeof(other) : sizeof(hello),
							 .due_ns = NOT_YET};
				assert_int_equal(line_add(s.line, &slave), 0);
			}
			line_receive(s.line, 0, request, sizeof(request), 9600);
			run(&s);
			whole += s.client.count == sizeof(hello) + sizeof(other);
			line_destroy(s.line);
		}
		assert_true(whole > 45);
	}
}

/* What a client is owed when it leaves is lost; what it said was said. */
static void who_leaves_hears_no_more(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct setup s;

	(void)state;
	set_up(&s, true, 0, 1);
	line_receive(s.line, 0, request, sizeof(request), 9600);
	line_client_left(s.line);
	run(&s);
	assert_int_equal(s.client.count, 0);
	assert_int_equal(s.stations[0].heard_bytes, 2);
	line_receive(s.line, NS_PER_S, request, sizeof(request), 9600);
	run(&s);
	assert_int_equal(s.client.count, sizeof(hello));
	line_destroy(s.line);
	line_destroy(NULL);
}

/* A loop that wakes late catches up: everything that is due goes out at once. */
static void late_ticks_catch_up(void **state)
{
	const uint8_t request[2] = {1, 2};
	struct setup s;

	(void)state;
	set_up(&s, true, 0, 1);
	line_receive(s.line, 0, request, sizeof(request), 9600);
	line_tick(s.line, 2 * CHAR_9600_NS);
	s.client.now_ns = 2 * CHAR_9600_NS + 3 * CHAR_9600_NS + 1;
	assert_int_equal(line_tick(s.line, s.client.now_ns),
			 2 * CHAR_9600_NS + 4 * 11 * NS_PER_S / 9600);
	assert_int_equal(s.client.count, 3);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
