/* SPDX-License-Identifier: MIT */
/*
 * mbframe - what can be said of an RTU frame without knowing the registers
 *
 * Modbus over Serial Line V1.02 2.5.1 (frame, CRC), Application Protocol V1.1b3 6 (requests).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/slave.h"

#define MB_FRAME_MAX 256 /* address to CRC */
#define MB_FRAME_MIN 4
#define MB_READ_MAX  125 /* registers */
#define MB_WRITE_MAX 123
#define MB_UNIT_MAX  247

enum mb_function { MB_READ_HOLDING = 0x03, MB_WRITE_SINGLE = 0x06, MB_WRITE_MULTIPLE = 0x10 };

enum mb_exception {
	MB_OK = 0,
	MB_ILLEGAL_FUNCTION = 1,
	MB_ILLEGAL_ADDRESS = 2,
	MB_ILLEGAL_VALUE = 3,
	MB_SILENCE = 256, /* no answer at all */
};

/* CRC-16 as it stands in the frame, low byte first: 0x01 then 0x84 is 0x8401. */
uint16_t mb_crc(const uint8_t *bytes, size_t len_bytes);
/* At least MB_FRAME_MIN bytes, and the last two are the CRC of the others. */
bool mb_frame_intact(const uint8_t *frame, size_t len_bytes);
/*
 * Length of the request that starts with these bytes, CRC included. 0: cannot be told (too few
 * bytes yet, or a function whose length is not known here).
 */
size_t mb_request_length(const uint8_t *frame, size_t len_bytes);
/* The same for an answer; also for the exception that refuses. */
size_t mb_answer_length(const uint8_t *frame, size_t len_bytes);
/*
 * All bytes are there, as far as they tell themselves: a request of that length, or the intact
 * answer of some other station.
 */
bool mb_frame_whole(const uint8_t *frame, size_t len_bytes);
/* Whether this is one of the functions of the manual's A3.2. */
bool mb_function_served(uint8_t function);
/*
 * Silences of V1.02 2.5.1.1: more than T1.5 inside a frame spoils it, T3.5 ends it. In characters
 * up to 19200 baud, fixed above.
 */
int64_t mb_t15_ns(const struct slave_format *format);
int64_t mb_t35_ns(const struct slave_format *format);
