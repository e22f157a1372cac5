/* SPDX-License-Identifier: MIT */
/*
 * recording_comtrade - COMTRADE recordings: .cfg with .dat, or .cff, in every encoding
 *
 * IEEE C37.111-1991, -1999 and -2013, clause 8. Columns are the analog channels, in V or A, at the
 * side of the instrument transformers that was asked for; digital channels are skipped. What lies
 * about itself (number of samples, their numbers, their time stamps) is refused with its place.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/comtrade_cff.h"
#include "sim/comtrade_frame.h"

#define CFG_LINE_BYTES 4096
#define DAT_LINE_BYTES (1 << 18) /* COMTRADE_DIGITALS_MAX of them, and the analog values */
#define CHUNK_FRAMES   256
#define CHUNK_BYTES    65536 /* of a binary file, at once; more for a single longer frame */
#define CHECK_FRAMES   8192  /* looked at when the file is opened */
#define UNEVEN_MAX     1e-3  /* of a step, besides one unit of the time stamps */
#define SKEW_EQUAL_US  1e-3

struct comtrade {
	FILE *cfg_file, *dat_file; /* owned; dat_file == cfg_file: CFF */
	const struct recording_log *log;
	struct recording_comtrade_options options;
	struct comtrade_cfg cfg;
	const char **names;
	struct recording_column *columns;
	float limit[PLAYBACK_COLUMNS_MAX];
	double factor[PLAYBACK_COLUMNS_MAX]; /* from the file's units to V or A at the side asked
						for */
	float held[PLAYBACK_COLUMNS_MAX];

	struct recording_text dat; /* path and, if ASCII, lines of the data */
	char *dat_path;
	off_t data_at;      /* of its first byte */
	unsigned data_line; /* of its first line, less one */
	int64_t data_bytes; /* from the part's head in a CFF file; -1: to the end */
	size_t frame_bytes; /* binary */
	uint8_t *raw;
	float *chunk;
	struct comtrade_frame frame;

	int64_t begin, end;  /* samples to play, [begin, end), from 0 */
	int64_t at;          /* sample to be read next */
	int64_t number;      /* that it should have; -1: any */
	bool timed;          /* the time stamps tell the rate */
	double step;         /* between samples, in units of the stamps; 0: not known yet */
	int64_t first, last; /* stamps, without the turns of their 32 bits; last < 0: none yet */
	int64_t stamps;      /* since first */
};

static void comtrade_destroy(void *ctx)
{
	struct comtrade *comtrade = ctx;

	if (comtrade->dat_file && comtrade->dat_file != comtrade->cfg_file)
		fclose(comtrade->dat_file);
	fclose(comtrade->cfg_file);
	comtrade_cfg_fini(&comtrade->cfg);
	free(comtrade->names);
	free(comtrade->columns);
	free(comtrade->dat.text);
	free(comtrade->dat_path);
	free(comtrade->raw);
	free(comtrade->chunk);
	free(comtrade);
}

/* --- complaints --- */

/* At a line of the configuration. */
__attribute__((format(printf, 3, 4))) static int complain_cfg(const struct comtrade *comtrade,
							      unsigned line, const char *format,
							      ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_add(comtrade->log->diag,
		 (struct diag_place){.file = comtrade->log->path, .line = line, .column = 1}, "%s",
		 text);
	return -EINVAL;
}

/* At the sample that is being read: its line, or its first byte. */
__attribute__((format(printf, 2, 3))) static int complain(const struct comtrade *comtrade,
							  const char *format, ...)
{
	const struct recording_text *dat = &comtrade->dat;
	const long long byte =
		(long long)comtrade->data_at + comtrade->at * (long long)comtrade->frame_bytes;
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (comtrade->frame_bytes)
		return recording_text_complain(dat, NULL, "sample %lld (byte %lld): %s",
					       (long long)comtrade->at + 1, byte, text);
	return recording_text_complain(dat, dat->text, "sample %lld: %s",
				       (long long)comtrade->at + 1, text);
}

/* --- samples --- */

