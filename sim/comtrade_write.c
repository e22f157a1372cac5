/* SPDX-License-Identifier: MIT */
/*
 * comtrade_write - COMTRADE 2013 with FLOAT32 data, as .cfg and .dat or as one .cff
 *
 * IEEE C37.111-2013 clauses 7, 8.6 and 10. A configuration is written anew when its figures are
 * known, at the end; in a CFF file the place for it is kept free by an information part of blanks.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cursor.h"
#include "sim/recording_sink.h"

#define FRAME_BYTES    (8 + 4 * WAVE_CHANNELS)
#define CHUNK_FRAMES   512
#define TEXT_MAX_BYTES 8192 /* before the data of a CFF file, all sections given */
#define NAME_MAX_BYTES 64   /* of station and device (7.4.2) */
#define NO_STAMP       UINT32_MAX
#define S_PER_DAY      86400

struct section {
	double rate_hz;
	int64_t end; /* number of its last sample */
};

struct comtrade {
	char *path;
	FILE *cfg;
	FILE *dat; /* == cfg: CFF */
	char station[NAME_MAX_BYTES + 1], device[NAME_MAX_BYTES + 1];
	double line_hz;
	int64_t begin_ns;
	unsigned sections;
	struct section section[RECORDING_WRITE_SECTIONS_MAX];
	int64_t frames;
	double section_us; /* where the present section begins */
	uint8_t chunk[CHUNK_FRAMES * FRAME_BYTES];
};

static int64_t section_first(const struct comtrade *comtrade)
{
	return comtrade->sections > 1 ? comtrade->section[comtrade->sections - 2].end : 0;
}

static void comtrade_destroy(void *ctx)
{
	struct comtrade *comtrade = ctx;

	if (comtrade->dat && comtrade->dat != comtrade->cfg)
		fclose(comtrade->dat);
	if (comtrade->cfg)
		fclose(comtrade->cfg);
	free(comtrade->path);
	free(comtrade);
}

/* --- the configuration --- */

struct text {
	char data[TEXT_MAX_BYTES + 1];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->data + text->len, sizeof(text->data) - text->len, format, args);
	va_end(args);
	if (n > 0)
		text->len += (size_t)n;
}

/* The Gregorian date of a day since 1970-01-01, counted in years that begin in March. */
static void add_date(struct text *text, int64_t ns)
{
	const int64_t s = ns / 1000000000, days = s / S_PER_DAY, in_day = s % S_PER_DAY;
	const int64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
	const int64_t year_of_era =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const int64_t march = (5 * of_year + 2) / 153, day = of_year - (153 * march + 2) / 5 + 1;
	const int64_t month = march < 10 ? march + 3 : march - 9;
	const int64_t year = year_of_era + 400 * era + (month <= 2);

	add(text,
	    "%02" PRId64 "/%02" PRId64 "/%04" PRId64 ",%02" PRId64 ":%02" PRId64 ":%02" PRId64
	    ".%06" PRId64 "\r\n",
	    day, month, year, in_day / 3600, in_day / 60 % 60, in_day % 60, ns % 1000000000 / 1000);
}

static void add_channels(struct text *text)
{
	static const struct {
		const char *name, *phase, *unit;
	} channels[WAVE_CHANNELS] = {
		{"v1", "A", "V"}, {"v2", "B", "V"}, {"v3", "C", "V"},
		{"i1", "A", "A"}, {"i2", "B", "A"}, {"i3", "C", "A"},
	};

	add(text, "%d,%dA,0D\r\n", WAVE_CHANNELS, WAVE_CHANNELS);
	for (int c = 0; c < WAVE_CHANNELS; c++)
		add(text, "%d,%s,%s,,%s,1,0,0,-3.4028235E+38,3.4028235E+38,1,1,S\r\n", c + 1,
		    channels[c].name, channels[c].phase, channels[c].unit);
}

static void add_cfg(struct text *text, const struct comtrade *comtrade)
{
	add(text, "%s,%s,2013\r\n", comtrade->station, comtrade->device);
	add_channels(text);
	add(text, "%.6g\r\n%u\r\n", comtrade->line_hz, comtrade->sections);
	for (unsigned s = 0; s < comtrade->sections; s++)
		add(text, "%.17g,%" PRId64 "\r\n", comtrade->section[s].rate_hz,
		    comtrade->section[s].end);
	add_date(text, comtrade->begin_ns);
	add_date(text, comtrade->begin_ns);
	add(text, "FLOAT32\r\n1\r\n0,0\r\n0,3\r\n");
}

/* Always TEXT_MAX_BYTES long. */
static void add_parts(struct text *text, const struct comtrade *comtrade)
{
	char data_part[80];
	int len;

	add(text, "--- file type: CFG ---\r\n");
	add_cfg(text, comtrade);
	add(text, "--- file type: INF ---\r\n");
	len = snprintf(data_part, sizeof(data_part),
		       "\r\n--- file type: DAT FLOAT32: %" PRId64 " ---\r\n",
		       comtrade->frames * FRAME_BYTES);
	while (text->len + (size_t)len + 64 < TEXT_MAX_BYTES)
		add(text, "%62s\r\n", "");
	add(text, "%*s%s", TEXT_MAX_BYTES - (int)text->len - len, "", data_part);
}

static int write_cfg(struct comtrade *comtrade)
{
	struct text text = {.len = 0};

	if (comtrade->dat == comtrade->cfg)
		add_parts(&text, comtrade);
	else
		add_cfg(&text, comtrade);
	if (fseeko(comtrade->cfg, 0, SEEK_SET) < 0 ||
	    fwrite(text.data, 1, text.len, comtrade->cfg) != text.len || fflush(comtrade->cfg) != 0)
		return errno ? -errno : -EIO;
	return 0;
}

