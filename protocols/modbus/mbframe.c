/* SPDX-License-Identifier: MIT */
/* mbframe - what can be said of an RTU frame without knowing the registers */
#include "protocols/modbus/mbframe.h"

uint16_t mb_crc(const uint8_t *bytes, size_t len_bytes)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < len_bytes; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? (uint16_t)(crc >> 1 ^ 0xa001) : (uint16_t)(crc >> 1);
	}
	return crc;
}

bool mb_frame_intact(const uint8_t *frame, size_t len_bytes)
{
	uint16_t crc;

	if (len_bytes < MB_FRAME_MIN)
		return false;
	crc = mb_crc(frame, len_bytes - 2);
	return frame[len_bytes - 2] == (crc & 0xff) && frame[len_bytes - 1] == crc >> 8;
}

bool mb_function_served(uint8_t function)
{
	return function == MB_READ_HOLDING || function == MB_WRITE_SINGLE ||
	       function == MB_WRITE_MULTIPLE;
}

size_t mb_request_length(const uint8_t *frame, size_t len_bytes)
{
	if (len_bytes < 2)
		return 0;
	switch (frame[1]) {
	case 0x01: /* read coils, discrete inputs, holding and input registers: address, count */
	case 0x02:
	case MB_READ_HOLDING:
	case 0x04:
	case 0x05: /* write coil or register: address, value */
	case MB_WRITE_SINGLE:
		return 8;
	case 0x07: /* exception status, event counter, event log, server id: function only */
	case 0x0b:
	case 0x0c:
	case 0x11:
		return 4;
	case 0x0f: /* address, count, bytes that follow */
	case MB_WRITE_MULTIPLE:
		return len_bytes < 7 ? 0 : (size_t)9 + frame[6];
	default:
		return 0;
	}
}
