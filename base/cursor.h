/* SPDX-License-Identifier: MIT */
/*
 * cursor - checked reading and writing of bytes in a buffer
 *
 * A get beyond the end gives 0 and a put beyond the end writes nothing; both set bad, which
 * stays set, so that a codec checks once at its end. Allocates nothing, borrows the buffer.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor_in {
	const uint8_t *data;
	size_t len_bytes;
	size_t pos_bytes;
	bool bad;
};

struct cursor_out {
	uint8_t *data;
	size_t cap_bytes;
	size_t len_bytes;
	bool bad;
};

void cursor_in_init(struct cursor_in *in, const uint8_t *data, size_t len_bytes);
size_t cursor_left(const struct cursor_in *in);
uint8_t cursor_get_u8(struct cursor_in *in);
uint16_t cursor_get_be16(struct cursor_in *in);
uint16_t cursor_get_le16(struct cursor_in *in);
uint32_t cursor_get_be32(struct cursor_in *in);
uint32_t cursor_get_le32(struct cursor_in *in);

void cursor_out_init(struct cursor_out *out, uint8_t *data, size_t cap_bytes);
void cursor_put_u8(struct cursor_out *out, uint8_t value);
void cursor_put_be16(struct cursor_out *out, uint16_t value);
void cursor_put_le16(struct cursor_out *out, uint16_t value);
void cursor_put_be32(struct cursor_out *out, uint32_t value);
void cursor_put_le32(struct cursor_out *out, uint32_t value);
void cursor_put_bytes(struct cursor_out *out, const uint8_t *data, size_t len_bytes);
