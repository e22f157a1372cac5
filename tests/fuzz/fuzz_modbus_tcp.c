/* SPDX-License-Identifier: MIT */
/*
 * fuzz_modbus_tcp - any bytes as what a Modbus TCP client sends, cut into telegrams
 *
 * Each telegram becomes a serial frame; the frame come back as its own answer must be the telegram
 * again, the gateway's own exception must be a telegram. A length must not change with what
 * follows, and must not be told before enough is there. The same bytes also are a frame that came
 * over the line, which nobody may read beyond its end.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/modbus/mbtcp.h"
#include "protocols/modbus/mbtelegram.h"

#define LENGTH_KNOWN 6 /* bytes of the header up to the length */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly their size, so that a byte too far is seen. */
static uint8_t *copy_of(const uint8_t *bytes, size_t len_bytes)
{
	uint8_t *copy = malloc(len_bytes ? len_bytes : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, len_bytes);
	return copy;
}

static int length_of(const uint8_t *bytes, size_t len_bytes)
{
	uint8_t *copy = copy_of(bytes, len_bytes);
	const int length = mbtcp_length(copy, len_bytes);

	free(copy);
	return length;
}

/* What a stream that comes in pieces is told on the way. */
static void check_prefixes(const uint8_t *bytes, size_t len_bytes, int length)
{
	const size_t most = len_bytes < MBTCP_MAX ? len_bytes : MBTCP_MAX;

	if (length == 0 && len_bytes >= MBTCP_MAX)
		abort();
	if (length > 0 &&
	    (length <= MBTCP_HEADER_BYTES || length > MBTCP_MAX || (size_t)length > len_bytes))
		abort();
	for (size_t n = 0; n <= most; n++) {
		int want = length;

		if (n < LENGTH_KNOWN || (length > 0 && n < (size_t)length))
			want = 0;
		if (length_of(bytes, n) != want)
			abort();
	}
}

static void check_facts(const uint8_t *frame, size_t len_bytes, bool from_master)
{
	uint8_t *copy = copy_of(frame, len_bytes);
	const struct telegram telegram = {.from_master = from_master,
					  .bytes = copy,
					  .len_bytes = len_bytes};
	struct telegram_facts facts;
	char text[TELEGRAM_TEXT_MAX];

	mb_protocol.look(copy, len_bytes, from_master, &facts);
	if (facts.intact != !facts.fault || (facts.registers && facts.last < facts.first))
		abort();
	if (facts.intact && (facts.station != frame[0] || facts.function != (frame[1] & 0x7f)))
		abort();
	mb_protocol.describe(&telegram, &telegram, text);
	if (!memchr(text, '\0', sizeof(text)))
		abort();
	free(copy);
}

/* Spoilt as faults do it, a frame is intact still. */
static void check_spoilt(const uint8_t *frame, size_t len_bytes)
{
	uint8_t bytes[TELEGRAM_MAX];
	size_t n;

	memcpy(bytes, frame, len_bytes);
	mb_protocol.another_station(bytes, len_bytes);
	mb_protocol.another_function(bytes, len_bytes);
	if (!mb_frame_intact(bytes, len_bytes) || bytes[0] == frame[0] || bytes[1] == frame[1])
		abort();
	n = mb_protocol.refuse(bytes, len_bytes, 4);
	if (n != 5 || !mb_frame_intact(bytes, n) || !(bytes[1] & 0x80) || bytes[2] != 4)
		abort();
}

static void check_telegram(const uint8_t *telegram, size_t len_bytes)
{
	uint8_t *frame = malloc(MB_FRAME_MAX), *answer = malloc(MBTCP_MAX);
	size_t n;

	if (!frame || !answer)
		abort();
	n = mbtcp_to_frame(telegram, len_bytes, frame);
	if (n != len_bytes - MBTCP_HEADER_BYTES + 1 + 2 || !mb_frame_intact(frame, n))
		abort();
	if (memcmp(frame, telegram + MBTCP_HEADER_BYTES - 1, n - 2) != 0)
		abort();
	check_facts(frame, n, true);
	check_facts(frame, n, false);
	check_spoilt(frame, n);
	if (mbtcp_answer(telegram, frame, n, answer) != len_bytes ||
	    memcmp(answer, telegram, len_bytes) != 0)
		abort();
	n = mbtcp_refuse(telegram, 11, answer);
	if (n != 9 || mbtcp_length(answer, n) != 9 || memcmp(answer, telegram, 4) != 0 ||
	    answer[6] != telegram[6] || answer[7] != (telegram[7] | 0x80) || answer[8] != 11)
		abort();
	free(frame);
	free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0;
	int length;

	do {
		uint8_t *telegram;

		length = mbtcp_length(data + at, size - at);
		check_prefixes(data + at, size - at, length);
		if (length <= 0)
			break;
		telegram = copy_of(data + at, (size_t)length);
		check_telegram(telegram, (size_t)length);
		free(telegram);
		at += (size_t)length;
	} while (at < size);
	check_facts(data, size < TELEGRAM_MAX ? size : TELEGRAM_MAX, size & 1);
	return 0;
}
