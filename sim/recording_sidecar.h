/* SPDX-License-Identifier: MIT */
/*
 * recording_sidecar - the YAML file beside a recording: which column is which channel, and how
 *
 * Knows the file's keys and nothing of the recording; columns are looked up by recording_map.
 * Private to sim/recording.
 */
#pragma once
#include "sim/conf_read.h"
#include "sim/recording_reader.h"

#define RECORDING_SIDECAR_ENDING ".yaml"

struct recording_channel {
	const struct conf_node *column; /* NULL: silent */
	double scale;                   /* V or A per unit of the column; NAN: not given */
};

struct recording_sidecar {
	char *path;
	struct conf_tree *tree; /* NULL: there is none */
	struct conf_context context;
	const struct conf_node *rate; /* NULL: not given */
	double rate_hz;
	const struct conf_node *channels; /* NULL: not given; COMTRADE only */
	struct recording_channel channel[WAVE_CHANNELS];
	struct recording_comtrade_options comtrade;
};

/*
 * Of the recording that log names; all zero before. comtrade: keys of such recordings are known,
 * and channels need not be given. 0 (also if there is no sidecar), -EINVAL (reported) or -ENOMEM.
 */
int recording_sidecar_load(struct recording_sidecar *sidecar, const struct recording_log *log,
			   bool comtrade);
void recording_sidecar_fini(struct recording_sidecar *sidecar);
