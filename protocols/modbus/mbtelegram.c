/* SPDX-License-Identifier: MIT */
/* mbtelegram - Modbus RTU telegrams seen from outside */
#include "protocols/modbus/mbtelegram.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "protocols/modbus/mbframe.h"

#define CRC_BYTES     2
#define REFUSAL_BYTES 5
#define REFUSAL       0x80 /* added to the function */
#define WORDS_SHOWN   12
#define OTHER_BIT     0x01 /* the address next door; functions are told apart by it, too */
#define BROADCAST     0
#define SHORTEST      MB_FRAME_MIN

/* Text that grows; what does not fit is cut off. */
struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->at, text->left, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= text->left)
		n = (int)text->left - 1;
	text->at += n;
	text->left -= (size_t)n;
}

/* The functions whose request begins with an address; has_count: a count follows, else a value. */
static bool names_registers(uint8_t function, bool *ret_count)
{
	switch (function) {
	case 0x01:
	case 0x02:
	case MB_READ_HOLDING:
	case 0x04:
	case 0x0f:
	case MB_WRITE_MULTIPLE:
		*ret_count = true;
		return true;
	case 0x05:
	case MB_WRITE_SINGLE:
		*ret_count = false;
		return true;
	default:
		return false;
	}
}

/* On a bus with other stations their answers come from where the master's requests come from. */
static bool is_answer(const uint8_t *bytes, size_t len_bytes)
{
	if (bytes[1] & REFUSAL)
		return true;
	if (bytes[1] >= 0x01 && bytes[1] <= 0x04)
		return len_bytes != 8 && len_bytes == (size_t)bytes[2] + 3 + CRC_BYTES;
	return (bytes[1] == 0x0f || bytes[1] == MB_WRITE_MULTIPLE) && len_bytes == 8;
}

static const char *fault_of(const uint8_t *bytes, size_t len_bytes, bool from_master)
{
	const size_t expected = from_master ? mb_request_length(bytes, len_bytes) : 0;

	if (len_bytes < SHORTEST)
		return "too short";
	if (len_bytes > MB_FRAME_MAX)
		return "too long";
	if (!mb_frame_intact(bytes, len_bytes))
		return "CRC error";
	if (bytes[1] & REFUSAL && len_bytes != REFUSAL_BYTES)
		return "wrong length";
	if (from_master && is_answer(bytes, len_bytes))
		return NULL;
	if (from_master && expected && expected != len_bytes)
		return "wrong length";
	if (from_master && (bytes[1] == 0x0f || bytes[1] == MB_WRITE_MULTIPLE) && !expected)
		return "wrong length"; /* cut short before its own byte count */
	return NULL;
}

static void look(const uint8_t *bytes, size_t len_bytes, bool from_master,
		 struct telegram_facts *ret)
{
	struct cursor_in in;
	uint16_t count = 1;
	bool has_count;

	*ret = (struct telegram_facts){.station = TELEGRAM_NONE, .function = TELEGRAM_NONE};
	ret->fault = fault_of(bytes, len_bytes, from_master);
	ret->intact = !ret->fault;
	if (!ret->intact)
		return;
	ret->station = bytes[0];
	ret->function = bytes[1] & (uint8_t)~REFUSAL;
	ret->foreign = from_master && is_answer(bytes, len_bytes);
	if (!from_master || ret->foreign) {
		ret->exception = bytes[1] & REFUSAL ? bytes[2] : 0;
		return;
	}
	ret->answerable = bytes[0] != BROADCAST;
	if (!names_registers(bytes[1], &has_count))
		return;
	cursor_in_init(&in, bytes + 2, len_bytes - 2);
	ret->first = cursor_get_be16(&in);
	if (has_count)
		count = cursor_get_be16(&in);
	ret->registers = count > 0;
	ret->last = ret->first + count - (count > 0);
}

static const char *exception_name(uint8_t code)
{
	static const char *const names[] = {
		[1] = "illegal function",
		[2] = "illegal data address",
		[3] = "illegal data value",
		[4] = "device failure",
		[5] = "acknowledge",
		[6] = "busy",
		[8] = "memory parity error",
		[10] = "gateway path unavailable",
		[11] = "gateway target does not respond",
	};

	if (code >= sizeof(names) / sizeof(names[0]) || !names[code])
		return "unknown";
	return names[code];
}

static void put_words(struct text *text, const uint8_t *bytes, size_t len_bytes)
{
	struct cursor_in in;
	size_t shown = 0;

	cursor_in_init(&in, bytes, len_bytes);
	for (; cursor_left(&in) >= 2 && shown < WORDS_SHOWN; shown++)
		put(text, " %04x", cursor_get_be16(&in));
	if (cursor_left(&in) >= 2)
		put(text, " and %zu more", cursor_left(&in) / 2);
}

