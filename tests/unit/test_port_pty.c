/* SPDX-License-Identifier: MIT */
/* test_port_pty - a real pseudo terminal, and clients that come, set it up, talk and go */
#include "sim/port_pty.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clk.h"
#include "sim/clk_real.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SHORT_NS (5 * NS_PER_MS) /* for what happens at once */
#define PATIENCE 200             /* times that, at most, for what must happen */

/* What the port told us, in order: 'r' received, 'l' left. */
struct setup {
	char folder[64];
	char link[128];
	struct loop *loop;
	struct loop_timer *stop;
	struct pty_watch *watch;
	struct port *port;
	const char *why;
	char events[64];
	uint8_t received[2048];
	size_t received_bytes;
	uint32_t baud;
	const char *answer; /* sent when something is received */
};

static void on_received(void *ctx, const uint8_t *bytes, size_t len_bytes,
			const struct slave_format *client)
{
	struct setup *s = ctx;

	assert_true(s->received_bytes + len_bytes <= sizeof(s->received));
	memcpy(s->received + s->received_bytes, bytes, len_bytes);
	s->received_bytes += len_bytes;
	s->baud = client->baud;
	strncat(s->events, "r", sizeof(s->events) - strlen(s->events) - 1);
	if (s->answer)
		s->port->send(s->port, (const uint8_t *)s->answer, strlen(s->answer));
}

static void on_left(void *ctx)
{
	struct setup *s = ctx;

	strncat(s->events, "l", sizeof(s->events) - strlen(s->events) - 1);
}

static void on_stop(void *ctx)
{
	struct setup *s = ctx;

	loop_stop(s->loop);
}

static void run(struct setup *s)
{
	const struct clk clk = clk_real();

	loop_timer_set(s->stop, clk_now(&clk) + SHORT_NS);
	loop_run(s->loop);
}

static int open_port(struct setup *s, const char *link, mode_t mode, const char *group)
{
	const struct port_handler handler = {.received = on_received, .left = on_left, .ctx = s};
	const struct port_pty_config config = {.watch = s->watch,
					       .link = link,
					       .mode = mode,
					       .group = group,
					       .initial_baud = 2400};

	return port_pty_create(&s->port, s->loop, &config, &handler, NULL, &s->why);
}

static int set_up(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	*state = s;
	strcpy(s->folder, "/tmp/test_port_pty.XXXXXX");
	if (!mkdtemp(s->folder) || loop_create(&s->loop) < 0)
		return -1;
	snprintf(s->link, sizeof(s->link), "%s/bus", s->folder);
	if (pty_watch_create(&s->watch, s->loop) < 0)
		return -1;
	return loop_timer_add(&s->stop, s->loop, on_stop, s);
}

