/* SPDX-License-Identifier: MIT */
/* test_bench_conf - every key of a bench's configuration arrives; all that is wrong is told */
#include "sim/bench_conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/clk.h"
#include "near.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define MESSAGE_SIZE 4096

#define METER "meters: [{name: a, model: pro380-mod}]\n"
#define LINE  "lines: [{name: l, protocol: modbus, port: pty, meters: [a]}]\n"
#define LINES                                                                                      \
	"lines: [{name: l, protocol: modbus, port: pty, meters: [a]}, {name: m, protocol: "        \
	"modbus, port: pty, meters: [a]}]\n"
#define NOT_A_PORT "port: 'pty' is expected, or a map with one of: pty, tty, tcp, modbus_tcp\n"
#define SUCH_AS    "' is not an address such as 127.0.0.1:5020 or [::1]:5020\n"
#define ECHO_ONLY                                                                                  \
	"echo: only on a pty or tcp port: on a tty it is the adapter's, Modbus TCP has none\n"

static int parse(struct bench_conf **ret, const char *text, char messages[MESSAGE_SIZE])
{
	struct diag *diag;
	int r;

	assert_int_equal(diag_create(&diag), 0);
	r = bench_conf_parse(ret, "f", text, strlen(text), diag);
	fixture_messages(diag, messages, MESSAGE_SIZE);
	diag_destroy(diag);
	return r;
}

static struct bench_conf *parse_good(const char *text)
{
	struct bench_conf *conf = NULL;
	char messages[MESSAGE_SIZE];

	if (parse(&conf, text, messages) < 0)
		fail_msg("%s", messages);
	return conf;
}

static void every_key_of_a_meter_arrives(void **state)
{
	struct bench_conf *conf = parse_good(
		"seed: 7\nspeed: 60\nmeters:\n"
		"  - name: main\n"
		"    model: pro380-mod\n"
		"    serial: '00000042'\n"
		"    connection: 3p4w\n"
		"    grid: {voltage: [230, 0.231 kV, 229 V], frequency: 49.9 Hz}\n"
		"    load: {current: [10, 120, 500 mA], angle: [0, 180, -30 deg]}\n"
		"    settings: {modbus_id: 9, baud: 2400, parity: none, s0_rate: 0.01, tariff: 2}\n"
		"    registers: {active_energy.forward.t1: 1234.56 kWh, day_counter: 2,\n"
		"                reactive_energy.reverse.l3: 3 Mvarh, active_energy.reverse: 5 "
		"Wh}\n"
		"    accuracy: ideal\n"
		"  - {name: house, model: pro380-mod.yaml, scenario: {file: household, from: "
		"local-time}}\n"
		"  - {name: flat, model: pro380-mod, scenario: household.yaml, load: {current: "
		"2}}\n"
		"lines: [{name: l, protocol: modbus, port: pty, meters: [main]}]\n");
	const struct bench_meter_conf *m = conf->meters;

	(void)state;
	assert_int_equal(conf->seed, 7);
	assert_near(conf->speed, 60, 0);
	assert_int_equal(conf->meter_count, 3);
	assert_string_equal(m->name, "main");
	assert_string_equal(m->model->name, "pro380-mod");
	assert_int_equal(m->serial, 42);
	assert_near(m->world.input.frequency_hz, 49.9, 0);
	assert_near(m->world.input.phase[1].voltage_v, 231, 1e-9);
	assert_near(m->world.input.phase[2].current_a, 0.5, 1e-12);
	assert_near(m->world.input.phase[1].lag_deg, 180, 0);
	assert_near(m->world.input.phase[2].lag_deg, -30, 0);
	assert_int_equal(m->setting_count, 5);
	assert_string_equal(m->settings[2].point->name, "setting.parity");
	assert_int_equal(m->settings[2].number, POINT_PARITY_NONE);
	assert_int_equal(m->settings[3].number, 1);
	assert_int_equal(m->settings[3].exponent, -2);
	assert_string_equal(m->settings[4].point->name, "tariff");
	assert_int_equal(m->preset_count, 4);
	assert_int_equal(m->presets[0].wh, 1234560);
	assert_int_equal(m->presets[1].wh, 2000);
	assert_string_equal(m->presets[2].point->name, "reactive_energy.reverse.l3");
	assert_int_equal(m->presets[2].wh, 3000000);
	assert_int_equal(m->presets[3].wh, 5);
	assert_null(m->scenario);
	assert_null(m->recording);

	assert_int_equal(m[1].serial, 16100650); /* counts up where none is given */
	assert_ptr_equal(m[1].model, m->model);  /* loaded once */
	assert_non_null(m[1].scenario);
	assert_true(m[1].scenario_local_time);
	assert_near(m[1].world.input.phase[0].voltage_v, 230, 0); /* the model's nominal voltage */
	assert_ptr_equal(m[2].scenario, m[1].scenario);
	assert_false(m[2].scenario_local_time);
	assert_near(m[2].world.input.phase[1].current_a, 2, 0);
	assert_near(m[2].world.supply_neutral, 1, 0); /* nothing is wrong to begin with */
	bench_conf_destroy(conf);
	bench_conf_destroy(NULL);
}

