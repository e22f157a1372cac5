/* SPDX-License-Identifier: MIT */
/* api_meter - the control API's view of the meters: their points, read and written */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/api_parts.h"
#include "sim/model_load.h"

#define VALUE_TEXT_MAX 64

/* --- finding --- */

bool api_find_meter(const struct api *api, const char *name, size_t *ret,
		    struct route_answer *answer)
{
	const struct bench_conf *conf = api->config.conf;

	for (size_t i = 0; i < conf->meter_count; i++) {
		if (strcmp(conf->meters[i].name, name) == 0) {
			*ret = i;
			return true;
		}
	}
	route_refuse(answer, 404, "not_found", "meter", "there is no meter '%.60s'", name);
	return false;
}

static void refuse_point(const char *name, struct route_answer *answer)
{
	const char *names[256], *nearest;
	size_t count = 0;

	for (; point_at(count) && count < 256; count++)
		names[count] = point_at(count)->name;
	nearest = text_nearest(name, names, count);
	route_refuse(answer, 404, "not_found", "point", "there is no point '%.60s'%s%s%s", name,
		     nearest ? ", did you mean '" : "", nearest ? nearest : "",
		     nearest ? "'?" : "");
}

const struct point *api_find_point(const struct meter *meter, const char *name,
				   struct point_value *ret, struct route_answer *answer)
{
	const struct point *point = point_find(name);

	if (!point) {
		refuse_point(name, answer);
		return NULL;
	}
	if (meter_get(meter, point, ret) < 0) {
		route_refuse(answer, 404, "not_found", "point", "model '%s' has no point '%s'",
			     meter_model(meter)->name, name);
		return NULL;
	}
	return point;
}

/* The meter and the point that a path names; NULL: refused. */
static const struct point *find_both(const struct api *api, const struct route_request *request,
				     size_t *ret_meter, struct point_value *ret,
				     struct route_answer *answer)
{
	if (!api_find_meter(api, request->parameter[0], ret_meter, answer))
		return NULL;
	return api_find_point(bench_meter_at(api->config.bench, *ret_meter), request->parameter[1],
			      ret, answer);
}

/* --- as JSON --- */

json_t *api_value(const struct point_value *value)
{
	char text[VALUE_TEXT_MAX];

	if (value->text)
		return json_string(value->text);
	point_format(value, text, sizeof(text));
	if (value->exponent >= 0)
		return json_integer((json_int_t)strtoll(text, NULL, 10));
	return json_real(strtod(text, NULL));
}

static json_t *point_json(const struct point *point, const struct point_value *value)
{
	char text[VALUE_TEXT_MAX];

	point_format(value, text, sizeof(text));
	return json_pack("{s:s, s:o, s:s, s:s, s:b}", "name", point->name, "value",
			 api_value(value), "text", text, "unit", point_unit_name(point->unit),
			 "setting", point->setting);
}

/* What moves its grid and load. */
static json_t *follows(const struct api *api, size_t index)
{
	if (bench_meter_plays(bench_running_meter(api->config.bench, index)))
		return json_string("recording");
	if (api->config.conf->meters[index].scenario)
		return json_string("scenario");
	return json_null();
}

static json_t *meter_json(const struct api *api, size_t index)
{
	const struct bench_meter_conf *conf = &api->config.conf->meters[index];
	const struct model *model = conf->model;

	return json_pack("{s:s, s:s, s:s, s:I, s:o}", "name", conf->name, "model", model->name,
			 "title", model->title, "serial", (json_int_t)conf->serial, "follows",
			 follows(api, index));
}

static json_t *lines_of(const struct api *api, size_t meter)
{
	const struct bench_conf *conf = api->config.conf;
	json_t *list = json_array();

	for (size_t l = 0; l < conf->line_count; l++) {
		for (size_t m = 0; m < conf->lines[l].meter_count; m++) {
			if (conf->lines[l].meters[m] == meter)
				json_array_append_new(list, json_string(conf->lines[l].name));
		}
	}
	return list;
}

/* --- handlers --- */

void api_get_meters(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;

	api_reply_list(api, request,
		       &(struct api_list){"meters", bench_meter_count(api->config.bench),
					  meter_json},
		       ret);
}

void api_get_meter(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	json_t *json;
	size_t meter;

	if (!api_find_meter(api, request->parameter[0], &meter, ret))
		return;
	json = meter_json(api, meter);
	json_object_set_new(json, "lines", lines_of(api, meter));
	route_reply(ret, 200, json);
}

