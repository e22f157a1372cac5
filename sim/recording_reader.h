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

struct recording_reader {
	struct playback_reader playback; /* rate_hz: 0 until start, if the samples tell it */
	const char *const *names;        /* of the columns; NULL: they have none */
	/*
	 * Checks the first rows, then stands before the first one; once, before anything is read.
	 * limit: the largest magnitude allowed in each column; 0: the column is not used and may
	 * hold anything. 0, -EINVAL or -EIO (reported).
	 */
	int (*start)(struct recording_reader *reader, const float limit[PLAYBACK_COLUMNS_MAX]);
	void (*destroy)(void *ctx); /* owns the file */
};

/*
 * Both return 0, -ENOMEM, or -EINVAL or -EIO (reported), borrow log until destroy, and own file
 * or fd in any case: it is closed when they fail. rate_hz: 0 if the time column shall tell it.
 */
int recording_csv_open(struct recording_reader *ret, FILE *file, const struct recording_log *log,
		       double rate_hz);
int recording_snd_open(struct recording_reader *ret, int fd, const struct recording_log *log);
