/* SPDX-License-Identifier: MIT */
/*
 * ctl_http - metersimctl's side of the control API: requests, and a stream of events
 *
 * Over the Unix socket of the daemon, or a URL. The only file that knows libcurl is ctl_http.c.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* sysexits(3), as the users' contract has them */
enum ctl_status {
	CTL_FINE = 0,
	CTL_NOT_MET = 1, /* a condition, or a request that was refused */
	CTL_USAGE = 64,
	CTL_NO_SUCH = 66,
	CTL_NO_DAEMON = 69,
	CTL_IO = 74,
};

struct ctl;

/* path: of a socket, or NULL: url is used. token: a file, or NULL. NULL: said on stderr. */
struct ctl *ctl_open(const char *path, const char *url, const char *token);
void ctl_close(struct ctl *ctl);
/*
 * An answer of 2xx gives CTL_FINE and its JSON in *ret, which the caller owns; anything else is
 * said on stderr. Takes over body, which may be NULL. ret may be NULL.
 */
enum ctl_status ctl_ask(struct ctl *ctl, const char *method, const char *path, json_t *body,
			json_t **ret);
/*
 * Reads events until want() is false, which is asked at least five times a second, or the daemon
 * ends it. key_fd: want() is also called when something can be read there; -1: none.
 */
enum ctl_status ctl_events(struct ctl *ctl, const char *path, int key_fd,
			   void (*event)(void *ctx, const char *type, const json_t *data),
			   bool (*want)(void *ctx), void *ctx);
