/* SPDX-License-Identifier: MIT */
/* comtrade_cfg - the configuration (.cfg) of a COMTRADE recording */
#include "sim/comtrade_cfg.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sim/comtrade_names.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define FIELDS_1991 10
#define FIELDS_1999 13
#define DECIMALS_US 6 /* of a second in the dates, beyond which stamps count ns (2013, 7.4.8) */
#define FACTOR_MAX  1e12
#define PART        "--- file type"
#define END_OF_FILE '\x1a' /* of old text files */

struct parser {
	struct comtrade_cfg *cfg;
	struct recording_text *in;
	bool ended; /* no more lines */
	bool fine;  /* the dates are in ns */
};

static const char *const encoding_names[] = {"ASCII", "BINARY", "BINARY32", "FLOAT32"};

const char *comtrade_encoding_name(enum comtrade_encoding encoding)
{
	return encoding_names[encoding];
}

bool comtrade_encoding_find(const char *name, enum comtrade_encoding *ret)
{
	for (unsigned e = 0; e < COUNT(encoding_names); e++) {
		if (strcasecmp(name, encoding_names[e]) == 0) {
			*ret = (enum comtrade_encoding)e;
			return true;
		}
	}
	return false;
}

bool comtrade_is_part(const char *line)
{
	return strncasecmp(line, PART, strlen(PART)) == 0;
}

/* --- lines and fields --- */

/* 1; 0 at the end; negative errno. */
static int next_line(struct parser *p)
{
	int r;

	if (p->ended)
		return 0;
	r = recording_text_line(p->in);
	if (r < 0)
		return r;
	p->ended = r == 0 || comtrade_is_part(p->in->text) || p->in->text[0] == END_OF_FILE;
	if (r == 0 || p->in->text[0] == END_OF_FILE)
		p->in->text[0] = '\0';
	return !p->ended;
}

/* 0; -EINVAL at the end, where what is expected. */
static int need_line(struct parser *p, const char *what)
{
	const int r = next_line(p);

	if (r == 0)
		return recording_text_complain(p->in, p->in->text, "it ends where %s is expected",
					       what);
	return r < 0 ? r : 0;
}

/* The next field, "" if there is none. */
static char *take_field(const struct parser *p, char **rest)
{
	char *field = recording_text_field(rest, ',');

	return field ? field : p->in->text + strlen(p->in->text);
}

static int read_number(const struct parser *p, const char *field, const char *what, double max,
		       double *ret)
{
	if (text_to_double(field, ret) < 0)
		return recording_text_complain(p->in, field, "%s: '%.40s' is not a number", what,
					       field);
	if (!(*ret >= -max && *ret <= max))
		return recording_text_complain(p->in, field, "%s: %.40s is out of range", what,
					       field);
	return 0;
}

/* From 0, or 1 if it is a count that cannot be none. */
static int read_count(const struct parser *p, const char *field, const char *what, int64_t min,
		      int64_t max, int64_t *ret)
{
	if (text_to_int(field, ret) < 0)
		return recording_text_complain(p->in, field, "%s: '%.40s' is not a whole number",
					       what, field);
	if (*ret < min || *ret > max)
		return recording_text_complain(p->in, field, "%s: %.40s is out of range %lld..%lld",
					       what, field, (long long)min, (long long)max);
	return 0;
}

/* --- station, number of channels --- */

static int read_station(struct parser *p)
{
	static const int64_t known[] = {1991, 1999, 2001, 2013};
	const char *field;
	char *rest;
	int64_t year = 0;
	int r = need_line(p, "station, device and revision year");

	if (r < 0)
		return r;
	rest = p->in->text;
	take_field(p, &rest);
	take_field(p, &rest);
	field = take_field(p, &rest);
	p->cfg->revision = 1991;
	if (!*field)
		return 0;
	text_to_int(field, &year);
	for (size_t i = 0; i < COUNT(known); i++) {
		if (year == known[i])
			p->cfg->revision = (int)year;
	}
	if (p->cfg->revision != year)
		return recording_text_complain(p->in, field,
					       "revision year '%.40s' is none of 1991, 1999, 2013",
					       field);
	if (year == 2001) /* IEC 60255-24:2001 is the text of 1999 */
		p->cfg->revision = 1999;
	return 0;
}

/* "12A" without its letter. */
static int read_channels(const struct parser *p, char *field, char letter, int64_t min, int64_t max,
			 unsigned *ret)
{
	const size_t len = strlen(field);
	const char *what = letter == 'A' ? "analog channels" : "digital channels";
	int64_t count;

	if (len == 0 || toupper((unsigned char)field[len - 1]) != letter)
		return recording_text_complain(
			p->in, field, "'%.40s' is no number of channels with a '%c' behind it",
			field, letter);
	field[len - 1] = '\0';
	if (read_count(p, field, what, min, max, &count) < 0)
		return -EINVAL;
	*ret = (unsigned)count;
	return 0;
}

