/* SPDX-License-Identifier: MIT */
/*
 * recording_map - which column of a recording is which channel of the meter
 *
 * By the sidecar, or without one by names and by what the format says of its columns; only where
 * that leaves no choice. Private to sim/recording.
 */
#pragma once
#include "sim/recording_sidecar.h"

/* 0 or -EINVAL (reported). */
int recording_map(const struct recording_reader *reader, const struct recording_sidecar *sidecar,
		  const struct recording_log *log, struct playback_channel map[WAVE_CHANNELS]);
