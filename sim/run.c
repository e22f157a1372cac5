/* SPDX-License-Identifier: MIT */
/* run - plays a scenario in virtual time */
#include "sim/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/bench.h"
#include "sim/clk_real.h"
#include "sim/director.h"
#include "sim/report.h"

#define BAR_WIDTH    40
#define BAR_AFTER_NS NS_PER_S /* of real time */
#define BAR_STEPS    500      /* looks at the clock in a whole run */
#define BAR_EVERY_NS (100 * NS_PER_MS)

struct run {
	const struct run_options *options;
	const struct log *log;
	struct scenario *scenario;
	struct loop *loop;
	struct bench *bench;
	struct director *director;
	struct loop_timer *end;
	struct loop_timer *bar;
	struct clk real;
	int64_t end_ns; /* metering time */
	int64_t begun_real_ns;
	int64_t drawn_real_ns; /* 0: no bar yet */
};

static void on_end(void *ctx)
{
	struct run *run = ctx;

	loop_stop(run->loop);
}

static void draw_bar(struct run *run, int64_t now_ns)
{
	char bar[BAR_WIDTH + 1];
	const int done = (int)(now_ns * BAR_WIDTH / run->end_ns);

	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '=', (size_t)(done < BAR_WIDTH ? done : BAR_WIDTH));
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, "\r[%s] %3lld %%", bar, (long long)(now_ns * 100 / run->end_ns));
}

static void clear_bar(struct run *run)
{
	if (run->drawn_real_ns)
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 10, "");
	run->drawn_real_ns = 0;
}

static void on_bar(void *ctx)
{
	struct run *run = ctx;
	const int64_t now_ns = bench_metering_now_ns(run->bench), real_ns = clk_now(&run->real);

	if (real_ns - run->begun_real_ns > BAR_AFTER_NS &&
	    real_ns - run->drawn_real_ns > BAR_EVERY_NS) {
		draw_bar(run, now_ns);
		run->drawn_real_ns = real_ns;
	}
	loop_timer_set(run->bar, bench_real_ns(run->bench, now_ns + run->end_ns / BAR_STEPS + 1));
}

double run_maximum_current_a(const struct bench_conf *conf)
{
	double least = conf->meters[0].model->maximum_current_a;

	for (size_t i = 1; i < conf->meter_count; i++) {
		const double a = conf->meters[i].model->maximum_current_a;

		least = a < least ? a : least;
	}
	return least;
}

/* After everything else: timers that are due at the same time go off in order. */
static int add_timers(struct run *run)
{
	int r = loop_timer_add(&run->end, run->loop, on_end, run);

	if (r < 0)
		return r;
	loop_timer_set(run->end, bench_real_ns(run->bench, run->end_ns));
	if (!isatty(STDERR_FILENO))
		return 0;
	r = loop_timer_add(&run->bar, run->loop, on_bar, run);
	if (r == 0)
		on_bar(run);
	return r;
}

static int set_up(struct run *run, const struct bench_conf *conf, struct diag *diag)
{
	const struct bench_options options = {.capture = run->options->capture,
					      .scenario = run->scenario};
	int r = loop_create_virtual(&run->loop);

	if (r == 0)
		r = bench_create(&run->bench, run->loop, conf, &options, run->log, diag);
	if (r == 0)
		r = director_create(&run->director, run->bench, run->scenario, run->options->path,
				    run->loop, run->log, diag);
	return r < 0 ? r : add_timers(run);
}

static int conclude(const struct run *run)
{
	const struct report report = {.scenario = scenario_name(run->scenario),
				      .file = run->options->path,
				      .duration_ns = run->end_ns,
				      .director = run->director};
	const size_t count = director_count(run->director), failed = report_failures(&report);
	int r = 0;

	report_print_failures(&report, stderr);
	bench_report(run->bench);
	if (run->options->report)
		r = report_write(&report, run->options->report);
	if (r < 0) {
		log_error(run->log, "%s: the report cannot be written: %s", run->options->report,
			  strerror(-r));
		return -EIO;
	}
	printf("%s: %zu of %zu expectations held\n", report.scenario, count - failed, count);
	if (fflush(stdout) != 0)
		return -EIO;
	return failed ? 1 : 0;
}

static void tear_down(struct run *run)
{
	loop_timer_remove(run->bar);
	loop_timer_remove(run->end);
	director_destroy(run->director);
	bench_destroy(run->bench);
	loop_destroy(run->loop);
	scenario_destroy(run->scenario);
}

int run_scenario(const struct run_options *options, const struct bench_conf *conf,
		 const struct log *log, struct diag *diag)
{
	struct run run = {.options = options, .log = log, .real = clk_real()};
	int r = scenario_load(&run.scenario, options->path, run_maximum_current_a(conf), diag);

	if (r < 0)
		return r;
	run.begun_real_ns = clk_now(&run.real);
	run.end_ns = options->until_ns ? options->until_ns : scenario_duration_ns(run.scenario);
	r = set_up(&run, conf, diag);
	if (r == 0) {
		loop_run(run.loop);
		clear_bar(&run);
		r = conclude(&run);
	}
	tear_down(&run);
	return r;
}
