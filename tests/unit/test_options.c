/* SPDX-License-Identifier: MIT */
/* test_options - the command line of metersimd */
#include "sim/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "near.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define WORDS_MAX 6

/* Words behind the program's name, up to NULL. What is said goes to *ret_said. */
static int parse(const char *const words[WORDS_MAX], struct options *ret, char **ret_said)
{
	char *argv[WORDS_MAX + 2] = {strdup("metersimd")};
	size_t said_bytes;
	FILE *err = open_memstream(ret_said, &said_bytes);
	int argc = 1, r;

	assert_non_null(err);
	for (; argc <= WORDS_MAX && words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	r = options_parse(ret, argc, argv, err);
	fclose(err);
	for (int i = 0; i < argc; i++) { /* getopt may have put them in another order */
		if (strcmp(argv[i], "metersimd") == 0)
			free(argv[i]);
	}
	return r;
}

static struct options parse_good(const char *const words[WORDS_MAX])
{
	struct options options;
	char *said;

	assert_int_equal(parse(words, &options, &said), 0);
	assert_string_equal(said, "");
	free(said);
	return options;
}

static void options_arrive(void **state)
{
	struct options o = parse_good((const char *const[WORDS_MAX]){NULL});

	(void)state;
	assert_null(o.config);
	assert_null(o.check);
	assert_null(o.control);
	assert_null(o.panel);
	assert_null(o.control_token);
	assert_false(o.help || o.version || o.has_seed || o.has_speed);
	assert_int_equal(o.log_level, LOG_LEVEL_NOTICE);
	o = parse_good((const char *const[WORDS_MAX]){"--config", "a.yaml", "--seed=-7", "--speed",
						      "0.5", "--log=debug"});
	assert_string_equal(o.config, "a.yaml");
	assert_true(o.has_seed);
	assert_int_equal(o.seed, -7);
	assert_true(o.has_speed);
	assert_near(o.speed, 0.5, 0);
	assert_int_equal(o.log_level, LOG_LEVEL_DEBUG);
	o = parse_good((const char *const[WORDS_MAX]){"--control", "/c", "--panel=127.0.0.1:80",
						      "--control-token", "/t"});
	assert_string_equal(o.control, "/c");
	assert_string_equal(o.panel, "127.0.0.1:80");
	assert_string_equal(o.control_token, "/t");
	o = parse_good((const char *const[WORDS_MAX]){"--control=off", "--panel=off"});
	assert_string_equal(o.control, "off");
	assert_string_equal(o.panel, "off");
	o = parse_good((const char *const[WORDS_MAX]){"--check", "m.yaml", "--speed=0"});
	assert_string_equal(o.check, "m.yaml");
	assert_near(o.speed, 0, 0);
	assert_true(parse_good((const char *const[WORDS_MAX]){"--version"}).version);
	assert_true(parse_good((const char *const[WORDS_MAX]){"--help"}).help);
}

static void bad_ones_are_refused(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *said;
	} rows[] = {
		{{"--seed", "x"}, "metersimd: --seed: 'x' is not a whole number\n"},
		{{"--seed", "1.5"}, "metersimd: --seed: '1.5' is not a whole number\n"},
		{{"--speed", "-1"},
		 "metersimd: --speed: '-1' is not 0 or a number from 0.001 to 100000\n"},
		{{"--speed", "100001"},
		 "metersimd: --speed: '100001' is not 0 or a number from 0.001 to 100000\n"},
		{{"--speed", "nan"},
		 "metersimd: --speed: 'nan' is not 0 or a number from 0.001 to 100000\n"},
		{{"--log", "loud"},
		 "metersimd: --log: 'loud' is not one of: error, warning, "
		 "notice, info, debug\n"},
		{{"--control="}, "metersimd: --control: '' is not a path or off\n"},
		{{"--control-token="},
		 "metersimd: --control-token: '' is not the name of a file\n"},
		{{"--panel", "8080"},
		 "metersimd: --panel: '8080' is not an address such as 127.0.0.1:8080, or off\n"},
		{{"--panel", "meter.example:80"},
		 "metersimd: --panel: 'meter.example:80' is not an address such as "
		 "127.0.0.1:8080, or off\n"},
		{{"bench.yaml"},
		 "metersimd: unexpected argument 'bench.yaml' (a bench is given "
		 "with --config FILE)\n"},
		{{"--config", "a", "b"},
		 "metersimd: unexpected argument 'b' (a bench is given "
		 "with --config FILE)\n"},
		{{"--config", "a", "--check", "b"},
		 "metersimd: --check excludes --config and --run\n"},
		/* of these getopt says on stderr what is wrong */
		{{"--nosuch"}, "Try 'metersimd --help'.\n"},
		{{"--config"}, "Try 'metersimd --help'.\n"},
		{{"--help=5"}, "Try 'metersimd --help'.\n"},
		{{"-xyz"}, "Try 'metersimd --help'.\n"},
		{{"-x", "--seed", "x"}, "Try 'metersimd --help'.\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct options options = {.config = "untouched"};
		char *said;

		assert_int_equal(parse(rows[i].words, &options, &said), -EINVAL);
		assert_string_equal(said, rows[i].said);
		assert_string_equal(options.config, "untouched");
		free(said);
	}
}

/* What getopt began to read must not reach the next command line. */
static void each_call_starts_afresh(void **state)
{
	struct options options;
	char *said;

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(parse((const char *const[WORDS_MAX]){"-xyzabc"}, &options, &said),
				 -EINVAL);
		free(said);
	}
	assert_true(parse_good((const char *const[WORDS_MAX]){"--version"}).version);
}

static void help_names_every_option(void **state)
{
	static const char *const options[] = {"--config FILE", "--check FILE",        "--seed N",
					      "--speed X",     "--log LEVEL",         "--version",
					      "--help",        "78 bad configuration"};
	size_t said_bytes;
	char *said = NULL;
	FILE *out = open_memstream(&said, &said_bytes);

	(void)state;
	assert_non_null(out);
	options_help(out);
	fclose(out);
	for (size_t i = 0; i < COUNT(options); i++)
		assert_non_null(strstr(said, options[i]));
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_arrive),
		cmocka_unit_test(bad_ones_are_refused),
		cmocka_unit_test(each_call_starts_afresh),
		cmocka_unit_test(help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
