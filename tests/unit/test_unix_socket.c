/* SPDX-License-Identifier: MIT */
/* test_unix_socket - whose socket it is, what it replaces and what it leaves alone */
#include "sim/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
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

struct place {
	char folder[32];
	char path[64];
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	snprintf(place->folder, sizeof(place->folder), "/tmp/metersim-test-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/control", place->folder);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->folder);
	free(place);
	return 0;
}

static void for_its_owner_while_it_lasts(void **state)
{
	const struct place *place = *state;
	const mode_t before = umask(0);
	struct unix_socket s;
	struct stat st;
	const char *why;

	assert_int_equal(unix_socket_open(&s, place->path, &why), 0);
	assert_int_equal(lstat(place->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(umask(before), 0); /* left as it was */
	unix_socket_close(&s);
	assert_int_equal(lstat(place->path, &st), -1);
	unix_socket_close(&s);
}

static void a_live_one_stays(void **state)
{
	const struct place *place = *state;
	struct unix_socket s, other = {.fd = 77};
	const char *why;

	assert_int_equal(unix_socket_open(&s, place->path, &why), 0);
	assert_int_equal(unix_socket_open(&other, place->path, &why), -EADDRINUSE);
	assert_int_equal(other.fd, 77);
	assert_int_equal(access(place->path, F_OK), 0);
	unix_socket_close(&s);
}

static void a_dead_one_is_replaced(void **state)
{
	const struct place *place = *state;
	struct unix_socket dead, s;
	const char *why;

	assert_int_equal(unix_socket_open(&dead, place->path, &why), 0);
	close(dead.fd);
	assert_int_equal(unix_socket_open(&s, place->path, &why), 0);
	unix_socket_close(&s);
	assert_int_equal(access(place->path, F_OK), -1);
}

static void what_came_after_stays(void **state)
{
	const struct place *place = *state;
	struct unix_socket first, second;
	const char *why;

	assert_int_equal(unix_socket_open(&first, place->path, &why), 0);
	unlink(place->path);
	assert_int_equal(unix_socket_open(&second, place->path, &why), 0);
	unix_socket_close(&first);
	assert_int_equal(access(place->path, F_OK), 0);
	unix_socket_close(&second);
}

static void other_things_stay(void **state)
{
	const struct place *place = *state;
	char longer[200], deep[128];
	struct unix_socket s;
	const char *why;
	int fd = open(place->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unix_socket_open(&s, place->path, &why), -EEXIST);
	assert_string_equal(why, "exists and is not a socket");
	unlink(place->path);
	assert_int_equal(symlink("/nowhere", place->path), 0);
	assert_int_equal(unix_socket_open(&s, place->path, &why), -EEXIST);
	assert_int_equal(unix_socket_open(&s, place->folder, &why), -EEXIST);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(unix_socket_open(&s, longer, &why), -ENAMETOOLONG);
	snprintf(deep, sizeof(deep), "%s/deep/control", place->folder);
	assert_int_equal(unix_socket_open(&s, deep, &why), 0);
	unix_socket_close(&s);
	snprintf(deep, sizeof(deep), "%s/deep", place->folder);
	assert_int_equal(rmdir(deep), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(for_its_owner_while_it_lasts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_live_one_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dead_one_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_came_after_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_things_stay, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