/* In a row, whatever the first one's is. */
static int check_number(struct comtrade *comtrade)
{
	const int64_t number = comtrade->frame.number;

	if (comtrade->number >= 0 && number != comtrade->number)
		return complain(comtrade,
				"its number is %lld, not %lld: samples are missing, or the .cfg "
				"has other channels than the data",
				(long long)number, (long long)comtrade->number);
	comtrade->number = number + 1;
	if (comtrade->frame_bytes)
		comtrade->number &= UINT32_MAX;
	return 0;
}

/* Binary stamps begin anew after 2^32 units. */
static int take_stamp(struct comtrade *comtrade)
{
	const int64_t stamp = comtrade->frame.stamp;

	if (stamp < 0)
		return complain(comtrade, "the time stamp is missing, and there is no rate without "
					  "it (or write 'rate: 8000 Hz' into the .yaml)");
	if (comtrade->last < 0) {
		comtrade->first = comtrade->last = stamp;
		comtrade->stamps = 0;
	} else if (comtrade->frame_bytes) {
		comtrade->last += (uint32_t)((uint64_t)stamp - (uint64_t)comtrade->last);
	} else {
		comtrade->last = stamp;
	}
	return 0;
}

/* Coarse, as with CSV: finds gaps, repetitions, and a clock that runs away. */
static int check_stamp(struct comtrade *comtrade)
{
	const int64_t before = comtrade->last;
	double step, expected, since;

	if (take_stamp(comtrade) < 0)
		return -EINVAL;
	if (comtrade->step == 0)
		return 0;
	step = (double)(comtrade->last - before);
	if (before >= 0 && fabs(step - comtrade->step) > 0.5 * comtrade->step + 1)
		return complain(comtrade,
				"the time goes on by %.9g s here, not by %.9g s as at the "
				"beginning",
				step * comtrade->cfg.stamp_s,
				comtrade->step * comtrade->cfg.stamp_s);
	expected = (double)comtrade->stamps++ * comtrade->step;
	since = (double)(comtrade->last - comtrade->first);
	if (fabs(since - expected) > 0.5 * comtrade->step + 1 + 1e-3 * expected)
		return complain(comtrade,
				"%.9g s after the beginning, where even steps give %.9g s",
				since * comtrade->cfg.stamp_s, expected * comtrade->cfg.stamp_s);
	return 0;
}

static int scale_value(struct comtrade *comtrade, unsigned c, float *ret)
{
	const struct comtrade_analog *analog = &comtrade->cfg.analog[c];
	const struct comtrade_frame *frame = &comtrade->frame;
	const double value = comtrade->factor[c] * (analog->a * frame->value[c] + analog->b);

	if (comtrade->limit[c] == 0) {
		*ret = 0;
		return 0;
	}
	if (frame->missing[c] && comtrade->options.missing == RECORDING_HOLD) {
		*ret = comtrade->held[c];
		return 0;
	}
	if (frame->missing[c])
		return complain(comtrade,
				"%.60s is missing (with 'comtrade: {missing: hold}' in the .yaml "
				"the value before it stays)",
				comtrade->names[c]);
	if (!(fabs(value) <= (double)comtrade->limit[c]))
		return complain(comtrade, "%.60s: %g %s is too large (with its scale)",
				comtrade->names[c], value,
				comtrade->columns[c].quantity == RECORDING_CURRENT ? "A" : "V");
	*ret = comtrade->held[c] = (float)value;
	return 0;
}

/* 0, or negative errno. */
static int take_frame(struct comtrade *comtrade, float *row)
{
	int r = check_number(comtrade);

	if (r == 0 && comtrade->timed)
		r = check_stamp(comtrade);
	for (unsigned c = 0; c < comtrade->cfg.analogs && r == 0; c++)
		r = scale_value(comtrade, c, &row[c]);
	if (r == 0)
		comtrade->at++;
	return r;
}

static int complain_short(struct comtrade *comtrade)
{
	const struct comtrade_cfg *cfg = &comtrade->cfg;

	if (ferror(comtrade->dat_file)) {
		recording_text_complain(&comtrade->dat, NULL, "cannot be read: %s",
					strerror(errno));
		return -EIO;
	}
	complain(comtrade, "the data end here, after %lld of %lld samples", (long long)comtrade->at,
		 (long long)cfg->section[cfg->sections - 1].end);
	return -EIO;
}

