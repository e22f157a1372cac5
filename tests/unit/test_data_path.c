/* SPDX-License-Identifier: MIT */
/* test_data_path - where data are found, in which order, and where ptys go by default */
#include "sim/data_path.h"

#include <errno.h>
#include <ftw.h>
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
#define SOURCE   METERSIM_SOURCE_DATA

static const char *top; /* the temporary folder of the running test */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static const char *const variables[] = {"METERSIM_DATA", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR",
					"TMPDIR"};

static int set_up(void **state)
{
	char path[] = "/tmp/test_data_path.XXXXXX";

	for (size_t i = 0; i < COUNT(variables); i++)
		unsetenv(variables[i]);
	top = strdup(mkdtemp(path));
	*state = (char *)(uintptr_t)top;
	return top ? 0 : -1;
}

static int tear_down(void **state)
{
	nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

/* "T/..." in the temporary folder; other paths as they are. Two results live at a time. */
static const char *in_top(const char *path)
{
	static char buf[2][DATA_PATH_MAX];
	static int which;

	if (!path || strncmp(path, "T/", 2) != 0)
		return path;
	which = !which;
	snprintf(buf[which], sizeof(buf[which]), "%s%s", top, path + 1);
	return buf[which];
}

static void make_folder(const char *path)
{
	assert_int_equal(mkdir(in_top(path), 0700), 0);
}

static void make_file(const char *path)
{
	FILE *file = fopen(in_top(path), "we");

	assert_non_null(file);
	fclose(file);
}

static void data_are_found_in_order(void **state)
{
	static const struct {
		enum data_kind kind;
		const char *name, *from, *own; /* own: METERSIM_DATA */
		const char *found;             /* NULL: not */
	} rows[] = {
		{DATA_MODEL, "pro380-mod", NULL, NULL, SOURCE "/conf/models/pro380-mod.yaml"},
		{DATA_MODEL, "pro380-mod.yaml", NULL, NULL, SOURCE "/conf/models/pro380-mod.yaml"},
		{DATA_SCENARIO, "household", NULL, NULL, SOURCE "/scenarios/household.yaml"},
		{DATA_EXAMPLE, "demo", NULL, NULL, SOURCE "/conf/examples/demo.yaml"},
		{DATA_SCENARIO, "pro380-mod", NULL, NULL, NULL},
		/* the folder of the naming file comes first, then METERSIM_DATA */
		{DATA_MODEL, "pro380-mod", "T/conf/b.yaml", "T/data", "T/conf/pro380-mod.yaml"},
		{DATA_MODEL, "pro380-mod", "T/b.yaml", "T/data", "T/data/models/pro380-mod.yaml"},
		{DATA_MODEL, "pro380-mod", NULL, "T/data", "T/data/models/pro380-mod.yaml"},
		{DATA_MODEL, "pro380-mod", "T/b.yaml", NULL, SOURCE "/conf/models/pro380-mod.yaml"},
		{DATA_MODEL, "pro380-mod", NULL, "", SOURCE "/conf/models/pro380-mod.yaml"},
		{DATA_SCENARIO, "pro380-mod", NULL, "T/data", NULL},
		/* as it is named comes before the name with .yaml; a folder is no file */
		{DATA_MODEL, "both", "T/conf/b.yaml", NULL, "T/conf/both"},
		{DATA_MODEL, "folder", "T/conf/b.yaml", NULL, "T/conf/folder.yaml"},
		{DATA_MODEL, "../data/models/pro380-mod", "T/conf/b.yaml", NULL,
		 "T/conf/../data/models/pro380-mod.yaml"},
		{DATA_MODEL, "T/conf/both", NULL, NULL, "T/conf/both"},
		{DATA_MODEL, "T/conf/pro380-mod", NULL, NULL, "T/conf/pro380-mod.yaml"},
		{DATA_MODEL, "T/conf/nosuch", NULL, NULL, NULL},
		{DATA_MODEL, "T/conf", NULL, NULL, NULL},
		{DATA_MODEL, "", NULL, NULL, NULL},
		{DATA_MODEL, "/", NULL, NULL, NULL},
	};

	(void)state;
	make_folder("T/conf");
	make_folder("T/conf/folder");
	make_folder("T/data");
	make_folder("T/data/models");
	make_file("T/conf/pro380-mod.yaml");
	make_file("T/conf/both");
	make_file("T/conf/both.yaml");
	make_file("T/conf/folder.yaml");
	make_file("T/data/models/pro380-mod.yaml");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char found[DATA_PATH_MAX];
		int r;

		unsetenv("METERSIM_DATA");
		if (rows[i].own)
			setenv("METERSIM_DATA", in_top(rows[i].own), 1);
		r = data_path_find(rows[i].kind, in_top(rows[i].name), in_top(rows[i].from), found);
		if (r != (rows[i].found ? 0 : -ENOENT))
			fail_msg("row %zu (%s): %d", i, rows[i].name, r);
		if (rows[i].found)
			assert_string_equal(found, in_top(rows[i].found));
	}
}

