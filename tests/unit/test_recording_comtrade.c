/* SPDX-License-Identifier: MIT */
/* test_recording_comtrade - COMTRADE files written by hand: what comes out, what is refused */
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

#include "sim/comtrade_names.h"
#include "sim/recording.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define FRAMES    3
#define PATH_SIZE 128

/* --- files --- */

struct bytes {
	const char *data;
	size_t len;
};

#define BYTES(s)                                                                                   \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

struct folder {
	char name[64];
	char cfg[PATH_SIZE], dat[PATH_SIZE], sidecar[PATH_SIZE];
};

static void write_file(const char *path, const char *data, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* dat.data NULL: a CFF file. */
static void begin(struct folder *folder, const char *cfg, struct bytes dat, const char *sidecar)
{
	strcpy(folder->name, "/tmp/test_comtrade.XXXXXX");
	assert_non_null(mkdtemp(folder->name));
	snprintf(folder->cfg, PATH_SIZE, "%s/a.%s", folder->name, dat.data ? "cfg" : "cff");
	snprintf(folder->dat, PATH_SIZE, "%s/a.dat", folder->name);
	snprintf(folder->sidecar, PATH_SIZE, "%s/a.%s.yaml", folder->name,
		 dat.data ? "cfg" : "cff");
	write_file(folder->cfg, cfg, strlen(cfg));
	if (dat.data)
		write_file(folder->dat, dat.data, dat.len);
	if (sidecar)
		write_file(folder->sidecar, sidecar, strlen(sidecar));
}

static void end(const struct folder *folder)
{
	unlink(folder->cfg);
	unlink(folder->dat);
	unlink(folder->sidecar);
	assert_int_equal(rmdir(folder->name), 0);
}

static void show(const struct diag *diag)
{
	for (size_t i = 0; diag_text(diag, i); i++)
		print_message("diag: %s\n", diag_text(diag, i));
}

static struct recording *open_good(const char *path)
{
	struct recording *recording = NULL;
	struct diag *diag;
	int r;

	assert_int_equal(diag_create(&diag), 0);
	r = recording_open(&recording, path, false, diag);
	show(diag);
	assert_int_equal(r, 0);
	diag_destroy(diag);
	return recording;
}

static int pull(struct recording *recording, float samples[WAVE_CHANNELS][FRAMES + 1])
{
	const struct wave_source source = recording_source(recording);
	float *ch[WAVE_CHANNELS];

	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = samples[c];
	return source.pull(source.ctx, ch, FRAMES + 1);
}

static double rate_of(struct recording *recording)
{
	const struct wave_source source = recording_source(recording);
	struct wave_grid grid;

	source.grid(source.ctx, &grid);
	return grid.rate_hz;
}

/* --- every encoding, every revision: v1 is 10, 20, -30 V, i1 is 1, 2, 3 A, at 1000 Hz --- */

#define CHANNELS_1991 "1,UA,A,,V,2.0,0,0,-99999,99998\n2,IA,A,,A,0.5,0.5,0,-99999,99998\n"
#define CHANNELS_1999                                                                              \
	"1,UA,A,bus,V,2.0,0,0,-32767,32767,1,1,S\n2,IA,A,bus,A,0.5,0.5,0,-32767,32767,1,1,S\n"
#define DATES      "22/11/2026,10:00:00.000000\n22/11/2026,10:00:00.001000\n"
#define DATES_NS   "22/11/2026,10:00:00.000000000\n22/11/2026,10:00:00.001000000\n"
#define HEAD(year) "Station,Device," year "\n2,2A,0D\n" CHANNELS_1999 "50\n"
#define RATE       "1\n1000,3\n"
#define ASCII_DAT  "1,0,5,1\n2,1000,10,3\n3,2000,-15,5\n"

#define BINARY_DAT                                                                                 \
	"\1\0\0\0\0\0\0\0\5\0\1\0"                                                                 \
	"\2\0\0\0\xe8\3\0\0\x0a\0\3\0"                                                             \
	"\3\0\0\0\xd0\7\0\0\xf1\xff\5\0"
#define BINARY32_DAT                                                                               \
	"\1\0\0\0\0\0\0\0\5\0\0\0\1\0\0\0"                                                         \
	"\2\0\0\0\xe8\3\0\0\x0a\0\0\0\3\0\0\0"                                                     \
	"\3\0\0\0\xd0\7\0\0\xf1\xff\xff\xff\5\0\0\0"
#define FLOAT32_DAT                                                                                \
	"\1\0\0\0\0\0\0\0\0\0\xa0\x40\0\0\x80\x3f"                                                 \
	"\2\0\0\0\xe8\3\0\0\0\0\x20\x41\0\0\x40\x40"                                               \
	"\3\0\0\0\xd0\7\0\0\0\0\x70\xc1\0\0\xa0\x40"
#define CFF(cfg, part) "--- file type: CFG ---\n" cfg "--- file type: INF ---\n\n" part

struct good {
	const char *name;
	const char *cfg;
	struct bytes dat; /* NULL: CFF */
	const char *sidecar;
};

static const struct good goods[] = {
	{"1991 ASCII", "S,D\n2,2A,0D\n" CHANNELS_1991 "50\n" RATE DATES "ASCII\n", BYTES(ASCII_DAT),
	 NULL},
	{"1999 ASCII", HEAD("1999") RATE DATES "ASCII\n1\n", BYTES(ASCII_DAT), NULL},
	{"1999 ASCII with CR LF and blanks",
	 "S,D,1999\r\n2,2A,0D\r\n1, UA ,A,,V, 2.0 "
	 ",0,0,-9,9,1,1,S\r\n2,IA,A,,A,.5,5e-1,0,-9,9,1,1,s\r\n"
	 "50\r\n1\r\n1000,3\r\n01/01/2001,00:00:00.0\r\n01/01/2001,00:00:00.0\r\nascii\r\n1\r\n",
	 BYTES("1, 0, 5, 1\r\n2, 1000, 10, 3\r\n3, 2000, -15, 5\r\n\x1a"), NULL},
	{"2001 ASCII", HEAD("2001") RATE DATES "ASCII\n1\n", BYTES(ASCII_DAT), NULL},
	{"2013 ASCII", HEAD("2013") RATE DATES "ASCII\n1\n0h00,0h00\nB,3\n", BYTES(ASCII_DAT),
	 NULL},
	{"no time stamps", HEAD("1999") RATE DATES "ASCII\n1\n",
	 BYTES("1,,5,1\n2,,10,3\n3,,-15,5\n"), NULL},
	{"numbers from 0", HEAD("1999") RATE DATES "ASCII\n1\n",
	 BYTES("0,0,5,1\n1,1000,10,3\n2,2000,-15,5\n"), NULL},
	{"1999 BINARY", HEAD("1999") RATE DATES "BINARY\n1\n", BYTES(BINARY_DAT), NULL},
	{"2013 BINARY32", HEAD("2013") RATE DATES "BINARY32\n1\n0,0\n0,0\n", BYTES(BINARY32_DAT),
	 NULL},
	{"2013 FLOAT32", HEAD("2013") RATE DATES "float32\n1\n0,0\n0,0\n", BYTES(FLOAT32_DAT),
	 NULL},
	{"CFF ASCII",
	 CFF(HEAD("2013") RATE DATES "ASCII\n1\n0,0\n0,0\n",
	     "--- file type: DAT ASCII ---\n" ASCII_DAT),
	 {NULL, 0},
	 NULL},
	{"CFF with a part behind the data",
	 "--- FILE TYPE: CFG ---\r\n" HEAD("2013") RATE DATES
	 "ASCII\n1\n--- file type: HDR ---\nhello\n"
	 "--- file type: DAT ASCII: 99 ---\n" ASCII_DAT "--- file type: END ---\n",
	 {NULL, 0},
	 NULL},
	{"stamps instead of a rate", HEAD("1999") "0\n0,3\n" DATES "ASCII\n1\n", BYTES(ASCII_DAT),
	 NULL},
	{"stamps with a multiplier", HEAD("1999") "0\n0,3\n" DATES "ASCII\n100\n",
	 BYTES("1,0,5,1\n2,10,10,3\n3,20,-15,5\n"), NULL},
	{"stamps in ns", HEAD("2013") "0\n0,3\n" DATES_NS "ASCII\n1000\n0,0\n0,0\n",
	 BYTES(ASCII_DAT), NULL},
	{"stamps in us, for all the digits", HEAD("1999") "0\n0,3\n" DATES_NS "BINARY\n1\n",
	 BYTES(BINARY_DAT), NULL},
	{"stamps over 2^32", HEAD("1999") "0\n0,3\n" DATES "BINARY\n1\n",
	 BYTES("\1\0\0\0\xff\xff\xff\xff\5\0\1\0"
	       "\2\0\0\0\xe7\3\0\0\x0a\0\3\0"
	       "\3\0\0\0\xcf\7\0\0\xf1\xff\5\0"),
	 "rate: 1 kHz\n"},
	{"stamps that count for nothing", HEAD("1999") "0\n0,3\n" DATES "ASCII\n1\n",
	 BYTES("1,7,5,1\n2,7,10,3\n3,,-15,5\n"), "rate: 1000 Hz\n"},
	{"17 digital channels",
	 "S,D,1999\n19,2A,17D\n" CHANNELS_1999
	 "1,a,,,0\n2,a,,,0\n3,a,,,0\n4,a,,,0\n5,a,,,0\n6,a,,,0\n7,a,,,0\n8,a,,,0\n9,a,,,0\n"
	 "10,a,,,0\n11,a,,,0\n12,a,,,0\n13,a,,,0\n14,a,,,0\n15,a,,,0\n16,a,,,0\n17,a,,,0\n"
	 "50\n" RATE DATES "BINARY\n1\n",
	 BYTES("\1\0\0\0\0\0\0\0\5\0\1\0\xff\xff\1\0"
	       "\2\0\0\0\xe8\3\0\0\x0a\0\3\0\xff\xff\1\0"
	       "\3\0\0\0\xd0\7\0\0\xf1\xff\5\0\xff\xff\1\0"),
	 NULL},
	{"two rates that are one", HEAD("1999") "2\n1000,1\n1000,3\n" DATES "ASCII\n1\n",
	 BYTES(ASCII_DAT), NULL},
	{"the second of two rates, text", HEAD("1999") "2\n9000,2\n1000,5\n" DATES "ASCII\n1\n",
	 BYTES("1,0,7,7\n2,111,8,8\n3,1000,5,1\n4,2000,10,3\n5,3000,-15,5\n"),
	 "comtrade: {section: 2}\n"},
	{"the first of two rates, binary", HEAD("1999") "2\n1000,3\n60,4\n" DATES "BINARY\n1\n",
	 BYTES(BINARY_DAT "\4\0\0\0\0\0\0\0\0\0\0\0"), "comtrade: {section: 1}\n"},
	{"kV and mA",
	 "S,D,1999\n2,2A,0D\n1,UA,A,,kV,0.002,0,0,-9,9,1,1,S\n2,IA,A,,mA,500,500,0,-9,9,1,1,S\n"
	 "50\n" RATE DATES "ASCII\n1\n",
	 BYTES(ASCII_DAT), NULL},
	{"primary values at the secondary side",
	 "S,D,1999\n2,2A,0D\n1,UA,A,,V,20,0,0,-9,9,1000,100,P\n2,IA,A,,A,10,10,0,-9,9,100,5,p\n"
	 "50\n" RATE DATES "ASCII\n1\n",
	 BYTES(ASCII_DAT), NULL},
	{"secondary values at the primary side",
	 "S,D,1999\n2,2A,0D\n1,UA,A,,V,.2,0,0,-9,9,1000,100,S\n2,IA,A,,A,.025,.025,0,-9,9,100,5,S\n"
	 "50\n" RATE DATES "ASCII\n1\n",
	 BYTES(ASCII_DAT), "comtrade: {values: primary}\n"},
	{"primary values as they are",
	 "S,D,1999\n2,2A,0D\n1,UA,A,,V,2,0,0,-9,9,0,0,P\n2,IA,A,,A,.5,.5,0,-9,9,0,0,P\n"
	 "50\n" RATE DATES "ASCII\n1\n",
	 BYTES(ASCII_DAT), "comtrade: {values: stored}\n"},
	{"a skew that all have",
	 "S,D,1999\n2,2A,0D\n1,UA,A,,V,2,0,10,-9,9,1,1,P\n2,IA,A,,A,.5,.5,10,-9,9,1,1,P\n"
	 "50\n" RATE DATES "ASCII\n1\n",
	 BYTES(ASCII_DAT), NULL},
	{"a skew that does not matter",
	 "S,D,1999\n2,2A,0D\n1,UA,A,,V,2,0,10,-9,9,1,1,P\n2,IA,A,,A,.5,.5,99,-9,9,1,1,P\n"
	 "50\n" RATE DATES "ASCII\n1\n",
	 BYTES(ASCII_DAT), "comtrade: {skew: ignore}\n"},
	{"channels by name, number and phase",
	 "S,D,1999\n4,4A,0D\n1,a,L1,,V,2,0,0,-9,9,1,1,P\n2,b,S,,V,1,0,0,-9,9,1,1,P\n"
	 "3,c,R,,A,1,0,0,-9,9,1,1,P\n4,d,,,A,.5,.5,0,-9,9,1,1,P\n50\n" RATE DATES "ASCII\n1\n",
	 BYTES("1,0,5,0,0,1\n2,1000,10,0,0,3\n3,2000,-15,0,0,5\n"),
	 "channels: {v1: {column: A}, i1: {column: d}}\n"},
	{"a voltage for a current, on purpose",
	 "S,D,1999\n2,2A,0D\n1,a,,,V,2,0,0,-9,9,1,1,P\n2,shunt,,,mV,500,500,0,-9,9,1,1,P\n"
	 "50\n" RATE DATES "ASCII\n1\n",
	 BYTES(ASCII_DAT), "channels: {v1: {column: 1}, i1: {column: shunt, scale: 1 A}}\n"},
	{"single phase without phases",
	 "S,D,1999\n3,3A,0D\n1,U,,,V,2,0,0,-9,9,1,1,P\n2,I,,,A,.5,.5,0,-9,9,1,1,P\n"
	 "3,f,,,Hz,1,0,0,-9,9,1,1,P\n50\n" RATE DATES "ASCII\n1\n",
	 BYTES("1,0,5,1,x\n2,1000,10,3,\n3,2000,-15,5,50\n"), NULL},
	{"missing where nobody looks", HEAD("1999") RATE DATES "ASCII\n1\n",
	 BYTES("1,0,5,1\n2,1000,10,3\n3,2000,-15,5\n"),
	 "channels: {v1: {column: 1}, i1: {column: 2}}"},
};

static void check_good(const struct good *good)
{
	static const float v1[FRAMES] = {10, 20, -30}, i1[FRAMES] = {1, 2, 3};
	float samples[WAVE_CHANNELS][FRAMES + 1];
	struct recording *recording;
	struct folder folder;

	print_message("%s\n", good->name);
	begin(&folder, good->cfg, good->dat, good->sidecar);
	recording = open_good(folder.cfg);
	assert_true(fabs(rate_of(recording) - 1000) < 1e-6);
	assert_int_equal(pull(recording, samples), FRAMES);
	for (int k = 0; k < FRAMES; k++) {
		assert_true(fabsf(samples[WAVE_V1][k] - v1[k]) < 1e-5f);
		assert_true(fabsf(samples[WAVE_I1][k] - i1[k]) < 1e-5f);
		assert_true(samples[WAVE_V2][k] == 0 && samples[WAVE_I3][k] == 0);
	}
	recording_destroy(recording);
	end(&folder);
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++)
		check_good(&goods[i]);
}

