/* SPDX-License-Identifier: MIT */
/* test_conf_node - YAML to a tree with places; what is no YAML, or too much of it, is refused */
#include "sim/conf_node.h"

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

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int parse(struct conf_tree **ret, const char *text, size_t len_bytes, struct diag *diag)
{
	/* of exactly this size: a byte too far is seen by ASan */
	char *exact = malloc(len_bytes ? len_bytes : 1);
	int r;

	assert_non_null(exact);
	memcpy(exact, text, len_bytes);
	r = conf_tree_parse(ret, "f.yaml", exact, len_bytes, diag);
	free(exact);
	return r;
}

static void a_tree_knows_its_places(void **state)
{
	static const char text[] = "# comment\na: 1\nlist:\n  - x y\n  - ''\nmap: {b: [], c: {}}\n";
	const struct conf_node *root, *list, *map;
	struct conf_tree *tree;
	struct diag *diag;

	(void)state;
	assert_int_equal(diag_create(&diag), 0);
	assert_int_equal(parse(&tree, text, strlen(text), diag), 0);
	root = conf_tree_root(tree);
	assert_string_equal(conf_tree_file(tree), "f.yaml");
	assert_int_equal(root->kind, CONF_MAP);
	assert_int_equal(root->count, 3);
	assert_string_equal(root->item[0]->text, "a");
	assert_int_equal(root->item[0]->line, 2);
	assert_string_equal(root->item[1]->text, "1");
	assert_int_equal(root->item[1]->column, 4);
	list = root->item[3];
	assert_int_equal(list->kind, CONF_LIST);
	assert_int_equal(list->count, 2);
	assert_string_equal(list->item[0]->text, "x y");
	assert_int_equal(list->item[0]->line, 4);
	assert_int_equal(list->item[0]->column, 5);
	assert_string_equal(list->item[1]->text, "");
	map = root->item[5];
	assert_int_equal(map->item[1]->kind, CONF_LIST);
	assert_int_equal(map->item[1]->count, 0);
	assert_int_equal(map->item[3]->kind, CONF_MAP);
	assert_int_equal(map->item[3]->count, 0);
	assert_int_equal(diag_count(diag), 0);
	conf_tree_destroy(tree);
	diag_destroy(diag);
}

static void aliases_stand_for_what_they_name(void **state)
{
	static const char text[] = "a: &x {b: 5}\nc: *x\n";
	const struct conf_node *root;
	struct conf_tree *tree;
	struct diag *diag;

	(void)state;
	assert_int_equal(diag_create(&diag), 0);
	assert_int_equal(parse(&tree, text, strlen(text), diag), 0);
	root = conf_tree_root(tree);
	assert_string_equal(root->item[3]->item[1]->text, "5");
	assert_int_equal(root->item[3]->line, 1);
	conf_tree_destroy(tree);
	diag_destroy(diag);
}

static void what_is_no_tree_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len_bytes; /* 0: strlen */
		const char *message;
	} rows[] = {
		{"", 0, "f.yaml: the file is empty"},
		{"# nothing\n", 0, "f.yaml: the file is empty"},
		{"a: 1\nb: [1, 2\n", 0,
		 "f.yaml:3:1: did not find expected ',' or ']', while parsing a flow sequence"},
		{"a: 1\n b: 2\n", 0, "f.yaml:2:3: mapping values are not allowed in this context"},
		{"a: \"x\n", 0,
		 "f.yaml:2:1: found unexpected end of stream, while scanning a quoted scalar"},
		{"a:\n\t- 1\n", 0,
		 "f.yaml:2:1: found character that cannot start any token, while scanning for the "
		 "next token"},
		{"a: *b\n", 0, "f.yaml:1:4: found undefined alias"},
		{"a: 1\n---\nb: 2\n", 0, "f.yaml:2:1: only one document is allowed in a file"},
		{"a: 1\n---\n'", 0,
		 "f.yaml:3:2: found unexpected end of stream, while scanning a quoted scalar"},
		{"a: \"x\\0y\"\n", 0, "f.yaml:1:4: a value may not contain a zero byte"},
		{"\"a\\0\": 1\n", 0, "f.yaml:1:1: a value may not contain a zero byte"},
		{"a: x\0y\n", 7, "f.yaml:1:1: control characters are not allowed"},
		{"a: \xff\n", 0, "f.yaml:1:1: invalid leading UTF-8 octet"},
		{"a: 1\n? [b, c]\n: 2\n", 0, "f.yaml:2:3: a key must be a plain word"},
		{"{{a: 1}: 2}\n", 0, "f.yaml:1:2: a key must be a plain word"},
		{"&x [*x]\n", 0, "f.yaml:1:1: nested too deeply"},
		{"&x [*x, *x, *x]\n", 0, "f.yaml:1:1: nested too deeply"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t len = rows[i].len_bytes ? rows[i].len_bytes : strlen(rows[i].text);
		struct conf_tree *tree = NULL;
		struct diag *diag;

		assert_int_equal(diag_create(&diag), 0);
		assert_int_equal(parse(&tree, rows[i].text, len, diag), -EINVAL);
		assert_null(tree);
		assert_int_equal(diag_count(diag), 1);
		assert_string_equal(diag_text(diag, 0), rows[i].message);
		diag_destroy(diag);
	}
}

