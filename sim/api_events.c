/* SPDX-License-Identifier: MIT */
/*
 * api_events - what happens in the bench, as Server-Sent Events (HTML Living Standard, 9.2)
 *
 * values at a rate of the reader's choice, telegrams, faults that struck, settings that changed. A
 * reader has a queue of QUEUE_MAX bytes; who does not read is dropped when it is full, or when
 * its oldest event has waited for STALE_NS: a bus waits for nobody. Readers have their turns one
 * after another, spread over the time between two events, READERS_A_TURN in one turn of the loop.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/api_parts.h"
#include "sim/conf_read.h"

#define QUEUE_MAX      ((size_t)128 * 1024)
#define STALE_NS       (30 * NS_PER_S)
#define POINTS_MAX     64
#define EVERY_MIN_NS   (100 * NS_PER_MS)
#define EVERY_MAX_NS   NS_PER_H
#define EVERY_NS       NS_PER_S
#define ALIVE_NS       (5 * NS_PER_S)    /* something is said at least so often */
#define LOOK_NS        (100 * NS_PER_MS) /* at the settings */
#define READERS_A_TURN 1
#define SETTINGS_MAX   32 /* points that are settings */
#define EVENT_NAME_MAX 16
#define TYPE_EVENTS    "text/event-stream"

enum event_type { EVENT_VALUES, EVENT_TELEGRAM, EVENT_FAULT, EVENT_SETTING, EVENT_TYPES };

static const char *const type_names[] = {"values", "telegram", "fault", "setting"};

struct reader {
	struct stream stream;
	struct api_events *events;
	struct reader *prev, *next;
	bool types[EVENT_TYPES];
	bool has_meter;
	size_t meter;
	bool has_line;
	size_t line;
	const struct point *points[POINTS_MAX];
	size_t point_count;
	int64_t every_ns;
	int64_t phase_ns;  /* by how much its second turn comes early */
	int64_t values_ns; /* when values are due; CLK_NEVER: never */
	int64_t alive_ns;  /* when something has to be said */
	int64_t oldest_ns; /* when what is first in the queue was put there */
	bool dropped;
	char *queue;
	size_t begin, end; /* what waits in it */
};

/* What a meter's settings were when it was last looked at. */
struct seen {
	uint64_t writes;
	int64_t number[SETTINGS_MAX];
};

struct api_events {
	struct api *api;
	struct loop_timer *timer;
	struct reader *first;
	struct reader *turn; /* who is next */
	size_t readers;
	uint64_t dropped;
	double phase; /* of the newest reader, 0..1 */
	const struct point *settings[SETTINGS_MAX];
	size_t setting_count;
	struct seen *seen; /* a meter each; NULL while nobody reads */
	int64_t look_ns;
};

static int64_t now_ns(const struct api_events *events)
{
	return clk_now(&events->api->config.clk);
}

/* --- the queue --- */

static void drop(struct reader *reader)
{
	if (reader->dropped)
		return;
	reader->dropped = true;
	reader->events->dropped++;
	if (reader->stream.drop)
		reader->stream.drop(reader->stream.ctx);
}

static bool make_room(struct reader *reader, size_t len_bytes)
{
	if (!reader->queue)
		reader->queue = malloc(QUEUE_MAX);
	if (!reader->queue)
		return false;
	if (reader->end + len_bytes > QUEUE_MAX) {
		memmove(reader->queue, reader->queue + reader->begin, reader->end - reader->begin);
		reader->end -= reader->begin;
		reader->begin = 0;
	}
	return reader->end + len_bytes <= QUEUE_MAX;
}

static void put(struct reader *reader, const char *text, size_t len_bytes)
{
	const int64_t now = now_ns(reader->events);

	if (reader->dropped)
		return;
	if (reader->begin == reader->end)
		reader->oldest_ns = now;
	if (now - reader->oldest_ns > STALE_NS || !make_room(reader, len_bytes)) {
		drop(reader);
		return;
	}
	memcpy(reader->queue + reader->end, text, len_bytes);
	reader->end += len_bytes;
	reader->alive_ns = now + ALIVE_NS;
	if (reader->stream.wake)
		reader->stream.wake(reader->stream.ctx);
}

/* "event: values\ndata: {...}\n\n", owned by the caller; NULL: no memory. Takes over json. */
static char *event_text(enum event_type type, json_t *json, size_t *ret_len_bytes)
{
	char *data = json ? json_dumps(json, ROUTE_JSON_FLAGS) : NULL;
	char *text = NULL;
	int n = -1;

	json_decref(json);
	if (data)
		n = asprintf(&text, "event: %s\ndata: %s\n\n", type_names[type], data);
	free(data);
	if (n < 0)
		return NULL;
	*ret_len_bytes = (size_t)n;
	return text;
}