static int set_up_open(void **state)
{
	if (set_up(state) < 0)
		return -1;
	return open_port(*state, ((struct setup *)*state)->link, 0600, NULL);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct setup *s = *state;

	if (s->port)
		s->port->destroy(s->port);
	loop_timer_remove(s->stop);
	pty_watch_destroy(s->watch);
	loop_destroy(s->loop);
	nftw(s->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

/* --- clients --- */

static int client_open(const struct setup *s)
{
	const int fd = open(s->link, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* As pyserial and libmodbus do it: all of termios once per open. */
static int client_set(int fd, speed_t baud, tcflag_t parity, tcflag_t size)
{
	struct termios t;

	assert_int_equal(tcgetattr(fd, &t), 0);
	cfmakeraw(&t);
	t.c_cflag &= ~(tcflag_t)(PARENB | PARODD | CSIZE | CSTOPB);
	t.c_cflag |= CREAD | CLOCAL | parity | size;
	cfsetispeed(&t, baud);
	cfsetospeed(&t, baud);
	return tcsetattr(fd, TCSANOW, &t);
}

static void client_says(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The kernel hands bytes over in its own time, which on a busy machine is not at once. */
static void client_hears(struct setup *s, int fd, const char *text)
{
	const ssize_t expected = (ssize_t)strlen(text);
	char got[64];
	ssize_t have = 0;

	for (int i = 0; i < PATIENCE && have < expected; i++) {
		const ssize_t n = read(fd, got + have, sizeof(got) - (size_t)have);

		if (n > 0)
			have += n;
		else
			run(s);
	}
	assert_int_equal(have, expected);
	assert_memory_equal(got, text, strlen(text));
	assert_true(read(fd, got, sizeof(got)) <= 0);
}

/* What the port has told since this was asked last. */
static void heard(struct setup *s, const char *text, const char *events)
{
	for (int i = 0; i < PATIENCE &&
			(strlen(s->events) < strlen(events) || s->received_bytes < strlen(text));
	     i++)
		run(s);
	assert_int_equal(s->received_bytes, strlen(text));
	assert_memory_equal(s->received, text, strlen(text));
	assert_string_equal(s->events, events);
	s->received_bytes = 0;
	s->events[0] = '\0';
}

/* --- the link --- */

static void the_link_leads_to_the_device(void **state)
{
	struct setup *s = *state;
	char target[64] = "", nested[256], place[PORT_PLACE_MAX], expected[512];
	struct stat st;

	snprintf(nested, sizeof(nested), "%s/a/b/bus", s->folder); /* its folders are made */
	assert_int_equal(open_port(s, nested, 0620, NULL), 0);
	assert_true(readlink(nested, target, sizeof(target) - 1) > 0);
	s->port->place(s->port, place);
	snprintf(expected, sizeof(expected), "%s -> %s", nested, target);
	assert_string_equal(place, expected);
	assert_int_equal(stat(nested, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0620);
	s->port->destroy(s->port);
	s->port = NULL;
	assert_int_equal(lstat(nested, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static void the_group_is_set(void **state)
{
	struct setup *s = *state;
	const struct group *group = getgrgid(getgid());
	struct stat st;

	assert_int_equal(open_port(s, s->link, 0660, "no such group"), -ENOENT);
	assert_string_equal(s->why, "there is no such group");
	assert_int_equal(lstat(s->link, &st), -1);
	if (!group)
		skip();
	assert_int_equal(open_port(s, s->link, 0660, group->gr_name), 0);
	assert_int_equal(stat(s->link, &st), 0);
	assert_int_equal(st.st_gid, getgid());
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void only_a_dangling_link_is_replaced(void **state)
{
	struct setup *s = *state;
	char path[160];
	FILE *file;

	assert_int_equal(symlink("/dev/pts/nosuch", s->link), 0);
	assert_int_equal(open_port(s, s->link, 0600, NULL), 0);
	s->port->destroy(s->port);
	s->port = NULL;

	assert_int_equal(symlink("/dev/null", s->link), 0);
	assert_int_equal(open_port(s, s->link, 0600, NULL), -EEXIST);
	assert_string_equal(s->why,
			    "exists and is not a dangling link; remove it if no metersimd uses it");
	assert_int_equal(access(s->link, F_OK), 0); /* and is left alone */
	assert_int_equal(unlink(s->link), 0);

	file = fopen(s->link, "we");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(open_port(s, s->link, 0600, NULL), -EEXIST);
	snprintf(path, sizeof(path), "%s/x", s->link);
	assert_int_equal(open_port(s, path, 0600, NULL), -ENOTDIR);
	assert_int_equal(unlink(s->link), 0);

	assert_int_equal(open_port(s, s->folder, 0600, NULL), -EEXIST);
	assert_null(s->port);
	assert_int_equal(open_port(s, s->link, 0600, NULL), 0);
	{
		struct port *first = s->port;

		assert_int_equal(open_port(s, s->link, 0600, NULL), -EEXIST); /* one that lives */
		assert_ptr_equal(s->port, first);
	}
}

static void too_long_a_path_is_refused(void **state)
{
	struct setup *s = *state;
	char path[5000];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(open_port(s, path, 0600, NULL), -ENAMETOOLONG);
	assert_string_equal(s->why, "its path is too long");
}

/* --- bytes --- */

static void it_is_raw_from_the_start(void **state)
{
	struct setup *s = *state;
	const int fd = client_open(s);
	struct termios t;

	assert_int_equal(tcgetattr(fd, &t), 0);
	assert_int_equal(t.c_iflag, 0);
	assert_int_equal(t.c_oflag & OPOST, 0);
	assert_int_equal(t.c_lflag & (ECHO | ICANON | ISIG), 0);
	assert_int_equal(cfgetospeed(&t), B2400);
	client_says(fd, "\x03\r\n\x11\x04\xff");
	run(s);
	heard(s, "\x03\r\n\x11\x04\xff", "r");
	assert_int_equal(s->baud, 2400);
	client_hears(s, fd, ""); /* no echo */
	s->port->send(s->port, (const uint8_t *)"\n\r\x03\x13\x7f\xfe", 6);
	client_hears(s, fd, "\n\r\x03\x13\x7f\xfe");
	close(fd);
}

static void long_messages_pass(void **state)
{
	struct setup *s = *state;
	const int fd = client_open(s);
	uint8_t bytes[1500];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	run(s);
	for (int i = 0; i < PATIENCE && s->received_bytes < sizeof(bytes); i++)
		run(s);
	assert_int_equal(s->received_bytes, sizeof(bytes));
	assert_memory_equal(s->received, bytes, sizeof(bytes));
	close(fd);
}

static void the_clients_baud_is_seen(void **state)
{
	static const struct {
		speed_t speed;
		uint32_t baud;
	} rows[] = {{B300, 300}, {B9600, 9600}, {B9600, 9600}, {B115200, 115200}};
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const int fd = client_open(s);

		assert_int_equal(client_set(fd, rows[i].speed, 0, CS8), 0);
		client_says(fd, "x");
		heard(s, "x", "r");
		assert_int_equal(s->baud, rows[i].baud);
		close(fd);
		heard(s, "", "l");
	}
}

/* --- clients come and go --- */

static void what_a_client_leaves_is_not_the_next_ones(void **state)
{
	struct setup *s = *state;
	int fd = client_open(s);

	s->answer = "answer";
	client_says(fd, "one");
	run(s);
	heard(s, "one", "r");
	close(fd); /* without having read */
	run(s);
	heard(s, "", "l");
	fd = client_open(s);
	run(s);
	client_hears(s, fd, "");
	client_says(fd, "two");
	run(s);
	client_hears(s, fd, "answer");
	close(fd);
	run(s);
	heard(s, "two", "rl");
	/* nobody there: what is sent goes nowhere */
	s->port->send(s->port, (const uint8_t *)"stale", 5);
	fd = client_open(s);
	run(s);
	client_hears(s, fd, "");
	close(fd);
}

/* Says something and goes at once. */
static void a_last_word_counts(void **state)
{
	struct setup *s = *state;
	const int fd = client_open(s);

	s->answer = "answer";
	client_says(fd, "bye");
	close(fd);
	for (int i = 0; i < PATIENCE && strlen(s->events) < 2; i++)
		run(s);
	/* the kernel tells of the close at once, and hands the bytes over when it likes to */
	assert_true(strcmp(s->events, "rl") == 0 || strcmp(s->events, "lr") == 0);
	assert_int_equal(s->received_bytes, 3);
	assert_memory_equal(s->received, "bye", 3);
}

/* "stty < bus; echo > bus" before the loop gets a turn. */
static void one_client_after_the_other_at_once(void **state)
{
	struct setup *s = *state;
	int fd = client_open(s);

	s->answer = "answer";
	close(fd);
	fd = client_open(s);
	client_says(fd, "hello");
	run(s);
	heard(s, "hello", "r"); /* the first one was never noticed: nothing was owed */
	client_hears(s, fd, "answer");
	close(fd);
	run(s);
	heard(s, "", "l");
}

static void two_at_a_time_leave_once(void **state)
{
	struct setup *s = *state;
	const int first = client_open(s);
	int second;

	run(s);
	second = client_open(s);
	run(s);
	close(first);
	run(s);
	heard(s, "", "");
	s->answer = "answer";
	client_says(second, "x");
	run(s);
	client_hears(s, second, "answer");
	close(second);
	run(s);
	heard(s, "x", "rl");
}

static void exclusive_use_ends_with_its_user(void **state)
{
	struct setup *s = *state;
	int fd = client_open(s);
	int exclusive = 0;

	run(s);
	assert_int_equal(ioctl(fd, TIOCEXCL), 0);
	close(fd);
	heard(s, "", "l");
	fd = client_open(s); /* root could have opened it all the same */
	assert_int_equal(ioctl(fd, TIOCGEXCL, &exclusive), 0);
	assert_int_equal(exclusive, 0);
	close(fd);
}

/* glibc's tcsetattr fails when the parity did not stick and nothing else changed. */
static void even_parity_can_be_set_by_each_client(void **state)
{
	static const struct {
		tcflag_t parity, size;
		bool talks;
	} rows[] = {
		{PARENB, CS8, true},  {PARENB, CS8, true},          {PARENB, CS8, false},
		{PARENB, CS8, false}, {PARENB | PARODD, CS8, true}, {PARENB, CS7, true},
		{PARENB, CS7, false}, {PARENB, CS7, true},          {0, CS8, true},
		{PARENB, CS8, true},
	};
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const int fd = client_open(s);

		if (client_set(fd, B2400, rows[i].parity, rows[i].size) < 0)
			fail_msg("client %zu: %s", i, strerror(errno));
		if (rows[i].talks)
			client_says(fd, "x");
		heard(s, rows[i].talks ? "x" : "", rows[i].talks ? "r" : "");
		run(s);
		close(fd);
		heard(s, "", "l");
	}
}

/* Without a slave descriptor of its own the master would be readable for ever: EIO. */
static void it_rests_when_all_have_left(void **state)
{
	struct setup *s = *state;
	struct timespec before, after;
	const int fd = client_open(s);

	client_says(fd, "x");
	run(s);
	close(fd);
	run(s);
	heard(s, "x", "rl");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	for (int i = 0; i < 20; i++)
		run(s);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_true((after.tv_sec - before.tv_sec) * NS_PER_S + after.tv_nsec - before.tv_nsec <
		    20 * SHORT_NS / 2);
	heard(s, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_link_leads_to_the_device, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_group_is_set, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_a_dangling_link_is_replaced, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(too_long_a_path_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_raw_from_the_start, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(long_messages_pass, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(the_clients_baud_is_seen, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(what_a_client_leaves_is_not_the_next_ones,
						set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(a_last_word_counts, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(one_client_after_the_other_at_once, set_up_open,
						tear_down),
		cmocka_unit_test_setup_teardown(two_at_a_time_leave_once, set_up_open, tear_down),
		cmocka_unit_test_setup_teardown(exclusive_use_ends_with_its_user, set_up_open,
						tear_down),
		cmocka_unit_test_setup_teardown(even_parity_can_be_set_by_each_client, set_up_open,
						tear_down),
		cmocka_unit_test_setup_teardown(it_rests_when_all_have_left, set_up_open,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
