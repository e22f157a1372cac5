/* SPDX-License-Identifier: MIT */
/*
 * port_tty - a serial port of this machine, with a wire of its own
 *
 * Used by nobody else meanwhile. When it is lost (an adapter is unplugged), it is looked for
 * again with growing pauses. The port speaks in one format: that of the line's first station,
 * which it follows.
 */
#pragma once
#include <stdbool.h>

#include "base/log.h"
#include "sim/loop.h"
#include "sim/port.h"

struct port_tty_config {
	const char *path;
	/* The driver is switched on for sending only: by the kernel where it can, else by RTS. */
	bool rs485;
	bool echoes; /* the adapter hears what it sends: not taken for a master's words */
	struct slave_format format;
};

/*
 * Whether there is a serial port at path, on which characters take their time. false: somebody
 * else's pseudo terminal, which moves bytes at once, or nothing at all.
 */
bool port_tty_has_wire(const char *path);
/* 0 or negative errno, and *ret_why. Copies config; borrows loop and log. */
int port_tty_create(struct port **ret, struct loop *loop, const struct port_tty_config *config,
		    const struct port_handler *handler, const struct log *log,
		    const char **ret_why);
