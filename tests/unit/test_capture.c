/* SPDX-License-Identifier: MIT */
/*
 * test_capture - what goes over the lines ends up in two files, or in one message if it cannot
 *
 * The packets' own shape is test_pcapng's; here only that they are there, and how many.
 */
#include "sim/capture.h"

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
#include "protocols/modbus/mbtelegram.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define OFFSET_NS (INT64_C(1795421700) * NS_PER_S) /* 2026-11-23T08:15:00Z */
#define TEXT_SIZE 8192
#define HEADER                                                                                     \
	"# metersim capture: UTC, line, > master or < station, silence before it, bytes, "         \
	"meaning\n"

struct setup {
	char folder[32];
	char path[64]; /* as given */
	struct log log;
	char messages[TEXT_SIZE]; /* of the log */
	struct capture *capture;
};

static void on_log(void *ctx, enum log_level level, const char *text)
{
	struct setup *s = ctx;
	const size_t used = strlen(s->messages);

	snprintf(s->messages + used, sizeof(s->messages) - used, "%s: %s\n", log_level_name(level),
		 text);
}

static void set_up(struct setup *s, const char *name)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->folder, sizeof(s->folder), "/tmp/test_capture.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/%s", s->folder, name);
	s->log = (struct log){.level = LOG_LEVEL_DEBUG, .sink = on_log, .ctx = s};
}

static void place_of(const struct setup *s, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", s->folder, name);
}

/* Removes the files of these names, which must be there, and the folder: there is nothing else. */
static void tear_down(const struct setup *s, const char *const names[])
{
	char path[128];

	for (; *names; names++) {
		place_of(s, *names, path);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(s->folder), 0);
}

static size_t read_file(const struct setup *s, const char *name, char text[TEXT_SIZE])
{
	char path[128];
	FILE *file;
	size_t n;

	place_of(s, name, path);
	file = fopen(path, "re");
	assert_non_null(file);
	n = fread(text, 1, TEXT_SIZE - 1, file);
	fclose(file);
	text[n] = '\0';
	return n;
}

/* How many blocks of a type there are in a file of packets. */
static size_t blocks_of(const struct setup *s, const char *name, uint32_t type)
{
	char data[TEXT_SIZE];
	const size_t n = read_file(s, name, data);
	size_t found = 0;

	for (size_t at = 0; at < n;) {
		uint32_t word[2];

		assert_true(n - at >= 12);
		memcpy(word, data + at, sizeof(word));
		assert_true(word[1] >= 12 && word[1] <= n - at);
		found += word[0] == type;
		at += word[1];
	}
	return found;
}

struct said {
	struct telegram telegram; /* but its bytes */
	const char *hex;
	bool raw;
};

static void capture(struct setup *s, const struct said *said, const char *request)
{
	struct telegram t = said->telegram, asked = {.from_master = true};
	uint8_t bytes[64], question[64];

	t.bytes = bytes;
	t.len_bytes = fixture_bytes(said->hex, bytes, sizeof(bytes) - 2);
	if (!said->raw)
		t.len_bytes = fixture_crc(bytes, t.len_bytes);
	if (request) {
		asked.bytes = question;
		asked.len_bytes = fixture_crc(question, fixture_bytes(request, question,
								      sizeof(question) - 2));
	}
	capture_telegram(s->capture, 0, "bus", &mb_protocol, &t, request ? &asked : NULL);
}

static const struct said request = {
	{.from_master = true, .begin_ns = 123456789, .gap_ns = CLK_NEVER},
	"01 03 5002 0002",
	false};

