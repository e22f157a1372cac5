/* SPDX-License-Identifier: MIT */
/* test_recording - recordings read back as written, and what is said about bad ones */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "metrology/metering.h"
#include "sim/recording.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define RATE_HZ     8000
#define FRAMES      5000 /* of the round trips: more than any reader's chunk */
#define PATH_SIZE   128
#define PULL_FRAMES 997

struct files {
	char folder[64];
	char path[PATH_SIZE];
	char sidecar[PATH_SIZE];
};

/* --- files --- */

static void begin(struct files *files, const char *name)
{
	strcpy(files->folder, "/tmp/test_recording.XXXXXX");
	assert_non_null(mkdtemp(files->folder));
	snprintf(files->path, sizeof(files->path), "%s/%.40s", files->folder, name);
	snprintf(files->sidecar, sizeof(files->sidecar), "%s/%.40s.yaml", files->folder, name);
}

static void end(const struct files *files)
{
	unlink(files->path);
	unlink(files->sidecar);
	assert_int_equal(rmdir(files->folder), 0);
}

static void write_text(const char *path, const char *text, size_t len_bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len_bytes, file), len_bytes);
	assert_int_equal(fclose(file), 0);
}

static void write_snd(const char *path, int format, int rate_hz, int columns, const float *frames,
		      sf_count_t count)
{
	SF_INFO info = {.samplerate = rate_hz, .channels = columns, .format = format};
	SNDFILE *file = sf_open(path, SFM_WRITE, &info);

	assert_non_null(file);
	assert_int_equal(sf_writef_float(file, frames, count), count);
	assert_int_equal(sf_close(file), 0);
}

/* A line of names and FRAMES-like rows, as printf shows a float without loss. */
static void write_csv(const char *path, const float *frames, unsigned count, double rate_hz)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "# a recording\ntime; V1;v2;v3;i1;i2;I3\r\n");
	for (unsigned k = 0; k < count; k++) {
		fprintf(file, "%.9f", k / rate_hz);
		for (int c = 0; c < WAVE_CHANNELS; c++)
			fprintf(file, "; %.9g",
				(double)frames[(size_t)k * WAVE_CHANNELS + (size_t)c]);
		fprintf(file, "\r\n");
	}
	assert_int_equal(fclose(file), 0);
}

static bool in_diag(const struct diag *diag, const char *text)
{
	bool found = false;

	for (size_t i = 0; diag_text(diag, i); i++)
		found |= strstr(diag_text(diag, i), text) != NULL;
	for (size_t i = 0; diag_text(diag, i) && !found; i++)
		print_message("diag: %s\n", diag_text(diag, i));
	return found;
}

static struct recording *open_good(const char *path, bool repeat)
{
	struct recording *recording = NULL;
	struct diag *diag;
	int r;

	assert_int_equal(diag_create(&diag), 0);
	r = recording_open(&recording, path, repeat, diag);
	if (r < 0)
		in_diag(diag, "(shown)");
	assert_int_equal(r, 0);
	assert_int_equal(diag_count(diag), 0);
	diag_destroy(diag);
	return recording;
}

/* --- round trips --- */

/* Within -1..1, no two frames or columns alike. */
static void make_frames(float frames[FRAMES * WAVE_CHANNELS])
{
	for (int k = 0; k < FRAMES; k++) {
		for (int c = 0; c < WAVE_CHANNELS; c++)
			frames[k * WAVE_CHANNELS + c] =
				(float)(0.9 * sin(0.0391 * k + 1.1 * c) + 0.00001 * k);
	}
}

/* Pulls frames [at, at + count) and compares; scale: of each channel. Returns how many came. */
static uint32_t pull_and_compare(const struct wave_source *source, uint32_t at, uint32_t count,
				 const float *frames, const float *scale, float tolerance)
{
	static float samples[WAVE_CHANNELS][PULL_FRAMES];
	float *ch[WAVE_CHANNELS];
	int n;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = samples[c];
	n = source->pull(source->ctx, ch, count);
	assert_true(n >= 0);
	for (uint32_t k = 0; k < (uint32_t)n; k++) {
		const float *frame = frames + (size_t)((at + k) % FRAMES) * WAVE_CHANNELS;

		for (int c = 0; c < WAVE_CHANNELS; c++) {
			const float off = fabsf(ch[c][k] - frame[c] * scale[c]);

			assert_true(off <= tolerance * fabsf(scale[c]));
		}
	}
	return (uint32_t)n;
}

