/* SPDX-License-Identifier: MIT */
/*
 * http - requests from sockets, in the loop of the daemon
 *
 * libmicrohttpd works when its epoll descriptor is ready, and only then: nothing of ours runs in
 * a thread. A stream without news is suspended; waking it is put off to a turn of the loop of its
 * own, a few streams a turn, so that many readers do not hold up the bus. A suspended connection
 * does not notice that its client has left: streams say something now and then.
 */
#include "sim/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/http_guard.h"

#define CONNECTIONS_MAX (HTTP_CLIENTS_MAX + HTTP_READERS_MAX + 8) /* the rest: to be told so */
#define MEMORY_BYTES                                                                               \
	((size_t)32 * 1024) /* of a connection: headers, and what is sent in one go                \
			     */
#define BLOCK_BYTES  ((size_t)16 * 1024)
#define SWEEP_NS     (1 * NS_PER_S)
#define WAKES_A_TURN 2

struct gate {
	struct http *http;
	struct http_door door;
	struct MHD_Daemon *daemon;
	struct loop_io *io;
};

/* A connection. */
struct guest {
	struct gate *gate;
	struct guest *prev, *next;
	struct MHD_Connection *connection;
	int fd;
	int64_t since_ns;      /* when it came, or its last request was answered */
	struct stream *stream; /* that it is reading */
	bool endless;
	bool suspended;
	bool woken;
	bool ended; /* shut down: what is left is libmicrohttpd's */
};

struct http {
	struct http_config config;
	struct gate gates[HTTP_DOORS_MAX];
	size_t gate_count;
	struct loop_timer *kick; /* runs the library once more */
	struct loop_timer *sweep;
	struct guest *first;
	size_t guests;
	size_t readers;
};

/* A request on its way in. */
struct incoming {
	bool answered; /* its answer is queued: what still comes of it does not matter */
	size_t len_bytes;
	char *body; /* ROUTE_BODY_MAX, NULL until something comes */
};

static int64_t now_ns(const struct http *http)
{
	return clk_now(&http->config.clk);
}

static struct guest *guest_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

/* --- connections --- */

static void end_guest(struct guest *guest)
{
	if (guest->ended)
		return;
	guest->ended = true;
	shutdown(guest->fd, SHUT_RDWR); /* the library sees the end, and cleans up */
	guest->woken = true;
	loop_timer_set(guest->gate->http->kick, 0);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct gate *gate = ctx;
	struct http *http = gate->http;
	struct guest *guest = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (!guest)
			return;
		*(guest->prev ? &guest->prev->next : &http->first) = guest->next;
		if (guest->next)
			guest->next->prev = guest->prev;
		http->guests--;
		free(guest);
		*socket_context = NULL;
		return;
	}
	guest = calloc(1, sizeof(*guest));
	if (!guest)
		return;
	guest->gate = gate;
	guest->connection = connection;
	guest->fd =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	guest->since_ns = now_ns(http);
	guest->next = http->first;
	if (guest->next)
		guest->next->prev = guest;
	http->first = guest;
	if (http->guests++ == 0)
		loop_timer_set(http->sweep, guest->since_ns + SWEEP_NS);
	*socket_context = guest;
}

/* Connections that took too long, idle ones among them. */
static void on_sweep(void *ctx)
{
	struct http *http = ctx;
	const int64_t now = now_ns(http);

	for (struct guest *guest = http->first; guest; guest = guest->next) {
		if (!guest->endless && now - guest->since_ns > http->config.limit_ns)
			end_guest(guest);
	}
	if (http->guests)
		loop_timer_set(http->sweep, now + SWEEP_NS);
}

/* --- answers --- */

