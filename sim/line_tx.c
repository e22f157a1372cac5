/* SPDX-License-Identifier: MIT */
/* line_tx - what stations say: waits for its time, meets others on the wire, leaves byte by byte */
#include "sim/line_tx.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sim/wire.h"

#define WAITING_MAX 16

struct line_tx {
	enum line_tx_mode mode;
	struct line_tx_output output;
	struct burst waiting[WAITING_MAX];
	size_t waiting_count;
	/* on the line now */
	struct burst now; /* its begin and format, also of merged ones */
	bool merged;      /* then chars are the wire's, else those of now */
	struct wire_char chars[WIRE_CHARS_MAX];
	uint8_t said[WIRE_CHARS_MAX]; /* what the client has been given of it */
	size_t count;
	size_t sent;
	bool running;
};

int line_tx_create(struct line_tx **ret, enum line_tx_mode mode,
		   const struct line_tx_output *output)
{
	struct line_tx *tx = calloc(1, sizeof(*tx));

	if (!tx)
		return -ENOMEM;
	tx->mode = mode;
	tx->output = *output;
	*ret = tx;
	return 0;
}

void line_tx_destroy(struct line_tx *tx)
{
	free(tx);
}

/* How long so many bits take: counted from the beginning, so that nothing adds up. */
static int64_t bits_ns(const struct slave_format *format, uint64_t bits)
{
	return (int64_t)(bits * (uint64_t)NS_PER_S / format->baud);
}

/* When so many characters of a burst are over, their silences but the last one included. */
static int64_t chars_ns(enum line_tx_mode mode, const struct burst *burst, size_t count)
{
	const unsigned bits = mode == LINE_TX_UNPACED ? 0 : slave_char_bits(burst->format.parity);

	if (!count)
		return burst->begin_ns;
	return burst->begin_ns + bits_ns(&burst->format, count * (uint64_t)bits) +
	       (int64_t)(count - 1) * burst->char_gap_ns;
}

int64_t line_tx_end_ns(enum line_tx_mode mode, const struct burst *burst)
{
	return chars_ns(mode, burst, burst->len_bytes);
}

/* One that follows the last waiting one without a gap, to the bit, is part of it. */
static bool continues(const struct line_tx *tx, const struct burst *burst)
{
	const int64_t bit_ns = bits_ns(&burst->format, 1);
	const struct burst *last;
	int64_t gap_ns;

	if (!tx->waiting_count || tx->mode == LINE_TX_UNPACED)
		return false;
	last = &tx->waiting[tx->waiting_count - 1];
	gap_ns = burst->begin_ns - line_tx_end_ns(tx->mode, last);
	return last->format.baud == burst->format.baud &&
	       last->format.parity == burst->format.parity && !last->char_gap_ns &&
	       !burst->char_gap_ns && -bit_ns < 2 * gap_ns && 2 * gap_ns < bit_ns &&
	       last->len_bytes + burst->len_bytes <= sizeof(last->bytes);
}

/* Its header and the bytes that there are. */
static void copy(struct burst *to, const struct burst *from)
{
	memcpy(to, from, offsetof(struct burst, bytes) + from->len_bytes);
}

void line_tx_put(struct line_tx *tx, const struct burst *burst)
{
	struct burst *last;

	if (!burst->len_bytes)
		return;
	if (continues(tx, burst)) {
		last = &tx->waiting[tx->waiting_count - 1];
		memcpy(last->bytes + last->len_bytes, burst->bytes, burst->len_bytes);
		last->len_bytes += burst->len_bytes;
	} else if (tx->waiting_count < WAITING_MAX) {
		copy(&tx->waiting[tx->waiting_count++], burst);
	}
}

static void take_waiting(struct line_tx *tx, size_t index, struct burst *ret)
{
	copy(ret, &tx->waiting[index]);
	tx->waiting_count--;
	memmove(&tx->waiting[index], &tx->waiting[index + 1],
		(tx->waiting_count - index) * sizeof(*tx->waiting));
}

static size_t first_waiting(const struct line_tx *tx)
{
	size_t first = 0;

	for (size_t i = 1; i < tx->waiting_count; i++) {
		if (tx->waiting[i].begin_ns < tx->waiting[first].begin_ns)
			first = i;
	}
	return first;
}

/* The first waiting one that begins before a time, or waiting_count. */
static size_t waiting_before(const struct line_tx *tx, int64_t before_ns)
{
	size_t i = 0;

	while (i < tx->waiting_count && tx->waiting[i].begin_ns >= before_ns)
		i++;
	return i;
}

/* Puts a burst on the wire, beside what is on it already, to the nearest bit. */
static void put_on_wire(const struct line_tx *tx, struct wire *wire, const struct burst *burst)
{
	const int64_t bit_ns = NS_PER_S / tx->now.format.baud;
	const int64_t late_ns = burst->begin_ns - tx->now.begin_ns;
	const uint32_t from = (uint32_t)((late_ns + bit_ns / 2) / bit_ns);
	const uint32_t gap = (uint32_t)((burst->char_gap_ns + bit_ns / 2) / bit_ns);
	const uint32_t step = slave_char_bits(tx->now.format.parity) + gap;

	if (!gap)
		wire_add(wire, from, burst->bytes, burst->len_bytes, tx->now.format.parity);
	for (size_t i = 0; gap && i < burst->len_bytes; i++)
		wire_add(wire, from + (uint32_t)i * step, &burst->bytes[i], 1,
			 tx->now.format.parity);
}