static void compare_all(const char *path, const float *frames, const float *scale, float tolerance)
{
	struct recording *recording = open_good(path, false);
	struct wave_source source = recording_source(recording);
	struct wave_grid grid;
	uint32_t at = 0, n;

	source.grid(source.ctx, &grid);
	assert_true(fabs(grid.rate_hz - RATE_HZ) < 1e-6);
	assert_int_equal(grid.frames, 0);
	do {
		n = pull_and_compare(&source, at, PULL_FRAMES, frames, scale, tolerance);
		at += n;
	} while (n == PULL_FRAMES);
	assert_int_equal(at, FRAMES);
	assert_int_equal(pull_and_compare(&source, at, 1, frames, scale, tolerance), 0);
	recording_destroy(recording);

	recording = open_good(path, true);
	source = recording_source(recording);
	for (at = 0; at < 5 * FRAMES / 2; at += PULL_FRAMES)
		assert_int_equal(pull_and_compare(&source, at, PULL_FRAMES, frames, scale,
						  tolerance),
				 PULL_FRAMES);
	assert_null(recording_fault(recording));
	recording_destroy(recording);
}

static void test_round_trip_snd(void **state)
{
	static const struct {
		const char *name;
		int format;
		float tolerance; /* of full scale: libsndfile writes 1.0 as one less than 2^n */
	} rows[] = {
		{"a.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0},
		{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 0x1p-14f},
		{"a.WAV", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 0x1p-22f},
		{"a.wav", SF_FORMAT_RF64 | SF_FORMAT_FLOAT, 0},
		{"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 0x1p-14f},
		{"a.Flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 0x1p-22f},
	};
	static const char sidecar[] = "rate: 8 kHz\n"
				      "channels:\n"
				      "  v1: {column: 1, scale: 325 V}\n"
				      "  v2: {column: 2, scale: 0.325 kV}\n"
				      "  v3: {column: 3}\n"
				      "  i1: {column: 4, scale: -20 A}\n"
				      "  i2: {column: 5, scale: 500 mA}\n"
				      "  i3: {column: 6, scale: 20}\n";
	static const float scale[WAVE_CHANNELS] = {325, 325, 1, -20, 0.5f, 20};
	static float frames[FRAMES * WAVE_CHANNELS];

	(void)state;
	make_frames(frames);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct files files;

		begin(&files, rows[i].name);
		write_snd(files.path, rows[i].format, RATE_HZ, WAVE_CHANNELS, frames, FRAMES);
		write_text(files.sidecar, sidecar, strlen(sidecar));
		compare_all(files.path, frames, scale, rows[i].tolerance);
		end(&files);
	}
}

static void test_round_trip_csv(void **state)
{
	static const char sidecar[] = "rate: 8000\n"
				      "channels: {v1: {column: 2, scale: 325}, v3: {column: i3},\n"
				      "           i2: {column: V2, scale: -2 A}}\n";
	static const float ones[WAVE_CHANNELS] = {1, 1, 1, 1, 1, 1};
	static const float scale[WAVE_CHANNELS] = {325, 0, 1, 0, -2, 0};
	static const int from[WAVE_CHANNELS] = {0, 0, 5, 0, 1, 0};
	static float frames[FRAMES * WAVE_CHANNELS], moved[FRAMES * WAVE_CHANNELS];
	struct files files;

	(void)state;
	make_frames(frames);
	begin(&files, "day.csv");
	write_csv(files.path, frames, FRAMES, RATE_HZ);
	compare_all(files.path, frames, ones, 0);
	for (int k = 0; k < FRAMES * WAVE_CHANNELS; k++)
		moved[k] = frames[k - k % WAVE_CHANNELS + from[k % WAVE_CHANNELS]];
	write_text(files.sidecar, sidecar, strlen(sidecar));
	compare_all(files.path, moved, scale, 0);
	end(&files);
}

/* --- other good CSV files --- */

static void test_csv_variants(void **state)
{
	static const struct {
		const char *text;
		const char *sidecar;
	} rows[] = {
		/* v1 is 1, 2, 3 in all of them */
		{"time,v1\n0,1\n0.0001,2\n0.0002,3\n", NULL},
		{"time,v1\n0,1\n0.0001,2\n0.0002,3", NULL},
		{"\xef\xbb\xbf\"Time\";\"V1\"\r\n0;\"1\"\r\n1e-4;2\r\n2e-4;3\r\n", NULL},
		{"# x\n\ntime\tv1\n# y\n0\t1\n\n0.0001\t 2 \n  \n0.0002\t+3.0\n", NULL},
		{"time,remark,v1\n0,nan,1\n0.0001,\xff,2\n0.0002,,3\n", NULL},
		{"1\n2\n3\n", "rate: 10 kHz\nchannels: {v1: {column: 1}}\n"},
		{"# 1\n1\n2\n3\n", "rate: 10 kHz\nchannels: {v1: {column: 1}}\n"},
		{"a,A\n0,1\n0,2\n0,3\n", "rate: 10000 Hz\nchannels: {v1: {column: A}}\n"},
		{"day,ua\nMon 1,1\nTue 2,2\nx,3\n", "rate: 1e4\nchannels: {v1: {column: UA}}\n"},
		{"time,u\n7,1\n7,2\n7,3\n", "rate: 10 kHz\nchannels: {v1: {column: 2}}\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		float samples[WAVE_CHANNELS][4], *ch[WAVE_CHANNELS];
		struct recording *recording;
		struct wave_source source;
		struct wave_grid grid;
		struct files files;

		begin(&files, "a.csv");
		write_text(files.path, rows[i].text, strlen(rows[i].text));
		if (rows[i].sidecar)
			write_text(files.sidecar, rows[i].sidecar, strlen(rows[i].sidecar));
		recording = open_good(files.path, false);
		source = recording_source(recording);
		source.grid(source.ctx, &grid);
		assert_true(fabs(grid.rate_hz - 10000) < 1e-6);
		for (int c = 0; c < WAVE_CHANNELS; c++)
			ch[c] = samples[c];
		assert_int_equal(source.pull(source.ctx, ch, 4), 3);
		for (int k = 0; k < 3; k++)
			assert_true(samples[WAVE_V1][k] == (float)(k + 1) &&
				    samples[WAVE_I1][k] == 0);
		recording_destroy(recording);
		end(&files);
	}
}

/* --- errors when opening --- */

static void expect_error(const char *path, int error, const char *text)
{
	struct recording *recording = NULL;
	struct diag *diag;
	int r;

	assert_int_equal(diag_create(&diag), 0);
	r = recording_open(&recording, path, false, diag);
	if (r != error)
		in_diag(diag, "(shown)");
	assert_int_equal(r, error);
	assert_null(recording);
	if (text)
		assert_true(in_diag(diag, text));
	else
		assert_int_equal(diag_count(diag), 0);
	diag_destroy(diag);
}

#define BY_NUMBER(n) "rate: 8 kHz\nchannels: {v1: {column: " n "}}\n"

static const struct {
	const char *text;
	const char *sidecar;
	const char *expected;
} csv_errors[] = {
	{"", NULL, "a.csv: the file is empty"},
	{"# only\n\n", NULL, "a.csv: there are no samples in it"},
	{"time,v1\n", NULL, "a.csv: there are no samples in it"},
	{"0,1\n0.0001,2\n", NULL, "a.csv: its rate is not known: name the first column"},
	{"v1,time\n1,0\n", NULL, "a.csv: its rate is not known"},
	{"time,ua\n0,1\n0.0001,1\n", NULL, "a.csv: none of its columns is named v1"},
	{"time,i1\n0,1\n0.0001,1\n", NULL, "a.csv: none of its columns is named v1"},
	{"time,v1,V1\n0,1,1\n", NULL, "a.csv: it has more than one column 'v1'"},
	{"time,v1\n0,1\n0.0001,2,3\n", NULL, "a.csv:3:1: 3 columns, where the lines before have 2"},
	{"time,v1\n0,1\n0.0001\n", NULL, "a.csv:3:1: 1 column, where the lines before have 2"},
	{"time,v1\n0,1\n0.0001,nan\n", NULL, "a.csv:3:8: v1: 'nan' is not a number"},
	{"time,v1\n0,1\n0.0001,-inf\n", NULL, "a.csv:3:8: v1: '-inf' is not a number"},
	{"time,v1\n0,1\n0.0001,0x10\n", NULL, "a.csv:3:8: v1: '0x10' is not a number"},
	{"time,v1\n0,1\n0.0001,\n", NULL, "a.csv:3:8: v1: '' is not a number"},
	{"time,v1\n0,1\n0.0001,1e300\n", NULL, "a.csv:3:8: v1: 1e300 is too large"},
	{"time,v1\n0,1\n0.0001,100001\n", NULL, "a.csv:3:8: v1: 100001 is too large"},
	{"time;v1\n0;1,5\n", NULL, "'1,5' is not a number (decimals are written with a '.')"},
	{"time,v1\n0,x\n0.0001,y\n", NULL, "a.csv:3:8: v1: 'y'"}, /* the second one, too */
	{"time,v1\n0,\033[2J\n", NULL, "v1: '?[2J' is not a number"},
	{"time,v1\nx,1\n", NULL, "a.csv:2:1: time: 'x' is not a number"},
	{"time,v1\n0,1\n", NULL, "a.csv: two rows at least are needed to tell the rate"},
	{"time,v1\n1,1\n0,1\n", NULL, "a.csv: the times in its first column do not rise"},
	{"time,v1\n0,1\n0.0001,1\n0.0003,1\n0.0004,1\n", NULL,
	 "a.csv:4:1: the times are not evenly spaced: a step of 0.0002 s"},
	{"time,v1\n0,1\n0.01,1\n", NULL, "a.csv: its rate of 100 Hz is out of range 800.."},
	{"time,v1\n0,1\n1e-7,1\n", NULL, "is out of range 800..1000000 Hz"},
	{"1\n", "channels: {v1: {column: 1}}\n", "a.csv: its rate is not known"},
	{"1\n", "rate: 799 Hz\nchannels: {v1: {column: 1}}\n",
	 "a.csv.yaml:1:7: rate: 799 Hz is out of range 800..1000000 Hz"},
	{"1\n", "rate: 8 kV\nchannels: {v1: {column: 1}}\n", "is not a number of Hz"},
	{"1\n", "rate: 8 kHz\n", "a.csv.yaml:1:1: the sidecar: key 'channels' is missing"},
	{"1\n", "rate: 8 kHz\nchannels: {}\n", "a.csv.yaml:2:11: channels: one voltage"},
	{"1\n", "rate: 8 kHz\nchannels: {i1: {column: 1}}\n",
	 "a.csv.yaml:2:11: channels: one voltage at least"},
	{"1\n", "rate: 8 kHz\nchannels: {v4: {column: 1}}\n", "unknown key 'v4' in channels"},
	{"1\n", "rate: 8 kHz\nchannels: {v1: {}}\n", "v1: key 'column' is missing"},
	{"1\n", "rate: 8 kHz\nchannels: {v1: {column: 1, scale: 3 A}}\n",
	 "a.csv.yaml:2:35: scale: '3 A' is not a number of V"},
	{"1\n", "rate: 8 kHz\nchannels: {v1: {column: 1, scale: 0}}\n",
	 "v1: a scale of 0 would silence it"},
	{"1\n", "rate: 8 kHz\nchannels: {v1: {column: [1]}}\n",
	 "column: one value is expected, not a list"},
	{"1\n", BY_NUMBER("0"), "a.csv.yaml:2:25: column: 0 is out of range 1..1"},
	{"1\n", BY_NUMBER("2"), "column: 2 is out of range 1..1"},
	{"1\n", BY_NUMBER("ua"), "column: 'ua' is not a number, and the file does not name"},
	{"volt_a\n1\n", BY_NUMBER("volt_b"),
	 "column: the file has no column 'volt_b', did you mean 'volt_a'?"},
	{"U,u\n1,1\n", BY_NUMBER("u_"), "column: the file has no column 'u_'"},
	{"u,u\n1,1\n", BY_NUMBER("u"), "column: the file has more than one 'u'"},
	{"200\n", "rate: 8 kHz\nchannels: {v1: {column: 1}, v2: {column: 1, scale: -1 kV}}\n",
	 "a.csv:1:1: 200 is too large"},
	{"1\n", "[", "a.csv.yaml:"},
	{"1\n", "", "a.csv.yaml: the file is empty"},
};

static void test_csv_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(csv_errors); i++) {
		struct files files;

		begin(&files, "a.csv");
		write_text(files.path, csv_errors[i].text, strlen(csv_errors[i].text));
		if (csv_errors[i].sidecar)
			write_text(files.sidecar, csv_errors[i].sidecar,
				   strlen(csv_errors[i].sidecar));
		expect_error(files.path, -EINVAL, csv_errors[i].expected);
		end(&files);
	}
}

static void test_csv_limits(void **state)
{
	static const char zero[] = "time,v1\n0,1\n0.1\0,2\n";
	char line[4200];
	struct files files;

	(void)state;
	begin(&files, "a.csv");
	write_text(files.path, zero, sizeof(zero) - 1);
	expect_error(files.path, -EINVAL, "a.csv:3:4: a zero byte: this is no text file");

	memset(line, ' ', sizeof(line));
	memcpy(line, "time,v1\n0,1\n", 12);
	write_text(files.path, line, 12 + 4097);
	expect_error(files.path, -EINVAL, "a.csv:3:1: the line is longer than 4096 bytes");
	write_text(files.path, line, 12 + 4096);
	expect_error(files.path, -EINVAL, "two rows at least");

	for (int c = 0; c < 257; c++)
		memcpy(line + 2 * c, "1,", 2);
	write_text(files.path, line, 2 * 257 - 1);
	expect_error(files.path, -EINVAL, "a.csv:1:513: more than 256 columns");
	write_text(files.path, line, 2 * 256 - 1);
	write_text(files.sidecar, BY_NUMBER("256"), strlen(BY_NUMBER("256")));
	recording_destroy(open_good(files.path, false));
	end(&files);
}

static void test_snd_errors(void **state)
{
	static const struct {
		int format;
		int rate_hz;
		int columns;
		sf_count_t frames;
		float sample;
		const char *sidecar;
		const char *expected;
	} rows[] = {
		{SF_FORMAT_WAV, 8000, 2, 9, 1, NULL,
		 "a.wav: the file a.wav.yaml is missing, which says what its columns are, for "
		 "example: channels: {v1: {column: 1, scale: 325 V}, i1: {column: 2"},
		{SF_FORMAT_WAV, 8000, 2, 0, 1, BY_NUMBER("1"), "a.wav: there are no samples in it"},
		{SF_FORMAT_WAV, 44100, 1, 9, 1, BY_NUMBER("1"),
		 "a.wav.yaml:1:7: rate: 8000 Hz, but the recording's own is 44100 Hz"},
		{SF_FORMAT_WAV, 799, 1, 9, 1, "channels: {v1: {column: 1}}",
		 "a.wav: its rate of 799 Hz is out of range 800..1000000 Hz"},
		{SF_FORMAT_WAV, 1000001, 1, 9, 1, "channels: {v1: {column: 1}}",
		 "a.wav: its rate of 1000001 Hz is out of range"},
		{SF_FORMAT_WAV, 8000, 257, 9, 1, BY_NUMBER("1"),
		 "a.wav: it has 257 columns, at most 256 are allowed"},
		{SF_FORMAT_WAV, 8000, 2, 9, 1, BY_NUMBER("3"), "column: 3 is out of range 1..2"},
		{SF_FORMAT_WAV, 8000, 2, 9, 1, BY_NUMBER("ua"),
		 "the file does not name its columns"},
		{SF_FORMAT_WAV, 8000, 2, 9, NAN, BY_NUMBER("2"),
		 "a.wav: column 2, frame 8: the sample is not a number"},
		{SF_FORMAT_WAV, 8000, 2, 9, -INFINITY, BY_NUMBER("2"),
		 "a.wav: column 2, frame 8: the sample is not a number"},
		{SF_FORMAT_WAV, 8000, 2, 9, 1e6f, BY_NUMBER("2"),
		 "a.wav: column 2, frame 8: 1e+06 is too large"},
		{SF_FORMAT_AU, 8000, 2, 9, 1, BY_NUMBER("2"),
		 "a.wav: this is neither WAV nor FLAC"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		float frames[9 * 257] = {0};
		struct files files;

		if (rows[i].frames)
			frames[rows[i].frames * rows[i].columns - 1] = rows[i].sample;
		begin(&files, "a.wav");
		write_snd(files.path, rows[i].format | SF_FORMAT_FLOAT, rows[i].rate_hz,
			  rows[i].columns, frames, rows[i].frames);
		if (rows[i].sidecar)
			write_text(files.sidecar, rows[i].sidecar, strlen(rows[i].sidecar));
		expect_error(files.path, -EINVAL, rows[i].expected);
		end(&files);
	}
}

static void test_no_recordings(void **state)
{
	struct files files;

	(void)state;
	begin(&files, "a.wav");
	expect_error(files.path, -ENOENT, NULL);
	write_text(files.path, "RIFFWAVE", 8);
	write_text(files.sidecar, BY_NUMBER("1"), strlen(BY_NUMBER("1")));
	expect_error(files.path, -EINVAL, "a.wav: this is no WAV or FLAC file: ");
	write_text(files.path, "", 0);
	expect_error(files.path, -EINVAL, "a.wav: the file is empty");
	unlink(files.path);
	assert_int_equal(mkfifo(files.path, 0600), 0);
	expect_error(files.path, -EINVAL, "a.wav: this is no regular file");
	end(&files);

	begin(&files, "a.ogg");
	expect_error(files.path, -EINVAL,
		     "a.ogg: its name ends in none of .csv, .wav, .flac, .cfg, .cff");
	end(&files);

	begin(&files, "a.csv");
	write_text(files.path, "1\n", 2);
	assert_int_equal(mkdir(files.sidecar, 0700), 0);
	expect_error(files.path, -EINVAL, "a.csv.yaml: cannot be read: ");
	rmdir(files.sidecar);
	end(&files);
	recording_destroy(NULL);
}

/* --- errors while playing --- */

/* Pulls until the source says something else than a whole block. */
static int pull_all(struct recording *recording)
{
	static float samples[WAVE_CHANNELS][PULL_FRAMES];
	struct wave_source source = recording_source(recording);
	float *ch[WAVE_CHANNELS];
	int n;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = samples[c];
	do
		n = source.pull(source.ctx, ch, PULL_FRAMES);
	while (n == PULL_FRAMES);
	return n;
}

static void expect_fault(const char *path, int error, const char *text)
{
	struct recording *recording = open_good(path, true);
	const char *fault;

	assert_null(recording_fault(recording));
	assert_int_equal(pull_all(recording), error);
	fault = recording_fault(recording);
	assert_non_null(fault);
	if (!strstr(fault, text))
		print_message("fault: %s\n", fault);
	assert_non_null(strstr(fault, text));
	recording_destroy(recording);
}

/* 1500 good rows, then a bad one. */
static void write_late(const char *path, const char *row)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "time,v1\n");
	for (int k = 0; k < 1500; k++)
		fprintf(file, "%.6f,1\n", k * 0.000125);
	fprintf(file, "%s\n", row);
	assert_int_equal(fclose(file), 0);
}