static enum MHD_Result queue(struct MHD_Connection *connection, struct MHD_Response *response,
			     const struct route_answer *answer)
{
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
	if (answer->allow[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
	if (answer->status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	r = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result send_json(struct MHD_Connection *connection,
				 const struct route_answer *answer)
{
	char none[] = "{\"error\": {\"code\": \"busy\", \"message\": \"out of memory\", "
		      "\"where\": \"\"}}\n";
	char *text = answer->json ? json_dumps(answer->json, ROUTE_JSON_FLAGS) : NULL;
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return queue(connection,
			     MHD_create_response_from_buffer(sizeof(none) - 1, none,
							     MHD_RESPMEM_MUST_COPY),
			     &(struct route_answer){.status = MHD_HTTP_SERVICE_UNAVAILABLE,
						    .content_type = answer->content_type});
	text[len++] = '\n'; /* in place of the end, for people */
	return queue(connection, MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE),
		     answer);
}

/* --- streams --- */

static void wake(void *ctx)
{
	struct guest *guest = ctx;

	if (!guest->suspended || guest->woken)
		return;
	guest->woken = true;
	loop_timer_set(guest->gate->http->kick, 0);
}

static void drop(void *ctx)
{
	struct guest *guest = ctx;

	if (guest->ended)
		return;
	log_notice(guest->gate->http->config.log,
		   "control: an event reader that does not read is dropped");
	end_guest(guest);
}

static ssize_t pull(void *ctx, uint64_t position, char *buf, size_t max_bytes)
{
	struct guest *guest = ctx;
	ssize_t n;

	(void)position;
	n = guest->ended ? STREAM_END : guest->stream->read(guest->stream, buf, max_bytes);
	if (n > 0)
		return n;
	if (n < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	guest->suspended = true;
	MHD_suspend_connection(guest->connection);
	return 0;
}

static void end_stream(void *ctx)
{
	struct guest *guest = ctx;

	guest->stream->destroy(guest->stream);
	guest->stream = NULL;
	guest->gate->http->readers -= guest->endless;
	guest->endless = false;
}

static enum MHD_Result send_stream(struct MHD_Connection *connection, struct guest *guest,
				   struct route_answer *answer)
{
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, pull, guest,
						  end_stream);

	if (!response)
		return MHD_NO;
	guest->stream = answer->stream;
	guest->stream->wake = wake;
	guest->stream->drop = drop;
	guest->stream->ctx = guest;
	guest->endless = answer->stream->endless;
	guest->gate->http->readers += guest->endless;
	answer->stream = NULL;
	return queue(connection, response, answer);
}

static enum MHD_Result answer_with(struct MHD_Connection *connection, struct route_answer *answer)
{
	struct guest *guest = guest_of(connection);
	enum MHD_Result r;

	if (answer->stream && answer->stream->endless &&
	    guest->gate->http->readers >= HTTP_READERS_MAX) {
		route_answer_fini(answer);
		route_refuse(answer, 503, "busy", "", "there are %d event readers already",
			     HTTP_READERS_MAX);
	}
	if (answer->stream)
		r = send_stream(connection, guest, answer);
	else
		r = send_json(connection, answer);
	route_answer_fini(answer);
	return r;
}

/* --- requests --- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Whether this one may ask at all; else what it is told. */
static bool let_in(struct MHD_Connection *connection, const struct gate *gate,
		   struct route_answer *ret)
{
	const char *host = header(connection, MHD_HTTP_HEADER_HOST);

	if (!gate->door.bound)
		return true;
	if (!http_guard_host(host, gate->door.bound)) {
		route_refuse(ret, 403, "forbidden", "Host", "'%.100s' is no name of this daemon",
			     host ? host : "");
		return false;
	}
	if (!http_guard_origin(header(connection, MHD_HTTP_HEADER_ORIGIN), host)) {
		route_refuse(ret, 403, "forbidden", "Origin", "pages of other sites may not ask");
		return false;
	}
	if (gate->door.token && !http_guard_token(header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
						  gate->door.token)) {
		route_refuse(ret, 401, "unauthorized", "Authorization",
			     "a bearer token is needed, see --control-token");
		return false;
	}
	return true;
}

static bool has_body(const char *method)
{
	return strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0;
}

/* By the headers alone, before any of the body. */
static bool check_length(struct MHD_Connection *connection, const char *method,
			 struct route_answer *ret)
{
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (!length && has_body(method)) {
		route_refuse(ret, 411, "length_required", MHD_HTTP_HEADER_CONTENT_LENGTH,
			     "the length of the body has to be told");
		return false;
	}
	if (length && strtoull(length, NULL, 10) > ROUTE_BODY_MAX) {
		route_refuse(ret, 413, "too_large", "body", "more than %d bytes", ROUTE_BODY_MAX);
		return false;
	}
	return true;
}

static bool check_first(struct MHD_Connection *connection, const struct gate *gate,
			const char *method, struct route_answer *ret)
{
	const struct http *http = gate->http;

	if (!let_in(connection, gate, ret) || !check_length(connection, method, ret))
		return false;
	if (http->guests - http->readers > HTTP_CLIENTS_MAX) {
		route_refuse(ret, 503, "busy", "", "there are %d clients already",
			     HTTP_CLIENTS_MAX);
		return false;
	}
	return true;
}

static enum MHD_Result take_query(void *ctx, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct route_request *request = ctx;

	(void)kind;
	if (request->query_count == ROUTE_QUERIES_MAX)
		return MHD_NO;
	request->queries[request->query_count++] =
		(struct route_query){.name = name, .value = value ? value : ""};
	return MHD_YES;
}

static enum MHD_Result serve(struct MHD_Connection *connection, struct gate *gate, const char *path,
			     const char *method, const struct incoming *in)
{
	struct route_request request = {.method = method,
					.path = path,
					.body = in->body,
					.body_bytes = in->len_bytes,
					.content_type =
						header(connection, MHD_HTTP_HEADER_CONTENT_TYPE)};
	struct route_answer answer = {.content_type = "application/json"};
	const int queries =
		MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_query, &request);

	if (queries > ROUTE_QUERIES_MAX)
		route_refuse(&answer, 400, "bad_query", "query", "more than %d parameters",
			     ROUTE_QUERIES_MAX);
	else
		gate->http->config.serve(gate->http->config.ctx, &request, &answer);
	return answer_with(connection, &answer);
}

/* false: too much, or no memory. */
static bool take_body(struct incoming *in, const char *bytes, size_t len_bytes,
		      struct route_answer *ret)
{
	if (!in->body)
		in->body = malloc(ROUTE_BODY_MAX);
	if (!in->body) {
		route_refuse(ret, 503, "busy", "", "out of memory");
		return false;
	}
	if (len_bytes > ROUTE_BODY_MAX - in->len_bytes) {
		route_refuse(ret, 413, "too_large", "body", "more than %d bytes", ROUTE_BODY_MAX);
		return false;
	}
	memcpy(in->body + in->len_bytes, bytes, len_bytes);
	in->len_bytes += len_bytes;
	return true;
}

/* Called for the headers, for each piece of the body, and at the end. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_bytes, void **request_context)
{
	struct gate *gate = ctx;
	struct incoming *in = *request_context;
	struct route_answer answer = {.content_type = "application/json"};

	(void)version;
	if (!guest_of(connection))
		return MHD_NO;
	if (!in) {
		*request_context = in = calloc(1, sizeof(*in));
		if (!in)
			return MHD_NO;
		if (check_first(connection, gate, method, &answer))
			return MHD_YES;
		in->answered = true;
		return answer_with(connection, &answer);
	}
	if (*upload_bytes) {
		const size_t len_bytes = *upload_bytes;

		*upload_bytes = 0;
		if (in->answered || take_body(in, upload, len_bytes, &answer))
			return MHD_YES;
		route_answer_fini(&answer); /* it cannot be told in the middle of its own words */
		return MHD_NO;
	}
	if (in->answered)
		return MHD_YES;
	in->answered = true;
	return serve(connection, gate, path, method, in);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request_context,
			 enum MHD_RequestTerminationCode code)
{
	struct gate *gate = ctx;
	struct incoming *in = *request_context;
	struct guest *guest = guest_of(connection);

