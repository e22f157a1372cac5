/* SPDX-License-Identifier: MIT */
/*
 * mbtelegram - Modbus RTU telegrams seen from outside: what they are about, and how to spoil them
 *
 * Modbus Application Protocol V1.1b3 6 and 7; over Serial Line V1.02 2.5.1.
 */
#pragma once
#include "protocols/telegram.h"

extern const struct protocol mb_protocol;
