/* SPDX-License-Identifier: MIT */
/* bench_conf - the configuration of a bench: the file as a whole, lines and ports */
#include "sim/bench_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/text.h"
#include "sim/bench_meter_conf.h"
#include "sim/fault_conf.h"

#define COUNT(a)           (sizeof(a) / sizeof((a)[0]))
#define DEFAULT_TURNAROUND (5 * NS_PER_MS)

struct bench_text {
	int64_t seed;
	double speed;
	const struct conf_node *meters;
	const struct conf_node *lines;
	const struct conf_node *faults;
};

static const struct conf_field bench_fields[] = {
	{.key = "seed", .read = conf_int, .offset = offsetof(struct bench_text, seed)},
	{.key = "speed",
	 .read = conf_number,
	 .offset = offsetof(struct bench_text, speed),
	 .min = 0,
	 .max = SPEED_MAX},
	{.key = "meters",
	 .read = conf_raw,
	 .offset = offsetof(struct bench_text, meters),
	 .required = true},
	{.key = "lines",
	 .read = conf_raw,
	 .offset = offsetof(struct bench_text, lines),
	 .required = true},
	{.key = "faults", .read = conf_raw, .offset = offsetof(struct bench_text, faults)},
};

static const char *const protocol_names[] = {"modbus", NULL};
static const char *const pace_names[] = {"real", "off", NULL};
enum { PACE_REAL, PACE_OFF };

struct line_text {
	char name[CONF_TEXT_MAX];
	int protocol;
	const struct conf_node *port;
	int pace;
	bool echo;
	int64_t turnaround_ns[2];
	const struct conf_node *meters;
};

static const struct conf_field line_fields[] = {
	{.key = "name",
	 .read = conf_name,
	 .offset = offsetof(struct line_text, name),
	 .required = true},
	{.key = "protocol",
	 .read = conf_choice,
	 .offset = offsetof(struct line_text, protocol),
	 .required = true,
	 .names = protocol_names},
	{.key = "port",
	 .read = conf_raw,
	 .offset = offsetof(struct line_text, port),
	 .required = true},
	{.key = "pace",
	 .read = conf_choice,
	 .offset = offsetof(struct line_text, pace),
	 .names = pace_names},
	{.key = "echo", .read = conf_bool, .offset = offsetof(struct line_text, echo)},
	{.key = "turnaround",
	 .read = conf_durations,
	 .offset = offsetof(struct line_text, turnaround_ns),
	 .min = 0,
	 .max = 10},
	{.key = "meters",
	 .read = conf_raw,
	 .offset = offsetof(struct line_text, meters),
	 .required = true},
};

