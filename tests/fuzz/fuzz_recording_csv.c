/* SPDX-License-Identifier: MIT */
/*
 * fuzz_recording_csv - any bytes as a CSV recording, with and without a time column
 *
 * Whatever comes out must be finite and within the limits asked for.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared.h"
#include "sim/recording_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const uint8_t *data, size_t size, double rate_hz)
{
	struct recording_log log = {.path = "fuzz.csv"};
	struct recording_reader reader;
	/* "r": never written to */
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");

	if (!file)
		return;
	if (diag_create(&log.diag) < 0) {
		fclose(file);
		return;
	}
	if (recording_csv_open(&reader, file, &log, rate_hz) == 0) {
		shared_play(&reader);
		reader.destroy(reader.playback.ctx);
	} else if (diag_count(log.diag) == 0) {
		abort(); /* refused without a reason */
	}
	diag_destroy(log.diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(data, size, 0);
	run(data, size, 8000);
	return 0;
}
