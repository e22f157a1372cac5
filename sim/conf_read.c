/* SPDX-License-Identifier: MIT */
/* conf_read - typed values out of a tree, driven by one table per structure */
#include "sim/conf_read.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "base/text.h"

#define FIELDS_MAX 64 /* keys of one structure */

static struct diag_place place_of(const struct conf_context *context, const struct conf_node *node)
{
	return (struct diag_place){.file = context->file,
				   .line = node->line,
				   .column = node->column};
}

void conf_error(const struct conf_context *context, const struct conf_node *node,
		const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_add(context->diag, place_of(context, node), "%s", text);
}

const char *conf_hint(const char *word, const char *const *names, size_t count, char *buf,
		      size_t size)
{
	const char *nearest = text_nearest(word, names, count);

	buf[0] = '\0';
	if (nearest)
		snprintf(buf, size, ", did you mean '%s'?", nearest);
	return buf;
}

static void unknown_key(const struct conf_context *context, const struct conf_node *key,
			const char *what, const struct conf_field *fields, size_t count)
{
	const char *names[FIELDS_MAX];
	char hint[128];

	for (size_t i = 0; i < count; i++)
		names[i] = fields[i].key;
	conf_error(context, key, "unknown key '%.60s' in %s%s", key->text, what,
		   conf_hint(key->text, names, count, hint, sizeof(hint)));
}

static size_t field_index(const char *key, const struct conf_field *fields, size_t count)
{
	size_t i = 0;

	while (i < count && strcmp(fields[i].key, key) != 0)
		i++;
	return i;
}

bool conf_map(const struct conf_context *context, const struct conf_node *node, const char *what,
	      const struct conf_field *fields, size_t count, void *structure)
{
	bool seen[FIELDS_MAX] = {false};
	bool ok = true;

	if (node->kind != CONF_MAP) {
		conf_error(context, node, "%s: a map of keys and values is expected", what);
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct conf_node *key = node->item[2 * i];
		const size_t f = field_index(key->text, fields, count);

		if (f == count) {
			unknown_key(context, key, what, fields, count);
			ok = false;
		} else if (seen[f]) {
			conf_error(context, key, "key '%s' is given twice in %s", key->text, what);
			ok = false;
		} else {
			seen[f] = true;
			ok &= fields[f].read(context, node->item[2 * i + 1], &fields[f],
					     (char *)structure + fields[f].offset);
		}
	}
	for (size_t f = 0; f < count; f++) {
		if (fields[f].required && !seen[f]) {
			conf_error(context, node, "%s: key '%s' is missing", what, fields[f].key);
			ok = false;
		}
	}
	return ok;
}

bool conf_given_before(const struct conf_context *context, const struct conf_node *map, size_t i)
{
	const struct conf_node *key = map->item[2 * i];

	for (size_t j = 0; j < i; j++) {
		if (strcmp(map->item[2 * j]->text, key->text) == 0) {
			conf_error(context, key, "key '%.60s' is given twice", key->text);
			return true;
		}
	}
	return false;
}

const char *conf_scalar(const struct conf_context *context, const struct conf_node *node,
			const char *key)
{
	if (node->kind == CONF_SCALAR)
		return node->text;
	conf_error(context, node, "%s: one value is expected, not a %s", key,
		   node->kind == CONF_LIST ? "list" : "map");
	return NULL;
}

bool conf_text(const struct conf_context *context, const struct conf_node *node,
	       const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);

	if (!text)
		return false;
	if (*text == '\0' || strlen(text) >= CONF_TEXT_MAX) {
		conf_error(context, node, "%s: 1 to %d characters are expected", field->key,
			   CONF_TEXT_MAX - 1);
		return false;
	}
	memcpy(dest, text, strlen(text) + 1);
	return true;
}

bool conf_name(const struct conf_context *context, const struct conf_node *node,
	       const struct conf_field *field, void *dest)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	char name[CONF_TEXT_MAX];

	if (!conf_text(context, node, field, name))
		return false;
	if (name[strspn(name, allowed)] != '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0) {
		conf_error(context, node, "%s: letters, digits, '.', '_' and '-' are expected",
			   field->key);
		return false;
	}
	memcpy(dest, name, sizeof(name));
	return true;
}

int conf_parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = i % 2 == 1;
			return 0;
		}
	}
	return -EINVAL;
}

