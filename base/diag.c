/* SPDX-License-Identifier: MIT */
/* diag - all errors found in an input file */
#include "base/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct diag {
	size_t count;
	char *text[DIAG_MAX];
};

int diag_create(struct diag **ret)
{
	struct diag *diag = calloc(1, sizeof(*diag));

	if (!diag)
		return -ENOMEM;
	*ret = diag;
	return 0;
}

void diag_clear(struct diag *diag)
{
	for (size_t i = 0; i < DIAG_MAX; i++) {
		free(diag->text[i]);
		diag->text[i] = NULL;
	}
	diag->count = 0;
}

void diag_destroy(struct diag *diag)
{
	if (!diag)
		return;
	diag_clear(diag);
	free(diag);
}

static char *place_and_message(struct diag_place place, const char *message)
{
	char *text = NULL;
	int n;

	if (place.line)
		n = asprintf(&text, "%s:%u:%u: %s", place.file, place.line, place.column, message);
	else
		n = asprintf(&text, "%s: %s", place.file, message);
	return n < 0 ? NULL : text;
}

void diag_add(struct diag *diag, struct diag_place place, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (diag->count < DIAG_MAX)
		diag->text[diag->count] = place_and_message(place, message);
	diag->count++;
}

size_t diag_count(const struct diag *diag)
{
	return diag->count;
}

const char *diag_text(const struct diag *diag, size_t index)
{
	if (index >= diag->count || index >= DIAG_MAX)
		return NULL;
	return diag->text[index] ? diag->text[index] : "out of memory";
}
