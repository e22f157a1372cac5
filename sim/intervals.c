/* SPDX-License-Identifier: MIT */
/* intervals - the load of a meter by a table of times and values */
#include "sim/intervals.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/intervals_head.h"
#include "sim/recording_text.h"

#define LINE_MAX_BYTES 4096
#define COLUMNS_MAX    64
#define ROWS_FIRST     256 /* room for so many at first */
#define BAD_ROWS_MAX   10
#define POWER_MAX_W    1e9
#define PI             3.14159265358979323846

/* What a row says of one phase: as stored, INTERVAL_QUANTITIES of them, NAN where there is none. */
struct values {
	float of[WAVE_PHASES][INTERVAL_QUANTITIES];
};

struct intervals {
	struct intervals_config config;
	struct values *rows;
	int64_t *at_ns; /* since the first row */
	size_t count, room;
	int64_t round_ns; /* after which it repeats */
	size_t now;       /* row that holds */
};

struct parser {
	struct intervals *intervals;
	struct recording_text in;
	char separator;
	unsigned columns; /* with that of the times */
	struct interval_column column[COLUMNS_MAX];
	int64_t begin_ns;
	char text[LINE_MAX_BYTES + 1];
};

/* --- columns --- */

/* Everything about the load is known, or it is an error: a typing mistake would lose a phase. */
static int read_column(struct parser *p, const char *field, unsigned c)
{
	const int r = interval_column_parse(field, &p->column[c]);

	if (r == -ERANGE)
		return recording_text_complain(&p->in, field,
					       "'%.60s': W or kW, A, and nothing "
					       "behind pf, are the units",
					       field);
	if (r < 0)
		return recording_text_complain(
			&p->in, field,
			"'%.60s' is none of power, power.l1, current, current.l1, pf, pf.l1 ...",
			field);
	for (unsigned k = 1; k < c; k++) {
		const bool same = p->column[k].quantity == p->column[c].quantity;
		const bool both = p->column[k].phase == INTERVAL_ALL ||
				  p->column[c].phase == INTERVAL_ALL ||
				  p->column[k].phase == p->column[c].phase;

		if (same && both && p->column[c].quantity != INTERVAL_PF)
			return recording_text_complain(&p->in, field,
						       "'%.60s' is in column %u already", field,
						       k + 1);
	}
	return 0;
}

/* Power or current, not both for one phase. */
static int check_columns(const struct parser *p)
{
	unsigned count[INTERVAL_QUANTITIES] = {0};

	for (unsigned c = 1; c < p->columns; c++)
		count[p->column[c].quantity]++;
	if (count[INTERVAL_POWER] && count[INTERVAL_CURRENT])
		return recording_text_complain(&p->in, p->in.text,
					       "both power and current: one of them says the load");
	if (!count[INTERVAL_POWER] && !count[INTERVAL_CURRENT])
		return recording_text_complain(&p->in, p->in.text, "no column of power or current");
	return 0;
}

static int next_line(struct parser *p)
{
	int r;

	do
		r = recording_text_line(&p->in);
	while (r > 0 && (p->text[0] == '#' || p->text[strspn(p->text, " \t")] == '\0'));
	return r;
}

static int read_head(struct parser *p)
{
	static const char mark[] = "\xef\xbb\xbf";
	char *rest = p->text, *field;
	int r = next_line(p);

	if (r == 0)
		return recording_text_complain(&p->in, NULL, "there is nothing in it");
	if (r < 0)
		return r;
	if (strncmp(rest, mark, strlen(mark)) == 0)
		rest += strlen(mark);
	p->separator = strchr(rest, ';') ? ';' : strchr(rest, '\t') ? '\t' : ',';
	for (r = 0; (field = recording_text_field(&rest, p->separator)) && r == 0; p->columns++) {
		if (p->columns == COLUMNS_MAX)
			return recording_text_complain(&p->in, field, "more than %d columns",
						       COLUMNS_MAX);
		if (p->columns > 0)
			r = read_column(p, field, p->columns);
		else if (!interval_is_time(field))
			r = recording_text_complain(&p->in, field,
						    "the first column is 'time', not '%.60s'",
						    field);
	}
	return r < 0 ? r : check_columns(p);
}

/* --- rows --- */

static int read_value(struct parser *p, unsigned c, const char *field, struct values *values)
{
	const struct interval_column *column = &p->column[c];
	const bool spread = column->quantity == INTERVAL_POWER && column->phase == INTERVAL_ALL;
	const double max = column->quantity == INTERVAL_PF ? 1 : POWER_MAX_W;
	const double min = column->quantity == INTERVAL_CURRENT ? 0 : -max;
	double value;

	if (text_to_double(field, &value) < 0)
		return recording_text_complain(&p->in, field, "'%.60s' is not a number%s", field,
					       strchr(field, ',')
						       ? " (decimals are written with a '.')"
						       : "");
	value *= column->unit;
	if (!(value >= min && value <= max))
		return recording_text_complain(&p->in, field, "%.60s is out of range %g..%g", field,
					       min, max);
	if (spread)
		value /= p->intervals->config.phases;
	for (int phase = 0; phase < (int)p->intervals->config.phases; phase++) {
		if (column->phase == phase || column->phase == INTERVAL_ALL)
			values->of[phase][column->quantity] = (float)value;
	}
	return 0;
}