/* --- the data --- */

/* Stamps are microseconds; the rate counts, and they may be missing, when they run over. */
static uint32_t stamp_of(const struct comtrade *comtrade, int64_t frame)
{
	const double rate_hz = comtrade->section[comtrade->sections - 1].rate_hz;
	const double us =
		comtrade->section_us + (double)(frame - section_first(comtrade)) * 1e6 / rate_hz;

	return us < (double)NO_STAMP ? (uint32_t)us : NO_STAMP;
}

static void put_frame(struct cursor_out *out, uint32_t number, uint32_t stamp,
		      const float *const ch[WAVE_CHANNELS], uint32_t k)
{
	cursor_put_le32(out, number);
	cursor_put_le32(out, stamp);
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		uint32_t bits;

		memcpy(&bits, &ch[c][k], sizeof(bits));
		cursor_put_le32(out, bits);
	}
}

static int write_chunk(struct comtrade *comtrade, const float *const ch[WAVE_CHANNELS],
		       uint32_t from, uint32_t frames)
{
	struct cursor_out out;

	cursor_out_init(&out, comtrade->chunk, sizeof(comtrade->chunk));
	for (uint32_t k = 0; k < frames; k++) {
		const int64_t frame = comtrade->frames + k;

		put_frame(&out, (uint32_t)frame + 1, stamp_of(comtrade, frame), ch, from + k);
	}
	errno = 0;
	if (fwrite(out.data, 1, out.len_bytes, comtrade->dat) != out.len_bytes)
		return errno ? -errno : -EIO;
	comtrade->frames += frames;
	comtrade->section[comtrade->sections - 1].end = comtrade->frames;
	return 0;
}

/* A new rate, a new section. */
static int begin_section(struct comtrade *comtrade, double rate_hz)
{
	if (comtrade->sections && comtrade->section[comtrade->sections - 1].rate_hz == rate_hz)
		return 0;
	if (comtrade->sections == RECORDING_WRITE_SECTIONS_MAX)
		return -ERANGE;
	if (comtrade->sections)
		comtrade->section_us += (double)(comtrade->frames - section_first(comtrade)) * 1e6 /
					comtrade->section[comtrade->sections - 1].rate_hz;
	comtrade->section[comtrade->sections++] =
		(struct section){.rate_hz = rate_hz, .end = comtrade->frames};
	return 0;
}

static int comtrade_write(void *ctx, double rate_hz, const float *const ch[WAVE_CHANNELS],
			  uint32_t frames)
{
	struct comtrade *comtrade = ctx;
	int r;

	if (comtrade->frames + frames > (int64_t)UINT32_MAX)
		return -EFBIG;
	r = begin_section(comtrade, rate_hz);
	for (uint32_t done = 0; done < frames && r == 0;) {
		const uint32_t left = frames - done;
		const uint32_t n = left < CHUNK_FRAMES ? left : CHUNK_FRAMES;

		r = write_chunk(comtrade, ch, done, n);
		done += n;
	}
	return r;
}

static int close_file(FILE **file)
{
	FILE *closed = *file;

	*file = NULL;
	return fclose(closed) == 0 ? 0 : -errno;
}

static int comtrade_finish(void *ctx)
{
	struct comtrade *comtrade = ctx;
	const bool cff = comtrade->dat == comtrade->cfg;
	int r = write_cfg(comtrade);

	if (r == 0 && !cff)
		r = close_file(&comtrade->dat);
	if (r == 0) {
		r = close_file(&comtrade->cfg);
		comtrade->dat = NULL;
	}
	return r;
}

/* --- opening --- */

/* A separator or a control character would end the field. */
static void copy_name(char name[NAME_MAX_BYTES + 1], const char *from)
{
	size_t len = 0;

	for (; from && *from && len < NAME_MAX_BYTES; from++)
		name[len++] = (char)(*from == ',' || (unsigned char)*from < ' ' ? ' ' : *from);
}

/* The path of the data, of a path that ends in cfg. */
static void turn_to_data(char *path)
{
	static const char small[] = "dat", capital[] = "DAT", mixed[] = "Dat";
	char *ending = path + strlen(path) - 3;

	memcpy(ending, ending[0] == 'c' ? small : ending[1] == 'F' ? capital : mixed, 3);
}

/* In a CFF file the data begin behind the place of the configuration. */
static int open_files(struct comtrade *comtrade, const char *path)
{
	comtrade->path = strdup(path);
	if (!comtrade->path)
		return -ENOMEM;
	comtrade->cfg = fopen(path, "w+e");
	if (!comtrade->cfg)
		return -errno;
	if (strcasecmp(strrchr(path, '.'), ".cff") == 0) {
		comtrade->dat = comtrade->cfg;
		return write_cfg(comtrade);
	}
	turn_to_data(comtrade->path);
	comtrade->dat = fopen(comtrade->path, "we");
	return comtrade->dat ? 0 : -errno;
}

int recording_comtrade_create(struct recording_sink *ret, const char *path,
			      const struct recording_write_info *info)
{
	struct comtrade *comtrade = calloc(1, sizeof(*comtrade));
	int r;

	if (!comtrade)
		return -ENOMEM;
	copy_name(comtrade->station, info->station ? info->station : "metersim");
	copy_name(comtrade->device, info->device);
	comtrade->line_hz = info->line_hz;
	comtrade->begin_ns = info->begin_ns;
	r = open_files(comtrade, path);
	if (r < 0) {
		comtrade_destroy(comtrade);
		return r;
	}
	*ret = (struct recording_sink){.ctx = comtrade,
				       .write = comtrade_write,
				       .finish = comtrade_finish,
				       .destroy = comtrade_destroy};
	return 0;
}
