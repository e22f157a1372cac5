/* SPDX-License-Identifier: MIT */
/* api_world - the control API's view of a meter's world: grid and load, read and set */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/api_parts.h"
#include "sim/conf_read.h"
#include "sim/world.h"

#define HARMONIC_NAME_MAX 32
#define VALUE_TEXT_MAX    64

static double place_of(const struct bench_meter *meter, const struct world_target *target,
		       unsigned which)
{
	struct world world = *bench_meter_world(meter);

	return *world_place(&world, target->offset[which]);
}

/* A number in the target's unit, or a word. */
static json_t *value_of(const struct bench_meter *meter, const struct world_target *target,
			unsigned which)
{
	const double place = place_of(meter, target, which);

	if (target->names)
		return json_string(target->names[(int)place]);
	return json_real(place / target->factor);
}

static const char *unit_of(const struct world_target *target)
{
	return target->names || !target->unit ? "" : target->unit;
}

/* One number, or a list of three for a name without a phase. */
static json_t *values_json(const struct bench_meter *meter, const struct world_target *target)
{
	json_t *list;

	if (target->count == 1)
		return value_of(meter, target, 0);
	list = json_array();
	for (unsigned i = 0; i < target->count; i++)
		json_array_append_new(list, value_of(meter, target, i));
	return list;
}

static json_t *world_json(const struct bench_meter *meter, const char *name,
			  const struct world_target *target)
{
	return json_pack("{s:s, s:o, s:s}", "name", name, "value", values_json(meter, target),
			 "unit", unit_of(target));
}

static double maximum_a(const struct bench_meter *meter)
{
	return bench_meter_conf_of(meter)->model->maximum_current_a;
}

static bool has_phase(const char *name)
{
	const size_t len = strlen(name);

	return len > 3 && name[len - 3] == '.' && name[len - 2] == 'l';
}

static bool any(const struct bench_meter *meter, const struct world_target *target)
{
	bool found = false;

	for (unsigned i = 0; i < target->count; i++)
		found |= place_of(meter, target, i) != 0;
	return found;
}

/* Of the harmonics those that are there. */
static void add_harmonics(const struct bench_meter *meter, const char *what, json_t *list)
{
	char name[HARMONIC_NAME_MAX];
	struct world_target target;

	for (int order = 2; order <= WAVE_HARMONIC_MAX; order++) {
		snprintf(name, sizeof(name), "%s.harmonic.%d", what, order);
		if (!world_find(name, maximum_a(meter), &target) || !any(meter, &target))
			continue;
		json_array_append_new(list, world_json(meter, name, &target));
		snprintf(name, sizeof(name), "%s.harmonic.%d.angle", what, order);
		if (world_find(name, maximum_a(meter), &target))
			json_array_append_new(list, world_json(meter, name, &target));
	}
}

void api_get_world(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	const struct bench_meter *meter;
	const char *const *names;
	struct world_target target;
	json_t *list;
	size_t index, count;

	if (!api_find_meter(api, request->parameter[0], &index, ret))
		return;
	meter = bench_running_meter(api->config.bench, index);
	names = world_names(&count);
	list = json_array();
	for (size_t i = 0; i < count; i++) {
		if (!has_phase(names[i]) && !strstr(names[i], ".harmonic.") &&
		    world_find(names[i], maximum_a(meter), &target))
			json_array_append_new(list, world_json(meter, names[i], &target));
	}
	add_harmonics(meter, "grid", list);
	add_harmonics(meter, "load", list);
	route_reply(ret, 200,
		    json_pack("{s:s, s:o}", "meter", request->parameter[0], "points", list));
}

/* NULL: refused. */
static struct bench_meter *find(const struct api *api, const struct route_request *request,
				struct world_target *ret, struct route_answer *answer)
{
	const char *name = request->parameter[1];
	const char *const *names;
	struct bench_meter *meter;
	size_t index, count;
	char hint[128];

	if (!api_find_meter(api, request->parameter[0], &index, answer))
		return NULL;
	meter = bench_running_meter(api->config.bench, index);
	if (world_find(name, maximum_a(meter), ret))
		return meter;
	names = world_names(&count);
	route_refuse(answer, 404, "not_found", "point", "there is no world point '%.60s'%s", name,
		     conf_hint(name, names, count, hint, sizeof(hint)));
	return NULL;
}

void api_get_world_point(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	struct world_target target;
	const struct bench_meter *meter = find(ctx, request, &target, ret);

	if (meter)
		route_reply(ret, 200, world_json(meter, request->parameter[1], &target));
}

/* A number, or a quantity with its unit as in a scenario. false: refused. */
static bool take_one(const struct world_target *target, const json_t *value, double *ret,
		     struct route_answer *answer)
{
	char text[VALUE_TEXT_MAX];
	char complaint[128];
	int n = -1, r;

	if (json_is_number(value))
		n = snprintf(text, sizeof(text), "%.17g", json_number_value(value));
	else if (json_is_boolean(value))
		n = snprintf(text, sizeof(text), "%s", json_is_true(value) ? "true" : "false");
	else if (json_is_string(value))
		n = snprintf(text, sizeof(text), "%s", json_string_value(value));
	if (n < 0 || n >= (int)sizeof(text)) {
		route_refuse(answer, 422, "invalid", "value",
			     "a value%s%s is expected, for three phases also a list of three",
			     *unit_of(target) ? " in " : "", unit_of(target));
		return false;
	}
	r = world_parse(target, text, ret);
	if (r == 0)
		return true;
	route_refuse(answer, 422, "invalid", "value", "'%s' %s", text,
		     world_complaint(target, r, complaint, sizeof(complaint)));
	return false;
}

static bool take_all(const struct world_target *target, const json_t *value, struct world *input,
		     struct route_answer *answer)
{
	const bool list = json_is_array(value) && target->count > 1;

	if (list && json_array_size(value) != target->count) {
		route_refuse(answer, 422, "invalid", "value", "a list of %u is expected",
			     target->count);
		return false;
	}
	for (unsigned i = 0; i < target->count; i++) {
		const json_t *one = list ? json_array_get(value, i) : value;

		if (!take_one(target, one, world_place(input, target->offset[i]), answer))
			return false;
	}
	return true;
}

void api_put_world_point(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	struct world_target target;
	struct bench_meter *meter = find(api, request, &target, ret);
	const json_t *value = meter ? route_only(request, "value", ret) : NULL;
	struct world input;

	if (!value)
		return;
	if (bench_meter_plays(meter) || bench_meter_conf_of(meter)->scenario) {
		route_refuse(ret, 409, "conflict", "meter", "'%s' follows its %s",
			     request->parameter[0],
			     bench_meter_plays(meter) ? "recording" : "scenario");
		return;
	}
	input = *bench_meter_world(meter);
	if (!take_all(&target, value, &input, ret))
		return;
	bench_meter_set_world(meter, &input);
	route_reply(ret, 200, world_json(meter, request->parameter[1], &target));
}
