/* SPDX-License-Identifier: MIT */
/*
 * port_pty - a pseudo terminal of our own behind a stable symbolic link
 *
 * The path stays while clients come and go. A client's bytes in flight are dropped when it
 * leaves, so that the next one does not read its answers. What a pty cannot show: parity, 7
 * bits, breaks, modem lines.
 */
#pragma once
#include <sys/types.h>

#include "base/log.h"
#include "sim/loop.h"
#include "sim/port.h"
#include "sim/pty_watch.h"

struct port_pty_config {
	struct pty_watch *watch; /* borrowed until destroy */
	const char *link;        /* where clients find it; missing parent folders are made */
	mode_t mode;             /* of the device, e.g. 0660 */
	const char *group;       /* NULL: unchanged */
	uint32_t initial_baud;   /* for clients that set nothing */
};

/*
 * 0 or negative errno; then *ret_why says what could not be done (a fixed text). -EEXIST: there
 * is something at the link that is no dangling link. Copies config; borrows loop and log.
 */
int port_pty_create(struct port **ret, struct loop *loop, const struct port_pty_config *config,
		    const struct port_handler *handler, const struct log *log,
		    const char **ret_why);
