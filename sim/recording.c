/* SPDX-License-Identifier: MIT */
/* recording - terminal voltages and currents out of a CSV, WAV or FLAC file */
#include "sim/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "metrology/metering.h"
#include "metrology/playback.h"
#include "sim/conf_read.h"
#include "sim/recording_reader.h"

#define SIDECAR_ENDING ".yaml"
#define SCALE_MAX      1e6
#define COUNT(a)       (sizeof(a) / sizeof((a)[0]))

static const char *const channel_names[WAVE_CHANNELS] = {"v1", "v2", "v3", "i1", "i2", "i3"};

struct recording {
	char *path;
	struct diag *faults; /* while playing */
	struct recording_log log;
	struct recording_reader reader; /* destroy == NULL: not open */
	struct playback *playback;
};

/* A channel as the sidecar has it. */
struct channel {
	const struct conf_node *column; /* NULL: silent */
	double scale;
};

struct sidecar {
	char *path;
	struct conf_tree *tree; /* NULL: there is none */
	struct conf_context context;
	const struct conf_node *rate; /* NULL: not given */
	double rate_hz;
	const struct conf_node *channels;
	struct channel channel[WAVE_CHANNELS];
};

__attribute__((format(printf, 2, 3))) static int complain(const struct recording *recording,
							  const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_add(recording->log.diag, (struct diag_place){.file = recording->path}, "%s", text);
	return -EINVAL;
}

/* --- the sidecar --- */

static bool read_rate(const struct conf_context *context, const struct conf_node *node,
		      const struct conf_field *field, void *dest)
{
	struct sidecar *sidecar = dest;

	sidecar->rate = node;
	return conf_number(context, node, field, &sidecar->rate_hz);
}

static bool read_channel(const struct conf_context *context, const struct conf_node *node,
			 const struct conf_field *field, void *dest)
{
	const struct conf_field fields[] = {
		{.key = "column",
		 .read = conf_raw,
		 .offset = offsetof(struct channel, column),
		 .required = true},
		{.key = "scale",
		 .read = conf_number,
		 .offset = offsetof(struct channel, scale),
		 .min = -SCALE_MAX,
		 .max = SCALE_MAX,
		 .unit = field->unit},
	};
	struct channel *channel = dest;

	channel->scale = 1;
	if (!conf_map(context, node, field->key, fields, COUNT(fields), channel))
		return false;
	if (fabs(channel->scale) >= (double)FLT_MIN)
		return true;
	conf_error(context, node, "%s: a scale of 0 would silence it", field->key);
	return false;
}

#define CHANNEL(name, index, letter)                                                               \
	{                                                                                          \
		.key = name, .read = read_channel, .offset = (index) * sizeof(struct channel),     \
		.unit = letter                                                                     \
	}

static const struct conf_field channel_fields[] = {
	CHANNEL("v1", WAVE_V1, "V"), CHANNEL("v2", WAVE_V2, "V"), CHANNEL("v3", WAVE_V3, "V"),
	CHANNEL("i1", WAVE_I1, "A"), CHANNEL("i2", WAVE_I2, "A"), CHANNEL("i3", WAVE_I3, "A"),
};

static bool read_channels(const struct conf_context *context, const struct conf_node *node,
			  const struct conf_field *field, void *dest)
{
	struct sidecar *sidecar = dest;

	sidecar->channels = node;
	return conf_map(context, node, field->key, channel_fields, COUNT(channel_fields),
			sidecar->channel);
}

static const struct conf_field sidecar_fields[] = {
	{.key = "rate",
	 .read = read_rate,
	 .min = METERING_RATE_MIN_HZ,
	 .max = METERING_RATE_MAX_HZ,
	 .unit = "Hz"},
	{.key = "channels", .read = read_channels, .required = true},
};

static int check_voltage(const struct sidecar *sidecar)
{
	for (int c = WAVE_V1; c <= WAVE_V3; c++) {
		if (sidecar->channel[c].column)
			return 0;
	}
	conf_error(&sidecar->context, sidecar->channels,
		   "channels: one voltage at least (v1, v2, v3) is needed");
	return -EINVAL;
}

