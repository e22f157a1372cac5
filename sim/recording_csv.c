/* SPDX-License-Identifier: MIT */
/*
 * recording_csv - samples as lines of numbers
 *
 * Separated by ';', tab or ',', whichever the first line has (in this order); decimals with '.'.
 * Spreadsheets' byte order mark, CR before LF and quotes around a field are put up with; a field
 * may not contain its separator.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sim/recording_reader.h"

#define LINE_MAX_BYTES 4096
#define CHUNK_FRAMES   256
#define CHECK_ROWS     1000 /* looked at when the file is opened */
#define BAD_ROWS_MAX   10   /* the rest will be the same mistake */
#define UNEVEN_MAX     1e-3 /* of a step, between the first rows' times and evenly spaced ones */

struct csv {
	FILE *file; /* owned */
	const struct recording_log *log;
	double step_s; /* between rows, from the time column; 0: that is not used */
	bool timed;    /* the time column is used */
	char separator;
	unsigned columns;
	char *names[PLAYBACK_COLUMNS_MAX];
	float limit[PLAYBACK_COLUMNS_MAX];
	off_t first_at; /* where the first row is */
	unsigned first_line;
	unsigned line;  /* of what is in text */
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

	fclose(csv->file);
	for (unsigned c = 0; c < PLAYBACK_COLUMNS_MAX; c++)
		free(csv->names[c]);
	free(csv);
}

/* What the file says ends up on terminals. */
static void hide_controls(char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			*text = '?';
	}
}

