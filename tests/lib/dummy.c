/* SPDX-License-Identifier: MIT */
/* dummy - a line with stations that answer anything */
#include "dummy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOT_YET INT64_MAX

static void station_rx(void *ctx, int64_t end_ns, const uint8_t *bytes, size_t len_bytes)
{
	struct dummy_station *s = ctx;

	(void)bytes;
	s->heard_end_ns = end_ns;
	s->heard_bytes += len_bytes;
	s->due_ns = end_ns;
}

static int64_t station_tick(void *ctx, int64_t now_ns)
{
	struct dummy_station *s = ctx;

	if (now_ns < s->due_ns || s->due_ns == NOT_YET)
		return s->due_ns;
	s->due_ns = NOT_YET;
	s->tx->send(s->tx->ctx, &(struct slave_answer){.bytes = s->answer,
						       .len_bytes = s->answer_len,
						       .ready_ns = s->heard_end_ns,
						       .format = s->format});
	return NOT_YET;
}

static struct slave_format station_format(const void *ctx)
{
	const struct dummy_station *s = ctx;

	return s->format;
}

static const struct slave_ops station_ops = {.rx = station_rx,
					     .tick = station_tick,
					     .format = station_format};

static void to_client(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	struct dummy_client *c = ctx;

	for (size_t i = 0; i < len_bytes; i++) {
		c->at_ns[c->count] = c->now_ns;
		c->bytes[c->count++] = bytes[i];
	}
}

const uint8_t dummy_hello[4] = {0xf0, 0x0f, 0x55, 0xff};
const uint8_t dummy_other[5] = {0x3c, 0xff, 0x0f, 0xff, 0xaa};

static void to_client_of(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	struct dummy *s = ctx;

	to_client(&s->client, bytes, len_bytes);
}

static void keep_telegram(void *ctx, const struct telegram *telegram,
			  const struct slave_format *format)
{
	struct dummy *s = ctx;
	struct dummy_told *told = &s->told[s->told_count++ % DUMMY_TOLD_MAX];

	assert_true(format->baud >= 300);
	told->telegram = *telegram;
	memcpy(told->bytes, telegram->bytes, telegram->len_bytes);
}

static void count_fault(void *ctx, int64_t at_ns, const struct fault_rule *rule)
{
	struct dummy *s = ctx;

	assert_string_equal(rule->name, "fault");
	s->faults++;
	s->fault_ns = at_ns;
}

void dummy_set_up_as(struct dummy *s, const struct line_config *config, size_t stations)
{
	const struct line_output output = {
		.send = to_client_of, .telegram = keep_telegram, .fault = count_fault, .ctx = s};
	struct line_config c = *config;

	memset(s, 0, sizeof(*s));
	c.name = "line";
	c.protocol = &mb_protocol;
	assert_int_equal(line_create(&s->line, &c, &output), 0);
	for (size_t i = 0; i < stations; i++) {
		const struct slave slave = {.ops = &station_ops, .ctx = &s->stations[i]};

		s->stations[i] = (struct dummy_station){
			.tx = line_slave_tx(s->line),
			.format = {.baud = 9600, .parity = SLAVE_PARITY_EVEN},
			.answer = i ? dummy_other : dummy_hello,
			.answer_len = i ? sizeof(dummy_other) : sizeof(dummy_hello),
			.due_ns = NOT_YET};
		assert_int_equal(line_add(s->line, &slave), 0);
	}
}

void dummy_set_up(struct dummy *s, bool paced, int64_t turnaround_ns, size_t stations)
{
	dummy_set_up_as(s,
			&(struct line_config){.paced = paced,
					      .turnaround_min_ns = turnaround_ns,
					      .turnaround_max_ns = turnaround_ns},
			stations);
}

void dummy_hear(struct dummy *s, int64_t now_ns, const uint8_t *bytes, size_t len_bytes,
		uint32_t baud)
{
	const struct slave_format client = {.baud = baud, .parity = SLAVE_PARITY_UNKNOWN};

	line_receive(s->line, now_ns, bytes, len_bytes, &client);
}

size_t dummy_told_of(const struct dummy *s, enum telegram_fate fate)
{
	size_t n = 0;

	for (size_t i = 0; i < s->told_count && i < DUMMY_TOLD_MAX; i++)
		n += s->told[i].telegram.from_master && s->told[i].telegram.fate == fate;
	return n;
}

void dummy_run(struct dummy *s)
{
	int64_t due_ns = line_tick(s->line, s->client.now_ns);

	while (due_ns != CLK_NEVER) {
		assert_true(due_ns > s->client.now_ns); /* a line that asks for now never rests */
		s->client.now_ns = due_ns;
		due_ns = line_tick(s->line, due_ns);
	}
}

void dummy_ask(struct dummy *s, const uint8_t *request, size_t len_bytes)
{
	s->client.now_ns = NS_PER_S;
	dummy_hear(s, NS_PER_S, request, len_bytes, 9600);
	dummy_run(s);
	assert_false(line_busy(s->line));
}

void dummy_check_block(const struct dummy *s, size_t from, const uint8_t *bytes, size_t len_bytes,
		       int64_t end_ns)
{
	assert_true(s->client.count >= from + len_bytes);
	assert_memory_equal(s->client.bytes + from, bytes, len_bytes);
	assert_int_equal(s->client.at_ns[from + len_bytes - 1], end_ns);
}