/* The data follow bytes of zero: no text, so that the file cannot be a string. */
static void test_binary_cff(void **state)
{
	static const char file[] = CFF(HEAD("2013") RATE DATES "BINARY\n1\n0,0\n0,0\n",
				       "--- file type: DAT BINARY: 36 ---\r\n") BINARY_DAT;
	float samples[WAVE_CHANNELS][FRAMES + 1];
	struct recording *recording;
	struct folder folder;

	(void)state;
	begin(&folder, "x", (struct bytes){NULL, 0}, NULL);
	write_file(folder.cfg, file, sizeof(file) - 1);
	recording = open_good(folder.cfg);
	assert_int_equal(pull(recording, samples), FRAMES);
	assert_true(samples[WAVE_V1][2] == -30 && samples[WAVE_I1][2] == 3);
	recording_destroy(recording);
	write_file(folder.cfg, file, sizeof(file)); /* with the string's end behind it */
	recording = open_good(folder.cfg);
	recording_destroy(recording);
	end(&folder);
}

/* Missing samples keep the value before them, 0 at the beginning. */
static void test_hold(void **state)
{
	static const struct {
		const char *cfg;
		struct bytes dat;
	} rows[] = {
		{HEAD("1999") RATE DATES "ASCII\n1\n",
		 BYTES("1,0,,1\n2,1000,10,\n3,2000,99999,5\n")},
		{"S,D\n2,2A,0D\n" CHANNELS_1991 "50\n" RATE DATES "ASCII\n",
		 BYTES("1,0,999999,1\n2,1000,10,999999\n3,2000,999999,5\n")},
		{HEAD("1999") RATE DATES "BINARY\n1\n", BYTES("\1\0\0\0\0\0\0\0\0\x80\1\0"
							      "\2\0\0\0\0\0\0\0\x0a\0\0\x80"
							      "\3\0\0\0\0\0\0\0\0\x80\5\0")},
		{HEAD("2013") RATE DATES "BINARY32\n1\n",
		 BYTES("\1\0\0\0\0\0\0\0\0\0\0\x80\1\0\0\0"
		       "\2\0\0\0\xff\xff\xff\xff\x0a\0\0\0\0\0\0\x80"
		       "\3\0\0\0\0\0\0\0\0\0\0\x80\5\0\0\0")},
		{HEAD("2013") RATE DATES "FLOAT32\n1\n",
		 BYTES("\1\0\0\0\0\0\0\0\xff\xff\x7f\xff\0\0\x80\x3f"
		       "\2\0\0\0\0\0\0\0\0\0\x20\x41\0\0\xc0\x7f"
		       "\3\0\0\0\0\0\0\0\0\0\x80\xff\0\0\xa0\x40")},
	};
	static const float v1[FRAMES] = {0, 20, 20}, i1[FRAMES] = {1, 1, 3};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		float samples[WAVE_CHANNELS][FRAMES + 1];
		struct recording *recording;
		struct folder folder;

		begin(&folder, rows[i].cfg, rows[i].dat, "comtrade: {missing: hold}\n");
		recording = open_good(folder.cfg);
		assert_int_equal(pull(recording, samples), FRAMES);
		for (int k = 0; k < FRAMES; k++)
			assert_true(samples[WAVE_V1][k] == v1[k] && samples[WAVE_I1][k] == i1[k]);
		recording_destroy(recording);
		end(&folder);
	}
}

