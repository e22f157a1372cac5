/* SPDX-License-Identifier: MIT */
/*
 * mbrtu_slave - Modbus RTU slave: request bytes in, reply bytes out
 *
 * Frames end after 3.5 silent characters (Modbus over Serial Line V1.02, 2.5.1.1), so the line
 * must call tick() at the deadline. Address, baud rate and parity are the meter's settings: a
 * request that changes them is answered in the old ones. Silent for another address, a bad CRC,
 * a frame shorter or longer than its function, one with a silence of more than 1.5 characters in
 * it, and for every write to address 0 (manual A3.2).
 */
#pragma once
#include <stdbool.h>

#include "meter/meter.h"
#include "protocols/modbus/mbpdu.h"
#include "protocols/slave.h"

struct mbrtu_slave;

struct mbrtu_slave_config {
	/* A request is complete as soon as the length of its function is there: no pace. */
	bool immediate;
	/*
	 * How late characters may be told of, which a silence must outlast besides: a UART keeps
	 * some, a USB adapter more. 0 where their times are exact.
	 */
	int64_t latency_ns;
};

/* Borrows meter, pdu and *tx until destroy. 0, -ENOMEM, or -EINVAL for a model without Modbus. */
int mbrtu_slave_create(struct mbrtu_slave **ret, struct meter *meter, struct mbpdu *pdu,
		       const struct slave_tx *tx, const struct mbrtu_slave_config *config);
void mbrtu_slave_destroy(struct mbrtu_slave *slave);
/* The slave as the line wants it; valid as long as the slave. */
struct slave mbrtu_slave_station(struct mbrtu_slave *slave);
