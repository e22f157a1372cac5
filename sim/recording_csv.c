/* SPDX-License-Identifier: MIT */
/*
 * recording_csv - samples as lines of numbers
 *
 * Separated by ';', tab or ',', whichever the first line has (in this order); decimals with '.'.
 * Spreadsheets' byte order mark, CR before LF and quotes around a field are put up with; a field
 * may not contain its separator.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sim/recording_text.h"

#define LINE_MAX_BYTES 4096
#define CHUNK_FRAMES   256
#define CHECK_ROWS     1000 /* looked at when the file is opened */
#define BAD_ROWS_MAX   10   /* the rest will be the same mistake */
#define UNEVEN_MAX     1e-3 /* of a step, between the first rows' times and evenly spaced ones */

struct csv {
	struct recording_text in; /* its file is owned */
	double step_s;            /* between rows, from the time column; 0: that is not used */
	bool timed;               /* the time column is used */
	char separator;
	unsigned columns;
	char *names[PLAYBACK_COLUMNS_MAX];
	float limit[PLAYBACK_COLUMNS_MAX];
	off_t first_at; /* where the first row is */
	unsigned first_line;
	double time_s;  /* of the row in text */
	double last_s;  /* of the row before it; NAN: there is none */
	double begin_s; /* of the first row */
	int64_t rows;   /* since then */
	char text[LINE_MAX_BYTES + 1];
	float chunk[CHUNK_FRAMES * PLAYBACK_COLUMNS_MAX];
};

static void csv_destroy(void *ctx)
{
	struct csv *csv = ctx;

	fclose(csv->in.file);
	for (unsigned c = 0; c < PLAYBACK_COLUMNS_MAX; c++)
		free(csv->names[c]);
	free(csv);
}

/* --- lines and fields --- */

static bool is_comment(const struct csv *csv)
{
	return csv->in.text[0] == '#' || csv->in.text[strspn(csv->in.text, " \t")] == '\0';
}

/* The next line with something in it. */
static int next_line(struct csv *csv)
{
	int r;

	do
		r = recording_text_line(&csv->in);
	while (r > 0 && is_comment(csv));
	return r;
}

/* --- rows --- */

static const char *name_of(const struct csv *csv, unsigned column)
{
	return csv->names[column] ? csv->names[column] : "";
}

static int parse_value(const struct csv *csv, unsigned column, const char *field, double *ret)
{
	const char *name = name_of(csv, column);
	const char *colon = *name ? ": " : "";

	if (text_to_double(field, ret) < 0)
		return recording_text_complain(
			&csv->in, field, "%.60s%s'%.60s' is not a number%s", name, colon, field,
			strchr(field, ',') ? " (decimals are written with a '.')" : "");
	if (csv->limit[column] > 0 && !(fabs(*ret) <= (double)csv->limit[column]))
		return recording_text_complain(&csv->in, field,
					       "%.60s%s%.60s is too large (with its scale)", name,
					       colon, field);
	return 0;
}

/* csv->in.text into row, and its time into csv->time_s. */
static int parse_row(struct csv *csv, float *row)
{
	char *rest = csv->in.text, *field;
	unsigned count = 0;

	while ((field = recording_text_field(&rest, csv->separator))) {
		const unsigned c = count++;
		double value = 0;

		if (c >= csv->columns)
			continue;
		if (csv->limit[c] > 0 && parse_value(csv, c, field, &value) < 0)
			return -EINVAL;
		row[c] = (float)value;
		if (csv->timed && c == 0 && parse_value(csv, 0, field, &csv->time_s) < 0)
			return -EINVAL;
	}
	if (count != csv->columns)
		return recording_text_complain(&csv->in, csv->in.text,
					       "%u column%s, where the lines before have %u", count,
					       count == 1 ? "" : "s", csv->columns);
	return 0;
}

