/* SPDX-License-Identifier: MIT */
/* framer - cuts what a master says into telegrams */
#include "sim/framer.h"

#include <string.h>

static void complete(struct framer *f)
{
	struct telegram telegram = f->now;

	telegram.from_master = true;
	telegram.bytes = f->bytes;
	telegram.gap_ns = CLK_NEVER; /* who knows the other direction fills it in */
	f->now.len_bytes = 0;
	f->complete(f->ctx, &telegram, &f->format);
}

bool framer_running(const struct framer *f)
{
	return f->now.len_bytes > 0;
}

void framer_finish(struct framer *f)
{
	if (framer_running(f))
		complete(f);
}

/* All bytes are there, as far as the telegram itself tells. */
static bool whole(const struct framer *f)
{
	return !f->now.overlong && f->protocol->whole(f->bytes, f->now.len_bytes);
}

int64_t framer_tick(struct framer *f, int64_t now_ns)
{
	int64_t over_ns;

	if (!f->now.len_bytes)
		return CLK_NEVER;
	over_ns = f->now.end_ns + f->protocol->end_gap_ns(&f->format) +
		  (whole(f) ? 0 : f->latency_ns);
	if (now_ns < over_ns)
		return over_ns;
	complete(f);
	return CLK_NEVER;
}

void framer_silence(struct framer *f, int64_t begin_ns)
{
	const int64_t silence_ns = begin_ns - f->now.end_ns - f->latency_ns;

	if (!f->now.len_bytes)
		return;
	if (silence_ns >= f->protocol->end_gap_ns(&f->format))
		complete(f);
	else if (silence_ns > f->protocol->inner_gap_ns(&f->format) && !f->by_length)
		f->now.inner_gap = true;
}

void framer_rx(struct framer *f, int64_t begin_ns, int64_t end_ns, const uint8_t *bytes,
	       size_t len_bytes, const struct slave_format *format)
{
	size_t room;

	framer_silence(f, begin_ns);
	if (!f->now.len_bytes) {
		f->now = (struct telegram){.begin_ns = begin_ns};
		f->format = *format;
	}
	room = sizeof(f->bytes) - f->now.len_bytes;
	if (len_bytes > room)
		f->now.overlong = true;
	else
		room = len_bytes;
	memcpy(f->bytes + f->now.len_bytes, bytes, room);
	f->now.len_bytes += room;
	f->now.end_ns = end_ns;
	if (f->by_length && whole(f))
		complete(f);
}
