/* SPDX-License-Identifier: MIT */
/*
 * pty_watch - tells ptys that some client has opened or closed their device
 *
 * One inotify instance for all ptys of a program: a user may have 128 of them in all. inotify
 * merges equal events, so a count of clients is a hint: who is told must look for itself, and is
 * told once more a little later, because what happens while it looks is not seen.
 */
#pragma once
#include <stdbool.h>

#include "sim/loop.h"

struct pty_watch;

/* One watched device; embedded by its owner, who must remove it before it goes. */
struct pty_watched {
	struct pty_watch *watch;
	struct pty_watched *next;
	int id; /* of the kernel's watch; -1: paused */
	/*
	 * Clients as far as events tell: too few when equal ones were merged. The owner puts it
	 * right when it knows better.
	 */
	unsigned clients;
	bool emptied; /* nobody was left for a moment; the owner clears it */
	bool closed;  /* somebody may have left; the owner clears it */
	bool told;
	bool again; /* to be told once more, as if somebody had left */
	void (*changed)(void *ctx);
	void *ctx;
};

/* Borrows loop until destroy. 0 or negative errno. */
int pty_watch_create(struct pty_watch **ret, struct loop *loop);
void pty_watch_destroy(struct pty_watch *watch);

/* Handles the events that wait now, before the loop comes to it. */
void pty_watch_look(struct pty_watch *watch);
/* Fills *watched, whose changed and ctx must be set; paused. */
void pty_watch_add(struct pty_watch *watch, struct pty_watched *watched);
void pty_watch_remove(struct pty_watched *watched); /* of one that was never added: a no-op */
/* While paused the owner's own opening and closing is not seen, and nobody else's. */
void pty_watch_pause(struct pty_watched *watched);
int pty_watch_resume(struct pty_watched *watched, const char *device); /* 0 or negative errno */
