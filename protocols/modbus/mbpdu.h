/* SPDX-License-Identifier: MIT */
/*
 * mbpdu - answers built by libmodbus
 *
 * The only place that knows libmodbus. Its codec wants a socket: it gets one end of a private
 * socketpair, and the answer is read back from the other. modbus_receive() is never used; frames
 * come here cut, checked and known to be within the registers. One mbpdu serves all slaves of a
 * thread. libmodbus sleeps for the response timeout before exceptions 01 and 03, which is why it
 * is set to 1 us. The one answer that masters live on, that of function 03, is put together here:
 * the way through the socketpair costs two system calls, a sixth of the time of a request, and a
 * test holds the two ways to the same bytes.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "protocols/modbus/mbframe.h"

struct mbpdu;

/* 0 or negative errno (-ENOMEM, or what socketpair said). */
int mbpdu_create(struct mbpdu **ret);
void mbpdu_destroy(struct mbpdu *pdu);
/*
 * The answer to an intact request of function 03, 06 or 10 hex on count registers from address
 * on; words: their values, for a read. answer: room for MB_FRAME_MAX. Returns its length in bytes
 * or negative errno.
 */
int mbpdu_reply(struct mbpdu *pdu, const uint8_t *request, size_t len_bytes, uint16_t address,
		uint16_t count, uint16_t *words, uint8_t *answer);
/* The exception to an intact request, which must not be a broadcast. */
int mbpdu_exception(struct mbpdu *pdu, const uint8_t *request, enum mb_exception exception,
		    uint8_t *answer);
