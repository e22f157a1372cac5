/* SPDX-License-Identifier: MIT */
/* bench_meter_conf - one meter of a bench's configuration */
#include "sim/bench_meter_conf.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/model_load.h"
#include "sim/recording.h"
#include "sim/world.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define POINTS_MAX 256
#define SERIAL_MAX 99999999.0

/* A model or scenario that was loaded, by path; meters share them. Neither: it was bad. */
struct bench_owned {
	struct bench_owned *next;
	enum data_kind kind;
	char *path;
	double maximum_current_a; /* that the scenario was checked with */
	struct model *model;
	struct scenario *scenario;
};

struct grid_text {
	double voltage_v[WAVE_PHASES];
	double frequency_hz;
};

struct load_text {
	double current_a[WAVE_PHASES];
	double angle_deg[WAVE_PHASES];
};

struct scenario_ref {
	char file[CONF_TEXT_MAX];
	int from;
};

struct recording_ref {
	char file[CONF_TEXT_MAX];
	bool repeat;
};

struct intervals_ref {
	char file[CONF_TEXT_MAX];
	bool repeat;
	int between;
};

struct meter_text {
	char name[CONF_TEXT_MAX];
	char model[CONF_TEXT_MAX];
	int64_t count; /* 0: not given, one meter of this name */
	int64_t serial;
	int connection;
	int accuracy;
	const struct conf_node *grid;
	const struct conf_node *load;
	const struct conf_node *settings;
	const struct conf_node *registers;
	const struct conf_node *scenario;
	const struct conf_node *recording;
	const struct conf_node *intervals;
	const struct conf_node *model_node;
};

/* enum wiring_connection */
static const char *const connection_names[] = {"3p4w", "3p3w-aron", "3p3w-delta", "1p2w", NULL};
static const char *const accuracy_names[] = {"ideal", NULL};
static const char *const between_names[] = {"hold", "linear", NULL};
static const char *const from_names[] = {"start", "local-time", NULL};

#define IN(type, member) offsetof(struct type, member)

/* The name and its place: a model that cannot be found is reported there. */
static bool read_model_name(const struct conf_context *context, const struct conf_node *node,
			    const struct conf_field *field, void *dest)
{
	struct meter_text *t = dest;

	t->model_node = node;
	return conf_text(context, node, field, t->model);
}

static const struct conf_field meter_fields[] = {
	{.key = "name", .read = conf_name, .offset = IN(meter_text, name), .required = true},
	{.key = "model", .read = read_model_name, .required = true},
	{.key = "count",
	 .read = conf_int,
	 .offset = IN(meter_text, count),
	 .min = 1,
	 .max = BENCH_METERS_MAX},
	{.key = "serial",
	 .read = conf_int,
	 .offset = IN(meter_text, serial),
	 .min = 0,
	 .max = SERIAL_MAX},
	{.key = "connection",
	 .read = conf_choice,
	 .offset = IN(meter_text, connection),
	 .names = connection_names},
	{.key = "accuracy",
	 .read = conf_choice,
	 .offset = IN(meter_text, accuracy),
	 .names = accuracy_names},
	{.key = "grid", .read = conf_raw, .offset = IN(meter_text, grid)},
	{.key = "load", .read = conf_raw, .offset = IN(meter_text, load)},
	{.key = "settings", .read = conf_raw, .offset = IN(meter_text, settings)},
	{.key = "registers", .read = conf_raw, .offset = IN(meter_text, registers)},
	{.key = "scenario", .read = conf_raw, .offset = IN(meter_text, scenario)},
	{.key = "recording", .read = conf_raw, .offset = IN(meter_text, recording)},
	{.key = "intervals", .read = conf_raw, .offset = IN(meter_text, intervals)},
};

static const struct conf_field grid_fields[] = {
	{.key = "voltage",
	 .read = conf_phases,
	 .offset = IN(grid_text, voltage_v),
	 .min = 0,
	 .max = 480,
	 .unit = "V"},
	{.key = "frequency",
	 .read = conf_number,
	 .offset = IN(grid_text, frequency_hz),
	 .min = SYNTH_FREQ_MIN,
	 .max = SYNTH_FREQ_MAX,
	 .unit = "Hz"},
};