/* A file that is there but cannot be read is the sidecar's error, not the recording's. */
static int sidecar_load(struct sidecar *sidecar, const struct recording *recording)
{
	struct diag *diag = recording->log.diag;
	int r;

	if (asprintf(&sidecar->path, "%s" SIDECAR_ENDING, recording->path) < 0) {
		sidecar->path = NULL;
		return -ENOMEM;
	}
	r = conf_tree_load(&sidecar->tree, sidecar->path, diag);
	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -EINVAL && r != -ENOMEM) {
		diag_add(diag, (struct diag_place){.file = sidecar->path}, "cannot be read: %s",
			 strerror(-r));
		return -EINVAL;
	}
	if (r < 0)
		return r;
	sidecar->context = (struct conf_context){.file = sidecar->path, .diag = diag};
	if (!conf_map(&sidecar->context, conf_tree_root(sidecar->tree), "the sidecar",
		      sidecar_fields, COUNT(sidecar_fields), sidecar))
		return -EINVAL;
	return check_voltage(sidecar);
}

static void sidecar_fini(struct sidecar *sidecar)
{
	conf_tree_destroy(sidecar->tree);
	free(sidecar->path);
}

/* --- columns to channels --- */

#define NO_COLUMN   (-1)
#define TWO_COLUMNS (-2)

static int find_name(const struct recording_reader *reader, const char *name,
		     int (*compare)(const char *, const char *))
{
	int found = NO_COLUMN;

	for (unsigned c = 0; c < reader->playback.columns; c++) {
		if (compare(reader->names[c], name) != 0)
			continue;
		if (found != NO_COLUMN)
			return TWO_COLUMNS;
		found = (int)c;
	}
	return found;
}

static bool find_column(const struct recording_reader *reader, const struct conf_context *context,
			const struct conf_node *node, const char *text, int *ret)
{
	int column;
	char hint[128];

	if (!reader->names) {
		conf_error(
			context, node,
			"column: '%.60s' is not a number, and the file does not name its columns",
			text);
		return false;
	}
	column = find_name(reader, text, strcmp);
	if (column == NO_COLUMN)
		column = find_name(reader, text, strcasecmp);
	if (column == NO_COLUMN)
		conf_error(context, node, "column: the file has no column '%.60s'%s", text,
			   conf_hint(text, reader->names, reader->playback.columns, hint,
				     sizeof(hint)));
	else if (column == TWO_COLUMNS)
		conf_error(context, node, "column: the file has more than one '%.60s'", text);
	*ret = column;
	return column >= 0;
}

/* A number from 1, or a name. */
static bool read_column(const struct recording_reader *reader, const struct conf_context *context,
			const struct conf_node *node, int *ret)
{
	const char *text = conf_scalar(context, node, "column");
	int64_t number;

	if (!text)
		return false;
	if (text_to_int(text, &number) < 0)
		return find_column(reader, context, node, text, ret);
	if (number < 1 || number > reader->playback.columns) {
		conf_error(context, node, "column: %.20s is out of range 1..%u", text,
			   reader->playback.columns);
		return false;
	}
	*ret = (int)number - 1;
	return true;
}

static int map_by_sidecar(const struct recording *recording, const struct sidecar *sidecar,
			  struct playback_channel map[WAVE_CHANNELS])
{
	const struct recording_reader *reader = &recording->reader;
	const double rate_hz = reader->playback.rate_hz;
	bool ok = true;

	for (int c = 0; c < WAVE_CHANNELS; c++) {
		const struct channel *channel = &sidecar->channel[c];

		if (!channel->column)
			continue;
		ok &= read_column(reader, &sidecar->context, channel->column, &map[c].column);
		map[c].scale = (float)channel->scale;
	}
	if (sidecar->rate && sidecar->rate_hz != rate_hz) {
		conf_error(&sidecar->context, sidecar->rate,
			   "rate: %.10g Hz, but the recording's own is %.10g Hz", sidecar->rate_hz,
			   rate_hz);
		ok = false;
	}
	return ok ? 0 : -EINVAL;
}

