/* SPDX-License-Identifier: MIT */
/* test_diag - places, order, and what happens beyond DIAG_MAX */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"

static int setup(void **state)
{
	struct diag *diag;

	if (diag_create(&diag) < 0)
		return -1;
	*state = diag;
	return 0;
}

static int teardown(void **state)
{
	diag_destroy(*state);
	return 0;
}

static void test_places_in_order(void **state)
{
	static const struct {
		struct diag_place place;
		const char *message;
		const char *text;
	} rows[] = {
		{{"a.yaml", 3, 7}, "unknown key", "a.yaml:3:7: unknown key"},
		{{"b.yaml", 1, 1}, "not a map", "b.yaml:1:1: not a map"},
		{{"a.yaml", 0, 0}, "cannot be read", "a.yaml: cannot be read"},
		{{"a.yaml", 0, 9}, "no line, no column", "a.yaml: no line, no column"},
		{{"a.yaml", 2, 4}, "100 % s", "a.yaml:2:4: 100 % s"}, /* no format itself */
		{{"", 4294967295U, 1}, "", ":4294967295:1: "},
	};
	struct diag *diag = *state;

	assert_int_equal(diag_count(diag), 0);
	assert_null(diag_text(diag, 0));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		diag_add(diag, rows[i].place, "%s", rows[i].message);
		assert_int_equal(diag_count(diag), i + 1);
		assert_null(diag_text(diag, i + 1));
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(diag_text(diag, i), rows[i].text);
}

static void test_more_than_max(void **state)
{
	struct diag *diag = *state;
	char text[32];

	for (unsigned i = 0; i < DIAG_MAX + 50; i++)
		diag_add(diag, (struct diag_place){"f", i + 1, 1}, "no. %u", i);
	assert_int_equal(diag_count(diag), DIAG_MAX + 50); /* counted, but not kept */
	for (unsigned i = 0; i < DIAG_MAX; i++) {
		snprintf(text, sizeof(text), "f:%u:1: no. %u", i + 1, i);
		assert_string_equal(diag_text(diag, i), text);
	}
	assert_null(diag_text(diag, DIAG_MAX));
	assert_null(diag_text(diag, DIAG_MAX + 49));
	assert_null(diag_text(diag, SIZE_MAX));
}

static void test_clear(void **state)
{
	struct diag *diag = *state;

	for (unsigned i = 0; i < DIAG_MAX + 1; i++)
		diag_add(diag, (struct diag_place){"f", 1, 1}, "old");
	diag_clear(diag);
	assert_int_equal(diag_count(diag), 0);
	assert_null(diag_text(diag, 0));
	diag_add(diag, (struct diag_place){"f", 2, 3}, "new");
	assert_string_equal(diag_text(diag, 0), "f:2:3: new");
	diag_clear(diag);
	diag_clear(diag);
	assert_int_equal(diag_count(diag), 0);
}

/* What a user wrote may be of any length: the message is cut, its place is not. */
static void test_long_message_is_cut(void **state)
{
	struct diag *diag = *state;
	char message[4000];
	const char *text;

	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	diag_add(diag, (struct diag_place){"f", 1, 2}, "%s", message);
	text = diag_text(diag, 0);
	assert_memory_equal(text, "f:1:2: xxx", 10);
	assert_true(strlen(text) > 500 && strlen(text) < 600);
}

static void test_destroy_null(void **state)
{
	(void)state;
	diag_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_places_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_more_than_max, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clear, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_message_is_cut, setup, teardown),
		cmocka_unit_test(test_destroy_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
