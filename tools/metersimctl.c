/* SPDX-License-Identifier: MIT */
/*
 * metersimctl - asks and tells a running metersimd, from the shell
 *
 * A command is one or a few requests of the control API (docs/openapi.yaml) and a table for
 * people, or with --json what the daemon answered. metersimctl(1).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_program.h"
#include "ctl_wait.h"
#include "ctl_watch.h"
#include "meter/point.h"
#include "sim/conf_read.h"
#include "sim/data_path.h"
#include "sim/world.h"

#define ARGUMENTS_MAX 32

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int min, max; /* arguments */
	enum ctl_status (*run)(struct program *p, int argc, char **argv);
};

/* --- status --- */

static enum ctl_status show_meter(struct program *p, json_t *meter)
{
	(void)p;
	printf("  %-12s %-14s serial %08lld%s%s\n", program_text(meter, "name"),
	       program_text(meter, "model"), program_int(meter, "serial"),
	       *program_text(meter, "follows") ? "  follows its " : "",
	       program_text(meter, "follows"));
	return CTL_FINE;
}

static enum ctl_status run_status(struct program *p, int argc, char **argv)
{
	enum ctl_status what;
	json_t *bench;

	(void)argc;
	(void)argv;
	snprintf(p->path, sizeof(p->path), "/v1/bench");
	what = program_ask(p, "GET", NULL, &bench);
	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(bench);
	printf("metersimd %s, speed %.15g, %.1f s metered, capture %s\n",
	       program_text(bench, "version"), program_number(bench, "speed"),
	       program_number(bench, "metering_s"),
	       json_is_true(json_object_get(bench, "capture")) ? "on" : "none");
	json_decref(bench);
	puts("meters:");
	what = program_each(p, "meters", show_meter);
	if (what != CTL_FINE)
		return what;
	puts("lines:");
	return ctl_lines(p, 0, NULL);
}

/* --- time, capture, log --- */

static enum ctl_status run_speed(struct program *p, int argc, char **argv)
{
	enum ctl_status what;
	json_t *answer, *body = NULL;
	char *end = NULL;
	double speed;

	if (argc) {
		speed = strtod(argv[0], &end);
		if (end == argv[0] || *end) {
			fprintf(stderr, "metersimctl: '%s' is not a number\n", argv[0]);
			return CTL_USAGE;
		}
		body = json_pack("{s:f}", "speed", speed);
	}
	snprintf(p->path, sizeof(p->path), "/v1/time");
	what = program_ask(p, argc ? "PUT" : "GET", body, &answer);
	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(answer);
	printf("%.15g\n", program_number(answer, "speed"));
	json_decref(answer);
	return CTL_FINE;
}

static enum ctl_status run_capture(struct program *p, int argc, char **argv)
{
	enum ctl_status what;
	json_t *answer, *body = NULL;

	if (argc && strcmp(argv[0], "on") != 0 && strcmp(argv[0], "off") != 0) {
		fputs("usage: metersimctl capture [on|off]\n", stderr);
		return CTL_USAGE;
	}
	if (argc)
		body = json_pack("{s:b}", "on", strcmp(argv[0], "on") == 0);
	snprintf(p->path, sizeof(p->path), "/v1/capture");
	what = program_ask(p, argc ? "PUT" : "GET", body, &answer);
	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(answer);
	if (*program_text(answer, "text"))
		printf("%s: %lld telegrams in %s\n",
		       json_is_true(json_object_get(answer, "on")) ? "on" : "off",
		       program_int(answer, "telegrams"), program_text(answer, "text"));
	else
		puts("none: metersimd was started without --capture");
	json_decref(answer);
	return CTL_FINE;
}

static enum ctl_status run_log(struct program *p, int argc, char **argv)
{
	enum ctl_status what;
	json_t *answer, *line;
	size_t i;

	if (argc && !program_plain(argv[0]))
		return CTL_USAGE;
	snprintf(p->path, sizeof(p->path), "/v1/log%s%s", argc ? "?last=" : "",
		 argc ? argv[0] : "");
	what = program_ask(p, "GET", NULL, &answer);
	if (what != CTL_FINE)
		return what;
	if (p->json)
		return program_print(answer);
	for (i = 0; (line = json_array_get(json_object_get(answer, "lines"), i)); i++)
		printf("%s %-7s %s\n", program_text(line, "at"), program_text(line, "level"),
		       program_text(line, "text"));
	json_decref(answer);
	return CTL_FINE;
}

/* --- watching and waiting --- */

static enum ctl_status run_watch(struct program *p, int argc, char **argv)
{
	enum ctl_status what;

