/* SPDX-License-Identifier: MIT */
/* recording_snd - WAV (also RF64 and W64, for more than 4 GB) and FLAC files, by libsndfile */
#include <errno.h>
#include <math.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/recording_reader.h"

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
