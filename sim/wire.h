/* SPDX-License-Identifier: MIT */
/*
 * wire - what several stations' characters become when they meet on one pair of wires
 *
 * Levels on the line's bit clock, start, parity and stop bits included: idle and stop are 1, and
 * a 0 of any station wins (on M-Bus a space does so by nature; on RS-485 opposed drivers are
 * undefined and are modelled the same way: assumed). The merged levels are framed anew, as the
 * client's UART would: equal telegrams survive, different ones become other characters.
 *
 * Pure arithmetic; a wire is a value without memory of its own. Times are in bits since the first
 * start bit of the busy period.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/slave.h"

#define WIRE_BITS_MAX  (1024 * 11)
#define WIRE_CHARS_MAX (WIRE_BITS_MAX / 10)

struct wire {
	uint32_t bits;                  /* up to the end of the last stop bit */
	uint8_t low[WIRE_BITS_MAX / 8]; /* 1 where some station pulls the line to 0 */
};

/* A character as the client's receiver frames it. */
struct wire_char {
	uint8_t byte;
	bool framing_error; /* its stop bit was 0 */
	bool parity_error;
	uint32_t end_bits; /* when its stop bit is over */
};

void wire_clear(struct wire *wire);
/*
 * Puts a frame of characters on the wire, the first start bit at from_bits. What does not fit into
 * WIRE_BITS_MAX is cut off.
 */
void wire_add(struct wire *wire, uint32_t from_bits, const uint8_t *bytes, size_t len_bytes,
	      enum slave_parity parity);
/* Frames what is on the wire; at most cap characters. Returns how many. */
size_t wire_frame(const struct wire *wire, enum slave_parity parity, struct wire_char *chars,
		  size_t cap);
