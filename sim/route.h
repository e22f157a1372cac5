/* SPDX-License-Identifier: MIT */
/*
 * route - from method, path and body of a request to the handler that answers it
 *
 * Knows no socket and no meter. What is wrong with a request before its handler sees it is
 * answered here: no such path, another method, a query that is unknown, a body that is no JSON.
 * Every error is {"error": {"code", "message", "where"}}.
 */
#pragma once
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/stream.h"

#define ROUTE_PARAMETERS_MAX 2
#define ROUTE_QUERIES_MAX    8
#define ROUTE_NAME_MAX       256 /* of a parameter in the path */
#define ROUTE_BODY_MAX       (64 * 1024)
#define ROUTE_ALLOW_MAX      64
/* How answers are written: 230.1 as 230.1, not as the nearest double in full. */
#define ROUTE_JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

struct route_query {
	const char *name;
	const char *value; /* "" without one */
};

struct route_request {
	const char *method;
	const char *path; /* without the query, unescaped */
	struct route_query queries[ROUTE_QUERIES_MAX];
	size_t query_count;
	const char *content_type; /* NULL: none */
	const char *body;
	size_t body_bytes;
	/* filled by route_serve for the handler: */
	char parameter[ROUTE_PARAMETERS_MAX][ROUTE_NAME_MAX];
	json_t *json; /* of PUT and POST: an object */
};

struct route_answer {
	unsigned status;
	json_t *json;          /* owned, or NULL */
	struct stream *stream; /* owned: in place of json */
	const char *content_type;
	char allow[ROUTE_ALLOW_MAX]; /* "": no such header */
};

struct route {
	const char *method;
	const char *path; /* "/v1/meters/{name}" */
	void (*handle)(void *ctx, const struct route_request *request, struct route_answer *ret);
	const char *const *queries; /* names that are known, NULL-terminated; NULL: none */
};

/* Fills *ret, which the caller hands to route_answer_fini. */
void route_serve(const struct route *routes, size_t count, void *ctx, struct route_request *request,
		 struct route_answer *ret);
void route_answer_fini(struct route_answer *answer);

/* Answers. route_reply takes over json; NULL (no memory) becomes a 503. */
void route_reply(struct route_answer *ret, unsigned status, json_t *json);
/* where: the part of the request that is meant, or "". */
__attribute__((format(printf, 5, 6))) void route_refuse(struct route_answer *ret, unsigned status,
							const char *code, const char *where,
							const char *format, ...);
/* The value of a query, or NULL. */
const char *route_query(const struct route_request *request, const char *name);
/* A whole number in a query; absent: *ret stays. false: refused. */
bool route_query_int(const struct route_request *request, const char *name, int64_t min,
		     int64_t max, int64_t *ret, struct route_answer *answer);
/*
 * The value at key of the body, whose only key it must be: with it there are no misspelt ones.
 * NULL: refused.
 */
const json_t *route_only(const struct route_request *request, const char *key,
			 struct route_answer *answer);
