/* SPDX-License-Identifier: MIT */
/* bench - everything of one daemon, built in one place */
#include "sim/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/bench_meter.h"
#include "sim/clk_real.h"

/* Metering computed in one go before the buses get a turn: a bus answer must not be late. */
#define SLICE_NS (1 * NS_PER_MS)
/* How far (in real time) metering may be behind before it is taken to be slower. */
#define LAG_MAX_NS (1 * NS_PER_S)
#define FLUSH_NS   (1 * NS_PER_S) /* of the capture */

struct bench {
	const struct bench_conf *conf;
	struct loop *loop;
	const struct log *log;
	struct clk clk;
	struct metering_scratch *scratch;
	struct mbpdu *pdu;
	struct pty_watch *pty_watch;
	struct capture *capture; /* NULL: none */
	struct loop_timer *flush_timer;
	struct bench_meter **meters;
	size_t meter_count;
	struct bench_line_shared shared;
	struct bench_line **lines;
	size_t line_count;
	struct loop_timer *metering_timer;
	size_t next_meter; /* whose turn it is in a slice */
	double speed;
	bool slowed;              /* the log has said so */
	int64_t real_base_ns;     /* when metering time was ... */
	int64_t metering_base_ns; /* ... this */
};

/* --- metering time --- */

static int64_t metering_now_ns(const struct bench *bench, int64_t real_ns)
{
	return bench->metering_base_ns +
	       (int64_t)((double)(real_ns - bench->real_base_ns) * bench->speed);
}

/* Metering time goes on from here: at another speed, or because it could not keep up. */
static void rebase(struct bench *bench, int64_t real_ns, int64_t metering_ns)
{
	bench->real_base_ns = real_ns;
	bench->metering_base_ns = metering_ns;
}

/* Steps meters that are behind in turn, until all are up to now or the slice is over. */
static bool catch_up(struct bench *bench, int64_t now_ns, int64_t slice_end_ns)
{
	size_t up_to_date = 0;

	while (up_to_date < bench->meter_count) {
		struct bench_meter *meter = bench->meters[bench->next_meter];

		bench->next_meter = (bench->next_meter + 1) % bench->meter_count;
		if (bench_meter_due_ns(meter) > now_ns) {
			up_to_date++;
			continue;
		}
		up_to_date = 0;
		bench_meter_step(meter);
		if (clk_now(&bench->clk) >= slice_end_ns)
			return false;
	}
	return true;
}

static int64_t earliest_due_ns(const struct bench *bench)
{
	int64_t due_ns = CLK_NEVER;

	for (size_t i = 0; i < bench->meter_count; i++) {
		const int64_t due = bench_meter_due_ns(bench->meters[i]);

		due_ns = due < due_ns ? due : due_ns;
	}
	return due_ns;
}

/* All meters are slowed alike, rather than some left behind. */
static void give_way(struct bench *bench, int64_t real_ns, int64_t now_ns)
{
	const int64_t due_ns = earliest_due_ns(bench);

	if ((double)(now_ns - due_ns) < bench->speed * (double)LAG_MAX_NS)
		return;
	if (!bench->slowed)
		log_warning(bench->log,
			    "%zu meters at speed %g are more than this machine can compute: "
			    "metering time runs slower",
			    bench->meter_count, bench->speed);
	bench->slowed = true;
	rebase(bench, real_ns, due_ns);
}

static void on_metering(void *ctx)
{
	struct bench *bench = ctx;
	const int64_t real_ns = clk_now(&bench->clk);
	const int64_t now_ns = metering_now_ns(bench, real_ns);

	if (!catch_up(bench, now_ns, real_ns + SLICE_NS)) {
		give_way(bench, real_ns, now_ns);
		loop_timer_set(bench->metering_timer, real_ns); /* after what waits meanwhile */
		return;
	}
	rebase(bench, real_ns, now_ns); /* keeps the numbers small however long it runs */
	loop_timer_set(bench->metering_timer, bench_real_ns(bench, earliest_due_ns(bench)));
}

/* --- the whole --- */

