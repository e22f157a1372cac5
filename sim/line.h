/* SPDX-License-Identifier: MIT */
/*
 * line - one shared medium with its stations and its time
 *
 * Every character takes its time in both directions; an answer starts the turnaround after the
 * request has ended; a client at another baud rate than a station's is not understood by it. With
 * pace off nothing waits. Stations that answer at once are merged bit by bit (wire.h). Knows
 * neither port nor protocol: bytes and times in, bytes and times out. Owns nothing but its list;
 * allocates only in create() and add().
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "protocols/slave.h"

#define LINE_FRAME_MAX 512

struct line_config {
	bool paced;
	/* between the end of the request's silence and the answer: drawn for each one */
	int64_t turnaround_min_ns;
	int64_t turnaround_max_ns;
	struct rng rng;
};

struct line_stats {
	uint64_t telegrams_in; /* bursts of characters from the client */
	uint64_t telegrams_out;
	uint64_t mismatched;    /* bursts at a rate at which no station listens */
	uint64_t overrun_bytes; /* spoken while an answer was on the line: lost */
};

struct line_output {
	void (*send)(void *ctx, const uint8_t *bytes, size_t len_bytes);
	void *ctx;
};

struct line;

/* 0 or -ENOMEM. Copies both. */
int line_create(struct line **ret, const struct line_config *config,
		const struct line_output *output);
void line_destroy(struct line *line);
/* Where the slaves of this line send to; valid as long as the line. */
const struct slave_tx *line_slave_tx(struct line *line);
/* Copies *slave; borrows what it points to until destroy. 0 or -ENOMEM. */
int line_add(struct line *line, const struct slave *slave);

/* Bytes that came at now_ns from a client that speaks client_baud (0: not known, taken to fit). */
void line_receive(struct line *line, int64_t now_ns, const uint8_t *bytes, size_t len_bytes,
		  uint32_t client_baud);
/* Does what is due; returns the next deadline in ns or CLK_NEVER. */
int64_t line_tick(struct line *line, int64_t now_ns);
/* The client left: it hears no more of what it is owed, but what it has said still counts. */
void line_client_left(struct line *line);
struct line_stats line_statistics(const struct line *line);
