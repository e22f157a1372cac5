/* SPDX-License-Identifier: MIT */
/* intervals_head - the names of an interval file's columns, and its times */
#include "sim/intervals_head.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define COUNT(a)       (sizeof(a) / sizeof((a)[0]))
#define NS_PER_S       INT64_C(1000000000)
#define SECONDS_MAX    1e10
#define WORD_MAX_BYTES 24

static const struct {
	const char *name;
	const char *unit;
} quantities[INTERVAL_QUANTITIES] = {
	[INTERVAL_POWER] = {"power", "W"},
	[INTERVAL_CURRENT] = {"current", "A"},
	[INTERVAL_PF] = {"pf", ""},
};

static const char *const phases[] = {".l1", ".l2", ".l3", ""};

/* --- columns --- */

/* "kW" of "W". */
static bool unit_factor(const char *text, const char *unit, double *ret)
{
	static const struct {
		char letter;
		double factor;
	} prefixes[] = {{'m', 1e-3}, {'k', 1e3}, {'K', 1e3}, {'M', 1e6}};

	*ret = 1;
	if (*text == '\0' || strcasecmp(text, unit) == 0)
		return true;
	for (size_t i = 0; i < COUNT(prefixes) && *unit; i++) {
		if (text[0] == prefixes[i].letter && strcasecmp(text + 1, unit) == 0) {
			*ret = prefixes[i].factor;
			return true;
		}
	}
	return false;
}

/* Name and unit, which stands behind it in brackets or without. False: too long. */
static bool split(const char *text, char name[WORD_MAX_BYTES], char unit[WORD_MAX_BYTES])
{
	const size_t name_len = strcspn(text, " ([");
	const char *rest = text + name_len + strspn(text + name_len, " ([");
	const size_t unit_len = strcspn(rest, " )]");

	if (name_len >= WORD_MAX_BYTES || unit_len >= WORD_MAX_BYTES ||
	    rest[unit_len + strspn(rest + unit_len, " )]")] != '\0')
		return false;
	memcpy(name, text, name_len);
	name[name_len] = '\0';
	memcpy(unit, rest, unit_len);
	unit[unit_len] = '\0';
	return true;
}

int interval_column_parse(const char *name, struct interval_column *ret)
{
	char word[WORD_MAX_BYTES], unit[WORD_MAX_BYTES];

	if (!split(name, word, unit))
		return -EINVAL;
	for (int q = 0; q < INTERVAL_QUANTITIES; q++) {
		const size_t len = strlen(quantities[q].name);

		if (strncasecmp(word, quantities[q].name, len) != 0)
			continue;
		for (int p = 0; p <= INTERVAL_ALL; p++) {
			if (strcasecmp(word + len, phases[p]) != 0)
				continue;
			ret->quantity = (enum interval_quantity)q;
			ret->phase = p;
			return unit_factor(unit, quantities[q].unit, &ret->unit) ? 0 : -ERANGE;
		}
	}
	return -EINVAL;
}

bool interval_is_time(const char *name)
{
	char word[WORD_MAX_BYTES], unit[WORD_MAX_BYTES];

	return split(name, word, unit) && (*unit == '\0' || strcasecmp(unit, "s") == 0) &&
	       (strcasecmp(word, "time") == 0 || strcasecmp(word, "timestamp") == 0);
}

/* --- times --- */

/* So many digits, from min to max. */
static bool take_digits(const char **at, int digits, int min, int max, int *ret)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)**at))
			return false;
		value = 10 * value + *(*at)++ - '0';
	}
	*ret = value;
	return value >= min && value <= max;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static int64_t days_since_1970(int year, int month, int day)
{
	const int before = year - 1;
	int64_t days = 365 * (int64_t)(year - 1970) + before / 4 - before / 100 + before / 400 -
		       477 + day - 1;

	for (int m = 1; m < month; m++)
		days += days_of_month(year, m);
	return days;
}

/* Up to nine decimals count. */
static bool take_decimals(const char **at, int64_t *ret_ns)
{
	int64_t unit_ns = NS_PER_S / 10;

	if (!take(at, '.'))
		return true;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++) {
		*ret_ns += (**at - '0') * unit_ns;
		unit_ns /= 10;
	}
	return true;
}

static bool take_offset(const char **at, int64_t *ret_s)
{
	const int sign = **at == '-' ? -1 : 1;
	int hours, minutes = 0;

	if (take(at, 'Z') || **at == '\0')
		return true;
	if ((!take(at, '+') && !take(at, '-')) || !take_digits(at, 2, 0, 23, &hours))
		return false;
	take(at, ':');
	if (**at && !take_digits(at, 2, 0, 59, &minutes))
		return false;
	*ret_s -= sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool parse_iso(const char *at, int64_t *ret_ns)
{
	int year, month, day, hours, minutes, seconds = 0;
	int64_t s, ns = 0;

	if (!take_digits(&at, 4, 1970, 2200, &year) || !take(&at, '-') ||
	    !take_digits(&at, 2, 1, 12, &month) || !take(&at, '-') ||
	    !take_digits(&at, 2, 1, days_of_month(year, month), &day))
		return false;
	if ((!take(&at, 'T') && !take(&at, ' ')) || !take_digits(&at, 2, 0, 23, &hours) ||
	    !take(&at, ':') || !take_digits(&at, 2, 0, 59, &minutes))
		return false;
	if (take(&at, ':') && (!take_digits(&at, 2, 0, 59, &seconds) || !take_decimals(&at, &ns)))
		return false;
	s = days_since_1970(year, month, day) * 86400 + hours * 3600 + minutes * 60 + seconds;
	if (!take_offset(&at, &s) || *at != '\0')
		return false;
	*ret_ns = s * NS_PER_S + ns;
	return true;
}

int interval_time_parse(const char *text, int64_t *ret_ns)
{
	double s;

	if (text_to_double(text, &s) == 0) {
		if (!(fabs(s) <= SECONDS_MAX))
			return -EINVAL;
		*ret_ns = (int64_t)floor(s) * NS_PER_S + llround((s - floor(s)) * 1e9);
		return 0;
	}
	return parse_iso(text, ret_ns) ? 0 : -EINVAL;
}