/* Current and lag of a phase; false: the row says nothing of it. */
static bool load_of(const float of[INTERVAL_QUANTITIES], double voltage_v, double *ret_current_a,
		    double *ret_lag_deg)
{
	const double pf = isnan(of[INTERVAL_PF]) ? 1 : (double)of[INTERVAL_PF];
	const double lag_deg = acos(fabs(pf)) * 180 / PI;
	const double power_w = (double)of[INTERVAL_POWER];
	bool export = pf < 0;

	if (isnan(of[INTERVAL_POWER]) && isnan(of[INTERVAL_CURRENT]))
		return false;
	if (isnan(power_w)) {
		*ret_current_a = (double)of[INTERVAL_CURRENT];
	} else {
		const double va = voltage_v * fabs(pf);

		*ret_current_a = power_w == 0 || voltage_v == 0 ? 0 : fabs(power_w) / va;
		export ^= power_w < 0;
	}
	*ret_lag_deg = export ? 180 - lag_deg : lag_deg;
	return true;
}

static int check_row(struct parser *p, const struct values *values)
{
	const struct intervals_config *config = &p->intervals->config;

	for (unsigned phase = 0; phase < config->phases; phase++) {
		const double voltage_v = config->voltage_v[phase];
		double current_a, lag_deg;

		if (load_of(values->of[phase], voltage_v, &current_a, &lag_deg) &&
		    !(current_a <= config->maximum_current_a))
			return recording_text_complain(
				&p->in, p->text,
				"%.4g A in L%u, at %g V, are more than the %g A that the meter "
				"may have",
				current_a, phase + 1, voltage_v, config->maximum_current_a);
	}
	return 0;
}

