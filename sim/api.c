/* SPDX-License-Identifier: MIT */
/* api - what a running bench can be asked and told: its routes, its time, its log */
#include "sim/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/api_parts.h"
#include "sim/clk_real.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define LOG_DEFAULT 100

/* The table stands at the end, behind the handlers. */
static const struct route *all_routes(size_t *ret_count);

/* --- what handlers share --- */

void api_reply_list(const struct api *api, const struct route_request *request,
		    const struct api_list *list, struct route_answer *ret)
{
	const int64_t total = (int64_t)list->total;
	json_t *items;
	int64_t from = 0, count = API_LIST_DEFAULT;

	if (!route_query_int(request, "from", 0, INT32_MAX, &from, ret) ||
	    !route_query_int(request, "count", 1, API_LIST_MAX, &count, ret))
		return;
	if (from > total)
		from = total;
	items = json_array();
	for (int64_t i = from; i < total && i - from < count; i++)
		json_array_append_new(items, list->item(api, (size_t)i));
	route_reply(ret, 200,
		    json_pack("{s:I, s:I, s:o}", "total", (json_int_t)total, "from",
			      (json_int_t)from, list->kind, items));
}

json_t *api_time(const struct api *api, int64_t at_ns)
{
	char text[CLK_REAL_TEXT_MAX];

	clk_real_format(at_ns + api->config.epoch_offset_ns, text);
	return json_string(text);
}

/* --- the bench and its time --- */

static void get_routes(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	json_t *list = json_array();
	const struct route *all;
	size_t count;

	(void)ctx;
	(void)request;
	all = all_routes(&count);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "method", all[i].method, "path",
						      all[i].path));
	route_reply(ret, 200,
		    json_pack("{s:s, s:s, s:o}", "program", "metersimd", "version",
			      METERSIM_VERSION, "routes", list));
}

static double metering_s(const struct api *api)
{
	return (double)bench_metering_now_ns(api->config.bench) / (double)NS_PER_S;
}

static void get_bench(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	const struct bench *bench = api->config.bench;
	json_t *json;

	(void)request;
	json = json_pack("{s:s, s:I, s:f, s:f, s:I, s:I, s:b}", "version", METERSIM_VERSION, "seed",
			 (json_int_t)api->config.conf->seed, "speed", bench_speed(bench),
			 "metering_s", metering_s(api), "meters",
			 (json_int_t)bench_meter_count(bench), "lines",
			 (json_int_t)bench_line_count(bench), "capture",
			 bench_capture(bench) != NULL);
	route_reply(ret, 200, json);
}

static void get_time(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;

	(void)request;
	route_reply(ret, 200,
		    json_pack("{s:o, s:f, s:f}", "now", api_time(api, clk_now(&api->config.clk)),
			      "metering_s", metering_s(api), "speed",
			      bench_speed(api->config.bench)));
}

static void put_time(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	const json_t *speed = route_only(request, "speed", ret);
	double number;

	if (!speed)
		return;
	number = json_number_value(speed);
	if (!json_is_number(speed) || number < 0 || (number > 0 && number < SPEED_MIN) ||
	    number > SPEED_MAX) {
		route_refuse(ret, 422, "invalid", "speed",
			     "0 or a number from %g to %g is expected", SPEED_MIN, SPEED_MAX);
		return;
	}
	bench_set_speed(api->config.bench, number);
	log_notice(api->config.log, "control: metering time runs at speed %g", number);
	get_time(ctx, request, ret);
}

/* --- the capture --- */

static void get_capture(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	const struct capture *c = bench_capture(api->config.bench);

	(void)request;
	if (!c) {
		route_reply(ret, 200, json_pack("{s:b}", "on", 0));
		return;
	}
	route_reply(ret, 200,
		    json_pack("{s:b, s:s, s:s, s:I}", "on",
			      !capture_paused(c) && !capture_broken(c), "text",
			      capture_text_path(c), "packets", capture_packets_path(c), "telegrams",
			      (json_int_t)capture_count(c)));
}

/* Where it goes is the option's alone: who may ask here shall not write where they like. */
static void put_capture(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	const json_t *on = route_only(request, "on", ret);
	struct capture *c = bench_capture(api->config.bench);

	if (!on)
		return;
	if (!json_is_boolean(on)) {
		route_refuse(ret, 422, "invalid", "on", "true or false is expected");
	} else if (!c) {
		route_refuse(ret, 409, "conflict", "on",
			     "there is no file: start metersimd with --capture FILE");
	} else if (capture_broken(c)) {
		route_refuse(ret, 409, "conflict", "on",
			     "the file could not be written: the capture has ended");
	} else {
		capture_pause(c, !json_is_true(on));
		get_capture(ctx, request, ret);
	}
}