static void no_such_meter(const struct conf_context *context, const struct conf_node *node,
			  const struct bench_conf *conf)
{
	const char *nearest = NULL;

	for (size_t i = 0; i < conf->meter_count && !nearest; i++) {
		const struct bench_meter_conf *meter = &conf->meters[i];
		const char *names[] = {meter->name, meter->group};

		nearest = text_nearest(node->text, names, *meter->group ? 2 : 1);
	}
	conf_error(context, node, "meters: there is no meter '%.60s'%s%s%s", node->text,
		   nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static bool has_meter(const struct bench_line_conf *line, size_t index)
{
	for (size_t i = 0; i < line->meter_count; i++) {
		if (line->meters[i] == index)
			return true;
	}
	return false;
}

/* The meter of that name, or all those of a group. */
static bool add_meters(const struct conf_context *context, const struct conf_node *node,
		       const struct bench_conf *conf, struct bench_line_conf *line)
{
	const char *name = conf_scalar(context, node, "meters");
	bool found = false;

	for (size_t i = 0; name && i < conf->meter_count; i++) {
		const struct bench_meter_conf *meter = &conf->meters[i];

		if (strcmp(meter->name, name) != 0 && strcmp(meter->group, name) != 0)
			continue;
		found = true;
		if (has_meter(line, i)) {
			conf_error(context, node, "meters: '%s' is given twice", meter->name);
			return false;
		}
		if (!meter->model->modbus.present) {
			conf_error(context, node, "meters: model '%s' has no Modbus",
				   meter->model->name);
			return false;
		}
		line->meters[line->meter_count++] = i;
	}
	if (name && !found)
		no_such_meter(context, node, conf);
	return found;
}

static bool read_line_meters(const struct conf_context *context, const struct conf_node *node,
			     const struct bench_conf *conf, struct bench_line_conf *line)
{
	bool ok = true;

	if (node->kind != CONF_LIST || node->count < 1) {
		conf_error(context, node, "meters: a list of names of meters is expected");
		return false;
	}
	line->meters = calloc(conf->meter_count + 1, sizeof(*line->meters));
	if (!line->meters) {
		conf_error(context, node, "out of memory");
		return false;
	}
	for (size_t i = 0; i < node->count; i++)
		ok &= add_meters(context, node->item[i], conf, line);
	return ok;
}

/* Lines before it have other names and other places. */
static bool check_line(const struct conf_context *context, const struct conf_node *node,
		       const struct bench_conf *conf, const struct bench_line_conf *line)
{
	bool ok = true;

	for (size_t i = 0; i + 1 < conf->line_count; i++) {
		const struct bench_line_conf *other = &conf->lines[i];

		if (*line->name && strcmp(other->name, line->name) == 0) {
			conf_error(context, node, "there are two lines '%.60s'", line->name);
			ok = false;
		} else if (port_conf_clash(&other->port, &line->port)) {
			conf_error(context, node, "lines '%.60s' and '%.60s' have one port",
				   other->name, line->name);
			ok = false;
		}
	}
	return ok;
}

static bool check_echo(const struct conf_context *context, const struct conf_node *node,
		       const struct bench_line_conf *line)
{
	if (line->port.kind == PORT_PTY || line->port.kind == PORT_TCP)
		return true;
	conf_error(context, node,
		   "echo: only on a pty or tcp port: on a tty it is the adapter's, Modbus TCP has "
		   "none");
	return false;
}

/* Reads on after an error, to find all of them; what is missing has been reported. */
static bool read_line(const struct conf_context *context, const struct conf_node *node,
		      struct bench_conf *conf, bool meters_known)
{
	struct line_text t = {.turnaround_ns = {DEFAULT_TURNAROUND, DEFAULT_TURNAROUND}};
	struct bench_line_conf *line = &conf->lines[conf->line_count++];
	bool ok = conf_map(context, node, "the line", line_fields, COUNT(line_fields), &t);

	memcpy(line->name, t.name, sizeof(line->name));
	line->paced = t.pace == PACE_REAL;
	line->echo = t.echo;
	memcpy(line->turnaround_ns, t.turnaround_ns, sizeof(line->turnaround_ns));
	if (t.port)
		ok &= port_conf_read(context, t.port, &line->port);
	if (t.echo && line->port.kind != PORT_PTY && line->port.kind != PORT_TCP) {
		conf_error(context, node,
			   "echo: only on a pty or tcp port: on a tty it is the "
			   "adapter's, Modbus TCP has none");
		ok = false;
	}
	ok &= check_line(context, node, conf, line);
	if (t.meters && meters_known)
		ok &= read_line_meters(context, t.meters, conf, line);
	return ok;
}

static bool is_list(const struct conf_context *context, const struct conf_node *node,
		    const char *what, size_t most)
{
	if (node->kind == CONF_LIST && node->count >= 1 && node->count <= most)
		return true;
	conf_error(context, node, "%s: a list of 1 to %zu %s is expected", what, most, what);
	return false;
}

static bool read_meters(const struct conf_context *context, const struct conf_node *node,
			struct bench_conf *conf)
{
	bool ok = true;

	if (!is_list(context, node, "meters", BENCH_METERS_MAX))
		return false;
	for (size_t i = 0; i < node->count; i++)
		ok &= bench_meter_conf_read(context, node->item[i], conf);
	return ok;
}

/* meters_known: else lines may name meters that are missing for an error of theirs only. */
static bool read_lines(const struct conf_context *context, const struct conf_node *node,
		       struct bench_conf *conf, bool meters_known)
{
	bool ok = true;

	if (!is_list(context, node, "lines", BENCH_LINES_MAX))
		return false;
	conf->lines = calloc(node->count, sizeof(*conf->lines));
	if (!conf->lines) {
		conf_error(context, node, "out of memory");
		return false;
	}
	for (size_t i = 0; i < node->count; i++)
		ok &= read_line(context, node->item[i], conf, meters_known);
	return ok;
}

static struct bench_line_conf *find_line(const struct conf_context *context,
					 const struct conf_node *node, struct bench_conf *conf,
					 const char *name)
{
	if (!*name && conf->line_count == 1)
		return &conf->lines[0];
	for (size_t i = 0; i < conf->line_count; i++) {
		if (strcmp(conf->lines[i].name, name) == 0)
			return &conf->lines[i];
	}
	if (*name)
		conf_error(context, node, "line: there is no line '%.60s'", name);
	else
		conf_error(context, node, "line: there are several, one must be named");
	return NULL;
}

static bool add_fault(const struct conf_context *context, const struct conf_node *node,
		      struct bench_line_conf *line, const struct fault_rule *rule)
{
	struct fault_rule *faults;

	if (rule->kind == FAULT_ECHO && !check_echo(context, node, line))
		return false;
	faults = realloc(line->faults, (line->fault_count + 1) * sizeof(*faults));
	if (!faults) {
		conf_error(context, node, "out of memory");
		return false;
	}
	line->faults = faults;
	for (size_t i = 0; i < line->fault_count; i++) {
		if (strcmp(faults[i].name, rule->name) == 0) {
			conf_error(context, node, "there are two faults '%s' on line '%.60s'",
				   rule->name, line->name);
			return false;
		}
	}
	if (line->fault_count == FAULTS_MAX) {
		conf_error(context, node, "more than %d faults on line '%.60s'", FAULTS_MAX,
			   line->name);
		return false;
	}
	faults[line->fault_count++] = *rule;
	return true;
}

/* lines_ok: else a fault may name a line that is missing for an error of the line's only. */
static bool read_faults(const struct conf_context *context, const struct conf_node *node,
			struct bench_conf *conf, bool lines_ok)
{
	bool ok = true;

	if (!is_list(context, node, "faults", BENCH_FAULTS_MAX))
		return false;
	for (size_t i = 0; i < node->count; i++) {
		char name[CONF_TEXT_MAX];
		struct bench_line_conf *line;
		struct fault_rule rule;

		if (!fault_conf_read(context, node->item[i], &rule, name)) {
			ok = false;
			continue;
		}
		line = lines_ok ? find_line(context, node->item[i], conf, name) : NULL;
		ok &= line && add_fault(context, node->item[i], line, &rule);
	}
	return ok;
}

static bool read_bench(const struct conf_context *context, const struct conf_node *root,
		       struct bench_conf *conf)
{
	struct bench_text t = {.seed = 1, .speed = 1};
	bool ok =
		conf_map(context, root, "the configuration", bench_fields, COUNT(bench_fields), &t);
	bool meters_ok, lines_ok;

	conf->seed = t.seed;
	conf->speed = t.speed;
	if (t.speed > 0 && t.speed < SPEED_MIN) {
		conf_error(context, root, "speed: 0, or from %g to %g is expected", SPEED_MIN,
			   SPEED_MAX);
		ok = false;
	}
	meters_ok = t.meters && read_meters(context, t.meters, conf);
	lines_ok = t.lines && read_lines(context, t.lines, conf, meters_ok);
	ok &= lines_ok;
	if (t.faults)
		ok &= read_faults(context, t.faults, conf, lines_ok);
	return ok && meters_ok;
}

int bench_conf_load_tree(struct bench_conf **ret, const struct conf_tree *tree, struct diag *diag)
{
	const struct conf_context context = {.file = conf_tree_file(tree), .diag = diag};
	struct bench_conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return -ENOMEM;
	if (!read_bench(&context, conf_tree_root(tree), conf)) {
		bench_conf_destroy(conf);
		return -EINVAL;
	}
	*ret = conf;
	return 0;
}

int bench_conf_load(struct bench_conf **ret, const char *path, struct diag *diag)
{
	struct conf_tree *tree;
	int r = conf_tree_load(&tree, path, diag);

	if (r < 0)
		return r;
	r = bench_conf_load_tree(ret, tree, diag);
	conf_tree_destroy(tree);
	return r;
}

int bench_conf_parse(struct bench_conf **ret, const char *file, const char *text, size_t len_bytes,
		     struct diag *diag)
{
	struct conf_tree *tree;
	int r = conf_tree_parse(&tree, file, text, len_bytes, diag);

	if (r < 0)
		return r;
	r = bench_conf_load_tree(ret, tree, diag);
	conf_tree_destroy(tree);
	return r;
}

void bench_conf_destroy(struct bench_conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->meter_count; i++)
		bench_meter_conf_fini(&conf->meters[i]);
	for (size_t i = 0; i < conf->line_count; i++) {
		free(conf->lines[i].meters);
		free(conf->lines[i].faults);
	}
	free(conf->meters);
	free(conf->lines);
	bench_owned_destroy(conf->owned);
	free(conf);
}