static bool line_has(const struct bench_line_conf *line, size_t meter)
{
	for (size_t i = 0; i < line->meter_count; i++) {
		if (line->meters[i] == meter)
			return true;
	}
	return false;
}

static bool wants_line(const struct reader *reader, const struct bench_line_conf *conf)
{
	const struct bench_conf *bench = reader->events->api->config.conf;

	if (reader->has_line && conf != &bench->lines[reader->line])
		return false;
	return !reader->has_meter || line_has(conf, reader->meter);
}

/* To whom it concerns; line: NULL for an event of meter. Takes over json. */
static void tell(struct api_events *events, enum event_type type,
		 const struct bench_line_conf *line, size_t meter, json_t *json)
{
	size_t len_bytes = 0;
	char *text = event_text(type, json, &len_bytes);

	for (struct reader *r = events->first; text && r; r = r->next) {
		if (r->types[type] &&
		    (line ? wants_line(r, line) : (!r->has_meter || r->meter == meter)))
			put(r, text, len_bytes);
	}
	free(text);
}

/* --- events --- */

static json_t *values_json(const struct reader *reader)
{
	const struct api *api = reader->events->api;
	const struct meter *meter = bench_meter_at(api->config.bench, reader->meter);
	json_t *values = json_object();
	struct point_value value;

	for (size_t i = 0; i < reader->point_count; i++) {
		if (meter_get(meter, reader->points[i], &value) == 0)
			json_object_set_new(values, reader->points[i]->name, api_value(&value));
	}
	return json_pack("{s:s, s:f, s:o}", "meter", api->config.conf->meters[reader->meter].name,
			 "metering_s",
			 (double)bench_metering_now_ns(api->config.bench) / (double)NS_PER_S,
			 "values", values);
}

static void hex(const uint8_t *bytes, size_t len_bytes, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len_bytes; i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
		*text++ = ' ';
	}
	text[len_bytes ? -1 : 0] = '\0';
}

static bool anybody_wants(const struct api_events *events, enum event_type type,
			  const struct bench_line_conf *line)
{
	for (const struct reader *r = events->first; r; r = r->next) {
		if (r->types[type] && wants_line(r, line))
			return true;
	}
	return false;
}

static void on_telegram(void *ctx, const struct bench_line *line, const struct telegram *telegram,
			const struct telegram *request)
{
	struct api_events *events = ctx;
	const struct bench_line_conf *conf = bench_line_conf_of(line);
	char meaning[TELEGRAM_TEXT_MAX + CAPTURE_NOTE_MAX], bytes[3 * TELEGRAM_MAX + 1];
	json_t *json;

	if (!anybody_wants(events, EVENT_TELEGRAM, conf))
		return;
	capture_meaning(bench_line_telegrams(line), telegram, request, meaning);
	hex(telegram->bytes, telegram->len_bytes, bytes);
	json = json_pack("{s:s, s:o, s:s, s:s, s:s}", "line", conf->name, "at",
			 api_time(events->api, telegram->begin_ns), "from",
			 telegram->from_master ? "master" : "station", "bytes", bytes, "meaning",
			 meaning);
	if (telegram->gap_ns != CLK_NEVER)
		json_object_set_new(json, "gap_ms",
				    json_real((double)telegram->gap_ns / (double)NS_PER_MS));
	tell(events, EVENT_TELEGRAM, conf, 0, json);
}

static void on_fault(void *ctx, const struct bench_line *line, int64_t at_ns,
		     const struct fault_rule *rule)
{
	struct api_events *events = ctx;
	const struct bench_line_conf *conf = bench_line_conf_of(line);

	if (anybody_wants(events, EVENT_FAULT, conf))
		tell(events, EVENT_FAULT, conf, 0,
		     json_pack("{s:s, s:o, s:s}", "line", conf->name, "at",
			       api_time(events->api, at_ns), "fault", rule->name));
}

static int64_t setting_number(const struct api_events *events, const struct meter *meter,
			      size_t setting)
{
	struct point_value value;

	return meter_get(meter, events->settings[setting], &value) == 0 ? value.number : 0;
}

static void look_at(struct api_events *events, size_t index, bool quietly)
{
	const struct meter *meter = bench_meter_at(events->api->config.bench, index);
	struct seen *seen = &events->seen[index];

	if (!quietly && meter_writes(meter) == seen->writes)
		return;
	seen->writes = meter_writes(meter);
	for (size_t i = 0; i < events->setting_count; i++) {
		const int64_t number = setting_number(events, meter, i);
		struct point_value value;

		if (number == seen->number[i])
			continue;
		seen->number[i] = number;
		if (quietly || meter_get(meter, events->settings[i], &value) < 0)
			continue;
		tell(events, EVENT_SETTING, NULL, index,
		     json_pack("{s:s, s:s, s:o}", "meter",
			       events->api->config.conf->meters[index].name, "point",
			       events->settings[i]->name, "value", api_value(&value)));
	}
}

