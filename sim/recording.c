/* SPDX-License-Identifier: MIT */
/* recording - terminal voltages and currents out of a COMTRADE, CSV, WAV or FLAC file */
#include "sim/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrology/metering.h"
#include "metrology/playback.h"
#include "sim/recording_map.h"
#include "sim/recording_reader.h"
#include "sim/recording_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct recording {
	char *path;
	struct diag *faults; /* while playing */
	struct recording_log log;
	struct recording_reader reader; /* destroy == NULL: not open */
	struct playback *playback;
};

/* --- opening --- */

/* The largest sample in each column that its channels stand. */
static void set_limits(const struct playback_channel map[WAVE_CHANNELS],
		       float limit[PLAYBACK_COLUMNS_MAX])
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		const double max = c <= WAVE_V3 ? RECORDING_VOLTAGE_MAX_V : RECORDING_CURRENT_MAX_A;
		const float most = (float)fmin(max / fabs((double)map[c].scale), (double)FLT_MAX);

		if (map[c].column < 0)
			continue;
		if (limit[map[c].column] == 0 || most < limit[map[c].column])
			limit[map[c].column] = most;
	}
}

static int check_rate(const struct recording *recording)
{
	const double rate_hz = recording->reader.playback.rate_hz;

	if (rate_hz >= METERING_RATE_MIN_HZ && rate_hz <= METERING_RATE_MAX_HZ)
		return 0;
	return recording_log_complain(&recording->log,
				      "its rate of %.10g Hz is out of range %.10g..%.10g Hz",
				      rate_hz, METERING_RATE_MIN_HZ, METERING_RATE_MAX_HZ);
}

static int connect_playback(struct recording *recording, const struct recording_sidecar *sidecar,
			    bool repeat)
{
	float limit[PLAYBACK_COLUMNS_MAX] = {0};
	struct playback_channel map[WAVE_CHANNELS];
	int r;

	r = recording_map(&recording->reader, sidecar, &recording->log, map);
	if (r < 0)
		return r;
	set_limits(map, limit);
	r = recording->reader.start(&recording->reader, limit);
	if (r == 0)
		r = check_rate(recording);
	if (r < 0)
		return r;
	return playback_create(&recording->playback, &recording->reader.playback, map, repeat);
}

