/* SPDX-License-Identifier: MIT */
/* route - from method, path and body of a request to the handler that answers it */
#include "sim/route.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define MESSAGE_MAX 640
#define JSON_TYPE   "application/json"

/* --- answers --- */

void route_reply(struct route_answer *ret, unsigned status, json_t *json)
{
	ret->status = json ? status : 503;
	ret->json = json;
	ret->content_type = JSON_TYPE;
}

/* Text out of a request may be cut within a character: JSON does not take that. */
static json_t *text_of(const char *text)
{
	json_t *string = json_string(text);
	char plain[MESSAGE_MAX];
	size_t n = 0;

	if (string)
		return string;
	for (; text[n] && n + 1 < sizeof(plain); n++)
		plain[n] = (char)(text[n] >= ' ' && text[n] <= '~' ? text[n] : '?');
	plain[n] = '\0';
	return json_string(plain);
}

void route_refuse(struct route_answer *ret, unsigned status, const char *code, const char *where,
		  const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	route_reply(ret, status,
		    json_pack("{s:{s:s, s:o, s:o}}", "error", "code", code, "message",
			      text_of(message), "where", text_of(where)));
}

void route_answer_fini(struct route_answer *answer)
{
	json_decref(answer->json);
	if (answer->stream)
		answer->stream->destroy(answer->stream);
	answer->json = NULL;
	answer->stream = NULL;
}

/* --- the path --- */

static size_t segment(const char *path)
{
	return strcspn(path, "/");
}

/* Whether path is of the pattern; parameters are filled as far as it is. */
static bool matches(const char *pattern, const char *path,
		    char parameter[ROUTE_PARAMETERS_MAX][ROUTE_NAME_MAX])
{
	size_t n = 0;

	while (*pattern == '/' && *path == '/') {
		const size_t want = segment(++pattern), got = segment(++path);

		if (*pattern == '{') {
			if (got == 0 || got >= ROUTE_NAME_MAX || n == ROUTE_PARAMETERS_MAX)
				return false;
			snprintf(parameter[n++], ROUTE_NAME_MAX, "%.*s", (int)got, path);
		} else if (want != got || memcmp(pattern, path, want) != 0) {
			return false;
		}
		pattern += want;
		path += got;
	}
	return *pattern == '\0' && *path == '\0';
}

/* HEAD is a GET whose body nobody sends. */
static bool has_method(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

static void allow(struct route_answer *ret, const char *method)
{
	const size_t used = strlen(ret->allow);

	snprintf(ret->allow + used, sizeof(ret->allow) - used, "%s%s%s", used ? ", " : "", method,
		 strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* NULL: refused. */
static const struct route *find(const struct route *routes, size_t count,
				struct route_request *request, struct route_answer *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (!matches(routes[i].path, request->path, request->parameter))
			continue;
		if (has_method(&routes[i], request->method)) {
			ret->allow[0] = '\0';
			return &routes[i];
		}
		allow(ret, routes[i].method);
	}
	if (ret->allow[0])
		route_refuse(ret, 405, "method_not_allowed", request->method,
			     "%.100s can be asked with: %s", request->path, ret->allow);
	else
		route_refuse(ret, 404, "not_found", "path",
			     "there is no %.100s; GET /v1 lists what there is", request->path);
	return NULL;
}

/* --- query and body --- */

const char *route_query(const struct route_request *request, const char *name)
{
	for (size_t i = 0; i < request->query_count; i++) {
		if (strcmp(request->queries[i].name, name) == 0)
			return request->queries[i].value;
	}
	return NULL;
}

bool route_query_int(const struct route_request *request, const char *name, int64_t min,
		     int64_t max, int64_t *ret, struct route_answer *answer)
{
	const char *text = route_query(request, name);
	int64_t number;

	if (!text)
		return true;
	if (text_to_int(text, &number) < 0 || number < min || number > max) {
		route_refuse(answer, 400, "bad_query", name,
			     "'%.40s' is not a whole number from %lld to %lld", text,
			     (long long)min, (long long)max);
		return false;
	}
	*ret = number;
	return true;
}

static bool check_queries(const struct route *route, const struct route_request *request,
			  struct route_answer *ret)
{
	for (size_t i = 0; i < request->query_count; i++) {
		const char *name = request->queries[i].name;
		size_t known = 0;

		while (route->queries && route->queries[known] &&
		       strcmp(route->queries[known], name) != 0)
			known++;
		if (!route->queries || !route->queries[known]) {
			route_refuse(ret, 400, "bad_query", name, "unknown parameter '%.60s'",
				     name);
			return false;
		}
		if (route_query(request, name) != request->queries[i].value) {
			route_refuse(ret, 400, "bad_query", name, "'%.60s' is given twice", name);
			return false;
		}
	}
	return true;
}

static bool is_json_type(const char *type)
{
	const size_t len = strlen(JSON_TYPE);

	return type && strncasecmp(type, JSON_TYPE, len) == 0 &&
	       (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static bool read_body(struct route_request *request, struct route_answer *ret)
{
	char where[64];
	json_error_t error;

	if (strcmp(request->method, "PUT") != 0 && strcmp(request->method, "POST") != 0) {
		if (request->body_bytes)
			route_refuse(ret, 400, "bad_json", "body", "%s takes no body",
				     request->method);
		return request->body_bytes == 0;
	}
	if (!is_json_type(request->content_type)) {
		route_refuse(ret, 415, "unsupported_media_type", "Content-Type",
			     "a body is " JSON_TYPE);
		return false;
	}
	request->json = json_loadb(request->body_bytes ? request->body : "", request->body_bytes,
				   JSON_REJECT_DUPLICATES, &error);
	if (!request->json) {
		snprintf(where, sizeof(where), "body:%d:%d", error.line > 0 ? error.line : 1,
			 error.column > 0 ? error.column : 1);
		route_refuse(ret, 400, "bad_json", where, "%s", error.text);
		return false;
	}
	if (!json_is_object(request->json)) {
		route_refuse(ret, 422, "invalid", "body", "an object {...} is expected");
		return false;
	}
	return true;
}

const json_t *route_only(const struct route_request *request, const char *key,
			 struct route_answer *answer)
{
	const char *name;
	json_t *value;

	json_object_foreach(request->json, name, value)
	{
		if (strcmp(name, key) != 0) {
			route_refuse(answer, 422, "invalid", name,
				     "unknown key '%.60s', '%s' is expected", name, key);
			return NULL;
		}
	}
	value = json_object_get(request->json, key);
	if (!value)
		route_refuse(answer, 422, "invalid", key, "key '%s' is missing", key);
	return value;
}

void route_serve(const struct route *routes, size_t count, void *ctx, struct route_request *request,
		 struct route_answer *ret)
{
	const struct route *route;

	*ret = (struct route_answer){.content_type = JSON_TYPE};
	request->json = NULL;
	route = find(routes, count, request, ret);
	if (route && check_queries(route, request, ret) && read_body(request, ret))
		route->handle(ctx, request, ret);
	json_decref(request->json);
	request->json = NULL;
}
