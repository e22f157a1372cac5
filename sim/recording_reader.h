/* SPDX-License-Identifier: MIT */
/*
 * recording_reader - what the readers of file formats give to sim/recording; private to it
 *
 * A reader hands out frames as they stand in the file, in columns; it knows nothing of channels.
 */
#pragma once
#include <stdio.h>

#include "base/diag.h"
#include "metrology/playback.h"

/* Where a reader's faults go. sim/recording changes diag when the opening is over. */
struct recording_log {
	const char *path;
	struct diag *diag;
};

/* What a format says about a column, besides its name. */
enum recording_quantity {
	RECORDING_UNKNOWN,
	RECORDING_VOLTAGE, /* handed out in V */
	RECORDING_CURRENT, /* handed out in A */
	RECORDING_OTHER,
};

struct recording_column {
	enum recording_quantity quantity;
	int phase; /* 0..2, or one of these */
#define RECORDING_PHASE_UNKNOWN (-1)
#define RECORDING_PHASE_NONE    (-2) /* between two, of the neutral ... */
};

struct recording_reader {
	struct playback_reader playback;        /* rate_hz: 0 until start, if the samples tell it */
	const char *const *names;               /* of the columns; NULL: they have none */
	const struct recording_column *columns; /* NULL: nothing is known of them */
	/*
	 * Checks the first rows, then stands before the first one; once, before anything is read.
	 * limit: the largest magnitude allowed in each column; 0: the column is not used and may
	 * hold anything. 0, -EINVAL or -EIO (reported).
	 */
	int (*start)(struct recording_reader *reader, const float limit[PLAYBACK_COLUMNS_MAX]);
	void (*destroy)(void *ctx); /* owns the file */
};

enum recording_side { RECORDING_SECONDARY, RECORDING_PRIMARY, RECORDING_AS_STORED };
enum recording_missing { RECORDING_REFUSE, RECORDING_HOLD };

/* Of COMTRADE files, from the sidecar; all zero: the defaults. */
struct recording_comtrade_options {
	double rate_hz;           /* of a file without a rate; 0: the time stamps tell it */
	enum recording_side side; /* of the instrument transformers */
	enum recording_missing missing;
	int64_t section; /* of a file with several rates, from 1; 0: it has one */
	bool ignore_skew;
};

struct recording_comtrade_files {
	FILE *cfg; /* or a CFF file, which holds everything; its path is that of the log */
	FILE *dat; /* NULL: CFF */
	const char *dat_path;
};

/*
 * All return 0, -ENOMEM, or -EINVAL or -EIO (reported), borrow log until destroy, and own file
 * or fd in any case: it is closed when they fail. rate_hz: 0 if the time column shall tell it.
 */
int recording_csv_open(struct recording_reader *ret, FILE *file, const struct recording_log *log,
		       double rate_hz);
int recording_comtrade_open(struct recording_reader *ret,
			    const struct recording_comtrade_files *files,
			    const struct recording_log *log,
			    const struct recording_comtrade_options *options);
int recording_snd_open(struct recording_reader *ret, int fd, const struct recording_log *log);