/* Coarse, for times far into a recording have few digits left; finds gaps and repetitions. */
static int check_time(struct csv *csv)
{
	const double step_s = csv->time_s - csv->last_s;
	double expected_s;

	if (fabs(step_s - csv->step_s) > 0.5 * csv->step_s)
		return recording_text_complain(
			&csv->in, csv->in.text,
			"the time goes on by %.9g s here, not by %.9g s as at the beginning",
			step_s, csv->step_s);
	if (isnan(csv->last_s)) {
		csv->begin_s = csv->time_s;
		csv->rows = 0;
	}
	csv->last_s = csv->time_s;
	expected_s = (double)csv->rows++ * csv->step_s;
	/* half a step, and what the printed digits of the step may be off */
	if (fabs(csv->time_s - csv->begin_s - expected_s) > 0.5 * csv->step_s + 1e-3 * expected_s)
		return recording_text_complain(
			&csv->in, csv->in.text,
			"%.9g s after the beginning, where even steps of %.9g s give %.9g s",
			csv->time_s - csv->begin_s, csv->step_s, expected_s);
	return 0;
}

static int csv_read(void *ctx, uint32_t frames, const float **ret_interleaved)
{
	struct csv *csv = ctx;
	uint32_t n = 0;

	for (; n < frames && n < CHUNK_FRAMES; n++) {
		int r = next_line(csv);

		if (r == 0)
			break;
		if (r > 0)
			r = parse_row(csv, csv->chunk + (size_t)n * csv->columns);
		if (r == 0 && csv->timed)
			r = check_time(csv);
		if (r < 0)
			return r;
	}
	*ret_interleaved = csv->chunk;
	return (int)n;
}

static int csv_rewind(void *ctx)
{
	struct csv *csv = ctx;

	if (fseeko(csv->in.file, csv->first_at, SEEK_SET) < 0) {
		recording_text_complain(&csv->in, NULL, "cannot be rewound: %s", strerror(errno));
		return -EIO;
	}
	csv->in.line = csv->first_line - 1;
	csv->last_s = (double)NAN; /* compares false: the first row has no step */
	return 0;
}

/* --- the first rows --- */

struct stamp {
	double s;
	unsigned line;
};

/* Blames the row that is farthest from an even step. */
static int complain_uneven(struct csv *csv, const struct stamp *stamps, unsigned rows,
			   double step_s)
{
	double worst = -1, worst_s = 0;

	for (unsigned k = 1; k < rows; k++) {
		const double s = stamps[k].s - stamps[k - 1].s;

		if (fabs(s - step_s) > worst) {
			worst = fabs(s - step_s);
			worst_s = s;
			csv->in.line = stamps[k].line;
		}
	}
	return recording_text_complain(
		&csv->in, csv->in.text,
		"the times are not evenly spaced: a step of %.9g s, %.9g s in the mean (with "
		"a 'rate' in the file's .yaml they would not matter)",
		worst_s, step_s);
}

static int find_step(struct csv *csv, const struct stamp *stamps, unsigned rows)
{
	double step_s;

	if (rows < 2)
		return recording_text_complain(&csv->in, NULL,
					       "two rows at least are needed to tell the rate");
	step_s = (stamps[rows - 1].s - stamps[0].s) / (rows - 1);
	if (!(step_s > 0))
		return recording_text_complain(&csv->in, NULL,
					       "the times in its first column do not rise");
	for (unsigned k = 1; k < rows; k++) {
		if (!(fabs(stamps[k].s - stamps[0].s - k * step_s) <= UNEVEN_MAX * step_s))
			return complain_uneven(csv, stamps, rows, step_s);
	}
	csv->step_s = step_s;
	return 0;
}

/* Reads the first rows' times; goes on after a bad row, to report others in the same run. */
static int check_rows(struct csv *csv, struct stamp stamps[CHECK_ROWS], unsigned *ret_rows)
{
	unsigned rows = 0, bad = 0;
	int r = 0;

	while (rows < CHECK_ROWS && bad < BAD_ROWS_MAX) {
		r = next_line(csv);
		if (r <= 0)
			break;
		if (parse_row(csv, csv->chunk) < 0)
			bad++;
		else
			stamps[rows++] = (struct stamp){.s = csv->time_s, .line = csv->in.line};
	}
	if (r < 0)
		return r;
	if (bad)
		return -EINVAL;
	if (rows == 0)
		return recording_text_complain(&csv->in, NULL, "there are no samples in it");
	*ret_rows = rows;
	return 0;
}