static const struct conf_field scenario_fields[] = {
	{.key = "file", .read = conf_text, .offset = IN(scenario_ref, file), .required = true},
	{.key = "from", .read = conf_choice, .offset = IN(scenario_ref, from), .names = from_names},
};

static const struct conf_field recording_fields[] = {
	{.key = "file", .read = conf_text, .offset = IN(recording_ref, file), .required = true},
	{.key = "repeat", .read = conf_bool, .offset = IN(recording_ref, repeat)},
};

static const struct conf_field intervals_fields[] = {
	{.key = "file", .read = conf_text, .offset = IN(intervals_ref, file), .required = true},
	{.key = "repeat", .read = conf_bool, .offset = IN(intervals_ref, repeat)},
	{.key = "between",
	 .read = conf_choice,
	 .offset = IN(intervals_ref, between),
	 .names = between_names},
};

/* --- models and scenarios --- */

static struct bench_owned *own(struct bench_conf *conf, enum data_kind kind, const char *path)
{
	struct bench_owned *owned = calloc(1, sizeof(*owned));

	if (!owned)
		return NULL;
	owned->path = strdup(path);
	if (!owned->path) {
		free(owned);
		return NULL;
	}
	owned->kind = kind;
	owned->next = conf->owned;
	conf->owned = owned;
	return owned;
}

void bench_owned_destroy(struct bench_owned *owned)
{
	while (owned) {
		struct bench_owned *next = owned->next;

		model_destroy(owned->model);
		scenario_destroy(owned->scenario);
		free(owned->path);
		free(owned);
		owned = next;
	}
}

static void cannot_open(const struct conf_context *context, const struct conf_node *node,
			const char *path, int r)
{
	if (r != -EINVAL) /* then the reader has said what is wrong, and where */
		conf_error(context, node, "%s: %s", path, strerror(-r));
}

static const struct model *get_model(const struct conf_context *context,
				     const struct conf_node *node, const char *name,
				     struct bench_conf *conf)
{
	char path[DATA_PATH_MAX];
	struct bench_owned *owned;
	int r;

	if (data_path_find(DATA_MODEL, name, context->file, path) < 0) {
		conf_error(context, node, "model: there is no model '%.60s'", name);
		return NULL;
	}
	for (owned = conf->owned; owned; owned = owned->next) {
		if (owned->kind == DATA_MODEL && strcmp(owned->path, path) == 0)
			return owned->model; /* a bad one has been reported */
	}
	owned = own(conf, DATA_MODEL, path);
	r = owned ? model_load(&owned->model, path, context->diag) : -ENOMEM;
	if (r < 0) {
		cannot_open(context, node, path, r);
		return NULL;
	}
	return owned->model;
}

static bool get_scenario(const struct conf_context *context, const struct conf_node *node,
			 struct bench_conf *conf, struct bench_meter_conf *meter)
{
	static const struct conf_field name = {.key = "scenario"};
	const double maximum_a = meter->model->maximum_current_a;
	struct scenario_ref ref = {.from = 0};
	char path[DATA_PATH_MAX];
	struct bench_owned *owned;
	int r;

	if (node->kind == CONF_SCALAR ? !conf_text(context, node, &name, ref.file)
				      : !conf_map(context, node, "scenario", scenario_fields,
						  COUNT(scenario_fields), &ref))
		return false;
	if (data_path_find(DATA_SCENARIO, ref.file, context->file, path) < 0) {
		conf_error(context, node, "scenario: there is no scenario '%.60s'", ref.file);
		return false;
	}
	meter->scenario_local_time = ref.from == 1;
	for (owned = conf->owned; owned; owned = owned->next) {
		if (owned->kind == DATA_SCENARIO && strcmp(owned->path, path) == 0 &&
		    !(owned->maximum_current_a < maximum_a) &&
		    !(owned->maximum_current_a > maximum_a)) {
			meter->scenario = owned->scenario;
			return owned->scenario != NULL; /* a bad one has been reported */
		}
	}
	owned = own(conf, DATA_SCENARIO, path);
	if (owned)
		owned->maximum_current_a = maximum_a;
	r = owned ? scenario_load(&owned->scenario, path, maximum_a, context->diag) : -ENOMEM;
	if (r < 0) {
		cannot_open(context, node, path, r);
		return false;
	}
	meter->scenario = owned->scenario;
	return true;
}

