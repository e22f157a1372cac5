/* SPDX-License-Identifier: MIT */
/* scenario - what happens to a meter's grid and load over time */
#include "sim/scenario.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "sim/conf_read.h"
#include "sim/data_path.h"
#include "sim/timeline.h"
#include "sim/world.h"

#define EVENTS_MAX   10000  /* as written */
#define UNFOLDED_MAX 200000 /* with those that profiles and repetitions become */
#define DEEDS_MAX    20000
#define INCLUDES_MAX 8 /* files within files */
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define PROFILE_MAX  1000 /* times and values of one point */
#define FOR_EVER_NS                                                                                \
	(INT64_MAX / 4) /* of a scenario whose duration is wrong: all errors are found */
#define PLACES (sizeof(struct world) / sizeof(double))

struct event_text {
	int64_t at_ns;
	char meter[CONF_TEXT_MAX];
	int64_t every_ns;
	int64_t times;
	int64_t for_ns;
	const struct conf_node *set;
	const struct conf_node *ramp;
	const struct conf_node *vary;
	const struct conf_node *profile;
	char include[CONF_TEXT_MAX];
	const struct conf_node *deed[DEED_KINDS];
};

struct scenario_text {
	char name[CONF_TEXT_MAX];
	char meter[CONF_TEXT_MAX];
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
	{.key = "profile", .read = conf_raw, .offset = offsetof(struct event_text, profile)},
	{.key = "include", .read = conf_text, .offset = offsetof(struct event_text, include)},
	{.key = "meter", .read = conf_text, .offset = offsetof(struct event_text, meter)},
	{.key = "every",
	 .read = conf_duration,
	 .offset = offsetof(struct event_text, every_ns),
	 .min = 0.001,
	 .max = 86400.0 * 366},
	{.key = "times",
	 .read = conf_int,
	 .offset = offsetof(struct event_text, times),
	 .min = 2,
	 .max = EVENTS_MAX},
	{.key = "for",
	 .read = conf_duration,
	 .offset = offsetof(struct event_text, for_ns),
	 .min = 0.001,
	 .max = 86400.0 * 366},
	{.key = "fault", .read = conf_raw, .offset = offsetof(struct event_text, deed[DEED_FAULT])},
	{.key = "clear", .read = conf_raw, .offset = offsetof(struct event_text, deed[DEED_CLEAR])},
	{.key = "mark", .read = conf_raw, .offset = offsetof(struct event_text, deed[DEED_MARK])},
	{.key = "expect",
	 .read = conf_raw,
	 .offset = offsetof(struct event_text, deed[DEED_EXPECT])},
	{.key = "poll", .read = conf_raw, .offset = offsetof(struct event_text, deed[DEED_POLL])},
	{.key = "power", .read = conf_raw, .offset = offsetof(struct event_text, deed[DEED_POWER])},
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
	{.key = "meter", .read = conf_text, .offset = offsetof(struct scenario_text, meter)},
	{.key = "timeline",
	 .read = conf_raw,
	 .offset = offsetof(struct scenario_text, timeline),
	 .required = true},
};

struct reader {
	struct conf_context context;
	struct scenario *scenario;
	double maximum_current_a;
	bool vary;       /* values are ratios */
	bool moves;      /* values lie between others: numbers only */
	int64_t base_ns; /* where an included file begins */
	unsigned depth;
	const char *meter; /* of the event, NULL: not given */
};

static bool grow(const struct reader *reader, const struct conf_node *node, void **list,
		 size_t count, size_t *cap, size_t size)
{
	const size_t wanted = *cap ? 2 * *cap : 64;
	void *grown;

	if (count < *cap)
		return true;
	grown = realloc(*list, wanted * size);
	if (!grown) {
		conf_error(&reader->context, node, "out of memory");
		return false;
	}
	*list = grown;
	*cap = wanted;
	return true;
}

static bool add_change(struct reader *reader, const struct conf_node *node, size_t offset,
		       double value)
{
	struct scenario *s = reader->scenario;

	if (!grow(reader, node, (void **)&s->changes, s->change_count, &s->change_cap,
		  sizeof(*s->changes)))
		return false;
	s->changes[s->change_count++] = (struct change){.offset = offset, .value = value};
	return true;
}

/* What is behind the end never happens. */
static bool add_event(struct reader *reader, const struct conf_node *node,
		      const struct event *event)
{
	struct scenario *s = reader->scenario;

	if (event->at_ns > s->duration_ns)
		return true;
	if (s->event_count == UNFOLDED_MAX) {
		conf_error(&reader->context, node, "more than %d events, repeated ones counted",
			   UNFOLDED_MAX);
		return false;
	}
	if (!grow(reader, node, (void **)&s->events, s->event_count, &s->event_cap,
		  sizeof(*s->events)))
		return false;
	s->events[s->event_count] = *event;
	s->events[s->event_count].order = s->event_count;
	s->events[s->event_count].meter = reader->meter;
	s->event_count++;
	return true;
}