static int create_meters(struct bench *bench, const struct scenario *scenario, struct diag *diag)
{
	if (scenario && bench->conf->meter_count > 1 && scenario_needs_meter(scenario)) {
		diag_add(diag, (struct diag_place){.file = scenario_name(scenario)},
			 "there are several meters: 'meter' must say which of them");
		return -EINVAL;
	}
	bench->meters = calloc(bench->conf->meter_count, sizeof(struct bench_meter *));
	if (!bench->meters)
		return -ENOMEM;
	for (size_t i = 0; i < bench->conf->meter_count; i++) {
		const struct bench_meter_conf *conf = &bench->conf->meters[i];
		int r = bench_meter_create(&bench->meters[i], conf, bench->scratch,
					   (uint64_t)bench->conf->seed, bench->log, diag);

		if (r < 0 && r != -EINVAL && r != -ENOMEM) {
			diag_add(diag,
				 (struct diag_place){.file = conf->recording ? conf->recording
									     : conf->intervals},
				 "%s", strerror(-r));
			r = -EINVAL;
		}
		if (r < 0)
			return r;
		bench->meter_count++;
		if (scenario && scenario_moves(scenario, conf->name))
			r = bench_meter_follow(bench->meters[i], scenario,
					       (uint64_t)bench->conf->seed);
		if (r < 0)
			return r;
		bench_meter_start(bench->meters[i]);
		if (bench_meter_measured_ns(bench->meters[i]) > bench->metering_base_ns)
			bench->metering_base_ns = bench_meter_measured_ns(bench->meters[i]);
	}
	return 0;
}

static int open_lines(struct bench *bench, struct diag *diag)
{
	bench->shared = (struct bench_line_shared){.conf = bench->conf,
						   .meters = bench->meters,
						   .loop = bench->loop,
						   .log = bench->log,
						   .clk = bench->clk,
						   .pdu = bench->pdu,
						   .pty_watch = bench->pty_watch,
						   .capture = bench->capture};
	bench->lines = calloc(bench->conf->line_count, sizeof(struct bench_line *));
	if (!bench->lines)
		return -ENOMEM;
	for (size_t i = 0; i < bench->conf->line_count; i++) {
		int r = bench_line_create(&bench->lines[i], &bench->shared, i, diag);

		if (r < 0)
			return r;
		bench->line_count++;
	}
	return 0;
}

/* --- the recording of the bus --- */

static void on_flush(void *ctx)
{
	struct bench *bench = ctx;

	capture_flush(bench->capture);
	loop_timer_set(bench->flush_timer, clk_now(&bench->clk) + FLUSH_NS);
}

static int open_capture(struct bench *bench, const char *path, struct diag *diag)
{
	int r;

	if (!path)
		return 0;
	r = capture_create(&bench->capture, path,
			   loop_is_virtual(bench->loop) ? 0 : clk_real_epoch_offset(), bench->log);
	if (r < 0) {
		diag_add(diag, (struct diag_place){.file = path},
			 "the capture cannot be written: %s", strerror(-r));
		return -ENOSPC;
	}
	if (loop_is_virtual(bench->loop)) /* nobody looks at it meanwhile */
		return 0;
	r = loop_timer_add(&bench->flush_timer, bench->loop, on_flush, bench);
	if (r == 0)
		on_flush(bench);
	return r;
}

int bench_create(struct bench **ret, struct loop *loop, const struct bench_conf *conf,
		 const struct bench_options *options, const struct log *log, struct diag *diag)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	int r;

	if (!bench)
		return -ENOMEM;
	bench->conf = conf;
	bench->loop = loop;
	bench->log = log;
	bench->clk = loop_clk(loop);
	bench->speed = conf->speed;
	r = metering_scratch_create(&bench->scratch);
	if (r == 0)
		r = mbpdu_create(&bench->pdu);
	if (r == 0)
		r = create_meters(bench, options->scenario, diag);
	if (r == 0)
		r = loop_timer_add(&bench->metering_timer, loop, on_metering, bench);
	if (r == 0)
		r = pty_watch_create(&bench->pty_watch, loop);
	if (r == 0)
		r = open_capture(bench, options->capture, diag);
	if (r == 0)
		r = open_lines(bench, diag);
	if (r < 0) {
		bench_destroy(bench);
		return r;
	}
	bench->real_base_ns = clk_now(&bench->clk);
	on_metering(bench);
	*ret = bench;
	return 0;
}

void bench_destroy(struct bench *bench)
{
	if (!bench)
		return;
	loop_timer_remove(bench->metering_timer);
	for (size_t i = 0; i < bench->line_count; i++)
		bench_line_destroy(bench->lines[i]);
	for (size_t i = 0; i < bench->meter_count; i++)
		bench_meter_destroy(bench->meters[i]);
	pty_watch_destroy(bench->pty_watch);
	loop_timer_remove(bench->flush_timer);
	capture_destroy(bench->capture);
	free(bench->lines);
	free(bench->meters);
	mbpdu_destroy(bench->pdu);
	metering_scratch_destroy(bench->scratch);
	free(bench);
}