static int read_numbers(struct parser *p)
{
	struct comtrade_cfg *cfg = p->cfg;
	char *total, *analogs, *digitals, *rest;
	int64_t count;
	int r = need_line(p, "the number of channels");

	if (r < 0)
		return r;
	rest = p->in->text;
	total = take_field(p, &rest);
	analogs = take_field(p, &rest);
	digitals = take_field(p, &rest);
	if (read_channels(p, analogs, 'A', 1, PLAYBACK_COLUMNS_MAX, &cfg->analogs) < 0 ||
	    read_channels(p, digitals, 'D', 0, COMTRADE_DIGITALS_MAX, &cfg->digitals) < 0 ||
	    read_count(p, total, "channels", 1, INT32_MAX, &count) < 0)
		return -EINVAL;
	if (count != (int64_t)cfg->analogs + cfg->digitals)
		return recording_text_complain(p->in, total,
					       "%lld channels, but %u analog and %u digital ones",
					       (long long)count, cfg->analogs, cfg->digitals);
	cfg->analog = calloc(cfg->analogs, sizeof(*cfg->analog));
	return cfg->analog ? 0 : -ENOMEM;
}

/* --- channels --- */

enum analog_field {
	ANALOG_NUMBER,
	ANALOG_NAME,
	ANALOG_PHASE,
	ANALOG_CIRCUIT,
	ANALOG_UNIT,
	ANALOG_A,
	ANALOG_B,
	ANALOG_SKEW,
	ANALOG_MIN,
	ANALOG_MAX,
	ANALOG_PRIMARY,
	ANALOG_SECONDARY,
	ANALOG_SIDE,
};

/* 13 fields since 1999; all or none of the last three. */
static int read_ratio(const struct parser *p, char *const field[FIELDS_1999],
		      struct comtrade_analog *analog)
{
	const char *side = field[ANALOG_SIDE];

	if (read_number(p, field[ANALOG_PRIMARY], "primary", FACTOR_MAX, &analog->primary) < 0 ||
	    read_number(p, field[ANALOG_SECONDARY], "secondary", FACTOR_MAX, &analog->secondary) <
		    0)
		return -EINVAL;
	analog->side = (char)toupper((unsigned char)side[0]);
	if (strlen(side) != 1 || (analog->side != 'P' && analog->side != 'S'))
		return recording_text_complain(p->in, side, "'%.40s' is neither P nor S", side);
	return 0;
}

static int fill_analog(const struct parser *p, char *const field[FIELDS_1999], unsigned count,
		       struct comtrade_analog *analog)
{
	int64_t number;

	if (read_count(p, field[ANALOG_NUMBER], "number of the analog channel", 0, INT32_MAX,
		       &number) < 0 ||
	    read_number(p, field[ANALOG_A], "a", FACTOR_MAX, &analog->a) < 0 ||
	    read_number(p, field[ANALOG_B], "b", FACTOR_MAX, &analog->b) < 0)
		return -EINVAL;
	if (*field[ANALOG_SKEW] &&
	    read_number(p, field[ANALOG_SKEW], "skew", FACTOR_MAX, &analog->skew_us) < 0)
		return -EINVAL;
	if (count == FIELDS_1999 && read_ratio(p, field, analog) < 0)
		return -EINVAL;
	analog->line = p->in->line;
	analog->column.quantity = comtrade_unit(field[ANALOG_UNIT], &analog->unit);
	comtrade_names_guess(field[ANALOG_PHASE], field[ANALOG_NAME], &analog->column);
	analog->name = strdup(field[ANALOG_NAME]);
	if (!analog->name)
		return -ENOMEM;
	recording_text_hide(analog->name);
	return 0;
}

static int read_analog(struct parser *p, struct comtrade_analog *analog)
{
	char *field[FIELDS_1999], *rest, *next;
	unsigned count = 0;
	int r = need_line(p, "an analog channel");

	if (r < 0)
		return r;
	rest = p->in->text;
	while ((next = recording_text_field(&rest, ','))) {
		if (count < FIELDS_1999)
			field[count] = next;
		count++;
	}
	if (count != FIELDS_1991 && count != FIELDS_1999)
		return recording_text_complain(
			p->in, p->in->text,
			"an analog channel has %d or %d fields, this line has %u", FIELDS_1991,
			FIELDS_1999, count);
	return fill_analog(p, field, count, analog);
}

static int read_all_channels(struct parser *p)
{
	int r = 0;

	for (unsigned c = 0; c < p->cfg->analogs && r == 0; c++)
		r = read_analog(p, &p->cfg->analog[c]);
	for (unsigned c = 0; c < p->cfg->digitals && r == 0; c++) {
		int64_t number;
		char *rest;

		r = need_line(p, "a digital channel");
		if (r < 0)
			break;
		rest = p->in->text;
		r = read_count(p, take_field(p, &rest), "number of the digital channel", 0,
			       INT32_MAX, &number);
	}
	return r;
}

