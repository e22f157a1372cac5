/* SPDX-License-Identifier: MIT */
/*
 * test_http - requests in the loop, and the time limit
 *
 * What goes over the sockets of a whole daemon is tested in tests/bus/test_control.py.
 */
#include "sim/http.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/clk_real.h"
#include "sim/unix_socket.h"

#define GIVE_UP_NS (20 * NS_PER_S)

struct server {
	struct loop *loop;
	struct loop_timer *give_up;
	struct loop_io *io;
	struct http *http;
	struct unix_socket door;
	char path[64];
	int client;
	char got[4096];
	size_t got_bytes;
	bool ended;
	int served;
};

static void serve(void *ctx, struct route_request *request, struct route_answer *ret)
{
	struct server *s = ctx;

	s->served++;
	if (strcmp(request->path, "/hello") == 0)
		route_reply(ret, 200, json_pack("{s:s}", "hello", "world"));
	else
		route_refuse(ret, 404, "not_found", "path", "no");
}

static void on_give_up(void *ctx)
{
	struct server *s = ctx;

	loop_stop(s->loop);
}

/* Until the other side has ended, or its answer is whole. */
static void on_client(void *ctx)
{
	struct server *s = ctx;
	const ssize_t n = read(s->client, s->got + s->got_bytes, sizeof(s->got) - s->got_bytes - 1);

	s->ended = n <= 0;
	s->got_bytes += n > 0 ? (size_t)n : 0;
	s->got[s->got_bytes] = '\0';
	if (s->ended || strstr(s->got, "}\n"))
		loop_stop(s->loop);
}

static int connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void start(struct server *s, int64_t limit_ns)
{
	struct http_config config = {
		.clk = clk_real(), .limit_ns = limit_ns, .serve = serve, .ctx = s};
	const char *why;

	snprintf(s->path, sizeof(s->path), "/tmp/metersim-test-http-%d", (int)getpid());
	assert_int_equal(loop_create(&s->loop), 0);
	config.loop = s->loop;
	assert_int_equal(unix_socket_open(&s->door, s->path, &why), 0);
	assert_int_equal(http_create(&s->http, &config), 0);
	assert_int_equal(http_listen(s->http, &(struct http_door){.fd = s->door.fd}), 0);
	s->door.fd = -1;
	assert_int_equal(loop_timer_add(&s->give_up, s->loop, on_give_up, s), 0);
	s->client = connect_to(s->path);
	assert_int_equal(loop_io_add(&s->io, s->loop, s->client, on_client, s), 0);
}

static void stop(struct server *s)
{
	loop_io_remove(s->io);
	close(s->client);
	unix_socket_close(&s->door);
	http_destroy(s->http);
	loop_timer_remove(s->give_up);
	loop_destroy(s->loop);
}

static void say(struct server *s, const char *text)
{
	const struct clk clk = clk_real();

	s->got_bytes = 0;
	s->got[0] = '\0';
	assert_int_equal(write(s->client, text, strlen(text)), strlen(text));
	loop_timer_set(s->give_up, clk_now(&clk) + GIVE_UP_NS);
	loop_run(s->loop);
}

static void requests_are_answered(void **state)
{
	struct server s = {.client = -1};

	(void)state;
	start(&s, HTTP_LIMIT_NS);
	say(&s, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(s.got, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(s.got, "{\"hello\":\"world\"}\n"));
	assert_non_null(strstr(s.got, "Cache-Control: no-store\r\n"));
	say(&s, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n"); /* on the same connection */
	assert_non_null(strstr(s.got, "HTTP/1.1 404 Not Found\r\n"));
	assert_int_equal(s.served, 2);
	say(&s, "PUT /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(s.got, "HTTP/1.1 411 Length Required\r\n"));
	assert_int_equal(s.served, 2);
	stop(&s);
}

static void who_takes_too_long_is_ended(void **state)
{
	static const char *const beginnings[] = {
		"GET /hello HTTP/1.1\r\nHos",
		"PUT /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server s = {.client = -1};

		start(&s, NS_PER_S / 10);
		say(&s, beginnings[i]);
		assert_true(s.ended);
		assert_int_equal(s.served, 0);
		stop(&s);
	}
}

static void doors_are_few(void **state)
{
	struct server s = {.client = -1};
	char path[80];
	const char *why;
	struct unix_socket more;

	(void)state;
	start(&s, HTTP_LIMIT_NS);
	for (int i = 1; i <= HTTP_DOORS_MAX; i++) {
		snprintf(path, sizeof(path), "%s-%d", s.path, i);
		assert_int_equal(unix_socket_open(&more, path, &why), 0);
		assert_int_equal(http_listen(s.http, &(struct http_door){.fd = more.fd}),
				 i < HTTP_DOORS_MAX ? 0 : -ENOSPC);
		more.fd = -1;
		unlink(path);
	}
	http_destroy(NULL);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered),
		cmocka_unit_test(who_takes_too_long_is_ended),
		cmocka_unit_test(doors_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
