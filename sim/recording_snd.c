/* SPDX-License-Identifier: MIT */
/*
 * recording_snd - WAV (also RF64 and W64, for more than 4 GB) and FLAC files, by libsndfile
 *
 * Reads all of them and writes float WAV, RF64 where it has to be.
 */
#include <errno.h>
#include <math.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/recording_reader.h"
#include "sim/recording_sink.h"

#define CHUNK_FRAMES 1024
#define CHECK_FRAMES 8192 /* looked at when the file is opened */

struct snd {
	SNDFILE *file;
	SF_INFO info;
	int fd; /* owned; libsndfile would not say whether it closed it when it failed */
	const struct recording_log *log;
	sf_count_t at; /* frames read so far */
	float limit[PLAYBACK_COLUMNS_MAX];
	float *chunk;
};

static void snd_destroy(void *ctx)
{
	struct snd *snd = ctx;

	if (snd->file)
		sf_close(snd->file);
	close(snd->fd);
	free(snd->chunk);
	free(snd);
}

__attribute__((format(printf, 2, 3))) static void complain(const struct snd *snd,
							   const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_add(snd->log->diag, (struct diag_place){.file = snd->log->path}, "%s", text);
}

static int check_column(const struct snd *snd, unsigned column, sf_count_t frames)
{
	const float limit = snd->limit[column];
	const unsigned columns = (unsigned)snd->info.channels;
	const float *in = snd->chunk + column;

	for (sf_count_t k = 0; k < frames; k++, in += columns) {
		const long long frame = snd->at + k;

		if (fabsf(*in) <= limit) /* not so for NaN */
			continue;
		if (isfinite(*in))
			complain(snd, "column %u, frame %lld: %g is too large (with its scale)",
				 column + 1, frame, (double)*in);
		else
			complain(snd, "column %u, frame %lld: the sample is not a number",
				 column + 1, frame);
		return -EINVAL;
	}
	return 0;
}

/* No more frames: at the end, or not. */
static int judge_end(const struct snd *snd)
{
	if (sf_error(snd->file) != SF_ERR_NO_ERROR) {
		complain(snd, "cannot be read from frame %lld on: %s", (long long)snd->at,
			 sf_strerror(snd->file));
		return -EIO;
	}
	if (snd->at < snd->info.frames && snd->info.frames != SF_COUNT_MAX) {
		complain(snd, "ends at frame %lld of %lld", (long long)snd->at,
			 (long long)snd->info.frames);
		return -EIO;
	}
	return 0;
}

static int snd_read(void *ctx, uint32_t frames, const float **ret_interleaved)
{
	struct snd *snd = ctx;
	const sf_count_t want = frames < CHUNK_FRAMES ? frames : CHUNK_FRAMES;
	const sf_count_t n = sf_readf_float(snd->file, snd->chunk, want);

	if (n <= 0)
		return judge_end(snd);
	for (unsigned c = 0; c < (unsigned)snd->info.channels; c++) {
		if (snd->limit[c] > 0 && check_column(snd, c, n) < 0)
			return -EINVAL;
	}
	snd->at += n;
	*ret_interleaved = snd->chunk;
	return (int)n;
}

static int snd_rewind(void *ctx)
{
	struct snd *snd = ctx;

	if (sf_seek(snd->file, 0, SEEK_SET) != 0) {
		complain(snd, "cannot be rewound: %s", sf_strerror(snd->file));
		return -EIO;
	}
	snd->at = 0;
	return 0;
}

static int snd_start(struct recording_reader *reader, const float limit[PLAYBACK_COLUMNS_MAX])
{
	struct snd *snd = reader->playback.ctx;
	const float *interleaved;
	int n;

	memcpy(snd->limit, limit, sizeof(snd->limit));
	do
		n = snd_read(snd, CHUNK_FRAMES, &interleaved);
	while (n > 0 && snd->at < CHECK_FRAMES);
	return n < 0 ? n : snd_rewind(snd);
}

static int check_info(const struct snd *snd)
{
	const int type = snd->info.format & SF_FORMAT_TYPEMASK;

	if (type != SF_FORMAT_WAV && type != SF_FORMAT_WAVEX && type != SF_FORMAT_RF64 &&
	    type != SF_FORMAT_W64 && type != SF_FORMAT_FLAC)
		complain(snd, "this is neither WAV nor FLAC");
	else if (snd->info.frames <= 0)
		complain(snd, "there are no samples in it");
	else if (snd->info.channels < 1 || snd->info.channels > PLAYBACK_COLUMNS_MAX)
		complain(snd, "it has %d columns, at most %d are allowed", snd->info.channels,
			 PLAYBACK_COLUMNS_MAX);
	else
		return 0;
	return -EINVAL;
}

static int open_snd(struct snd *snd)
{
	snd->file = sf_open_fd(snd->fd, SFM_READ, &snd->info, SF_FALSE);
	if (!snd->file) {
		complain(snd, "this is no WAV or FLAC file: %s", sf_strerror(NULL));
		return -EINVAL;
	}
	if (check_info(snd) < 0)
		return -EINVAL;
	snd->chunk =
		calloc((size_t)CHUNK_FRAMES * (unsigned)snd->info.channels, sizeof(*snd->chunk));
	return snd->chunk ? 0 : -ENOMEM;
}

