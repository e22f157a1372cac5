/* SPDX-License-Identifier: MIT */
/* test_recording_write - what is written is read back, and gives the same energies */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "metrology/metering.h"
#include "metrology/playback.h"
#include "metrology/synth.h"
#include "sim/recording.h"
#include "sim/recording_write.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define WINDOWS   50 /* 10 s */
#define PATH_SIZE 128

static const struct recording_write_info info = {
	.station = "test, bench", .device = "main", .line_hz = 50, .begin_ns = 1795341600123456789};

/* Interleaved, as a reader has them. */
struct memory {
	float *frames;
	uint32_t count, at;
	double rate_hz;
};

struct folder {
	char name[64];
	char path[PATH_SIZE];
};

static void begin(struct folder *folder, const char *name)
{
	strcpy(folder->name, "/tmp/test_write.XXXXXX");
	assert_non_null(mkdtemp(folder->name));
	snprintf(folder->path, sizeof(folder->path), "%s/%.20s", folder->name, name);
}

static void end(const struct folder *folder)
{
	static const char *const names[] = {"a.cfg", "a.dat",      "A.CFG", "A.DAT",
					    "a.cff", "a.wav.yaml", "a.wav"};
	char path[PATH_SIZE];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder->name, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(folder->name), 0);
}

/* --- the synthesiser --- */

static void set_input(struct synth_input *input, double frequency_hz)
{
	*input = (struct synth_input){.frequency_hz = frequency_hz};
	for (int p = 0; p < WAVE_PHASES; p++) {
		input->phase[p] = (struct synth_phase){.voltage_v = 230 + p,
						       .current_a = 10 - 3 * p,
						       .lag_deg = 25 + 60 * p};
		input->phase[p].voltage_harmonic[5] = (struct synth_harmonic){.ratio = 0.04};
		input->phase[p].current_harmonic[3] =
			(struct synth_harmonic){.ratio = 0.2, .phase_deg = 70};
		input->phase[p].current_harmonic[39] = (struct synth_harmonic){.ratio = 0.01};
	}
}

/* Writes the windows, and keeps them. */
static void record(const char *path, struct wave_source *source, struct memory *memory)
{
	static float samples[WAVE_CHANNELS][BASIS_FRAMES_MAX];
	const float *written[WAVE_CHANNELS];
	float *ch[WAVE_CHANNELS];
	struct recording_write *write;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		written[c] = ch[c] = samples[c];
	memory->frames = calloc((size_t)WINDOWS * BASIS_FRAMES_MAX * WAVE_CHANNELS, sizeof(float));
	assert_non_null(memory->frames);
	assert_int_equal(recording_write_create(&write, path, &info), 0);
	for (int w = 0; w < WINDOWS; w++) {
		struct wave_grid grid;

		source->grid(source->ctx, &grid);
		memory->rate_hz = grid.rate_hz;
		assert_int_equal(source->pull(source->ctx, ch, grid.frames), (int)grid.frames);
		assert_int_equal(recording_write_frames(write, grid.rate_hz, written, grid.frames),
				 0);
		for (uint32_t k = 0; k < grid.frames; k++, memory->count++) {
			for (int c = 0; c < WAVE_CHANNELS; c++)
				memory->frames[memory->count * WAVE_CHANNELS + (uint32_t)c] =
					samples[c][k];
		}
	}
	assert_int_equal(recording_write_finish(write), 0);
	recording_write_destroy(write);
}

static int memory_read(void *ctx, uint32_t frames, const float **ret_interleaved)
{
	struct memory *memory = ctx;
	const uint32_t left = memory->count - memory->at;
	const uint32_t n = frames < left ? frames : left;

	*ret_interleaved = memory->frames + (size_t)memory->at * WAVE_CHANNELS;
	memory->at += n;
	return (int)n;
}

static int memory_rewind(void *ctx)
{
	((struct memory *)ctx)->at = 0;
	return 0;
}

/* --- energies --- */

struct energies {
	int64_t active_nj[WAVE_PHASES], reactive_nj[WAVE_PHASES];
	int64_t ns;
};

static void meter_windows(struct metering *metering, int windows, struct energies *ret)
{
	const struct measurement *window;
	int r = 0;

	*ret = (struct energies){.ns = 0};
	for (int w = 0; w < windows && r == 0; w++) {
		r = metering_next(metering, &window);
		if (r < 0 || window->partial) /* at both ends of a recording */
			continue;
		for (int p = 0; p < WAVE_PHASES; p++) {
			ret->active_nj[p] += window->phase[p].active_nj;
			ret->reactive_nj[p] += window->phase[p].reactive_nj;
		}
		ret->ns += window->duration_ns;
	}
	assert_true(r == 0 || r == -ENODATA);
}

static void meter_source(const struct wave_source *source, bool locked, struct energies *ret)
{
	const struct element_config config = {.starting_current_a = 0};
	struct metering_scratch *scratch;
	struct metering *metering;

	assert_int_equal(metering_scratch_create(&scratch), 0);
	assert_int_equal(metering_create(&metering, scratch, &config), 0);
	if (locked)
		metering_use_locked(metering, source);
	else
		assert_int_equal(metering_use_free(metering, source), 0);
	meter_windows(metering, locked ? WINDOWS : 1000, ret);
	metering_destroy(metering);
	metering_scratch_destroy(scratch);
}

