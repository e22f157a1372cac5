/* SPDX-License-Identifier: MIT */
/*
 * fuzz_recording_comtrade - any bytes as a COMTRADE recording, in one file and in two
 *
 * The first byte chooses what the sidecar would, the rest is a CFF file, or a configuration up to
 * a line "===" and data behind it. Whatever comes out must be finite and within the limits.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared.h"
#include "sim/recording_reader.h"

#define BETWEEN "\n===\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static FILE *open_memory(const uint8_t *data, size_t size)
{
	/* "r": never written to */
	return size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
}

static bool open_files(const uint8_t *data, size_t size, struct recording_comtrade_files *ret)
{
	const size_t between = strlen(BETWEEN);
	const uint8_t *at = memmem(data, size, BETWEEN, between);
	const size_t cfg_size = at ? (size_t)(at - data) + 1 : size;

	*ret = (struct recording_comtrade_files){.cfg = open_memory(data, cfg_size),
						 .dat_path = "fuzz.dat"};
	if (!ret->cfg || !at)
		return ret->cfg != NULL;
	at += between;
	ret->dat = open_memory(at, size - (size_t)(at - data));
	if (!ret->dat)
		fclose(ret->cfg);
	return ret->dat != NULL;
}

static void run(const uint8_t *data, size_t size, const struct recording_comtrade_options *options)
{
	struct recording_log log = {.path = "fuzz.cfg"};
	struct recording_comtrade_files files;
	struct recording_reader reader;

	if (diag_create(&log.diag) < 0)
		return;
	if (open_files(data, size, &files)) {
		if (recording_comtrade_open(&reader, &files, &log, options) == 0) {
			shared_play(&reader);
			reader.destroy(reader.playback.ctx);
		} else if (diag_count(log.diag) == 0) {
			abort(); /* refused without a reason */
		}
	}
	diag_destroy(log.diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	run(data + 1, size - 1,
	    &(struct recording_comtrade_options){
		    .side = (enum recording_side)(data[0] & 3) % 3,
		    .missing = data[0] & 4 ? RECORDING_HOLD : RECORDING_REFUSE,
		    .ignore_skew = (data[0] & 8) != 0,
		    .section = data[0] >> 4 & 3,
		    .rate_hz = data[0] & 64 ? 8000 : 0,
	    });
	return 0;
}
