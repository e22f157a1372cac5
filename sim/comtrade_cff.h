/* SPDX-License-Identifier: MIT */
/*
 * comtrade_cff - the parts of a single-file COMTRADE recording
 *
 * IEEE C37.111-2013 clause 10: configuration, information, header and data follow each other,
 * each behind a line "--- file type: ... ---". Information and header are skipped unread.
 */
#pragma once
#include "sim/comtrade_cfg.h"

/* Reads the first line, which has to begin the configuration. 0, -EINVAL or -EIO (reported). */
int comtrade_cff_begin(struct recording_text *in);
/*
 * From behind the configuration, as comtrade_cfg_read leaves it, to the first byte of the data.
 * *ret_bytes: how many there are by the line before them; -1: it does not say. 0, -EINVAL or
 * -EIO (reported).
 */
int comtrade_cff_find_data(const struct comtrade_cfg *cfg, struct recording_text *in,
			   int64_t *ret_bytes);