/* --- errors --- */

#define TWO(a, b)   "S,D,1999\n2,2A,0D\n" a "\n" b "\n50\n" RATE DATES "ASCII\n1\n"
#define GOOD_V      "1,UA,A,,V,2,0,0,-9,9,1,1,S"
#define GOOD_I      "2,IA,A,,A,1,0,0,-9,9,1,1,S"
#define TEXT_CFG    HEAD("1999") RATE DATES "ASCII\n1\n"
#define BINARY_CFG  HEAD("1999") RATE DATES "BINARY\n1\n"
#define STAMPED_CFG HEAD("1999") "0\n0,3\n" DATES "ASCII\n1\n"

static const struct {
	const char *cfg;
	struct bytes dat;
	const char *sidecar;
	const char *expected;
} errors[] = {
	/* the configuration */
	{"S,D,2020\n", BYTES("x"), NULL, "a.cfg:1:5: revision year '2020' is none of 1991, 1999"},
	{"S,D,MCMXC\n", BYTES("x"), NULL, "a.cfg:1:5: revision year 'MCMXC'"},
	{"S,D,1999\n", BYTES("x"), NULL, "a.cfg:2:1: it ends where the number of channels is"},
	{"S,D,1999\n2,2,0D\n", BYTES("x"), NULL,
	 "a.cfg:2:3: '2' is no number of channels with a 'A' behind it"},
	{"S,D,1999\n3,2A,0D\n", BYTES("x"), NULL,
	 "a.cfg:2:1: 3 channels, but 2 analog and 0 digital ones"},
	{"S,D,1999\n0,0A,0D\n", BYTES("x"), NULL,
	 "a.cfg:2:3: analog channels: 0 is out of range 1..256"},
	{"S,D,1999\n9999999,9999999A,0D\n", BYTES("x"), NULL,
	 "analog channels: 9999999 is out of range"},
	{"S,D,1999\n9,1A,99999999999999999999D\n", BYTES("x"), NULL, "digital channels: "},
	{"S,D,1999\n2,2A,0D\n" GOOD_V "\n", BYTES("x"), NULL,
	 "a.cfg:4:1: it ends where an analog channel is expected"},
	{TWO(GOOD_V, "2,IA,A,,A,1"), BYTES("x"), NULL,
	 "a.cfg:4:1: an analog channel has 10 or 13 fields, this line has 6"},
	{TWO(GOOD_V, "2,IA,A,,A,1,0,0,0,0,0,0,0,0"), BYTES("x"), NULL, "this line has 14"},
	{TWO(GOOD_V, "2,IA,A,,A,x,0,0,0,0,1,1,S"), BYTES("x"), NULL,
	 "a.cfg:4:11: a: 'x' is not a number"},
	{TWO(GOOD_V, "2,IA,A,,A,1,1e300,0,0,0,1,1,S"), BYTES("x"), NULL,
	 "a.cfg:4:13: b: 1e300 is out of range"},
	{TWO(GOOD_V, "2,IA,A,,A,1,0,0,0,0,1,1,Q"), BYTES("x"), NULL,
	 "a.cfg:4:25: 'Q' is neither P nor S"},
	{TWO("x,UA,A,,V,2,0,0,-9,9,1,1,S", GOOD_I), BYTES("x"), NULL,
	 "a.cfg:3:1: number of the analog channel: 'x'"},
	{"S,D,1999\n3,2A,1D\n" CHANNELS_1999 "50\n", BYTES("x"), NULL,
	 "a.cfg:6:1: it ends where the line frequency is expected"},
	{HEAD("1999") "-1\n", BYTES("x"), NULL, "a.cfg:6:1: number of sampling rates: -1 is out"},
	{HEAD("1999") "1\n0,3\n" DATES, BYTES("x"), NULL, "a.cfg:7:1: sampling rate: 0 is none"},
	{HEAD("1999") "1\n1000,0\n", BYTES("x"), NULL, "a.cfg:7:6: last sample: 0 is out of range"},
	{HEAD("1999") "2\n1000,5\n100,5\n", BYTES("x"), NULL,
	 "a.cfg:8:5: last sample: 5 is out of range 6.."},
	{HEAD("1999") "1\n1000,99999999999\n", BYTES("x"), NULL, "last sample: 99999999999 is out"},
	{HEAD("1999") RATE DATES "PNG\n", BYTES("x"), NULL,
	 "a.cfg:10:1: 'PNG' is none of ASCII, BINARY"},
	{HEAD("1999") RATE DATES, BYTES("x"), NULL,
	 "a.cfg:10:1: it ends where the data's encoding"},
	{HEAD("1999") RATE DATES "ASCII\n-1\n", BYTES(ASCII_DAT), NULL,
	 "a.cfg:11:1: time multiplier: -1 is out of range"},
	{HEAD("1999") "2\n1000,1\n60,3\n" DATES "ASCII\n1\n", BYTES(ASCII_DAT), NULL,
	 "a.cfg:7:1: it has 2 sampling rates, 1000 Hz up to sample 1, then 60 Hz up to sample 3"},
	{TEXT_CFG, BYTES(ASCII_DAT), "comtrade: {section: 2}",
	 "a.cfg:7:1: the .yaml asks for section 2, but the last one is 1"},
	{HEAD("1999") "1\n100,3\n" DATES "ASCII\n1\n", BYTES(ASCII_DAT), NULL,
	 "a.cfg: its rate of 100 Hz is out of range 800..1000000 Hz"},
	{TWO(GOOD_V, "2,IA,A,,A,0,0,0,-9,9,1,1,S"), BYTES(ASCII_DAT), NULL,
	 "a.cfg:4:1: IA: an a of 0 silences it"},
	{TWO(GOOD_V, "2,IA,A,,A,1,0,20,-9,9,1,1,S"), BYTES(ASCII_DAT), NULL,
	 "a.cfg:4:1: IA was sampled 20 us later than UA"},
	{TWO(GOOD_V, "2,IA,A,,A,1,0,0,-9,9,0,0,P"), BYTES(ASCII_DAT), NULL,
	 "a.cfg:4:1: IA: its values are primary, and its ratio of 0 : 0 leads to no others"},
	{"S,D\n2,2A,0D\n" CHANNELS_1991 "50\n" RATE DATES "ASCII\n", BYTES(ASCII_DAT),
	 "comtrade: {values: primary}", "a.cfg:3:1: UA: the line does not say whether"},
	/* channels */
	{TWO("1,UAB,AB,,V,2,0,0,-9,9,1,1,S", GOOD_I), BYTES(ASCII_DAT), NULL,
	 "a.cfg: none of its channels is clearly the voltage of a phase to neutral; a file .yaml "
	 "has to say which one is: 1 'UAB', 2 'IA'"},
	{TWO(GOOD_V, "2,Uline,A,,V,1,0,0,-9,9,1,1,S"), BYTES(ASCII_DAT), NULL,
	 "a.cfg: both its columns 1 'UA' and 2 'Uline' could be v1"},
	{TEXT_CFG, BYTES(ASCII_DAT), "channels: {v1: {column: UX}}",
	 "a.cfg.yaml:1:25: column: the file has no column 'UX'"},
	{TEXT_CFG, BYTES(ASCII_DAT), "channels: {v1: {column: C}}",
	 "column: the file has no column 'C'"},
	{TEXT_CFG, BYTES(ASCII_DAT), "channels: {v1: {column: IA}}",
	 "a.cfg.yaml:1:25: column: 'IA' is a current by its unit"},
	{TEXT_CFG, BYTES(ASCII_DAT), "channels: {i1: {column: IA}}",
	 "channels: one voltage at least"},
	{TEXT_CFG, BYTES(ASCII_DAT), "comtrade: {values: both}", "a.cfg.yaml:1:20: values: 'both'"},
	{TEXT_CFG, BYTES(ASCII_DAT), "rate: 2 kHz\n",
	 "a.cfg.yaml:1:7: rate: 2000 Hz, but the recording's own is 1000 Hz"},
	/* data: truncated, lying, oversized */
	{TEXT_CFG, BYTES("1,0,5,1\n2,0,5,1\n"), NULL,
	 "a.dat:3:1: sample 3: the data end here, after 2 of 3 samples"},
	{TEXT_CFG, BYTES("1,0,5,1\n2,0,5\n"), NULL,
	 "a.dat:2:1: 3 fields, where 2 analog and 0 digital channels make 4"},
	{TEXT_CFG, BYTES("1,0,5,1\n3,0,5,1\n"), NULL,
	 "a.dat:2:1: sample 2: its number is 3, not 2"},
	{TEXT_CFG, BYTES("x,0,5,1\n"), NULL, "a.dat:1:1: 'x' is no number of a sample"},
	{TEXT_CFG, BYTES("1,x,5,1\n"), NULL, "a.dat:1:3: 'x' is no time stamp"},
	{TEXT_CFG, BYTES("1,0,5,nan\n"), NULL, "a.dat:1:7: IA: 'nan' is not a number"},
	{TEXT_CFG, BYTES("1,0,5,\n"), NULL, "a.dat:1:1: sample 1: IA is missing"},
	{TEXT_CFG, BYTES("1,0,99999,1\n"), NULL, "a.dat:1:1: sample 1: UA is missing"},
	{TEXT_CFG, BYTES("1,0,88888,1\n"), NULL, "a.dat:1:1: sample 1: UA: 177776 V is too large"},
	{TEXT_CFG, BYTES("1,0,5\0,1\n"), NULL, "a.dat:1:6: a zero byte: this is no text file"},
	{TEXT_CFG, BYTES(ASCII_DAT "4,3000,1,1\n"), NULL,
	 "a.dat:4:1: the data go on behind the last sample, 3"},
	{BINARY_CFG, BYTES("\1\0\0\0"), NULL,
	 "a.dat: byte 4: the data end here, after 4 bytes, where 3 samples of 12 bytes (2 analog, "
	 "0 digital channels) make 36"},
	{BINARY_CFG, BYTES(BINARY_DAT "x"), NULL, "a.dat: byte 37: the data end here, after 37"},
	{HEAD("1999") "1\n1000,9999999999\n" DATES "BINARY\n1\n", BYTES(BINARY_DAT), NULL,
	 "where 9999999999 samples of 12 bytes"},
	{BINARY_CFG,
	 BYTES("\1\0\0\0\0\0\0\0\5\0\1\0"
	       "\2\0\0\0\xe8\3\0\0\0\x80\3\0"
	       "\3\0\0\0\xd0\7\0\0\xf1\xff\5\0"),
	 NULL, "a.dat: sample 2 (byte 12): UA is missing"},
	{BINARY_CFG,
	 BYTES("\1\0\0\0\0\0\0\0\5\0\1\0"
	       "\3\0\0\0\xe8\3\0\0\0\x80\3\0"
	       "\4\0\0\0\xd0\7\0\0\xf1\xff\5\0"),
	 NULL, "a.dat: sample 2 (byte 12): its number is 3, not 2"},
	{HEAD("2013") RATE DATES "FLOAT32\n1\n",
	 BYTES("\1\0\0\0\0\0\0\0\0\0\x80\x7f\0\0\x80\x3f"
	       "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	       "\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	 NULL, "a.dat: sample 1 (byte 0): UA: inf V is too large"},
	/* time stamps that matter */
	{STAMPED_CFG, BYTES("1,0,5,1\n2,,5,1\n"), NULL,
	 "a.dat:2:1: sample 2: the time stamp is missing"},
	{STAMPED_CFG, BYTES("1,0,5,1\n2,0,5,1\n3,0,5,1\n"), NULL,
	 "a.dat: the time stamps do not rise"},
	{STAMPED_CFG, BYTES("1,0,5,1\n2,1000,5,1\n3,3000,5,1\n"), NULL,
	 "a.dat: sample 2: the time stamps are not evenly spaced: it is -0.0005 s off"},
	{HEAD("1999") "0\n0,1\n" DATES "ASCII\n1\n", BYTES("1,0,5,1\n"), NULL,
	 "a.dat: two samples at least are needed to tell the rate"},
	/* CFF */
	{TEXT_CFG, {NULL, 0}, NULL, "a.cff:1:1: a CFF file begins with '--- file type: CFG ---'"},
	{CFF(TEXT_CFG, ""), {NULL, 0}, NULL, "a.cff: it has no part '--- file type: DAT ...'"},
	{CFF(TEXT_CFG, "--- file type: DAT ---\n"),
	 {NULL, 0},
	 NULL,
	 "a.cff:15:1: something like '--- file type: DAT ASCII ---'"},
	{CFF(TEXT_CFG, "--- file type: DAT BINARY: 36 ---\n"),
	 {NULL, 0},
	 NULL,
	 "a.cff:15:20: the data are BINARY here, and ASCII in the configuration"},
	{CFF(BINARY_CFG, "--- file type: DAT BINARY: many ---\n"),
	 {NULL, 0},
	 NULL,
	 "a.cff:15:28: 'many' is no number of bytes"},
	{CFF(BINARY_CFG, "--- file type: DAT BINARY: 36 ---\nshort"),
	 {NULL, 0},
	 NULL,
	 "the data end here, after 5 bytes, where 3 samples of 12 bytes"},
	{CFF(TEXT_CFG, "--- file type: DAT ASCII ---\n1,0,5,1\n2,1000,x,1\n"),
	 {NULL, 0},
	 NULL,
	 "a.cff:17:8: UA: 'x' is not a number"},
};

static bool in_diag(const struct diag *diag, const char *text)
{
	for (size_t i = 0; diag_text(diag, i); i++) {
		if (strstr(diag_text(diag, i), text))
			return true;
	}
	print_message("expected: %s\n", text);
	show(diag);
	return false;
}

static void expect_error(const char *path, const char *text)
{
	struct recording *recording = NULL;
	struct diag *diag;
	int r;

	assert_int_equal(diag_create(&diag), 0);
	r = recording_open(&recording, path, false, diag);
	assert_true(in_diag(diag, text));
	assert_true(r == -EINVAL || r == -EIO);
	assert_null(recording);
	diag_destroy(diag);
}

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct folder folder;

		begin(&folder, errors[i].cfg, errors[i].dat, errors[i].sidecar);
		expect_error(folder.cfg, errors[i].expected);
		end(&folder);
	}
}