static void depth_is_limited(void **state)
{
	(void)state;
	for (unsigned depth = CONF_DEPTH_MAX; depth <= CONF_DEPTH_MAX + 1; depth++) {
		struct conf_tree *tree = NULL;
		struct diag *diag;
		char text[4 * CONF_DEPTH_MAX];

		/* the scalar within is one level further down */
		memset(text, '[', depth);
		text[depth] = 'x';
		memset(text + depth + 1, ']', depth);
		assert_int_equal(diag_create(&diag), 0);
		assert_int_equal(parse(&tree, text, 2 * (size_t)depth + 1, diag),
				 depth > CONF_DEPTH_MAX ? -EINVAL : 0);
		if (depth > CONF_DEPTH_MAX)
			assert_string_equal(diag_text(diag, 0), "f.yaml:1:34: nested too deeply");
		conf_tree_destroy(tree);
		diag_destroy(diag);
	}
}

/* The "billion laughs", with lists, with maps, and with one long text. */
static void aliases_do_not_unfold_without_end(void **state)
{
	static char text[2 * 1024 * 1024];
	size_t used;
	struct conf_tree *tree = NULL;
	struct diag *diag;

	(void)state;
	assert_int_equal(diag_create(&diag), 0);
	used = (size_t)sprintf(text, "a0: &a0 x\n");
	for (int i = 1; i < 12; i++)
		used += (size_t)sprintf(text + used, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
					i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_int_equal(parse(&tree, text, used, diag), -EINVAL);
	assert_string_equal(diag_text(diag, 0), "f.yaml:1:5: too many values (aliases unfold to "
						"more than 200000)");
	diag_clear(diag);
	used = (size_t)sprintf(text, "- &a '");
	memset(text + used, 'x', 1024 * 1024);
	used += 1024 * 1024;
	used += (size_t)sprintf(text + used, "'\n- [*a");
	for (int i = 0; i < 1000; i++)
		used += (size_t)sprintf(text + used, ",*a");
	used += (size_t)sprintf(text + used, "]\n");
	assert_int_equal(parse(&tree, text, used, diag), -EINVAL);
	assert_string_equal(diag_text(diag, 0),
			    "f.yaml:1:3: too much text (aliases unfold to more than 16 MB)");
	assert_null(tree);
	diag_destroy(diag);
}

static void files_are_read_or_said_why_not(void **state)
{
	char path[] = "/tmp/test_conf_node.XXXXXX";
	const int fd = mkstemp(path);
	struct conf_tree *tree = NULL;
	struct diag *diag;
	char message[64];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(diag_create(&diag), 0);
	assert_int_equal(conf_tree_load(&tree, "/nonexistent/x.yaml", diag), -ENOENT);
	assert_int_equal(conf_tree_load(&tree, "/tmp", diag), -EISDIR);
	assert_int_equal(diag_count(diag), 0);

	assert_int_equal(write(fd, "a: [\n", 5), 5);
	assert_int_equal(conf_tree_load(&tree, path, diag), -EINVAL);
	snprintf(message, sizeof(message), "%s:2:1: ", path);
	assert_memory_equal(diag_text(diag, 0), message, strlen(message));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "a: 1\n", 5, 0), 5);
	assert_int_equal(conf_tree_load(&tree, path, diag), 0);
	assert_string_equal(conf_tree_file(tree), path);
	conf_tree_destroy(tree);
	tree = NULL;
	assert_int_equal(ftruncate(fd, CONF_FILE_MAX + 1), 0);
	assert_int_equal(conf_tree_load(&tree, path, diag), -EFBIG);
	assert_null(tree);
	conf_tree_destroy(NULL);
	diag_destroy(diag);
	unlink(path);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_knows_its_places),
		cmocka_unit_test(aliases_stand_for_what_they_name),
		cmocka_unit_test(what_is_no_tree_is_refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(aliases_do_not_unfold_without_end),
		cmocka_unit_test(files_are_read_or_said_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
