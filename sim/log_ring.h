/* SPDX-License-Identifier: MIT */
/*
 * log_ring - the last messages of a log, kept for whoever asks later
 *
 * A sink that hands every message on to another one and keeps the last LOG_RING_MAX.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/clk.h"
#include "base/log.h"

#define LOG_RING_MAX      500
#define LOG_RING_TEXT_MAX 512 /* longer ones are cut */

struct log_ring_line {
	uint64_t number; /* from 1 */
	int64_t at_ns;   /* of the clock */
	enum log_level level;
	char text[LOG_RING_TEXT_MAX];
};

struct log_ring;

/* next: gets every message, too. 0 or -ENOMEM. */
int log_ring_create(struct log_ring **ret, const struct clk *clk, const struct log *next);
void log_ring_destroy(struct log_ring *ring); /* NULL is a no-op */
/* The log that writes to the ring; valid as long as the ring. */
const struct log *log_ring_log(const struct log_ring *ring);
size_t log_ring_count(const struct log_ring *ring);
/* index: from the oldest one, 0, up to the count. */
const struct log_ring_line *log_ring_at(const struct log_ring *ring, size_t index);
