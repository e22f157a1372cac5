/* SPDX-License-Identifier: MIT */
/*
 * station - what a benchmark asks a meter on a Modbus line, and whether the answer is right
 *
 * Does not use the product's code: what is wrong there must not look right here. Modbus over
 * Serial Line V1.02 2.5.1 and 6.2.2 (CRC), manual A3.2 (registers).
 */
#pragma once
#include <stdbool.h>

#define STATION_REQUEST_BYTES 8
#define STATION_SERIAL_BYTES  9 /* of the answer with a serial number */

/* Length of the answer with so many registers. */
int station_answer_bytes(int registers);
void station_ask(unsigned char *request, int unit, int from, int registers);
void station_ask_serial(unsigned char *request, int unit);
/* Whether it is an answer of that unit with so many registers, and its CRC is right. */
bool station_intact(const unsigned char *answer, int unit, int registers);
/* Whether it is that unit's answer with that serial number. */
bool station_has_serial(const unsigned char *answer, int unit, int serial);
