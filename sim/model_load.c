/* SPDX-License-Identifier: MIT */
/* model_load - a meter model out of its YAML file */
#include "sim/model_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/register_load.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const parity_names[] = {"even", "none", "odd", NULL}; /* 4011: 1, 2, 3 */

/* --- values of settings --- */

int model_parse_setting(const struct model_setting *setting, enum point_kind kind, const char *text,
			int64_t *ret)
{
	if (kind != POINT_PARITY)
		return text_to_scaled(text, (unsigned)-setting->exponent, ret) < 0 ? -EINVAL : 0;
	for (int i = 0; parity_names[i]; i++) {
		if (strcmp(parity_names[i], text) == 0) {
			*ret = i + 1;
			return 0;
		}
	}
	return -EINVAL;
}

static void describe_value(const struct model_setting *setting, enum point_kind kind,
			   int64_t number, char *buf, size_t size)
{
	const struct point_value value = {.number = number, .exponent = setting->exponent};
	char *zero;

	if (kind == POINT_PARITY && number >= 1 && number <= 3) {
		snprintf(buf, size, "%s", parity_names[number - 1]);
		return;
	}
	point_format(&value, buf, size);
	if (!strchr(buf, '.'))
		return;
	for (zero = buf + strlen(buf) - 1; *zero == '0'; zero--)
		*zero = '\0';
	if (*zero == '.')
		*zero = '\0';
}

void model_describe_setting(const struct model_setting *setting, enum point_kind kind, char *buf,
			    size_t size)
{
	char one[32];
	size_t used = 0;

	buf[0] = '\0';
	if (!setting->value_count) {
		describe_value(setting, kind, setting->min, one, sizeof(one));
		used = (size_t)snprintf(buf, size, "%s..", one);
		describe_value(setting, kind, setting->max, one, sizeof(one));
		if (used < size)
			snprintf(buf + used, size - used, "%s", one);
		return;
	}
	for (unsigned i = 0; i < setting->value_count && used < size; i++) {
		describe_value(setting, kind, setting->value[i], one, sizeof(one));
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", one);
	}
}

/* --- one setting --- */

struct setting_text {
	const struct conf_node *initial;
	const struct conf_node *values;
	const struct conf_node *from;
	const struct conf_node *to;
	const struct conf_node *final;
	int64_t decimals;
};

#define IN(type, member) offsetof(struct type, member)

static const struct conf_field setting_fields[] = {
	{.key = "initial", .read = conf_raw, .offset = IN(setting_text, initial), .required = true},
	{.key = "values", .read = conf_raw, .offset = IN(setting_text, values)},
	{.key = "from", .read = conf_raw, .offset = IN(setting_text, from)},
	{.key = "to", .read = conf_raw, .offset = IN(setting_text, to)},
	{.key = "final", .read = conf_raw, .offset = IN(setting_text, final)},
	{.key = "decimals",
	 .read = conf_int,
	 .offset = IN(setting_text, decimals),
	 .max = MODEL_DECIMALS_MAX},
};

/* A node that may be absent; absent is fine and leaves *ret. */
static bool setting_number(const struct conf_context *context, const struct conf_node *node,
			   const struct model_setting *setting, enum point_kind kind,
			   const char *what, int64_t *ret)
{
	const char *text;

	if (!node)
		return true;
	text = conf_scalar(context, node, what);
	if (!text)
		return false;
	if (model_parse_setting(setting, kind, text, ret) < 0) {
		conf_error(context, node, "%s: '%.40s' is not a value of this setting", what, text);
		return false;
	}
	return true;
}

static bool setting_values(const struct conf_context *context, const struct conf_node *node,
			   struct model_setting *setting, enum point_kind kind)
{
	bool ok = true;