static void every_connection_arrives(void **state)
{
	static const struct {
		const char *name;
		enum wiring_connection connection;
	} rows[] = {{"3p4w", WIRING_3P4W},
		    {"3p3w-aron", WIRING_3P3W_ARON},
		    {"3p3w-delta", WIRING_3P3W_DELTA},
		    {"1p2w", WIRING_1P2W}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bench_conf *conf;
		char text[256];

		snprintf(text, sizeof(text),
			 "meters: [{name: a, model: pro380-mod, connection: %s}]\n"
			 "lines: [{name: l, protocol: modbus, port: pty, meters: [a]}]\n",
			 rows[i].name);
		conf = parse_good(text);
		assert_int_equal(conf->meters[0].connection, rows[i].connection);
		bench_conf_destroy(conf);
	}
}

static void every_key_of_a_line_arrives(void **state)
{
	struct bench_conf *conf =
		parse_good("meters: [{name: a, model: pro380-mod}, {name: b, model: pro380-mod}]\n"
			   "lines:\n"
			   "  - {name: x, protocol: modbus, port: pty, meters: [b, a]}\n"
			   "  - name: y\n"
			   "    protocol: modbus\n"
			   "    port: {pty: bench/y, mode: 0660, group: dialout}\n"
			   "    pace: off\n"
			   "    turnaround: 3ms..20ms\n"
			   "    meters: [a]\n");
	const struct bench_line_conf *l = conf->lines;

	(void)state;
	assert_int_equal(conf->seed, 1);
	assert_near(conf->speed, 1, 0);
	assert_int_equal(conf->line_count, 2);
	assert_string_equal(l->name, "x");
	assert_string_equal(l->port.place, "");
	assert_int_equal(l->port.mode, 0600);
	assert_string_equal(l->port.group, "");
	assert_true(l->paced);
	assert_int_equal(l->turnaround_ns[0], 5 * NS_PER_MS);
	assert_int_equal(l->turnaround_ns[1], 5 * NS_PER_MS);
	assert_int_equal(l->meter_count, 2);
	assert_int_equal(l->meters[0], 1);
	assert_int_equal(l->meters[1], 0);
	assert_string_equal(l[1].port.place, "bench/y");
	assert_int_equal(l[1].port.mode, 0660);
	assert_string_equal(l[1].port.group, "dialout");
	assert_false(l[1].paced);
	assert_int_equal(l[1].turnaround_ns[0], 3 * NS_PER_MS);
	assert_int_equal(l[1].turnaround_ns[1], 20 * NS_PER_MS);
	bench_conf_destroy(conf);
}

static void every_kind_of_port_arrives(void **state)
{
	struct bench_conf *conf = parse_good(
		METER
		"lines:\n"
		"  - {name: pty, protocol: modbus, port: pty, echo: true, meters: [a]}\n"
		"  - {name: other, protocol: modbus, port: pty, meters: [a]}\n"
		"  - {name: tty, protocol: modbus, meters: [a], port: {tty: /dev/ttyUSB0,\n"
		"     rs485: true, latency: 2ms, adapter_echo: on}}\n"
		"  - {name: plain, protocol: modbus, port: {tty: dev/x}, meters: [a]}\n"
		"  - {name: tcp, protocol: modbus, port: {tcp: '127.0.0.1:0'}, echo: yes,\n"
		"     pace: off, meters: [a]}\n"
		"  - {name: free, protocol: modbus, port: {tcp: '127.0.0.1:0'}, meters: [a]}\n"
		"  - {name: mbtcp, protocol: modbus, port: {modbus_tcp: '[::1]:502'}, echo: "
		"off,\n"
		"     meters: [a]}\n");
	static const struct {
		enum port_kind kind;
		const char *place;
		bool rs485, adapter_echo;
		int64_t latency_ns;
		bool echo, paced;
	} rows[] = {
		{PORT_PTY, "", false, false, 20 * NS_PER_MS, true, true},
		{PORT_PTY, "", false, false, 20 * NS_PER_MS, false, true},
		{PORT_TTY, "/dev/ttyUSB0", true, true, 2 * NS_PER_MS, false, true},
		{PORT_TTY, "dev/x", false, false, 20 * NS_PER_MS, false, true},
		{PORT_TCP, "127.0.0.1:0", false, false, 20 * NS_PER_MS, true, false},
		{PORT_TCP, "127.0.0.1:0", false, false, 20 * NS_PER_MS, false, true},
		{PORT_MODBUS_TCP, "[::1]:502", false, false, 20 * NS_PER_MS, false, true},
	};

	(void)state;
	assert_int_equal(conf->line_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct bench_line_conf *l = &conf->lines[i];

		assert_int_equal(l->port.kind, rows[i].kind);
		assert_string_equal(l->port.place, rows[i].place);
		assert_int_equal(l->port.rs485, rows[i].rs485);
		assert_int_equal(l->port.adapter_echo, rows[i].adapter_echo);
		assert_int_equal(l->port.latency_ns, rows[i].latency_ns);
		assert_int_equal(l->echo, rows[i].echo);
		assert_int_equal(l->paced, rows[i].paced);
		assert_int_equal(l->fault_count, 0);
	}
	bench_conf_destroy(conf);
}

