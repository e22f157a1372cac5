/* SPDX-License-Identifier: MIT */
/*
 * mbtcp - from a Modbus TCP telegram to the frame on the serial line behind a gateway, and back
 *
 * Modbus Messaging on TCP/IP Implementation Guide V1.0b 3.1.3 (the header: transaction, protocol
 * 0, length, unit). The header is written here and not by libmodbus, which checks neither length
 * nor protocol and cannot answer for a transaction that it has not read itself.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "protocols/modbus/mbframe.h"

#define MBTCP_HEADER_BYTES 7
#define MBTCP_MAX          260 /* header and PDU */

/*
 * Length of the telegram at the beginning of bytes; 0: more bytes are needed to tell; negative:
 * it is none, and where the next one begins nobody knows.
 */
int mbtcp_length(const uint8_t *bytes, size_t len_bytes);
/* The serial frame of a whole telegram; frame: MB_FRAME_MAX. Returns its length. */
size_t mbtcp_to_frame(const uint8_t *telegram, size_t len_bytes, uint8_t *frame);
/*
 * The answer to a telegram out of what came over the line, which is intact; answer: MBTCP_MAX.
 * Returns its length.
 */
size_t mbtcp_answer(const uint8_t *telegram, const uint8_t *frame, size_t len_bytes,
		    uint8_t *answer);
/* The exception of the gateway itself. */
size_t mbtcp_refuse(const uint8_t *telegram, uint8_t code, uint8_t *answer);