static void look_at_settings(struct api_events *events, bool quietly)
{
	for (size_t i = 0; i < bench_meter_count(events->api->config.bench); i++)
		look_at(events, i, quietly);
}

/* --- turns --- */

static int64_t due_ns(const struct reader *reader)
{
	return reader->values_ns < reader->alive_ns ? reader->values_ns : reader->alive_ns;
}

static void serve(struct reader *reader, int64_t now)
{
	size_t len_bytes = 0;
	char *text;

	if (reader->values_ns <= now) {
		reader->values_ns += reader->every_ns - reader->phase_ns;
		reader->phase_ns = 0;
		if (reader->values_ns <= now) /* behind: some are left out */
			reader->values_ns = now + reader->every_ns;
		text = event_text(EVENT_VALUES, values_json(reader), &len_bytes);
		if (text)
			put(reader, text, len_bytes);
		free(text);
	}
	if (reader->alive_ns <= now) {
		reader->alive_ns = now + ALIVE_NS;
		put(reader, ":\n\n", 3);
	}
}

static void set_timer(struct api_events *events)
{
	int64_t next_ns = events->first ? events->look_ns : CLK_NEVER;

	for (const struct reader *r = events->first; r; r = r->next)
		next_ns = due_ns(r) < next_ns ? due_ns(r) : next_ns;
	loop_timer_set(events->timer, next_ns);
}

static void on_timer(void *ctx)
{
	struct api_events *events = ctx;
	const int64_t now = now_ns(events);
	int left = READERS_A_TURN;

	if (!events->first)
		return;
	if (events->look_ns <= now) {
		events->look_ns = now + LOOK_NS;
		look_at_settings(events, false);
	}
	for (size_t i = 0; i < events->readers && left; i++) {
		struct reader *reader = events->turn ? events->turn : events->first;

		events->turn = reader->next;
		if (due_ns(reader) > now)
			continue;
		serve(reader, now);
		left--;
	}
	set_timer(events);
}

/* --- readers --- */

/* The first reader: from now on somebody looks on. */
static int begin(struct api_events *events)
{
	const struct bench_observer observer = {.telegram = on_telegram,
						.fault = on_fault,
						.ctx = events};

	events->seen =
		calloc(bench_meter_count(events->api->config.bench) + 1, sizeof(*events->seen));
	if (!events->seen)
		return -ENOMEM;
	look_at_settings(events, true);
	events->look_ns = now_ns(events) + LOOK_NS;
	bench_observe(events->api->config.bench, &observer);
	return 0;
}

static void end(struct api_events *events)
{
	bench_observe(events->api->config.bench, &(struct bench_observer){.ctx = NULL});
	free(events->seen);
	events->seen = NULL;
}

static ssize_t read_events(struct stream *stream, char *buf, size_t cap_bytes)
{
	struct reader *reader = (struct reader *)stream;
	size_t n = reader->end - reader->begin;

	if (reader->dropped)
		return STREAM_END;
	if (n > cap_bytes)
		n = cap_bytes;
	if (n)
		memcpy(buf, reader->queue + reader->begin, n);
	reader->begin += n;
	reader->oldest_ns = now_ns(reader->events);
	if (reader->begin == reader->end)
		reader->begin = reader->end = 0;
	return (ssize_t)n;
}

static void destroy_reader(struct stream *stream)
{
	struct reader *reader = (struct reader *)stream;
	struct api_events *events = reader->events;

	if (events->turn == reader)
		events->turn = reader->next;
	*(reader->prev ? &reader->prev->next : &events->first) = reader->next;
	if (reader->next)
		reader->next->prev = reader->prev;
	free(reader->queue);
	free(reader);
	if (--events->readers == 0)
		end(events);
	set_timer(events);
}

/* --- what a reader wants --- */

/* The next piece of a list with commas; false: that was all, or it is too long. */
static bool next_word(const char **list, char *word, size_t size)
{
	const size_t len = strcspn(*list, ",");

	if (**list == '\0' || len >= size)
		return false;
	snprintf(word, size, "%.*s", (int)len, *list);
	*list += len + ((*list)[len] == ',');
	return true;
}

static bool take_types(struct reader *reader, const char *list, struct route_answer *ret)
{
	char word[EVENT_NAME_MAX];

	for (int t = 0; t < EVENT_TYPES; t++)
		reader->types[t] = !list;
	if (!list)
		return true;
	while (next_word(&list, word, sizeof(word))) {
		int t = 0;

		while (t < EVENT_TYPES && strcmp(type_names[t], word) != 0)
			t++;
		if (t == EVENT_TYPES)
			break;
		reader->types[t] = true;
		word[0] = '\0';
	}
	if (*list == '\0' && word[0] == '\0')
		return true;
	route_refuse(ret, 400, "bad_query", "types",
		     "a list out of values, telegram, fault, setting is expected");
	return false;
}