	(void)code;
	if (in)
		free(in->body);
	free(in);
	*request_context = NULL;
	if (guest)
		guest->since_ns = now_ns(gate->http);
}

/* --- the library in our loop --- */

static void run(struct http *http)
{
	int64_t next_ns = CLK_NEVER;

	for (size_t i = 0; i < http->gate_count; i++) {
		MHD_UNSIGNED_LONG_LONG wait_ms;

		MHD_run(http->gates[i].daemon);
		if (MHD_get_timeout(http->gates[i].daemon, &wait_ms) == MHD_YES) {
			const int64_t at_ns = now_ns(http) + (int64_t)wait_ms * NS_PER_MS;

			next_ns = at_ns < next_ns ? at_ns : next_ns;
		}
	}
	for (struct guest *guest = http->first; guest; guest = guest->next)
		next_ns = guest->woken ? 0 : next_ns;
	loop_timer_set(http->kick, next_ns);
}

static void on_ready(void *ctx)
{
	run(ctx);
}

/* The news of a few streams; others have to wait until the loop has come round. */
static void on_kick(void *ctx)
{
	struct http *http = ctx;
	int left = WAKES_A_TURN;

	for (struct guest *guest = http->first; guest && left; guest = guest->next) {
		if (!guest->woken)
			continue;
		guest->woken = false;
		left--;
		if (guest->suspended)
			MHD_resume_connection(guest->connection);
		guest->suspended = false;
	}
	run(http);
}

