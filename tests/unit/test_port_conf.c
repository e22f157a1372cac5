/* SPDX-License-Identifier: MIT */
/* test_port_conf - every key of every kind of port arrives; all that is wrong is told */
#include "sim/port_conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/clk.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NOT_A_PORT "port: 'pty' is expected, or a map with one of: pty, tty, tcp, modbus_tcp\n"
#define SUCH_AS    "' is not an address such as 127.0.0.1:5020 or [::1]:5020\n"

/* file: paths are relative to its folder. */
static bool read_port(const char *file, const char *text, struct port_conf *ret, char *messages,
		      size_t size)
{
	struct conf_context context = {.file = file};
	struct conf_tree *tree;
	bool ok;

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(diag_create(&context.diag), 0);
	assert_int_equal(conf_tree_parse(&tree, file, text, strlen(text), context.diag), 0);
	ok = port_conf_read(&context, conf_tree_root(tree), ret);
	fixture_messages(context.diag, messages, size);
	assert_int_equal(ok, diag_count(context.diag) == 0);
	conf_tree_destroy(tree);
	diag_destroy(context.diag);
	return ok;
}

static void read_good(const char *text, struct port_conf *ret)
{
	char messages[1024];

	if (!read_port("/folder/f", text, ret, messages, sizeof(messages)))
		fail_msg("%s: %s", text, messages);
}

