/* SPDX-License-Identifier: MIT */
/* director - does what a scenario says about the bench as a whole, and judges what it expects */
#include "sim/director.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "protocols/modbus/mbframe.h"
#include "sim/port_memory.h"
#include "sim/timeline.h"

#define JUDGEMENTS_MAX 100000
#define POLLS_MAX      64
#define OUTAGES_MAX    64

/* Something to do: a deed, or to take down values that must not have changed when it comes. */
struct task {
	int64_t at_ns;
	size_t deed;
	bool sample;
};

/* The one master of a line: it asks when it has been answered, or not, and the line is at rest. */
struct master {
	struct director *director;
	struct bench_line *line;
	bool asked;
	size_t due[POLLS_MAX]; /* polls, the next one first */
	size_t due_count;
};

struct running_poll {
	const struct deed *deed; /* NULL: over */
	size_t meter;
	struct master *master;
	int64_t next_ns;
	int64_t end_ns;
	bool due; /* waits at its master */
};

/* A supply that changes back after some time. */
struct outage {
	size_t meter;
	int64_t end_ns;
	bool on; /* then */
};

struct director {
	struct bench *bench;
	const struct scenario *scenario;
	const struct log *log;
	struct loop_timer *timer;
	struct task *tasks; /* by time */
	size_t task_count;
	size_t next;
	int64_t round_ns; /* when the running round began */
	double **samples; /* by deed: of each meter; NULL where none is needed */
	struct running_poll polls[POLLS_MAX];
	struct master *masters; /* one for each line */
	struct outage outages[OUTAGES_MAX];
	size_t outage_count;
	struct judgement *judgements;
	size_t judgement_count;
	size_t judgement_cap;
};

static const struct deed *deed_of(const struct director *d, const struct task *task)
{
	return &d->scenario->deeds.list[task->deed];
}

/* --- meters and lines by name --- */

static const char *pattern_of(const struct director *d, const struct deed *deed)
{
	if (*deed->meter)
		return deed->meter;
	return *d->scenario->meter ? d->scenario->meter : NULL;
}

static bool concerns(const struct director *d, const struct deed *deed, size_t meter)
{
	const char *pattern = pattern_of(d, deed);

	if (!pattern)
		return bench_meter_count(d->bench) == 1;
	return fnmatch(pattern, bench_meter_name(d->bench, meter), 0) == 0;
}

/* --- values --- */

static double line_number(const struct verdict *v, const char *name)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"requests", v->requests},
		{"answers", v->answers},
		{"broadcasts", v->broadcasts},
		{"spoilt", v->spoilt},
		{"too_early", v->too_early},
		{"too_close", v->too_close},
		{"inner_gaps", v->inner_gaps},
		{"wrong_rate", v->wrong_rates},
		{"exceptions", verdict_exceptions(v)},
		{"not_understood", verdict_not_understood(v)},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(numbers[i].name, name) == 0)
			return (double)numbers[i].value;
	}
	return 0;
}

/* Hits of the faults of that name, on whatever line. */
static double fault_hits(const struct director *d, const char *name)
{
	double hits = 0;

	for (size_t l = 0; l < bench_line_count(d->bench); l++) {
		const struct faults *faults = bench_line_faults(bench_line_at(d->bench, l));

		for (size_t i = 0; i < faults_count(faults); i++) {
			if (strcmp(faults_rule(faults, i)->name, name) == 0)
				hits += (double)faults_hits(faults, i);
		}
	}
	return hits;
}

struct reading {
	double number;
	char text[CONF_TEXT_MAX]; /* as it is shown, without the unit */
};

static void read_point(const struct director *d, const struct point *point, size_t meter,
		       struct reading *ret)
{
	struct point_value value;

