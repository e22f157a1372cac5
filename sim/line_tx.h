/* SPDX-License-Identifier: MIT */
/*
 * line_tx - what stations say: waits for its time, meets others on the wire, leaves byte by byte
 *
 * The sending half of a line. Bursts that overlap and are known when the first byte leaves are
 * merged bit by bit (wire.h), later ones follow; one that is alone goes out as it is, with the
 * silences between its characters that it asks for. Times are ns of bus time. Knows no port: bytes
 * leave through a callback.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/telegram.h"

/* Characters of one station. */
struct burst {
	int64_t begin_ns; /* of the first start bit */
	struct slave_format format;
	int64_t char_gap_ns; /* silence behind each character: 0, as a UART sends */
	size_t len_bytes;
	uint8_t bytes[TELEGRAM_MAX];
};

enum line_tx_mode {
	LINE_TX_PACED,   /* a byte leaves when its last stop bit is over */
	LINE_TX_UNPACED, /* characters take no time */
	LINE_TX_WIRE,    /* the port has a wire of its own: bytes leave when the first may begin */
};

struct line_tx_output {
	void (*send)(void *ctx, const uint8_t *bytes, size_t len_bytes);
	/* What went out in one go, as the client's receiver frames it; gap_ns is not filled in. */
	void (*sent)(void *ctx, const struct telegram *telegram);
	void *ctx;
};

struct line_tx;

/* 0 or -ENOMEM. Copies output. */
int line_tx_create(struct line_tx **ret, enum line_tx_mode mode,
		   const struct line_tx_output *output);
void line_tx_destroy(struct line_tx *tx); /* NULL is a no-op */
/* Queues a burst; more than 16 that wait are a noise nobody could read, and are dropped. */
void line_tx_put(struct line_tx *tx, const struct burst *burst);
/* Sends what is due; returns when to come again, or CLK_NEVER. */
int64_t line_tx_run(struct line_tx *tx, int64_t now_ns);
/* Something is on the line, or owed. */
bool line_tx_busy(const struct line_tx *tx);
/* Something is on the line at now_ns: its first start bit has come, its last stop bit not. */
bool line_tx_speaks(const struct line_tx *tx, int64_t now_ns);
/* Forgets what has not been sent. */
void line_tx_drop(struct line_tx *tx);
/* When a burst is over that begins at begin_ns. */
int64_t line_tx_end_ns(enum line_tx_mode mode, const struct burst *burst);