static void put_range(struct text *text, const struct telegram_facts *facts)
{
	if (facts->first == facts->last)
		put(text, " 0x%04x", (unsigned)facts->first);
	else
		put(text, " 0x%04x..0x%04x", (unsigned)facts->first, (unsigned)facts->last);
}

static void describe_request(struct text *text, const struct telegram *t,
			     const struct telegram_facts *facts)
{
	switch (t->bytes[1]) {
	case MB_READ_HOLDING:
		put(text, "read");
		put_range(text, facts);
		if (!facts->registers)
			put(text, ", none");
		break;
	case MB_WRITE_SINGLE:
		put(text, "write");
		put_range(text, facts);
		put(text, " =");
		put_words(text, t->bytes + 4, 2);
		break;
	case MB_WRITE_MULTIPLE:
		put(text, "write");
		put_range(text, facts);
		put(text, " =");
		put_words(text, t->bytes + 7, t->len_bytes - 9);
		break;
	default:
		put(text, "function 0x%02x", t->bytes[1]);
		if (facts->registers)
			put_range(text, facts);
		break;
	}
}

static void describe_answer(struct text *text, const struct telegram *t,
			    const struct telegram *request)
{
	struct telegram_facts asked = {.registers = false};

	if (request)
		look(request->bytes, request->len_bytes, true, &asked);
	switch (t->bytes[1]) {
	case MB_READ_HOLDING:
		if (asked.registers && asked.function == MB_READ_HOLDING)
			put(text, "0x%04x =", (unsigned)asked.first);
		else
			put(text, "%u bytes =", t->bytes[2]);
		if (t->len_bytes > 3 + CRC_BYTES)
			put_words(text, t->bytes + 3, t->len_bytes - 3 - CRC_BYTES);
		break;
	case MB_WRITE_SINGLE:
	case MB_WRITE_MULTIPLE:
		put(text, "written");
		break;
	default:
		if (t->bytes[1] & REFUSAL)
			put(text, "exception %02u, %s", t->bytes[2], exception_name(t->bytes[2]));
		else
			put(text, "function 0x%02x", t->bytes[1]);
		break;
	}
}

static void describe(const struct telegram *t, const struct telegram *request, char *ret_text)
{
	struct text text = {.at = ret_text, .left = TELEGRAM_TEXT_MAX};
	struct telegram_facts facts;

	look(t->bytes, t->len_bytes, t->from_master, &facts);
	if (!facts.intact) {
		put(&text, "%s", facts.fault);
		return;
	}
	if (facts.station == BROADCAST)
		put(&text, "all: ");
	else
		put(&text, "%u: ", t->bytes[0]);
	if (t->from_master && !facts.foreign)
		describe_request(&text, t, &facts);
	else
		describe_answer(&text, t, request);
}

static size_t check_field(const uint8_t *bytes, size_t len_bytes, size_t *ret_at)
{
	(void)bytes;
	if (len_bytes < SHORTEST)
		return 0;
	*ret_at = len_bytes - CRC_BYTES;
	return CRC_BYTES;
}

static void seal(uint8_t *bytes, size_t len_bytes)
{
	struct cursor_out out;
	size_t at;

	if (!check_field(bytes, len_bytes, &at))
		return;
	cursor_out_init(&out, bytes + at, CRC_BYTES);
	cursor_put_le16(&out, mb_crc(bytes, at));
}

static void another_station(uint8_t *bytes, size_t len_bytes)
{
	bytes[0] ^= OTHER_BIT;
	if (bytes[0] == BROADCAST)
		bytes[0] = 2;
	seal(bytes, len_bytes);
}

static void another_function(uint8_t *bytes, size_t len_bytes)
{
	if (len_bytes > 1)
		bytes[1] ^= OTHER_BIT;
	seal(bytes, len_bytes);
}

static size_t refuse(uint8_t *answer, size_t len_bytes, uint8_t code)
{
	if (len_bytes < SHORTEST)
		return 0;
	answer[1] |= REFUSAL;
	answer[2] = code;
	seal(answer, REFUSAL_BYTES);
	return REFUSAL_BYTES;
}

const struct protocol mb_protocol = {
	.name = "Modbus RTU",
	.dissector = "mbrtu",
	.check = "crc",
	.end_gap_ns = mb_t35_ns,
	.inner_gap_ns = mb_t15_ns,
	.whole = mb_frame_whole,
	.look = look,
	.describe = describe,
	.check_field = check_field,
	.seal = seal,
	.another_station = another_station,
	.another_function = another_function,
	.refuse = refuse,
};
