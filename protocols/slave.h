/* SPDX-License-Identifier: MIT */
/*
 * slave - what the protocol machine of a station looks like to the line it stands on
 *
 * Bytes and times go in, frames and times come out. A slave owns no descriptor that leaves the
 * process, reads no clock and allocates only in its create(). Times are ns of bus time.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/clk.h"

#define SLAVE_IDLE CLK_NEVER /* tick() has nothing to wait for */

enum slave_parity {
	SLAVE_PARITY_NONE,
	SLAVE_PARITY_EVEN,
	SLAVE_PARITY_ODD,
	SLAVE_PARITY_UNKNOWN, /* of a client whose port cannot tell */
};

/* How a station's characters look on the wire: a start bit, eight of data, one stop bit. */
struct slave_format {
	uint32_t baud; /* 0: of a client whose port cannot tell */
	enum slave_parity parity;
};

static inline unsigned slave_char_bits(enum slave_parity parity)
{
	return parity == SLAVE_PARITY_NONE ? 10 : 11;
}

static inline int64_t slave_char_ns(const struct slave_format *format)
{
	return (int64_t)slave_char_bits(format->parity) * NS_PER_S / format->baud;
}

/* What a station says, and the request that made it speak. */
struct slave_answer {
	const uint8_t *bytes;
	size_t len_bytes;
	int64_t ready_ns; /* the line adds the turnaround */
	/* To be sent in; a change made by the very request does not touch it. */
	struct slave_format format;
	const uint8_t *request;
	size_t request_bytes;
};

/* Where a slave's frames go. */
struct slave_tx {
	void (*send)(void *ctx, const struct slave_answer *answer);
	void *ctx;
};

struct slave_ops {
	/* len_bytes characters without a gap between them, the last of which ended at end_ns. */
	void (*rx)(void *slave, int64_t end_ns, const uint8_t *bytes, size_t len_bytes);
	/* Returns the next deadline in ns, or SLAVE_IDLE. */
	int64_t (*tick)(void *slave, int64_t now_ns);
	/* The format in which it listens now. */
	struct slave_format (*format)(const void *slave);
};

struct slave {
	const struct slave_ops *ops;
	void *ctx; /* borrowed */
};
