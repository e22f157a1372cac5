/* SPDX-License-Identifier: MIT */
/* main - metersimd, the daemon: options, exit statuses, signals; see sim/bench.c for the rest */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "sim/banner.h"
#include "sim/bench.h"
#include "sim/check.h"
#include "sim/clk_real.h"
#include "sim/control.h"
#include "sim/log_ring.h"
#include "sim/options.h"
#include "sim/run.h"

#define SIGNALS 3

struct program {
	struct options options;
	struct log log;
	struct diag *diag;
	struct loop *loop;
	struct bench_conf *conf;
	struct bench *bench;
	struct log_ring *ring;
	struct control *control;
	struct loop_signal *signals[SIGNALS];
	char config[DATA_PATH_MAX];
};

static void to_stderr(void *ctx, enum log_level level, const char *text)
{
	(void)ctx;
	fprintf(stderr, "metersimd: %s%s%s\n",
		level <= LOG_LEVEL_WARNING ? log_level_name(level) : "",
		level <= LOG_LEVEL_WARNING ? ": " : "", text);
}

static void print_diag(const struct diag *diag)
{
	size_t i = 0;

	for (; diag_text(diag, i); i++)
		fprintf(stderr, "%s\n", diag_text(diag, i));
	if (diag_count(diag) > i)
		fprintf(stderr, "and %zu more errors\n", diag_count(diag) - i);
}

/* What a failed start means to the caller of the program. */
static int exit_status(int r)
{
	switch (r) {
	case -EINVAL:
		return EXIT_CONFIG;
	case -ENOENT:
	case -EACCES:
	case -EISDIR:
	case -ENOTDIR:
		return EXIT_NO_INPUT;
	default:
		return EXIT_IO;
	}
}

static int report_file(const struct program *program, const char *path, int r)
{
	print_diag(program->diag);
	if (r != -EINVAL)
		fprintf(stderr, "metersimd: %s: %s\n", path, strerror(-r));
	return exit_status(r);
}

static int check(struct program *program)
{
	const char *kind = "";
	int r = check_file(program->options.check, program->diag, &kind);

	if (r < 0)
		return report_file(program, program->options.check, r);
	printf("%s: a valid %s\n", program->options.check, kind);
	return fflush(stdout) == 0 ? EXIT_FINE : EXIT_IO;
}

static void on_stop(void *ctx)
{
	struct program *program = ctx;

	loop_stop(program->loop);
}

/* The command line overrides the file. */
static void apply_options(const struct program *program, struct bench_conf *conf)
{
	if (program->options.has_seed)
		conf->seed = program->options.seed;
	if (program->options.has_speed)
		conf->speed = program->options.speed;
}

static void on_reload(void *ctx)
{
	struct program *program = ctx;
	struct bench_conf *newer;
	int r;

	if (!program->bench) /* still starting: there is nothing older than the file */
		return;

	diag_clear(program->diag);
	r = bench_conf_load(&newer, program->config, program->diag);
	if (r < 0) {
		report_file(program, program->config, r);
		log_error(&program->log, "reload: the file is not valid, nothing was changed");
		return;
	}
	apply_options(program, newer);
	bench_reload(program->bench, newer);
	bench_conf_destroy(newer);
}

static int add_signals(struct program *program)
{
	int r = loop_signal_add(&program->signals[0], program->loop, SIGTERM, on_stop, program);

	if (r == 0)
		r = loop_signal_add(&program->signals[1], program->loop, SIGINT, on_stop, program);
	if (r == 0)
		r = loop_signal_add(&program->signals[2], program->loop, SIGHUP, on_reload,
				    program);
	return r;
}

static void remove_signals(struct program *program)
{
	for (size_t i = 0; i < SIGNALS; i++)
		loop_signal_remove(program->signals[i]);
}

static void serve(struct program *program)
{
	banner_print(stdout, program->bench, program->conf, program->control,
		     !program->options.config);
	loop_run(program->loop);
	bench_report(program->bench);
}

static int find_config(struct program *program)
{
	if (!program->options.config)
		return data_path_find(DATA_EXAMPLE, "demo", NULL, program->config);
	if ((size_t)snprintf(program->config, sizeof(program->config), "%s",
			     program->options.config) >= sizeof(program->config))
		return -ENAMETOOLONG;
	return 0;
}