	if (argc)
		p->meter = argv[0];
	what = program_meter_path(p, "points", "");
	return what == CTL_FINE ? ctl_watch(p->ctl, p->meter) : what;
}

static enum ctl_status run_wait(struct program *p, int argc, char **argv)
{
	struct ctl_condition condition;
	int64_t timeout_ns = -1;
	enum ctl_status what;

	(void)argc;
	if (!ctl_condition_parse(argv[0], &condition))
		return CTL_USAGE;
	if (p->timeout && conf_parse_duration(p->timeout, &timeout_ns) < 0) {
		fprintf(stderr, "metersimctl: --timeout: '%s' is not a duration such as 10s\n",
			p->timeout);
		return CTL_USAGE;
	}
	what = program_meter_path(p, "points", condition.point);
	if (what != CTL_FINE)
		return what;
	return ctl_wait(p->ctl, p->meter, &condition,
			timeout_ns < 0 ? -1 : (double)timeout_ns * 1e-9);
}

/* --- for the shell's completion --- */

static enum ctl_status show_name(struct program *p, json_t *item)
{
	(void)p;
	puts(program_text(item, "name"));
	return CTL_FINE;
}

static enum ctl_status run_names(struct program *p, int argc, char **argv)
{
	const char *const *world;
	const struct point *point;
	size_t count;

	(void)argc;
	if (strcmp(argv[0], "meters") == 0 || strcmp(argv[0], "lines") == 0)
		return program_each(p, argv[0], show_name);
	if (strcmp(argv[0], "points") == 0) {
		for (size_t i = 0; (point = point_at(i)); i++)
			puts(point->name);
		return CTL_FINE;
	}
	if (strcmp(argv[0], "world") == 0) {
		world = world_names(&count);
		for (size_t i = 0; i < count; i++)
			puts(world[i]);
		return CTL_FINE;
	}
	fputs("usage: metersimctl names meters|lines|points|world\n", stderr);
	return CTL_USAGE;
}

/* --- the whole --- */