static void test_csv_faults(void **state)
{
	static const struct {
		const char *row;
		const char *expected;
	} rows[] = {
		{"0.1875,nan", "a.csv:1502:8: v1: 'nan' is not a number"},
		{"0.1875", "a.csv:1502:1: 1 column, where the lines before have 2"},
		{"0.1875,1e6", "a.csv:1502:8: v1: 1e6 is too large"},
		{"0.2,1", "a.csv:1502:1: the time goes on by 0.012625 s here, not by 0.000125 s"},
		{"0.187375,1", "a.csv:1502:1: the time goes on by 0 s here"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct files files;

		begin(&files, "a.csv");
		write_late(files.path, rows[i].row);
		expect_fault(files.path, -EINVAL, rows[i].expected);
		end(&files);
	}
}

/* Steps that are each nearly right, and together are not: a clock that runs away. */
static void test_csv_drift(void **state)
{
	struct files files;
	double time_s = 0;
	FILE *file;

	(void)state;
	begin(&files, "a.csv");
	file = fopen(files.path, "w");
	assert_non_null(file);
	fputs("time,v1\n", file);
	for (int k = 0; k < 3000; k++) {
		fprintf(file, "%.7f,1\n", time_s);
		time_s += k < 1200 ? 0.000125 : 0.000175;
	}
	assert_int_equal(fclose(file), 0);
	expect_fault(files.path, -EINVAL, "where even steps of 0.000125 s give");
	end(&files);
}

static void test_snd_faults(void **state)
{
	enum { N = 20000 };
	static const char sidecar[] = "channels: {v1: {column: 2}}";
	float *frames = calloc(2 * N, sizeof(*frames));
	struct recording *recording;
	struct files files;

	(void)state;
	assert_non_null(frames);
	frames[2 * 15000 + 1] = NAN;
	begin(&files, "a.wav");
	write_snd(files.path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, RATE_HZ, 2, frames, N);
	write_text(files.sidecar, sidecar, strlen(sidecar));
	expect_fault(files.path, -EINVAL,
		     "a.wav: column 2, frame 15000: the sample is not a number");
	frames[2 * 15000 + 1] = 0;
	frames[2 * 15000] = NAN; /* of no interest to anybody */
	write_snd(files.path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, RATE_HZ, 2, frames, N);
	recording = open_good(files.path, false);
	assert_true(pull_all(recording) >= 0);
	recording_destroy(recording);
	end(&files);

	for (int k = 0; k < 2 * N; k++) /* noise, so that FLAC cannot make it small */
		frames[k] = (float)(k * 7919 % 10007) / 10007;
	begin(&files, "a.flac");
	write_snd(files.path, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, RATE_HZ, 2, frames, N);
	write_text(files.sidecar, sidecar, strlen(sidecar));
	assert_int_equal(truncate(files.path, 60000), 0);
	expect_fault(files.path, -EIO, "a.flac: ");
	end(&files);
	free(frames);
}

/* --- energy --- */

#define MAINS_HZ 49.87

/* Three phases of 230 V and 5 A, lagging by 0, 40, 80 degrees, with harmonics 3, 7 and 40. */
static void make_mains(float *frames, unsigned count)
{
	static const int harmonic[] = {1, 3, 7, 40};
	static const double volts[] = {325, 12, 9, 3}, amps[] = {7, 2, 0.8, 0.3};

	for (unsigned k = 0; k < count; k++) {
		for (int p = 0; p < WAVE_PHASES; p++) {
			const double angle = 2 * M_PI * (MAINS_HZ / RATE_HZ * k - p / 3.0) + 0.7;
			double v = 0, i = 0;

			for (size_t h = 0; h < COUNT(harmonic); h++) {
				v += volts[h] * sin(harmonic[h] * angle);
				i += amps[h] * sin(harmonic[h] * (angle - p * 40 * M_PI / 180));
			}
			frames[(size_t)k * WAVE_CHANNELS + (size_t)p] = (float)(v / 400);
			frames[(size_t)k * WAVE_CHANNELS + 3 + (size_t)p] = (float)(i / 20);
		}
	}
}

static void trapezoids(const float *frames, unsigned count, double ret_ws[WAVE_PHASES],
		       double ret_vas[WAVE_PHASES])
{
	for (int p = 0; p < WAVE_PHASES; p++) {
		double vi = 0, vv = 0, ii = 0;

		for (unsigned k = 0; k < count; k++) {
			const double weight = k == 0 || k == count - 1 ? 0.5 : 1;
			const float *frame = frames + (size_t)k * WAVE_CHANNELS;
			const double v = 400 * (double)frame[p], i = 20 * (double)frame[3 + p];

			vi += weight * v * i;
			vv += weight * v * v;
			ii += weight * i * i;
		}
		ret_ws[p] = vi / RATE_HZ;
		ret_vas[p] = sqrt(vv * ii) / RATE_HZ;
	}
}

/* The sum over all windows, to the end of the recording. */
static void meter_all(struct recording *recording, double ret_ws[WAVE_PHASES], int64_t *ret_ns)
{
	const struct element_config config = {.starting_current_a = 0};
	const struct wave_source source = recording_source(recording);
	const struct measurement *window;
	struct metering_scratch *scratch;
	struct metering *metering;
	int64_t nj[WAVE_PHASES] = {0};
	int r;

	assert_int_equal(metering_scratch_create(&scratch), 0);
	assert_int_equal(metering_create(&metering, scratch, &config), 0);
	assert_int_equal(metering_use_free(metering, &source), 0);
	*ret_ns = 0;
	while ((r = metering_next(metering, &window)) == 0) {
		for (int p = 0; p < WAVE_PHASES; p++)
			nj[p] += window->phase[p].active_nj;
		*ret_ns += window->duration_ns;
	}
	assert_int_equal(r, -ENODATA);
	for (int p = 0; p < WAVE_PHASES; p++)
		ret_ws[p] = (double)nj[p] * 1e-9;
	metering_destroy(metering);
	metering_scratch_destroy(scratch);
}

static void test_energy(void **state)
{
	static const char sidecar[] =
		"channels: {v1: {column: 1, scale: 400 V}, v2: {column: 2, scale: 400 V},\n"
		"           v3: {column: 3, scale: 400 V}, i1: {column: 4, scale: 20 A},\n"
		"           i2: {column: 5, scale: 20 A}, i3: {column: 6, scale: 20 A}}\n";
	static const char *const names[] = {"a.wav", "a.csv"};
	const unsigned count = 5 * RATE_HZ;
	float *frames = calloc((size_t)count * WAVE_CHANNELS, sizeof(*frames));
	double expected_ws[WAVE_PHASES], vas[WAVE_PHASES], ws[WAVE_PHASES];

	(void)state;
	assert_non_null(frames);
	make_mains(frames, count);
	trapezoids(frames, count, expected_ws, vas);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct recording *recording;
		struct files files;
		int64_t ns;

		begin(&files, names[i]);
		if (i == 0) {
			write_snd(files.path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, RATE_HZ,
				  WAVE_CHANNELS, frames, count);
			write_text(files.sidecar, sidecar, strlen(sidecar));
		} else {
			for (size_t k = 0; k < (size_t)count * WAVE_CHANNELS; k++)
				frames[k] *= k % WAVE_CHANNELS < 3 ? 400.0f : 20.0f;
			write_csv(files.path, frames, count, RATE_HZ);
		}
		recording = open_good(files.path, false);
		meter_all(recording, ws, &ns);
		assert_true(llabs(ns - (int64_t)(count - 1) * 125000) <= 1);
		for (int p = 0; p < WAVE_PHASES; p++) {
			const double ppm = (ws[p] - expected_ws[p]) / vas[p] * 1e6;

			print_message("%s: L%d %+.3f ppm\n", names[i], p + 1, ppm);
			assert_true(fabs(ppm) < 10);
		}
		recording_destroy(recording);
		end(&files);
	}
	free(frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip_snd), cmocka_unit_test(test_round_trip_csv),
		cmocka_unit_test(test_csv_variants),   cmocka_unit_test(test_csv_errors),
		cmocka_unit_test(test_csv_limits),     cmocka_unit_test(test_snd_errors),
		cmocka_unit_test(test_no_recordings),  cmocka_unit_test(test_csv_faults),
		cmocka_unit_test(test_csv_drift),      cmocka_unit_test(test_snd_faults),
		cmocka_unit_test(test_energy),
	};

	return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