	if (!node)
		return true;
	if (node->kind != CONF_LIST || node->count < 1 || node->count > MODEL_VALUES_MAX) {
		conf_error(context, node, "values: a list of 1 to %d values is expected",
			   MODEL_VALUES_MAX);
		return false;
	}
	for (size_t i = 0; i < node->count; i++)
		ok &= setting_number(context, node->item[i], setting, kind, "values",
				     &setting->value[i]);
	setting->value_count = (unsigned)node->count;
	return ok;
}

static bool read_setting(const struct conf_context *context, const struct conf_node *node,
			 const char *what, enum point_kind kind, struct model_setting *setting)
{
	struct setting_text t = {0};
	bool ok;

	setting->present = true; /* also a bad one: registers that refer to it are none */
	if (!conf_map(context, node, what, setting_fields, COUNT(setting_fields), &t))
		return false;
	if (!t.values == !t.from || !t.from != !t.to) {
		conf_error(context, node, "%s: either 'values' or 'from' and 'to' are expected",
			   what);
		return false;
	}
	setting->exponent = -(int)t.decimals;
	ok = setting_number(context, t.initial, setting, kind, "initial", &setting->initial);
	ok &= setting_values(context, t.values, setting, kind);
	ok &= setting_number(context, t.from, setting, kind, "from", &setting->min);
	ok &= setting_number(context, t.to, setting, kind, "to", &setting->max);
	ok &= setting_number(context, t.final, setting, kind, "final", &setting->final);
	setting->has_final = t.final != NULL;
	if (ok && !model_setting_allows(setting, setting->initial)) {
		conf_error(context, t.initial, "%s: the initial value is none that it allows",
			   what);
		return false;
	}
	return ok;
}

const struct point *model_setting_point(const char *key)
{
	char name[64];

	if (strcmp(key, "tariff") == 0)
		return point_find(key);
	snprintf(name, sizeof(name), "setting.%s", key);
	return point_find(name);
}

static bool read_settings(const struct conf_context *context, const struct conf_node *node,
			  const struct conf_field *field, void *dest)
{
	struct model_setting *settings = dest;
	bool ok = true;

	if (node->kind != CONF_MAP) {
		conf_error(context, node, "%s: a map of settings is expected", field->key);
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct conf_node *key = node->item[2 * i];
		const struct point *point = model_setting_point(key->text);

		if (!point || point->output) {
			conf_error(context, key, "there is no setting '%.60s'", key->text);
			ok = false;
		} else if (settings[point->kind].present) {
			conf_error(context, key, "setting '%s' is given twice", key->text);
			ok = false;
		} else {
			ok &= read_setting(context, node->item[2 * i + 1], key->text, point->kind,
					   &settings[point->kind]);
		}
	}
	return ok;
}

/* --- resolutions --- */

/* "0.01" is 10^-2; extra: the list of kinds that it holds for. */
static bool read_resolution(const struct conf_context *context, const struct conf_node *node,
			    const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);
	const enum point_kind *kind = field->extra;
	int *exponent = dest;
	int64_t scaled;

	if (!text)
		return false;
	for (int e = 0; e >= -(int)field->max; e--) {
		if (text_to_scaled(text, (unsigned)-e, &scaled) == 0 && scaled == 1) {
			for (; *kind != POINT_KINDS; kind++)
				exponent[*kind] = e;
			return true;
		}
	}
	conf_error(context, node, "%s: '%.40s' is not 1, 0.1 ... down to %d decimals", field->key,
		   text, (int)field->max);
	return false;
}

static const enum point_kind of_voltage[] = {POINT_VOLTAGE, POINT_KINDS};
static const enum point_kind of_current[] = {POINT_CURRENT, POINT_KINDS};
static const enum point_kind of_power[] = {POINT_ACTIVE_POWER, POINT_REACTIVE_POWER,
					   POINT_APPARENT_POWER, POINT_KINDS};
