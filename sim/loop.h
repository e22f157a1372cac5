/* SPDX-License-Identifier: MIT */
/*
 * loop - the daemon's event loop: descriptors, absolute timers, signals
 *
 * The only file that knows libev is loop.c. Timers are timerfds on CLOCK_MONOTONIC with absolute
 * deadlines: libev's own are rounded to milliseconds, and a bus is not. Watchers must be removed
 * before the loop goes; the memory of a watcher belongs to the caller.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/clk.h"

struct loop;
struct loop_io;
struct loop_timer;
struct loop_signal;

int loop_create(struct loop **ret); /* 0 or -ENOMEM */
/*
 * A loop whose time jumps from one deadline to the next, and so is over in no time: for runs
 * without clients. Timers that are due at the same time go off in the order in which they were
 * added. Descriptors cannot be watched. 0 or -ENOMEM.
 */
int loop_create_virtual(struct loop **ret);
/* Its clock: the system's monotonic one, or the virtual one, which begins at 0. */
struct clk loop_clk(struct loop *loop);
bool loop_is_virtual(const struct loop *loop);
void loop_destroy(struct loop *loop);
/* Runs until loop_stop(); a virtual one also ends when no timer is set. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls ready(ctx) while fd is readable. Borrows fd. 0 or -ENOMEM. */
int loop_io_add(struct loop_io **ret, struct loop *loop, int fd, void (*ready)(void *ctx),
		void *ctx);
void loop_io_remove(struct loop_io *io); /* NULL is a no-op */

/* A timer that is not set yet. 0 or negative errno. */
int loop_timer_add(struct loop_timer **ret, struct loop *loop, void (*expired)(void *ctx),
		   void *ctx);
/* Calls expired(ctx) once at deadline_ns (CLOCK_MONOTONIC), at once if past; CLK_NEVER: not. */
void loop_timer_set(struct loop_timer *timer, int64_t deadline_ns);
void loop_timer_remove(struct loop_timer *timer); /* NULL is a no-op */

int loop_signal_add(struct loop_signal **ret, struct loop *loop, int signum,
		    void (*caught)(void *ctx), void *ctx); /* 0 or -ENOMEM */
void loop_signal_remove(struct loop_signal *sig);          /* NULL is a no-op */
