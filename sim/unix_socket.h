/* SPDX-License-Identifier: MIT */
/*
 * unix_socket - a listening Unix socket at a path, for its owner only
 *
 * What a killed program has left there is replaced; the socket of a running one is not. The path
 * goes when the socket does, unless something else stands there by then.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define UNIX_SOCKET_PATH_MAX 108 /* sun_path, with its end */

struct unix_socket {
	int fd; /* owned by whoever takes it, as soon as that is done: set to -1 */
	bool bound;
	dev_t device;
	ino_t inode;
	char path[UNIX_SOCKET_PATH_MAX];
};

/*
 * Makes missing folders. 0; -EADDRINUSE: a program listens there; -EEXIST: it is no socket;
 * -ENAMETOOLONG; or what the system said. *ret_why: what could not be done.
 */
int unix_socket_open(struct unix_socket *ret, const char *path, const char **ret_why);
/* Removes the path, then closes the descriptor. One that was taken has to be closed after this. */
void unix_socket_close(struct unix_socket *sock);