static const enum point_kind of_factor[] = {POINT_POWER_FACTOR, POINT_KINDS};
static const enum point_kind of_frequency[] = {POINT_FREQUENCY, POINT_KINDS};
static const enum point_kind of_energy[] = {POINT_ENERGY, POINT_KINDS};
static const enum point_kind of_angle[] = {POINT_VOLTAGE_ANGLE, POINT_CURRENT_LAG, POINT_KINDS};
static const enum point_kind of_thd[] = {POINT_VOLTAGE_THD, POINT_CURRENT_THD, POINT_KINDS};

static const struct conf_field resolution_fields[] = {
	{.key = "voltage",
	 .read = read_resolution,
	 .required = true,
	 .max = MODEL_DECIMALS_MAX,
	 .extra = of_voltage},
	{.key = "current",
	 .read = read_resolution,
	 .required = true,
	 .max = MODEL_DECIMALS_MAX,
	 .extra = of_current},
	{.key = "power",
	 .read = read_resolution,
	 .required = true,
	 .max = MODEL_DECIMALS_MAX,
	 .extra = of_power},
	{.key = "power_factor",
	 .read = read_resolution,
	 .required = true,
	 .max = MODEL_DECIMALS_MAX,
	 .extra = of_factor},
	{.key = "frequency",
	 .read = read_resolution,
	 .required = true,
	 .max = MODEL_DECIMALS_MAX,
	 .extra = of_frequency},
	{.key = "energy",
	 .read = read_resolution,
	 .required = true,
	 .max = MODEL_ENERGY_DECIMALS_MAX,
	 .extra = of_energy},
	{.key = "angle",
	 .read = read_resolution,
	 .required = true,
	 .max = MODEL_DECIMALS_MAX,
	 .extra = of_angle},
	{.key = "thd",
	 .read = read_resolution,
	 .required = true,
	 .max = MODEL_DECIMALS_MAX,
	 .extra = of_thd},
};

static bool read_resolutions(const struct conf_context *context, const struct conf_node *node,
			     const struct conf_field *field, void *dest)
{
	return conf_map(context, node, field->key, resolution_fields, COUNT(resolution_fields),
			dest);
}

/* --- the parts of a model --- */

/* Text of at most the room that extra names. */
static bool read_short_text(const struct conf_context *context, const struct conf_node *node,
			    const struct conf_field *field, void *dest)
{
	const size_t size = (size_t)field->max;
	char text[CONF_TEXT_MAX];

	if (!conf_text(context, node, field, text))
		return false;
	if (strlen(text) >= size) {
		conf_error(context, node, "%s: at most %zu characters are expected", field->key,
			   size - 1);
		return false;
	}
	memcpy(dest, text, strlen(text) + 1);
	return true;
}

/* "2.18" in hundredths */
static bool read_version(const struct conf_context *context, const struct conf_node *node,
			 const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);
	int64_t *version = dest;

	if (!text)
		return false;
	if (text_to_scaled(text, 2, version) < 0) {
		conf_error(context, node, "%s: '%.40s' is not a version such as 2.18", field->key,
			   text);
		return false;
	}
	return true;
}

static bool read_hex16(const struct conf_context *context, const struct conf_node *node,
		       const struct conf_field *field, void *dest)
{
	uint32_t number;

	if (!conf_hex(context, node, field, &number))
		return false;
	*(uint16_t *)dest = (uint16_t)number;
	return true;
}

static const struct conf_field identity_fields[] = {
	{.key = "name",
	 .read = read_short_text,
	 .offset = IN(model, meter_name),
	 .required = true,
	 .max = MODEL_TEXT_MAX},
	{.key = "meter_code",
	 .read = read_hex16,
	 .offset = IN(model, meter_code),
	 .required = true,
	 .max = 0xffff},
	{.key = "protocol_version",
	 .read = read_version,
	 .offset = IN(model, protocol_version),
	 .required = true},
	{.key = "software_version",
	 .read = read_version,
	 .offset = IN(model, software_version),
	 .required = true},
	{.key = "hardware_version",
	 .read = read_version,
	 .offset = IN(model, hardware_version),
	 .required = true},
	{.key = "checksum", .read = conf_hex, .offset = IN(model, checksum), .required = true},
};

