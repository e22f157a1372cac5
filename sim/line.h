/* SPDX-License-Identifier: MIT */
/*
 * line - one shared medium with its stations and its time
 *
 * Every character takes its time in both directions; an answer starts the turnaround after the
 * request has ended; a client in another format than a station's is not understood by it. A
 * station that owes an answer does not listen, and while one is on the line nobody does. With pace
 * off nothing waits. Stations that
 * answer at once are merged bit by bit (line_tx.h, wire.h). Faults are put in on purpose
 * (faults.h). Knows neither port nor meter: bytes and times in, bytes and times out.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "protocols/slave.h"
#include "protocols/telegram.h"
#include "sim/faults.h"

struct line_config {
	const char *name;
	const struct protocol *protocol;
	bool paced;
	bool wire; /* the port has a wire of its own, on which characters take their time */
	int64_t latency_ns; /* how late such a port may tell of characters */
	bool echo;          /* the client hears what it says, as with many RS-485 adapters */
	/* between the end of the request's silence and the answer: drawn for each one */
	int64_t turnaround_min_ns;
	int64_t turnaround_max_ns;
	uint64_t seed;
};

struct line_output {
	/* To the client. Must not call the line. */
	void (*send)(void *ctx, const uint8_t *bytes, size_t len_bytes);
	/* What went over the line; may be NULL. */
	void (*telegram)(void *ctx, const struct telegram *telegram,
			 const struct slave_format *format);
	/* A fault has struck at bus time at_ns; may be NULL. */
	void (*fault)(void *ctx, int64_t at_ns, const struct fault_rule *rule);
	void *ctx;
};

struct line;

/* 0 or -ENOMEM. Copies both; borrows the protocol. */
int line_create(struct line **ret, const struct line_config *config,
		const struct line_output *output);
void line_destroy(struct line *line);
/* Where the slaves of this line send to; valid as long as the line. */
const struct slave_tx *line_slave_tx(struct line *line);
/* Copies *slave; borrows what it points to until destroy. 0 or -ENOMEM. */
int line_add(struct line *line, const struct slave *slave);
/* The format of the first station: that of a port which has only one. */
struct slave_format line_format(const struct line *line);
/* A station, by the order of adding, that has no supply neither hears nor speaks. */
void line_set_station(struct line *line, size_t index, bool on);
/* The rules of this line, to be changed as one likes. */
struct faults *line_faults(struct line *line);

/*
 * Bytes that came at now_ns from a client that speaks in this format; what the port cannot know
 * of it is taken from the first station.
 */
void line_receive(struct line *line, int64_t now_ns, const uint8_t *bytes, size_t len_bytes,
		  const struct slave_format *client);
/* Does what is due; returns the next deadline in ns, or CLK_NEVER: the line is at rest. */
int64_t line_tick(struct line *line, int64_t now_ns);
/* A request has begun and is not over: more of it may have come. */
bool line_listens(const struct line *line);
/* An answer is on the line at now_ns. */
bool line_speaks(const struct line *line, int64_t now_ns);
/* An answer is owed or on the line. */
bool line_busy(const struct line *line);
/* Since when nothing has been said on the line, as of the last call. */
int64_t line_quiet_ns(const struct line *line);
/* Ends what is under way, so that it is told of; for the end of the line. */
void line_finish(struct line *line, int64_t now_ns);
/* The client left: it hears no more of what it is owed, but what it has said still counts. */
void line_client_left(struct line *line);