/* --- grid and load --- */

static bool read_world(const struct conf_context *context, const struct meter_text *t,
		       struct bench_meter_conf *meter)
{
	const double nominal_v = meter->model->nominal_voltage_v;
	const struct conf_field load_fields[] = {
		{.key = "current",
		 .read = conf_phases,
		 .offset = IN(load_text, current_a),
		 .min = 0,
		 .max = 1.2 * meter->model->maximum_current_a,
		 .unit = "A"},
		{.key = "angle",
		 .read = conf_phases,
		 .offset = IN(load_text, angle_deg),
		 .min = -180,
		 .max = 180,
		 .unit = "deg"},
	};
	struct grid_text grid = {.voltage_v = {nominal_v, nominal_v, nominal_v},
				 .frequency_hz = 50};
	struct load_text load = {.current_a = {0}};
	bool ok = true;

	if (t->grid)
		ok &= conf_map(context, t->grid, "grid", grid_fields, COUNT(grid_fields), &grid);
	if (t->load)
		ok &= conf_map(context, t->load, "load", load_fields, COUNT(load_fields), &load);
	meter->world.input.frequency_hz = grid.frequency_hz;
	for (int p = 0; p < WAVE_PHASES; p++) {
		meter->world.input.phase[p].voltage_v = grid.voltage_v[p];
		meter->world.input.phase[p].current_a = load.current_a[p];
		meter->world.input.phase[p].lag_deg = load.angle_deg[p];
	}
	return ok;
}

/* --- settings and registers --- */

static const char *counter_hint(const char *word, char *buf, size_t size)
{
	const char *names[POINTS_MAX];
	size_t n = 0;

	for (size_t i = 0; point_at(i) && n < POINTS_MAX; i++) {
		const struct point *point = point_at(i);

		if (point->kind == POINT_DAY_COUNTER ||
		    (point->kind == POINT_ENERGY && point->flow != FLOW_TOTAL))
			names[n++] = point->name;
	}
	return conf_hint(word, names, n, buf, size);
}

/* Of the settings that the model has. */
static const char *setting_hint(const char *word, const struct model *model, char *buf, size_t size)
{
	const char *names[POINTS_MAX];
	size_t n = 0;

	assert(model);
	for (size_t i = 0; i < point_count() && n < POINTS_MAX; i++) {
		const struct point *point = point_at(i);

		assert(point);
		if (model->setting[point->kind].present)
			names[n++] =
				point->setting ? point->name + strlen("setting.") : point->name;
	}
	return conf_hint(word, names, n, buf, size);
}

static bool read_setting(const struct conf_context *context, const struct conf_node *key,
			 const struct conf_node *node, const struct model *model,
			 struct bench_setting *ret)
{
	char text[160];
	const struct model_setting *setting;
	const char *value = conf_scalar(context, node, key->text);

	if (!value)
		return false;
	ret->point = model_setting_point(key->text);
	setting = ret->point ? &model->setting[ret->point->kind] : NULL;
	if (!setting || !setting->present) {
		conf_error(context, key, "settings: model '%s' has no setting '%.60s'%s",
			   model->name, key->text,
			   setting_hint(key->text, model, text, sizeof(text)));
		return false;
	}
	ret->exponent = setting->exponent;
	if (model_parse_setting(setting, ret->point->kind, value, &ret->number) < 0 ||
	    !model_setting_allows(setting, ret->number)) {
		model_describe_setting(setting, ret->point->kind, text, sizeof(text));
		conf_error(context, node, "%s: '%.40s' is none of: %s", key->text, value, text);
		return false;
	}
	return true;
}

static bool is_map(const struct conf_context *context, const struct conf_node *node,
		   const char *what)
{
	if (node->kind == CONF_MAP)
		return true;
	conf_error(context, node, "%s: a map is expected", what);
	return false;
}

static bool read_settings(const struct conf_context *context, const struct conf_node *node,
			  struct bench_meter_conf *meter)
{
	bool ok = true;

