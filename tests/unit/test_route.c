/* SPDX-License-Identifier: MIT */
/* test_route - requests find their handlers; what is wrong with them is told with its status */
#include "sim/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Says which route it was and what it was given. */
static void echo(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	int64_t n = 7;

	(void)ctx;
	if (!route_query_int(request, "n", 0, 9, &n, ret))
		return;
	route_reply(ret, 200,
		    json_pack("{s:s, s:s, s:I, s:O?}", "a", request->parameter[0], "b",
			      request->parameter[1], "n", (json_int_t)n, "body", request->json));
}

static void only(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	const json_t *value = route_only(request, "value", ret);

	(void)ctx;
	if (value)
		route_reply(ret, 200, json_pack("{s:O}", "value", value));
}

static const char *const queries[] = {"n", "m", NULL};

static const struct route routes[] = {
	{"GET", "/a", echo, queries},         {"GET", "/a/{x}", echo, NULL},
	{"PUT", "/a/{x}", only, NULL},        {"DELETE", "/a/{x}", echo, NULL},
	{"POST", "/a/{x}/b/{y}", echo, NULL},
};

static void serve(const char *method, const char *path, const char *body, const char *type,
		  struct route_answer *ret)
{
	struct route_request request = {.method = method,
					.path = path,
					.body = body,
					.body_bytes = body ? strlen(body) : 0,
					.content_type = type};

	route_serve(routes, COUNT(routes), NULL, &request, ret);
}

/* The answer as "status text". */
static void check(const char *method, const char *path, const char *body, const char *type,
		  const char *want)
{
	struct route_answer answer;
	char text[1024], *json;

	serve(method, path, body, type, &answer);
	json = json_dumps(answer.json, ROUTE_JSON_FLAGS);
	assert_non_null(json);
	snprintf(text, sizeof(text), "%u %s", answer.status, json);
	free(json);
	route_answer_fini(&answer);
	assert_string_equal(text, want);
}

#define JSON "application/json"

static void paths_and_parameters(void **state)
{
	(void)state;
	check("GET", "/a", NULL, NULL, "200 {\"a\":\"\",\"b\":\"\",\"n\":7,\"body\":null}");
	check("HEAD", "/a/x", NULL, NULL, "200 {\"a\":\"x\",\"b\":\"\",\"n\":7,\"body\":null}");
	check("DELETE", "/a/x.y-z", NULL, NULL,
	      "200 {\"a\":\"x.y-z\",\"b\":\"\",\"n\":7,\"body\":null}");
	check("POST", "/a/p/b/q", "{\"k\": [1, 2.5]}", JSON,
	      "200 {\"a\":\"p\",\"b\":\"q\",\"n\":7,\"body\":{\"k\":[1,2.5]}}");
}

static void no_such_path(void **state)
{
	static const char *const paths[] = {"",        "a",    "/",     "/a/",
					    "/b",      "/a//", "/a/x/", "/a/x/b",
					    "/a/x/b/", "//a",  "/A",    "/a/x/b/y/z"};
	char longer[2 * ROUTE_NAME_MAX] = "/a/";
	struct route_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		serve("GET", paths[i], NULL, NULL, &answer);
		assert_int_equal(answer.status, 404);
		route_answer_fini(&answer);
	}
	memset(longer + 3, 'x', ROUTE_NAME_MAX);
	serve("GET", longer, NULL, NULL, &answer);
	assert_int_equal(answer.status, 404);
	route_answer_fini(&answer);
}

static void other_methods(void **state)
{
	struct route_answer answer;

	(void)state;
	serve("PATCH", "/a/x", NULL, NULL, &answer);
	assert_int_equal(answer.status, 405);
	assert_string_equal(answer.allow, "GET, HEAD, PUT, DELETE");
	route_answer_fini(&answer);
	serve("get", "/a", NULL, NULL, &answer);
	assert_int_equal(answer.status, 405);
	route_answer_fini(&answer);
}

static void queries_are_known_ones(void **state)
{
	static const struct {
		struct route_query given[2];
		size_t count;
		unsigned status;
	} rows[] = {
		{{{"n", "5"}}, 1, 200},
		{{{"m", ""}}, 1, 200},
		{{{"n", "10"}}, 1, 400},
		{{{"n", "-1"}}, 1, 400},
		{{{"n", ""}}, 1, 400},
		{{{"n", "x"}}, 1, 400},
		{{{"q", "5"}}, 1, 400},
		{{{"n", "5"}, {"n", "6"}}, 2, 400},
		{{{"n", "5"}, {"m", "6"}}, 2, 200},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct route_request request = {.method = "GET",
						.path = "/a",
						.query_count = rows[i].count};
		struct route_answer answer;

		memcpy(request.queries, rows[i].given, sizeof(rows[i].given));
		route_serve(routes, COUNT(routes), NULL, &request, &answer);
		assert_int_equal(answer.status, rows[i].status);
		route_answer_fini(&answer);
	}
}

static void bodies(void **state)
{
	(void)state;
	check("PUT", "/a/x", "{\"value\": 230.1}", JSON, "200 {\"value\":230.1}");
	check("PUT", "/a/x", "{\"value\": null}", "Application/JSON; charset=utf-8",
	      "200 {\"value\":null}");
	check("PUT", "/a/x", "{}", JSON,
	      "422 {\"error\":{\"code\":\"invalid\",\"message\":\"key 'value' is missing\","
	      "\"where\":\"value\"}}");
	check("PUT", "/a/x", "{\"value\": 1, \"valeu\": 1}", JSON,
	      "422 {\"error\":{\"code\":\"invalid\",\"message\":\"unknown key 'valeu', 'value' is "
	      "expected\",\"where\":\"valeu\"}}");
	check("PUT", "/a/x", "[1]", JSON,
	      "422 {\"error\":{\"code\":\"invalid\",\"message\":\"an object {...} is expected\","
	      "\"where\":\"body\"}}");
	check("PUT", "/a/x", "{\"value\": 1,\n  \"value\": 2}", JSON,
	      "400 {\"error\":{\"code\":\"bad_json\",\"message\":\"duplicate object key near "
	      "'\\\"value\\\"'\",\"where\":\"body:2:9\"}}");
	check("PUT", "/a/x", "{\"value\": 1}", "text/plain",
	      "415 {\"error\":{\"code\":\"unsupported_media_type\",\"message\":\"a body is "
	      "application/json\",\"where\":\"Content-Type\"}}");
	check("PUT", "/a/x", "{\"value\": 1}", NULL,
	      "415 {\"error\":{\"code\":\"unsupported_media_type\",\"message\":\"a body is "
	      "application/json\",\"where\":\"Content-Type\"}}");
	check("DELETE", "/a/x", "{}", JSON,
	      "400 {\"error\":{\"code\":\"bad_json\",\"message\":\"DELETE takes no body\","
	      "\"where\":\"body\"}}");
}

/* What a request says may be anything; the answer is JSON all the same. */
static void words_that_are_no_text(void **state)
{
	struct route_answer answer;

	(void)state;
	serve("GET", "/b\xff\xfe", NULL, NULL, &answer);
	assert_int_equal(answer.status, 404);
	assert_non_null(answer.json);
	route_answer_fini(&answer);
	route_reply(&answer, 200, NULL);
	assert_int_equal(answer.status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_and_parameters),
		cmocka_unit_test(no_such_path),
		cmocka_unit_test(other_methods),
		cmocka_unit_test(queries_are_known_ones),
		cmocka_unit_test(bodies),
		cmocka_unit_test(words_that_are_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
