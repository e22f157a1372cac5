/* SPDX-License-Identifier: MIT */
/* deed - what a scenario does to a bench besides grid and load */
#include "sim/deed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sim/fault_conf.h"
#include "sim/verdict.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define LONG_S    (86400.0 * 3660)
#define KILO      'k'
#define POINTS_AT 64 /* names offered as a hint */

static const char *const keys[] = {
	[DEED_FAULT] = "fault",   [DEED_CLEAR] = "clear", [DEED_MARK] = "mark",
	[DEED_EXPECT] = "expect", [DEED_POLL] = "poll",   [DEED_POWER] = "power",
};

const char *deed_key(enum deed_kind kind)
{
	return keys[kind];
}

/* A copy of the template for the reader to fill in. */
struct reader {
	const struct conf_context *context;
	const struct deed *template;
	bool (*add)(void *ctx, const struct deed *deed);
	void *ctx;
};

static bool give(const struct reader *r, const struct conf_node *node, const struct deed *deed)
{
	if (r->add(r->ctx, deed))
		return true;
	conf_error(r->context, node, "out of memory");
	return false;
}

static bool read_fault(const struct reader *r, const struct conf_node *node)
{
	struct deed deed = *r->template;

	return fault_conf_read(r->context, node, &deed.fault, deed.line) && give(r, node, &deed);
}

struct clear_text {
	char fault[CONF_TEXT_MAX];
	char line[CONF_TEXT_MAX];
};

static const struct conf_field clear_fields[] = {
	{.key = "fault",
	 .read = conf_name,
	 .offset = offsetof(struct clear_text, fault),
	 .required = true},
	{.key = "line", .read = conf_name, .offset = offsetof(struct clear_text, line)},
};

static bool read_clear(const struct reader *r, const struct conf_node *node)
{
	struct clear_text t = {.line = ""};
	struct deed deed = *r->template;

	if (!conf_map(r->context, node, "clear", clear_fields, COUNT(clear_fields), &t))
		return false;
	memcpy(deed.text, t.fault, sizeof(deed.text));
	memcpy(deed.line, t.line, sizeof(deed.line));
	return give(r, node, &deed);
}

static bool read_mark(const struct reader *r, const struct conf_node *node)
{
	const struct conf_field field = {.key = "mark"};
	struct deed deed = *r->template;

	return conf_text(r->context, node, &field, deed.text) && give(r, node, &deed);
}

/* --- points --- */

static bool find_point(const struct conf_context *context, const struct conf_node *node,
		       const char *name, const struct point **ret)
{
	const char *names[POINTS_AT * 4];
	size_t count = 0;
	char hint[128];

	*ret = point_find(name);
	if (*ret)
		return true;
	for (; count < COUNT(names) && point_at(count); count++)
		names[count] = point_at(count)->name;
	conf_error(context, node, "there is no point '%.60s'%s", name,
		   conf_hint(name, names, count, hint, sizeof(hint)));
	return false;
}

static const char *unit_of(const struct expectation *e)
{
	return e->subject == SUBJECT_POINT ? point_unit_name(e->point->unit) : "";
}

/*
 * "88.3 kWh", "2.3 kW", "230": a bare number has the point's unit. Units with a kilo of their own
 * are taken apart, so that Wh, kWh and MWh all fit.
 */
static int parse_value(const char *text, const char *unit, double *ret)
{
	double bare;
	int r;

	if (unit[0] != KILO)
		return conf_quantity(text, unit, ret);
	if (text_to_double(text, &bare) == 0) {
		*ret = bare;
		return 0;
	}
	r = conf_quantity(text, unit + 1, ret);
	*ret *= 1e-3;
	return r;
}

/* --- expectations --- */

struct expect_text {
	const struct conf_node *near;
	const struct conf_node *within;
	const struct conf_node *above;
	const struct conf_node *below;
	const struct conf_node *equals;
	int64_t unchanged_ns;
};