/* --- the log --- */

static json_t *log_line(const struct api *api, const struct log_ring_line *line)
{
	json_t *text = json_string(line->text);

	return json_pack("{s:I, s:o, s:s, s:o}", "number", (json_int_t)line->number, "at",
			 api_time(api, line->at_ns), "level", log_level_name(line->level), "text",
			 text ? text : json_string("(not UTF-8)"));
}

static void get_log(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	const struct log_ring *ring = api->config.ring;
	const char *name = route_query(request, "level");
	enum log_level level = LOG_LEVEL_DEBUG;
	int64_t last = LOG_DEFAULT, after = 0;
	size_t first = log_ring_count(ring), end = first;
	json_t *list;

	if (!route_query_int(request, "last", 1, LOG_RING_MAX, &last, ret) ||
	    !route_query_int(request, "after", 0, INT64_MAX, &after, ret))
		return;
	if (name && log_level_parse(name, &level) < 0) {
		route_refuse(ret, 400, "bad_query", "level",
			     "'%.40s' is none of: error, warning, notice, info, debug", name);
		return;
	}
	for (; first > 0 && last > 0; first--) {
		const struct log_ring_line *line = log_ring_at(ring, first - 1);

		if (line->number <= (uint64_t)after)
			break;
		last -= line->level <= level;
	}
	list = json_array();
	for (size_t i = first; i < end; i++) {
		if (log_ring_at(ring, i)->level <= level)
			json_array_append_new(list, log_line(api, log_ring_at(ring, i)));
	}
	route_reply(ret, 200,
		    json_pack("{s:I, s:o}", "last",
			      (json_int_t)(end ? log_ring_at(ring, end - 1)->number : 0), "lines",
			      list));
}

/* --- routes --- */

static const char *const list_queries[] = {"from", "count", NULL};
static const char *const log_queries[] = {"last", "after", "level", NULL};
static const char *const event_queries[] = {"meter", "points", "every", "types", "line", NULL};

static const struct route routes[] = {
	{"GET", "/v1", get_routes, NULL},
	{"GET", "/v1/bench", get_bench, NULL},
	{"GET", "/v1/time", get_time, NULL},
	{"PUT", "/v1/time", put_time, NULL},
	{"GET", "/v1/meters", api_get_meters, list_queries},
	{"GET", "/v1/meters/{meter}", api_get_meter, NULL},
	{"GET", "/v1/meters/{meter}/points", api_get_points, NULL},
	{"GET", "/v1/meters/{meter}/points/{point}", api_get_point, NULL},
	{"PUT", "/v1/meters/{meter}/points/{point}", api_put_point, NULL},
	{"GET", "/v1/meters/{meter}/world", api_get_world, NULL},
	{"GET", "/v1/meters/{meter}/world/{point}", api_get_world_point, NULL},
	{"PUT", "/v1/meters/{meter}/world/{point}", api_put_world_point, NULL},
	{"GET", "/v1/lines", api_get_lines, list_queries},
	{"GET", "/v1/lines/{line}", api_get_line, NULL},
	{"GET", "/v1/lines/{line}/faults", api_get_faults, NULL},
	{"POST", "/v1/lines/{line}/faults", api_post_fault, NULL},
	{"DELETE", "/v1/lines/{line}/faults", api_delete_faults, NULL},
	{"GET", "/v1/lines/{line}/faults/{fault}", api_get_fault, NULL},
	{"DELETE", "/v1/lines/{line}/faults/{fault}", api_delete_fault, NULL},
	{"GET", "/v1/capture", get_capture, NULL},
	{"PUT", "/v1/capture", put_capture, NULL},
	{"GET", "/v1/log", get_log, log_queries},
	{"GET", "/v1/events", api_get_events, event_queries},
	{"GET", "/metrics", api_get_metrics, NULL},
};

static const struct route *all_routes(size_t *ret_count)
{
	*ret_count = COUNT(routes);
	return routes;
}

/* --- the whole --- */

int api_create(struct api **ret, const struct api_config *config)
{
	struct api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return -ENOMEM;
	api->config = *config;
	r = api_events_create(&api->events, api);
	if (r < 0) {
		api_destroy(api);
		return r;
	}
	*ret = api;
	return 0;
}

void api_destroy(struct api *api)
{
	if (!api)
		return;
	api_events_destroy(api->events);
	free(api);
}

void api_serve(void *ctx, struct route_request *request, struct route_answer *ret)
{
	size_t count;
	const struct route *all = all_routes(&count);

	route_serve(all, count, ctx, request, ret);
}