static const struct command commands[] = {
	{"status", "", "the bench, its meters and its lines", 0, 0, run_status},
	{"get", "[POINT...]", "points of a meter; all of them without a name", 0, ARGUMENTS_MAX,
	 ctl_get},
	{"set", "POINT VALUE", "write a setting, or reset a counter with 0", 2, 2, ctl_set},
	{"world", "get [POINT] | set POINT VALUE [VALUE VALUE]", "grid and load", 1, 5, ctl_world},
	{"speed", "[X]", "metering time per real time; 0 stands still", 0, 1, run_speed},
	{"lines", "", "the lines, and what went over them", 0, 0, ctl_lines},
	{"verdict", "[LINE]", "what can be said of the master", 0, 1, ctl_verdict},
	{"faults", "list [LINE] | add LINE KEY=VALUE... | clear LINE [NAME]", "faults on purpose",
	 0, ARGUMENTS_MAX, ctl_faults},
	{"capture", "[on|off]", "the recording of the bus", 0, 1, run_capture},
	{"log", "[N]", "the last N messages of the daemon", 0, 1, run_log},
	{"watch", "[METER]", "a live screen of a meter; q ends it", 0, 1, run_watch},
	{"wait", "CONDITION", "until e.g. 'voltage.l1 > 200' holds; see --timeout", 1, 1, run_wait},
	{"names", "meters|lines|points|world", "names only, for the completion of a shell", 1, 1,
	 run_names},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static void help(FILE *out)
{
	fputs("usage: metersimctl [options] COMMAND [arguments]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %s %s\n        %s\n", commands[i].name, commands[i].arguments,
			commands[i].help);
	fputs("\n"
	      "  --control PATH  the daemon's Unix socket; default: where metersimd has it\n"
	      "  --url URL       the daemon over TCP, e.g. http://127.0.0.1:8080\n"
	      "  --token FILE    what the daemon asks for over TCP\n"
	      "  --meter NAME    which meter, if there are several\n"
	      "  --timeout TIME  of wait, e.g. 10s; without it wait waits as long as it takes\n"
	      "  --json          what the daemon answers, for programs\n"
	      "  --value         values only, one a line\n"
	      "  --version       print the version\n"
	      "  --help          print this\n"
	      "\n"
	      "Exit status: 0 fine, 1 not met or refused, 64 usage, 66 no such thing,\n"
	      "69 no daemon, 74 I/O error. See metersimctl(1).\n",
	      out);
}

enum {
	OPT_CONTROL = 256,
	OPT_URL,
	OPT_TOKEN,
	OPT_METER,
	OPT_TIMEOUT,
	OPT_JSON,
	OPT_VALUE,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
	{"control", required_argument, NULL, OPT_CONTROL},
	{"url", required_argument, NULL, OPT_URL},
	{"token", required_argument, NULL, OPT_TOKEN},
	{"meter", required_argument, NULL, OPT_METER},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"json", no_argument, NULL, OPT_JSON},
	{"value", no_argument, NULL, OPT_VALUE},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

/* Whether the word is an option whose value is the next word. */
static bool takes_next(const char *word)
{
	const struct option *o = long_options;

	if (strchr(word, '='))
		return false;
	while (o->name && strstr(o->name, word + 2) != o->name)
		o++;
	return o->name && o->has_arg == required_argument;
}

/*
 * Options first, wherever they stood, then "--" and the rest: "-30" is a value, and getopt would
 * take it for an option. sorted: argc + 2 words.
 */
static int sort_words(int argc, char **argv, char *end, char **sorted)
{
	int n = 0;

	sorted[n++] = argv[0];
	for (int pass = 0; pass < 2; pass++) {
		bool over = false;

		for (int i = 1; i < argc; i++) {
			const bool option = !over && strncmp(argv[i], "--", 2) == 0 && argv[i][2];
			const bool pair = option && i + 1 < argc && takes_next(argv[i]);

			if (!over && strcmp(argv[i], "--") == 0) {
				over = true;
				continue;
			}
			if (option == (pass == 0))
				sorted[n++] = argv[i];
			if (pair && pass == 0)
				sorted[n++] = argv[i + 1];
			i += pair;
		}
		if (pass == 0)
			sorted[n++] = end;
	}
	sorted[n] = NULL;
	return n;
}

/* Negative: go on; else the exit status. */
static int take(struct program *p, int option)
{
	switch (option) {
	case OPT_CONTROL:
		p->control = optarg;
		return -1;
	case OPT_URL:
		p->url = optarg;
		return -1;
	case OPT_TOKEN:
		p->token = optarg;
		return -1;
	case OPT_METER:
		p->meter = optarg;
		return -1;
	case OPT_TIMEOUT:
		p->timeout = optarg;
		return -1;
	case OPT_JSON:
		p->json = true;
		return -1;
	case OPT_VALUE:
		p->bare = true;
		return -1;
	case OPT_VERSION:
		puts("metersimctl " METERSIM_VERSION);
		return CTL_FINE;
	case OPT_HELP:
		help(stdout);
		return CTL_FINE;
	default:
		fputs("Try 'metersimctl --help'.\n", stderr);
		return CTL_USAGE;
	}
}

static enum ctl_status run(struct program *p, const struct command *command, int argc, char **argv)
{
	char folder[DATA_PATH_MAX];
	enum ctl_status what;

	if (!p->control && !p->url) {
		if (data_path_runtime(folder) < 0) {
			fprintf(stderr, "metersimctl: %s cannot be used: --control says where\n",
				folder);
			return CTL_NO_DAEMON;
		}
		snprintf(p->place, sizeof(p->place), "%s/control", folder);
		p->control = p->place;
	}
	p->ctl = ctl_open(p->control, p->url, p->token);
	if (!p->ctl)
		return p->token ? CTL_NO_SUCH : CTL_IO;
	what = command->run(p, argc, argv);
	ctl_close(p->ctl);
	return what == CTL_FINE && fflush(stdout) != 0 ? CTL_IO : what;
}

static int work(int argc, char **argv)
{
	struct program program = {.control = NULL};
	const struct command *command;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		const int status = take(&program, option);

		if (status >= 0)
			return status;
	}
	if (program.control && program.url) {
		fputs("metersimctl: --control and --url exclude each other\n", stderr);
		return CTL_USAGE;
	}
	command = optind < argc ? find_command(argv[optind]) : NULL;
	if (!command) {
		fprintf(stderr, "metersimctl: %s%s\nTry 'metersimctl --help'.\n",
			optind < argc ? "unknown command " : "which command?",
			optind < argc ? argv[optind] : "");
		return CTL_USAGE;
	}
	argc -= optind + 1;
	if (argc < command->min || argc > command->max) {
		fprintf(stderr, "usage: metersimctl %s %s\n", command->name, command->arguments);
		return CTL_USAGE;
	}
	return (int)run(&program, command, argc, argv + optind + 1);
}

int main(int argc, char *argv[])
{
	char **sorted = calloc((size_t)argc + 2, sizeof(*sorted));
	char end[] = "--";
	int status = CTL_IO;

	if (sorted)
		status = work(sort_words(argc, argv, end, sorted), sorted);
	free(sorted);
	return status;
}
