/* SPDX-License-Identifier: MIT */
/* log_ring - the last messages of a log */
#include "sim/log_ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct log_ring {
	struct clk clk;
	struct log log;
	struct log next;
	uint64_t said;
	struct log_ring_line lines[LOG_RING_MAX];
};

static void keep(void *ctx, enum log_level level, const char *text)
{
	struct log_ring *ring = ctx;
	struct log_ring_line *line = &ring->lines[ring->said++ % LOG_RING_MAX];

	line->number = ring->said;
	line->at_ns = clk_now(&ring->clk);
	line->level = level;
	snprintf(line->text, sizeof(line->text), "%s", text);
	if (ring->next.sink)
		ring->next.sink(ring->next.ctx, level, text);
}

int log_ring_create(struct log_ring **ret, const struct clk *clk, const struct log *next)
{
	struct log_ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	ring->clk = *clk;
	ring->next = *next;
	ring->log = (struct log){.level = next->level, .sink = keep, .ctx = ring};
	*ret = ring;
	return 0;
}

void log_ring_destroy(struct log_ring *ring)
{
	free(ring);
}

const struct log *log_ring_log(const struct log_ring *ring)
{
	return &ring->log;
}

size_t log_ring_count(const struct log_ring *ring)
{
	return ring->said < LOG_RING_MAX ? (size_t)ring->said : LOG_RING_MAX;
}

const struct log_ring_line *log_ring_at(const struct log_ring *ring, size_t index)
{
	const uint64_t first = ring->said - log_ring_count(ring);

	return &ring->lines[(first + index) % LOG_RING_MAX];
}