size_t bench_line_count(const struct bench *bench)
{
	return bench->line_count;
}

struct bench_line *bench_line_at(const struct bench *bench, size_t index)
{
	return bench->lines[index];
}

struct bench_line *bench_line_named(const struct bench *bench, const char *name)
{
	if (!*name)
		return bench->line_count == 1 ? bench->lines[0] : NULL;
	for (size_t i = 0; i < bench->line_count; i++) {
		if (strcmp(bench_line_conf_of(bench->lines[i])->name, name) == 0)
			return bench->lines[i];
	}
	return NULL;
}

size_t bench_meter_count(const struct bench *bench)
{
	return bench->meter_count;
}

const char *bench_meter_name(const struct bench *bench, size_t index)
{
	return bench_meter_conf_of(bench->meters[index])->name;
}

int64_t bench_metering_now_ns(const struct bench *bench)
{
	return metering_now_ns(bench, clk_now(&bench->clk));
}

int64_t bench_real_ns(const struct bench *bench, int64_t metering_ns)
{
	const double wait_ns = (double)(metering_ns - bench->metering_base_ns) / bench->speed;

	if (!(bench->speed > 0) || !(wait_ns < (double)(CLK_NEVER / 4)))
		return CLK_NEVER;
	return bench->real_base_ns + (int64_t)wait_ns + 1; /* when it has come, not just before */
}

void bench_set_power(struct bench *bench, size_t meter, bool on)
{
	bench_meter_set_power(bench->meters[meter], on);
	for (size_t i = 0; i < bench->line_count; i++)
		bench_line_set_power(bench->lines[i], meter, on);
}

struct meter *bench_meter_at(const struct bench *bench, size_t index)
{
	return bench_meter_instrument(bench->meters[index]);
}

static struct bench_meter *find_meter(const struct bench *bench, const char *name)
{
	for (size_t i = 0; i < bench->meter_count; i++) {
		if (strcmp(bench_meter_conf_of(bench->meters[i])->name, name) == 0)
			return bench->meters[i];
	}
	return NULL;
}

static void reload_meter(struct bench *bench, const struct bench_meter_conf *newer)
{
	struct bench_meter *meter = find_meter(bench, newer->name);
	const struct bench_meter_conf *old;

	if (!meter) {
		log_warning(bench->log, "reload: meter '%s' is new: restart to have it",
			    newer->name);
		return;
	}
	old = bench_meter_conf_of(meter);
	if (newer->scenario || old->scenario || newer->intervals || old->intervals ||
	    bench_meter_plays(meter)) {
		log_notice(bench->log,
			   "reload: meter '%s' follows its scenario, intervals or recording on",
			   newer->name);
		return;
	}
	bench_meter_set_world(meter, &newer->world);
	log_notice(bench->log, "reload: meter '%s' has its grid and load of the file", newer->name);
}

static void warn_if_gone(const struct bench *bench, const char *name,
			 const struct bench_conf *newer)
{
	for (size_t i = 0; i < newer->meter_count; i++) {
		if (strcmp(newer->meters[i].name, name) == 0)
			return;
	}
	log_warning(bench->log,
		    "reload: meter '%s' is no longer in the file: restart to be rid of it", name);
}

void bench_set_speed(struct bench *bench, double speed)
{
	const int64_t now_ns = clk_now(&bench->clk);

	rebase(bench, now_ns, metering_now_ns(bench, now_ns));
	bench->speed = speed;
	bench->slowed = false;
	on_metering(bench);
}

void bench_reload(struct bench *bench, const struct bench_conf *newer)
{
	for (size_t i = 0; i < newer->meter_count; i++)
		reload_meter(bench, &newer->meters[i]);
	for (size_t i = 0; i < bench->meter_count; i++)
		warn_if_gone(bench, bench_meter_conf_of(bench->meters[i])->name, newer);
	bench_set_speed(bench, newer->speed);
	log_notice(bench->log, "reload: grid, load and speed are taken over; models, settings, "
			       "registers, lines and faults need a restart");
}

struct bench_meter *bench_running_meter(const struct bench *bench, size_t index)
{
	return bench->meters[index];
}

double bench_speed(const struct bench *bench)
{
	return bench->speed;
}

struct capture *bench_capture(const struct bench *bench)
{
	return bench->capture;
}

void bench_observe(struct bench *bench, const struct bench_observer *observer)
{
	bench->shared.observer = *observer;
}

void bench_report(const struct bench *bench)
{
	for (size_t i = 0; i < bench->line_count; i++)
		bench_line_report(bench->lines[i]);
}
