/* SPDX-License-Identifier: MIT */
/*
 * fixture - a meter as a configuration describes it, without a loop and without ports
 *
 * Time is virtual: windows are measured when the test asks for them. Fails the running cmocka
 * test when something cannot be made.
 */
#pragma once
#include <stdint.h>

#include "meter/meter.h"
#include "protocols/modbus/mbrtu_slave.h"
#include "protocols/slave.h"
#include "sim/bench_conf.h"

struct fixture;

/* extra: YAML lines of the meter, e.g. "load: {current: 5}", one string each; NULL-terminated. */
struct fixture *fixture_create(const char *const extra[]);
void fixture_destroy(struct fixture *fixture);
struct meter *fixture_meter(struct fixture *fixture);
/* Its model, to be changed by the test. */
struct model *fixture_model(struct fixture *fixture);
/* Measures windows until so much metering time has passed. */
void fixture_run(struct fixture *fixture, int64_t ns);

/* The value of a point: number * 10^exponent as a double. */
double fixture_value(struct fixture *fixture, const char *point);
/* Sets a point as someone; the answer of the meter. */
enum meter_answer fixture_set(struct fixture *fixture, const char *point, int64_t number,
			      int exponent, enum meter_who who);

/* A Modbus slave on the meter; its frames are kept by the fixture. */
struct slave fixture_slave(struct fixture *fixture, const struct mbrtu_slave_config *config);
/* Sends a request (CRC added) at now_ns and lets T3.5 pass; the length of the answer, 0: none. */
size_t fixture_ask(struct fixture *fixture, const uint8_t *request, size_t len_bytes,
		   uint8_t answer[512]);
/* How the last answer was to be sent. */
int64_t fixture_ready_ns(const struct fixture *fixture);
struct slave_format fixture_format(const struct fixture *fixture);

/* All messages of a diag, a line each, into buf; fails the test if they do not fit. */
void fixture_messages(const struct diag *diag, char *buf, size_t size);

/* "01 03 5002 0006" to bytes; blanks do not count. Returns how many. */
size_t fixture_bytes(const char *hex, uint8_t *bytes, size_t cap_bytes);
/* Appends the CRC. Returns the new length. */
size_t fixture_crc(uint8_t *bytes, size_t len_bytes);