/* at: the place in csv->text; NULL: the file as a whole. Returns -EINVAL. */
__attribute__((format(printf, 3, 4))) static int complain(const struct csv *csv, const char *at,
							  const char *format, ...)
{
	struct diag_place place = {.file = csv->log->path};
	char text[256];
	va_list args;

	if (at) {
		place.line = csv->line;
		place.column = (unsigned)(at - csv->text) + 1;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	hide_controls(text);
	diag_add(csv->log->diag, place, "%s", text);
	return -EINVAL;
}

/* --- lines and fields --- */

/* Fills csv->text. 1; 0 at the end of the file; -EINVAL or -EIO, reported. */
static int read_line(struct csv *csv)
{
	size_t len = 0;
	int c;

	csv->line++;
	while ((c = getc_unlocked(csv->file)) != EOF && c != '\n') {
		if (c == '\0')
			return complain(csv, csv->text + len, "a zero byte: this is no text file");
		if (len == LINE_MAX_BYTES)
			return complain(csv, csv->text, "the line is longer than %d bytes",
					LINE_MAX_BYTES);
		csv->text[len++] = (char)c;
	}
	if (c == EOF && ferror(csv->file)) {
		complain(csv, NULL, "cannot be read: %s", strerror(errno));
		return -EIO;
	}
	if (len && csv->text[len - 1] == '\r')
		len--;
	csv->text[len] = '\0';
	return c != EOF || len > 0;
}

static bool is_comment(const struct csv *csv)
{
	return csv->text[0] == '#' || csv->text[strspn(csv->text, " \t")] == '\0';
}

/* The next line with something in it. */
static int next_line(struct csv *csv)
{
	int r;

	do
		r = read_line(csv);
	while (r > 0 && is_comment(csv));
	return r;
}

/* Cuts the next field off, without blanks and quotes around it; NULL: none left. */
static char *take_field(const struct csv *csv, char **rest)
{
	char *field = *rest, *end;

	if (!field)
		return NULL;
	end = field + strcspn(field, (const char[]){csv->separator, '\0'});
	*rest = *end ? end + 1 : NULL;
	while (*field == ' ' || (*field == '\t' && field < end))
		field++;
	while (end > field && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end - field >= 2 && *field == '"' && end[-1] == '"') {
		field++;
		end--;
	}
	*end = '\0';
	return field;
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
		return complain(csv, field, "%.60s%s'%.60s' is not a number%s", name, colon, field,
				strchr(field, ',') ? " (decimals are written with a '.')" : "");
	if (csv->limit[column] > 0 && !(fabs(*ret) <= (double)csv->limit[column]))
		return complain(csv, field, "%.60s%s%.60s is too large (with its scale)", name,
				colon, field);
	return 0;
}

/* csv->text into row, and its time into csv->time_s. */
static int parse_row(struct csv *csv, float *row)
{
	char *rest = csv->text, *field;
	unsigned count = 0;

	while ((field = take_field(csv, &rest))) {
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
		return complain(csv, csv->text, "%u column%s, where the lines before have %u",
				count, count == 1 ? "" : "s", csv->columns);
	return 0;
}

/* Coarse, for times far into a recording have few digits left; finds gaps and repetitions. */
static int check_time(struct csv *csv)
{
	const double step_s = csv->time_s - csv->last_s;
	double expected_s;

	if (fabs(step_s - csv->step_s) > 0.5 * csv->step_s)
		return complain(
			csv, csv->text,
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
		return complain(
			csv, csv->text,
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

	if (fseeko(csv->file, csv->first_at, SEEK_SET) < 0) {
		complain(csv, NULL, "cannot be rewound: %s", strerror(errno));
		return -EIO;
	}
	csv->line = csv->first_line - 1;
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
			csv->line = stamps[k].line;
		}
	}
	return complain(
		csv, csv->text,
		"the times are not evenly spaced: a step of %.9g s, %.9g s in the mean (with "
		"a 'rate' in the file's .yaml they would not matter)",
		worst_s, step_s);
}

static int find_step(struct csv *csv, const struct stamp *stamps, unsigned rows)
{
	double step_s;

	if (rows < 2)
		return complain(csv, NULL, "two rows at least are needed to tell the rate");
	step_s = (stamps[rows - 1].s - stamps[0].s) / (rows - 1);
	if (!(step_s > 0))
		return complain(csv, NULL, "the times in its first column do not rise");
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
			stamps[rows++] = (struct stamp){.s = csv->time_s, .line = csv->line};
	}
	if (r < 0)
		return r;
	if (bad)
		return -EINVAL;
	if (rows == 0)
		return complain(csv, NULL, "there are no samples in it");
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
		hide_controls(name);
	return name;
}

/* A line without a single number names the columns; one that has some is the first row. */
static int read_head(struct csv *csv, bool *ret_names)
{
	char *rest = csv->text, *field;
	double number;
	bool names = true;

	csv->separator = strchr(csv->text, ';') ? ';' : strchr(csv->text, '\t') ? '\t' : ',';
	while ((field = take_field(csv, &rest))) {
		if (csv->columns == PLAYBACK_COLUMNS_MAX)
			return complain(csv, field, "more than %d columns", PLAYBACK_COLUMNS_MAX);
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

static void skip_byte_order_mark(FILE *file)
{
	static const char mark[] = {'\xef', '\xbb', '\xbf'};
	char begin[sizeof(mark)];

	if (fread(begin, 1, sizeof(begin), file) != sizeof(begin) ||
	    memcmp(begin, mark, sizeof(mark)) != 0)
		rewind(file);
}

/* Leaves the file before the first row. */
static int open_csv(struct csv *csv, bool *ret_names)
{
	int r;

	skip_byte_order_mark(csv->file);
	do {
		csv->first_at = ftello(csv->file);
		csv->first_line = csv->line + 1;
		r = read_line(csv);
	} while (r > 0 && is_comment(csv));
	if (r == 0)
		return complain(csv, NULL, "there are no samples in it");
	if (r > 0)
		r = read_head(csv, ret_names);
	if (r < 0)
		return r;
	if (!*ret_names)
		return csv_rewind(csv);
	csv->first_at = ftello(csv->file);
	csv->first_line = csv->line + 1;
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
	csv->file = file;
	csv->log = log;
	csv->timed = rate_hz == 0;
	r = open_csv(csv, &names);
	if (r == 0 && csv->timed && (!names || strcasecmp(csv->names[0], "time") != 0))
		r = complain(csv, NULL,
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