static void a_file_without_a_folder_is_here(void **state)
{
	char found[DATA_PATH_MAX], before[DATA_PATH_MAX];

	(void)state;
	make_file("T/x.yaml");
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(top), 0);
	assert_int_equal(data_path_find(DATA_MODEL, "x", "bench.yaml", found), 0);
	assert_string_equal(found, "./x.yaml");
	assert_int_equal(data_path_find(DATA_MODEL, "x", NULL, found), -ENOENT);
	assert_int_equal(chdir(before), 0);
}

static void paths_are_beside_the_naming_file(void **state)
{
	static const struct {
		const char *path, *from, *beside;
	} rows[] = {
		{"a/b", "/c/d.yaml", "/c/a/b"}, {"b", "c/d.yaml", "c/b"}, {"b", "d.yaml", "b"},
		{"/b", "/c/d.yaml", "/b"},      {"b", "/d.yaml", "/b"},   {"b", NULL, "b"},
	};
	char path[DATA_PATH_MAX], longest[DATA_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(data_path_beside(rows[i].path, rows[i].from, path), 0);
		assert_string_equal(path, rows[i].beside);
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(data_path_beside(longest, "d.yaml", path), 0);
	assert_int_equal(data_path_beside(longest, "c/d.yaml", path), -ENAMETOOLONG);
	assert_int_equal(data_path_find(DATA_MODEL, longest, "c/d.yaml", path), -ENOENT);
}

static void the_runtime_folder_is_the_environments(void **state)
{
	char own[64];
	const struct {
		const char *systemd, *xdg, *tmp;
		const char *folder;
		int r;
	} rows[] = {
		{"/run/m", "T/run", "T/tmp", "/run/m", 0}, /* systemd has made it */
		{"/run/m:/run/n", NULL, NULL, "/run/m", 0},
		{"", "T/run", "T/tmp", "T/run/metersim", 0},
		{NULL, "T/run", "T/tmp", "T/run/metersim", 0}, /* there already: fine */
		{NULL, "relative", "T/tmp", own, 0},
		{NULL, NULL, "T/tmp", own, 0},
		{NULL, "T/nosuch", NULL, "T/nosuch/metersim", -ENOENT},
	};

	(void)state;
	snprintf(own, sizeof(own), "T/tmp/metersim-%u", getuid());
	make_folder("T/run");
	make_folder("T/tmp");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const values[] = {rows[i].systemd, rows[i].xdg, rows[i].tmp};
		char folder[DATA_PATH_MAX];
		struct stat st;

		for (size_t v = 0; v < COUNT(values); v++) {
			unsetenv(variables[1 + v]);
			if (values[v])
				setenv(variables[1 + v], in_top(values[v]), 1);
		}
		assert_int_equal(data_path_runtime(folder), rows[i].r);
		assert_string_equal(folder, in_top(rows[i].folder));
		if (rows[i].r || i < 2)
			continue;
		assert_int_equal(stat(folder, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
}

/* Anyone can make a folder of our name under the temporary one. */
static void a_folder_of_others_is_refused(void **state)
{
	char name[64], folder[DATA_PATH_MAX];

	(void)state;
	snprintf(name, sizeof(name), "T/metersim-%u", getuid());
	setenv("TMPDIR", top, 1);
	assert_int_equal(data_path_runtime(folder), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(data_path_runtime(folder), 0);
	assert_int_equal(chmod(folder, 0770), 0);
	assert_int_equal(data_path_runtime(folder), -EPERM);
	assert_string_equal(folder, in_top(name));
	assert_int_equal(chmod(folder, 0702), 0);
	assert_int_equal(data_path_runtime(folder), -EPERM);
	assert_int_equal(chmod(folder, 0700), 0);
	if (getuid() == 0) { /* only root can give a folder away */
		assert_int_equal(chown(folder, 12345, 12345), 0);
		assert_int_equal(data_path_runtime(folder), -EPERM);
	}
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(symlink(top, folder), 0); /* not even to a fine one */
	assert_int_equal(data_path_runtime(folder), -EPERM);
	assert_int_equal(unlink(folder), 0);
	make_file(name);
	assert_int_equal(data_path_runtime(folder), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(data_are_found_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_without_a_folder_is_here, set_up, tear_down),
		cmocka_unit_test_setup_teardown(paths_are_beside_the_naming_file, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_runtime_folder_is_the_environments, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_folder_of_others_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