	if (meter_get(bench_meter_at(d->bench, meter), point, &value) < 0) {
		ret->number = (double)NAN;
		snprintf(ret->text, sizeof(ret->text), "not a point of this meter");
		return;
	}
	point_format(&value, ret->text, sizeof(ret->text));
	/* a power of ten is exact as a divisor and not as a factor */
	ret->number = value.exponent < 0 ? (double)value.number / pow(10, -value.exponent)
					 : (double)value.number * pow(10, value.exponent);
}

static void read_subject(const struct director *d, const struct expectation *e, size_t meter,
			 struct reading *ret)
{
	if (e->subject == SUBJECT_POINT) {
		read_point(d, e->point, meter, ret);
		return;
	}
	ret->number =
		e->subject == SUBJECT_FAULT
			? fault_hits(d, e->owner)
			: line_number(bench_line_verdict(bench_line_named(d->bench, e->owner)),
				      e->number);
	snprintf(ret->text, sizeof(ret->text), "%.0f", ret->number);
}

/* --- judging --- */

static bool near_enough(const struct expectation *e, double number)
{
	const double want = e->value[EXPECT_NEAR];
	const double within = e->within_ratio ? e->within * fabs(want) : e->within;

	/* what is written in decimals is not exact in binary: a hair more is not a fault */
	return fabs(number - want) <= within + 1e-9 * fabs(want);
}

static bool holds(const struct expectation *e, const struct reading *is, double sample)
{
	bool ok = true;

	if (e->has[EXPECT_NEAR])
		ok &= near_enough(e, is->number);
	if (e->has[EXPECT_ABOVE])
		ok &= is->number > e->value[EXPECT_ABOVE];
	if (e->has[EXPECT_BELOW])
		ok &= is->number < e->value[EXPECT_BELOW];
	if (e->has[EXPECT_EQUALS] && e->subject == SUBJECT_POINT && e->point->text)
		ok &= strcmp(is->text, e->text) == 0;
	else if (e->has[EXPECT_EQUALS])
		ok &= fabs(is->number - e->value[EXPECT_EQUALS]) <=
		      1e-9 * fabs(e->value[EXPECT_EQUALS]);
	if (e->has[EXPECT_UNCHANGED])
		ok &= is->number == sample;
	return ok;
}

/* What was expected, for people. */
static void describe(const struct director *d, const struct expectation *e, size_t meter,
		     char *text, size_t size)
{
	const char *unit = e->subject == SUBJECT_POINT ? point_unit_name(e->point->unit) : "";
	const char *gap = *unit ? " " : "";
	size_t n = (size_t)snprintf(text, size, "%s", e->name);

	if (e->subject == SUBJECT_POINT)
		n += (size_t)snprintf(text + n, size - n, " of %s",
				      bench_meter_name(d->bench, meter));
	if (e->has[EXPECT_NEAR])
		n += (size_t)snprintf(text + n, size - n, " near %.10g%s%s within %.6g%s%s",
				      e->value[EXPECT_NEAR], gap, unit,
				      e->within_ratio ? e->within * 100 : e->within,
				      e->within_ratio ? " " : gap, e->within_ratio ? "%" : unit);
	if (e->has[EXPECT_ABOVE])
		n += (size_t)snprintf(text + n, size - n, " above %.10g%s%s",
				      e->value[EXPECT_ABOVE], gap, unit);
	if (e->has[EXPECT_BELOW])
		n += (size_t)snprintf(text + n, size - n, " below %.10g%s%s",
				      e->value[EXPECT_BELOW], gap, unit);
	if (e->has[EXPECT_EQUALS] && e->subject == SUBJECT_POINT && e->point->text)
		n += (size_t)snprintf(text + n, size - n, " equals '%.60s'", e->text);
	else if (e->has[EXPECT_EQUALS])
		n += (size_t)snprintf(text + n, size - n, " equals %.10g%s%s",
				      e->value[EXPECT_EQUALS], gap, unit);
	if (e->has[EXPECT_UNCHANGED])
		snprintf(text + n, size - n, " unchanged since %.10g s",
			 (double)e->unchanged_ns * 1e-9);
}

