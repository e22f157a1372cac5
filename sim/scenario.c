/* SPDX-License-Identifier: MIT */
/* scenario - what happens to a meter's grid and load over time */
#include "sim/scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "sim/conf_read.h"
#include "sim/timeline.h"
#include "sim/world.h"

#define EVENTS_MAX 10000
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define PLACES     (sizeof(struct world) / sizeof(double))

struct event_text {
	int64_t at_ns;
	const struct conf_node *set;
	const struct conf_node *ramp;
	const struct conf_node *vary;
};

struct scenario_text {
	char name[CONF_TEXT_MAX];
	int64_t duration_ns;
	bool repeat;
	const struct conf_node *timeline;
};

static const struct conf_field event_fields[] = {
	{.key = "at",
	 .read = conf_duration,
	 .offset = offsetof(struct event_text, at_ns),
	 .required = true},
	{.key = "set", .read = conf_raw, .offset = offsetof(struct event_text, set)},
	{.key = "ramp", .read = conf_raw, .offset = offsetof(struct event_text, ramp)},
	{.key = "vary", .read = conf_raw, .offset = offsetof(struct event_text, vary)},
};

static const struct conf_field scenario_fields[] = {
	{.key = "name",
	 .read = conf_text,
	 .offset = offsetof(struct scenario_text, name),
	 .required = true},
	{.key = "duration",
	 .read = conf_duration,
	 .offset = offsetof(struct scenario_text, duration_ns),
	 .required = true,
	 .min = 1,
	 .max = 86400.0 * 3660},
	{.key = "repeat", .read = conf_bool, .offset = offsetof(struct scenario_text, repeat)},
	{.key = "timeline",
	 .read = conf_raw,
	 .offset = offsetof(struct scenario_text, timeline),
	 .required = true},
};

struct reader {
	struct conf_context context;
	struct scenario *scenario;
	double maximum_current_a;
	bool vary;  /* values are ratios */
	bool moves; /* values lie between others: numbers only */
	size_t changes_cap;
};

static bool add_change(struct reader *reader, const struct conf_node *node, size_t offset,
		       double value)
{
	struct scenario *s = reader->scenario;

	if (s->change_count == reader->changes_cap) {
		const size_t cap = reader->changes_cap ? 2 * reader->changes_cap : 64;
		struct change *changes = realloc(s->changes, cap * sizeof(*changes));

		if (!changes) {
			conf_error(&reader->context, node, "out of memory");
			return false;
		}
		s->changes = changes;
		reader->changes_cap = cap;
	}
	s->changes[s->change_count++] = (struct change){.offset = offset, .value = value};
	return true;
}

/* "5 %": by how much a value varies. */
static int parse_ratio(const char *text, double *ret)
{
	double percent;

	if (conf_quantity(text, "%", &percent) < 0 || !(percent >= 0 && percent <= 100))
		return -EINVAL;
	*ret = percent / 100;
	return 0;
}

static bool read_value(struct reader *reader, const struct conf_node *node, const char *name,
		       const struct world_target *target, unsigned place)
{
	char complaint[128];
	double value = 0;
	int r;

	if (target->names && reader->moves) {
		conf_error(&reader->context, node, "%s: can only be set, there is nothing between",
			   name);
		return false;
	}
	if (node->kind != CONF_SCALAR) {
		conf_error(&reader->context, node, "%s: one value%s is expected", name,
			   target->count == 3 ? " or a list of three" : "");
		return false;
	}
	r = reader->vary ? parse_ratio(node->text, &value)
			 : world_parse(target, node->text, &value);
	if (r < 0 && reader->vary)
		conf_error(&reader->context, node, "%s: '%.60s' is not a ratio from 0 to 100 %%",
			   name, node->text);
	else if (r < 0)
		conf_error(&reader->context, node, r == -ERANGE ? "%s: %s %s" : "%s: '%.60s' %s",
			   name, node->text,
			   world_complaint(target, r, complaint, sizeof(complaint)));
	return r == 0 && add_change(reader, node, target->offset[place], value);
}

