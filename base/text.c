/* SPDX-License-Identifier: MIT */
/* text - numbers out of text, and the nearest name to a mistyped one */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 48 /* longer words get no suggestion */

static size_t count_digits(const char *text)
{
	size_t n = 0;

	while (isdigit((unsigned char)text[n]))
		n++;
	return n;
}

/* Length of the decimal number at the start of text, 0 if there is none. */
static size_t number_length(const char *text)
{
	size_t n = (text[0] == '-' || text[0] == '+') ? 1 : 0;
	size_t whole = count_digits(text + n);
	size_t part = 0;

	n += whole;
	if (text[n] == '.') {
		part = count_digits(text + n + 1);
		n += 1 + part;
	}
	if (whole + part == 0)
		return 0;
	if (text[n] == 'e' || text[n] == 'E') {
		size_t sign = (text[n + 1] == '-' || text[n + 1] == '+') ? 1 : 0;
		size_t exponent = count_digits(text + n + 1 + sign);

		if (exponent)
			n += 1 + sign + exponent;
	}
	return n;
}

int text_to_int(const char *text, int64_t *ret)
{
	size_t sign = (text[0] == '-' || text[0] == '+') ? 1 : 0;
	size_t digits = count_digits(text + sign);
	long long value;

	if (digits == 0 || text[sign + digits] != '\0')
		return -EINVAL;
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno)
		return -ERANGE;
	*ret = value;
	return 0;
}

int text_to_hex32(const char *text, uint32_t *ret)
{
	size_t n = 2;

	if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return -EINVAL;
	while (isxdigit((unsigned char)text[n]))
		n++;
	if (n == 2 || text[n] != '\0')
		return -EINVAL;
	if (n > 10)
		return -ERANGE;
	*ret = (uint32_t)strtoul(text, NULL, 16);
	return 0;
}

int text_to_quantity(const char *text, double *ret_number, const char **ret_unit)
{
	size_t n = number_length(text);
	char number[NAME_MAX_BYTES];
	double value;

	if (n == 0)
		return -EINVAL;
	if (n >= sizeof(number))
		return -ERANGE;
	memcpy(number, text, n); /* strtod alone would read on into "0x10" */
	number[n] = '\0';
	errno = 0;
	value = strtod(number, NULL);
	if (errno == ERANGE && (value > 1 || value < -1))
		return -ERANGE;
	while (text[n] == ' ')
		n++;
	*ret_number = value;
	*ret_unit = text + n;
	return 0;
}

int text_to_double(const char *text, double *ret)
{
	const char *unit;
	double value;
	int r = text_to_quantity(text, &value, &unit);

	if (r < 0)
		return r;
	if (*unit != '\0' || text[number_length(text)] != '\0')
		return -EINVAL;
	*ret = value;
	return 0;
}

int text_to_scaled(const char *text, unsigned decimals, int64_t *ret)
{
	bool negative = text[0] == '-';
	const char *at = text + ((text[0] == '-' || text[0] == '+') ? 1 : 0);
	int64_t value = 0;
	bool point = false;
	bool digit = false;
	unsigned seen = 0;

	for (; *at; at++) {
		if (*at == '.' && !point) {
			point = true;
			continue;
		}
		if (!isdigit((unsigned char)*at))
			return -EINVAL;
		digit = true;
		if (point && seen == decimals) {
			if (*at != '0')
				return -EINVAL;
			continue;
		}
		if (value > (INT64_MAX - (*at - '0')) / 10)
			return -ERANGE;
		value = value * 10 + (*at - '0');
		seen += point;
	}
	if (!digit)
		return -EINVAL;
	for (; seen < decimals; seen++) {
		if (value > INT64_MAX / 10)
			return -ERANGE;
		value *= 10;
	}
	*ret = negative ? -value : value;
	return 0;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein distance; both words are shorter than NAME_MAX_BYTES. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_BYTES];
	size_t len_b = strlen(b);

	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len_b; j++) {
			size_t change = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = min3(change, row[j] + 1, row[j + 1] + 1);
		}
	}
	return row[len_b];
}

const char *text_nearest(const char *word, const char *const *names, size_t count)
{
	size_t len = strlen(word);
	const char *best = NULL;
	size_t best_distance = 5;

	if (len >= NAME_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t len_name = strlen(names[i]);
		size_t d;

		if (len_name >= NAME_MAX_BYTES)
			continue;
		d = distance(word, names[i]);
		if (strncmp(word, names[i], len) == 0 && d > 1 && len >= 3)
			d = 1; /* "volt" for "voltage": the rest was left out */
		if (strncmp(word, names[i], len_name) == 0 && d > 1 && len_name >= 3)
			d = 1; /* "baudrate" for "baud" */
		if (d <= 2 && 2 * d < len_name && d < best_distance) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}
