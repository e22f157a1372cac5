/* SPDX-License-Identifier: MIT */
/* ctl_line - metersimctl lines, verdict and faults */
#include <string.h>

#include "ctl_program.h"

/* --- lines --- */

static enum ctl_status show_line(struct program *p, json_t *line)
{
	if (p->json)
		return program_print(json_incref(line));
	printf("  %-12s %-10s %6lld meter%s %8lld requests %8lld answers  %s\n",
	       program_text(line, "name"), program_text(line, "protocol"),
	       program_int(line, "meter_count"), program_int(line, "meter_count") == 1 ? " " : "s",
	       program_int(line, "requests"), program_int(line, "answers"),
	       program_text(line, "port"));
	return CTL_FINE;
}

static enum ctl_status show_verdict(struct program *p, json_t *item)
{
	enum ctl_status what = program_line_path(p, program_text(item, "name"), "", "");
	json_t *line, *text;
	size_t i;

	if (what == CTL_FINE)
		what = program_ask(p, "GET", NULL, &line);
	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(line);
	printf("%s (%s, pace %s) %s\n", program_text(line, "name"), program_text(line, "protocol"),
	       program_text(line, "pace"), program_text(line, "port"));
	for (i = 0;
	     (text = json_array_get(json_object_get(json_object_get(line, "verdict"), "text"), i));
	     i++)
		printf("  %s\n", json_string_value(text));
	json_decref(line);
	return CTL_FINE;
}

enum ctl_status ctl_lines(struct program *p, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return program_each(p, "lines", show_line);
}

enum ctl_status ctl_verdict(struct program *p, int argc, char **argv)
{
	json_t *named;
	enum ctl_status what;

	if (argc == 0)
		return program_each(p, "lines", show_verdict);
	named = json_pack("{s:s}", "name", argv[0]);
	what = show_verdict(p, named);
	json_decref(named);
	return what;
}

/* --- faults --- */

static void show_fault(const char *line, json_t *fault)
{
	const char *key;
	json_t *value;

	printf("%-12s %-16s %6lld hits ", line, program_text(fault, "name"),
	       program_int(fault, "hits"));
	json_object_foreach(fault, key, value)
	{
		if (strcmp(key, "name") == 0 || strcmp(key, "hits") == 0)
			continue;
		if (json_is_string(value))
			printf(" %s=%s", key, json_string_value(value));
		else if (json_is_boolean(value))
			printf(" %s=%s", key, json_is_true(value) ? "true" : "false");
		else
			printf(" %s=%.10g", key, json_number_value(value));
	}
	putchar('\n');
}

static enum ctl_status list_faults(struct program *p, json_t *item)
{
	enum ctl_status what = program_line_path(p, program_text(item, "name"), "/faults", "");
	json_t *answer, *fault;
	size_t i;

	if (what == CTL_FINE)
		what = program_ask(p, "GET", NULL, &answer);
	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(answer);
	for (i = 0; (fault = json_array_get(json_object_get(answer, "faults"), i)); i++)
		show_fault(program_text(answer, "line"), fault);
	json_decref(answer);
	return CTL_FINE;
}

/* "name=noise" and so on; the daemon knows what they mean. NULL: usage. */
static json_t *fault_body(int argc, char **argv)
{
	json_t *body = json_object();

	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		char key[64];

		if (!equals || equals == argv[i] || (size_t)(equals - argv[i]) >= sizeof(key)) {
			fprintf(stderr, "metersimctl: '%s' is not KEY=VALUE, such as drop=true\n",
				argv[i]);
			json_decref(body);
			return NULL;
		}
		snprintf(key, sizeof(key), "%.*s", (int)(equals - argv[i]), argv[i]);
		json_object_set_new(body, key, json_string(equals + 1));
	}
	return body;
}

static enum ctl_status add_fault(struct program *p, int argc, char **argv)
{
	enum ctl_status what = program_line_path(p, argv[0], "/faults", "");
	json_t *body, *fault;

	if (what != CTL_FINE)
		return what;
	body = fault_body(argc - 1, argv + 1);
	if (!body)
		return CTL_USAGE;
	what = program_ask(p, "POST", body, &fault);
	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(fault);
	show_fault(argv[0], fault);
	json_decref(fault);
	return CTL_FINE;
}

static enum ctl_status clear_faults(struct program *p, const char *line, const char *name)
{
	enum ctl_status what = program_line_path(p, line, "/faults", name);
	json_t *answer;

	if (what == CTL_FINE)
		what = program_ask(p, "DELETE", NULL, &answer);
	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(answer);
	printf("%lld removed\n", program_int(answer, "removed"));
	json_decref(answer);
	return CTL_FINE;
}

enum ctl_status ctl_faults(struct program *p, int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "list";
	enum ctl_status what;
	json_t *named;

	if (strcmp(verb, "list") == 0 && argc <= 1)
		return program_each(p, "lines", list_faults);
	if (strcmp(verb, "list") == 0 && argc == 2) {
		named = json_pack("{s:s}", "name", argv[1]);
		what = list_faults(p, named);
		json_decref(named);
		return what;
	}
	if (strcmp(verb, "add") == 0 && argc >= 3)
		return add_fault(p, argc - 1, argv + 1);
	if (strcmp(verb, "clear") == 0 && (argc == 2 || argc == 3))
		return clear_faults(p, argv[1], argc == 3 ? argv[2] : "");
	fputs("usage: metersimctl faults list [LINE]\n"
	      "       metersimctl faults add LINE KEY=VALUE...\n"
	      "       metersimctl faults clear LINE [NAME]\n",
	      stderr);
	return CTL_USAGE;
}