static void meter_memory(struct memory *memory, struct energies *ret)
{
	const struct playback_reader reader = {.ctx = memory,
					       .read = memory_read,
					       .rewind = memory_rewind,
					       .columns = WAVE_CHANNELS,
					       .rate_hz = memory->rate_hz};
	struct playback_channel map[WAVE_CHANNELS];
	struct playback *playback;
	struct wave_source source;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		map[c] = (struct playback_channel){.column = c, .scale = 1};
	assert_int_equal(playback_create(&playback, &reader, map, false), 0);
	source = playback_source(playback);
	meter_source(&source, false, ret);
	playback_destroy(playback);
}

static struct recording *open_recording(const char *path)
{
	struct recording *recording = NULL;
	struct diag *diag;

	assert_int_equal(diag_create(&diag), 0);
	if (recording_open(&recording, path, false, diag) < 0)
		print_message("diag: %s\n", diag_text(diag, 0));
	assert_non_null(recording);
	diag_destroy(diag);
	return recording;
}

static double ppm(double value, double expected, double base)
{
	return (value - expected) / base * 1e6;
}

/* What is read back gives to the nJ what the samples in memory give; and ppm of the synthesis. */
static void compare(const struct energies *played, const struct energies *memory,
		    const struct energies *synth, double expected_ppm, const char *name)
{
	/* whole windows only: energies go by their time */
	const double part = (double)played->ns / (double)synth->ns;

	for (int p = 0; p < WAVE_PHASES; p++) {
		const double va = hypot((double)synth->active_nj[p], (double)synth->reactive_nj[p]);
		const double active =
			ppm((double)played->active_nj[p], (double)synth->active_nj[p] * part, va);
		const double reactive = ppm((double)played->reactive_nj[p],
					    (double)synth->reactive_nj[p] * part, va);

		print_message("%s: L%d P %+.3f ppm, Q %+.3f ppm of the synthesis\n", name, p + 1,
			      active, reactive);
		assert_true(fabs(active) < expected_ppm && fabs(reactive) < expected_ppm);
		assert_true(played->active_nj[p] == memory->active_nj[p]);
		assert_true(played->reactive_nj[p] == memory->reactive_nj[p]);
	}
	assert_true(played->ns == memory->ns);
}

static void test_round_trip(void **state)
{
	static const struct {
		const char *name;
		double frequency_hz;
	} rows[] = {
		{"a.cff", 50}, {"a.cfg", 50}, {"A.CFG", 49.87}, {"a.wav", 50}, {"a.cff", 60.03}};
	struct basis *basis;
	struct rng rng;

	(void)state;
	assert_int_equal(basis_create(&basis), 0);
	rng_init(&rng, 1, "record");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct energies synthesised, in_memory, played;
		struct memory memory = {.count = 0};
		struct recording *recording;
		struct synth_input input;
		struct wave_source source;
		struct wave_grid grid;
		struct folder folder;
		struct synth *synth;

		begin(&folder, rows[i].name);
		set_input(&input, rows[i].frequency_hz);
		assert_int_equal(synth_create(&synth, basis, &rng), 0);
		synth_set(synth, &input);
		source = synth_source(synth);
		record(folder.path, &source, &memory);
		meter_source(&source, true, &synthesised);
		meter_memory(&memory, &in_memory);
		recording = open_recording(folder.path);
		source = recording_source(recording);
		source.grid(source.ctx, &grid);
		assert_true(grid.rate_hz == memory.rate_hz);
		meter_source(&source, false, &played);
		compare(&played, &in_memory, &synthesised, 1, rows[i].name);
		recording_destroy(recording);
		synth_destroy(synth);
		free(memory.frames);
		end(&folder);
	}
	basis_destroy(basis);
}

/* --- files --- */

static void read_head(const char *path, char *head, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(head, 1, size - 1, file);
	head[n] = '\0';
	assert_int_equal(fclose(file), 0);
}

/* Three samples at two rates, to the byte. */
static void write_small(const char *path)
{
	static const float value[] = {1, -2.5f, 1e-3f};
	const float *const ch[WAVE_CHANNELS] = {value, value, value, value, value, value};
	struct recording_write *write;

	assert_int_equal(recording_write_create(&write, path, &info), 0);
	assert_int_equal(recording_write_frames(write, 8000, ch, 2), 0);
	assert_int_equal(recording_write_frames(write, 8000, ch, 0), 0);
	assert_int_equal(recording_write_frames(write, 8001.5, ch, 1), 0);
	assert_int_equal(recording_write_finish(write), 0);
	recording_write_destroy(write);
}

