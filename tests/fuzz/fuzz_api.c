/* SPDX-License-Identifier: MIT */
/*
 * fuzz_api - any request of the control API, at a bench without a client
 *
 * The first line is method, path and query, the rest is the body. Every answer has a status and is
 * JSON or a stream; an error has the shape of one; and what is refused has changed nothing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "sim/api.h"

#define LINE_MAX_BYTES 512
#define SETTINGS_MAX   32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] = "meters:\n"
			     "  - {name: main, model: pro380-mod, load: {current: 5}}\n"
			     "  - {name: house, model: pro380-mod, scenario: household.yaml,\n"
			     "     settings: {modbus_id: 2}}\n"
			     "lines:\n"
			     "  - {name: rs485, protocol: modbus, port: {tcp: \"127.0.0.1:0\"},\n"
			     "     meters: [main, house]}\n";

struct standing {
	struct loop *loop;
	struct bench_conf *conf;
	struct bench *bench;
	struct log_ring *ring;
	struct api *api;
};

/* What a refused request must leave as it is. */
struct state {
	double speed;
	struct world input[2];
	int64_t setting[2][SETTINGS_MAX];
	uint64_t writes[2];
	size_t faults;
};

static int64_t stand_still(void *ctx)
{
	(void)ctx;
	return NS_PER_S;
}

static const struct clk clk = {.now_ns = stand_still};

static struct standing *make_world(void)
{
	static struct standing w;
	const struct log silent = {.sink = NULL};
	const struct bench_options nothing = {.capture = NULL};
	struct diag *diag;

	if (w.api)
		return &w;
	if (diag_create(&diag) < 0 || loop_create(&w.loop) < 0 ||
	    log_ring_create(&w.ring, &clk, &silent) < 0 ||
	    bench_conf_parse(&w.conf, METERSIM_SOURCE_DATA "/scenarios/fuzz.yaml", config,
			     strlen(config), diag) < 0 ||
	    bench_create(&w.bench, w.loop, w.conf, &nothing, log_ring_log(w.ring), diag) < 0) {
		fprintf(stderr, "%s\n", diag_text(diag, 0) ? diag_text(diag, 0) : "no bench");
		abort();
	}
	diag_destroy(diag);
	if (api_create(&w.api, &(struct api_config){.bench = w.bench,
						    .conf = w.conf,
						    .loop = w.loop,
						    .clk = clk,
						    .ring = w.ring,
						    .log = log_ring_log(w.ring)}) < 0)
		abort();
	return &w;
}

static void look(const struct standing *w, struct state *state)
{
	struct point_value value;
	const struct point *point;

	memset(state, 0, sizeof(*state));
	state->speed = bench_speed(w->bench);
	state->faults = faults_count(bench_line_faults(bench_line_at(w->bench, 0)));
	for (size_t m = 0; m < 2; m++) {
		size_t n = 0;

		state->input[m] = *bench_meter_world(bench_running_meter(w->bench, m));
		state->writes[m] = meter_writes(bench_meter_at(w->bench, m));
		for (size_t i = 0; (point = point_at(i)) && n < SETTINGS_MAX; i++) {
			if ((point->setting || point->kind == POINT_TARIFF) &&
			    meter_get(bench_meter_at(w->bench, m), point, &value) == 0)
				state->setting[m][n++] = value.number;
		}
	}
}

/* "PUT /v1/time?x=1\n" into the request; *line holds its words. */
static void split(char *line, struct route_request *request)
{
	char *path = strchr(line, ' '), *query;

	request->method = line;
	request->path = "";
	if (!path)
		return;
	*path++ = '\0';
	request->path = path;
	query = strchr(path, '?');
	while (query && request->query_count < ROUTE_QUERIES_MAX) {
		char *value, *next;

		*query++ = '\0';
		next = strchr(query, '&');
		if (next)
			*next = '\0';
		value = strchr(query, '=');
		if (value)
			*value = '\0';
		request->queries[request->query_count++] =
			(struct route_query){.name = query, .value = value ? value + 1 : ""};
		query = next;
	}
}

static void check_error(const struct route_answer *answer)
{
	const json_t *error = json_object_get(answer->json, "error");

	if (!json_is_string(json_object_get(error, "code")) ||
	    !json_is_string(json_object_get(error, "message")) ||
	    !json_is_string(json_object_get(error, "where")))
		abort();
}

static void check_answer(const struct route_answer *answer)
{
	char buf[700], *text;
	ssize_t n;

	if (answer->stream) {
		do {
			n = answer->stream->read(answer->stream, buf, sizeof(buf));
			if (n > (ssize_t)sizeof(buf))
				abort();
		} while (n > 0);
		return;
	}
	text = json_dumps(answer->json, ROUTE_JSON_FLAGS);
	if (!text || answer->status < 200 || answer->status > 499)
		abort();
	free(text);
	if (answer->status >= 400)
		check_error(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct standing *w = make_world();
	struct route_request request = {.content_type = "application/json"};
	const uint8_t *end = memchr(data, '\n', size);
	size_t len = end ? (size_t)(end - data) : size;
	struct state before, after;
	struct route_answer answer;
	char line[LINE_MAX_BYTES];

	if (len >= sizeof(line))
		return 0;
	if (len)
		memcpy(line, data, len);
	line[len] = '\0';
	split(line, &request);
	if (end) {
		request.body = (const char *)end + 1;
		request.body_bytes = size - len - 1;
	}
	if (request.body_bytes > ROUTE_BODY_MAX)
		return 0;
	look(w, &before);
	api_serve(w->api, &request, &answer);
	check_answer(&answer);
	look(w, &after);
	if (answer.status >= 400 && memcmp(&before, &after, sizeof(before)) != 0)
		abort();
	route_answer_fini(&answer);
	return 0;
}
