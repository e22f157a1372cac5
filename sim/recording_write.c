/* SPDX-License-Identifier: MIT */
/* recording_write - terminal voltages and currents into a COMTRADE or WAV file */
#include "sim/recording_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/recording_sink.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct recording_write {
	struct recording_sink sink;
	int64_t frames;
};

static const struct {
	const char *ending;
	int (*create)(struct recording_sink *ret, const char *path,
		      const struct recording_write_info *info);
} formats[] = {
	{".cfg", recording_comtrade_create},
	{".cff", recording_comtrade_create},
	{".wav", recording_wav_create},
};

int recording_write_create(struct recording_write **ret, const char *path,
			   const struct recording_write_info *info)
{
	const char *ending = strrchr(path, '.');
	struct recording_write *write;
	size_t f = 0;
	int r;

	while (ending && f < COUNT(formats) && strcasecmp(ending, formats[f].ending) != 0)
		f++;
	if (!ending || f == COUNT(formats))
		return -ENOTSUP;
	write = calloc(1, sizeof(*write));
	if (!write)
		return -ENOMEM;
	r = formats[f].create(&write->sink, path, info);
	if (r < 0) {
		free(write);
		return r;
	}
	*ret = write;
	return 0;
}

int recording_write_frames(struct recording_write *write, double rate_hz,
			   const float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	int r;

	if (frames == 0)
		return 0;
	if (!(rate_hz > 0))
		return -EINVAL;
	r = write->sink.write(write->sink.ctx, rate_hz, ch, frames);
	if (r == 0)
		write->frames += frames;
	return r;
}

int recording_write_finish(struct recording_write *write)
{
	return write->frames ? write->sink.finish(write->sink.ctx) : -ENODATA;
}

void recording_write_destroy(struct recording_write *write)
{
	if (!write)
		return;
	write->sink.destroy(write->sink.ctx);
	free(write);
}