static const struct conf_field rating_fields[] = {
	{.key = "voltage",
	 .read = conf_number,
	 .offset = IN(model, nominal_voltage_v),
	 .required = true,
	 .min = 1,
	 .max = 1000,
	 .unit = "V"},
	{.key = "basic_current",
	 .read = conf_number,
	 .offset = IN(model, basic_current_a),
	 .required = true,
	 .min = 0.01,
	 .max = 1000,
	 .unit = "A"},
	{.key = "maximum_current",
	 .read = conf_number,
	 .offset = IN(model, maximum_current_a),
	 .required = true,
	 .min = 0.01,
	 .max = 10000,
	 .unit = "A"},
	{.key = "starting_current",
	 .read = conf_number,
	 .offset = IN(model, starting_ratio),
	 .required = true,
	 .min = 0,
	 .max = 0.1},
	{.key = "phase_present",
	 .read = conf_number,
	 .offset = IN(model, present_v),
	 .required = true,
	 .min = 0,
	 .max = 1000,
	 .unit = "V"},
	{.key = "rated_current",
	 .read = conf_int,
	 .offset = IN(model, rated_current_a),
	 .required = true,
	 .min = 1,
	 .max = 65535},
};

static const char *const unlisted_names[] = {"exception", "silence", NULL};
static const char *const inner_gap_names[] = {"discard", "accept", NULL};

struct modbus_text {
	bool answer_zero;
	int unlisted;
	int inner_gap;
	const struct conf_node *registers;
	const struct conf_node *old_registers;
	int64_t stations;
};

static const struct conf_field modbus_fields[] = {
	{.key = "answer_zero",
	 .read = conf_bool,
	 .offset = IN(modbus_text, answer_zero),
	 .required = true},
	{.key = "unlisted",
	 .read = conf_choice,
	 .offset = IN(modbus_text, unlisted),
	 .required = true,
	 .names = unlisted_names},
	{.key = "inner_gap",
	 .read = conf_choice,
	 .offset = IN(modbus_text, inner_gap),
	 .names = inner_gap_names},
	{.key = "registers",
	 .read = conf_raw,
	 .offset = IN(modbus_text, registers),
	 .required = true},
	{.key = "old_registers", .read = conf_raw, .offset = IN(modbus_text, old_registers)},
	{.key = "stations",
	 .read = conf_int,
	 .offset = IN(modbus_text, stations),
	 .min = 1,
	 .max = 247},
};

static bool read_modbus(const struct conf_context *context, const struct conf_node *node,
			struct model *model)
{
	struct modbus_text t = {0};
	bool ok = conf_map(context, node, "modbus", modbus_fields, COUNT(modbus_fields), &t);

	model->modbus.present = true;
	model->modbus.answer_zero = t.answer_zero;
	model->modbus.unlisted = (enum model_unlisted)t.unlisted;
	model->modbus.inner_gap = (enum model_inner_gap)t.inner_gap;
	model->modbus.stations = t.stations;
	if (t.registers)
		ok &= register_load(context, t.registers, "registers", model, &model->modbus.map);
	if (t.old_registers)
		ok &= register_load(context, t.old_registers, "old_registers", model,
				    &model->modbus.old_map);
	return ok;
}

/* Whether a setting is whole numbers within min..max only. */
static bool setting_within(const struct model_setting *setting, int64_t min, int64_t max)
{
	bool ok = setting->exponent == 0;

	for (unsigned i = 0; i < setting->value_count; i++)
		ok &= setting->value[i] >= min && setting->value[i] <= max;
	return ok && (setting->value_count || (setting->min >= min && setting->max <= max));
}

