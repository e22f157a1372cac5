/* SPDX-License-Identifier: MIT */
/*
 * telegram - what every protocol can say of its telegrams, without a meter behind it
 *
 * For whoever looks at a line from outside: the recording of the bus, the verdict on the master,
 * faults that are put in on purpose. A struct protocol is a table of functions without state;
 * they read no more than the bytes that they are given, and allocate nothing.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/slave.h"

#define TELEGRAM_MAX      512 /* bytes */
#define TELEGRAM_NONE     (-1)
#define TELEGRAM_TEXT_MAX 256

/* What became of what a master said. */
enum telegram_fate {
	TELEGRAM_HEARD,
	TELEGRAM_TOO_EARLY,  /* an answer was on the line: nobody listened */
	TELEGRAM_WRONG_RATE, /* no station listens in that format */
	TELEGRAM_TOO_MUCH,   /* more than the line can carry */
};

/* Characters between two silences. */
struct telegram {
	bool from_master;
	enum telegram_fate fate;
	bool owed;        /* some station was about to answer, and did not listen */
	bool overlong;    /* there were more bytes than are kept here */
	bool inner_gap;   /* a silence inside it was longer than the protocol allows */
	int64_t begin_ns; /* of its first start bit */
	int64_t end_ns;   /* of its last stop bit */
	int64_t gap_ns;   /* silence before it; CLK_NEVER before the first one */
	const uint8_t *bytes;
	size_t len_bytes;
};

struct telegram_facts {
	bool intact;       /* its check field and its length are right */
	bool answerable;   /* a request that some station should answer */
	bool foreign;      /* said by the master's side, but an answer of some other station */
	int station;       /* address, or TELEGRAM_NONE */
	int function;      /* code or kind of telegram, or TELEGRAM_NONE */
	int exception;     /* of an answer that refuses: its code; else 0 */
	bool registers;    /* it names some: */
	uint32_t first;    /* the first register */
	uint32_t last;     /* and the last one */
	const char *fault; /* what is wrong, of one that is not intact */
};

struct protocol {
	const char *name;      /* "Modbus RTU" */
	const char *dissector; /* what Wireshark calls it */
	const char *check;     /* what the check field is called: "crc" */
	/* Silence that ends a telegram; silence inside one that spoils it. */
	int64_t (*end_gap_ns)(const struct slave_format *format);
	int64_t (*inner_gap_ns)(const struct slave_format *format);
	/* All bytes of a request, or of another station's answer, are there as far as they tell. */
	bool (*whole)(const uint8_t *bytes, size_t len_bytes);
	void (*look)(const uint8_t *bytes, size_t len_bytes, bool from_master,
		     struct telegram_facts *ret);
	/* One line for people; request: the one it answers, or NULL. text: TELEGRAM_TEXT_MAX. */
	void (*describe)(const struct telegram *telegram, const struct telegram *request,
			 char *text);

	/* Faults on purpose. The length of the check field, which begins at *ret_at; 0: none. */
	size_t (*check_field)(const uint8_t *bytes, size_t len_bytes, size_t *ret_at);
	/* Makes the check field right again. */
	void (*seal)(uint8_t *bytes, size_t len_bytes);
	/* Another station, another function, with a right check field. */
	void (*another_station)(uint8_t *bytes, size_t len_bytes);
	void (*another_function)(uint8_t *bytes, size_t len_bytes);
	/* Makes an answer the one that refuses. Room for TELEGRAM_MAX; its length, 0: cannot. */
	size_t (*refuse)(uint8_t *answer, size_t len_bytes, uint8_t code);
};
