/* SPDX-License-Identifier: MIT */
/* bench - everything of one daemon, built in one place */
#include "sim/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/modbus/mbrtu_slave.h"
#include "sim/bench_meter.h"
#include "sim/clk_real.h"
#include "sim/line.h"
#include "sim/port_pty.h"

/* Metering computed in one go before the buses get a turn: a bus answer must not be late. */
#define SLICE_NS (1 * NS_PER_MS)
/* How far (in real time) metering may be behind before it is taken to be slower. */
#define LAG_MAX_NS (1 * NS_PER_S)

struct bench_line {
	struct bench *bench;
	const struct bench_line_conf *conf;
	struct line *line;
	struct port *port;
	struct loop_timer *timer;
	int64_t deadline_ns; /* of the timer */
	bool late;           /* the deadline has passed, and the port is being emptied */
	bool deaf;           /* the client speaks at a wrong rate, and the log has said so */
	struct mbrtu_slave **slaves;
	size_t slave_count;
	char path[DATA_PATH_MAX];
};

struct bench {
	const struct bench_conf *conf;
	struct loop *loop;
	const struct log *log;
	struct clk clk;
	struct metering_scratch *scratch;
	struct mbpdu *pdu;
	struct pty_watch *pty_watch;
	struct bench_meter **meters;
	size_t meter_count;
	struct bench_line *lines;
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

/* When metering time will have come so far; a bench that crawls is looked at once an hour. */
static int64_t real_of(const struct bench *bench, int64_t metering_ns)
{
	const double wait_ns = (double)(metering_ns - bench->metering_base_ns) / bench->speed;

	if (!(bench->speed > 0))
		return CLK_NEVER;
	return bench->real_base_ns + (wait_ns < (double)NS_PER_H ? (int64_t)wait_ns + 1 : NS_PER_H);
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
	loop_timer_set(bench->metering_timer, real_of(bench, earliest_due_ns(bench)));
}

/* --- lines --- */

static void serve_line(struct bench_line *line)
{
	line->deadline_ns = line_tick(line->line, clk_now(&line->bench->clk));
	loop_timer_set(line->timer, line->deadline_ns);
}

/*
 * What waits in the port may have come before the deadline, which the loop is late for: taken as
 * if it had, so that our own lateness does not cut a client's frame in two.
 */
static void on_line_timer(void *ctx)
{
	struct bench_line *line = ctx;

	line->late = true;
	line->port->pump(line->port);
	line->late = false;
	serve_line(line);
}

/* Once for each client: silence is what a meter gives, but a log may tell why. */
static void log_deaf(struct bench_line *line, uint32_t client_baud)
{
	const struct meter *first = bench_meter_at(line->bench, line->conf->meters[0]);

	if (line->deaf)
		return;
	line->deaf = true;
	log_info(line->bench->log,
		 "line %s: the client speaks at %u baud, no meter listens (%s: %lld)",
		 line->conf->name, client_baud,
		 line->bench->conf->meters[line->conf->meters[0]].name,
		 (long long)meter_setting(first, POINT_BAUD));
}

static void on_received(void *ctx, const uint8_t *bytes, size_t len_bytes, uint32_t client_baud)
{
	struct bench_line *line = ctx;
	const uint64_t mismatched = line_statistics(line->line).mismatched;
	int64_t at_ns = clk_now(&line->bench->clk);

	if (line->late && line->deadline_ns <= at_ns)
		at_ns = line->deadline_ns - 1;
	line_receive(line->line, at_ns, bytes, len_bytes, client_baud);
	if (line_statistics(line->line).mismatched != mismatched)
		log_deaf(line, client_baud);
	if (!line->late)
		serve_line(line);
}

static void on_left(void *ctx)
{
	struct bench_line *line = ctx;

	line->deaf = false;
	line_client_left(line->line);
}

static void to_port(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	struct bench_line *line = ctx;

	line->port->send(line->port, bytes, len_bytes);
}

/* Legal, and on copper a collision: what the user gets, but seldom what is wanted. */
static void warn_if_address_taken(const struct bench_line *line, size_t index)
{
	const struct bench *bench = line->bench;
	const size_t *meters = line->conf->meters;
	const struct meter *meter = bench_meter_at(bench, meters[index]);

	for (size_t i = 0; i < index; i++) {
		const struct meter *other = bench_meter_at(bench, meters[i]);

		if (meter_setting(meter, POINT_MODBUS_ID) != meter_setting(other, POINT_MODBUS_ID))
			continue;
		log_warning(bench->log, "line %s: meters '%s' and '%s' have one address, %lld",
			    line->conf->name, bench->conf->meters[meters[i]].name,
			    bench->conf->meters[meters[index]].name,
			    (long long)meter_setting(meter, POINT_MODBUS_ID));
		return;
	}
}

/* Not refused: converters differ, and a simulated bus carries more. */
static void warn_if_crowded(const struct bench_line *line)
{
	const struct bench *bench = line->bench;
	const struct model *model = meter_model(bench_meter_at(bench, line->conf->meters[0]));
	const int64_t most = model->modbus.stations;

	if (most && line->conf->meter_count > (size_t)most)
		log_warning(
			bench->log,
			"line %s: %zu meters, more than the %lld on one bus that the manual allows",
			line->conf->name, line->conf->meter_count, (long long)most);
}

static int add_slaves(struct bench *bench, struct bench_line *line)
{
	const struct bench_line_conf *conf = line->conf;

	warn_if_crowded(line);
	line->slaves = calloc(conf->meter_count, sizeof(struct mbrtu_slave *));
	if (!line->slaves)
		return -ENOMEM;
	for (size_t i = 0; i < conf->meter_count; i++) {
		struct meter *meter = bench_meter_instrument(bench->meters[conf->meters[i]]);
		struct slave station;
		int r = mbrtu_slave_create(&line->slaves[i], meter, bench->pdu,
					   line_slave_tx(line->line), !conf->paced);

		if (r < 0)
			return r;
		line->slave_count++;
		warn_if_address_taken(line, i);
		station = mbrtu_slave_station(line->slaves[i]);
		r = line_add(line->line, &station);
		if (r < 0)
			return r;
	}
	return 0;
}

static int line_path(struct bench_line *line, struct diag *diag)
{
	char folder[DATA_PATH_MAX];
	int r;

	if (line->conf->pty[0] != '\0') {
		snprintf(line->path, sizeof(line->path), "%s", line->conf->pty);
		return 0;
	}
	r = data_path_runtime(folder);
	if (r < 0) {
		diag_add(diag, (struct diag_place){.file = folder}, "%s",
			 r == -EPERM ? "belongs to someone else, or others may write to it"
				     : strerror(-r));
		return -EIO;
	}
	if ((size_t)snprintf(line->path, sizeof(line->path), "%s/%s", folder, line->conf->name) >=
	    sizeof(line->path)) {
		diag_add(diag, (struct diag_place){.file = folder}, "the path is too long");
		return -EIO;
	}
	return 0;
}

static int open_port(struct bench *bench, struct bench_line *line, struct diag *diag)
{
	const struct meter *first = bench_meter_at(bench, line->conf->meters[0]);
	const struct port_handler handler = {.received = on_received, .left = on_left, .ctx = line};
	struct port_pty_config config = {.watch = bench->pty_watch,
					 .mode = (mode_t)line->conf->mode,
					 .initial_baud =
						 (uint32_t)meter_setting(first, POINT_BAUD)};
	const char *why = "";
	int r = line_path(line, diag);

	if (r < 0)
		return r;
	config.link = line->path;
	config.group = line->conf->group[0] ? line->conf->group : NULL;
	r = port_pty_create(&line->port, bench->loop, &config, &handler, bench->log, &why);
	if (r < 0) {
		diag_add(diag, (struct diag_place){.file = line->path}, "line '%s': %s (%s)",
			 line->conf->name, why, strerror(-r));
		return r == -ENOMEM ? r : -EIO;
	}
	return 0;
}

static int open_line(struct bench *bench, struct bench_line *line, struct diag *diag)
{
	struct line_config config = {.paced = line->conf->paced,
				     .turnaround_min_ns = line->conf->turnaround_ns[0],
				     .turnaround_max_ns = line->conf->turnaround_ns[1]};
	const struct line_output output = {.send = to_port, .ctx = line};
	char stream[CONF_TEXT_MAX + 16];
	int r;

	snprintf(stream, sizeof(stream), "line %s", line->conf->name);
	rng_init(&config.rng, (uint64_t)bench->conf->seed, stream);
	r = line_create(&line->line, &config, &output);

	if (r == 0)
		r = add_slaves(bench, line);
	if (r == 0)
		r = loop_timer_add(&line->timer, bench->loop, on_line_timer, line);
	if (r == 0)
		r = open_port(bench, line, diag);
	return r;
}

static void close_line(struct bench_line *line)
{
	if (line->port)
		line->port->destroy(line->port);
	loop_timer_remove(line->timer);
	line_destroy(line->line);
	for (size_t i = 0; i < line->slave_count; i++)
		mbrtu_slave_destroy(line->slaves[i]);
	free(line->slaves);
}

/* --- the whole --- */

static int create_meters(struct bench *bench, struct diag *diag)
{
	bench->meters = calloc(bench->conf->meter_count, sizeof(struct bench_meter *));
	if (!bench->meters)
		return -ENOMEM;
	for (size_t i = 0; i < bench->conf->meter_count; i++) {
		const struct bench_meter_conf *conf = &bench->conf->meters[i];
		int r = bench_meter_create(&bench->meters[i], conf, bench->scratch,
					   (uint64_t)bench->conf->seed, bench->log, diag);

		if (r < 0 && r != -EINVAL && r != -ENOMEM) {
			diag_add(diag, (struct diag_place){.file = conf->recording}, "%s",
				 strerror(-r));
			r = -EINVAL;
		}
		if (r < 0)
			return r;
		bench->meter_count++;
		bench_meter_start(bench->meters[i]);
		if (bench_meter_measured_ns(bench->meters[i]) > bench->metering_base_ns)
			bench->metering_base_ns = bench_meter_measured_ns(bench->meters[i]);
	}
	return 0;
}

static int open_lines(struct bench *bench, struct diag *diag)
{
	bench->lines = calloc(bench->conf->line_count, sizeof(*bench->lines));
	if (!bench->lines)
		return -ENOMEM;
	for (size_t i = 0; i < bench->conf->line_count; i++) {
		struct bench_line *line = &bench->lines[i];
		int r;

		line->bench = bench;
		line->conf = &bench->conf->lines[i];
		bench->line_count++;
		r = open_line(bench, line, diag);
		if (r < 0)
			return r;
	}
	return 0;
}

int bench_create(struct bench **ret, struct loop *loop, const struct bench_conf *conf,
		 const struct log *log, struct diag *diag)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	int r;

