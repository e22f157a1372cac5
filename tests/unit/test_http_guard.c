/* SPDX-License-Identifier: MIT */
/* test_http_guard - who may ask over TCP */
#include "sim/http_guard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void hosts(void **state)
{
	static const struct {
		const char *host;
		bool fine;
	} rows[] = {
		{"localhost", true},
		{"LocalHost:8080", true},
		{"127.0.0.1", true},
		{"127.255.0.9:1", true},
		{"[::1]", true},
		{"[::1]:8080", true},
		{"192.0.2.1:8080", true}, /* bound */
		{"192.0.2.1", true},
		{"192.0.2.2", false},
		{"[0:0:0:0:0:0:0:1]:80", true},
		{NULL, false},
		{"", false},
		{":8080", false},
		{"localhost.", false},
		{"localhost.example", false},
		{"example", false},
		{"127.0.0.1.example", false},
		{"127.1", false}, /* a browser would have made it 127.0.0.1 */
		{"[::1", false},
		{"[]", false},
		{"::1", false},
		{"[::2]", false},
		{"0.0.0.0", false},
		{"localhost:", true}, /* RFC 9110, 4.2.3: an empty port is the default one */
		{"localhost:80:80", false},
		{"localhost:x", false},
		{"localhost ", false},
	};
	char longer[400];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (http_guard_host(rows[i].host, "192.0.2.1:8080") != rows[i].fine)
			fail_msg("%s", rows[i].host ? rows[i].host : "NULL");
	}
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_false(http_guard_host(longer, "192.0.2.1:8080"));
	assert_true(http_guard_host("[2001:db8::1]:80", "[2001:db8::1]:8080"));
}

static void origins(void **state)
{
	(void)state;
	assert_true(http_guard_origin(NULL, "localhost:80"));
	assert_true(http_guard_origin("http://localhost:80", "localhost:80"));
	assert_false(http_guard_origin("http://localhost:81", "localhost:80"));
	assert_false(http_guard_origin("http://localhost:80.example", "localhost:80"));
	assert_false(http_guard_origin("https://localhost:80", "localhost:80"));
	assert_false(http_guard_origin("null", "localhost:80"));
	assert_false(http_guard_origin("", "localhost:80"));
}

static void tokens(void **state)
{
	static const char token[] = "0123456789abcdef";

	(void)state;
	assert_true(http_guard_token("Bearer 0123456789abcdef", token));
	assert_true(http_guard_token("bearer 0123456789abcdef", token));
	assert_false(http_guard_token(NULL, token));
	assert_false(http_guard_token("", token));
	assert_false(http_guard_token("Bearer ", token));
	assert_false(http_guard_token("Bearer 0123456789abcde", token));
	assert_false(http_guard_token("Bearer 0123456789abcdeg", token));
	assert_false(http_guard_token("Bearer 0123456789abcdef0123456789abcdef", token));
	assert_false(http_guard_token("Bearer  0123456789abcdef", token));
	assert_false(http_guard_token("Basic 0123456789abcdef", token));
}

static int load(const char *text, mode_t mode, char ret[HTTP_TOKEN_MAX + 1])
{
	char path[] = "/tmp/metersim-test-XXXXXX";
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	r = http_guard_load_token(path, ret);
	unlink(path);
	return r;
}

static void files(void **state)
{
	char token[HTTP_TOKEN_MAX + 1], longest[HTTP_TOKEN_MAX + 3];

	(void)state;
	assert_int_equal(load("0123456789abcdef\nmore\n", 0600, token), 0);
	assert_string_equal(token, "0123456789abcdef");
	assert_int_equal(load("0123456789abcdef\r\n", 0400, token), 0);
	assert_string_equal(token, "0123456789abcdef");
	memset(longest, 'x', sizeof(longest));
	longest[HTTP_TOKEN_MAX] = '\0';
	assert_int_equal(load(longest, 0600, token), 0);
	assert_string_equal(token, longest);
	longest[HTTP_TOKEN_MAX] = 'x';
	longest[HTTP_TOKEN_MAX + 1] = '\0';
	assert_int_equal(load(longest, 0600, token), -EINVAL);
	assert_int_equal(load("", 0600, token), -EINVAL);
	assert_int_equal(load("\n0123456789abcdef", 0600, token), -EINVAL);
	assert_int_equal(load("0123456789abcde", 0600, token), -EINVAL);
	assert_int_equal(load("0123456789 abcdef", 0600, token), -EINVAL);
	assert_int_equal(load("0123456789\x80"
			      "abcdef",
			      0600, token),
			 -EINVAL);
	assert_int_equal(load("0123456789abcdef", 0640, token), -EPERM);
	assert_int_equal(load("0123456789abcdef", 0604, token), -EPERM);
	assert_int_equal(http_guard_load_token("/nowhere/token", token), -ENOENT);
	assert_int_equal(http_guard_load_token("/tmp", token), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(origins),
		cmocka_unit_test(tokens),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