static const struct conf_field expect_fields[] = {
	{.key = "near", .read = conf_raw, .offset = offsetof(struct expect_text, near)},
	{.key = "within", .read = conf_raw, .offset = offsetof(struct expect_text, within)},
	{.key = "above", .read = conf_raw, .offset = offsetof(struct expect_text, above)},
	{.key = "below", .read = conf_raw, .offset = offsetof(struct expect_text, below)},
	{.key = "equals", .read = conf_raw, .offset = offsetof(struct expect_text, equals)},
	{.key = "unchanged",
	 .read = conf_duration,
	 .offset = offsetof(struct expect_text, unchanged_ns),
	 .min = 0.001,
	 .max = LONG_S},
};

static bool read_number(const struct conf_context *context, const struct conf_node *node,
			const struct expectation *e, const char *key, double *ret)
{
	const char *text = conf_scalar(context, node, key);

	if (!text)
		return false;
	if (parse_value(text, unit_of(e), ret) == 0)
		return true;
	conf_error(context, node, "%s: '%.60s' is not a number%s%s", key, text,
		   *unit_of(e) ? " of " : "", unit_of(e));
	return false;
}

/* "0.1%" of the value, or so much in its unit. */
static bool read_within(const struct conf_context *context, const struct conf_node *node,
			struct expectation *e)
{
	const char *text = conf_scalar(context, node, "within");
	const char *unit;
	double number;

	if (!text)
		return false;
	if (text_to_quantity(text, &number, &unit) == 0 && strcmp(unit, "%") == 0) {
		e->within = number / 100;
		e->within_ratio = true;
	} else if (!read_number(context, node, e, "within", &e->within)) {
		return false;
	}
	if (e->within >= 0)
		return true;
	conf_error(context, node, "within: less than nothing");
	return false;
}

static bool read_equals(const struct conf_context *context, const struct conf_node *node,
			struct expectation *e)
{
	const struct conf_field field = {.key = "equals"};

	e->has[EXPECT_EQUALS] = true;
	if (e->subject == SUBJECT_POINT && e->point->text)
		return conf_text(context, node, &field, e->text);
	return read_number(context, node, e, "equals", &e->value[EXPECT_EQUALS]);
}

static bool read_one(const struct conf_context *context, const struct conf_node *node,
		     enum expect_op op, const char *key, struct expectation *e)
{
	if (!node)
		return true;
	e->has[op] = true;
	return read_number(context, node, e, key, &e->value[op]);
}

static bool check_expectation(const struct conf_context *context, const struct conf_node *node,
			      const struct expect_text *t, const struct expectation *e)
{
	const bool any = t->near || t->above || t->below || t->equals || t->unchanged_ns;
	const char *wrong = NULL;

	if (!any)
		wrong = "near, above, below, equals or unchanged is expected";
	else if (!!t->near != !!t->within)
		wrong = "near and within belong together";
	else if (e->subject == SUBJECT_POINT && e->point->text && (t->near || t->above || t->below))
		wrong = "a text can only be equal, or unchanged";
	if (wrong)
		conf_error(context, node, "%s: %s", e->name, wrong);
	return !wrong;
}

static bool read_terms(const struct conf_context *context, const struct conf_node *node,
		       struct expectation *e)
{
	struct expect_text t = {.near = NULL};
	bool ok;

	if (!conf_map(context, node, e->name, expect_fields, COUNT(expect_fields), &t) ||
	    !check_expectation(context, node, &t, e))
		return false;
	ok = read_one(context, t.near, EXPECT_NEAR, "near", e);
	ok &= !t.within || read_within(context, t.within, e);
	ok &= read_one(context, t.above, EXPECT_ABOVE, "above", e);
	ok &= read_one(context, t.below, EXPECT_BELOW, "below", e);
	ok &= !t.equals || read_equals(context, t.equals, e);
	e->has[EXPECT_UNCHANGED] = t.unchanged_ns > 0;
	e->unchanged_ns = t.unchanged_ns;
	return ok;
}

/* "line.rs485.answers", "fault.noise": the owner is what stands between. */
static bool find_subject(const struct conf_context *context, const struct conf_node *key,
			 struct expectation *e)
{
	static const char *const numbers[] = {"requests",   "answers",    "exceptions",
					      "spoilt",     "too_early",  "too_close",
					      "inner_gaps", "wrong_rate", "not_understood",
					      "broadcasts"};
	const char *dot = strrchr(key->text, '.');
	char hint[128];