static void paths_are_chosen(void **state)
{
	static const struct {
		const char *path, *text, *packets;
	} rows[] = {
		{"x", "x", "x.pcapng"},
		{"x.txt", "x.txt", "x.txt.pcapng"},
		{"x.pcapng", "x.txt", "x.pcapng"},
		{"x.y.pcapng", "x.y.txt", "x.y.pcapng"},
		{"x.pcap", "x.pcap", "x.pcap.pcapng"},
		{"x.pcapng.log", "x.pcapng.log", "x.pcapng.log.pcapng"},
		{"pcapng", "pcapng", "pcapng.pcapng"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const names[] = {rows[i].text, rows[i].packets, NULL};
		char text[TEXT_SIZE], expected[512];
		struct setup s;

		set_up(&s, rows[i].path);
		assert_int_equal(capture_create(&s.capture, s.path, OFFSET_NS, &s.log), 0);
		read_file(&s, rows[i].text, text); /* there at once, for who looks on */
		assert_string_equal(text, HEADER);
		assert_int_equal(blocks_of(&s, rows[i].packets, 0x0a0d0d0a), 1);
		capture_destroy(s.capture);
		snprintf(expected, sizeof(expected),
			 "notice: captured 0 telegrams: %s/%s, and for Wireshark %s/%s\n", s.folder,
			 rows[i].text, s.folder, rows[i].packets);
		assert_string_equal(s.messages, expected);
		tear_down(&s, names);
	}
	capture_destroy(NULL);
}

static void telegrams_are_lines(void **state)
{
	static const struct {
		struct said said;
		const char *request;
		const char *line; /* behind the time */
	} rows[] = {
		{{{.from_master = true, .gap_ns = CLK_NEVER}, "01 03 5002 0002", false},
		 NULL,
		 "bus > - 01 03 50 02 00 02 74 cb  1: read 0x5002..0x5003\n"},
		{{{.gap_ns = 5 * NS_PER_MS}, "01 03 04 1234 5678", false},
		 "01 03 5002 0002",
		 "bus < 5.000 01 03 04 12 34 56 78 81 07  1: 0x5002 = 1234 5678\n"},
		{{{.gap_ns = 1234567}, "01 83 02", false},
		 NULL,
		 "bus < 1.235 01 83 02 c0 f1  1: exception 02, illegal data address\n"},
		{{{.from_master = true, .gap_ns = 0}, "01 03 00", true},
		 NULL,
		 "bus > 0.000 01 03 00  too short\n"},
		{{{.from_master = true, .fate = TELEGRAM_TOO_EARLY}, "01 03 00", true},
		 NULL,
		 "bus > 0.000 01 03 00  not heard, an answer was on the line; too short\n"},
		{{{.from_master = true, .fate = TELEGRAM_WRONG_RATE}, "01 03 00", true},
		 NULL,
		 "bus > 0.000 01 03 00  not heard, no meter listens at this baud rate or parity; "
		 "too short\n"},
		{{{.from_master = true, .fate = TELEGRAM_TOO_MUCH, .overlong = true},
		  "01 03 00",
		  true},
		 NULL,
		 "bus > 0.000 01 03 00  not heard, faster than the line can carry; too short\n"},
		{{{.from_master = true, .overlong = true, .inner_gap = true}, "01 03 00", true},
		 NULL,
		 "bus > 0.000 01 03 00  cut off here; too short\n"},
		{{{.from_master = true, .inner_gap = true}, "01 11", false},
		 NULL,
		 "bus > 0.000 01 11 c0 2c  with a silence too long inside (T1.5); 1: function "
		 "0x11\n"},
		{{{.from_master = true, .owed = true}, "01 11", false},
		 NULL,
		 "bus > 0.000 01 11 c0 2c  while an answer was owed; 1: function 0x11\n"},
	};
	static const char *const names[] = {"x", "x.pcapng", NULL};
	char text[TEXT_SIZE], expected[TEXT_SIZE] = HEADER;
	struct setup s;

	(void)state;
	set_up(&s, "x");
	assert_int_equal(capture_create(&s.capture, s.path, OFFSET_NS, &s.log), 0);
	capture_add_line(s.capture, "bus");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct said said = rows[i].said;
		const size_t used = strlen(expected);

		said.telegram.begin_ns = (int64_t)i * NS_PER_S + 123456789;
		capture(&s, &said, rows[i].request);
		snprintf(expected + used, sizeof(expected) - used,
			 "2026-11-23T08:15:%02zu.123456Z %s", i, rows[i].line);
	}
	read_file(&s, "x", text);
	assert_string_equal(text, HEADER); /* buffered */
	capture_flush(s.capture);
	read_file(&s, "x", text);
	assert_string_equal(text, expected);
	assert_int_equal(blocks_of(&s, "x.pcapng", 1), 1);
	assert_int_equal(blocks_of(&s, "x.pcapng", 6), COUNT(rows));
	assert_string_equal(s.messages, "");
	capture_destroy(s.capture);
	assert_non_null(strstr(s.messages, "notice: captured 10 telegrams: "));
	tear_down(&s, names);
}

/* What is left is written at the end. */
static void faults_are_lines(void **state)
{
	static const struct fault_rule rule = {.name = "noise-1"};
	static const char *const names[] = {"x.txt", "x.pcapng", NULL};
	char text[TEXT_SIZE];
	struct setup s;

	(void)state;
	set_up(&s, "x.pcapng");
	assert_int_equal(capture_create(&s.capture, s.path, OFFSET_NS, &s.log), 0);
	capture_add_line(s.capture, "bus");
	capture_fault(s.capture, "bus", 59 * NS_PER_S + 999999999, &rule);
	capture_destroy(s.capture);
	read_file(&s, "x.txt", text);
	assert_string_equal(text, HEADER "2026-11-23T08:15:59.999999Z bus ! fault 'noise-1'\n");
	assert_int_equal(blocks_of(&s, "x.pcapng", 6), 0);
	assert_non_null(strstr(s.messages, "captured 0 telegrams")); /* a fault is none */
	tear_down(&s, names);
}