static void every_kind_arrives(void **state)
{
	static const struct {
		const char *text;
		enum port_kind kind;
		const char *place;
		uint32_t mode;
		const char *group;
		bool rs485, adapter_echo;
		int64_t latency_ns, timeout_ns;
	} rows[] = {
		{"pty", PORT_PTY, "", 0600, "", false, false, 20 * NS_PER_MS, -1},
		{"{pty: a/b}", PORT_PTY, "/folder/a/b", 0600, "", false, false, 20 * NS_PER_MS, -1},
		{"{pty: /a/b, mode: 0660, group: root}", PORT_PTY, "/a/b", 0660, "root", false,
		 false, 20 * NS_PER_MS, -1},
		{"{mode: 640, pty: /x}", PORT_PTY, "/x", 0640, "", false, false, 20 * NS_PER_MS,
		 -1},
		{"{tty: /dev/ttyUSB0}", PORT_TTY, "/dev/ttyUSB0", 0600, "", false, false,
		 20 * NS_PER_MS, -1},
		{"{tty: dev/x, rs485: on, adapter_echo: true, latency: 1ms}", PORT_TTY,
		 "/folder/dev/x", 0600, "", true, true, NS_PER_MS, -1},
		{"{tty: /x, latency: 0}", PORT_TTY, "/x", 0600, "", false, false, 0, -1},
		{"{tty: /x, latency: 1s}", PORT_TTY, "/x", 0600, "", false, false, NS_PER_S, -1},
		{"{tcp: 127.0.0.1:5020}", PORT_TCP, "127.0.0.1:5020", 0600, "", false, false,
		 20 * NS_PER_MS, -1},
		{"{tcp: '[::1]:0'}", PORT_TCP, "[::1]:0", 0600, "", false, false, 20 * NS_PER_MS,
		 -1},
		{"{tcp: 0.0.0.0:65535}", PORT_TCP, "0.0.0.0:65535", 0600, "", false, false,
		 20 * NS_PER_MS, -1},
		{"{modbus_tcp: localhost:502}", PORT_MODBUS_TCP, "localhost:502", 0600, "", false,
		 false, 20 * NS_PER_MS, -1},
		{"{modbus_tcp: 127.0.0.1:0, timeout: 1500ms}", PORT_MODBUS_TCP, "127.0.0.1:0", 0600,
		 "", false, false, 20 * NS_PER_MS, 1500 * NS_PER_MS},
		{"{modbus_tcp: 127.0.0.1:0, timeout: 60s}", PORT_MODBUS_TCP, "127.0.0.1:0", 0600,
		 "", false, false, 20 * NS_PER_MS, 60 * NS_PER_S},
		{"{modbus_tcp: 127.0.0.1:0, timeout: 0}", PORT_MODBUS_TCP, "127.0.0.1:0", 0600, "",
		 false, false, 20 * NS_PER_MS, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct port_conf got;

		read_good(rows[i].text, &got);
		assert_int_equal(got.kind, rows[i].kind);
		assert_string_equal(got.place, rows[i].place);
		assert_int_equal(got.mode, rows[i].mode);
		assert_string_equal(got.group, rows[i].group);
		assert_int_equal(got.rs485, rows[i].rs485);
		assert_int_equal(got.adapter_echo, rows[i].adapter_echo);
		assert_int_equal(got.latency_ns, rows[i].latency_ns);
		assert_int_equal(got.timeout_ns, rows[i].timeout_ns);
	}
}

static void bad_ones_say_why(void **state)
{
	static const struct {
		const char *text;
		const char *messages;
	} rows[] = {
		{"tty", "f:1:1: " NOT_A_PORT},
		{"tcp", "f:1:1: " NOT_A_PORT},
		{"'Pty'", "f:1:1: " NOT_A_PORT},
		{"''", "f:1:1: " NOT_A_PORT},
		{"[pty]", "f:1:1: " NOT_A_PORT},
		{"{}", "f:1:1: " NOT_A_PORT},
		{"{mode: 0660}", "f:1:1: " NOT_A_PORT},
		{"{serial: /dev/ttyS0}", "f:1:1: " NOT_A_PORT},
		/* of a kind with its keys only */
		{"{pty: x, rs485: on}", "f:1:10: unknown key 'rs485' in port\n"},
		{"{tty: x, mode: 0660}", "f:1:10: unknown key 'mode' in port\n"},
		{"{tcp: 127.0.0.1:1, rs485: true}", "f:1:20: unknown key 'rs485' in port\n"},
		{"{modbus_tcp: 127.0.0.1:1, unit: 1}", "f:1:27: unknown key 'unit' in port\n"},
		{"{tty: x, rs484: on}", "f:1:10: unknown key 'rs484' in port, did you mean "
					"'rs485'?\n"},
		{"{tty: /x, tcp: 127.0.0.1:1}", "f:1:11: port: either 'tty' or 'tcp', not both\n"},
		{"{modbus_tcp: 127.0.0.1:1, pty: x}",
		 "f:1:2: port: either 'pty' or 'modbus_tcp', not both\n"},
		{"{tcp: 127.0.0.1:1, timeout: 1s}", "f:1:20: unknown key 'timeout' in port\n"},
		{"{modbus_tcp: 127.0.0.1:1, timeout: 61s}",
		 "f:1:36: timeout: 61s is out of range 0..60 s\n"},
		{"{tty: x, tty: y}", "f:1:10: key 'tty' is given twice in port\n"},
		/* paths */
		{"{pty: ''}", "f:1:7: pty: a path is expected\n"},
		{"{tty: }", "f:1:7: tty: a path is expected\n"},
		{"{tty: [x]}", "f:1:7: tty: one value is expected, not a list\n"},
		{"{pty: x, mode: 066}", NULL},
		{"{pty: x, mode: 66}", "f:1:16: mode: '66' is not a file mode such as 0660\n"},
		{"{pty: x, mode: 0888}", "f:1:16: mode: '0888' is not a file mode such as 0660\n"},
		{"{pty: x, mode: 00660}",
		 "f:1:16: mode: '00660' is not a file mode such as 0660\n"},
		{"{pty: x, mode: rw}", "f:1:16: mode: 'rw' is not a file mode such as 0660\n"},
		{"{pty: x, group: no-such-group}",
		 "f:1:17: group: this machine has no group 'no-such-group'\n"},
		{"{pty: x, group: a b}",
		 "f:1:17: group: letters, digits, '.', '_' and '-' are expected\n"},
		{"{tty: x, rs485: maybe}", "f:1:17: rs485: 'maybe' is neither true nor false\n"},
		{"{tty: x, adapter_echo: 1}",
		 "f:1:24: adapter_echo: '1' is neither true nor false\n"},
		{"{tty: x, latency: 2s}", "f:1:19: latency: 2s is out of range 0..1 s\n"},
		{"{tty: x, latency: soon}",
		 "f:1:19: latency: 'soon' is not a duration such as 5ms, 30s or 1h30m\n"},
		/* addresses */
		{"{tcp: 5020}", "f:1:7: tcp: '5020" SUCH_AS},
		{"{tcp: 127.0.0.1}", "f:1:7: tcp: '127.0.0.1" SUCH_AS},
		{"{tcp: '127.0.0.1:'}", "f:1:7: tcp: '127.0.0.1:" SUCH_AS},
		{"{tcp: 127.0.0.1:65536}", "f:1:7: tcp: '127.0.0.1:65536" SUCH_AS},
		{"{tcp: 127.0.0.1:-1}", "f:1:7: tcp: '127.0.0.1:-1" SUCH_AS},
		{"{tcp: 127.0.0.1:http}", "f:1:7: tcp: '127.0.0.1:http" SUCH_AS},
		{"{tcp: 127.0.0.256:1}", "f:1:7: tcp: '127.0.0.256:1" SUCH_AS},
		{"{tcp: '::1:5020'}", "f:1:7: tcp: '::1:5020" SUCH_AS},
		{"{tcp: '[]:5020'}", "f:1:7: tcp: '[]:5020" SUCH_AS},
		{"{tcp: ':5020'}", "f:1:7: tcp: ':5020" SUCH_AS},
		{"{tcp: ''}", "f:1:7: tcp: '" SUCH_AS},
		{"{modbus_tcp: meter.example:502}",
		 "f:1:14: modbus_tcp: 'meter.example:502" SUCH_AS}, /* names are not asked for */
		{"{tcp: {host: x}}", "f:1:7: tcp: one value is expected, not a map\n"},
		/* all at once */
		{"{tty: '', rs485: x, latency: y, foo: 1}",
		 "f:1:7: tty: a path is expected\n"
		 "f:1:18: rs485: 'x' is neither true nor false\n"
		 "f:1:30: latency: 'y' is not a duration such as 5ms, 30s or 1h30m\n"
		 "f:1:33: unknown key 'foo' in port\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct port_conf got;
		char messages[1024];

		if (read_port("f", rows[i].text, &got, messages, sizeof(messages)) !=
		    !rows[i].messages)
			fail_msg("row %zu: %s: %s", i, rows[i].text, messages);
		if (rows[i].messages)
			assert_string_equal(messages, rows[i].messages);
	}
}

/* An address that does not fit is refused, not cut. */
static void long_places_are_refused(void **state)
{
	char text[8192] = "{pty: ", messages[1024];
	struct port_conf got;

	(void)state;
	memset(text + 6, 'x', 5000);
	strcpy(text + 5006, "}");
	assert_false(read_port("f", text, &got, messages, sizeof(messages)));
	assert_string_equal(messages, "f:1:7: pty: a path is expected\n");
	memcpy(text, "{tcp: 127.0.0.1:0000", 20);
	memset(text + 20, '0', 100);
	strcpy(text + 120, "}");
	assert_false(read_port("f", text, &got, messages, sizeof(messages)));
	assert_non_null(strstr(messages, "f:1:7: tcp: '127.0.0.1:0000"));
	assert_non_null(strstr(messages, SUCH_AS));
}

static void ports_clash(void **state)
{
	static const struct {
		const char *a, *b;
		bool clash;
	} rows[] = {
		{"pty", "pty", false}, /* each has a place of its own */
		{"{pty: a}", "pty", false},
		{"{pty: a}", "{pty: a}", true},
		{"{pty: a}", "{pty: /folder/a}", true},
		{"{pty: a}", "{pty: b}", false},
		{"{pty: a}", "{tty: a}", true},
		{"{tty: /dev/x}", "{tty: /dev/x, rs485: on}", true},
		{"{tty: /dev/x}", "{tty: /dev/y}", false},
		{"{tcp: 127.0.0.1:5020}", "{tcp: 127.0.0.1:5020}", true},
		{"{tcp: 127.0.0.1:5020}", "{modbus_tcp: 127.0.0.1:5020}", true},
		{"{modbus_tcp: 127.0.0.1:5020}", "{tcp: 127.0.0.1:5020}", true},
		{"{tcp: 127.0.0.1:5020}", "{tcp: 127.0.0.1:5021}", false},
		{"{tcp: 127.0.0.1:5020}", "{tcp: 127.0.0.2:5020}", false},
		{"{tcp: 127.0.0.1:0}", "{tcp: 127.0.0.1:0}", false}, /* any that is free */
		{"{modbus_tcp: '[::1]:0'}", "{modbus_tcp: '[::1]:0'}", false},
		{"{tcp: 127.0.0.1:10}", "{tcp: 127.0.0.1:10}", true},
		{"{pty: 'x:0'}", "{pty: 'x:0'}", true}, /* no port number */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct port_conf a, b;

		read_good(rows[i].a, &a);
		read_good(rows[i].b, &b);
		if (port_conf_clash(&a, &b) != rows[i].clash ||
		    port_conf_clash(&b, &a) != rows[i].clash)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_arrives),
		cmocka_unit_test(bad_ones_say_why),
		cmocka_unit_test(long_places_are_refused),
		cmocka_unit_test(ports_clash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
