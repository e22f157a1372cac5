/* SPDX-License-Identifier: MIT */
/* ctl_program - what the commands of metersimctl share */
#include "ctl_program.h"

#include <string.h>

#define LIST_COUNT 200
#define JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

bool program_plain(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";

	if (*name && strlen(name) < CTL_NAME_MAX && name[strspn(name, allowed)] == '\0')
		return true;
	fprintf(stderr, "metersimctl: there is no '%s'\n", name);
	return false;
}

const char *program_text(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

long long program_int(const json_t *json, const char *key)
{
	return (long long)json_integer_value(json_object_get(json, key));
}

double program_number(const json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

enum ctl_status program_print(json_t *json)
{
	json_dumpf(json, stdout, JSON_FLAGS | JSON_ENCODE_ANY);
	putchar('\n');
	json_decref(json);
	return CTL_FINE;
}

enum ctl_status program_ask(struct program *p, const char *method, json_t *body, json_t **ret)
{
	return ctl_ask(p->ctl, method, p->path, body, ret);
}

enum ctl_status program_meter_path(struct program *p, const char *part, const char *name)
{
	enum ctl_status what;
	json_t *list;

	if (!p->meter) {
		what = ctl_ask(p->ctl, "GET", "/v1/meters?count=2", NULL, &list);
		if (what != CTL_FINE)
			return what;
		if (program_int(list, "total") != 1) {
			fprintf(stderr,
				"metersimctl: there are %lld meters: --meter NAME says which\n",
				program_int(list, "total"));
			json_decref(list);
			return CTL_USAGE;
		}
		snprintf(p->only_meter, sizeof(p->only_meter), "%s",
			 program_text(json_array_get(json_object_get(list, "meters"), 0), "name"));
		p->meter = p->only_meter;
		json_decref(list);
	}
	if (!program_plain(p->meter) || (*name && !program_plain(name)))
		return CTL_NO_SUCH;
	snprintf(p->path, sizeof(p->path), "/v1/meters/%s/%s%s%s", p->meter, part, *name ? "/" : "",
		 name);
	return CTL_FINE;
}

enum ctl_status program_line_path(struct program *p, const char *line, const char *rest,
				  const char *name)
{
	if (!program_plain(line) || (*name && !program_plain(name)))
		return CTL_NO_SUCH;
	snprintf(p->path, sizeof(p->path), "/v1/lines/%s%s%s%s", line, rest, *name ? "/" : "",
		 name);
	return CTL_FINE;
}

enum ctl_status program_each(struct program *p, const char *kind,
			     enum ctl_status (*show)(struct program *p, json_t *item))
{
	enum ctl_status what = CTL_FINE;
	long long from = 0, total = 1;

	while (what == CTL_FINE && from < total) {
		json_t *list, *items, *item;
		size_t i;

		snprintf(p->path, sizeof(p->path), "/v1/%s?from=%lld&count=%d", kind, from,
			 LIST_COUNT);
		what = program_ask(p, "GET", NULL, &list);
		if (what != CTL_FINE)
			break;
		total = program_int(list, "total");
		items = json_object_get(list, kind);
		for (i = 0; (item = json_array_get(items, i)); i++) {
			if (what == CTL_FINE)
				what = show(p, item);
		}
		from += json_array_size(items) ? (long long)json_array_size(items) : total;
		json_decref(list);
	}
	return what;
}
