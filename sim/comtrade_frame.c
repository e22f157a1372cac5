/* SPDX-License-Identifier: MIT */
/* comtrade_frame - one sample of all channels, as bytes or as a line of a COMTRADE data file */
#include "sim/comtrade_frame.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"

#define HEAD_BYTES  8 /* sample number and time stamp */
#define HEAD_FIELDS 2
#define WORD_BITS   16 /* digital channels come in words */
#define NO_STAMP    UINT32_MAX
#define END_OF_FILE '\x1a'

/* --- binary --- */

static void get_16(struct cursor_in *in, double *ret_value, bool *ret_missing)
{
	const int16_t value = (int16_t)cursor_get_le16(in);

	*ret_value = value;
	*ret_missing = value == INT16_MIN;
}

static void get_32(struct cursor_in *in, double *ret_value, bool *ret_missing)
{
	const int32_t value = (int32_t)cursor_get_le32(in);

	*ret_value = value;
	*ret_missing = value == INT32_MIN;
}

/* The lowest number there is, or none at all: nobody measures that. */
static void get_float(struct cursor_in *in, double *ret_value, bool *ret_missing)
{
	const uint32_t bits = cursor_get_le32(in);
	float value;

	memcpy(&value, &bits, sizeof(value));
	*ret_value = (double)value;
	*ret_missing = isnan(value) || value <= -FLT_MAX;
}

static const struct {
	size_t value_bytes; /* 0: text */
	void (*get)(struct cursor_in *in, double *ret_value, bool *ret_missing);
} formats[] = {
	[COMTRADE_ASCII] = {.value_bytes = 0},
	[COMTRADE_BINARY] = {.value_bytes = 2, .get = get_16},
	[COMTRADE_BINARY32] = {.value_bytes = 4, .get = get_32},
	[COMTRADE_FLOAT32] = {.value_bytes = 4, .get = get_float},
};

size_t comtrade_frame_bytes(const struct comtrade_cfg *cfg)
{
	const size_t value_bytes = formats[cfg->encoding].value_bytes;
	const size_t words = (cfg->digitals + WORD_BITS - 1) / WORD_BITS;

	return value_bytes ? HEAD_BYTES + value_bytes * cfg->analogs + 2 * words : 0;
}

void comtrade_frame_get(const struct comtrade_cfg *cfg, const uint8_t *raw,
			struct comtrade_frame *ret)
{
	struct cursor_in in;
	uint32_t stamp;

	cursor_in_init(&in, raw, comtrade_frame_bytes(cfg));
	ret->number = cursor_get_le32(&in);
	stamp = cursor_get_le32(&in);
	ret->stamp = stamp == NO_STAMP ? -1 : (int64_t)stamp;
	for (unsigned c = 0; c < cfg->analogs; c++)
		formats[cfg->encoding].get(&in, &ret->value[c], &ret->missing[c]);
}

/* --- text --- */

/* 999999 (1991), and 99999, which lies beyond the range of 1999. */
static bool is_missing(const struct comtrade_cfg *cfg, const char *field)
{
	if (!*field)
		return true;
	return cfg->revision < 2013 &&
	       (strcmp(field, "99999") == 0 || strcmp(field, "999999") == 0);
}

static int read_value(const struct comtrade_cfg *cfg, const struct recording_text *in, unsigned c,
		      const char *field, struct comtrade_frame *ret)
{
	ret->missing[c] = is_missing(cfg, field);
	ret->value[c] = 0;
	if (ret->missing[c] || text_to_double(field, &ret->value[c]) == 0)
		return 0;
	return recording_text_complain(in, field, "%.60s: '%.60s' is not a number",
				       cfg->analog[c].name, field);
}

static int read_head(const struct recording_text *in, char **rest, struct comtrade_frame *ret)
{
	const char *field = recording_text_field(rest, ',');

	if (!field || text_to_int(field, &ret->number) < 0 || ret->number < 0 ||
	    ret->number > COMTRADE_SAMPLES_MAX)
		return recording_text_complain(in, in->text, "'%.60s' is no number of a sample",
					       field ? field : "");
	field = recording_text_field(rest, ',');
	ret->stamp = -1;
	if (field && *field && (text_to_int(field, &ret->stamp) < 0 || ret->stamp < 0))
		return recording_text_complain(in, field, "'%.60s' is no time stamp", field);
	return 0;
}

/* 1; 0 at the end of the file, of the data, or of a CFF file's part. */
static int next_line(struct recording_text *in)
{
	int r;

	do
		r = recording_text_line(in);
	while (r > 0 && in->text[strspn(in->text, " \t")] == '\0');
	if (r > 0 && (in->text[0] == END_OF_FILE || comtrade_is_part(in->text)))
		return 0;
	return r;
}

int comtrade_frame_line(const struct comtrade_cfg *cfg, struct recording_text *in,
			const float limit[PLAYBACK_COLUMNS_MAX], struct comtrade_frame *ret)
{
	const unsigned expected = HEAD_FIELDS + cfg->analogs + cfg->digitals;
	unsigned count = HEAD_FIELDS;
	char *rest, *field;
	int r = next_line(in);

	if (r <= 0)
		return r;
	rest = in->text;
	r = read_head(in, &rest, ret);
	while (r == 0 && (field = recording_text_field(&rest, ','))) {
		const unsigned c = count++ - HEAD_FIELDS;

		if (c < cfg->analogs && limit[c] > 0)
			r = read_value(cfg, in, c, field, ret);
	}
	if (r < 0)
		return r;
	if (count == expected)
		return 1;
	return recording_text_complain(in, in->text,
				       "%u fields, where %u analog and %u digital channels make %u",
				       count, cfg->analogs, cfg->digitals, expected);
}