static struct judgement *new_judgement(struct director *d)
{
	struct judgement *grown;
	size_t cap;

	if (d->judgement_count == JUDGEMENTS_MAX)
		return NULL;
	if (d->judgement_count == d->judgement_cap) {
		cap = d->judgement_cap ? 2 * d->judgement_cap : 64;
		grown = realloc(d->judgements, cap * sizeof(*grown));
		if (!grown)
			return NULL;
		d->judgements = grown;
		d->judgement_cap = cap;
	}
	return &d->judgements[d->judgement_count++];
}

static void judge(struct director *d, const struct task *task, size_t meter, int64_t at_ns)
{
	const struct deed *deed = deed_of(d, task);
	const struct expectation *e = &deed->expect;
	const double sample = d->samples[task->deed] ? d->samples[task->deed][meter] : 0;
	struct judgement *j = new_judgement(d);
	struct reading is = {.number = 0};

	if (!j) {
		log_error(d->log,
			  "too many expectations, or out of memory: the rest is not judged");
		return;
	}
	read_subject(d, e, meter, &is);
	j->at_ns = at_ns;
	j->file_line = deed->file_line;
	j->held = holds(e, &is, sample);
	describe(d, e, meter, j->what, sizeof(j->what));
	snprintf(j->is, sizeof(j->is), "%.60s%s%s", is.text,
		 e->subject == SUBJECT_POINT && e->point->unit != UNIT_NONE ? " " : "",
		 e->subject == SUBJECT_POINT ? point_unit_name(e->point->unit) : "");
}

/* Lines and faults are judged once, points for each meter that they are about. */
static void each_meter(struct director *d, const struct task *task, int64_t at_ns,
		       void (*act)(struct director *, const struct task *, size_t, int64_t))
{
	const struct deed *deed = deed_of(d, task);
	const bool once = deed->kind == DEED_EXPECT && deed->expect.subject != SUBJECT_POINT;

	for (size_t m = 0; m < bench_meter_count(d->bench); m++) {
		if (!once && !concerns(d, deed, m))
			continue;
		act(d, task, m, at_ns);
		if (once)
			return;
	}
}

static void take_sample(struct director *d, const struct task *task, size_t meter, int64_t at_ns)
{
	struct reading is;

	(void)at_ns;
	read_subject(d, &deed_of(d, task)->expect, meter, &is);
	d->samples[task->deed][meter] = is.number;
}

/* --- polls --- */

static const struct model_register *register_of(const struct meter *meter,
						const struct point *point)
{
	const struct model_map *map = &meter_model(meter)->modbus.map;

	for (size_t i = 0; i < map->count; i++) {
		if (map->registers[i].point == point)
			return &map->registers[i];
	}
	return NULL;
}

/* In the meter's own format; what the last answer was is taken off the port. */
static void ask(const struct director *d, const struct running_poll *poll)
{
	const struct meter *meter = bench_meter_at(d->bench, poll->meter);
	const struct model_register *reg = register_of(meter, poll->deed->poll.point);
	struct port *port = bench_line_port(poll->master->line);
	const struct slave_format format = bench_line_format(poll->master->line);
	uint8_t frame[8], drain[TELEGRAM_MAX];
	struct cursor_out out;

	while (port_memory_take(port, drain, sizeof(drain)) > 0)
		;
	cursor_out_init(&out, frame, sizeof(frame));
	cursor_put_u8(&out, (uint8_t)meter_setting(meter, POINT_MODBUS_ID));
	cursor_put_u8(&out, MB_READ_HOLDING);
	cursor_put_be16(&out, reg->address);
	cursor_put_be16(&out, reg->count);
	cursor_put_le16(&out, mb_crc(frame, out.len_bytes));
	port_memory_say(port, frame, out.len_bytes, &format);
}