static void test_bytes(void **state)
{
	static const char expected[] =
		"test  bench,main,2013\r\n6,6A,0D\r\n"
		"1,v1,A,,V,1,0,0,-3.4028235E+38,3.4028235E+38,1,1,S\r\n"
		"2,v2,B,,V,1,0,0,-3.4028235E+38,3.4028235E+38,1,1,S\r\n"
		"3,v3,C,,V,1,0,0,-3.4028235E+38,3.4028235E+38,1,1,S\r\n"
		"4,i1,A,,A,1,0,0,-3.4028235E+38,3.4028235E+38,1,1,S\r\n"
		"5,i2,B,,A,1,0,0,-3.4028235E+38,3.4028235E+38,1,1,S\r\n"
		"6,i3,C,,A,1,0,0,-3.4028235E+38,3.4028235E+38,1,1,S\r\n"
		"50\r\n2\r\n8000,2\r\n8001.5,3\r\n"
		"22/11/2026,10:00:00.123456\r\n22/11/2026,10:00:00.123456\r\n"
		"FLOAT32\r\n1\r\n0,0\r\n0,3\r\n";
	static const char part[] = "\r\n--- file type: DAT FLOAT32: 96 ---\r\n";
	static const char second[] = "\2\0\0\0\x7d\0\0\0\0\0\x20\xc0";
	char head[16384];
	struct folder folder;

	(void)state;
	begin(&folder, "a.cfg");
	write_small(folder.path);
	read_head(folder.path, head, sizeof(head));
	assert_string_equal(head, expected);
	snprintf(folder.path, sizeof(folder.path), "%.64s/a.dat", folder.name);
	read_head(folder.path, head, sizeof(head));
	assert_memory_equal(head + 32, second, sizeof(second) - 1);
	assert_memory_equal(head + 64, "\3\0\0\0\xfa\0\0\0\0\0\x80\x3f", 12);
	snprintf(folder.path, sizeof(folder.path), "%.64s/a.cff", folder.name);
	write_small(folder.path);
	read_head(folder.path, head, sizeof(head));
	assert_memory_equal(head, "--- file type: CFG ---\r\n", 24);
	assert_memory_equal(head + 24, expected, sizeof(expected) - 1);
	assert_memory_equal(head + 8192 - sizeof(part) + 1, part, sizeof(part) - 1);
	assert_memory_equal(head + 8192 + 32, second, sizeof(second) - 1);
	end(&folder);
}

static void test_refused(void **state)
{
	static const float value[] = {1, 2};
	const float *const ch[WAVE_CHANNELS] = {value, value, value, value, value, value};
	struct recording_write *write = NULL;
	struct folder folder;

	(void)state;
	assert_int_equal(recording_write_create(&write, "/tmp/a.flac", &info), -ENOTSUP);
	assert_int_equal(recording_write_create(&write, "/tmp/a", &info), -ENOTSUP);
	assert_int_equal(recording_write_create(&write, "/nowhere/a.wav", &info), -ENOENT);
	assert_int_equal(recording_write_create(&write, "/nowhere/a.cfg", &info), -ENOENT);
	assert_int_equal(recording_write_create(&write, "/nowhere/a.cff", &info), -ENOENT);
	assert_null(write);

	begin(&folder, "a.wav");
	assert_int_equal(recording_write_create(&write, folder.path, &info), 0);
	assert_int_equal(recording_write_frames(write, 0, ch, 1), -EINVAL);
	assert_int_equal(recording_write_finish(write), -ENODATA);
	assert_int_equal(recording_write_frames(write, 8000.4, ch, 2), 0);
	assert_int_equal(recording_write_frames(write, 8003, ch, 2), 0);
	assert_int_equal(recording_write_frames(write, 8009, ch, 2), -ERANGE);
	recording_write_destroy(write);
	end(&folder);

	begin(&folder, "a.cff");
	assert_int_equal(recording_write_create(&write, folder.path, &info), 0);
	for (int k = 0; k < RECORDING_WRITE_SECTIONS_MAX; k++)
		assert_int_equal(recording_write_frames(write, 8000 + k / 3.0, ch, 2), 0);
	assert_int_equal(recording_write_frames(write, 9000, ch, 2), -ERANGE);
	assert_int_equal(recording_write_finish(write), 0);
	recording_write_destroy(write);
	recording_write_destroy(NULL);
	end(&folder);
}

/* The configuration is full of sections, and the data are where they belong. */
static void test_full(void **state)
{
	static const float value[] = {1, 2};
	const float *const ch[WAVE_CHANNELS] = {value, value, value, value, value, value};
	char sidecar[PATH_SIZE + 8];
	struct recording_write *write;
	struct recording *recording;
	struct folder folder;
	FILE *file;

	(void)state;
	begin(&folder, "a.cff");
	snprintf(sidecar, sizeof(sidecar), "%s.yaml", folder.path);
	file = fopen(sidecar, "w");
	assert_non_null(file);
	fputs("comtrade: {section: 64}\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(recording_write_create(&write, folder.path, &info), 0);
	for (int k = 0; k < RECORDING_WRITE_SECTIONS_MAX; k++)
		assert_int_equal(recording_write_frames(write, 123456 + k / 3.0, ch, 2), 0);
	assert_int_equal(recording_write_finish(write), 0);
	recording_write_destroy(write);
	recording = open_recording(folder.path);
	recording_destroy(recording);
	unlink(sidecar);
	end(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests_name("recording_write", tests, NULL, NULL);
}
