/* SPDX-License-Identifier: MIT */
/* line - one shared medium with its stations and its time */
#include "sim/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/wire.h"

#define ANSWERS_MAX 16 /* of stations that answer one request */

struct answer {
	int64_t begin_ns;
	struct slave_format format;
	size_t len_bytes;
	uint8_t bytes[LINE_FRAME_MAX];
};

struct line {
	struct line_config config;
	struct line_output output;
	struct slave_tx slave_tx;
	struct line_stats stats;
	struct slave *slaves;
	size_t slave_count;
	bool orphaned;     /* the client that spoke last has left: its answer goes nowhere */
	int64_t rx_end_ns; /* when the last character from the client has ended on the wire */
	/* answers that have not come to the wire yet */
	struct answer *waiting; /* ANSWERS_MAX of them */
	size_t waiting_count;
	/* the answer, or answers, on the line */
	struct wire wire;
	struct slave_format tx_format;
	int64_t tx_begin_ns; /* of its first start bit */
	size_t tx_chars;
	size_t tx_sent;
	struct wire_char tx[WIRE_CHARS_MAX]; /* as the client's receiver frames it */
};

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* An answer is on the line, or owed: half duplex, nobody listens. */
static bool transmitting(const struct line *line)
{
	return line->tx_sent < line->tx_chars || line->waiting_count;
}

/* When so many bits of the running answer are over. */
static int64_t tx_ns(const struct line *line, uint32_t bits)
{
	return line->tx_begin_ns + (int64_t)bits * NS_PER_S / line->tx_format.baud;
}

static int64_t draw_turnaround_ns(struct line *line)
{
	const struct line_config *c = &line->config;
	const int64_t range_ns = c->turnaround_max_ns - c->turnaround_min_ns;

	if (range_ns <= 0)
		return c->turnaround_min_ns;
	return c->turnaround_min_ns + (int64_t)(rng_uniform(&line->config.rng) * (double)range_ns);
}

static struct answer take_waiting(struct line *line, size_t index)
{
	const struct answer answer = line->waiting[index];

	line->waiting[index] = line->waiting[--line->waiting_count];
	return answer;
}

/* Puts an answer on the line, beside what is on it already, to the nearest bit. */
static void put_on_wire(struct line *line, const struct answer *answer)
{
	const int64_t bit_ns = NS_PER_S / line->tx_format.baud;
	const int64_t late_ns = answer->begin_ns - line->tx_begin_ns;

	wire_add(&line->wire, (uint32_t)((late_ns + bit_ns / 2) / bit_ns), answer->bytes,
		 answer->len_bytes, line->tx_format.parity);
}

/* The earliest answer begins a busy period, and every one that runs into it belongs to it. */
static void begin_answers(struct line *line)
{
	struct answer answer;
	size_t first = 0;

	for (size_t i = 1; i < line->waiting_count; i++) {
		if (line->waiting[i].begin_ns < line->waiting[first].begin_ns)
			first = i;
	}
	answer = take_waiting(line, first);
	line->tx_begin_ns = answer.begin_ns;
	line->tx_format = answer.format;
	wire_clear(&line->wire);
	put_on_wire(line, &answer);
	for (size_t i = 0; i < line->waiting_count;) {
		if (line->waiting[i].begin_ns >= tx_ns(line, line->wire.bits)) {
			i++;
			continue;
		}
		answer = take_waiting(line, i);
		put_on_wire(line, &answer);
		i = 0; /* the busy period has become longer */
	}
	line->tx_sent = 0;
	line->tx_chars = wire_frame(&line->wire, line->tx_format.parity, line->tx, WIRE_CHARS_MAX);
}

static void slave_sends(void *ctx, const uint8_t *frame, size_t len_bytes, int64_t ready_ns,
			const struct slave_format *format)
{
	struct line *line = ctx;
	struct answer *answer;

	if (len_bytes > LINE_FRAME_MAX || line->orphaned)
		return;
	line->stats.telegrams_out++;
	if (!line->config.paced) {
		line->output.send(line->output.ctx, frame, len_bytes);
		return;
	}
	if (line->waiting_count == ANSWERS_MAX)
		return; /* a noise that nobody could read anyway */
	answer = &line->waiting[line->waiting_count++];
	answer->begin_ns = ready_ns + draw_turnaround_ns(line);
	answer->format = *format;
	answer->len_bytes = len_bytes;
	memcpy(answer->bytes, frame, len_bytes);
}