/* A descriptor, -EINVAL (reported), or what open said. */
static int open_file(const struct recording_log *log)
{
	/* O_NONBLOCK: a named pipe must not hang here */
	const int fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (!S_ISREG(status.st_mode))
		r = recording_log_complain(log, "this is no regular file");
	else if (status.st_size == 0)
		r = recording_log_complain(log, "the file is empty");
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* Owns fd. */
static int open_stream(int fd, FILE **ret)
{
	*ret = fdopen(fd, "r");
	if (*ret)
		return 0;
	close(fd);
	return -ENOMEM;
}

static int open_csv(struct recording_reader *ret, int fd, const struct recording_log *log,
		    const struct recording_sidecar *sidecar)
{
	FILE *file;
	int r = open_stream(fd, &file);

	return r < 0 ? r : recording_csv_open(ret, file, log, sidecar->rate_hz);
}

static int open_snd(struct recording_reader *ret, int fd, const struct recording_log *log,
		    const struct recording_sidecar *sidecar)
{
	(void)sidecar;
	return recording_snd_open(ret, fd, log);
}

/* --- COMTRADE --- */

static int open_comtrade(struct recording_reader *ret, const struct recording_comtrade_files *files,
			 const struct recording_log *log, const struct recording_sidecar *sidecar)
{
	struct recording_comtrade_options options = sidecar->comtrade;

	options.rate_hz = sidecar->rate_hz;
	return recording_comtrade_open(ret, files, log, &options);
}

static int open_cff(struct recording_reader *ret, int fd, const struct recording_log *log,
		    const struct recording_sidecar *sidecar)
{
	struct recording_comtrade_files files = {.dat = NULL};
	int r = open_stream(fd, &files.cfg);

	return r < 0 ? r : open_comtrade(ret, &files, log, sidecar);
}

/* The data beside a configuration; their name may be in other letters. path: ends in ".cfg". */
static int open_data(const struct recording_log *log, char *path)
{
	static const char *const endings[] = {"dat", "DAT", "Dat"};
	char *ending = path + strlen(path) - 3;
	const size_t first = ending[0] == 'c' ? 0 : ending[1] == 'F' ? 1 : 2;
	const struct recording_log dat_log = {.path = path, .diag = log->diag};
	int fd = -ENOENT;

	for (size_t i = 0; i < COUNT(endings) && fd == -ENOENT; i++) {
		memcpy(ending, endings[(first + i) % COUNT(endings)], 3);
		fd = open_file(&dat_log);
	}
	if (fd >= 0 || fd == -EINVAL)
		return fd;
	if (fd == -ENOENT)
		memcpy(ending, endings[first], 3);
	return recording_log_complain(&dat_log, "the data of %s cannot be opened: %s", log->path,
				      strerror(-fd));
}

static int open_pair(struct recording_reader *ret, const struct recording_log *log, char *path,
		     FILE *cfg, const struct recording_sidecar *sidecar)
{
	struct recording_comtrade_files files = {.cfg = cfg, .dat_path = path};
	int fd = open_data(log, path);
	int r = fd < 0 ? fd : open_stream(fd, &files.dat);

	if (r < 0) {
		fclose(cfg);
		return r;
	}
	return open_comtrade(ret, &files, log, sidecar);
}

static int open_cfg(struct recording_reader *ret, int fd, const struct recording_log *log,
		    const struct recording_sidecar *sidecar)
{
	char *path = strdup(log->path);
	FILE *cfg;
	int r = open_stream(fd, &cfg);

	if (r == 0 && !path) {
		fclose(cfg);
		r = -ENOMEM;
	}
	if (r == 0)
		r = open_pair(ret, log, path, cfg, sidecar);
	free(path);
	return r;
}

/* --- formats --- */

/* What a file begins with is no help to tell CSV from anything: its name's ending decides. */
static const struct format {
	const char *ending;
	/* Owns fd. */
	int (*open)(struct recording_reader *ret, int fd, const struct recording_log *log,
		    const struct recording_sidecar *sidecar);
	bool comtrade;
} formats[] = {
	{".csv", open_csv, false}, {".wav", open_snd, false}, {".flac", open_snd, false},
	{".cfg", open_cfg, true},  {".cff", open_cff, true},
};

/* NULL: reported. */
static const struct format *find_format(const struct recording_log *log)
{
	const char *ending = strrchr(log->path, '.');

	for (size_t i = 0; i < COUNT(formats) && ending; i++) {
		if (strcasecmp(ending, formats[i].ending) == 0)
			return &formats[i];
	}
	recording_log_complain(log, "its name ends in none of .csv, .wav, .flac, .cfg, .cff%s",
			       ending && strcasecmp(ending, ".dat") == 0
				       ? "; of a COMTRADE recording name the .cfg"
				       : "");
	return NULL;
}

static int open_all(struct recording *recording, struct recording_sidecar *sidecar, bool repeat)
{
	const struct recording_log *log = &recording->log;
	const struct format *format = find_format(log);
	int fd, r;

	if (!format)
		return -EINVAL;
	fd = open_file(log);
	if (fd < 0)
		return fd;
	r = recording_sidecar_load(sidecar, log, format->comtrade);
	if (r < 0) {
		close(fd);
		return r;
	}
	r = format->open(&recording->reader, fd, log, sidecar);
	return r < 0 ? r : connect_playback(recording, sidecar, repeat);
}

int recording_open(struct recording **ret, const char *path, bool repeat, struct diag *diag)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	struct recording_sidecar sidecar = {0};
	int r = -ENOMEM;

	if (!recording)
		return -ENOMEM;
	recording->path = strdup(path);
	if (recording->path && diag_create(&recording->faults) == 0) {
		recording->log = (struct recording_log){.path = recording->path, .diag = diag};
		r = open_all(recording, &sidecar, repeat);
		recording_sidecar_fini(&sidecar);
	}
	if (r < 0) {
		recording_destroy(recording);
		return r;
	}
	recording->log.diag = recording->faults;
	*ret = recording;
	return 0;
}

void recording_destroy(struct recording *recording)
{
	if (!recording)
		return;
	playback_destroy(recording->playback);
	if (recording->reader.destroy)
		recording->reader.destroy(recording->reader.playback.ctx);
	diag_destroy(recording->faults);
	free(recording->path);
	free(recording);
}

struct wave_source recording_source(struct recording *recording)
{
	return playback_source(recording->playback);
}

const char *recording_fault(const struct recording *recording)
{
	return diag_text(recording->faults, 0);
}
