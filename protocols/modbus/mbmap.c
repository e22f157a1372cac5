/* SPDX-License-Identifier: MIT */
/* mbmap - the model's Modbus registers as words */
#include "protocols/modbus/mbmap.h"

#include <math.h>
#include <string.h>

static const double power_of_ten[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};

static uint32_t float_bits(const struct point_value *value)
{
	const float f = value->exponent < 0
				? (float)((double)value->number / power_of_ten[-value->exponent])
				: (float)value->number;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

static uint32_t packed_bcd(int64_t number)
{
	uint32_t bcd = 0;

	for (int shift = 0; shift < 32; shift += 4, number /= 10)
		bcd |= (uint32_t)(number % 10) << shift;
	return bcd;
}

/* -1 if a nibble is no decimal digit. */
static int64_t from_bcd(uint32_t bcd)
{
	int64_t number = 0;

	for (int shift = 28; shift >= 0; shift -= 4) {
		unsigned digit = bcd >> shift & 0xf;

		if (digit > 9)
			return -1;
		number = number * 10 + digit;
	}
	return number;
}

static void put_text(const struct model_register *r, const char *text, uint16_t *words)
{
	size_t len = strlen(text);

	for (uint16_t i = 0; i < r->count; i++) {
		const size_t at = 2 * (size_t)i;
		const uint8_t high = at < len ? (uint8_t)text[at] : 0;
		const uint8_t low = at + 1 < len ? (uint8_t)text[at + 1] : 0;

		words[i] = (uint16_t)(high << 8 | low);
	}
}

static void put32(uint32_t bits, uint16_t *words)
{
	words[0] = (uint16_t)(bits >> 16);
	words[1] = (uint16_t)bits;
}

/* The words of one item; words has room for r->count of them. */
static void encode(const struct meter *meter, const struct model_register *r, uint16_t *words)
{
	struct point_value value = {0};

	memset(words, 0, r->count * sizeof(*words));
	if (!r->point || meter_get(meter, r->point, &value) < 0)
		return;
	switch (r->encoding) {
	case ENCODE_U16:
		words[0] = (uint16_t)value.number;
		break;
	case ENCODE_U32:
		put32((uint32_t)value.number, words);
		break;
	case ENCODE_BCD16:
		words[0] = (uint16_t)packed_bcd(value.number);
		break;
	case ENCODE_BCD32:
		put32(packed_bcd(value.number), words);
		break;
	case ENCODE_F32:
		put32(float_bits(&value), words);
		break;
	case ENCODE_DIRECTION:
		words[0] = (uint16_t)(('0' + r->point->phase) << 8 | (value.number ? 'R' : 'F'));
		break;
	case ENCODE_TEXT:
		put_text(r, value.text ? value.text : "", words);
		break;
	case MODEL_ENCODINGS:
		break;
	}
}

static enum mb_exception unlisted(const struct meter *meter)
{
	return meter_model(meter)->modbus.unlisted == UNLISTED_SILENCE ? MB_SILENCE
								       : MB_ILLEGAL_ADDRESS;
}

/* An item of the old map stands alone: a read begins with it and ends within it. */
static enum mb_exception read_old(const struct meter *meter, uint16_t address, uint16_t count,
				  uint16_t *words)
{
	const struct model_register *r =
		model_map_find(&meter_model(meter)->modbus.old_map, address);
	uint16_t item[MB_READ_MAX];

	if (!r || r->address != address || count > r->count)
		return unlisted(meter);
	encode(meter, r, item);
	memcpy(words, item, count * sizeof(*words));
	return MB_OK;
}

enum mb_exception mbmap_read(const struct meter *meter, uint16_t address, uint16_t count,
			     uint16_t *words)
{
	const struct model_map *map = &meter_model(meter)->modbus.map;
	const uint32_t end = (uint32_t)address + count;
	uint32_t at = address;

	if (!model_map_find(map, address))
		return read_old(meter, address, count, words);
	while (at < end) {
		const struct model_register *r =
			at > UINT16_MAX ? NULL : model_map_find(map, (uint16_t)at);
		uint16_t item[MB_READ_MAX];

		if (!r)
			return unlisted(meter);
		encode(meter, r, item);
		for (uint32_t i = at - r->address; i < r->count && at < end; i++, at++)
			words[at - address] = item[i];
	}
	return MB_OK;
}

/* A float with at most MODEL_DECIMALS_MAX decimals, as number * 10^exponent. */
static bool decode_float(uint32_t bits, int exponent, int64_t *ret_number)
{
	double scaled;
	float f;

	memcpy(&f, &bits, sizeof(f));
	if (!isfinite(f) || fabsf(f) > 1e9f)
		return false;
	scaled = (double)f * power_of_ten[-exponent];
	*ret_number = llround(scaled);
	/* 0.1 is no float: what is as near to it as a float can be, is it */
	return fabs(scaled - (double)*ret_number) <= 1e-6 * fmax(1, fabs(scaled));
}

/* The words of one item as a value in the exponent of its setting. False: no such value. */
static bool decode(const struct meter *meter, const struct model_register *r, const uint16_t *words,
		   int64_t *ret_number, int *ret_exponent)
{
	const int exponent = meter_model(meter)->setting[r->point->kind].exponent;

	*ret_exponent = 0;
	switch (r->encoding) {
	case ENCODE_U16:
		*ret_number = words[0];
		return true;
	case ENCODE_BCD16:
		*ret_number = from_bcd(words[0]);
		return *ret_number >= 0;
	case ENCODE_F32:
		*ret_exponent = exponent;
		return decode_float((uint32_t)words[0] << 16 | words[1], exponent, ret_number);
	default:
		return false;
	}
}

/* Checks (set false) or carries out (true) the write of one item. */
static enum mb_exception write_item(struct meter *meter, const struct model_register *r,
				    const uint16_t *words, bool set)
{
	const bool resets =
		r->point->kind == POINT_DAY_COUNTER || r->point->kind == POINT_POWER_DOWN_COUNTER;
	int64_t number = 0;
	int exponent = 0;
	enum meter_answer answer;

	/* A3.2 "reset to 0": whatever was written */
	if (!resets && !decode(meter, r, words, &number, &exponent))
		return MB_ILLEGAL_VALUE;
	if (set)
		answer = meter_set(meter, r->point, number, exponent, WHO_MODBUS);
	else
		answer = meter_check(meter, r->point, number, exponent, WHO_MODBUS);
	switch (answer) {
	case METER_OK:
		return MB_OK;
	case METER_READ_ONLY:
		return MB_ILLEGAL_ADDRESS;
	default:
		return MB_ILLEGAL_VALUE;
	}
}

/* One pass over the items from address on. */
static enum mb_exception write_items(struct meter *meter, const struct model_map *map,
				     uint16_t address, uint16_t count, const uint16_t *words,
				     bool set)
{
	const uint32_t end = (uint32_t)address + count;
	uint32_t at = address;

	while (at < end) {
		const struct model_register *r =
			at > UINT16_MAX ? NULL : model_map_find(map, (uint16_t)at);
		enum mb_exception exception;

		if (!r)
			return unlisted(meter);
		if (r->address != at || at + r->count > end || !r->writable)
			return MB_ILLEGAL_ADDRESS;
		exception = write_item(meter, r, words + (at - address), set);
		if (exception != MB_OK)
			return exception;
		at += r->count;
	}
	return MB_OK;
}

enum mb_exception mbmap_write(struct meter *meter, uint16_t address, uint16_t count,
			      const uint16_t *words, bool single)
{
	const struct model_modbus *modbus = &meter_model(meter)->modbus;
	const struct model_map *map = &modbus->map;
	const struct model_register *first = model_map_find(map, address);
	enum mb_exception exception;

	if (!first) {
		map = &modbus->old_map;
		first = model_map_find(map, address);
		if (first && count > first->count)
			return unlisted(meter);
	}
	if (single && first && first->address == address && first->count > 1 && first->writable)
		return MB_ILLEGAL_VALUE;
	exception = write_items(meter, map, address, count, words, false);
	if (exception != MB_OK)
		return exception;
	return write_items(meter, map, address, count, words, true);
}
