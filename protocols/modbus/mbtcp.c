/* SPDX-License-Identifier: MIT */
/* mbtcp - from a Modbus TCP telegram to the frame on the serial line, and back */
#include "protocols/modbus/mbtcp.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"

#define LENGTH_AT 4
#define UNIT_AT   6
#define CRC_BYTES 2

int mbtcp_length(const uint8_t *bytes, size_t len_bytes)
{
	struct cursor_in in;
	uint16_t protocol, length;

	if (len_bytes < UNIT_AT)
		return 0;
	cursor_in_init(&in, bytes + 2, len_bytes - 2);
	protocol = cursor_get_be16(&in);
	length = cursor_get_be16(&in); /* of what follows: unit, function, data */
	if (protocol != 0 || length < 2 || length > MBTCP_MAX - UNIT_AT)
		return -EPROTO;
	return len_bytes < (size_t)UNIT_AT + length ? 0 : UNIT_AT + length;
}

size_t mbtcp_to_frame(const uint8_t *telegram, size_t len_bytes, uint8_t *frame)
{
	struct cursor_out out;

	cursor_out_init(&out, frame, MB_FRAME_MAX);
	cursor_put_bytes(&out, telegram + UNIT_AT, len_bytes - UNIT_AT);
	cursor_put_le16(&out, mb_crc(frame, out.len_bytes));
	return out.len_bytes;
}

/* The header of an answer whose unit and PDU have so many bytes, and those. */
static size_t put_answer(const uint8_t *telegram, const uint8_t *bytes, size_t len_bytes,
			 uint8_t *answer)
{
	struct cursor_out out;

	cursor_out_init(&out, answer, MBTCP_MAX);
	cursor_put_bytes(&out, telegram, LENGTH_AT);
	cursor_put_be16(&out, (uint16_t)len_bytes);
	cursor_put_bytes(&out, bytes, len_bytes);
	return out.len_bytes;
}

size_t mbtcp_answer(const uint8_t *telegram, const uint8_t *frame, size_t len_bytes,
		    uint8_t *answer)
{
	return put_answer(telegram, frame, len_bytes - CRC_BYTES, answer);
}

size_t mbtcp_refuse(const uint8_t *telegram, uint8_t code, uint8_t *answer)
{
	const uint8_t refusal[] = {telegram[UNIT_AT], telegram[UNIT_AT + 1] | 0x80, code};

	return put_answer(telegram, refusal, sizeof(refusal), answer);
}
