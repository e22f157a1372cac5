/* SPDX-License-Identifier: MIT */
/*
 * control - the control API of a running bench, at its sockets
 *
 * Joins sockets, sim/http.c and sim/api.c. A Unix socket, which its owner alone can open, and a
 * TCP address; beyond loopback that needs a token.
 */
#pragma once
#include "base/diag.h"
#include "sim/api.h"

#define CONTROL_OFF "off"

struct control_options {
	const char *path;  /* of the Unix socket; NULL: "control" in the runtime folder; "off" */
	const char *panel; /* "127.0.0.1:8080"; NULL or "off": none */
	const char *token; /* a file; NULL: none */
};

struct control;

/*
 * Borrows what config points to until destroy. 0; -EIO with the reason in diag: a socket cannot
 * be opened; -EINVAL likewise: the token; -ENOENT and the like of its file; -ENOMEM.
 */
int control_create(struct control **ret, const struct control_options *options,
		   const struct api_config *config, struct diag *diag);
void control_destroy(struct control *control); /* NULL is a no-op */
/* Where it is: a path and an address, "" for one that is off. NULL is off altogether. */
const char *control_path(const struct control *control);
const char *control_panel(const struct control *control);
