/* SPDX-License-Identifier: MIT */
/* wire - what several stations' characters become on one pair of wires */
#include "sim/wire.h"

#include <string.h>

#define DATA_BITS 8

void wire_clear(struct wire *wire)
{
	memset(wire->low, 0, sizeof(wire->low));
	wire->bits = 0;
}

static bool is_low(const struct wire *wire, uint32_t bit)
{
	return bit < wire->bits && (wire->low[bit / 8] >> bit % 8 & 1);
}

static unsigned parity_bit(uint8_t byte, enum slave_parity parity)
{
	unsigned ones = 0;

	for (; byte; byte &= (uint8_t)(byte - 1))
		ones++;
	return parity == SLAVE_PARITY_EVEN ? ones & 1 : ~ones & 1;
}

/* The levels of one character, first bit lowest. */
static uint32_t levels_of(uint8_t byte, enum slave_parity parity)
{
	uint32_t levels = (uint32_t)byte << 1; /* start bit 0 */
	unsigned at = 1 + DATA_BITS;

	if (parity != SLAVE_PARITY_NONE)
		levels |= parity_bit(byte, parity) << at++;
	return levels | 1U << at; /* stop bit */
}

void wire_add(struct wire *wire, uint32_t from_bits, const uint8_t *bytes, size_t len_bytes,
	      enum slave_parity parity)
{
	const unsigned char_bits = slave_char_bits(parity);
	uint32_t at = from_bits;

	for (size_t i = 0; i < len_bytes && at <= WIRE_BITS_MAX - char_bits; i++) {
		const uint32_t levels = levels_of(bytes[i], parity);

		for (unsigned b = 0; b < char_bits; b++, at++) {
			if (!(levels >> b & 1))
				wire->low[at / 8] |= (uint8_t)(1 << at % 8);
		}
		if (at > wire->bits)
			wire->bits = at;
	}
}

/* The character whose start bit is at bit at. */
static struct wire_char receive(const struct wire *wire, uint32_t at, enum slave_parity parity)
{
	struct wire_char c = {.byte = 0};

	at++;
	for (unsigned b = 0; b < DATA_BITS; b++, at++)
		c.byte |= (uint8_t)(!is_low(wire, at) << b);
	if (parity != SLAVE_PARITY_NONE) {
		c.parity_error = parity_bit(c.byte, parity) != !is_low(wire, at);
		at++;
	}
	c.framing_error = is_low(wire, at);
	c.end_bits = at + 1;
	return c;
}

size_t wire_frame(const struct wire *wire, enum slave_parity parity, struct wire_char *chars,
		  size_t cap)
{
	uint32_t at = 0;
	size_t n = 0;

	while (at < wire->bits && n < cap) {
		if (!is_low(wire, at)) {
			at++;
			continue;
		}
		chars[n] = receive(wire, at, parity);
		at = chars[n].end_bits;
		while (chars[n].framing_error && is_low(wire, at)) /* a start needs an edge */
			at++;
		n++;
	}
	return n;
}