/* What the library has to say is about clients that left. */
static void swallow(void *ctx, const char *format, va_list args)
{
	(void)ctx;
	(void)format;
	(void)args;
}

int http_create(struct http **ret, const struct http_config *config)
{
	struct http *http = calloc(1, sizeof(*http));
	int r;

	if (!http)
		return -ENOMEM;
	http->config = *config;
	r = loop_timer_add(&http->kick, config->loop, on_kick, http);
	if (r == 0)
		r = loop_timer_add(&http->sweep, config->loop, on_sweep, http);
	if (r < 0) {
		http_destroy(http);
		return r;
	}
	*ret = http;
	return 0;
}

int http_listen(struct http *http, const struct http_door *door)
{
	struct gate *gate = &http->gates[http->gate_count];
	const union MHD_DaemonInfo *info;

	if (http->gate_count == HTTP_DOORS_MAX) {
		close(door->fd);
		return -ENOSPC;
	}
	*gate = (struct gate){.http = http, .door = *door};
	gate->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, gate, MHD_OPTION_EXTERNAL_LOGGER, swallow, NULL,
		MHD_OPTION_LISTEN_SOCKET, door->fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
		gate, MHD_OPTION_NOTIFY_COMPLETED, on_completed, gate, MHD_OPTION_END);
	if (!gate->daemon) {
		close(door->fd);
		return -ENOMEM;
	}
	http->gate_count++;
	info = MHD_get_daemon_info(gate->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return loop_io_add(&gate->io, http->config.loop, info->epoll_fd, on_ready, http);
}

/* A suspended connection cannot be stopped. */
static void resume_all(struct http *http)
{
	for (struct guest *guest = http->first; guest; guest = guest->next) {
		guest->ended = true; /* its stream is over */
		if (guest->suspended)
			MHD_resume_connection(guest->connection);
		guest->suspended = false;
	}
}

void http_destroy(struct http *http)
{
	if (!http)
		return;
	resume_all(http);
	for (size_t i = 0; i < http->gate_count; i++) {
		loop_io_remove(http->gates[i].io);
		MHD_run(http->gates[i].daemon);
		MHD_stop_daemon(http->gates[i].daemon);
	}
	loop_timer_remove(http->kick);
	loop_timer_remove(http->sweep);
	free(http);
}
