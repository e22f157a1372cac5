/* SPDX-License-Identifier: MIT */
/* comtrade_names - what units, phases and names of COMTRADE channels mean */
#include "sim/comtrade_names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COUNT(a)       (sizeof(a) / sizeof((a)[0]))
#define WORD_MAX_BYTES 16

static const struct {
	const char *word;
	enum recording_quantity quantity;
} units[] = {
	{"V", RECORDING_VOLTAGE},      {"volt", RECORDING_VOLTAGE},    {"volts", RECORDING_VOLTAGE},
	{"A", RECORDING_CURRENT},      {"amp", RECORDING_CURRENT},     {"amps", RECORDING_CURRENT},
	{"ampere", RECORDING_CURRENT}, {"amperes", RECORDING_CURRENT},
};

static const struct {
	char letter;
	double factor;
} prefixes[] = {{'u', 1e-6}, {'m', 1e-3}, {'k', 1e3}, {'K', 1e3}, {'M', 1e6}};

static enum recording_quantity find_unit(const char *word)
{
	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcasecmp(word, units[i].word) == 0)
			return units[i].quantity;
	}
	return RECORDING_OTHER;
}

enum recording_quantity comtrade_unit(const char *unit, double *ret_per_unit)
{
	enum recording_quantity quantity;

	*ret_per_unit = 1;
	if (!*unit)
		return RECORDING_UNKNOWN;
	quantity = find_unit(unit);
	if (quantity != RECORDING_OTHER)
		return quantity;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		if (unit[0] != prefixes[i].letter)
			continue;
		quantity = find_unit(unit + 1);
		if (quantity != RECORDING_OTHER)
			*ret_per_unit = prefixes[i].factor;
		return quantity;
	}
	return RECORDING_OTHER;
}

/* The letters and digits of text in capitals, without the rest. False: too many. */
static bool squeeze(const char *text, char word[WORD_MAX_BYTES])
{
	size_t len = 0;

	for (; *text; text++) {
		if (!isalnum((unsigned char)*text))
			continue;
		if (len == WORD_MAX_BYTES - 1)
			return false;
		word[len++] = (char)toupper((unsigned char)*text);
	}
	word[len] = '\0';
	return true;
}

/* Capitals only. */
static int phase_of(const char *word)
{
	static const char letters[] = "ABCRST123";
	const char *at;
	size_t len = strlen(word);

	if (len > 1 && word[0] == 'L' && word[1] >= '1' && word[1] <= '3') {
		word++;
		len--;
	}
	if (len == 0 || len > 2 || (len == 2 && word[1] != 'N'))
		return RECORDING_PHASE_NONE;
	at = strchr(letters, word[0]);
	return at ? (int)(at - letters) % 3 : RECORDING_PHASE_NONE;
}

int comtrade_phase(const char *text)
{
	char word[WORD_MAX_BYTES] = "";

	return squeeze(text, word) ? phase_of(word) : RECORDING_PHASE_NONE;
}

/* "AB", "L1L2", "12": a voltage between two phases. */
static bool is_pair(const char *word)
{
	const size_t half = strlen(word) / 2;
	char first[WORD_MAX_BYTES] = "";

	if (half == 0 || word[2 * half] != '\0')
		return false;
	memcpy(first, word, half);
	return phase_of(first) >= 0 && phase_of(word + half) >= 0;
}

/* V, U, E for voltages, I for currents, in front of a phase. */
static enum recording_quantity quantity_of(char letter)
{
	if (letter == 'I')
		return RECORDING_CURRENT;
	return letter && strchr("VUE", letter) ? RECORDING_VOLTAGE : RECORDING_UNKNOWN;
}

void comtrade_names_guess(const char *phase, const char *name, struct recording_column *column)
{
	enum recording_quantity named = RECORDING_UNKNOWN;
	char word[WORD_MAX_BYTES] = "";
	const char *rest = word;

	column->phase = RECORDING_PHASE_UNKNOWN;
	if (squeeze(name, word)) {
		named = quantity_of(word[0]);
		rest = named == RECORDING_UNKNOWN ? word : word + 1;
	}
	if (column->quantity == RECORDING_UNKNOWN && phase_of(rest) >= 0)
		column->quantity = named;
	if (*phase)
		column->phase = comtrade_phase(phase);
	else if (named != RECORDING_UNKNOWN && named != column->quantity)
		return; /* a name that contradicts the unit tells nothing */
	else if (phase_of(rest) >= 0)
		column->phase = phase_of(rest);
	else if (is_pair(rest))
		column->phase = RECORDING_PHASE_NONE;
}