static void test_files(void **state)
{
	char path[PATH_SIZE];
	struct folder folder;

	(void)state;
	begin(&folder, TEXT_CFG, (struct bytes)BYTES(ASCII_DAT), NULL);
	expect_error(folder.dat, "none of .csv, .wav, .flac, .cfg, .cff; of a COMTRADE recording");
	assert_int_equal(unlink(folder.dat), 0);
	expect_error(folder.cfg, "a.dat: the data of ");
	write_file(folder.dat, "", 0);
	expect_error(folder.cfg, "a.dat: the file is empty");
	assert_int_equal(unlink(folder.dat), 0);
	snprintf(path, sizeof(path), "%s/a.DAT", folder.name);
	write_file(path, ASCII_DAT, sizeof(ASCII_DAT) - 1);
	recording_destroy(open_good(folder.cfg));
	assert_int_equal(unlink(path), 0);
	end(&folder);
}

/* --- faults while playing --- */

/* 20000 samples of which one in the middle lies: its place in the file is told. */
static void test_fault(void **state)
{
	enum { N = 20000, BAD = 15000 };
	static const char cfg[] = HEAD("1999") "1\n8000,20000\n" DATES "BINARY\n1\n";
	char *dat = calloc(N, 12);
	struct recording *recording;
	struct wave_source source;
	static float samples[WAVE_CHANNELS][1000];
	float *ch[WAVE_CHANNELS];
	struct folder folder;
	int n;

	(void)state;
	assert_non_null(dat);
	for (int c = 0; c < WAVE_CHANNELS; c++)
		ch[c] = samples[c];
	for (int k = 0; k < N; k++) {
		dat[12 * k] = (char)((k + 1) & 255);
		dat[12 * k + 1] = (char)((k + 1) >> 8);
	}
	dat[12 * BAD + 9] = '\x80';
	begin(&folder, cfg, (struct bytes){dat, (size_t)N * 12}, NULL);
	recording = open_good(folder.cfg);
	source = recording_source(recording);
	do
		n = source.pull(source.ctx, ch, 1000);
	while (n == 1000);
	assert_int_equal(n, -EINVAL);
	assert_non_null(strstr(recording_fault(recording),
			       "a.dat: sample 15001 (byte 180000): UA is missing"));
	recording_destroy(recording);
	end(&folder);
	free(dat);
}

