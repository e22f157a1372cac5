/* SPDX-License-Identifier: MIT */
/*
 * api_fault - faults of a line through the control API: listed, added, taken away
 *
 * JSON is YAML: a fault in a body is read by the reader of configurations, so that its keys, its
 * limits and its messages are the same.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/api_parts.h"
#include "sim/fault_conf.h"

#define BODY "body"

/* --- as JSON --- */

static void put_text(void *ctx, const char *key, const char *value)
{
	json_object_set_new(ctx, key, json_string(value));
}

static void put_number(void *ctx, const char *key, double value)
{
	const json_int_t whole = (json_int_t)value;

	json_object_set_new(ctx, key,
			    (double)whole == value ? json_integer(whole) : json_real(value));
}

static void put_truth(void *ctx, const char *key, bool value)
{
	json_object_set_new(ctx, key, json_boolean(value));
}

static json_t *fault_json(const struct faults *faults, size_t index)
{
	json_t *json = json_object();
	const struct fault_conf_writer writer = {
		.text = put_text, .number = put_number, .truth = put_truth, .ctx = json};

	fault_conf_write(faults_rule(faults, index), &writer);
	json_object_set_new(json, "hits", json_integer((json_int_t)faults_hits(faults, index)));
	return json;
}

/* --- out of a body --- */

/* "body:1:20: what is wrong" becomes where and message; the first one, and how many there are. */
static void refuse_diag(const struct diag *diag, struct route_answer *ret)
{
	const char *text = diag_text(diag, 0) ? diag_text(diag, 0) : BODY ": is not understood";
	const char *message = strstr(text, ": ");
	const size_t more = diag_count(diag) > 1 ? diag_count(diag) - 1 : 0;
	char where[64], count[40] = "";

	snprintf(where, sizeof(where), "%.*s", message ? (int)(message - text) : 0, text);
	if (more)
		snprintf(count, sizeof(count), " (and %zu more)", more);
	route_refuse(ret, 422, "invalid", where, "%s%s", message ? message + 2 : text, count);
}

static bool read_tree(const struct conf_tree *tree, const char *line, struct fault_rule *ret,
		      struct diag *diag)
{
	const struct conf_context context = {.file = BODY, .diag = diag};
	const struct conf_node *root = conf_tree_root(tree);
	char named[CONF_TEXT_MAX];

	if (!fault_conf_read(&context, root, ret, named))
		return false;
	if (named[0] == '\0' || strcmp(named, line) == 0)
		return true;
	conf_error(&context, root, "line: the path says '%s', not '%.60s'", line, named);
	return false;
}

/* false: refused. */
static bool read_fault(const struct route_request *request, struct fault_rule *ret,
		       struct route_answer *answer)
{
	struct conf_tree *tree = NULL;
	struct diag *diag;
	bool ok;

	if (diag_create(&diag) < 0) {
		route_refuse(answer, 503, "busy", "", "out of memory");
		return false;
	}
	ok = conf_tree_parse(&tree, BODY, request->body, request->body_bytes, diag) == 0 &&
	     read_tree(tree, request->parameter[0], ret, diag);
	if (!ok)
		refuse_diag(diag, answer);
	conf_tree_destroy(tree);
	diag_destroy(diag);
	return ok;
}

/* --- handlers --- */

/* NULL: refused. */
static struct faults *faults_of(const struct api *api, const struct route_request *request,
				struct route_answer *ret)
{
	size_t index;

	if (!api_find_line(api, request->parameter[0], &index, ret))
		return NULL;
	return bench_line_faults(bench_line_at(api->config.bench, index));
}

/* The place of the fault that the path names; false: refused. */
static bool find_fault(const struct faults *faults, const struct route_request *request,
		       size_t *ret, struct route_answer *answer)
{
	const char *name = request->parameter[1];

	for (size_t i = 0; i < faults_count(faults); i++) {
		if (strcmp(faults_rule(faults, i)->name, name) == 0) {
			*ret = i;
			return true;
		}
	}
	route_refuse(answer, 404, "not_found", "fault", "line '%s' has no fault '%.60s'",
		     request->parameter[0], name);
	return false;
}

void api_get_faults(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct faults *faults = faults_of(ctx, request, ret);
	json_t *list;

	if (!faults)
		return;
	list = json_array();
	for (size_t i = 0; i < faults_count(faults); i++)
		json_array_append_new(list, fault_json(faults, i));
	route_reply(ret, 200,
		    json_pack("{s:s, s:o}", "line", request->parameter[0], "faults", list));
}

void api_get_fault(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct faults *faults = faults_of(ctx, request, ret);
	size_t index;

	if (faults && find_fault(faults, request, &index, ret))
		route_reply(ret, 200, fault_json(faults, index));
}

void api_post_fault(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const struct api *api = ctx;
	struct faults *faults = faults_of(api, request, ret);
	struct fault_rule rule;
	int r;

	if (!faults || !read_fault(request, &rule, ret))
		return;
	r = faults_add(faults, &rule);
	if (r == -EEXIST) {
		route_refuse(ret, 409, "conflict", "name", "there is a fault '%s' already",
			     rule.name);
	} else if (r == -ENOSPC) {
		route_refuse(ret, 409, "conflict", "line", "a line has at most %d faults",
			     FAULTS_MAX);
	} else if (r < 0) {
		route_refuse(ret, 503, "busy", "", "%s", strerror(-r));
	} else {
		log_notice(api->config.log, "control: line %s: fault '%s' is added",
			   request->parameter[0], rule.name);
		route_reply(ret, 201, fault_json(faults, faults_count(faults) - 1));
	}
}

static void remove_all(const struct api *api, struct faults *faults, const char *line,
		       const char *only, struct route_answer *ret)
{
	json_int_t removed = 0;

	for (size_t i = faults_count(faults); i-- > 0;) {
		const char *name = faults_rule(faults, i)->name;

		if (only && strcmp(name, only) != 0)
			continue;
		log_notice(api->config.log,
			   "control: line %s: fault '%s' is gone, it struck %llu times", line, name,
			   (unsigned long long)faults_hits(faults, i));
		removed += faults_remove(faults, name) == 0;
	}
	route_reply(ret, 200, json_pack("{s:I}", "removed", removed));
}

void api_delete_faults(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	struct faults *faults = faults_of(ctx, request, ret);

	if (faults)
		remove_all(ctx, faults, request->parameter[0], NULL, ret);
}

void api_delete_fault(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	struct faults *faults = faults_of(ctx, request, ret);
	size_t index;

	if (faults && find_fault(faults, request, &index, ret))
		remove_all(ctx, faults, request->parameter[0], request->parameter[1], ret);
}