/* A model that is on a bus needs the settings of that bus, such that a bus can be made of them. */
static bool complete(const struct conf_context *context, const struct conf_node *root,
		     const struct model *model)
{
	static const enum point_kind bus[] = {POINT_MODBUS_ID, POINT_BAUD, POINT_PARITY};
	const struct model_setting *id = &model->setting[POINT_MODBUS_ID];
	const struct model_setting *baud = &model->setting[POINT_BAUD];
	bool ok = true;

	for (size_t i = 0; i < COUNT(bus); i++) {
		if (model->modbus.present && !model->setting[bus[i]].present) {
			conf_error(context, root,
				   "a model with Modbus needs the settings modbus_id, baud and "
				   "parity");
			return false;
		}
	}
	if (baud->present && (!baud->value_count || !setting_within(baud, 300, 115200))) {
		conf_error(context, root, "baud: a list of values from 300 to 115200 is expected");
		ok = false;
	}
	if (id->present && !setting_within(id, 1, 247)) {
		conf_error(context, root, "modbus_id: values from 1 to 247 are expected");
		ok = false;
	}
	return ok;
}

static bool read_identity(const struct conf_context *context, const struct conf_node *node,
			  const struct conf_field *field, void *dest)
{
	return conf_map(context, node, field->key, identity_fields, COUNT(identity_fields), dest);
}

static bool read_ratings(const struct conf_context *context, const struct conf_node *node,
			 const struct conf_field *field, void *dest)
{
	return conf_map(context, node, field->key, rating_fields, COUNT(rating_fields), dest);
}

/* Registers refer to settings, which may come behind them. */
static bool leave_for_later(const struct conf_context *context, const struct conf_node *node,
			    const struct conf_field *field, void *dest)
{
	(void)context;
	(void)node;
	(void)field;
	(void)dest;
	return true;
}

static const struct conf_field model_fields[] = {
	{.key = "name",
	 .read = read_short_text,
	 .offset = IN(model, name),
	 .required = true,
	 .max = MODEL_NAME_MAX},
	{.key = "title",
	 .read = read_short_text,
	 .offset = IN(model, title),
	 .required = true,
	 .max = MODEL_TITLE_MAX},
	{.key = "identity", .read = read_identity, .required = true},
	{.key = "ratings", .read = read_ratings, .required = true},
	{.key = "resolution",
	 .read = read_resolutions,
	 .offset = IN(model, exponent),
	 .required = true},
	{.key = "idle_power_factor",
	 .read = conf_number,
	 .offset = IN(model, idle_power_factor),
	 .required = true,
	 .min = 0,
	 .max = 1},
	{.key = "settings", .read = read_settings, .offset = IN(model, setting), .required = true},
	{.key = "modbus", .read = leave_for_later},
};

static const struct conf_node *value_of(const struct conf_node *map, const char *key)
{
	for (size_t i = 0; map->kind == CONF_MAP && i < map->count; i++) {
		if (strcmp(map->item[2 * i]->text, key) == 0)
			return map->item[2 * i + 1];
	}
	return NULL;
}

int model_load_tree(struct model **ret, const struct conf_tree *tree, struct diag *diag)
{
	const struct conf_context context = {.file = conf_tree_file(tree), .diag = diag};
	const struct conf_node *root = conf_tree_root(tree);
	const struct conf_node *modbus = value_of(root, "modbus");
	struct model *model;
	int r = model_create(&model);
	bool ok;

	if (r < 0)
		return r;
	ok = conf_map(&context, root, "the model", model_fields, COUNT(model_fields), model);
	if (modbus && value_of(root, "settings"))
		ok &= read_modbus(&context, modbus, model);
	if (!ok || !complete(&context, root, model)) {
		model_destroy(model);
		return -EINVAL;
	}
	*ret = model;
	return 0;
}

int model_load(struct model **ret, const char *path, struct diag *diag)
{
	struct conf_tree *tree;
	int r = conf_tree_load(&tree, path, diag);

	if (r < 0)
		return r;
	r = model_load_tree(ret, tree, diag);
	conf_tree_destroy(tree);
	return r;
}
