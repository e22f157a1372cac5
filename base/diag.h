/* SPDX-License-Identifier: MIT */
/*
 * diag - all errors found in an input file, with their places
 *
 * A reader goes on after an error and adds every one it finds, so that the user can mend all in
 * one go. Messages are kept in the order in which they were added; at most DIAG_MAX, the rest
 * is counted.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define DIAG_MAX 100

struct diag_place {
	const char *file; /* borrowed for the call */
	unsigned line;    /* from 1; 0: the file as a whole */
	unsigned column;  /* from 1 */
};

struct diag;

int diag_create(struct diag **ret); /* 0 or -ENOMEM */
void diag_destroy(struct diag *diag);
__attribute__((format(printf, 3, 4))) void diag_add(struct diag *diag, struct diag_place place,
						    const char *format, ...);
/* How many were added, those beyond DIAG_MAX included. */
size_t diag_count(const struct diag *diag);
/* "file:line:column: message", or NULL beyond the last one kept. */
const char *diag_text(const struct diag *diag, size_t index);
/* Forgets everything. */
void diag_clear(struct diag *diag);