/* The next poll that is due, unless an answer is still awaited. */
static void go_on(struct master *master)
{
	struct director *d = master->director;
	struct running_poll *poll;

	if (master->asked || !master->due_count)
		return;
	poll = &d->polls[master->due[0]];
	master->due_count--;
	memmove(master->due, master->due + 1, master->due_count * sizeof(*master->due));
	poll->due = false;
	master->asked = true;
	ask(d, poll);
}

static void on_rest(void *ctx)
{
	struct master *master = ctx;

	master->asked = false;
	go_on(master);
}

static void start_poll(struct director *d, const struct task *task, size_t meter, int64_t at_ns)
{
	const struct deed *deed = deed_of(d, task);
	const struct bench_line *line = bench_line_named(d->bench, deed->line);
	size_t slot = 0, m = 0;

	while (slot < POLLS_MAX && d->polls[slot].deed)
		slot++;
	while (d->masters[m].line != line)
		m++;
	if (slot == POLLS_MAX) {
		log_error(d->log, "more than %d polls at a time", POLLS_MAX);
		return;
	}
	d->polls[slot] =
		(struct running_poll){.deed = deed,
				      .meter = meter,
				      .master = &d->masters[m],
				      .next_ns = at_ns,
				      .end_ns = deed->poll.for_ns ? at_ns + deed->poll.for_ns
								  : CLK_NEVER};
}

/* A poll that is due again before it had its turn is not asked twice. */
static void make_due(struct director *d, size_t slot)
{
	struct running_poll *poll = &d->polls[slot];
	struct master *master = poll->master;

	poll->next_ns += poll->deed->poll.every_ns;
	if (poll->due)
		return;
	poll->due = true;
	master->due[master->due_count++] = slot;
	go_on(master);
}

static int64_t run_polls(struct director *d, int64_t now_ns)
{
	int64_t next_ns = CLK_NEVER;

	for (size_t i = 0; i < POLLS_MAX; i++) {
		struct running_poll *poll = &d->polls[i];

		if (!poll->deed)
			continue;
		if (poll->next_ns >= poll->end_ns) {
			if (!poll->due)
				poll->deed = NULL;
			continue;
		}
		if (poll->next_ns <= now_ns)
			make_due(d, i);
		next_ns = poll->next_ns < next_ns ? poll->next_ns : next_ns;
	}
	return next_ns;
}

/* --- deeds --- */

static void set_power(struct director *d, const struct task *task, size_t meter, int64_t at_ns)
{
	const struct deed *deed = deed_of(d, task);

	bench_set_power(d->bench, meter, deed->on);
	if (!deed->for_ns)
		return;
	if (d->outage_count < OUTAGES_MAX)
		d->outages[d->outage_count++] = (struct outage){.meter = meter,
								.end_ns = at_ns + deed->for_ns,
								.on = !deed->on};
	else
		log_error(d->log, "more than %d outages at a time: this one does not end by itself",
			  OUTAGES_MAX);
}

/* Power that is back, or gone, after its time; returns when the next one is. */
static int64_t end_outages(struct director *d, int64_t now_ns)
{
	int64_t next_ns = CLK_NEVER;
	size_t left = 0;

	for (size_t i = 0; i < d->outage_count; i++) {
		const struct outage outage = d->outages[i];

		if (outage.end_ns <= now_ns) {
			bench_set_power(d->bench, outage.meter, outage.on);
			continue;
		}
		next_ns = outage.end_ns < next_ns ? outage.end_ns : next_ns;
		d->outages[left++] = outage;
	}
	d->outage_count = left;
	return next_ns;
}

static void put_fault(const struct director *d, const struct deed *deed)
{
	struct faults *faults = bench_line_faults(bench_line_named(d->bench, deed->line));

	faults_remove(faults, deed->fault.name); /* the newer one of a name holds */
	if (faults_add(faults, &deed->fault) < 0)
		log_error(d->log, "fault '%s' cannot be added", deed->fault.name);
}