/* Who begins before then meets what is on the wire; without pace, who begins with it. */
static int64_t busy_until_ns(const struct line_tx *tx, int64_t time_ns)
{
	return tx->now.begin_ns + (tx->mode == LINE_TX_UNPACED ? 1 : time_ns);
}

/* The earliest burst begins a busy period, and every one that runs into it belongs to it. */
static void merge(struct line_tx *tx)
{
	struct wire wire;
	struct burst other;
	size_t i;

	wire_clear(&wire);
	put_on_wire(tx, &wire, &tx->now);
	for (;;) {
		i = waiting_before(tx, busy_until_ns(tx, bits_ns(&tx->now.format, wire.bits)));
		if (i == tx->waiting_count)
			break;
		take_waiting(tx, i, &other);
		put_on_wire(tx, &wire, &other);
	}
	tx->count = wire_frame(&wire, tx->now.format.parity, tx->chars, WIRE_CHARS_MAX);
}

static void begin(struct line_tx *tx)
{
	take_waiting(tx, first_waiting(tx), &tx->now);
	tx->running = true;
	tx->sent = 0;
	tx->count = tx->now.len_bytes;
	tx->merged =
		waiting_before(tx, busy_until_ns(tx, line_tx_end_ns(tx->mode, &tx->now) -
							     tx->now.begin_ns)) < tx->waiting_count;
	if (tx->merged)
		merge(tx);
}

/* When so many characters of what is on the line are over. */
static int64_t over_ns(const struct line_tx *tx, size_t count)
{
	if (!tx->merged || !count)
		return chars_ns(tx->mode, &tx->now, count);
	if (tx->mode == LINE_TX_UNPACED)
		return tx->now.begin_ns;
	return tx->now.begin_ns + bits_ns(&tx->now.format, tx->chars[count - 1].end_bits);
}

/* When character i may be handed out. */
static int64_t due_ns(const struct line_tx *tx, size_t i)
{
	const int64_t char_ns = bits_ns(&tx->now.format, slave_char_bits(tx->now.format.parity));

	if (tx->mode == LINE_TX_WIRE && !tx->merged && !tx->now.char_gap_ns)
		return tx->now.begin_ns; /* its own UART spaces them */
	return over_ns(tx, i + 1) - (tx->mode == LINE_TX_WIRE ? char_ns : 0);
}

/* When the first character of what waits may be handed out: until then others may meet it. */
static int64_t first_due_ns(const struct line_tx *tx)
{
	const struct burst *first = &tx->waiting[first_waiting(tx)];

	return tx->mode == LINE_TX_PACED ? chars_ns(tx->mode, first, 1) : first->begin_ns;
}

static uint8_t byte_at(const struct line_tx *tx, size_t i)
{
	return tx->merged ? tx->chars[i].byte : tx->now.bytes[i];
}

static void end(struct line_tx *tx)
{
	const size_t kept = tx->sent < TELEGRAM_MAX ? tx->sent : TELEGRAM_MAX;
	const struct telegram telegram = {.begin_ns = tx->now.begin_ns,
					  .end_ns = over_ns(tx, tx->count),
					  .bytes = tx->said,
					  .len_bytes = kept,
					  .overlong = kept < tx->sent};

	tx->running = false;
	if (tx->output.sent)
		tx->output.sent(tx->output.ctx, &telegram);
}

/* All characters that are due; of a burst that is alone and not paced here, all there are. */
static void hand_out(struct line_tx *tx, int64_t now_ns)
{
	if (tx->mode != LINE_TX_PACED && !tx->merged && !tx->now.char_gap_ns) {
		memcpy(tx->said + tx->sent, tx->now.bytes + tx->sent, tx->count - tx->sent);
		tx->sent = tx->count;
		return;
	}
	while (tx->sent < tx->count && due_ns(tx, tx->sent) <= now_ns) {
		tx->said[tx->sent] = byte_at(tx, tx->sent);
		tx->sent++;
	}
}

int64_t line_tx_run(struct line_tx *tx, int64_t now_ns)
{
	while (tx->running || tx->waiting_count) {
		int64_t next_ns = tx->running ? now_ns : first_due_ns(tx);
		size_t from;

		if (next_ns > now_ns)
			return next_ns;
		if (!tx->running)
			begin(tx);
		from = tx->sent;
		hand_out(tx, now_ns);
		next_ns = tx->sent < tx->count ? due_ns(tx, tx->sent) : over_ns(tx, tx->count);
		if (tx->sent > from)
			tx->output.send(tx->output.ctx, tx->said + from, tx->sent - from);
		if (tx->sent < tx->count || next_ns > now_ns)
			return next_ns;
		end(tx);
	}
	return CLK_NEVER;
}

bool line_tx_busy(const struct line_tx *tx)
{
	return tx->running || tx->waiting_count > 0;
}

bool line_tx_speaks(const struct line_tx *tx, int64_t now_ns)
{
	if (tx->running)
		return true;
	return tx->waiting_count && tx->waiting[first_waiting(tx)].begin_ns <= now_ns;
}

void line_tx_drop(struct line_tx *tx)
{
	tx->waiting_count = 0;
	if (tx->running && tx->output.sent && tx->sent) {
		tx->count = tx->sent;
		end(tx);
	}
	tx->running = false;
}