/* comtrade->frame is filled. 1; 0 at the end of the data; negative errno. */
static int read_frame(struct comtrade *comtrade, uint32_t n)
{
	if (comtrade->frame_bytes == 0)
		return comtrade_frame_line(&comtrade->cfg, &comtrade->dat, comtrade->limit,
					   &comtrade->frame);
	comtrade_frame_get(&comtrade->cfg, comtrade->raw + n * comtrade->frame_bytes,
			   &comtrade->frame);
	return 1;
}

/* The size of a text tells nothing beforehand. 0 or negative errno. */
static int check_end(struct comtrade *comtrade)
{
	const struct comtrade_cfg *cfg = &comtrade->cfg;
	int r;

	if (comtrade->frame_bytes || comtrade->end < cfg->section[cfg->sections - 1].end)
		return 0;
	r = read_frame(comtrade, 0);
	if (r <= 0)
		return r;
	return recording_text_complain(&comtrade->dat, comtrade->dat.text,
				       "the data go on behind the last sample, %lld",
				       (long long)comtrade->end);
}

static uint32_t chunk_frames(const struct comtrade *comtrade)
{
	const size_t fit =
		comtrade->frame_bytes ? CHUNK_BYTES / comtrade->frame_bytes : CHUNK_FRAMES;

	return fit < 1 ? 1 : fit > CHUNK_FRAMES ? CHUNK_FRAMES : (uint32_t)fit;
}

static int comtrade_read(void *ctx, uint32_t frames, const float **ret_interleaved)
{
	struct comtrade *comtrade = ctx;
	const int64_t left = comtrade->end - comtrade->at;
	uint32_t want = chunk_frames(comtrade), n;

	if (left <= 0)
		return check_end(comtrade);
	want = want > frames ? frames : want;
	want = (int64_t)want > left ? (uint32_t)left : want;
	if (comtrade->raw)
		want = (uint32_t)fread(comtrade->raw, comtrade->frame_bytes, want,
				       comtrade->dat_file);
	for (n = 0; n < want; n++) {
		int r = read_frame(comtrade, n);

		if (r == 0 && n > 0)
			comtrade->dat.line--; /* looked for again by the next call */
		if (r == 0)
			break;
		if (r > 0)
			r = take_frame(comtrade,
				       comtrade->chunk + (size_t)n * comtrade->cfg.analogs);
		if (r < 0)
			return r;
	}
	*ret_interleaved = comtrade->chunk;
	return n ? (int)n : complain_short(comtrade);
}

/* Lines before the section that is played. */
static int skip_lines(struct comtrade *comtrade)
{
	for (; comtrade->at < comtrade->begin; comtrade->at++) {
		const int r = read_frame(comtrade, 0);

		if (r <= 0)
			return r < 0 ? r : complain_short(comtrade);
	}
	return 0;
}

static int comtrade_rewind(void *ctx)
{
	struct comtrade *comtrade = ctx;
	const int64_t skip = comtrade->begin * (int64_t)comtrade->frame_bytes;

	if (fseeko(comtrade->dat_file, comtrade->data_at + (off_t)skip, SEEK_SET) < 0) {
		recording_text_complain(&comtrade->dat, NULL, "cannot be rewound: %s",
					strerror(errno));
		return -EIO;
	}
	memset(comtrade->held, 0, sizeof(comtrade->held));
	comtrade->dat.line = comtrade->data_line;
	comtrade->number = -1;
	comtrade->last = -1;
	comtrade->at = comtrade->frame_bytes ? comtrade->begin : 0;
	return skip_lines(comtrade);
}

/* --- the start --- */