	if (!is_map(context, node, "settings"))
		return false;
	meter->settings = calloc(node->count + 1, sizeof(*meter->settings));
	if (!meter->settings) {
		conf_error(context, node, "out of memory");
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		struct bench_setting *setting = &meter->settings[meter->setting_count];

		if (!conf_given_before(context, node, i) &&
		    read_setting(context, node->item[2 * i], node->item[2 * i + 1], meter->model,
				 setting))
			meter->setting_count++;
		else
			ok = false;
	}
	return ok;
}

static bool read_preset(const struct conf_context *context, const struct conf_node *key,
			const struct conf_node *node, struct bench_preset *ret)
{
	const char *text = conf_scalar(context, node, key->text);
	char hint[160];
	double wh;
	bool energy;

	if (!text)
		return false;
	ret->point = point_find(key->text);
	energy = ret->point && ret->point->kind == POINT_ENERGY && ret->point->flow != FLOW_TOTAL;
	if (!energy && !(ret->point && ret->point->kind == POINT_DAY_COUNTER)) {
		conf_error(context, key,
			   "registers: '%.60s' is no counter of forward or reverse "
			   "energy, nor day_counter%s",
			   key->text, counter_hint(key->text, hint, sizeof(hint)));
		return false;
	}
	/* a bare number has the unit of its point, kWh */
	if (text_to_double(text, &wh) == 0)
		wh *= 1000;
	else if (conf_quantity(text, ret->point->unit == UNIT_KVARH ? "varh" : "Wh", &wh) < 0)
		wh = -1;
	if (!(wh >= 0 && wh < 1e11)) {
		conf_error(context, node, "%s: '%.40s' is not an energy from 0 to 99999999.99 %s",
			   key->text, text, point_unit_name(ret->point->unit));
		return false;
	}
	ret->wh = llround(wh);
	return true;
}

/* A bare energy is its T1: both at once would contradict each other. */
static bool preset_twice(const struct conf_context *context, const struct conf_node *key,
			 const struct bench_meter_conf *meter)
{
	const struct point *point = meter->presets[meter->preset_count].point;

	for (size_t i = 0; i < meter->preset_count; i++) {
		const struct point *other = meter->presets[i].point;

		assert(point && other); /* presets that were read have one */
		if (point->kind == POINT_ENERGY && other->kind == POINT_ENERGY &&
		    point->reactive == other->reactive && point->flow == other->flow &&
		    point->part <= PART_T1 && other->part <= PART_T1) {
			conf_error(context, key, "registers: '%s' is '%s': give one of the two",
				   point->name, other->name);
			return true;
		}
	}
	return false;
}

static bool read_presets(const struct conf_context *context, const struct conf_node *node,
			 struct bench_meter_conf *meter)
{
	bool ok = true;

	if (!is_map(context, node, "registers"))
		return false;
	meter->presets = calloc(node->count + 1, sizeof(*meter->presets));
	if (!meter->presets) {
		conf_error(context, node, "out of memory");
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		if (!conf_given_before(context, node, i) &&
		    read_preset(context, node->item[2 * i], node->item[2 * i + 1],
				&meter->presets[meter->preset_count]) &&
		    !preset_twice(context, node->item[2 * i], meter))
			meter->preset_count++;
		else
			ok = false;
	}
	return ok;
}

/* --- the meter --- */

static bool read_recording(const struct conf_context *context, const struct conf_node *node,
			   struct bench_meter_conf *meter)
{
	static const struct conf_field name = {.key = "recording"};
	struct recording_ref ref = {.repeat = false};
	struct recording *recording;
	char path[DATA_PATH_MAX];
	int r;

	if (node->kind == CONF_SCALAR ? !conf_text(context, node, &name, ref.file)
				      : !conf_map(context, node, "recording", recording_fields,
						  COUNT(recording_fields), &ref))
		return false;
	meter->recording_repeat = ref.repeat;
	if (data_path_beside(ref.file, context->file, path) < 0) {
		conf_error(context, node, "recording: the path is too long");
		return false;
	}
	r = recording_open(&recording, path, ref.repeat, context->diag);
	if (r < 0) {
		cannot_open(context, node, path, r);
		return false;
	}
	recording_destroy(recording);
	meter->recording = strdup(path);
	if (!meter->recording)
		conf_error(context, node, "out of memory");
	return meter->recording != NULL;
}