struct deed_adder {
	struct reader *reader;
	const struct conf_node *node;
};

static bool add_deed(void *ctx, const struct deed *deed)
{
	const struct deed_adder *adder = ctx;
	struct deeds *deeds = &adder->reader->scenario->deeds;

	if (deed->at_ns > adder->reader->scenario->duration_ns)
		return true;
	if (deeds->count == DEEDS_MAX || !grow(adder->reader, adder->node, (void **)&deeds->list,
					       deeds->count, &deeds->cap, sizeof(*deeds->list)))
		return false;
	deeds->list[deeds->count] = *deed;
	deeds->list[deeds->count].order = deeds->count;
	deeds->count++;
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

/* Of a ramp: how long it rests at each value. */
static const struct conf_field ramp_step = {
	.key = "step", .read = conf_duration, .min = 0.001, .max = 86400.0};

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
		else if (action == ACTION_RAMP && strcmp(key->text, ramp_step.key) == 0)
			ok &= conf_duration(&reader->context, value, &ramp_step, &event->step_ns);
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

/* --- profiles --- */

static const char *const shape_names[] = {"held", "linear", NULL};
enum { SHAPE_HELD, SHAPE_LINEAR };

struct profile {
	int shape;
	int64_t every_ns;            /* 0: once */
	const struct conf_node *key; /* the point */
	const struct conf_node *list;
};

/* "[6h, 3 A]": a time and a value. */
static bool read_pair(struct reader *reader, const struct conf_node *node,
		      const struct profile *profile, int64_t *ret_at_ns, struct event *event)
{
	const struct conf_field field = {.key = "profile"};

	if (node->kind != CONF_LIST || node->count != 2) {
		conf_error(&reader->context, node, "%s: a time and a value are expected: [6h, 3]",
			   profile->key->text);
		return false;
	}
	event->first = reader->scenario->change_count;
	if (!conf_duration(&reader->context, node->item[0], &field, ret_at_ns) ||
	    !read_change(reader, profile->key, node->item[1]))
		return false;
	event->count = reader->scenario->change_count - event->first;
	return true;
}

/* A pair of a round: from the pair before it on, evenly, or at once at its own time. */
static bool add_pair(struct reader *reader, const struct conf_node *node, int shape,
		     int64_t from_ns, int64_t at_ns, struct event event)
{
	event.action = shape == SHAPE_LINEAR && at_ns > from_ns ? ACTION_RAMP : ACTION_SET;
	event.at_ns = event.action == ACTION_RAMP ? from_ns : at_ns;
	event.time_ns = at_ns - from_ns;
	return add_event(reader, node, &event);
}

/* One point's list, again and again. */
static bool read_profile_of(struct reader *reader, const struct profile *p, int64_t base_ns)
{
	const struct conf_node *list = p->list;
	struct event events[PROFILE_MAX] = {{0}};
	int64_t at_ns[PROFILE_MAX], last_ns = -1;

	if (list->kind != CONF_LIST || list->count < 1 || list->count > PROFILE_MAX) {
		conf_error(&reader->context, list,
			   "%s: a list of 1 to %d times and values is "
			   "expected",
			   p->key->text, PROFILE_MAX);
		return false;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (!read_pair(reader, list->item[i], p, &at_ns[i], &events[i]))
			return false;
		if (at_ns[i] <= last_ns || (p->every_ns && at_ns[i] >= p->every_ns)) {
			conf_error(&reader->context, list->item[i],
				   "%s: times go upward, and end before 'every'", p->key->text);
			return false;
		}
		last_ns = at_ns[i];
	}
	for (int64_t round_ns = base_ns, from_ns = -1; round_ns <= reader->scenario->duration_ns;
	     round_ns += p->every_ns) {
		for (size_t i = 0; i < list->count; i++) {
			const int64_t to_ns = round_ns + at_ns[i];

			if (!add_pair(reader, list, from_ns < 0 ? SHAPE_HELD : p->shape, from_ns,
				      to_ns, events[i]))
				return false;
			from_ns = to_ns;
		}
		if (!p->every_ns)
			break;
	}
	return true;
}

/* A map of points and their lists, with shape and every. */
static bool read_profile(struct reader *reader, const struct conf_node *node, int64_t base_ns)
{
	const struct conf_field shape = {.key = "shape", .read = conf_choice, .names = shape_names};
	const struct conf_field every = {
		.key = "every", .read = conf_duration, .min = 0.001, .max = 86400.0 * 366};
	struct profile profile = {.shape = SHAPE_HELD};
	bool ok = true;

	if (node->kind != CONF_MAP) {
		conf_error(&reader->context, node, "profile: a map of world points is expected");
		return false;
	}
	reader->vary = false;
	for (size_t i = 0; i < node->count; i++) {
		const struct conf_node *key = node->item[2 * i], *value = node->item[2 * i + 1];

		if (conf_given_before(&reader->context, node, i))
			ok = false;
		else if (strcmp(key->text, "shape") == 0)
			ok &= conf_choice(&reader->context, value, &shape, &profile.shape);
		else if (strcmp(key->text, "every") == 0)
			ok &= conf_duration(&reader->context, value, &every, &profile.every_ns);
	}
	reader->moves = profile.shape == SHAPE_LINEAR;
	for (size_t i = 0; ok && i < node->count; i++) {
		profile.key = node->item[2 * i];
		profile.list = node->item[2 * i + 1];
		if (strcmp(profile.key->text, "shape") != 0 &&
		    strcmp(profile.key->text, "every") != 0)
			ok &= read_profile_of(reader, &profile, base_ns);
	}
	return ok;
}

/* --- events --- */

static bool check_event(const struct reader *reader, const struct conf_node *node,
			const struct event_text *t, int64_t last_ns)
{
	int count = !!t->set + !!t->ramp + !!t->vary + !!t->profile + (*t->include != '\0');

	for (size_t i = 0; i < DEED_KINDS; i++)
		count += t->deed[i] != NULL;
	if (count != 1) {
		conf_error(&reader->context, node,
			   "one of set, ramp, vary, profile, include, fault, clear, mark, expect, "
			   "poll and power is expected");
		return false;
	}
	if (reader->base_ns + t->at_ns > reader->scenario->duration_ns) {
		conf_error(&reader->context, node, "at: after the end of the scenario");
		return false;
	}
	if (t->at_ns < last_ns) {
		conf_error(&reader->context, node, "at: earlier than the event before it");
		return false;
	}
	if (t->times && !t->every_ns) {
		conf_error(&reader->context, node, "times: only with 'every'");
		return false;
	}
	if (t->for_ns && !t->deed[DEED_POWER]) {
		conf_error(&reader->context, node, "for: only with 'power'");
		return false;
	}
	return true;
}

static bool read_deed(struct reader *reader, const struct conf_node *node,
		      const struct event_text *t, enum deed_kind kind, int64_t at_ns)
{
	struct deed_adder adder = {.reader = reader, .node = node};
	struct deed template = {
		.kind = kind, .at_ns = at_ns, .file_line = node->line, .for_ns = t->for_ns};

	if (reader->meter)
		snprintf(template.meter, sizeof(template.meter), "%s", reader->meter);
	return deed_read(&reader->context, t->deed[kind], &template, add_deed, &adder);
}

static bool read_include(struct reader *reader, const struct conf_node *node, const char *name,
			 int64_t at_ns);

/* One time of an event. */
static bool read_at(struct reader *reader, const struct conf_node *node, const struct event_text *t,
		    int64_t at_ns)
{
	struct event event = {.at_ns = at_ns};
	bool ok = true;

	if (*t->include)
		return read_include(reader, node, t->include, at_ns);
	if (t->profile)
		return read_profile(reader, t->profile, at_ns);
	for (int kind = 0; kind < DEED_KINDS; kind++) {
		if (t->deed[kind])
			return read_deed(reader, node, t, (enum deed_kind)kind, at_ns);
	}
	if (t->set)
		ok = read_changes(reader, t->set, ACTION_SET, &event);
	else if (t->ramp)
		ok = read_changes(reader, t->ramp, ACTION_RAMP, &event);
	else
		ok = read_changes(reader, t->vary, ACTION_VARY, &event);
	return ok && add_event(reader, node, &event);
}

/* Keeps what an event calls its meters for as long as the scenario lives. */
static bool keep_meter(struct reader *reader, const struct conf_node *node, const char *name)
{
	struct scenario *s = reader->scenario;
	char **meters;

	for (size_t i = 0; i < s->meters_count; i++) {
		if (strcmp(s->meters[i], name) == 0) {
			reader->meter = s->meters[i];
			return true;
		}
	}
	meters = realloc(s->meters, (s->meters_count + 1) * sizeof(*meters));
	if (meters)
		s->meters = meters;
	if (!meters || !(meters[s->meters_count] = strdup(name))) {
		conf_error(&reader->context, node, "out of memory");
		return false;
	}
	reader->meter = s->meters[s->meters_count++];
	return true;
}

static bool says_what(const struct event_text *t)
{
	bool any = t->set || t->ramp || t->vary || t->profile || *t->include;

	for (int kind = 0; kind < DEED_KINDS; kind++)
		any |= t->deed[kind] != NULL;
	return any;
}

/* Reads on after an error, to find all of them. */
static bool read_event(struct reader *reader, const struct conf_node *node, int64_t *last_ns)
{
	const char *const meter = reader->meter;
	struct event_text t = {0};
	bool ok = conf_map(&reader->context, node, "the event", event_fields, COUNT(event_fields),
			   &t) &&
		  check_event(reader, node, &t, *last_ns);
	int64_t at_ns = reader->base_ns + t.at_ns;

	if (*t.meter)
		ok &= keep_meter(reader, node, t.meter);
	if (says_what(&t))
		ok = read_at(reader, node, &t, at_ns) && ok;
	for (int64_t n = 1; ok && t.every_ns && (!t.times || n < t.times); n++) {
		at_ns += t.every_ns;
		if (at_ns > reader->scenario->duration_ns)
			break;
		ok = read_at(reader, node, &t, at_ns);
	}
	if (ok)
		*last_ns = t.at_ns;
	reader->meter = meter;
	return ok;
}

static bool read_timeline(struct reader *reader, const struct conf_node *node)
{
	int64_t last_ns = 0;
	bool ok = true;

	if (node->kind != CONF_LIST || node->count < 1 || node->count > EVENTS_MAX) {
		conf_error(&reader->context, node, "timeline: a list of 1 to %d events is expected",
			   EVENTS_MAX);
		return false;
	}
	for (size_t i = 0; i < node->count; i++)
		ok &= read_event(reader, node->item[i], &last_ns);
	return ok;
}

/* The timeline of another file, from a time on; its own name, duration and repeat do not count. */
static bool read_include(struct reader *reader, const struct conf_node *node, const char *name,
			 int64_t at_ns)
{
	struct reader inner = *reader;
	struct scenario_text t = {.name = ""};
	char path[DATA_PATH_MAX];
	struct conf_tree *tree = NULL;
	bool ok;
	int r;

	if (reader->depth == INCLUDES_MAX) {
		conf_error(&reader->context, node, "include: files within files, deeper than %d",
			   INCLUDES_MAX);
		return false;
	}
	r = data_path_find(DATA_SCENARIO, name, reader->context.file, path);
	if (r == 0)
		r = conf_tree_load(&tree, path, reader->context.diag);
	if (r < 0) {
		conf_error(&reader->context, node, "include: '%.60s' cannot be read: %s", name,
			   strerror(-r));
		return false;
	}
	inner.context.file = path;
	inner.base_ns = at_ns;
	inner.depth++;
	ok = conf_map(&inner.context, conf_tree_root(tree), "the scenario", scenario_fields,
		      COUNT(scenario_fields), &t);
	if (ok && *t.meter)
		ok = keep_meter(&inner, conf_tree_root(tree), t.meter);
	if (ok && t.timeline)
		ok = read_timeline(&inner, t.timeline);
	conf_tree_destroy(tree);
	return ok;
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static int deeds_by_time(const void *a, const void *b)
{
	const struct deed *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
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
	scenario->duration_ns = t.duration_ns ? t.duration_ns : FOR_EVER_NS;
	scenario->repeat = t.repeat;
	memcpy(scenario->name, t.name, sizeof(scenario->name));
	memcpy(scenario->meter, t.meter, sizeof(scenario->meter));
	if (t.timeline)
		ok &= read_timeline(&reader, t.timeline);
	if (!ok) {
		scenario_destroy(scenario);
		return -EINVAL;
	}
	if (scenario->event_count)
		qsort(scenario->events, scenario->event_count, sizeof(*scenario->events), by_time);
	if (scenario->deeds.count)
		qsort(scenario->deeds.list, scenario->deeds.count, sizeof(*scenario->deeds.list),
		      deeds_by_time);
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
	for (size_t i = 0; i < scenario->meters_count; i++)
		free(scenario->meters[i]);
	free(scenario->meters);
	free(scenario->deeds.list);
	free(scenario->events);
	free(scenario->changes);
	free(scenario);
}

const char *scenario_name(const struct scenario *scenario)
{
	return scenario->name;
}

int64_t scenario_duration_ns(const struct scenario *scenario)
{
	return scenario->duration_ns;
}

static const char *meter_of(const struct scenario *s, const struct event *event)
{
	if (event->meter)
		return event->meter;
	return *s->meter ? s->meter : NULL;
}

bool scenario_moves(const struct scenario *s, const char *meter)
{
	for (size_t i = 0; i < s->event_count; i++) {
		const char *pattern = meter_of(s, &s->events[i]);

		if (!pattern || fnmatch(pattern, meter, 0) == 0)
			return true;
	}
	return false;
}

bool scenario_needs_meter(const struct scenario *s)
{
	for (size_t i = 0; i < s->event_count; i++) {
		if (!meter_of(s, &s->events[i]))
			return true;
	}
	return false;
}

bool scenario_has_deeds(const struct scenario *s)
{
	return s->deeds.count > 0;
}