int recording_snd_open(struct recording_reader *ret, int fd, const struct recording_log *log)
{
	struct snd *snd = calloc(1, sizeof(*snd));
	int r;

	if (!snd) {
		close(fd);
		return -ENOMEM;
	}
	snd->fd = fd;
	snd->log = log;
	r = open_snd(snd);
	if (r < 0) {
		snd_destroy(snd);
		return r;
	}
	*ret = (struct recording_reader){
		.playback = {.ctx = snd,
			     .read = snd_read,
			     .rewind = snd_rewind,
			     .columns = (unsigned)snd->info.channels,
			     .rate_hz = snd->info.samplerate},
		.start = snd_start,
		.destroy = snd_destroy,
	};
	return 0;
}

/* --- writing --- */

#define RATE_OFF_MAX 1e-3 /* of the file's one rate */

struct wav {
	SNDFILE *file; /* NULL: not begun, or finished */
	char *path;
	int rate_hz;
	float chunk[CHUNK_FRAMES * WAVE_CHANNELS];
};

static void wav_destroy(void *ctx)
{
	struct wav *wav = ctx;

	if (wav->file)
		sf_close(wav->file);
	free(wav->path);
	free(wav);
}

/* The first block tells the rate. RF64 is made plain WAV at the end, if it fits. */
static int wav_begin(struct wav *wav, double rate_hz)
{
	SF_INFO info = {.channels = WAVE_CHANNELS, .format = SF_FORMAT_RF64 | SF_FORMAT_FLOAT};

	if (rate_hz < 1 || rate_hz > 1e9)
		return -ERANGE;
	wav->rate_hz = (int)lround(rate_hz);
	info.samplerate = wav->rate_hz;
	wav->file = sf_open(wav->path, SFM_WRITE, &info);
	if (!wav->file)
		return -EIO;
	sf_command(wav->file, SFC_RF64_AUTO_DOWNGRADE, NULL, SF_TRUE);
	return 0;
}

static int wav_write(void *ctx, double rate_hz, const float *const ch[WAVE_CHANNELS],
		     uint32_t frames)
{
	struct wav *wav = ctx;
	int r = wav->file ? 0 : wav_begin(wav, rate_hz);

	if (r < 0)
		return r;
	if (fabs(rate_hz - wav->rate_hz) > RATE_OFF_MAX * wav->rate_hz)
		return -ERANGE;
	for (uint32_t done = 0; done < frames;) {
		const uint32_t left = frames - done;
		const uint32_t n = left < CHUNK_FRAMES ? left : CHUNK_FRAMES;

		for (uint32_t k = 0; k < n; k++) {
			for (int c = 0; c < WAVE_CHANNELS; c++)
				wav->chunk[k * WAVE_CHANNELS + (uint32_t)c] = ch[c][done + k];
		}
		if (sf_writef_float(wav->file, wav->chunk, n) != n)
			return -EIO;
		done += n;
	}
	return 0;
}

/* The sidecar: full scale of a float file is 1.0, so that samples are V and A. */
static int write_sidecar(const struct wav *wav)
{
	static const char *const names[WAVE_CHANNELS] = {"v1", "v2", "v3", "i1", "i2", "i3"};
	char *path;
	FILE *file;

	if (asprintf(&path, "%s.yaml", wav->path) < 0)
		return -ENOMEM;
	file = fopen(path, "we");
	free(path);
	if (!file)
		return -errno;
	fputs("channels:\n", file);
	for (int c = 0; c < WAVE_CHANNELS; c++)
		fprintf(file, "  %s: {column: %d, scale: 1 %c}\n", names[c], c + 1,
			c <= WAVE_V3 ? 'V' : 'A');
	if (ferror(file)) {
		fclose(file);
		return -EIO;
	}
	return fclose(file) == 0 ? 0 : -errno;
}

static int wav_finish(void *ctx)
{
	struct wav *wav = ctx;
	const int r = sf_close(wav->file);

	wav->file = NULL;
	return r == 0 ? write_sidecar(wav) : -EIO;
}

/* Made here, so that a path that cannot be is known at once. */
int recording_wav_create(struct recording_sink *ret, const char *path,
			 const struct recording_write_info *info)
{
	struct wav *wav = calloc(1, sizeof(*wav));
	FILE *file;

	(void)info;
	if (!wav)
		return -ENOMEM;
	wav->path = strdup(path);
	file = wav->path ? fopen(path, "we") : NULL;
	if (!file) {
		const int r = wav->path ? -errno : -ENOMEM;

		wav_destroy(wav);
		return r;
	}
	fclose(file);
	*ret = (struct recording_sink){
		.ctx = wav, .write = wav_write, .finish = wav_finish, .destroy = wav_destroy};
	return 0;
}