/* Currents as the keys of load allow them. */
static void set_intervals(struct bench_meter_conf *meter, const struct intervals_ref *ref)
{
	meter->intervals_config = (struct intervals_config){
		.linear = ref->between > 0,
		.repeat = ref->repeat,
		.phases = meter->connection == WIRING_1P2W ? 1 : WAVE_PHASES,
		.maximum_current_a = 1.2 * meter->model->maximum_current_a};
	for (int p = 0; p < WAVE_PHASES; p++)
		meter->intervals_config.voltage_v[p] = meter->world.input.phase[p].voltage_v;
}

static bool read_intervals(const struct conf_context *context, const struct conf_node *node,
			   struct bench_meter_conf *meter)
{
	static const struct conf_field name = {.key = "intervals"};
	struct intervals_ref ref = {.repeat = false};
	struct intervals *intervals;
	char path[DATA_PATH_MAX];
	int r;

	if (node->kind == CONF_SCALAR ? !conf_text(context, node, &name, ref.file)
				      : !conf_map(context, node, "intervals", intervals_fields,
						  COUNT(intervals_fields), &ref))
		return false;
	if (meter->recording) {
		conf_error(context, node, "intervals: the recording says what the load is");
		return false;
	}
	set_intervals(meter, &ref);
	if (data_path_beside(ref.file, context->file, path) < 0) {
		conf_error(context, node, "intervals: the path is too long");
		return false;
	}
	r = intervals_open(&intervals, path, &meter->intervals_config, context->diag);
	if (r < 0) {
		cannot_open(context, node, path, r);
		return false;
	}
	intervals_destroy(intervals);
	meter->intervals = strdup(path);
	if (!meter->intervals)
		conf_error(context, node, "out of memory");
	return meter->intervals != NULL;
}

static bool read_parts(const struct conf_context *context, const struct meter_text *t,
		       struct bench_conf *conf, struct bench_meter_conf *meter)
{
	bool ok = read_world(context, t, meter);

	if (t->settings)
		ok &= read_settings(context, t->settings, meter);
	if (t->registers)
		ok &= read_presets(context, t->registers, meter);
	if (t->scenario)
		ok &= get_scenario(context, t->scenario, conf, meter);
	if (t->recording)
		ok &= read_recording(context, t->recording, meter);
	if (t->intervals)
		ok &= read_intervals(context, t->intervals, meter);
	return ok;
}

/* --- many meters of one kind --- */

/* A further meter, all zero; the others may have moved. NULL: out of memory. */
static struct bench_meter_conf *add_meter(struct bench_conf *conf)
{
	if (conf->meter_count == conf->meter_cap) {
		const size_t cap = conf->meter_cap ? 2 * conf->meter_cap : 16;
		struct bench_meter_conf *meters = realloc(conf->meters, cap * sizeof(*meters));

		if (!meters)
			return NULL;
		conf->meters = meters;
		conf->meter_cap = cap;
	}
	memset(&conf->meters[conf->meter_count], 0, sizeof(*conf->meters));
	return &conf->meters[conf->meter_count++];
}

/* Addresses count up from the one that is set, or from the model's. */
static bool count_address(struct bench_meter_conf *meter, size_t by)
{
	const struct point *id = point_find("setting.modbus_id");
	const struct model_setting *setting = &meter->model->setting[POINT_MODBUS_ID];
	size_t i = 0;

	if (!setting->present)
		return true;
	while (i < meter->setting_count && meter->settings[i].point != id)
		i++;
	if (i == meter->setting_count) /* there is room for one more: see read_settings */
		meter->settings[meter->setting_count++] =
			(struct bench_setting){.point = id, .number = setting->initial};
	meter->settings[i].number += (int64_t)by;
	return model_setting_allows(setting, meter->settings[i].number);
}

/* Copies what a meter owns. */
static bool copy_owned(struct bench_meter_conf *to, const struct bench_meter_conf *from)
{
	to->settings = calloc(from->setting_count + 1, sizeof(*to->settings));
	to->presets = calloc(from->preset_count + 1, sizeof(*to->presets));
	to->recording = from->recording ? strdup(from->recording) : NULL;
	to->intervals = from->intervals ? strdup(from->intervals) : NULL;
	if (!to->settings || !to->presets || !to->recording != !from->recording ||
	    !to->intervals != !from->intervals)
		return false;
	if (from->setting_count)
		memcpy(to->settings, from->settings, from->setting_count * sizeof(*to->settings));
	if (from->preset_count)
		memcpy(to->presets, from->presets, from->preset_count * sizeof(*to->presets));
	return true;
}

