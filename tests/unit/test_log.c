/* SPDX-License-Identifier: MIT */
/* test_log - levels let through and held back, long messages, names of levels */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"

struct heard {
	unsigned count;
	enum log_level level;
	char text[2048];
};

static void hear(void *ctx, enum log_level level, const char *text)
{
	struct heard *heard = ctx;

	heard->count++;
	heard->level = level;
	snprintf(heard->text, sizeof(heard->text), "%s", text);
}

static const char *const names[] = {"error", "warning", "notice", "info", "debug"};

#define LEVELS ((int)(sizeof(names) / sizeof(names[0])))

static void say(const struct log *log, int level)
{
	switch ((enum log_level)level) {
	case LOG_LEVEL_ERROR:
		log_error(log, "%d %s", level, "x");
		break;
	case LOG_LEVEL_WARNING:
		log_warning(log, "%d %s", level, "x");
		break;
	case LOG_LEVEL_NOTICE:
		log_notice(log, "%d %s", level, "x");
		break;
	case LOG_LEVEL_INFO:
		log_info(log, "%d %s", level, "x");
		break;
	case LOG_LEVEL_DEBUG:
		log_debug(log, "%d %s", level, "x");
		break;
	}
}

static void test_levels(void **state)
{
	(void)state;
	for (int limit = 0; limit < LEVELS; limit++) {
		for (int level = 0; level < LEVELS; level++) {
			struct heard heard = {.count = 0};
			const struct log log = {.level = (enum log_level)limit,
						.sink = hear,
						.ctx = &heard};
			char expected[16];

			say(&log, level);
			assert_int_equal(heard.count, level <= limit);
			if (level > limit)
				continue;
			snprintf(expected, sizeof(expected), "%d x", level);
			assert_string_equal(heard.text, expected);
			assert_int_equal(heard.level, level);
		}
	}
}

static void test_nobody_listens(void **state)
{
	const struct log mute = {.level = LOG_LEVEL_DEBUG};

	(void)state;
	log_error(NULL, "nobody %d", 1);
	log_error(&mute, "no sink %d", 2);
}

static void test_long_message_is_cut(void **state)
{
	struct heard heard = {.count = 0};
	const struct log log = {.level = LOG_LEVEL_DEBUG, .sink = hear, .ctx = &heard};
	char text[1800];

	(void)state;
	memset(text, 'm', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info(&log, "%s", text);
	assert_int_equal(heard.count, 1);
	assert_int_equal(strlen(heard.text), 1023);
	assert_memory_equal(heard.text, text, 1023);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", "Error", "err", "errors", " info", "info ", "5"};
	enum log_level level;

	(void)state;
	for (int i = 0; i < LEVELS; i++) {
		assert_string_equal(log_level_name((enum log_level)i), names[i]);
		assert_int_equal(log_level_parse(names[i], &level), 0);
		assert_int_equal(level, i);
	}
	level = LOG_LEVEL_NOTICE;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(log_level_parse(bad[i], &level), -EINVAL);
		assert_int_equal(level, LOG_LEVEL_NOTICE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_long_message_is_cut),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
