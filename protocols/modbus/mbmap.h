/* SPDX-License-Identifier: MIT */
/*
 * mbmap - the model's Modbus registers as words, read from and written to a meter
 *
 * Manual A3.2 and the old V1.14 map. The rules of writing belong to the meter; here is only what
 * Modbus adds: which registers a request may touch, and which exception says why not. Changes
 * nothing unless the whole request is fine. Allocates nothing.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "meter/meter.h"
#include "protocols/modbus/mbframe.h"

/* words: room for count. MB_OK, MB_ILLEGAL_ADDRESS or MB_SILENCE. */
enum mb_exception mbmap_read(const struct meter *meter, uint16_t address, uint16_t count,
			     uint16_t *words);
/*
 * single: by function 06, which cannot write items of two registers. MB_OK, MB_ILLEGAL_ADDRESS
 * (unlisted, read-only, half of an item), MB_ILLEGAL_VALUE or MB_SILENCE.
 */
enum mb_exception mbmap_write(struct meter *meter, uint16_t address, uint16_t count,
			      const uint16_t *words, bool single);
