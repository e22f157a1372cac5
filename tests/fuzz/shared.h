/* SPDX-License-Identifier: MIT */
/*
 * shared - what fuzz targets have in common
 *
 * Those of a bus load the shipped model and libmodbus once; those of recordings play them.
 */
#pragma once
#include "meter/model.h"
#include "protocols/modbus/mbpdu.h"
#include "sim/recording_reader.h"

/* Loaded once: it takes longer than all the rest. Never NULL. */
const struct model *shared_model(void);
struct mbpdu *shared_pdu(void);
/* Plays what was opened; aborts where a sample is not finite or beyond the limits. */
void shared_play(struct recording_reader *reader);
