/* SPDX-License-Identifier: MIT */
/*
 * dummy - a line with stations that answer anything, and a client that keeps what it hears
 *
 * Stations answer any burst, after it has ended, with a fixed frame, and know no protocol. Time is
 * virtual: client.now_ns. Fails the running cmocka test when something cannot be made.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/modbus/mbtelegram.h"
#include "sim/line.h"

#define CHAR_9600_NS INT64_C(1145833) /* with parity */
#define T35_9600_NS  INT64_C(4010415)
/* When the n-th byte of something has left, n from 1. */
#define SENT_NS(n) ((int64_t)(n)*11 * NS_PER_S / 9600)
#define MS(n)      ((n)*NS_PER_MS)

#define DUMMY_TOLD_MAX 8

struct dummy_station {
	const struct slave_tx *tx;
	struct slave_format format;
	const uint8_t *answer;
	size_t answer_len;
	int64_t heard_end_ns; /* of the last burst */
	size_t heard_bytes;
	int64_t due_ns;
};

struct dummy_client {
	uint8_t bytes[1024];
	int64_t at_ns[1024];
	size_t count;
	int64_t now_ns;
};

/* What somebody who looks on is told. */
struct dummy_told {
	struct telegram telegram;
	uint8_t bytes[TELEGRAM_MAX];
};

struct dummy {
	struct line *line;
	struct dummy_client client;
	struct dummy_station stations[2];
	struct dummy_told told[DUMMY_TOLD_MAX];
	size_t told_count; /* the last DUMMY_TOLD_MAX of them are kept */
	size_t faults;     /* that have struck */
	int64_t fault_ns;
};

/* What the first station says, and the second one. */
extern const uint8_t dummy_hello[4];
extern const uint8_t dummy_other[5];

/* One or two stations, at 9600 baud with even parity. name and protocol of config: any. */
void dummy_set_up_as(struct dummy *s, const struct line_config *config, size_t stations);
void dummy_set_up(struct dummy *s, bool paced, int64_t turnaround_ns, size_t stations);
/* From a pty, which cannot tell parity. */
void dummy_hear(struct dummy *s, int64_t now_ns, const uint8_t *bytes, size_t len_bytes,
		uint32_t baud);
/* Ticks at every deadline, each of which must lie ahead, until nothing is left to do. */
void dummy_run(struct dummy *s);
/* Asks at NS_PER_S and waits until all is over. */
void dummy_ask(struct dummy *s, const uint8_t *request, size_t len_bytes);
/* How many of the master's telegrams had that fate. */
size_t dummy_told_of(const struct dummy *s, enum telegram_fate fate);
/* So many bytes of the client's from one on: all of a block, the last one at its time. */
void dummy_check_block(const struct dummy *s, size_t from, const uint8_t *bytes, size_t len_bytes,
		       int64_t end_ns);