static int find_factor(const struct comtrade *comtrade, unsigned c, double *ret)
{
	const struct comtrade_analog *analog = &comtrade->cfg.analog[c];
	const enum recording_side side = comtrade->options.side;
	const bool primary = side == RECORDING_PRIMARY;

	*ret = analog->unit;
	if (side == RECORDING_AS_STORED || analog->side == (primary ? 'P' : 'S'))
		return 0;
	if (!analog->side && !primary)
		return 0;
	if (!analog->side)
		return complain_cfg(comtrade, analog->line,
				    "%.60s: the line does not say whether its values are primary, "
				    "nor the ratio",
				    analog->name);
	if (!(analog->primary > 0) || !(analog->secondary > 0))
		return complain_cfg(
			comtrade, analog->line,
			"%.60s: its values are %s, and its ratio of %g : %g leads to no "
			"others (with 'comtrade: {values: stored}' in the .yaml they "
			"are used as they are)",
			analog->name, primary ? "secondary" : "primary", analog->primary,
			analog->secondary);
	*ret *= primary ? analog->primary / analog->secondary : analog->secondary / analog->primary;
	return 0;
}

/* A skew that all channels have moves the recording as a whole, which nobody can see. */
static int check_skew(const struct comtrade *comtrade)
{
	const struct comtrade_analog *first = NULL;

	for (unsigned c = 0; c < comtrade->cfg.analogs; c++) {
		const struct comtrade_analog *analog = &comtrade->cfg.analog[c];

		if (comtrade->limit[c] == 0)
			continue;
		if (!first)
			first = analog;
		if (fabs(analog->skew_us - first->skew_us) > SKEW_EQUAL_US)
			return complain_cfg(
				comtrade, analog->line,
				"%.60s was sampled %g us later than %.60s, which is not made good "
				"(with 'comtrade: {skew: ignore}' in the .yaml it is played as if "
				"at once)",
				analog->name, analog->skew_us - first->skew_us, first->name);
	}
	return 0;
}

static int prepare_columns(struct comtrade *comtrade)
{
	for (unsigned c = 0; c < comtrade->cfg.analogs; c++) {
		const struct comtrade_analog *analog = &comtrade->cfg.analog[c];

		if (comtrade->limit[c] == 0)
			continue;
		if (analog->a == 0)
			return complain_cfg(comtrade, analog->line, "%.60s: an a of 0 silences it",
					    analog->name);
		if (find_factor(comtrade, c, &comtrade->factor[c]) < 0)
			return -EINVAL;
	}
	return comtrade->options.ignore_skew ? 0 : check_skew(comtrade);
}

/* Sets the step by the stamps of the first samples, whose unit may be coarse. */
static int find_step(struct comtrade *comtrade, const int64_t *stamps, int64_t count)
{
	const int64_t rise = stamps[count - 1] - stamps[0];
	const double step = count > 1 ? (double)rise / (double)(count - 1) : 0;

	if (count < 2)
		return recording_text_complain(&comtrade->dat, NULL,
					       "two samples at least are needed to tell the rate");
	if (!(step > 0))
		return recording_text_complain(&comtrade->dat, NULL, "the time stamps do not rise");
	for (int64_t k = 1; k < count; k++) {
		const double off = (double)(stamps[k] - stamps[0]) - (double)k * step;

		if (fabs(off) <= UNEVEN_MAX * step + 1)
			continue;
		comtrade->at = comtrade->begin + k;
		return recording_text_complain(&comtrade->dat, NULL,
					       "sample %lld: the time stamps are not evenly "
					       "spaced: it is %.9g s off (with "
					       "a 'rate' in the .yaml they would not matter)",
					       (long long)comtrade->at + 1,
					       off * comtrade->cfg.stamp_s);
	}
	comtrade->step = step;
	return 0;
}

/* Reads the first samples. */
static int check_frames(struct comtrade *comtrade, int64_t *stamps)
{
	const float *interleaved;
	int64_t count = 0;
	int n;

	do {
		n = comtrade_read(comtrade, stamps ? 1 : CHUNK_FRAMES, &interleaved);
		if (n > 0 && stamps)
			stamps[count] = comtrade->last;
		if (n > 0)
			count += n;
	} while (n > 0 && count < CHECK_FRAMES);
	if (n < 0)
		return n;
	return stamps ? find_step(comtrade, stamps, count) : 0;
}