	snprintf(e->name, sizeof(e->name), "%s", key->text);
	if (strncmp(key->text, "fault.", 6) == 0) {
		e->subject = SUBJECT_FAULT;
		snprintf(e->owner, sizeof(e->owner), "%s", key->text + 6);
		return true;
	}
	if (strncmp(key->text, "line.", 5) != 0 || dot < key->text + 5)
		return find_point(context, key, key->text, &e->point);
	e->subject = SUBJECT_LINE;
	snprintf(e->owner, sizeof(e->owner), "%.*s", (int)(dot - key->text - 5), key->text + 5);
	snprintf(e->number, sizeof(e->number), "%s", dot + 1);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		if (strcmp(numbers[i], e->number) == 0)
			return true;
	}
	conf_error(context, key, "a line has no number '%.60s'%s", e->number,
		   conf_hint(e->number, numbers, COUNT(numbers), hint, sizeof(hint)));
	return false;
}

static bool read_expect(const struct reader *r, const struct conf_node *node)
{
	bool ok = true;

	if (node->kind != CONF_MAP || node->count < 1) {
		conf_error(r->context, node, "expect: a map of points is expected");
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct conf_node *key = node->item[2 * i];
		struct deed deed = *r->template;

		deed.file_line = key->line;
		if (conf_given_before(r->context, node, i) ||
		    !find_subject(r->context, key, &deed.expect) ||
		    !read_terms(r->context, node->item[2 * i + 1], &deed.expect))
			ok = false;
		else
			ok &= give(r, key, &deed);
	}
	return ok;
}

/* --- polls and power --- */

struct poll_text {
	char line[CONF_TEXT_MAX];
	char read[CONF_TEXT_MAX];
	int64_t every_ns;
	int64_t for_ns;
};

static const struct conf_field poll_fields[] = {
	{.key = "line", .read = conf_name, .offset = offsetof(struct poll_text, line)},
	{.key = "read",
	 .read = conf_text,
	 .offset = offsetof(struct poll_text, read),
	 .required = true},
	{.key = "every",
	 .read = conf_duration,
	 .offset = offsetof(struct poll_text, every_ns),
	 .required = true,
	 .min = 0.001,
	 .max = LONG_S},
	{.key = "for",
	 .read = conf_duration,
	 .offset = offsetof(struct poll_text, for_ns),
	 .min = 0.001,
	 .max = LONG_S},
};

static bool read_poll(const struct reader *r, const struct conf_node *node)
{
	struct poll_text t = {.line = ""};
	struct deed deed = *r->template;

	if (!conf_map(r->context, node, "poll", poll_fields, COUNT(poll_fields), &t) ||
	    !find_point(r->context, node, t.read, &deed.poll.point))
		return false;
	memcpy(deed.line, t.line, sizeof(deed.line));
	deed.poll.every_ns = t.every_ns;
	deed.poll.for_ns = t.for_ns;
	return give(r, node, &deed);
}

static bool read_power(const struct reader *r, const struct conf_node *node)
{
	const struct conf_field field = {.key = "power"};
	struct deed deed = *r->template;

	return conf_bool(r->context, node, &field, &deed.on) && give(r, node, &deed);
}

bool deed_read(const struct conf_context *context, const struct conf_node *node,
	       const struct deed *template, bool (*add)(void *ctx, const struct deed *deed),
	       void *ctx)
{
	static bool (*const readers[])(const struct reader *, const struct conf_node *) = {
		[DEED_FAULT] = read_fault,   [DEED_CLEAR] = read_clear, [DEED_MARK] = read_mark,
		[DEED_EXPECT] = read_expect, [DEED_POLL] = read_poll,   [DEED_POWER] = read_power,
	};
	const struct reader reader = {
		.context = context, .template = template, .add = add, .ctx = ctx};

	return readers[template->kind](&reader, node);
}