static int complain_no_sidecar(const struct recording *recording)
{
	const char *slash = strrchr(recording->path, '/');

	return complain(recording,
			"the file %.200s" SIDECAR_ENDING " is missing, which says what its columns "
			"are, for example: channels: {v1: {column: 1, scale: 325 V}, "
			"i1: {column: 2, scale: 20 A}}",
			slash ? slash + 1 : recording->path);
}

static int map_by_names(const struct recording *recording,
			struct playback_channel map[WAVE_CHANNELS])
{
	const struct recording_reader *reader = &recording->reader;

	if (!reader->names)
		return complain_no_sidecar(recording);
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		int column = find_name(reader, channel_names[c], strcasecmp);

		if (column == TWO_COLUMNS)
			return complain(recording, "it has more than one column '%s'",
					channel_names[c]);
		map[c].column = column;
	}
	if (map[WAVE_V1].column < 0 && map[WAVE_V2].column < 0 && map[WAVE_V3].column < 0)
		return complain(recording, "none of its columns is named v1, v2 or v3, and there "
					   "is no file " SIDECAR_ENDING " that says which one is");
	return 0;
}

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
	return complain(recording, "its rate of %.10g Hz is out of range %.10g..%.10g Hz", rate_hz,
			METERING_RATE_MIN_HZ, METERING_RATE_MAX_HZ);
}

static int connect_playback(struct recording *recording, const struct sidecar *sidecar, bool repeat)
{
	float limit[PLAYBACK_COLUMNS_MAX] = {0};
	struct playback_channel map[WAVE_CHANNELS];
	int r;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		map[c] = (struct playback_channel){.column = -1, .scale = 1};
	r = sidecar->tree ? map_by_sidecar(recording, sidecar, map) : map_by_names(recording, map);
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

static int open_csv(struct recording_reader *ret, int fd, const struct recording_log *log,
		    double rate_hz)
{
	FILE *file = fdopen(fd, "r");

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	return recording_csv_open(ret, file, log, rate_hz);
}

/* What the file begins with is no help to tell CSV from anything: its name's ending decides. */
static int check_ending(const struct recording *recording, bool *ret_csv)
{
	const char *ending = strrchr(recording->path, '.');

	*ret_csv = ending && strcasecmp(ending, ".csv") == 0;
	if (*ret_csv ||
	    (ending && (strcasecmp(ending, ".wav") == 0 || strcasecmp(ending, ".flac") == 0)))
		return 0;
	return complain(recording, "its name ends in none of .csv, .wav, .flac");
}

/* A descriptor, -EINVAL (reported), or what open said. */
static int open_file(const struct recording *recording)
{
	/* O_NONBLOCK: a named pipe must not hang here */
	const int fd = open(recording->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (!S_ISREG(status.st_mode))
		r = complain(recording, "this is no regular file");
	else if (status.st_size == 0)
		r = complain(recording, "the file is empty");
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int open_all(struct recording *recording, struct sidecar *sidecar, bool repeat)
{
	const struct recording_log *log = &recording->log;
	bool csv;
	int fd, r;

	r = check_ending(recording, &csv);
	if (r < 0)
		return r;
	fd = open_file(recording);
	if (fd < 0)
		return fd;
	r = sidecar_load(sidecar, recording);
	if (r < 0) {
		close(fd);
		return r;
	}
	r = csv ? open_csv(&recording->reader, fd, log, sidecar->rate_hz)
		: recording_snd_open(&recording->reader, fd, log);
	return r < 0 ? r : connect_playback(recording, sidecar, repeat);
}

int recording_open(struct recording **ret, const char *path, bool repeat, struct diag *diag)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	struct sidecar sidecar = {0};
	int r = -ENOMEM;

	if (!recording)
		return -ENOMEM;
	recording->path = strdup(path);
	if (recording->path && diag_create(&recording->faults) == 0) {
		recording->log = (struct recording_log){.path = recording->path, .diag = diag};
		r = open_all(recording, &sidecar, repeat);
		sidecar_fini(&sidecar);
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
