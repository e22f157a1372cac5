/* SPDX-License-Identifier: MIT */
/* api_line - the control API's view of the lines: where they are, and the verdict on the master */
#include <stdio.h>
#include <string.h>

#include "sim/api_parts.h"
#include "sim/port.h"

bool api_find_line(const struct api *api, const char *name, size_t *ret,
		   struct route_answer *answer)
{
	const struct bench_conf *conf = api->config.conf;

	for (size_t i = 0; i < conf->line_count; i++) {
		if (strcmp(conf->lines[i].name, name) == 0) {
			*ret = i;
			return true;
		}
	}
	route_refuse(answer, 404, "not_found", "line", "there is no line '%.60s'", name);
	return false;
}

static json_t *line_json(const struct api *api, size_t index)
{
	struct bench_line *line = bench_line_at(api->config.bench, index);
	const struct bench_line_conf *conf = bench_line_conf_of(line);
	const struct verdict *v = bench_line_verdict(line);
	char place[PORT_PLACE_MAX];
	json_t *port;

	bench_line_place(line, place);
	port = json_string(place);
	return json_pack("{s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:I}", "name", conf->name, "protocol",
			 bench_line_protocol(line), "port", port ? port : json_string("?"), "pace",
			 conf->paced ? "real" : "off", "meter_count", (json_int_t)conf->meter_count,
			 "fault_count", (json_int_t)faults_count(bench_line_faults(line)),
			 "requests", (json_int_t)v->requests, "answers", (json_int_t)v->answers);
}

static json_t *meters_of(const struct api *api, const struct bench_line_conf *conf)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->meter_count; i++)
		json_array_append_new(list,
				      json_string(api->config.conf->meters[conf->meters[i]].name));
	return list;
}

/* --- the verdict --- */

static void add_count(json_t *json, const char *key, uint64_t count)
{
	json_object_set_new(json, key, json_integer((json_int_t)count));
}

static json_t *exceptions_json(const struct verdict *v)
{
	json_t *json = json_object();
	char code[8];

	for (int i = 0; i < 256; i++) {
		snprintf(code, sizeof(code), "%d", i);
		if (v->exceptions[i])
			add_count(json, code, v->exceptions[i]);
	}
	return json;
}

static json_t *not_understood_json(const struct verdict *v)
{
	json_t *json = json_object();

	for (size_t i = 0; i < VERDICT_FAULTS_MAX && v->faults[i].name; i++)
		add_count(json, v->faults[i].name, v->faults[i].count);
	return json;
}

static json_t *unlisted_json(const struct verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < VERDICT_UNLISTED_MAX && v->unlisted_at[i].count; i++) {
		const struct verdict_unlisted *u = &v->unlisted_at[i];

		json_array_append_new(list, json_pack("{s:i, s:I, s:I, s:I}", "station", u->station,
						      "first", (json_int_t)u->first, "last",
						      (json_int_t)u->last, "count",
						      (json_int_t)u->count));
	}
	return list;
}

static json_t *silent_json(const struct verdict *v)
{
	json_t *list = json_array();

	for (int i = 0; i < 256; i++) {
		if (v->asked[i] && !v->answered[i])
			json_array_append_new(list, json_integer(i));
	}
	return list;
}

static void add_text(void *ctx, const char *text)
{
	json_array_append_new(ctx, json_string(text));
}

static json_t *verdict_json(const struct verdict *v)
{
	json_t *json = json_object(), *text = json_array();

	add_count(json, "requests", v->requests);
	add_count(json, "answers", v->answers);
	add_count(json, "broadcasts", v->broadcasts);
	add_count(json, "foreign", v->foreign);
	add_count(json, "spoilt", v->spoilt);
	add_count(json, "inner_gaps", v->inner_gaps);
	add_count(json, "too_close", v->too_close);
	add_count(json, "too_early", v->too_early);
	add_count(json, "wrong_rates", v->wrong_rates);
	add_count(json, "too_much", v->too_much);
	json_object_set_new(json, "exceptions", exceptions_json(v));
	json_object_set_new(json, "not_understood", not_understood_json(v));
	json_object_set_new(json, "unlisted", unlisted_json(v));
	json_object_set_new(json, "silent", silent_json(v));
	verdict_report(v, add_text, text);
	json_object_set_new(json, "text", text);
	return json;
}

/* --- handlers --- */

void api_get_lines(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;

	api_reply_list(api, request,
		       &(struct api_list){"lines", bench_line_count(api->config.bench), line_json},
		       ret);
}

void api_get_line(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	const struct bench_line *line;
	json_t *json;
	size_t index;

	if (!api_find_line(api, request->parameter[0], &index, ret))
		return;
	line = bench_line_at(api->config.bench, index);
	json = line_json(api, index);
	json_object_set_new(json, "meters", meters_of(api, bench_line_conf_of(line)));
	json_object_set_new(json, "verdict", verdict_json(bench_line_verdict(line)));
	route_reply(ret, 200, json);
}