static int check_beginning(struct comtrade *comtrade)
{
	int64_t *stamps = NULL;
	int r;

	if (comtrade->timed) {
		stamps = calloc(CHECK_FRAMES, sizeof(*stamps));
		if (!stamps)
			return -ENOMEM;
	}
	r = check_frames(comtrade, stamps);
	free(stamps);
	return r;
}

static int comtrade_start(struct recording_reader *reader, const float limit[PLAYBACK_COLUMNS_MAX])
{
	struct comtrade *comtrade = reader->playback.ctx;
	int r;

	memcpy(comtrade->limit, limit, sizeof(comtrade->limit));
	r = prepare_columns(comtrade);
	if (r == 0)
		r = comtrade_rewind(comtrade);
	if (r == 0)
		r = check_beginning(comtrade);
	if (r < 0)
		return r;
	if (comtrade->timed)
		reader->playback.rate_hz = 1 / (comtrade->step * comtrade->cfg.stamp_s);
	return comtrade_rewind(comtrade);
}

/* --- what is played --- */

/* Which samples are played, and at what rate; 0: the time stamps tell it. */
static int choose_section(struct comtrade *comtrade, double *ret_rate_hz)
{
	const struct comtrade_cfg *cfg = &comtrade->cfg;
	const int64_t asked = comtrade->options.section;
	const unsigned s = asked ? (unsigned)asked - 1 : 0;

	if (asked > cfg->sections)
		return complain_cfg(comtrade, cfg->section[0].line,
				    "the .yaml asks for section %lld, but the last one is %u",
				    (long long)asked, cfg->sections);
	if (!asked && cfg->sections > 1)
		return complain_cfg(
			comtrade, cfg->section[0].line,
			"it has %u sampling rates, %g Hz up to sample %lld, then %g Hz up to "
			"sample %lld%s: say which one to play, for example 'comtrade: {section: "
			"1}' in the .yaml",
			cfg->sections, cfg->section[0].rate_hz, (long long)cfg->section[0].end,
			cfg->section[1].rate_hz, (long long)cfg->section[1].end,
			cfg->sections > 2 ? " ..." : "");
	comtrade->begin = s ? cfg->section[s - 1].end : 0;
	comtrade->end = cfg->section[s].end;
	*ret_rate_hz = cfg->timed ? comtrade->options.rate_hz : cfg->section[s].rate_hz;
	comtrade->timed = cfg->timed && comtrade->options.rate_hz == 0;
	return 0;
}

/* The size of a binary file is known beforehand, down to the byte. */
static int check_size(struct comtrade *comtrade)
{
	const struct comtrade_cfg *cfg = &comtrade->cfg;
	const int64_t samples = cfg->section[cfg->sections - 1].end;
	const int64_t expected = samples * (int64_t)comtrade->frame_bytes;
	int64_t bytes = comtrade->data_bytes, there, byte;

	if (fseeko(comtrade->dat_file, 0, SEEK_END) < 0 ||
	    (there = ftello(comtrade->dat_file)) < 0) {
		recording_text_complain(&comtrade->dat, NULL, "cannot be read: %s",
					strerror(errno));
		return -EIO;
	}
	there -= comtrade->data_at;
	if (bytes < 0 || bytes > there)
		bytes = there;
	byte = comtrade->data_at + bytes;
	if (bytes == expected)
		return 0;
	return recording_text_complain(
		&comtrade->dat, NULL,
		"byte %lld: the data end here, after %lld bytes, where %lld samples of %zu bytes "
		"(%u analog, %u digital channels) make %lld",
		(long long)byte, (long long)bytes, (long long)samples, comtrade->frame_bytes,
		cfg->analogs, cfg->digitals, (long long)expected);
}

static int prepare_data(struct comtrade *comtrade)
{
	const struct comtrade_cfg *cfg = &comtrade->cfg;

	comtrade->frame_bytes = comtrade_frame_bytes(cfg);
	comtrade->chunk = calloc((size_t)CHUNK_FRAMES * cfg->analogs, sizeof(*comtrade->chunk));
	if (!comtrade->chunk)
		return -ENOMEM;
	if (comtrade->frame_bytes) {
		comtrade->raw = calloc(chunk_frames(comtrade), comtrade->frame_bytes);
		return comtrade->raw ? check_size(comtrade) : -ENOMEM;
	}
	comtrade->dat.limit_bytes = DAT_LINE_BYTES;
	comtrade->dat.text = calloc(1, DAT_LINE_BYTES + 1);
	return comtrade->dat.text ? 0 : -ENOMEM;
}

