/* SPDX-License-Identifier: MIT */
/*
 * http - requests from sockets, in the loop of the daemon, without a thread
 *
 * The only file that knows libmicrohttpd is http.c. Knows no route: a request that is allowed in
 * is given to serve(). Limits: HTTP_CLIENTS_MAX connections besides HTTP_READERS_MAX endless
 * streams, ROUTE_BODY_MAX of a body, HTTP_LIMIT_NS for a request and its answer. Never gives a
 * header that lets other sites read (CORS).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clk.h"
#include "base/log.h"
#include "sim/loop.h"
#include "sim/route.h"

#define HTTP_CLIENTS_MAX 64
#define HTTP_READERS_MAX 64
#define HTTP_DOORS_MAX   2
#define HTTP_LIMIT_NS    (30 * NS_PER_S)

struct http_config {
	struct loop *loop;
	struct clk clk;
	const struct log *log;
	int64_t limit_ns; /* HTTP_LIMIT_NS but for tests */
	/* Answers a request; *ret is what route_serve fills. */
	void (*serve)(void *ctx, struct route_request *request, struct route_answer *ret);
	void *ctx;
};

/* A listening socket, and who may come in through it. */
struct http_door {
	int fd;            /* owned from here on, also when it fails */
	const char *bound; /* "127.0.0.1:8080": Host and Origin are checked. NULL: a Unix socket */
	const char *token; /* NULL: none is asked for. Both are borrowed. */
};

struct http;

/* Copies *config; borrows what it points to until destroy. 0 or -ENOMEM. */
int http_create(struct http **ret, const struct http_config *config);
/* 0, -ENOSPC (HTTP_DOORS_MAX), or -ENOMEM. */
int http_listen(struct http *http, const struct http_door *door);
/* Ends what is under way; streams are destroyed before it returns. NULL is a no-op. */
void http_destroy(struct http *http);