/* On their lines, in their order; where there is one line it need not be named. */
static void faults_arrive_on_their_lines(void **state)
{
	struct bench_conf *conf =
		parse_good(METER LINES "faults:\n"
				       "  - {name: x, line: m, drop: true, station: 1..2}\n"
				       "  - {name: x, line: l, corrupt: crc, probability: 10%}\n"
				       "  - {name: y, line: m, delay: 1s, direction: request}\n");
	const struct bench_line_conf *l = conf->lines;

	(void)state;
	assert_int_equal(l[0].fault_count, 1);
	assert_string_equal(l[0].faults[0].name, "x");
	assert_int_equal(l[0].faults[0].kind, FAULT_CORRUPT);
	assert_near(l[0].faults[0].probability, 0.1, 1e-15);
	assert_int_equal(l[1].fault_count, 2);
	assert_string_equal(l[1].faults[0].name, "x");
	assert_int_equal(l[1].faults[0].kind, FAULT_DROP);
	assert_true(l[1].faults[0].has_station);
	assert_int_equal(l[1].faults[0].station[1], 2);
	assert_string_equal(l[1].faults[1].name, "y");
	assert_int_equal(l[1].faults[1].direction, FAULT_REQUEST);
	assert_int_equal(l[1].faults[1].time_ns[0], NS_PER_S);
	bench_conf_destroy(conf);

	conf = parse_good("faults: [{name: x, exception: 6}]\n" METER LINE);
	assert_int_equal(conf->lines[0].fault_count, 1);
	assert_int_equal(conf->lines[0].faults[0].amount, 6);
	bench_conf_destroy(conf);
}

/* As many on one line as it takes, and not one more. */
static void a_line_has_only_so_many_faults(void **state)
{
	for (int extra = 0; extra < 2; extra++) {
		struct bench_conf *conf = NULL;
		char text[8192] = METER LINE "faults:\n", messages[MESSAGE_SIZE];
		size_t used = strlen(text);
		int r;

		(void)state;
		for (int i = 0; i < FAULTS_MAX + extra; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "  - {name: n%d, drop: true}\n", i);
		assert_true(used < sizeof(text));
		r = parse(&conf, text, messages);
		assert_int_equal(r, extra ? -EINVAL : 0);
		assert_string_equal(messages,
				    extra ? "f:104:5: more than 100 faults on line 'l'\n" : "");
		if (!extra)
			assert_int_equal(conf->lines[0].fault_count, FAULTS_MAX);
		bench_conf_destroy(conf);
	}
}

