/* SPDX-License-Identifier: MIT */
/*
 * port_tcp - raw bytes over TCP: RTU over TCP, as a serial device server gives it
 *
 * Several clients share the line as they would share a wire: while one of them is being served
 * the others wait, and an answer goes to the one that has asked.
 */
#pragma once
#include "base/log.h"
#include "sim/loop.h"
#include "sim/port.h"

/* address: see tcp_address_check(). 0 or negative errno, and *ret_why. Borrows loop and log. */
int port_tcp_create(struct port **ret, struct loop *loop, const char *address,
		    const struct port_handler *handler, const struct log *log,
		    const char **ret_why);