void api_get_points(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	const struct point *point;
	struct point_value value;
	json_t *list;
	size_t meter;

	if (!api_find_meter(api, request->parameter[0], &meter, ret))
		return;
	list = json_array();
	for (size_t i = 0; (point = point_at(i)); i++) {
		if (meter_get(bench_meter_at(api->config.bench, meter), point, &value) == 0)
			json_array_append_new(list, point_json(point, &value));
	}
	route_reply(ret, 200,
		    json_pack("{s:s, s:o}", "meter", request->parameter[0], "points", list));
}

void api_get_point(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	struct point_value value;
	size_t meter;
	const struct point *point = find_both(ctx, request, &meter, &value, ret);

	if (point)
		route_reply(ret, 200, point_json(point, &value));
}

/* A number or a text as the text that it is in a configuration. */
static bool value_text(const json_t *value, char text[VALUE_TEXT_MAX], struct route_answer *ret)
{
	int n = -1;

	if (json_is_integer(value))
		n = snprintf(text, VALUE_TEXT_MAX, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		n = snprintf(text, VALUE_TEXT_MAX, "%.15g", json_real_value(value));
	else if (json_is_string(value))
		n = snprintf(text, VALUE_TEXT_MAX, "%s", json_string_value(value));
	if (n >= 0 && n < VALUE_TEXT_MAX)
		return true;
	route_refuse(ret, 422, "invalid", "value", "a number or a short text is expected");
	return false;
}

/* The number that text is for this point. false: refused. */
static bool parse_value(const struct meter *meter, const struct point *point, const char *text,
			int64_t *ret, int *ret_exponent, struct route_answer *answer)
{
	const struct model_setting *setting = &meter_model(meter)->setting[point->kind];
	char may[160];

	*ret_exponent = 0;
	if (!setting->present) { /* a counter, which can only go back to 0, or nothing to be set */
		if (text_to_int(text, ret) == 0 && *ret == 0)
			return true;
		*ret = 0;
		if (meter_check(meter, point, 0, 0, WHO_API) != METER_OK)
			return true;
		route_refuse(answer, 422, "invalid", "value", "%s can only be set to 0",
			     point->name);
		return false;
	}
	*ret_exponent = setting->exponent;
	if ((point->setting || point->kind == POINT_TARIFF) &&
	    model_parse_setting(setting, point->kind, text, ret) < 0) {
		model_describe_setting(setting, point->kind, may, sizeof(may));
		route_refuse(answer, 422, "invalid", "value", "%s: '%.40s' is none of: %s",
			     point->name, text, may);
		return false;
	}
	return true;
}

static void refuse_write(const struct meter *meter, const struct point *point, const char *text,
			 enum meter_answer why, struct route_answer *ret)
{
	char may[160];

	switch (why) {
	case METER_READ_ONLY:
		route_refuse(ret, 403, "read_only", "point", "%s %s", point->name,
			     meter_answer_text(why));
		break;
	case METER_ONCE:
		route_refuse(ret, 409, "conflict", "value", "%s %s", point->name,
			     meter_answer_text(why));
		break;
	default:
		model_describe_setting(&meter_model(meter)->setting[point->kind], point->kind, may,
				       sizeof(may));
		route_refuse(ret, 422, "invalid", "value", "%s: '%.40s' %s: %s", point->name, text,
			     meter_answer_text(why), may);
		break;
	}
}

void api_put_point(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	struct point_value value;
	size_t index;
	const struct point *point = find_both(api, request, &index, &value, ret);
	const json_t *given = point ? route_only(request, "value", ret) : NULL;
	char text[VALUE_TEXT_MAX];
	enum meter_answer answer;
	struct meter *meter;
	int64_t number = 0;
	int exponent;

	if (!given || !value_text(given, text, ret))
		return;
	meter = bench_meter_at(api->config.bench, index);
	if (!parse_value(meter, point, text, &number, &exponent, ret))
		return;
	answer = meter_set(meter, point, number, exponent, WHO_API);
	if (answer != METER_OK) {
		refuse_write(meter, point, text, answer, ret);
		return;
	}
	log_notice(api->config.log, "control: %s: %s is set to %s", request->parameter[0],
		   point->name, text);
	meter_get(meter, point, &value);
	route_reply(ret, 200, point_json(point, &value));
}