/* Whether one of the first so many meters, or a group of theirs, has this name. */
static bool name_taken(const struct conf_context *context, const struct conf_node *node,
		       const struct bench_conf *conf, size_t first, const char *name)
{
	for (size_t i = 0; i < first && *name; i++) {
		if (strcmp(conf->meters[i].name, name) != 0 &&
		    strcmp(conf->meters[i].group, name) != 0)
			continue;
		conf_error(context, node, "there are two meters '%.60s'", name);
		return true;
	}
	return false;
}

/* The meter first as number of a group: name-1, name-2 ...; serial and address count up. */
static bool number_meter(const struct conf_context *context, const struct conf_node *node,
			 struct bench_conf *conf, size_t first, size_t number)
{
	struct bench_meter_conf *meter = add_meter(conf);
	const struct bench_meter_conf *from;

	if (!meter) {
		conf_error(context, node, "out of memory");
		return false;
	}
	from = &conf->meters[first];
	*meter = *from;
	if (!copy_owned(meter, from)) {
		conf_error(context, node, "out of memory");
		return false;
	}
	meter->serial += (int64_t)number - 1;
	if ((size_t)snprintf(meter->name, sizeof(meter->name), "%s-%zu", from->group, number) >=
	    sizeof(meter->name)) {
		conf_error(context, node, "name: too long to be numbered");
		return false;
	}
	if (name_taken(context, node, conf, first, meter->name))
		return false;
	if (meter->serial > (int64_t)SERIAL_MAX || !count_address(meter, number - 1)) {
		conf_error(context, node, "count: the %s of '%s' would be out of range",
			   meter->serial > (int64_t)SERIAL_MAX ? "serial number" : "address",
			   meter->name);
		return false;
	}
	return true;
}

/* The meter that was read becomes number 1, the others follow. */
static bool make_group(const struct conf_context *context, const struct conf_node *node,
		       struct bench_conf *conf, int64_t count)
{
	const size_t first = conf->meter_count - 1;
	struct bench_meter_conf *meter = &conf->meters[first];

	if (conf->meter_count - 1 + (size_t)count > BENCH_METERS_MAX) {
		conf_error(context, node, "count: more than %d meters in all", BENCH_METERS_MAX);
		return false;
	}
	memcpy(meter->group, meter->name, sizeof(meter->group));
	for (int64_t number = 2; number <= count; number++) {
		if (!number_meter(context, node, conf, first, (size_t)number))
			return false;
	}
	meter = &conf->meters[first];
	if ((size_t)snprintf(meter->name, sizeof(meter->name), "%s-1", meter->group) <
	    sizeof(meter->name))
		return !name_taken(context, node, conf, first, meter->name);
	conf_error(context, node, "name: too long to be numbered");
	return false;
}

bool bench_meter_conf_read(const struct conf_context *context, const struct conf_node *node,
			   struct bench_conf *conf)
{
	struct meter_text t = {.serial = 16100649 + (int64_t)conf->meter_count};
	bool ok = conf_map(context, node, "the meter", meter_fields, COUNT(meter_fields), &t);
	struct bench_meter_conf *meter;

	ok &= !name_taken(context, node, conf, conf->meter_count, t.name);
	meter = add_meter(conf);
	if (!meter) {
		conf_error(context, node, "out of memory");
		return false;
	}
	memcpy(meter->name, t.name, sizeof(meter->name));
	meter->serial = t.serial;
	meter->connection = (enum wiring_connection)t.connection;
	world_init(&meter->world);
	if (t.model_node && *t.model)
		meter->model = get_model(context, t.model_node, t.model, conf);
	if (!meter->model)
		return false;
	ok = read_parts(context, &t, conf, meter) && ok;
	return ok && (t.count == 0 || make_group(context, node, conf, t.count));
}

void bench_meter_conf_fini(struct bench_meter_conf *meter)
{
	free(meter->settings);
	free(meter->presets);
	free(meter->recording);
	free(meter->intervals);
}