int line_create(struct line **ret, const struct line_config *config,
		const struct line_output *output)
{
	struct line *line = calloc(1, sizeof(*line));

	if (!line)
		return -ENOMEM;
	line->waiting = calloc(ANSWERS_MAX, sizeof(*line->waiting));
	if (!line->waiting) {
		free(line);
		return -ENOMEM;
	}
	line->config = *config;
	line->output = *output;
	line->slave_tx = (struct slave_tx){.send = slave_sends, .ctx = line};
	*ret = line;
	return 0;
}

void line_destroy(struct line *line)
{
	if (!line)
		return;
	free(line->waiting);
	free(line->slaves);
	free(line);
}

const struct slave_tx *line_slave_tx(struct line *line)
{
	return &line->slave_tx;
}

int line_add(struct line *line, const struct slave *slave)
{
	struct slave *slaves =
		realloc(line->slaves, (line->slave_count + 1) * sizeof(*line->slaves));

	if (!slaves)
		return -ENOMEM;
	line->slaves = slaves;
	line->slaves[line->slave_count++] = *slave;
	return 0;
}

void line_receive(struct line *line, int64_t now_ns, const uint8_t *bytes, size_t len_bytes,
		  uint32_t client_baud)
{
	const int64_t begin_ns = now_ns > line->rx_end_ns ? now_ns : line->rx_end_ns;
	int64_t last_end_ns = now_ns;
	bool heard = false, lost = false;

	line->orphaned = false;
	line->stats.telegrams_in++;
	if (transmitting(line)) { /* half duplex: nobody listens while one speaks */
		line->stats.overrun_bytes += len_bytes;
		return;
	}
	for (size_t i = 0; i < line->slave_count; i++) {
		const struct slave *slave = &line->slaves[i];
		const struct slave_format format = slave->ops->format(slave->ctx);
		const int64_t char_ns = slave_char_ns(&format);
		int64_t end_ns = now_ns;

		if (client_baud && client_baud != format.baud)
			continue;
		heard = true;
		if (begin_ns - now_ns > LINE_FRAME_MAX * char_ns) { /* nor without end */
			lost = true;
			continue;
		}
		if (line->config.paced)
			end_ns = begin_ns + (int64_t)len_bytes * char_ns;
		slave->ops->rx(slave->ctx, end_ns, bytes, len_bytes);
		last_end_ns = end_ns > last_end_ns ? end_ns : last_end_ns;
	}
	line->stats.overrun_bytes += lost ? len_bytes : 0;
	line->stats.mismatched += !heard;
	if (last_end_ns > line->rx_end_ns)
		line->rx_end_ns = last_end_ns;
}

/* Sends the characters whose last stop bit is over; returns when the next one is. */
static int64_t transmit(struct line *line, int64_t now_ns)
{
	uint8_t due[WIRE_CHARS_MAX];
	size_t n = 0;

	while (transmitting(line)) {
		if (line->tx_sent == line->tx_chars)
			begin_answers(line);
		if (tx_ns(line, line->tx[line->tx_sent].end_bits) > now_ns || n == sizeof(due))
			break;
		due[n++] = line->tx[line->tx_sent++].byte;
	}
	if (n)
		line->output.send(line->output.ctx, due, n);
	return transmitting(line) ? tx_ns(line, line->tx[line->tx_sent].end_bits) : CLK_NEVER;
}

int64_t line_tick(struct line *line, int64_t now_ns)
{
	int64_t next_ns = CLK_NEVER;

	for (size_t i = 0; i < line->slave_count; i++) {
		const struct slave *slave = &line->slaves[i];

		next_ns = earlier(next_ns, slave->ops->tick(slave->ctx, now_ns));
	}
	return earlier(next_ns, transmit(line, now_ns));
}

void line_client_left(struct line *line)
{
	line->tx_chars = line->tx_sent = line->waiting_count = 0;
	line->orphaned = true;
}

struct line_stats line_statistics(const struct line *line)
{
	return line->stats;
}
