/* SPDX-License-Identifier: MIT */
/*
 * ctl_program - what the commands of metersimctl share: options, requests, and their answers
 *
 * A command prints a table, or with --json what the daemon answered, and returns its exit status.
 */
#pragma once
#include <stdio.h>

#include "ctl_http.h"
#include "ctl_wait.h"
#include "sim/data_path.h"

#define PATH_MAX_BYTES 1024

struct program {
	const char *control;
	const char *url;
	const char *token;
	const char *meter; /* NULL: the only one */
	const char *timeout;
	bool json;
	bool bare; /* values only */
	struct ctl *ctl;
	char only_meter[CTL_NAME_MAX];
	char path[PATH_MAX_BYTES]; /* of the request */
	char place[DATA_PATH_MAX + 16];
};

/* Whether it can be a name; said on stderr: anything else would change a request's path. */
bool program_plain(const char *name);
/* Members of an object: "", 0 where there is none. */
const char *program_text(const json_t *json, const char *key);
long long program_int(const json_t *json, const char *key);
double program_number(const json_t *json, const char *key);
/* Takes over json. */
enum ctl_status program_print(json_t *json);
/* At p->path; see ctl_ask. */
enum ctl_status program_ask(struct program *p, const char *method, json_t *body, json_t **ret);
/* p->path becomes that of a part of the meter of --meter, or of the only one. name: "" for none. */
enum ctl_status program_meter_path(struct program *p, const char *part, const char *name);
enum ctl_status program_line_path(struct program *p, const char *line, const char *rest,
				  const char *name);
/* Calls show for each item of "meters" or "lines", which come in pieces. */
enum ctl_status program_each(struct program *p, const char *kind,
			     enum ctl_status (*show)(struct program *p, json_t *item));

/* ctl_meter.c */
enum ctl_status ctl_get(struct program *p, int argc, char **argv);
enum ctl_status ctl_set(struct program *p, int argc, char **argv);
enum ctl_status ctl_world(struct program *p, int argc, char **argv);

/* ctl_line.c */
enum ctl_status ctl_lines(struct program *p, int argc, char **argv);
enum ctl_status ctl_verdict(struct program *p, int argc, char **argv);
enum ctl_status ctl_faults(struct program *p, int argc, char **argv);