static void bad_ones_say_why(void **state)
{
	static const struct {
		const char *text;
		const char *messages;
	} rows[] = {
		{"", "f: the file is empty\n"},
		{"a", "f:1:1: the configuration: a map of keys and values is expected\n"},
		{METER, "f:1:1: the configuration: key 'lines' is missing\n"},
		{LINE, "f:1:1: the configuration: key 'meters' is missing\n"},
		{METER LINE "sed: 2\n",
		 "f:3:1: unknown key 'sed' in the configuration, did you mean 'seed'?\n"},
		{METER LINE "seed: x\n", "f:3:7: seed: 'x' is not a whole number\n"},
		{METER LINE "speed: -1\n", "f:3:8: speed: -1 is out of range 0..100000\n"},
		{"meters: []\n" LINE, "f:1:9: meters: a list of 1 to 10000 meters is expected\n"},
		{METER "lines: {}\n", "f:2:8: lines: a list of 1 to 1000 lines is expected\n"},
		/* meters */
		{"meters: [a]\n" LINE, "f:1:10: the meter: a map of keys and values is expected\n"},
		{"meters: [{name: a}]\n" LINE, "f:1:10: the meter: key 'model' is missing\n"},
		{"meters: [{model: pro380-mod}]\n" LINE,
		 "f:1:10: the meter: key 'name' is missing\n"},
		{"meters: [{name: a, model: pro381}]\n" LINE,
		 "f:1:27: model: there is no model 'pro381'\n"},
		{"meters: [{name: a, count: 248, model: pro380-mod}]\n" LINE,
		 "f:1:10: count: the address of 'a-248' would be out of range\n"},
		{"meters: [{name: a, count: 2, model: pro380-mod, serial: 99999999}]\n" LINE,
		 "f:1:10: count: the serial number of 'a-2' would be out of range\n"},
		{"meters: [{name: a, count: 0, model: pro380-mod}]\n" LINE,
		 "f:1:27: count: 0 is out of range 1..10000\n"},
		{"meters: [{name: a-2, model: pro380-mod}, {name: a, count: 3, model: "
		 "pro380-mod}]\n" LINE,
		 "f:1:42: there are two meters 'a-2'\n"},
		{"meters: [{name: a, count: 2, model: pro380-mod}, {name: a-2, model: "
		 "pro380-mod}]\n" LINE,
		 "f:1:50: there are two meters 'a-2'\n"},
		{"meters: [{name: a, model: pro380-mod}, {name: a, model: pro380-mod}]\n" LINE,
		 "f:1:40: there are two meters 'a'\n"},
		{"meters: [{name: a, model: pro380-mod, serial: 123456789}]\n" LINE,
		 "f:1:47: serial: 123456789 is out of range 0..99999999\n"},
		{"meters: [{name: a, model: pro380-mod, connection: 5p}]\n" LINE,
		 "f:1:51: connection: '5p' is none of: 3p4w, 3p3w-aron, 3p3w-delta, 1p2w\n"},
		{"meters: [{name: a, model: pro380-mod, grid: {voltage: 481}}]\n" LINE,
		 "f:1:55: voltage: 481 is out of range 0..480 V\n"},
		{"meters: [{name: a, model: pro380-mod, grid: {frequency: 39 Hz}}]\n" LINE,
		 "f:1:57: frequency: 39 Hz is out of range 40..70 Hz\n"},
		{"meters: [{name: a, model: pro380-mod, load: {current: -1}}]\n" LINE,
		 "f:1:55: current: -1 is out of range 0..120 A\n"},
		{"meters: [{name: a, model: pro380-mod, load: {curent: 1}}]\n" LINE,
		 "f:1:46: unknown key 'curent' in load, did you mean 'current'?\n"},
		{"meters: [{name: a, model: pro380-mod, settings: {modbus-id: 1}}]\n" LINE,
		 "f:1:50: settings: model 'pro380-mod' has no setting 'modbus-id', did you mean "
		 "'modbus_id'?\n"},
		{"meters: [{name: a, model: pro380-mod, settings: {baud: 19200}}]\n" LINE,
		 "f:1:56: baud: '19200' is none of: 300, 600, 1200, 2400, 4800, 9600\n"},
		{"meters: [{name: a, model: pro380-mod, settings: {modbus_id: 248}}]\n" LINE,
		 "f:1:61: modbus_id: '248' is none of: 1..247\n"},
		{"meters: [{name: a, model: pro380-mod, settings: {parity: mark}}]\n" LINE,
		 "f:1:58: parity: 'mark' is none of: even, none, odd\n"},
		{"meters: [{name: a, model: pro380-mod, settings: {baud: 300, baud: 600}}]\n" LINE,
		 "f:1:61: key 'baud' is given twice\n"},
		{"meters: [{name: a, model: pro380-mod, settings: [baud]}]\n" LINE,
		 "f:1:49: settings: a map is expected\n"},
		{"meters: [{name: a, model: pro380-mod, settings: {baud: [1]}}]\n" LINE,
		 "f:1:56: baud: one value is expected, not a list\n"},
		{"meters: [{name: a, model: pro380-mod, registers: {active_energy.total: "
		 "1}}]\n" LINE,
		 "f:1:51: registers: 'active_energy.total' is no counter of forward or reverse "
		 "energy, nor day_counter\n"},
		{"meters: [{name: a, model: pro380-mod, registers: {day_conter: 1}}]\n" LINE,
		 "f:1:51: registers: 'day_conter' is no counter of forward or reverse energy, nor "
		 "day_counter, did you mean 'day_counter'?\n"},
		{"meters: [{name: a, model: pro380-mod, registers: {day_counter: -1}}]\n" LINE,
		 "f:1:64: day_counter: '-1' is not an energy from 0 to 99999999.99 kWh\n"},
		{"meters: [{name: a, model: pro380-mod, registers: {reactive_energy.forward: 1 "
		 "kWh}}]\n" LINE,
		 "f:1:76: reactive_energy.forward: '1 kWh' is not an energy from 0 to 99999999.99 "
		 "kvarh\n"},
		{"meters: [{name: a, model: pro380-mod, scenario: nosuch}]\n" LINE,
		 "f:1:49: scenario: there is no scenario 'nosuch'\n"},
		{"meters: [{name: a, model: pro380-mod, scenario: {file: household, from: "
		 "3}}]\n" LINE,
		 "f:1:73: from: '3' is none of: start, local-time\n"},
		{"meters: [{name: a, model: pro380-mod, registers: {active_energy.forward: 1, "
		 "active_energy.forward.t1: 1}}]\n" LINE,
		 "f:1:77: registers: 'active_energy.forward.t1' is 'active_energy.forward': give "
		 "one "
		 "of the two\n"},
		{"meters: [{name: a, model: pro380-mod, recording: /nosuch.csv}]\n" LINE,
		 "f:1:50: /nosuch.csv: No such file or directory\n"},
		{"meters: [{name: a, model: pro380-mod, recording: {repeat: yes}}]\n" LINE,
		 "f:1:50: recording: key 'file' is missing\n"},
		{"meters: [{name: a, model: pro380-mod, intervals: /nosuch.csv}]\n" LINE,
		 "f:1:50: /nosuch.csv: No such file or directory\n"},
		{"meters: [{name: a, model: pro380-mod, intervals: {file: x, between: "
		 "spline}}]\n" LINE,
		 "f:1:69: between: 'spline' is none of: hold, linear\n"},
		/* lines */
		{METER "lines: [{name: l, protocol: mbos, port: pty, meters: [a]}]\n",
		 "f:2:29: protocol: 'mbos' is none of: modbus\n"},
		{METER "lines: [{name: l, protocol: modbus, port: pty}]\n",
		 "f:2:9: the line: key 'meters' is missing\n"},
		{METER "lines: [{name: l, protocol: modbus, port: tty, meters: [a]}]\n",
		 "f:2:43: " NOT_A_PORT},
		{METER "lines: [{name: l, protocol: modbus, port: {pty: ''}, meters: [a]}]\n",
		 "f:2:49: pty: a path is expected\n"},
		{METER "lines: [{name: l, protocol: modbus, port: {pty: x, mode: 999}, meters: "
		       "[a]}]\n",
		 "f:2:58: mode: '999' is not a file mode such as 0660\n"},
		{METER "lines: [{name: l, protocol: modbus, port: {pty: x, mode: 4755}, meters: "
		       "[a]}]\n",
		 "f:2:58: mode: '4755' is not a file mode such as 0660\n"},
		{METER "lines: [{name: l, protocol: modbus, port: pty, pace: slow, meters: [a]}]\n",
		 "f:2:54: pace: 'slow' is none of: real, off\n"},
		{METER "lines: [{name: l, protocol: modbus, port: pty, turnaround: 1m, meters: "
		       "[a]}]\n",
		 "f:2:60: turnaround: 1m is out of range 0..10 s\n"},
		{METER "lines: [{name: a/b, protocol: modbus, port: pty, meters: [a]}]\n",
		 "f:2:16: name: letters, digits, '.', '_' and '-' are expected\n"},
		{METER "lines: [{name: l, protocol: modbus, port: pty, meters: []}]\n",
		 "f:2:56: meters: a list of names of meters is expected\n"},
		{METER "lines: [{name: l, protocol: modbus, port: pty, meters: [a, a]}]\n",
		 "f:2:60: meters: 'a' is given twice\n"},
		{"meters: [{name: main, model: pro380-mod}]\n"
		 "lines: [{name: l, protocol: modbus, port: pty, meters: [mai]}]\n",
		 "f:2:57: meters: there is no meter 'mai', did you mean 'main'?\n"},
		{METER "lines:\n"
		       "  - {name: l, protocol: modbus, port: {pty: x}, meters: [a]}\n"
		       "  - {name: l, protocol: modbus, port: pty, meters: [a]}\n"
		       "  - {name: m, protocol: modbus, port: {pty: x}, meters: [a]}\n",
		 "f:4:5: there are two lines 'l'\n"
		 "f:5:5: lines 'l' and 'm' have one port\n"},
		/* ports */
		{METER "lines: [{name: l, protocol: modbus, port: {tcp: 5020}, meters: [a]}]\n",
		 "f:2:49: tcp: '5020" SUCH_AS},
		{METER "lines: [{name: l, protocol: modbus, port: {modbus_tcp: 'x:1'}, meters: "
		       "[a]}]\n",
		 "f:2:56: modbus_tcp: 'x:1" SUCH_AS},
		{METER "lines: [{name: l, protocol: modbus, port: {tty: ''}, meters: [a]}]\n",
		 "f:2:49: tty: a path is expected\n"},
		{METER "lines: [{name: l, protocol: modbus, port: {tty: x, latency: 1min}, meters: "
		       "[a]}]\n",
		 "f:2:61: latency: 1min is out of range 0..1 s\n"},
		{METER "lines: [{name: l, protocol: modbus, port: {tty: x}, echo: true, meters: "
		       "[a]}]\n",
		 "f:2:9: " ECHO_ONLY},
		{METER "lines: [{name: l, protocol: modbus, port: {modbus_tcp: '[::1]:1'}, echo: "
		       "true, meters: [a]}]\n",
		 "f:2:9: " ECHO_ONLY},
		{METER "lines: [{name: l, protocol: modbus, port: pty, echo: loud, meters: [a]}]\n",
		 "f:2:54: echo: 'loud' is neither true nor false\n"},
		{METER "lines:\n"
		       "  - {name: l, protocol: modbus, port: {tty: /dev/x}, meters: [a]}\n"
		       "  - {name: m, protocol: modbus, port: {tcp: '127.0.0.1:1'}, meters: [a]}\n"
		       "  - {name: n, protocol: modbus, port: {tty: /dev/x}, meters: [a]}\n"
		       "  - {name: o, protocol: modbus, port: {modbus_tcp: '127.0.0.1:1'}, meters: "
		       "[a]}\n",
		 "f:5:5: lines 'l' and 'n' have one port\n"
		 "f:6:5: lines 'm' and 'o' have one port\n"},
		/* faults */
		{METER LINE "faults: {}\n",
		 "f:3:9: faults: a list of 1 to 10000 faults is expected\n"},
		{METER LINE "faults: []\n",
		 "f:3:9: faults: a list of 1 to 10000 faults is expected\n"},
		{METER LINE "faults: [{name: x, line: k, drop: true}]\n",
		 "f:3:10: line: there is no line 'k'\n"},
		{METER LINES "faults: [{name: x, drop: true}]\n",
		 "f:3:10: line: there are several, one must be named\n"},
		{METER LINE "faults: [{name: x, drop: true}, {name: x, line: l, echo: true}]\n",
		 "f:3:33: there are two faults 'x' on line 'l'\n"},
		{METER LINE "faults: [{name: x}, {name: y, drop: true, station: 999}]\n",
		 "f:3:10: what does the fault do? One of: drop, delay, corrupt, truncate, "
		 "duplicate, noise, wrong, exception, silence, slow or echo\n"
		 "f:3:52: station: 999 is out of range 0..255\n"},
		{METER "lines: [{name: l, protocol: modbus, port: {tty: x}, meters: [a]}]\n"
		       "faults: [{name: x, echo: true}]\n",
		 "f:3:10: " ECHO_ONLY},
		{METER "lines: [{name: l, protocol: modbus, port: {modbus_tcp: '[::1]:1'}, meters: "
		       "[a]}]\n"
		       "faults: [{name: x, drop: true}, {name: y, echo: true}]\n",
		 "f:3:33: " ECHO_ONLY},
		/* a fault of a line that is wrong is not wrong for that */
		{METER
		 "lines: [{name: l, protocol: x, port: pty, meters: [a]}]\n"
		 "faults: [{name: x, line: l, drop: true}, {name: x, line: k, drop: maybe}]\n",
		 "f:2:29: protocol: 'x' is none of: modbus\n"
		 "f:3:67: drop: 'maybe' is neither true nor false\n"},
		/* all at once */
		{"speed: fast\n"
		 "colour: red\n"
		 "meters:\n"
		 "  - {name: a, model: pro380-mod, serial: x, settings: {baud: 1, tarif: 1}}\n"
		 "  - {name: b, model: nosuch, load: {}}\n"
		 "  - {name: c, model: pro380-mod, grid: {voltage: [x, 1, y]}}\n"
		 "lines:\n"
		 "  - {name: l, protokol: modbus, port: tty, meters: [b]}\n",
		 "f:1:8: speed: 'fast' is not a number\n"
		 "f:2:1: unknown key 'colour' in the configuration\n"
		 "f:4:42: serial: 'x' is not a whole number\n"
		 "f:4:62: baud: '1' is none of: 300, 600, 1200, 2400, 4800, 9600\n"
		 "f:4:65: settings: model 'pro380-mod' has no setting 'tarif', did you mean "
		 "'tariff'?\n"
		 "f:5:22: model: there is no model 'nosuch'\n"
		 "f:6:51: voltage: 'x' is not a number of V\n"
		 "f:6:57: voltage: 'y' is not a number of V\n"
		 "f:8:15: unknown key 'protokol' in the line, did you mean 'protocol'?\n"
		 "f:8:5: the line: key 'protocol' is missing\n"
		 "f:8:39: " NOT_A_PORT},
		{METER "lines:\n"
		       "  - {name: l, protocol: x, port: pty, turnaround: y, meters: [q]}\n",
		 "f:3:25: protocol: 'x' is none of: modbus\n"
		 "f:3:51: turnaround: 'y' is not a duration such as 5ms, 30s or 1h30m\n"
		 "f:3:63: meters: there is no meter 'q'\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bench_conf *conf = NULL;
		char messages[MESSAGE_SIZE];

		if (parse(&conf, rows[i].text, messages) != -EINVAL)
			fail_msg("row %zu is read:\n%s", i, rows[i].text);
		assert_null(conf);
		assert_string_equal(messages, rows[i].messages);
	}
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* In folder there may be files by the names that the caller removes. path: of bench.yaml there. */
static void check_intervals(const char *folder, const char *path, struct diag *diag)
{
	struct bench_conf *conf;
	char expected[256];

	write_file(folder, "r.csv", "time,power.l1 (kW)\n0,1\n60,22\n");
	write_file(folder, "bench.yaml",
		   "meters: [{name: a, model: pro380-mod, count: 2,\n"
		   "  intervals: {file: r.csv, repeat: true, between: linear}}]\n" LINE);
	assert_int_equal(bench_conf_load(&conf, path, diag), 0);
	snprintf(expected, sizeof(expected), "%s/r.csv", folder);
	assert_string_equal(conf->meters[1].intervals, expected);
	assert_true(conf->meters[1].intervals_config.repeat);
	assert_true(conf->meters[1].intervals_config.linear);
	bench_conf_destroy(conf);
	write_file(folder, "bench.yaml",
		   "meters: [{name: a, model: pro380-mod, grid: {voltage: 100}, intervals: "
		   "r.csv}]\n" LINE);
	assert_int_equal(bench_conf_load(&conf, path, diag), -EINVAL);
	snprintf(expected, sizeof(expected), "%s/r.csv:3:1: 220 A in L1, at 100 V, are more",
		 folder);
	assert_memory_equal(diag_text(diag, 0), expected, strlen(expected));
	diag_clear(diag);
}

/* Files are looked for beside the one that names them; a bad one is told of once. */
static void files_that_it_names_are_read(void **state)
{
	static const char *const names[] = {"bench.yaml", "bad.yaml", "s.yaml", "r.csv", NULL};
	char folder[] = "/tmp/test_bench_conf.XXXXXX", path[256], expected[512], text[512];
	struct bench_conf *conf = NULL;
	struct diag *diag;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(diag_create(&diag), 0);
	snprintf(path, sizeof(path), "%s/bench.yaml", folder);
	assert_int_equal(bench_conf_load(&conf, path, diag), -ENOENT);
	write_file(folder, "bad.yaml", "name: x\n");
	write_file(folder, "s.yaml",
		   "name: s\nduration: 1h\ntimeline: [{at: 0s, set: {load.current: 121}}]\n");
	write_file(folder, "bench.yaml",
		   "meters:\n"
		   "  - {name: a, model: pro380-mod, scenario: s}\n"
		   "  - {name: b, model: pro380-mod, scenario: s.yaml}\n"
		   "lines: [{name: l, protocol: modbus, port: {pty: l}, meters: [a]}]\n");
	assert_int_equal(bench_conf_load(&conf, path, diag), -EINVAL);
	assert_int_equal(diag_count(diag), 1);
	snprintf(expected, sizeof(expected),
		 "%s/s.yaml:3:41: load.current: 121 is out of range 0..120 A", folder);
	assert_string_equal(diag_text(diag, 0), expected);
	diag_clear(diag);

	write_file(folder, "bench.yaml",
		   "meters: [{name: a, model: bad}, {name: b, model: bad.yaml}]\n" LINE);
	assert_int_equal(bench_conf_load(&conf, path, diag), -EINVAL);
	assert_int_equal(diag_count(diag), 6); /* what a model needs and this one has not */
	snprintf(expected, sizeof(expected), "%s/bad.yaml:1:1: the model: key 'title' is missing",
		 folder);
	assert_string_equal(diag_text(diag, 0), expected);
	diag_clear(diag);

	write_file(folder, "bench.yaml",
		   METER "lines: [{name: l, protocol: modbus, port: {pty: l}, meters: [a]}]\n");
	assert_int_equal(bench_conf_load(&conf, path, diag), 0);
	snprintf(expected, sizeof(expected), "%s/l", folder);
	assert_string_equal(conf->lines[0].port.place, expected);
	bench_conf_destroy(conf);

	write_file(folder, "r.csv", "time,v1\n0,1\n0.0001,2\n");
	snprintf(text, sizeof(text),
		 "meters:\n"
		 "  - {name: a, model: pro380-mod, recording: {file: r.csv, repeat: true}}\n"
		 "  - {name: b, model: pro380-mod, recording: %s/r.csv}\n" LINE,
		 folder);
	write_file(folder, "bench.yaml", text);
	assert_int_equal(bench_conf_load(&conf, path, diag), 0);
	snprintf(expected, sizeof(expected), "%s/r.csv", folder);
	assert_string_equal(conf->meters[0].recording, expected);
	assert_true(conf->meters[0].recording_repeat);
	assert_string_equal(conf->meters[1].recording, expected);
	assert_false(conf->meters[1].recording_repeat);
	bench_conf_destroy(conf);
	check_intervals(folder, path, diag);
	diag_destroy(diag);
	for (size_t i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void the_demo_is_fine(void **state)
{
	struct bench_conf *conf = NULL;
	struct diag *diag;

	(void)state;
	assert_int_equal(diag_create(&diag), 0);
	assert_int_equal(
		bench_conf_load(&conf, METERSIM_SOURCE_DATA "/conf/examples/demo.yaml", diag), 0);
	assert_int_equal(conf->line_count, 1);
	bench_conf_destroy(conf);
	diag_destroy(diag);
}

/* count: names, serial numbers and addresses count up; a line takes all by their common name. */
static void meters_are_counted_up(void **state)
{
	struct bench_conf *conf =
		parse_good("meters:\n"
			   "  - {name: one, model: pro380-mod, serial: 5}\n"
			   "  - {name: flat, count: 3, model: pro380-mod, serial: 17000001,\n"
			   "     settings: {lcd_cycle: 7, modbus_id: 10},\n"
			   "     registers: {active_energy.forward: 1}}\n"
			   "  - {name: shop, count: 2, model: pro380-mod}\n"
			   "lines:\n"
			   "  - {name: a, protocol: modbus, port: pty, meters: [flat, one]}\n"
			   "  - {name: b, protocol: modbus, port: pty, meters: [shop, flat-2]}\n");
	static const struct {
		const char *name;
		int64_t serial, address; /* 0: the model's */
	} rows[] = {{"one", 5, 0},
		    {"flat-1", 17000001, 10},
		    {"flat-2", 17000002, 11},
		    {"flat-3", 17000003, 12},
		    {"shop-1", 16100653, 0},
		    {"shop-2", 16100654, 2}};

	(void)state;
	assert_int_equal(conf->meter_count, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct bench_meter_conf *m = &conf->meters[i];
		int64_t address = 0;

		for (size_t s = 0; s < m->setting_count; s++) {
			if (m->settings[s].point == point_find("setting.modbus_id"))
				address = m->settings[s].number;
		}
		assert_string_equal(m->name, rows[i].name);
		assert_int_equal(m->serial, rows[i].serial);
		assert_int_equal(address, rows[i].address);
	}
	assert_int_equal(conf->meters[3].preset_count, 1);
	assert_int_equal(conf->lines[0].meter_count, 4);
	assert_int_equal(conf->lines[0].meters[2], 3);
	assert_int_equal(conf->lines[0].meters[3], 0);
	assert_int_equal(conf->lines[1].meter_count, 3);
	bench_conf_destroy(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_a_meter_arrives),
		cmocka_unit_test(every_connection_arrives),
		cmocka_unit_test(every_key_of_a_line_arrives),
		cmocka_unit_test(every_kind_of_port_arrives),
		cmocka_unit_test(faults_arrive_on_their_lines),
		cmocka_unit_test(a_line_has_only_so_many_faults),
		cmocka_unit_test(bad_ones_say_why),
		cmocka_unit_test(files_that_it_names_are_read),
		cmocka_unit_test(the_demo_is_fine),
		cmocka_unit_test(meters_are_counted_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
