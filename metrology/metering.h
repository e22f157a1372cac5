/* SPDX-License-Identifier: MIT */
/*
 * metering - the path from a wave source through the wiring to measured windows
 *
 * Call metering_next() for one window after the other; their durations follow each other without
 * a gap. A window whose inputs are those of the one before is not computed again: its result is
 * handed out once more, bit for bit. That is all the short cut there is.
 *
 * Reads no clock, allocates only in create(). Scratch memory is shared by the meters of a thread.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "metrology/basis.h"
#include "metrology/element.h"
#include "metrology/wave.h"
#include "metrology/wiring.h"

/* Work memory for locked windows, for any number of meterings of one thread. */
struct metering_scratch;

int metering_scratch_create(struct metering_scratch **ret); /* 0 or -ENOMEM */
void metering_scratch_destroy(struct metering_scratch *scratch);
/* The tables that synthesised sources of the same thread share with the element. */
struct basis *metering_scratch_basis(struct metering_scratch *scratch);

#define METERING_RATE_MIN_HZ 800.0 /* 16 samples a cycle at 50 Hz */
#define METERING_RATE_MAX_HZ 1e6
#define METERING_BLOCK_MAX   1024 /* frames pulled at once */

struct metering;

/* 0 or -ENOMEM. Borrows scratch until destroy. */
int metering_create(struct metering **ret, struct metering_scratch *scratch,
		    const struct element_config *config);
void metering_destroy(struct metering *metering);

/* Locked sources: takes over with the next window. Copies *source, which must be locked. */
void metering_use_locked(struct metering *metering, const struct wave_source *source);
/*
 * Free sources: takes over with the next window; memory for the history is taken here. -EINVAL:
 * a rate outside METERING_RATE_*; -ENOMEM.
 */
int metering_use_free(struct metering *metering, const struct wave_source *source);
struct wiring *metering_wiring(struct metering *metering);
/* Frames per pull, 1..METERING_BLOCK_MAX; makes no difference to any result. */
void metering_set_block(struct metering *metering, uint32_t frames);
/* False: computes every window anew, also steady ones (to measure and test the full path). */
void metering_set_reuse(struct metering *metering, bool reuse);

/* How long the next window is, to the ns for a locked source, about for a free one. */
int64_t metering_next_duration_ns(const struct metering *metering);
/*
 * The next window; *ret stays valid until the next call. 0; -ENODATA: the recording is at its
 * end (then use another source); or what the source's pull said.
 */
int metering_next(struct metering *metering, const struct measurement **ret);