bool conf_bool(const struct conf_context *context, const struct conf_node *node,
	       const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);

	if (!text)
		return false;
	if (conf_parse_bool(text, dest) == 0)
		return true;
	conf_error(context, node, "%s: '%.60s' is neither true nor false", field->key, text);
	return false;
}

static bool limited(const struct conf_field *field)
{
	return field->min < field->max;
}

static bool in_range(const struct conf_context *context, const struct conf_node *node,
		     const struct conf_field *field, double value)
{
	if (!limited(field) || (value >= field->min && value <= field->max))
		return true;
	conf_error(context, node, "%s: %s is out of range %.10g..%.10g%s%s", field->key, node->text,
		   field->min, field->max, field->unit ? " " : "", field->unit ? field->unit : "");
	return false;
}

bool conf_int(const struct conf_context *context, const struct conf_node *node,
	      const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);
	int64_t *value = dest;
	int64_t number;
	int r;

	if (!text)
		return false;
	r = text_to_int(text, &number);
	if (r < 0) {
		conf_error(context, node, "%s: '%.60s' is %s", field->key, text,
			   r == -ERANGE ? "too large" : "not a whole number");
		return false;
	}
	if (!in_range(context, node, field, (double)number))
		return false;
	*value = number;
	return true;
}

bool conf_hex(const struct conf_context *context, const struct conf_node *node,
	      const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);
	uint32_t *value = dest;
	uint32_t number;

	if (!text)
		return false;
	if (text_to_hex32(text, &number) < 0) {
		conf_error(context, node, "%s: '%.60s' is not a hexadecimal number such as 0x4000",
			   field->key, text);
		return false;
	}
	if (!in_range(context, node, field, number))
		return false;
	*value = number;
	return true;
}

int conf_quantity(const char *text, const char *unit, double *ret)
{
	static const struct {
		char sign;
		double factor;
	} prefixes[] = {{'m', 1e-3}, {'k', 1e3}, {'M', 1e6}};
	const char *got;
	double number;
	int r = text_to_quantity(text, &number, &got);

	if (r < 0)
		return r;
	if (*got != '\0' && strcmp(got, unit) != 0) {
		size_t p = 0;

		while (p < 3 && prefixes[p].sign != got[0])
			p++;
		if (p == 3 || *unit == '\0' || strcmp(got + 1, unit) != 0)
			return -EINVAL;
		number *= prefixes[p].factor;
		if (!isfinite(number))
			return -ERANGE;
	}
	*ret = number;
	return 0;
}

static bool number_of(const struct conf_context *context, const struct conf_node *node,
		      const struct conf_field *field, double *ret)
{
	const char *text = conf_scalar(context, node, field->key);
	const char *unit = field->unit ? field->unit : "";
	double number;

	if (!text)
		return false;
	if (conf_quantity(text, unit, &number) < 0) {
		conf_error(context, node, "%s: '%.60s' is not a number%s%s", field->key, text,
			   *unit ? " of " : "", unit);
		return false;
	}
	if (!in_range(context, node, field, number))
		return false;
	*ret = number;
	return true;
}

bool conf_number(const struct conf_context *context, const struct conf_node *node,
		 const struct conf_field *field, void *dest)
{
	return number_of(context, node, field, dest);
}

bool conf_phases(const struct conf_context *context, const struct conf_node *node,
		 const struct conf_field *field, void *dest)
{
	double *phase = dest;
	double value[3];
	bool ok = true;

	if (node->kind == CONF_SCALAR) {
		if (!number_of(context, node, field, &value[0]))
			return false;
		phase[0] = phase[1] = phase[2] = value[0];
		return true;
	}
	if (node->kind != CONF_LIST || node->count != 3) {
		conf_error(context, node,
			   "%s: one number or a list of three (L1, L2, L3) is expected",
			   field->key);
		return false;
	}
	for (int p = 0; p < 3; p++)
		ok &= number_of(context, node->item[p], field, &value[p]);
	if (ok)
		memcpy(phase, value, sizeof(value));
	return ok;
}

