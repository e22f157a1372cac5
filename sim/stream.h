/* SPDX-License-Identifier: MIT */
/*
 * stream - an answer that is made piece by piece while the client takes it
 *
 * Embedded by whoever makes it; served by sim/http.c. Nothing is made ahead of the client's
 * reading, so that a long answer costs the bus no more than a short one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STREAM_END (-1)

struct stream {
	/* Bytes put into buf; 0: nothing now, wake is called when there is; or STREAM_END. */
	ssize_t (*read)(struct stream *stream, char *buf, size_t cap_bytes);
	void (*destroy)(struct stream *stream);
	bool endless; /* it counts as an event reader, and no time limit holds */
	/* Set by who serves it; NULL before. Both may be called from anywhere in the loop. */
	void (*wake)(void *ctx); /* there is something to read */
	void (*drop)(void *ctx); /* the client is too slow: away with it; destroy follows */
	void *ctx;
};