/* Packets bear the address of the station that is meant, also where the telegram has none. */
static void broken_answers_are_their_stations(void **state)
{
	static const struct {
		const char *request;
		uint8_t station;
	} rows[] = {{"F7 03 5002 0001", 0xf7}, {NULL, 0}};
	static const struct said broken = {{.gap_ns = 0}, "F7 03", true};
	static const char *const names[] = {"x", "x.pcapng", NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint8_t tag[] = {0, 20, 0, 4, 127, 0, 1, rows[i].station};
		char data[TEXT_SIZE];
		struct setup s;
		size_t n;

		set_up(&s, "x");
		assert_int_equal(capture_create(&s.capture, s.path, OFFSET_NS, &s.log), 0);
		capture_add_line(s.capture, "bus");
		capture(&s, &broken, rows[i].request);
		capture_destroy(s.capture);
		n = read_file(&s, "x.pcapng", data);
		assert_non_null(memmem(data, n, tag, sizeof(tag)));
		tear_down(&s, names);
	}
}

static void pauses_are_told(void **state)
{
	struct setup s;
	char text[TEXT_SIZE];

	(void)state;
	set_up(&s, "bus");
	assert_int_equal(capture_create(&s.capture, s.path, OFFSET_NS, &s.log), 0);
	assert_false(capture_paused(s.capture));
	capture(&s, &request, NULL);
	capture_pause(s.capture, true);
	capture_pause(s.capture, true);
	assert_true(capture_paused(s.capture));
	capture(&s, &request, NULL);
	capture_fault(s.capture, "bus", 1, &(struct fault_rule){.name = "x"});
	capture_pause(s.capture, false);
	capture(&s, &request, NULL);
	assert_int_equal(capture_count(s.capture), 2);
	assert_false(capture_broken(s.capture));
	assert_string_equal(capture_text_path(s.capture), s.path);
	capture_destroy(s.capture);
	read_file(&s, "bus", text);
	assert_memory_equal(text, HEADER, strlen(HEADER));
	assert_non_null(
		strstr(text, "# the capture pauses here\n# the capture goes on here\n2026"));
	assert_int_equal(blocks_of(&s, "bus.pcapng", 6), 2);
	tear_down(&s, (const char *const[]){"bus", "bus.pcapng", NULL});
}

static void folders_must_be_there(void **state)
{
	static const char *const none[] = {NULL};
	char path[128], *longest = malloc(5000);
	struct setup s;

	(void)state;
	assert_non_null(longest);
	set_up(&s, "no/x");
	assert_int_equal(capture_create(&s.capture, s.path, OFFSET_NS, &s.log), -ENOENT);
	assert_null(s.capture);
	memset(longest, 'x', 4999);
	longest[4999] = '\0';
	assert_int_equal(capture_create(&s.capture, longest, OFFSET_NS, &s.log), -ENAMETOOLONG);
	longest[4095 - 7] = '\0'; /* too long with what is added only */
	assert_true(capture_create(&s.capture, longest, OFFSET_NS, &s.log) < 0);
	assert_null(s.capture);
	free(longest);
	place_of(&s, "", path);
	assert_int_equal(capture_create(&s.capture, path, OFFSET_NS, &s.log), -EISDIR);
	assert_string_equal(s.messages, "");
	tear_down(&s, none);
}

/* The packets cannot be opened: no capture, although the text could. */
static void both_files_are_needed(void **state)
{
	static const char *const names[] = {"x", "x.pcapng", NULL};
	char path[128];
	struct setup s;

	(void)state;
	set_up(&s, "x");
	place_of(&s, "x.pcapng", path);
	assert_int_equal(symlink("/no/such/folder", path), 0);
	assert_int_equal(capture_create(&s.capture, s.path, OFFSET_NS, &s.log), -ENOENT);
	assert_null(s.capture);
	tear_down(&s, names);
}

/* One message, once; the rest of the program never notices. */
static void full_disks_end_it(void **state)
{
	static const struct {
		const char *full;  /* the file that leads to /dev/full */
		const char *names; /* whatever the message begins with */
	} rows[] = {{"x", "x"}, {"x.pcapng", ""}};
	static const char *const names[] = {"x", "x.pcapng", NULL};
	static const struct fault_rule rule = {.name = "f"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[128], once[TEXT_SIZE];
		struct setup s;

		set_up(&s, "x");
		place_of(&s, rows[i].full, path);
		assert_int_equal(symlink("/dev/full", path), 0);
		assert_int_equal(capture_create(&s.capture, s.path, OFFSET_NS, &s.log), 0);
		assert_non_null(
			strstr(s.messages, ": the capture ends here: No space left on device\n"));
		assert_int_equal(strncmp(s.messages, "error: /tmp/", 12), 0);
		memcpy(once, s.messages, sizeof(once));
		capture_add_line(s.capture, "bus");
		for (int k = 0; k < 2000; k++) { /* more than any buffer */
			capture(&s, &request, NULL);
			capture_fault(s.capture, "bus", 0, &rule);
		}
		capture_flush(s.capture);
		capture_destroy(s.capture);
		assert_string_equal(s.messages, once); /* nor does it say what it has captured */
		tear_down(&s, names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_chosen),
		cmocka_unit_test(telegrams_are_lines),
		cmocka_unit_test(faults_are_lines),
		cmocka_unit_test(broken_answers_are_their_stations),
		cmocka_unit_test(pauses_are_told),
		cmocka_unit_test(folders_must_be_there),
		cmocka_unit_test(both_files_are_needed),
		cmocka_unit_test(full_disks_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
