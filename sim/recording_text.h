/* SPDX-License-Identifier: MIT */
/*
 * recording_text - lines and fields of text files that hold samples, and complaints with places
 *
 * Reads a file line by line, however long it is; CR before LF is put up with, zero bytes and
 * overlong lines are refused. Lines and columns count from 1. Private to the readers of
 * sim/recording.
 */
#pragma once
#include <stdio.h>

#include "sim/recording_reader.h"

struct recording_text {
	FILE *file;       /* borrowed */
	const char *path; /* borrowed, for messages */
	const struct recording_log *log;
	char *text; /* borrowed: limit_bytes + 1 */
	size_t limit_bytes;
	unsigned line; /* of what is in text */
};

/* What the file says ends up on terminals: control characters become '?'. */
void recording_text_hide(char *text);
/* About the recording as a whole. Returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int recording_log_complain(const struct recording_log *log,
								 const char *format, ...);
/* at: the place in in->text; NULL: the file as a whole. Returns -EINVAL. */
__attribute__((format(printf, 3, 4))) int recording_text_complain(const struct recording_text *in,
								  const char *at,
								  const char *format, ...);
/* At the beginning of the file: past a byte order mark, if there is one. */
void recording_text_begin(const struct recording_text *in);
/* Fills in->text. 1; 0 at the end of the file; -EINVAL or -EIO, reported. */
int recording_text_line(struct recording_text *in);
/* Cuts the next field off, without blanks and quotes around it; NULL: none left. */
char *recording_text_field(char **rest, char separator);