static void clear_fault(const struct director *d, const struct deed *deed)
{
	if (faults_remove(bench_line_faults(bench_line_named(d->bench, deed->line)), deed->text) <
	    0)
		log_warning(d->log, "clear: there is no fault '%s'", deed->text);
}

static void do_task(struct director *d, const struct task *task, int64_t at_ns)
{
	const struct deed *deed = deed_of(d, task);

	if (task->sample) {
		each_meter(d, task, at_ns, take_sample);
		return;
	}
	switch (deed->kind) {
	case DEED_FAULT:
		put_fault(d, deed);
		break;
	case DEED_CLEAR:
		clear_fault(d, deed);
		break;
	case DEED_MARK:
		log_notice(d->log, "%.3f s: %s", (double)at_ns * 1e-9, deed->text);
		break;
	case DEED_EXPECT:
		each_meter(d, task, at_ns, judge);
		break;
	case DEED_POLL:
		each_meter(d, task, at_ns, start_poll);
		break;
	case DEED_POWER:
		each_meter(d, task, at_ns, set_power);
		break;
	}
}

static int64_t next_task_ns(struct director *d)
{
	if (d->next == d->task_count && d->scenario->repeat && d->task_count) {
		d->next = 0;
		d->round_ns += d->scenario->duration_ns;
	}
	return d->next < d->task_count ? d->round_ns + d->tasks[d->next].at_ns : CLK_NEVER;
}

static void on_timer(void *ctx)
{
	struct director *d = ctx;
	const int64_t now_ns = bench_metering_now_ns(d->bench);
	int64_t next_ns, other_ns;

	end_outages(d, now_ns);
	while ((next_ns = next_task_ns(d)) <= now_ns)
		do_task(d, &d->tasks[d->next++], next_ns);
	other_ns = run_polls(d, now_ns);
	next_ns = other_ns < next_ns ? other_ns : next_ns;
	other_ns = end_outages(d, now_ns); /* also those that have just begun */
	next_ns = other_ns < next_ns ? other_ns : next_ns;
	if (next_ns != CLK_NEVER)
		loop_timer_set(d->timer, bench_real_ns(d->bench, next_ns));
}

/* --- checking and building --- */

static bool check_line(const struct director *d, const struct deed *deed, const char *name,
		       struct diag *diag, const char *file)
{
	const struct diag_place place = {.file = file, .line = deed->file_line};

	if (bench_line_named(d->bench, name))
		return true;
	if (*name)
		diag_add(diag, place, "there is no line '%.60s'", name);
	else
		diag_add(diag, place, "there are several lines, one must be named");
	return false;
}

static bool check_meters(const struct director *d, const struct deed *deed, struct diag *diag,
			 const char *file)
{
	const struct diag_place place = {.file = file, .line = deed->file_line};

	for (size_t m = 0; m < bench_meter_count(d->bench); m++) {
		if (concerns(d, deed, m))
			return true;
	}
	if (pattern_of(d, deed))
		diag_add(diag, place, "there is no meter '%.60s'", pattern_of(d, deed));
	else
		diag_add(diag, place, "there are several meters, 'meter' must say which");
	return false;
}

/* What is read must have a register, and there must be a master that lives in virtual time. */
static bool check_poll(const struct director *d, const struct deed *deed, struct diag *diag,
		       const char *file)
{
	const struct diag_place place = {.file = file, .line = deed->file_line};

	for (size_t m = 0; m < bench_meter_count(d->bench); m++) {
		if (!concerns(d, deed, m) ||
		    register_of(bench_meter_at(d->bench, m), deed->poll.point))
			continue;
		diag_add(diag, place, "poll: meter '%s' has no register with '%s'",
			 bench_meter_name(d->bench, m), deed->poll.point->name);
		return false;
	}
	return true;
}

static int make_masters(struct director *d)
{
	d->masters = calloc(bench_line_count(d->bench), sizeof(*d->masters));
	if (!d->masters)
		return -ENOMEM;
	for (size_t i = 0; i < bench_line_count(d->bench); i++) {
		d->masters[i] = (struct master){.director = d, .line = bench_line_at(d->bench, i)};
		port_memory_on_rest(bench_line_port(d->masters[i].line), on_rest, &d->masters[i]);
	}
	return 0;
}

