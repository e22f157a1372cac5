/* SPDX-License-Identifier: MIT */
/* ctl_meter - metersimctl get, set and world: a meter's points, its grid and its load */
#include <string.h>

#include "ctl_program.h"

static json_t *with_value(const char *text)
{
	return json_pack("{s:s}", "value", text);
}

/* Shows the answer: a point, or all its "points". */
static enum ctl_status ask(struct program *p, const char *method, json_t *body,
			   void (*show)(const struct program *p, const json_t *point))
{
	json_t *answer, *list, *point;
	enum ctl_status what = program_ask(p, method, body, &answer);
	size_t i;

	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(answer);
	list = json_object_get(answer, "points");
	if (!list)
		show(p, answer);
	for (i = 0; (point = json_array_get(list, i)); i++)
		show(p, point);
	json_decref(answer);
	return CTL_FINE;
}

/* --- points --- */

static void show_point(const struct program *p, const json_t *point)
{
	const char *unit = program_text(point, "unit");

	if (p->bare)
		puts(program_text(point, "text"));
	else
		printf("%-28s %14s%s%s\n", program_text(point, "name"), program_text(point, "text"),
		       *unit ? " " : "", unit);
}

static enum ctl_status get_all(struct program *p)
{
	const enum ctl_status what = program_meter_path(p, "points", "");

	return what == CTL_FINE ? ask(p, "GET", NULL, show_point) : what;
}

enum ctl_status ctl_get(struct program *p, int argc, char **argv)
{
	json_t *list = json_array(), *point;
	enum ctl_status what = CTL_FINE;
	size_t at;

	if (argc == 0) {
		json_decref(list);
		return get_all(p);
	}
	for (int i = 0; i < argc && what == CTL_FINE; i++) {
		what = program_meter_path(p, "points", argv[i]);
		if (what == CTL_FINE)
			what = program_ask(p, "GET", NULL, &point);
		if (what == CTL_FINE)
			json_array_append_new(list, point);
	}
	if (what == CTL_FINE && p->json)
		return program_print(json_pack("{s:s, s:o}", "meter", p->meter, "points", list));
	if (what == CTL_FINE)
		for (at = 0; (point = json_array_get(list, at)); at++)
			show_point(p, point);
	json_decref(list);
	return what;
}

enum ctl_status ctl_set(struct program *p, int argc, char **argv)
{
	const enum ctl_status what = program_meter_path(p, "points", argv[0]);

	(void)argc;
	return what == CTL_FINE ? ask(p, "PUT", with_value(argv[1]), show_point) : what;
}

/* --- world --- */

static void show_world(const struct program *p, const json_t *point)
{
	const json_t *value = json_object_get(point, "value"), *one;
	size_t i;

	if (!p->bare)
		printf("%-24s ", program_text(point, "name"));
	if (json_is_array(value))
		for (i = 0; (one = json_array_get(value, i)); i++)
			printf("%s%.10g", i ? " " : "", json_number_value(one));
	else
		printf("%.10g", json_number_value(value));
	printf("%s%s\n", p->bare ? "" : " ", p->bare ? "" : program_text(point, "unit"));
}

static enum ctl_status world_get(struct program *p, const char *name)
{
	const enum ctl_status what = program_meter_path(p, "world", name);

	return what == CTL_FINE ? ask(p, "GET", NULL, show_world) : what;
}

enum ctl_status ctl_world(struct program *p, int argc, char **argv)
{
	enum ctl_status what;
	json_t *value;

	if (argc >= 1 && strcmp(argv[0], "get") == 0 && argc <= 2)
		return world_get(p, argc == 2 ? argv[1] : "");
	if (argc == 0 || strcmp(argv[0], "set") != 0 || (argc != 3 && argc != 5)) {
		fputs("usage: metersimctl world get [POINT]\n"
		      "       metersimctl world set POINT VALUE [VALUE VALUE]\n",
		      stderr);
		return CTL_USAGE;
	}
	what = program_meter_path(p, "world", argv[1]);
	if (what != CTL_FINE)
		return what;
	value = argc == 3 ? json_string(argv[2])
			  : json_pack("[s, s, s]", argv[2], argv[3], argv[4]);
	return ask(p, "PUT", json_pack("{s:o}", "value", value), show_world);
}
