/* SPDX-License-Identifier: MIT */
/*
 * test_port_memory - a line with real meters behind a port in memory, on a virtual clock
 *
 * What no pty can show: the parity of a client. 8E1 and 8N1 stations share a line, and each
 * understands who speaks as it does.
 */
#include "sim/port_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "protocols/modbus/mbtelegram.h"
#include "sim/line.h"

struct setup {
	struct line *line;
	struct port *port;
	struct mbpdu *pdu;
	struct fixture *meters[2];
	struct mbrtu_slave *slaves[2];
	int64_t now_ns;
};

static void on_received(void *ctx, const uint8_t *bytes, size_t len_bytes,
			const struct slave_format *client)
{
	struct setup *s = ctx;

	line_receive(s->line, s->now_ns, bytes, len_bytes, client);
}

static void on_left(void *ctx)
{
	const struct setup *s = ctx;

	line_client_left(s->line);
}

static void to_port(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	const struct setup *s = ctx;

	s->port->send(s->port, bytes, len_bytes);
}

static int set_up(void **state)
{
	static const char *const settings[2] = {"settings: {modbus_id: 1, parity: even}",
						"settings: {modbus_id: 1, parity: none}"};
	static struct setup s;
	const struct port_handler handler = {.received = on_received, .left = on_left, .ctx = &s};
	const struct line_config config = {.name = "l", .protocol = &mb_protocol, .paced = true};
	const struct line_output output = {.send = to_port, .ctx = &s};
	const struct mbrtu_slave_config exact = {.immediate = false};

	memset(&s, 0, sizeof(s));
	assert_int_equal(port_memory_create(&s.port, &handler), 0);
	assert_int_equal(line_create(&s.line, &config, &output), 0);
	assert_int_equal(mbpdu_create(&s.pdu), 0);
	for (int i = 0; i < 2; i++) {
		struct slave station;

		s.meters[i] = fixture_create((const char *[]){settings[i], NULL});
		assert_int_equal(mbrtu_slave_create(&s.slaves[i], fixture_meter(s.meters[i]), s.pdu,
						    line_slave_tx(s.line), &exact),
				 0);
		station = mbrtu_slave_station(s.slaves[i]);
		assert_int_equal(line_add(s.line, &station), 0);
	}
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct setup *s = *state;

	line_destroy(s->line);
	for (int i = 0; i < 2; i++) {
		mbrtu_slave_destroy(s->slaves[i]);
		fixture_destroy(s->meters[i]);
	}
	mbpdu_destroy(s->pdu);
	s->port->destroy(s->port);
	return 0;
}

/* Lets the line come to rest; how long that took. */
static int64_t rest(struct setup *s)
{
	const int64_t begin_ns = s->now_ns;
	int64_t due_ns = line_tick(s->line, s->now_ns);

	while (due_ns != CLK_NEVER) {
		assert_true(due_ns > s->now_ns);
		s->now_ns = due_ns;
		due_ns = line_tick(s->line, due_ns);
	}
	return s->now_ns - begin_ns;
}

static size_t ask(struct setup *s, enum slave_parity parity, uint8_t *answer, size_t cap_bytes,
		  int64_t *ret_ns)
{
	uint8_t request[8] = {1, 3, 0x40, 0x11, 0, 1}; /* the parity */

	fixture_crc(request, 6);
	s->now_ns += NS_PER_S;
	port_memory_say(s->port, request, sizeof(request),
			&(struct slave_format){.baud = 9600, .parity = parity});
	*ret_ns = rest(s);
	return port_memory_take(s->port, answer, cap_bytes);
}

/* Manual A3.2, 4011: 1 even, 2 none. 8 characters, 3.5, 7 of the answer: of 11 bits or of 10. */
static void parity_decides_who_hears(void **state)
{
	static const struct {
		enum slave_parity parity;
		size_t answer;
		uint8_t value;
		int bits;
	} rows[] = {{SLAVE_PARITY_EVEN, 7, 1, 11},
		    {SLAVE_PARITY_NONE, 7, 2, 10},
		    {SLAVE_PARITY_ODD, 0, 0, 0}};
	struct setup *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t answer[16];
		int64_t took_ns;

		assert_int_equal(ask(s, rows[i].parity, answer, sizeof(answer), &took_ns),
				 rows[i].answer);
		if (!rows[i].answer)
			continue;
		assert_int_equal(answer[4], rows[i].value);
		assert_in_range(took_ns, (int64_t)(18.5 * rows[i].bits * 1e9 / 9600) - 10,
				(int64_t)(18.5 * rows[i].bits * 1e9 / 9600) + 10);
	}
}

/* One that does not tell its parity is heard by both: what comes is no telegram. */
static void unknown_parity_is_heard_by_all(void **state)
{
	struct setup *s = *state;
	uint8_t answer[64];
	int64_t took_ns;
	const size_t n = ask(s, SLAVE_PARITY_UNKNOWN, answer, sizeof(answer), &took_ns);

	assert_true(n > 0);
	assert_false(mb_frame_intact(answer, n));
}

static void who_leaves_hears_no_more(void **state)
{
	struct setup *s = *state;
	uint8_t request[8] = {1, 3, 0x40, 0x11, 0, 1}, answer[16];

	fixture_crc(request, 6);
	port_memory_say(s->port, request, sizeof(request),
			&(struct slave_format){.baud = 9600, .parity = SLAVE_PARITY_EVEN});
	s->now_ns += 20 * NS_PER_MS; /* some of it has come */
	line_tick(s->line, s->now_ns);
	port_memory_leave(s->port);
	rest(s);
	assert_int_equal(port_memory_take(s->port, answer, sizeof(answer)), 0);
}

static void what_is_not_taken_is_bounded(void **state)
{
	struct setup *s = *state;
	static const uint8_t much[3000];
	uint8_t bytes[2 * PORT_MEMORY_MAX];
	char place[PORT_PLACE_MAX];

	s->port->send(s->port, much, sizeof(much));
	s->port->send(s->port, much, sizeof(much));
	assert_int_equal(port_memory_take(s->port, bytes, 10), 10);
	assert_int_equal(port_memory_take(s->port, bytes, sizeof(bytes)), PORT_MEMORY_MAX - 10);
	s->port->pump(s->port);
	s->port->place(s->port, place);
	assert_string_equal(place, "memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parity_decides_who_hears, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_parity_is_heard_by_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_leaves_hears_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_taken_is_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