/* --- rates --- */

static int read_section(struct parser *p, bool timed)
{
	struct comtrade_cfg *cfg = p->cfg;
	const int64_t last = cfg->sections ? cfg->section[cfg->sections - 1].end : 0;
	struct comtrade_section section = {.rate_hz = 0};
	const char *rate, *end;
	char *rest;
	int r = need_line(p, "a sampling rate and its last sample");

	if (r < 0)
		return r;
	section.line = p->in->line;
	rest = p->in->text;
	rate = take_field(p, &rest);
	end = take_field(p, &rest);
	if (read_number(p, rate, "sampling rate", FACTOR_MAX, &section.rate_hz) < 0 ||
	    read_count(p, end, "last sample", last + 1, COMTRADE_SAMPLES_MAX, &section.end) < 0)
		return -EINVAL;
	if (!timed && section.rate_hz <= 0)
		return recording_text_complain(p->in, rate, "sampling rate: %.40s is none", rate);
	if (cfg->sections && cfg->section[cfg->sections - 1].rate_hz == section.rate_hz)
		cfg->section[cfg->sections - 1].end = section.end;
	else if (cfg->sections == COMTRADE_SECTIONS_MAX)
		return recording_text_complain(p->in, rate, "more than %d sampling rates",
					       COMTRADE_SECTIONS_MAX);
	else
		cfg->section[cfg->sections++] = section;
	return 0;
}

static int read_sections(struct parser *p)
{
	const char *field;
	char *rest;
	int64_t count;
	int r = need_line(p, "the line frequency");

	if (r == 0)
		r = need_line(p, "the number of sampling rates");
	if (r < 0)
		return r;
	rest = p->in->text;
	field = take_field(p, &rest);
	r = read_count(p, field, "number of sampling rates", 0, 999, &count);
	if (r < 0)
		return r;
	p->cfg->timed = count == 0;
	if (count == 0)
		return read_section(p, true);
	for (; count > 0 && r == 0; count--)
		r = read_section(p, false);
	return r;
}

/* --- dates, encoding, units of time --- */

/* "dd/mm/yyyy,hh:mm:ss.ssssss": only how fine the seconds are matters. */
static int read_dates(struct parser *p)
{
	static const char *const what[] = {"the date of the first sample", "the trigger's date"};

	for (size_t i = 0; i < COUNT(what); i++) {
		const int r = need_line(p, what[i]);
		const char *point;

		if (r < 0)
			return r;
		point = strrchr(p->in->text, '.');
		if (point && p->cfg->revision >= 2013)
			p->fine |= strspn(point + 1, "0123456789") > DECIMALS_US;
	}
	return 0;
}

static int read_encoding(struct parser *p)
{
	const char *field;
	char *rest;
	int r = need_line(p, "the data's encoding");

	if (r < 0)
		return r;
	rest = p->in->text;
	field = take_field(p, &rest);
	if (!comtrade_encoding_find(field, &p->cfg->encoding))
		return recording_text_complain(
			p->in, field, "'%.40s' is none of ASCII, BINARY, BINARY32, FLOAT32", field);
	return 0;
}

/* Missing in 1991; what follows it in 2013 (time codes) is of no interest. */
static int read_multiplier(struct parser *p)
{
	double multiplier = 1;
	int r = next_line(p);

	if (r > 0) {
		char *rest = p->in->text;
		const char *field = take_field(p, &rest);

		if (*field && read_number(p, field, "time multiplier", FACTOR_MAX, &multiplier) < 0)
			return -EINVAL;
		if (multiplier <= 0)
			return recording_text_complain(p->in, field,
						       "time multiplier: %.40s is out of range",
						       field);
	}
	p->cfg->stamp_s = multiplier * (p->fine ? 1e-9 : 1e-6);
	while (r > 0)
		r = next_line(p);
	return r;
}

int comtrade_cfg_read(struct comtrade_cfg *cfg, struct recording_text *in)
{
	static int (*const steps[])(struct parser *) = {
		read_station, read_numbers,  read_all_channels, read_sections,
		read_dates,   read_encoding, read_multiplier,
	};
	struct parser parser = {.cfg = cfg, .in = in};
	int r = 0;

	*cfg = (struct comtrade_cfg){.analogs = 0};
	for (size_t i = 0; i < COUNT(steps) && r == 0; i++)
		r = steps[i](&parser);
	return r;
}

void comtrade_cfg_fini(struct comtrade_cfg *cfg)
{
	for (unsigned c = 0; c < cfg->analogs && cfg->analog; c++)
		free(cfg->analog[c].name);
	free(cfg->analog);
}