static int start_control(struct program *program)
{
	const struct control_options options = {.path = program->options.control,
						.panel = program->options.panel,
						.token = program->options.control_token};
	const struct api_config config = {.bench = program->bench,
					  .conf = program->conf,
					  .loop = program->loop,
					  .clk = clk_real(),
					  .epoch_offset_ns = clk_real_epoch_offset(),
					  .ring = program->ring,
					  .log = &program->log};

	return control_create(&program->control, &options, &config, program->diag);
}

static int start(struct program *program)
{
	int r = bench_create(&program->bench, program->loop, program->conf,
			     &(struct bench_options){.capture = program->options.capture},
			     &program->log, program->diag);

	if (r == 0)
		r = start_control(program);
	if (r == 0)
		return EXIT_FINE;
	print_diag(program->diag);
	if (diag_count(program->diag) == 0)
		fprintf(stderr, "metersimd: cannot start: %s\n", strerror(-r));
	return r == -EIO ? EXIT_NO_PORT : exit_status(r);
}

/* What --run plays on when no bench is given. */
static const char lone_meter[] =
	"meters: [{name: main, model: pro380-mod}]\n"
	"lines: [{name: rs485, protocol: modbus, port: pty, meters: [main]}]\n";

static int load_for_run(struct program *program)
{
	if (program->options.config)
		return bench_conf_load(&program->conf, program->options.config, program->diag);
	return bench_conf_parse(&program->conf, "the bench of one meter", lone_meter,
				sizeof(lone_meter) - 1, program->diag);
}

/* A scenario is found beside the user, or where those that came with the program are. */
static int play(struct program *program)
{
	const struct options *o = &program->options;
	char path[DATA_PATH_MAX];
	const struct run_options options = {
		.path = path, .capture = o->capture, .report = o->report, .until_ns = o->until_ns};
	int r = load_for_run(program);

	if (r < 0)
		return report_file(program, o->config ? o->config : "the bench", r);
	apply_options(program, program->conf);
	r = data_path_find(DATA_SCENARIO, o->run, "", path);
	if (r == 0)
		r = run_scenario(&options, program->conf, &program->log, program->diag);
	if (r == -ENOSPC || r == -EIO) {
		print_diag(program->diag);
		return EXIT_IO;
	}
	if (r < 0)
		return report_file(program, o->run, r);
	return r ? EXIT_EXPECTATION : EXIT_FINE;
}

/* Signals are caught from the beginning: a reload may come early, and a link must be removed. */
static int run(struct program *program)
{
	int r = find_config(program), status;

	if (r == 0)
		r = add_signals(program);
	if (r == 0)
		r = bench_conf_load(&program->conf, program->config, program->diag);
	if (r < 0) {
		status = report_file(program,
				     program->options.config ? program->config : "the demo bench",
				     r);
	} else {
		apply_options(program, program->conf);
		status = start(program);
	}
	if (status == EXIT_FINE)
		serve(program);
	remove_signals(program);
	control_destroy(program->control);
	bench_destroy(program->bench);
	return status;
}

/* For whoever asks the control API. */
static int keep_log(struct program *program)
{
	const struct clk clk = clk_real();
	int r = log_ring_create(&program->ring, &clk, &program->log);

	if (r == 0)
		program->log = *log_ring_log(program->ring);
	return r;
}

/* Each line takes a few descriptors: as many as we may have. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char *argv[])
{
	struct program program = {.log = {.sink = to_stderr}};
	int status;

	if (options_parse(&program.options, argc, argv, stderr) < 0)
		return EXIT_USAGE;
	if (program.options.help) {
		options_help(stdout);
		return EXIT_FINE;
	}
	if (program.options.version) {
		printf("metersimd %s\n", METERSIM_VERSION);
		return EXIT_FINE;
	}
	program.log.level = program.options.log_level;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that is full is an error of its own */
	raise_limits();
	if (diag_create(&program.diag) < 0 || loop_create(&program.loop) < 0 ||
	    keep_log(&program) < 0) {
		fputs("metersimd: cannot start: out of memory or descriptors\n", stderr);
		return EXIT_IO;
	}
	if (program.options.check)
		status = check(&program);
	else
		status = program.options.run ? play(&program) : run(&program);
	bench_conf_destroy(program.conf);
	loop_destroy(program.loop);
	diag_destroy(program.diag);
	log_ring_destroy(program.ring);
	return status;
}
