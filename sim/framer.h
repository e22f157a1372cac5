/* SPDX-License-Identifier: MIT */
/*
 * framer - cuts what a master says into telegrams, as somebody who listens to the line would
 *
 * By the silence that the protocol asks for and, where nothing is paced or characters are told
 * of late, by the length that a telegram says it has. Stations cut for themselves; this one
 * belongs to the line. A value without memory of its own.
 */
#pragma once
#include "protocols/telegram.h"

struct framer {
	const struct protocol *protocol;
	/* A telegram is over when its length is there; else only silence ends it. */
	bool by_length;
	int64_t latency_ns; /* how late characters may be told of: silence must outlast it */
	void (*complete)(void *ctx, const struct telegram *telegram,
			 const struct slave_format *format);
	void *ctx;

	struct slave_format format; /* of the running telegram */
	struct telegram now;
	uint8_t bytes[TELEGRAM_MAX];
};

/* Silence up to begin_ns: it may end the running telegram, or spoil it. */
void framer_silence(struct framer *framer, int64_t begin_ns);
/* Characters without a gap between them, after such a silence: begin_ns is the first start bit. */
void framer_rx(struct framer *framer, int64_t begin_ns, int64_t end_ns, const uint8_t *bytes,
	       size_t len_bytes, const struct slave_format *format);
/* Whether some telegram has begun and is not over. */
bool framer_running(const struct framer *framer);
/* Ends the running telegram, if any, as if its silence were over. */
void framer_finish(struct framer *framer);
/* Ends a telegram whose silence is over; returns when to come again, or CLK_NEVER. */
int64_t framer_tick(struct framer *framer, int64_t now_ns);
