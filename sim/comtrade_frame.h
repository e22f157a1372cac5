/* SPDX-License-Identifier: MIT */
/*
 * comtrade_frame - one sample of all channels, as bytes or as a line of a COMTRADE data file
 *
 * IEEE C37.111-2013 8.4 (ASCII), 8.6 (binary, little endian). Values are as stored: not scaled,
 * and whether a sample is missing is told, not judged. Digital channels are skipped.
 */
#pragma once
#include "sim/comtrade_cfg.h"

struct comtrade_frame {
	int64_t number;
	int64_t stamp; /* -1: missing */
	double value[PLAYBACK_COLUMNS_MAX];
	bool missing[PLAYBACK_COLUMNS_MAX];
};

/* 0: ASCII. */
size_t comtrade_frame_bytes(const struct comtrade_cfg *cfg);
/* raw: so many bytes of a binary file. */
void comtrade_frame_get(const struct comtrade_cfg *cfg, const uint8_t *raw,
			struct comtrade_frame *ret);
/*
 * The next line of an ASCII file; of columns with a limit of 0 any text is let pass. 1; 0 at the
 * end of the data; -EINVAL or -EIO (reported).
 */
int comtrade_frame_line(const struct comtrade_cfg *cfg, struct recording_text *in,
			const float limit[PLAYBACK_COLUMNS_MAX], struct comtrade_frame *ret);