static bool take_points(struct reader *reader, const char *list, struct route_answer *ret)
{
	const struct bench *bench = reader->events->api->config.bench;
	struct point_value value;
	char name[ROUTE_NAME_MAX];

	if (!list)
		return true;
	if (!reader->has_meter && bench_meter_count(bench) != 1) {
		route_refuse(ret, 400, "bad_query", "meter", "of which meter are these points?");
		return false;
	}
	while (next_word(&list, name, sizeof(name))) {
		const struct point *point =
			api_find_point(bench_meter_at(bench, reader->meter), name, &value, ret);

		if (!point)
			return false;
		if (reader->point_count == POINTS_MAX)
			break;
		reader->points[reader->point_count++] = point;
	}
	if (*list == '\0' && reader->point_count)
		return true;
	route_refuse(ret, 400, "bad_query", "points", "a list of 1 to %d points is expected",
		     POINTS_MAX);
	return false;
}

static bool take_every(struct reader *reader, const char *text, struct route_answer *ret)
{
	reader->every_ns = EVERY_NS;
	if (!text || (conf_parse_duration(text, &reader->every_ns) == 0 &&
		      reader->every_ns >= EVERY_MIN_NS && reader->every_ns <= EVERY_MAX_NS))
		return true;
	route_refuse(ret, 400, "bad_query", "every", "'%.40s' is not a duration from 100ms to 1h",
		     text);
	return false;
}

static bool take_wishes(struct reader *reader, const struct route_request *request,
			struct route_answer *ret)
{
	const struct api *api = reader->events->api;
	const char *meter = route_query(request, "meter"), *line = route_query(request, "line");

	reader->has_meter = meter != NULL;
	reader->has_line = line != NULL;
	if ((meter && !api_find_meter(api, meter, &reader->meter, ret)) ||
	    (line && !api_find_line(api, line, &reader->line, ret)))
		return false;
	return take_types(reader, route_query(request, "types"), ret) &&
	       take_points(reader, route_query(request, "points"), ret) &&
	       take_every(reader, route_query(request, "every"), ret);
}

static void add_reader(struct api_events *events, struct reader *reader)
{
	const int64_t now = now_ns(events);

	reader->stream =
		(struct stream){.read = read_events, .destroy = destroy_reader, .endless = true};
	reader->values_ns = CLK_NEVER;
	if (reader->types[EVENT_VALUES] && reader->point_count)
		reader->values_ns = now;
	/* who comes with others gets a turn apart from theirs: by the golden section */
	events->phase += 0.6180339887;
	events->phase -= (double)(int)events->phase;
	reader->phase_ns = (int64_t)(events->phase * (double)reader->every_ns);
	reader->next = events->first;
	if (reader->next)
		reader->next->prev = reader;
	events->first = reader;
	events->readers++;
	put(reader, ": metersim\n\n", 12); /* so that the client has something at once */
	set_timer(events);
}

void api_get_events(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	struct api_events *events = ((const struct api *)ctx)->events;
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader) {
		route_refuse(ret, 503, "busy", "", "out of memory");
		return;
	}
	reader->events = events;
	if (!take_wishes(reader, request, ret)) {
		free(reader);
		return;
	}
	if (!events->first && begin(events) < 0) {
		free(reader);
		route_refuse(ret, 503, "busy", "", "out of memory");
		return;
	}
	add_reader(events, reader);
	ret->status = 200;
	ret->content_type = TYPE_EVENTS;
	ret->stream = &reader->stream;
}

/* --- the whole --- */

int api_events_create(struct api_events **ret, struct api *api)
{
	struct api_events *events = calloc(1, sizeof(*events));
	const struct point *point;
	int r;

	if (!events)
		return -ENOMEM;
	events->api = api;
	for (size_t i = 0; (point = point_at(i)) && events->setting_count < SETTINGS_MAX; i++) {
		if (point->setting || point->kind == POINT_TARIFF)
			events->settings[events->setting_count++] = point;
	}
	r = loop_timer_add(&events->timer, api->config.loop, on_timer, events);
	if (r < 0) {
		free(events);
		return r;
	}
	*ret = events;
	return 0;
}

void api_events_destroy(struct api_events *events)
{
	if (!events)
		return;
	loop_timer_remove(events->timer);
	free(events->seen);
	free(events);
}

size_t api_events_readers(const struct api_events *events)
{
	return events->readers;
}

uint64_t api_events_dropped(const struct api_events *events)
{
	return events->dropped;
}
