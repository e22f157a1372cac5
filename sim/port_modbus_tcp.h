/* SPDX-License-Identifier: MIT */
/*
 * port_modbus_tcp - Modbus TCP, as a gateway in front of the line serves it
 *
 * A meter of this kind has no network of its own: what speaks Modbus TCP is always a gateway with
 * a serial line behind it, and so it is here. The unit is the station's address; requests of many
 * clients go over the line one after the other, in its time and with its faults. A station that
 * does not answer within the timeout, or not intact, is exception 0B of the gateway; what it says
 * later answers the next request, if that is to the same station and function. A broadcast has no
 * answer.
 */
#pragma once
#include "base/log.h"
#include "sim/loop.h"
#include "sim/port.h"

/*
 * address: see tcp_address_check(). timeout_ns: 0: a request ends when the line comes to rest. 0 or
 * negative errno, and *ret_why. Borrows loop and log.
 */
int port_modbus_tcp_create(struct port **ret, struct loop *loop, const char *address,
			   int64_t timeout_ns, const struct port_handler *handler,
			   const struct log *log, const char **ret_why);