static int make_room(struct intervals *intervals)
{
	const size_t room = intervals->room ? 2 * intervals->room : ROWS_FIRST;
	struct values *rows;
	int64_t *at_ns;

	if (intervals->count < intervals->room)
		return 0;
	rows = realloc(intervals->rows, room * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	intervals->rows = rows;
	at_ns = realloc(intervals->at_ns, room * sizeof(*at_ns));
	if (!at_ns)
		return -ENOMEM;
	intervals->at_ns = at_ns;
	intervals->room = room;
	return 0;
}

/* Times rise: a repeated hour at the end of summer time does not. */
static int read_time(struct parser *p, const char *field, int64_t *ret_ns)
{
	const struct intervals *intervals = p->intervals;
	int64_t ns;

	if (!field || interval_time_parse(field, &ns) < 0)
		return recording_text_complain(&p->in, field ? field : p->text,
					       "'%.60s' is no time in seconds or like "
					       "2026-11-22T10:15:00Z",
					       field ? field : "");
	if (intervals->count == 0)
		p->begin_ns = ns;
	ns -= p->begin_ns;
	if (intervals->count && ns <= intervals->at_ns[intervals->count - 1])
		return recording_text_complain(&p->in, field,
					       "%.60s is not later than the row before it", field);
	*ret_ns = ns;
	return 0;
}

/* A row that is in p->text. */
static int read_row(struct parser *p)
{
	struct intervals *intervals = p->intervals;
	char *rest = p->text, *field = recording_text_field(&rest, p->separator);
	struct values values;
	unsigned count = 1;
	int64_t at_ns = 0;
	int r = read_time(p, field, &at_ns);

	for (int k = 0; k < WAVE_PHASES * INTERVAL_QUANTITIES; k++)
		values.of[k / INTERVAL_QUANTITIES][k % INTERVAL_QUANTITIES] = NAN;
	for (; r == 0 && (field = recording_text_field(&rest, p->separator)); count++) {
		if (count < p->columns)
			r = read_value(p, count, field, &values);
	}
	if (r == 0 && count != p->columns)
		r = recording_text_complain(&p->in, p->text,
					    "%u column%s, where the first line has %u", count,
					    count == 1 ? "" : "s", p->columns);
	if (r == 0)
		r = check_row(p, &values);
	if (r == 0)
		r = make_room(intervals);
	if (r < 0)
		return r;
	intervals->rows[intervals->count] = values;
	intervals->at_ns[intervals->count++] = at_ns;
	return 0;
}

static int read_rows(struct parser *p)
{
	struct intervals *intervals = p->intervals;
	unsigned bad = 0;
	int r;

	while ((r = next_line(p)) > 0 && bad < BAD_ROWS_MAX) {
		if (intervals->count == INTERVALS_ROWS_MAX)
			return recording_text_complain(&p->in, p->text, "more than %d rows",
						       INTERVALS_ROWS_MAX);
		r = read_row(p);
		if (r == -ENOMEM)
			return r;
		bad += r < 0;
	}
	if (r < 0)
		return r;
	if (bad)
		return -EINVAL;
	if (intervals->count == 0)
		return recording_text_complain(&p->in, NULL, "there are no rows in it");
	return 0;
}

/* --- opening --- */

static void set_round(struct intervals *intervals)
{
	const size_t last = intervals->count - 1;

	if (last > 0)
		intervals->round_ns = 2 * intervals->at_ns[last] - intervals->at_ns[last - 1];
}

int intervals_read(struct intervals **ret, FILE *file, const char *path,
		   const struct intervals_config *config, struct diag *diag)
{
	const struct recording_log log = {.path = path, .diag = diag};
	struct intervals *intervals = calloc(1, sizeof(*intervals));
	struct parser *p = calloc(1, sizeof(*p));
	int r = -ENOMEM;

	if (intervals && p) {
		intervals->config = *config;
		p->intervals = intervals;
		p->in = (struct recording_text){.file = file,
						.path = path,
						.log = &log,
						.text = p->text,
						.limit_bytes = LINE_MAX_BYTES};
		r = read_head(p);
		if (r == 0)
			r = read_rows(p);
	}
	free(p);
	if (r < 0) {
		intervals_destroy(intervals);
		return r;
	}
	set_round(intervals);
	*ret = intervals;
	return 0;
}

int intervals_open(struct intervals **ret, const char *path, const struct intervals_config *config,
		   struct diag *diag)
{
	FILE *file = fopen(path, "re");
	int r;

	if (!file)
		return -errno;
	r = intervals_read(ret, file, path, config, diag);
	fclose(file);
	return r;
}

void intervals_destroy(struct intervals *intervals)
{
	if (!intervals)
		return;
	free(intervals->rows);
	free(intervals->at_ns);
	free(intervals);
}

/* --- playing --- */

/* To the row that holds at now_ns. */
static void find_row(struct intervals *intervals, int64_t now_ns)
{
	if (now_ns < intervals->at_ns[intervals->now])
		intervals->now = 0; /* the next round */
	while (intervals->now + 1 < intervals->count &&
	       intervals->at_ns[intervals->now + 1] <= now_ns)
		intervals->now++;
}

/* The values at now_ns on the line to the next row, which is the first one at the end of a round.
 */
static struct values between(const struct intervals *intervals, int64_t now_ns)
{
	const size_t from = intervals->now;
	const bool last = from + 1 == intervals->count;
	const size_t to = last ? 0 : from + 1;
	const int64_t begin_ns = intervals->at_ns[from];
	const int64_t end_ns = last ? intervals->round_ns : intervals->at_ns[to];
	struct values values = intervals->rows[from];
	float part;

	if (last && (!intervals->config.repeat || intervals->round_ns == 0))
		return values;
	part = (float)((double)(now_ns - begin_ns) / (double)(end_ns - begin_ns));
	for (int k = 0; k < WAVE_PHASES * INTERVAL_QUANTITIES; k++) {
		float *value = &values.of[k / INTERVAL_QUANTITIES][k % INTERVAL_QUANTITIES];
		const float next =
			intervals->rows[to].of[k / INTERVAL_QUANTITIES][k % INTERVAL_QUANTITIES];

		*value += (next - *value) * part;
	}
	return values;
}

static bool apply_phase(const struct intervals *intervals, const float of[INTERVAL_QUANTITIES],
			struct synth_phase *phase)
{
	double current_a, lag_deg;

	if (!load_of(of, phase->voltage_v, &current_a, &lag_deg))
		return false;
	if (!(current_a <= intervals->config.maximum_current_a))
		current_a = intervals->config.maximum_current_a;
	if (phase->current_a == current_a && phase->lag_deg == lag_deg)
		return false;
	phase->current_a = current_a;
	phase->lag_deg = lag_deg;
	return true;
}

bool intervals_apply(struct intervals *intervals, int64_t now_ns, struct synth_input *input)
{
	const bool linear = intervals->config.linear;
	struct values values;
	bool changed = false;

	if (intervals->config.repeat && intervals->round_ns > 0)
		now_ns %= intervals->round_ns;
	find_row(intervals, now_ns);
	values = linear ? between(intervals, now_ns) : intervals->rows[intervals->now];
	for (unsigned p = 0; p < intervals->config.phases; p++)
		changed |= apply_phase(intervals, values.of[p], &input->phase[p]);
	return changed;
}
