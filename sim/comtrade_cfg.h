/* SPDX-License-Identifier: MIT */
/*
 * comtrade_cfg - the configuration (.cfg) of a COMTRADE recording
 *
 * IEEE C37.111-1991, -1999 and -2013 (IEC 60255-24:2013), clause 7. Says what the data file holds
 * and how to scale it; touches no data. What nothing depends on (station, circuit component,
 * line frequency, date, ranges, digital channels' names) is skipped unread.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "sim/recording_text.h"

#define COMTRADE_SECTIONS_MAX 64
#define COMTRADE_DIGITALS_MAX 65536
#define COMTRADE_SAMPLES_MAX  INT64_C(9999999999) /* ten digits: 7.4.7 */

enum comtrade_encoding { COMTRADE_ASCII, COMTRADE_BINARY, COMTRADE_BINARY32, COMTRADE_FLOAT32 };

struct comtrade_analog {
	char *name;                     /* ch_id; owned */
	struct recording_column column; /* what unit and phase say */
	double unit;                    /* V or A per unit of the file */
	double a, b;                    /* value = a x + b, in units of the file */
	double skew_us;
	double primary, secondary; /* ratio of the transformer */
	char side;                 /* 'P', 'S': which of them the values are; 0: not said */
	unsigned line;
};

/* Samples at one rate. */
struct comtrade_section {
	double rate_hz;
	int64_t end; /* number of its last sample, from 1 */
	unsigned line;
};

struct comtrade_cfg {
	int revision; /* 1991, 1999 (also IEC 60255-24:2001), 2013 */
	unsigned analogs, digitals;
	struct comtrade_analog *analog; /* owned */
	bool timed;                     /* no rate: the samples' time stamps tell it */
	unsigned sections;              /* 1 if timed */
	struct comtrade_section section[COMTRADE_SECTIONS_MAX];
	enum comtrade_encoding encoding;
	double stamp_s; /* one unit of a time stamp */
};

/*
 * Reads to the end of the file, or in a CFF file to the next "--- file type" line, which is then
 * in in->text (else that is empty). 0, -ENOMEM, -EINVAL or -EIO (reported); fini in any case.
 */
int comtrade_cfg_read(struct comtrade_cfg *cfg, struct recording_text *in);
void comtrade_cfg_fini(struct comtrade_cfg *cfg);
/* As it stands in files: "ASCII", "BINARY", "BINARY32", "FLOAT32". */
const char *comtrade_encoding_name(enum comtrade_encoding encoding);
bool comtrade_encoding_find(const char *name, enum comtrade_encoding *ret);
/* A line that begins a part of a CFF file. */
bool comtrade_is_part(const char *line);
