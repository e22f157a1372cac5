/* SPDX-License-Identifier: MIT */
/* ctl_wait - conditions on points, and waiting for them */
#include "ctl_wait.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define TURN_NS 100000000

static const struct {
	const char *sign;
	enum ctl_compare compare;
} signs[] = {
	{"<=", CTL_AT_MOST}, {">=", CTL_AT_LEAST}, {"==", CTL_EQUAL}, {"!=", CTL_OTHER},
	{"<", CTL_LESS},     {">", CTL_MORE},      {"=", CTL_EQUAL},
};

#define SIGNS (sizeof(signs) / sizeof(signs[0]))

static bool is_none(const char *words)
{
	fprintf(stderr,
		"metersimctl: '%s' is not a condition such as 'voltage.l1 > 200' or "
		"'setting.baud == 9600'\n",
		words);
	return false;
}

/* text without the blanks at both of its ends into buf. */
static bool trim(const char *text, size_t len, char *buf, size_t size)
{
	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len == 0 || len >= size)
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return true;
}

bool ctl_condition_parse(const char *words, struct ctl_condition *ret)
{
	const size_t at = strcspn(words, "<>=!");
	const char *unit;
	size_t s = 0;

	while (s < SIGNS && strncmp(words + at, signs[s].sign, strlen(signs[s].sign)) != 0)
		s++;
	if (s == SIGNS || !trim(words, at, ret->point, sizeof(ret->point)))
		return is_none(words);
	words += at + strlen(signs[s].sign);
	if (!trim(words, strlen(words), ret->text, sizeof(ret->text)))
		return is_none(words - at - strlen(signs[s].sign));
	ret->compare = signs[s].compare;
	ret->is_number = text_to_quantity(ret->text, &ret->number, &unit) == 0;
	if (ret->is_number)
		snprintf(ret->unit, sizeof(ret->unit), "%s", unit);
	if (!ret->is_number && ret->compare != CTL_EQUAL && ret->compare != CTL_OTHER)
		return is_none(ret->text);
	return true;
}

static bool holds_for(enum ctl_compare compare, int order)
{
	static const bool table[][3] = {
		[CTL_LESS] = {true, false, false},    [CTL_AT_MOST] = {true, true, false},
		[CTL_EQUAL] = {false, true, false},   [CTL_OTHER] = {true, false, true},
		[CTL_AT_LEAST] = {false, true, true}, [CTL_MORE] = {false, false, true},
	};

	return table[compare][order + 1];
}

/* Whether it holds for a point; *ret_usage: it cannot be asked of it, said on stderr. */
static bool holds(const struct ctl_condition *c, const json_t *point, bool *ret_usage)
{
	const json_t *value = json_object_get(point, "value");
	const char *unit = json_string_value(json_object_get(point, "unit"));

	*ret_usage = false;
	if (json_is_string(value))
		return holds_for(c->compare, strcmp(json_string_value(value), c->text) != 0);
	if (!c->is_number || (c->unit[0] && (!unit || strcmp(unit, c->unit) != 0))) {
		fprintf(stderr, "metersimctl: %s is a number%s%s, not '%s'\n", c->point,
			unit && *unit ? " of " : "", unit ? unit : "", c->text);
		*ret_usage = true;
		return false;
	}
	return holds_for(c->compare, (json_number_value(value) > c->number) -
					     (json_number_value(value) < c->number));
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

enum ctl_status ctl_wait(struct ctl *ctl, const char *meter, const struct ctl_condition *condition,
			 double timeout_s)
{
	const struct timespec turn = {.tv_nsec = TURN_NS};
	const double end_s = timeout_s < 0 ? HUGE_VAL : now_s() + timeout_s;
	char path[3 * CTL_NAME_MAX];
	enum ctl_status what;
	bool usage, met;
	json_t *point;

	snprintf(path, sizeof(path), "/v1/meters/%s/points/%s", meter, condition->point);
	for (;;) {
		what = ctl_ask(ctl, "GET", path, NULL, &point);
		if (what != CTL_FINE)
			return what;
		met = holds(condition, point, &usage);
		if (met || usage || now_s() >= end_s) {
			if (!met && !usage)
				fprintf(stderr, "metersimctl: %s is %s, still not %s\n",
					condition->point,
					json_string_value(json_object_get(point, "text")),
					condition->text);
			json_decref(point);
			return met ? CTL_FINE : usage ? CTL_USAGE : CTL_NOT_MET;
		}
		json_decref(point);
		nanosleep(&turn, NULL);
	}
}