/* --- names --- */

static void test_names(void **state)
{
	static const struct {
		const char *phase, *name, *unit;
		enum recording_quantity quantity;
		int expected;
	} rows[] = {
		{"A", "x", "V", RECORDING_VOLTAGE, 0},
		{"L2", "x", "kV", RECORDING_VOLTAGE, 1},
		{"t", "x", "A", RECORDING_CURRENT, 2},
		{"3", "x", "mA", RECORDING_CURRENT, 2},
		{"B-N", "x", "V", RECORDING_VOLTAGE, 1},
		{"L1N", "x", "V", RECORDING_VOLTAGE, 0},
		{"AB", "UA", "V", RECORDING_VOLTAGE, RECORDING_PHASE_NONE},
		{"N", "x", "A", RECORDING_CURRENT, RECORDING_PHASE_NONE},
		{"", "UL3", "V", RECORDING_VOLTAGE, 2},
		{"", "Va", "", RECORDING_VOLTAGE, 0},
		{"", "I_S", "A", RECORDING_CURRENT, 1},
		{"", "I1", "", RECORDING_CURRENT, 0},
		{"", "L2", "V", RECORDING_VOLTAGE, 1},
		{"", "U12", "V", RECORDING_VOLTAGE, RECORDING_PHASE_NONE},
		{"", "IA", "V", RECORDING_VOLTAGE, -1},
		{"", "Vab", "V", RECORDING_VOLTAGE, RECORDING_PHASE_NONE},
		{"", "Frequency of the mains", "Hz", RECORDING_OTHER, -1},
		{"", "P1", "kW", RECORDING_OTHER, -1},
		{"", "", "", RECORDING_UNKNOWN, -1},
		{"", "", "Amps", RECORDING_CURRENT, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct recording_column column;
		double unit;

		column.quantity = comtrade_unit(rows[i].unit, &unit);
		comtrade_names_guess(rows[i].phase, rows[i].name, &column);
		if (column.quantity != rows[i].quantity || column.phase != rows[i].expected)
			print_message("row %zu\n", i);
		assert_int_equal(column.quantity, rows[i].quantity);
		assert_int_equal(column.phase, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),  cmocka_unit_test(test_binary_cff),
		cmocka_unit_test(test_hold),  cmocka_unit_test(test_errors),
		cmocka_unit_test(test_files), cmocka_unit_test(test_fault),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("recording_comtrade", tests, NULL, NULL);
}