static int csv_start(struct recording_reader *reader, const float limit[PLAYBACK_COLUMNS_MAX])
{
	struct csv *csv = reader->playback.ctx;
	struct stamp stamps[CHECK_ROWS];
	unsigned rows = 0;
	int r;

	memcpy(csv->limit, limit, sizeof(csv->limit));
	r = check_rows(csv, stamps, &rows);
	if (r == 0 && csv->timed)
		r = find_step(csv, stamps, rows);
	if (r < 0)
		return r;
	if (csv->timed)
		reader->playback.rate_hz = 1 / csv->step_s;
	return csv_rewind(csv);
}

/* --- the first line --- */

static char *copy_name(const char *field)
{
	char *name = strdup(field);

	if (name)
		recording_text_hide(name);
	return name;
}

/* A line without a single number names the columns; one that has some is the first row. */
static int read_head(struct csv *csv, bool *ret_names)
{
	char *rest = csv->in.text, *field;
	double number;
	bool names = true;

	csv->separator = strchr(csv->in.text, ';') ? ';' : strchr(csv->in.text, '\t') ? '\t' : ',';
	while ((field = recording_text_field(&rest, csv->separator))) {
		if (csv->columns == PLAYBACK_COLUMNS_MAX)
			return recording_text_complain(&csv->in, field, "more than %d columns",
						       PLAYBACK_COLUMNS_MAX);
		names &= text_to_double(field, &number) < 0;
		csv->names[csv->columns] = copy_name(field);
		if (!csv->names[csv->columns++])
			return -ENOMEM;
	}
	*ret_names = names;
	for (unsigned c = 0; c < csv->columns && !names; c++) {
		free(csv->names[c]);
		csv->names[c] = NULL;
	}
	return 0;
}

/* Leaves the file before the first row. */
static int open_csv(struct csv *csv, bool *ret_names)
{
	int r;

	recording_text_begin(&csv->in);
	do {
		csv->first_at = ftello(csv->in.file);
		csv->first_line = csv->in.line + 1;
		r = recording_text_line(&csv->in);
	} while (r > 0 && is_comment(csv));
	if (r == 0)
		return recording_text_complain(&csv->in, NULL, "there are no samples in it");
	if (r > 0)
		r = read_head(csv, ret_names);
	if (r < 0)
		return r;
	if (!*ret_names)
		return csv_rewind(csv);
	csv->first_at = ftello(csv->in.file);
	csv->first_line = csv->in.line + 1;
	return 0;
}

int recording_csv_open(struct recording_reader *ret, FILE *file, const struct recording_log *log,
		       double rate_hz)
{
	struct csv *csv = calloc(1, sizeof(*csv));
	bool names = false;
	int r;

	if (!csv) {
		fclose(file);
		return -ENOMEM;
	}
	csv->in = (struct recording_text){.file = file,
					  .path = log->path,
					  .log = log,
					  .text = csv->text,
					  .limit_bytes = LINE_MAX_BYTES};
	csv->timed = rate_hz == 0;
	r = open_csv(csv, &names);
	if (r == 0 && csv->timed && (!names || strcasecmp(csv->names[0], "time") != 0))
		r = recording_text_complain(
			&csv->in, NULL,
			"its rate is not known: name the first column 'time' (s), or write "
			"'rate: 8000 Hz' into the file's .yaml");
	if (r < 0) {
		csv_destroy(csv);
		return r;
	}
	*ret = (struct recording_reader){
		.playback = {.ctx = csv,
			     .read = csv_read,
			     .rewind = csv_rewind,
			     .columns = csv->columns,
			     .rate_hz = rate_hz},
		.names = names ? (const char *const *)csv->names : NULL,
		.start = csv_start,
		.destroy = csv_destroy,
	};
	return 0;
}