/* "load.current: [1, 2, 3]": one place of each phase, or the same for all. */
static bool read_change(struct reader *reader, const struct conf_node *key,
			const struct conf_node *node)
{
	struct world_target target;
	bool ok = true;

	if (!world_find(key->text, reader->maximum_current_a, &target)) {
		size_t count;
		const char *const *names = world_names(&count);
		char hint[128];

		conf_error(&reader->context, key, "there is no world point '%.60s'%s", key->text,
			   conf_hint(key->text, names, count, hint, sizeof(hint)));
		return false;
	}
	if (node->kind == CONF_LIST && (target.count != 3 || node->count != 3)) {
		conf_error(&reader->context, node, "%s: %s is expected", key->text,
			   target.count == 3 ? "one value or a list of three" : "one value");
		return false;
	}
	for (unsigned p = 0; p < target.count; p++) {
		if (node->kind == CONF_LIST)
			ok &= read_value(reader, node->item[p], key->text, &target, p);
		else if (ok) /* one fault, not three */
			ok = read_value(reader, node, key->text, &target, p);
	}
	return ok;
}

/* By action: the key of the map, and the key in it that is no world point but a time. */
static const struct {
	const char *key;
	struct conf_field time;
} actions[] = {
	[ACTION_SET] = {.key = "set"},
	[ACTION_RAMP] = {.key = "ramp",
			 .time = {.key = "over",
				  .read = conf_duration,
				  .min = 0.001,
				  .max = 86400.0 * 366}},
	[ACTION_VARY] = {.key = "vary",
			 .time = {.key = "every",
				  .read = conf_duration,
				  .min = 0.001,
				  .max = 86400.0 * 366}},
};

static bool read_changes(struct reader *reader, const struct conf_node *node, enum action action,
			 struct event *event)
{
	const struct conf_field *time = &actions[action].time;
	const char *name = actions[action].key;
	bool ok = true;

	if (node->kind != CONF_MAP) {
		conf_error(&reader->context, node, "%s: a map of world points is expected", name);
		return false;
	}
	event->action = action;
	event->first = reader->scenario->change_count;
	reader->vary = action == ACTION_VARY;
	reader->moves = action != ACTION_SET;
	for (size_t i = 0; i < node->count; i++) {
		const struct conf_node *key = node->item[2 * i], *value = node->item[2 * i + 1];

		if (conf_given_before(&reader->context, node, i))
			ok = false;
		else if (time->key && strcmp(key->text, time->key) == 0)
			ok &= conf_duration(&reader->context, value, time, &event->time_ns);
		else
			ok &= read_change(reader, key, value);
	}
	event->count = reader->scenario->change_count - event->first;
	if (ok && event->count == 0) {
		conf_error(&reader->context, node, "%s: a world point is expected", name);
		return false;
	}
	if (ok && time->key && event->time_ns == 0) {
		conf_error(&reader->context, node, "%s: key '%s' is missing", name, time->key);
		return false;
	}
	return ok;
}

static bool check_event(const struct reader *reader, const struct conf_node *node,
			const struct event_text *t)
{
	const struct scenario *s = reader->scenario;

	if (!!t->set + !!t->ramp + !!t->vary != 1) {
		conf_error(&reader->context, node, "one of 'set', 'ramp' and 'vary' is expected");
		return false;
	}
	if (t->at_ns > s->duration_ns) {
		conf_error(&reader->context, node, "at: after the end of the scenario");
		return false;
	}
	if (s->event_count && t->at_ns < s->events[s->event_count - 1].at_ns) {
		conf_error(&reader->context, node, "at: earlier than the event before it");
		return false;
	}
	return true;
}

