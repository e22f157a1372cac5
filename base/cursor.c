/* SPDX-License-Identifier: MIT */
/* cursor - checked reading and writing of bytes in a buffer */
#include "base/cursor.h"

#include <string.h>

void cursor_in_init(struct cursor_in *in, const uint8_t *data, size_t len_bytes)
{
	*in = (struct cursor_in){.data = data, .len_bytes = len_bytes};
}

size_t cursor_left(const struct cursor_in *in)
{
	return in->len_bytes - in->pos_bytes;
}

/* The next n bytes, or NULL and bad. */
static const uint8_t *take(struct cursor_in *in, size_t n)
{
	const uint8_t *at;

	if (in->bad || cursor_left(in) < n) {
		in->bad = true;
		return NULL;
	}
	at = in->data + in->pos_bytes;
	in->pos_bytes += n;
	return at;
}

uint8_t cursor_get_u8(struct cursor_in *in)
{
	const uint8_t *b = take(in, 1);

	return b ? b[0] : 0;
}

uint16_t cursor_get_be16(struct cursor_in *in)
{
	const uint8_t *b = take(in, 2);

	return (uint16_t)(b ? b[0] << 8 | b[1] : 0);
}

uint16_t cursor_get_le16(struct cursor_in *in)
{
	const uint8_t *b = take(in, 2);

	return (uint16_t)(b ? b[1] << 8 | b[0] : 0);
}

uint32_t cursor_get_be32(struct cursor_in *in)
{
	const uint8_t *b = take(in, 4);

	if (!b)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint32_t cursor_get_le32(struct cursor_in *in)
{
	const uint8_t *b = take(in, 4);

	if (!b)
		return 0;
	return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

void cursor_out_init(struct cursor_out *out, uint8_t *data, size_t cap_bytes)
{
	*out = (struct cursor_out){.data = data, .cap_bytes = cap_bytes};
}

void cursor_put_bytes(struct cursor_out *out, const uint8_t *data, size_t len_bytes)
{
	if (out->bad || out->cap_bytes - out->len_bytes < len_bytes) {
		out->bad = true;
		return;
	}
	if (len_bytes)
		memcpy(out->data + out->len_bytes, data, len_bytes);
	out->len_bytes += len_bytes;
}

void cursor_put_u8(struct cursor_out *out, uint8_t value)
{
	cursor_put_bytes(out, &value, 1);
}

void cursor_put_be16(struct cursor_out *out, uint16_t value)
{
	const uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	cursor_put_bytes(out, b, sizeof(b));
}

void cursor_put_le16(struct cursor_out *out, uint16_t value)
{
	const uint8_t b[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

	cursor_put_bytes(out, b, sizeof(b));
}

void cursor_put_be32(struct cursor_out *out, uint32_t value)
{
	const uint8_t b[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
			      (uint8_t)value};

	cursor_put_bytes(out, b, sizeof(b));
}

void cursor_put_le32(struct cursor_out *out, uint32_t value)
{
	const uint8_t b[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			      (uint8_t)(value >> 24)};

	cursor_put_bytes(out, b, sizeof(b));
}