	if (!bench)
		return -ENOMEM;
	bench->conf = conf;
	bench->loop = loop;
	bench->log = log;
	bench->clk = clk_real();
	bench->speed = conf->speed;
	r = metering_scratch_create(&bench->scratch);
	if (r == 0)
		r = mbpdu_create(&bench->pdu);
	if (r == 0)
		r = create_meters(bench, diag);
	if (r == 0)
		r = loop_timer_add(&bench->metering_timer, loop, on_metering, bench);
	if (r == 0)
		r = pty_watch_create(&bench->pty_watch, loop);
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
		close_line(&bench->lines[i]);
	for (size_t i = 0; i < bench->meter_count; i++)
		bench_meter_destroy(bench->meters[i]);
	pty_watch_destroy(bench->pty_watch);
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

struct bench_line_info bench_line_info(const struct bench *bench, size_t index)
{
	const struct bench_line *line = &bench->lines[index];

	return (struct bench_line_info){.conf = line->conf,
					.path = line->path,
					.device = port_pty_device(line->port)};
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
	if (newer->scenario || old->scenario || bench_meter_plays(meter)) {
		log_notice(bench->log, "reload: meter '%s' follows its scenario or recording on",
			   newer->name);
		return;
	}
	bench_meter_set_world(meter, &newer->input);
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

void bench_reload(struct bench *bench, const struct bench_conf *newer)
{
	const int64_t now_ns = clk_now(&bench->clk);

	for (size_t i = 0; i < newer->meter_count; i++)
		reload_meter(bench, &newer->meters[i]);
	for (size_t i = 0; i < bench->meter_count; i++)
		warn_if_gone(bench, bench_meter_conf_of(bench->meters[i])->name, newer);
	rebase(bench, now_ns, metering_now_ns(bench, now_ns));
	bench->speed = newer->speed;
	bench->slowed = false;
	on_metering(bench);
	log_notice(bench->log, "reload: grid, load and speed are taken over; models, settings, "
			       "registers and lines need a restart");
}

void bench_log_statistics(const struct bench *bench)
{
	for (size_t i = 0; i < bench->line_count; i++) {
		const struct line_stats s = line_statistics(bench->lines[i].line);

		log_notice(bench->log,
			   "line %s: %llu answers; %llu bursts heard, %llu of them at a wrong baud "
			   "rate; %llu bytes lost that came while an answer was on the line",
			   bench->lines[i].conf->name, (unsigned long long)s.telegrams_out,
			   (unsigned long long)s.telegrams_in, (unsigned long long)s.mismatched,
			   (unsigned long long)s.overrun_bytes);
	}
}
