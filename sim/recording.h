/* SPDX-License-Identifier: MIT */
/*
 * recording - terminal voltages and currents out of a COMTRADE, CSV, WAV or FLAC file
 *
 * Streams the file, however long it is; resamples and repairs nothing. What is in which column
 * says a sidecar, the recording's name with ".yaml" behind it:
 *
 *	rate: 8000 Hz                        # CSV without a time column
 *	channels:
 *	  v1: {column: 1, scale: 325 V}      # V or A per unit; 1.0 is full scale in WAV and FLAC
 *	  i1: {column: ua, scale: -20 A}     # a name (CSV); negative: the probe was reversed
 *
 * COMTRADE files (.cfg with .dat beside it, or .cff) need none if units and phases of their
 * channels are clear; "comtrade: {values: primary, section: 2, missing: hold, skew: ignore}" in
 * it chooses the side of the instrument transformers, one of several sampling rates, and what to
 * do about missing samples and channels that were not sampled at once.
 *
 * A channel that is not named is silent. A CSV file needs no sidecar if its first line names its
 * columns: time (s) first, then any of v1 v2 v3 i1 i2 i3 in V and A. Lines that begin with '#'
 * are comments. The rate comes from the times of the first rows, unless the sidecar has one, when
 * the times count for nothing.
 */
#pragma once
#include <stdbool.h>

#include "base/diag.h"
#include "metrology/wave.h"

/* Samples beyond are refused: nobody measured them, and window energies would overflow. */
#define RECORDING_VOLTAGE_MAX_V 1e5
#define RECORDING_CURRENT_MAX_A 1e5

struct recording;

/*
 * 0; -EINVAL or -EIO with the reasons in diag; -ENOMEM; or what opening the file itself said
 * (-ENOENT ...), not put into diag. The first rows are checked here, later ones when they are
 * played. diag is borrowed for the call.
 */
int recording_open(struct recording **ret, const char *path, bool repeat, struct diag *diag);
void recording_destroy(struct recording *recording); /* NULL is a no-op */
/*
 * A free source (metering_use_free), good until destroy. Its pull returns -EINVAL for a bad
 * sample or row and -EIO if the file cannot be read: then do not pull again.
 */
struct wave_source recording_source(struct recording *recording);
/* Why a pull failed, "file:line:column: message"; NULL if none did. Good until destroy. */
const char *recording_fault(const struct recording *recording);