static bool check_deed(const struct director *d, const struct deed *deed, struct diag *diag,
		       const char *file)
{
	switch (deed->kind) {
	case DEED_FAULT:
	case DEED_CLEAR:
		return check_line(d, deed, deed->line, diag, file);
	case DEED_POLL:
		return check_line(d, deed, deed->line, diag, file) &&
		       check_meters(d, deed, diag, file) && check_poll(d, deed, diag, file);
	case DEED_EXPECT:
		if (deed->expect.subject == SUBJECT_LINE)
			return check_line(d, deed, deed->expect.owner, diag, file);
		return deed->expect.subject == SUBJECT_FAULT || check_meters(d, deed, diag, file);
	case DEED_POWER:
		return check_meters(d, deed, diag, file);
	default:
		return true;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	if (x->sample != y->sample) /* what is taken down is taken before anything is done */
		return x->sample ? -1 : 1;
	return x->deed < y->deed ? -1 : 1;
}

static int add_samples(struct director *d, size_t deed)
{
	const struct expectation *e = &d->scenario->deeds.list[deed].expect;
	const int64_t at_ns = d->scenario->deeds.list[deed].at_ns - e->unchanged_ns;

	d->samples[deed] = calloc(bench_meter_count(d->bench), sizeof(double));
	if (!d->samples[deed])
		return -ENOMEM;
	d->tasks[d->task_count++] =
		(struct task){.at_ns = at_ns > 0 ? at_ns : 0, .deed = deed, .sample = true};
	return 0;
}

static int make_tasks(struct director *d)
{
	const size_t count = d->scenario->deeds.count;
	int r = 0;

	d->tasks = calloc(2 * count + 1, sizeof(*d->tasks));
	d->samples = calloc(count + 1, sizeof(*d->samples));
	if (!d->tasks || !d->samples)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct deed *deed = &d->scenario->deeds.list[i];

		d->tasks[d->task_count++] = (struct task){.at_ns = deed->at_ns, .deed = i};
		if (deed->kind == DEED_EXPECT && deed->expect.has[EXPECT_UNCHANGED])
			r = add_samples(d, i);
	}
	qsort(d->tasks, d->task_count, sizeof(*d->tasks), by_time);
	return r;
}

int director_create(struct director **ret, struct bench *bench, const struct scenario *scenario,
		    const char *file, struct loop *loop, const struct log *log, struct diag *diag)
{
	struct director *d = calloc(1, sizeof(*d));
	bool ok = true;
	int r;

	if (!d)
		return -ENOMEM;
	d->bench = bench;
	d->scenario = scenario;
	d->log = log;
	for (size_t i = 0; i < scenario->deeds.count; i++)
		ok &= check_deed(d, &scenario->deeds.list[i], diag, file);
	r = ok ? make_tasks(d) : -EINVAL;
	if (r == 0)
		r = make_masters(d);
	if (r == 0)
		r = loop_timer_add(&d->timer, loop, on_timer, d);
	if (r < 0) {
		director_destroy(d);
		return r;
	}
	if (d->task_count)
		loop_timer_set(d->timer, bench_real_ns(bench, d->tasks[0].at_ns));
	*ret = d;
	return 0;
}

void director_destroy(struct director *d)
{
	if (!d)
		return;
	loop_timer_remove(d->timer);
	for (size_t i = 0; d->samples && i < d->scenario->deeds.count; i++)
		free(d->samples[i]);
	free(d->samples);
	free(d->masters);
	free(d->tasks);
	free(d->judgements);
	free(d);
}

size_t director_count(const struct director *d)
{
	return d->judgement_count;
}

const struct judgement *director_judgement(const struct director *d, size_t index)
{
	return &d->judgements[index];
}
