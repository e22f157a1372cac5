/* SPDX-License-Identifier: MIT */
/* register_load - the Modbus register tables of a model file */
#include "sim/register_load.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define POINTS_MAX    256
#define REGISTERS_MAX 16 /* of a text */

struct row {
	uint32_t at;
	char point[CONF_TEXT_MAX];
	const struct conf_node *constant;
	int as;
	bool write;
	int64_t registers;
};

/* in the order of enum model_encoding */
static const char *const encoding_names[] = {"u16", "u32",       "bcd16", "bcd32",
					     "f32", "direction", "text",  NULL};

static const struct conf_field row_fields[] = {
	{.key = "at",
	 .read = conf_hex,
	 .offset = offsetof(struct row, at),
	 .required = true,
	 .max = 0xffff},
	{.key = "point", .read = conf_text, .offset = offsetof(struct row, point)},
	{.key = "constant", .read = conf_raw, .offset = offsetof(struct row, constant)},
	{.key = "as",
	 .read = conf_choice,
	 .offset = offsetof(struct row, as),
	 .required = true,
	 .names = encoding_names},
	{.key = "write", .read = conf_bool, .offset = offsetof(struct row, write)},
	{.key = "registers",
	 .read = conf_int,
	 .offset = offsetof(struct row, registers),
	 .min = 1,
	 .max = REGISTERS_MAX},
};

static const struct point *find_point(const struct conf_context *context,
				      const struct conf_node *node, const char *name)
{
	const struct point *point = point_find(name);
	const char *names[POINTS_MAX];
	char hint[128];
	size_t n = 0;

	if (point)
		return point;
	for (; n < POINTS_MAX && point_at(n); n++)
		names[n] = point_at(n)->name;
	conf_error(context, node, "there is no point '%.60s'%s", name,
		   conf_hint(name, names, n, hint, sizeof(hint)));
	return NULL;
}

static bool writable(const struct point *point, enum model_encoding encoding)
{
	const bool resets =
		point->kind == POINT_DAY_COUNTER || point->kind == POINT_POWER_DOWN_COUNTER;

	if (!point->setting && !resets && point->kind != POINT_TARIFF)
		return false;
	return encoding == ENCODE_U16 || encoding == ENCODE_BCD16 || encoding == ENCODE_F32;
}

static bool measured(enum point_kind kind)
{
	switch (kind) {
	case POINT_VOLTAGE:
	case POINT_CURRENT:
	case POINT_ACTIVE_POWER:
	case POINT_REACTIVE_POWER:
	case POINT_APPARENT_POWER:
	case POINT_POWER_FACTOR:
	case POINT_FREQUENCY:
	case POINT_VOLTAGE_ANGLE:
	case POINT_CURRENT_LAG:
	case POINT_VOLTAGE_THD:
	case POINT_CURRENT_THD:
	case POINT_ENERGY:
	case POINT_DAY_COUNTER:
		return true;
	default:
		return false;
	}
}

/* Whether such a value can be told in such an encoding. */
static bool suits(const struct point *point, enum model_encoding encoding)
{
	if (point->kind == POINT_DIRECTION)
		return encoding == ENCODE_DIRECTION || encoding == ENCODE_U16;
	if (encoding == ENCODE_DIRECTION)
		return false;
	if (measured(point->kind))
		return encoding == ENCODE_F32; /* the others have no decimals, and no sign */
	return point->text == (encoding == ENCODE_TEXT);
}

/* Whether every value that a setting may have can be told in so many registers. */
static bool fits(const struct model_setting *setting, enum model_encoding encoding)
{
	const int64_t most = encoding == ENCODE_BCD16 ? 9999 : UINT16_MAX;

	if (encoding != ENCODE_U16 && encoding != ENCODE_BCD16)
		return true;
	for (unsigned i = 0; i < setting->value_count; i++) {
		if (setting->value[i] > most)
			return false;
	}
	return setting->exponent == 0 && setting->max <= most;
}

static bool check_row(const struct conf_context *context, const struct conf_node *node,
		      const struct row *row, const struct point *point, const struct model *model)
{
	const enum model_encoding encoding = (enum model_encoding)row->as;

	if ((encoding == ENCODE_TEXT) != (row->registers != 0)) {
		conf_error(context, node,
			   "'registers' is the length of a text, and needed for one");
		return false;
	}
	if (point && !suits(point, encoding)) {
		conf_error(context, node, "point '%s' cannot be told as %s", point->name,
			   encoding_names[encoding]);
		return false;
	}
	if (point && (point->setting || (point->kind == POINT_TARIFF && row->write)) &&
	    !model->setting[point->kind].present) {
		conf_error(context, node, "the model has no setting '%s'", point->name);
		return false;
	}
	if (point && point->setting && !fits(&model->setting[point->kind], encoding)) {
		conf_error(context, node, "not every value of '%s' can be told as %s", point->name,
			   encoding_names[encoding]);
		return false;
	}
	if (row->write && (!point || !writable(point, encoding))) {
		conf_error(context, node, "%s cannot be written%s",
			   point ? point->name : "a constant",
			   point && writable(point, ENCODE_U16) ? " in this encoding" : "");
		return false;
	}
	return true;
}

static bool read_row(const struct conf_context *context, const struct conf_node *node,
		     const struct model *model, struct model_register *ret)
{
	struct row row = {.at = 0};
	const struct point *point = NULL;
	const bool ok =
		conf_map(context, node, "the register", row_fields, COUNT(row_fields), &row);

	if (row.point[0] != '\0') {
		point = find_point(context, node, row.point);
		if (!point)
			return false;
	}
	if (!ok)
		return false;
	if ((row.point[0] == '\0') == !row.constant) {
		conf_error(context, node, "either 'point' or 'constant' is expected");
		return false;
	}
	if (row.constant &&
	    (row.constant->kind != CONF_SCALAR || strcmp(row.constant->text, "0") != 0)) {
		conf_error(context, row.constant, "constant: only 0 is known");
		return false;
	}
	if (!check_row(context, node, &row, point, model))
		return false;
	*ret = (struct model_register){.address = (uint16_t)row.at,
				       .count =
					       model_encoding_registers((enum model_encoding)row.as,
									(uint16_t)row.registers),
				       .encoding = (enum model_encoding)row.as,
				       .writable = row.write,
				       .point = point};
	return true;
}

bool register_load(const struct conf_context *context, const struct conf_node *node,
		   const char *what, const struct model *model, struct model_map *map)
{
	uint16_t address = 0;
	bool ok = true;

	if (node->kind != CONF_LIST || node->count > MODEL_REGISTERS_MAX) {
		conf_error(context, node, "%s: a list of at most %d registers is expected", what,
			   MODEL_REGISTERS_MAX);
		return false;
	}
	if (map->registers) /* the key came twice: reported already */
		return false;
	map->registers = calloc(node->count + 1, sizeof(*map->registers));
	if (!map->registers) {
		conf_error(context, node, "out of memory");
		return false;
	}
	for (size_t i = 0; i < node->count; i++)
		ok &= read_row(context, node->item[i], model, &map->registers[i]);
	map->count = node->count;
	if (ok && model_map_sort(map, &address) < 0) {
		conf_error(context, node, "%s: the register at 0x%04X overlaps another or FFFF",
			   what, address);
		return false;
	}
	return ok;
}