int conf_parse_duration(const char *text, int64_t *ret_ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"d", 86400e9}, {"h", 3600e9}, {"min", 60e9}, {"ms", 1e6},
		     {"us", 1e3},    {"m", 60e9},   {"s", 1e9}};
	bool first = true;
	double total = 0;

	do {
		const char *unit;
		double number;
		size_t u = 0;
		int r = text_to_quantity(text, &number, &unit);

		if (r < 0 || number < 0)
			return -EINVAL;
		if (*unit == '\0' && first) { /* a bare number: seconds */
			total = number * 1e9;
			break;
		}
		while (u < 7 && strncmp(unit, units[u].name, strlen(units[u].name)) != 0)
			u++;
		if (u == 7)
			return -EINVAL;
		total += number * units[u].ns;
		first = false;
		text = unit + strlen(units[u].name);
		while (*text == ' ')
			text++;
	} while (*text);
	if (!(total < 9e18))
		return -ERANGE;
	*ret_ns = llround(total);
	return 0;
}

bool conf_duration(const struct conf_context *context, const struct conf_node *node,
		   const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);
	int64_t *value = dest;
	int64_t ns;

	if (!text)
		return false;
	if (conf_parse_duration(text, &ns) < 0) {
		conf_error(context, node, "%s: '%.60s' is not a duration such as 5ms, 30s or 1h30m",
			   field->key, text);
		return false;
	}
	if (limited(field) && !((double)ns >= field->min * 1e9 && (double)ns <= field->max * 1e9)) {
		conf_error(context, node, "%s: %s is out of range %.10g..%.10g s", field->key, text,
			   field->min, field->max);
		return false;
	}
	*value = ns;
	return true;
}

/* The two ends of "from..to" as nodes of their own, or the whole twice. false: reported. */
static bool split_range(const struct conf_context *context, const struct conf_node *node,
			const struct conf_field *field, struct conf_node ends[2],
			char from[CONF_TEXT_MAX])
{
	const char *text = conf_scalar(context, node, field->key);
	const char *dots = text ? strstr(text, "..") : NULL;

	if (!text)
		return false;
	ends[0] = ends[1] = *node;
	if (!dots)
		return true;
	snprintf(from, CONF_TEXT_MAX, "%.*s", (int)(dots - text), text);
	ends[0].text = from;
	ends[1].text = dots + 2;
	return true;
}

static bool keep_range(const struct conf_context *context, const struct conf_node *node,
		       const struct conf_field *field, const int64_t range[2], void *dest)
{
	if (range[0] > range[1]) {
		conf_error(context, node, "%s: a range goes upward", field->key);
		return false;
	}
	memcpy(dest, range, 2 * sizeof(*range));
	return true;
}

bool conf_durations(const struct conf_context *context, const struct conf_node *node,
		    const struct conf_field *field, void *dest)
{
	char from[CONF_TEXT_MAX];
	struct conf_node ends[2];
	int64_t ns[2];

	return split_range(context, node, field, ends, from) &&
	       conf_duration(context, &ends[0], field, &ns[0]) &&
	       conf_duration(context, &ends[1], field, &ns[1]) &&
	       keep_range(context, node, field, ns, dest);
}

/* Decimal, or 0x and hexadecimal. */
static bool whole(const struct conf_context *context, const struct conf_node *node,
		  const struct conf_field *field, int64_t *ret)
{
	uint32_t hex;

	if (text_to_hex32(node->text, &hex) < 0)
		return conf_int(context, node, field, ret);
	*ret = hex;
	return in_range(context, node, field, hex);
}

bool conf_ints(const struct conf_context *context, const struct conf_node *node,
	       const struct conf_field *field, void *dest)
{
	char from[CONF_TEXT_MAX];
	struct conf_node ends[2];
	int64_t range[2];

	return split_range(context, node, field, ends, from) &&
	       whole(context, &ends[0], field, &range[0]) &&
	       whole(context, &ends[1], field, &range[1]) &&
	       keep_range(context, node, field, range, dest);
}

bool conf_choice(const struct conf_context *context, const struct conf_node *node,
		 const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);
	char list[256] = "";
	size_t used = 0;
	int *value = dest;

	if (!text)
		return false;
	for (int i = 0; field->names[i]; i++) {
		if (strcmp(text, field->names[i]) == 0) {
			*value = i;
			return true;
		}
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 field->names[i]);
		if (used >= sizeof(list))
			used = sizeof(list) - 1;
	}
	conf_error(context, node, "%s: '%.60s' is none of: %s", field->key, text, list);
	return false;
}

bool conf_raw(const struct conf_context *context, const struct conf_node *node,
	      const struct conf_field *field, void *dest)
{
	const struct conf_node **raw = dest;

	(void)context;
	(void)field;
	*raw = node;
	return true;
}