/* Reads on after an error, to find all of them. */
static bool read_event(struct reader *reader, const struct conf_node *node, struct event *event)
{
	struct event_text t = {0};
	bool ok = conf_map(&reader->context, node, "the event", event_fields, COUNT(event_fields),
			   &t) &&
		  check_event(reader, node, &t);

	event->at_ns = t.at_ns;
	if (t.set)
		ok &= read_changes(reader, t.set, ACTION_SET, event);
	if (t.ramp)
		ok &= read_changes(reader, t.ramp, ACTION_RAMP, event);
	if (t.vary)
		ok &= read_changes(reader, t.vary, ACTION_VARY, event);
	return ok;
}

static bool read_timeline(struct reader *reader, const struct conf_node *node)
{
	struct scenario *s = reader->scenario;
	bool ok = true;

	if (node->kind != CONF_LIST || node->count < 1 || node->count > EVENTS_MAX) {
		conf_error(&reader->context, node, "timeline: a list of 1 to %d events is expected",
			   EVENTS_MAX);
		return false;
	}
	s->events = calloc(node->count, sizeof(*s->events));
	if (!s->events) {
		conf_error(&reader->context, node, "out of memory");
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		struct event event = {0};

		if (read_event(reader, node->item[i], &event))
			s->events[s->event_count++] = event;
		else
			ok = false;
	}
	return ok;
}

/* Places that some event of this kind touches. */
static size_t count_places(const struct scenario *s, enum action action)
{
	bool seen[PLACES] = {false};
	size_t count = 0;

	for (size_t i = 0; i < s->event_count; i++) {
		const struct event *event = &s->events[i];

		for (size_t c = event->first;
		     event->action == action && c < event->first + event->count; c++) {
			const size_t place = s->changes[c].offset / sizeof(double);

			count += !seen[place];
			seen[place] = true;
		}
	}
	return count;
}

int scenario_load_tree(struct scenario **ret, const struct conf_tree *tree,
		       double maximum_current_a, struct diag *diag)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	struct reader reader = {.context = {.file = conf_tree_file(tree), .diag = diag},
				.scenario = scenario,
				.maximum_current_a = maximum_current_a};
	const struct conf_node *root = conf_tree_root(tree);
	struct scenario_text t = {0};
	bool ok;

	if (!scenario)
		return -ENOMEM;
	ok = conf_map(&reader.context, root, "the scenario", scenario_fields,
		      COUNT(scenario_fields), &t);
	/* a bad one has been reported, and must not make the events bad */
	scenario->duration_ns = t.duration_ns ? t.duration_ns : INT64_MAX;
	scenario->repeat = t.repeat;
	if (t.timeline)
		ok &= read_timeline(&reader, t.timeline);
	if (!ok) {
		scenario_destroy(scenario);
		return -EINVAL;
	}
	scenario->ramp_places = count_places(scenario, ACTION_RAMP);
	scenario->vary_places = count_places(scenario, ACTION_VARY);
	*ret = scenario;
	return 0;
}

int scenario_parse(struct scenario **ret, const char *file, const char *text, size_t len_bytes,
		   double maximum_current_a, struct diag *diag)
{
	struct conf_tree *tree;
	int r = conf_tree_parse(&tree, file, text, len_bytes, diag);

	if (r < 0)
		return r;
	r = scenario_load_tree(ret, tree, maximum_current_a, diag);
	conf_tree_destroy(tree);
	return r;
}

int scenario_load(struct scenario **ret, const char *path, double maximum_current_a,
		  struct diag *diag)
{
	struct conf_tree *tree;
	int r = conf_tree_load(&tree, path, diag);

	if (r < 0)
		return r;
	r = scenario_load_tree(ret, tree, maximum_current_a, diag);
	conf_tree_destroy(tree);
	return r;
}

void scenario_destroy(struct scenario *scenario)
{
	if (!scenario)
		return;
	free(scenario->events);
	free(scenario->changes);
	free(scenario);
}