static int copy_columns(struct comtrade *comtrade)
{
	const unsigned count = comtrade->cfg.analogs;

	assert(count > 0); /* comtrade_cfg refuses none */
	comtrade->names = calloc(count, sizeof(*comtrade->names));
	comtrade->columns = calloc(count, sizeof(*comtrade->columns));
	if (!comtrade->names || !comtrade->columns)
		return -ENOMEM;
	for (unsigned c = 0; c < count; c++) {
		comtrade->names[c] = comtrade->cfg.analog[c].name;
		comtrade->columns[c] = comtrade->cfg.analog[c].column;
	}
	return 0;
}

/* --- opening --- */

static int read_cfg(struct comtrade *comtrade)
{
	const bool cff = comtrade->dat_file == comtrade->cfg_file;
	char text[CFG_LINE_BYTES + 1];
	struct recording_text in = {.file = comtrade->cfg_file,
				    .path = comtrade->log->path,
				    .log = comtrade->log,
				    .text = text,
				    .limit_bytes = CFG_LINE_BYTES};
	int r = 0;

	recording_text_begin(&in);
	if (cff)
		r = comtrade_cff_begin(&in);
	if (r == 0)
		r = comtrade_cfg_read(&comtrade->cfg, &in);
	if (r == 0 && cff)
		r = comtrade_cff_find_data(&comtrade->cfg, &in, &comtrade->data_bytes);
	if (r < 0 || !cff)
		return r;
	comtrade->data_at = ftello(in.file);
	comtrade->data_line = in.line;
	return 0;
}

static int open_comtrade(struct comtrade *comtrade, double *ret_rate_hz)
{
	int r = read_cfg(comtrade);

	if (r == 0)
		r = choose_section(comtrade, ret_rate_hz);
	if (r == 0)
		r = copy_columns(comtrade);
	if (r == 0)
		r = prepare_data(comtrade);
	return r;
}

static int create(struct comtrade **ret, const struct recording_comtrade_files *files,
		  const struct recording_log *log, const struct recording_comtrade_options *options)
{
	struct comtrade *comtrade = calloc(1, sizeof(*comtrade));

	if (!comtrade) {
		fclose(files->cfg);
		if (files->dat)
			fclose(files->dat);
		return -ENOMEM;
	}
	*ret = comtrade;
	comtrade->cfg_file = files->cfg;
	comtrade->dat_file = files->dat ? files->dat : files->cfg;
	comtrade->log = log;
	comtrade->options = *options;
	comtrade->data_bytes = -1;
	comtrade->dat_path = strdup(files->dat ? files->dat_path : log->path);
	comtrade->dat.file = comtrade->dat_file;
	comtrade->dat.path = comtrade->dat_path;
	comtrade->dat.log = log;
	return comtrade->dat_path ? 0 : -ENOMEM;
}

int recording_comtrade_open(struct recording_reader *ret,
			    const struct recording_comtrade_files *files,
			    const struct recording_log *log,
			    const struct recording_comtrade_options *options)
{
	struct comtrade *comtrade = NULL;
	double rate_hz = 0;
	int r = create(&comtrade, files, log, options);

	if (r == 0)
		r = open_comtrade(comtrade, &rate_hz);
	if (r < 0) {
		if (comtrade)
			comtrade_destroy(comtrade);
		return r;
	}
	*ret = (struct recording_reader){
		.playback = {.ctx = comtrade,
			     .read = comtrade_read,
			     .rewind = comtrade_rewind,
			     .columns = comtrade->cfg.analogs,
			     .rate_hz = rate_hz},
		.names = comtrade->names,
		.columns = comtrade->columns,
		.start = comtrade_start,
		.destroy = comtrade_destroy,
	};
	return 0;
}
