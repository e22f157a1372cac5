/* SPDX-License-Identifier: MIT */
/* loop - the daemon's event loop, on libev */
#include "sim/loop.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clk.h"
#include "sim/clk_real.h"

/* How many deadlines of a virtual loop pass between two looks for signals. */
#define LOOK_EVERY 1024

struct loop {
	struct ev_loop *ev;
	bool is_virtual;
	bool stopped;
	struct clk_virtual virtual_clk;
	struct loop_timer *first, *last; /* of a virtual one */
};

struct loop_io {
	ev_io watcher;
	struct loop *loop;
	void (*ready)(void *ctx);
	void *ctx;
};

struct loop_timer {
	struct loop_io *io;
	int fd;
	int64_t deadline_ns; /* as last set */
	struct loop *loop;
	struct loop_timer *prev, *next; /* in a virtual loop */
	void (*expired)(void *ctx);
	void *ctx;
};

struct loop_signal {
	ev_signal watcher;
	struct loop *loop;
	void (*caught)(void *ctx);
	void *ctx;
};

int loop_create(struct loop **ret)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	if (!loop->ev) {
		free(loop);
		return -ENOMEM;
	}
	*ret = loop;
	return 0;
}

int loop_create_virtual(struct loop **ret)
{
	int r = loop_create(ret);

	if (r < 0)
		return r;
	(*ret)->is_virtual = true;
	clk_virtual_init(&(*ret)->virtual_clk, 0);
	return 0;
}

struct clk loop_clk(struct loop *loop)
{
	return loop->is_virtual ? loop->virtual_clk.clk : clk_real();
}

bool loop_is_virtual(const struct loop *loop)
{
	return loop->is_virtual;
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	ev_loop_destroy(loop->ev);
	free(loop);
}

static struct loop_timer *next_due(const struct loop *loop)
{
	struct loop_timer *due = NULL;

	for (struct loop_timer *timer = loop->first; timer; timer = timer->next) {
		if (timer->deadline_ns != CLK_NEVER &&
		    (!due || timer->deadline_ns < due->deadline_ns))
			due = timer;
	}
	return due;
}

static void run_virtual(struct loop *loop)
{
	struct loop_timer *timer;

	loop->stopped = false;
	for (unsigned n = 1; !loop->stopped && (timer = next_due(loop)); n++) {
		clk_virtual_to(&loop->virtual_clk, timer->deadline_ns);
		timer->deadline_ns = CLK_NEVER;
		timer->expired(timer->ctx);
		if (n % LOOK_EVERY == 0)
			ev_run(loop->ev, EVRUN_NOWAIT);
	}
}

void loop_run(struct loop *loop)
{
	if (loop->is_virtual)
		run_virtual(loop);
	else
		ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
	ev_break(loop->ev, EVBREAK_ALL);
}

static void on_io(struct ev_loop *ev, ev_io *watcher, int events)
{
	struct loop_io *io = watcher->data;

	(void)ev;
	(void)events;
	io->ready(io->ctx);
}

int loop_io_add(struct loop_io **ret, struct loop *loop, int fd, void (*ready)(void *ctx),
		void *ctx)
{
	struct loop_io *io = calloc(1, sizeof(*io));

	if (!io)
		return -ENOMEM;
	io->loop = loop;
	io->ready = ready;
	io->ctx = ctx;
	ev_io_init(&io->watcher, on_io, fd, EV_READ);
	io->watcher.data = io;
	ev_io_start(loop->ev, &io->watcher);
	*ret = io;
	return 0;
}

void loop_io_remove(struct loop_io *io)
{
	if (!io)
		return;
	ev_io_stop(io->loop->ev, &io->watcher);
	free(io);
}

static void on_timer(void *ctx)
{
	struct loop_timer *timer = ctx;
	uint64_t expirations;

	if (read(timer->fd, &expirations, sizeof(expirations)) != (ssize_t)sizeof(expirations))
		return; /* set anew in the meantime */
	timer->deadline_ns = CLK_NEVER;
	timer->expired(timer->ctx);
}

int loop_timer_add(struct loop_timer **ret, struct loop *loop, void (*expired)(void *ctx),
		   void *ctx)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));
	int r;

	if (!timer)
		return -ENOMEM;
	timer->deadline_ns = CLK_NEVER;
	timer->expired = expired;
	timer->ctx = ctx;
	timer->loop = loop;
	timer->fd = -1;
	if (loop->is_virtual) {
		timer->prev = loop->last;
		*(loop->last ? &loop->last->next : &loop->first) = timer;
		loop->last = timer;
		*ret = timer;
		return 0;
	}
	timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer->fd < 0) {
		r = -errno;
		free(timer);
		return r;
	}
	r = loop_io_add(&timer->io, loop, timer->fd, on_timer, timer);
	if (r < 0) {
		close(timer->fd);
		free(timer);
		return r;
	}
	*ret = timer;
	return 0;
}

void loop_timer_set(struct loop_timer *timer, int64_t deadline_ns)
{
	struct itimerspec when = {0};

	if (deadline_ns == timer->deadline_ns)
		return;
	timer->deadline_ns = deadline_ns;
	if (timer->loop->is_virtual)
		return;
	if (deadline_ns != CLK_NEVER) {
		if (deadline_ns < 1)
			deadline_ns = 1; /* 0 would disarm */
		when.it_value.tv_sec = deadline_ns / NS_PER_S;
		when.it_value.tv_nsec = deadline_ns % NS_PER_S;
	}
	timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void loop_timer_remove(struct loop_timer *timer)
{
	if (!timer)
		return;
	if (timer->loop->is_virtual) {
		*(timer->prev ? &timer->prev->next : &timer->loop->first) = timer->next;
		*(timer->next ? &timer->next->prev : &timer->loop->last) = timer->prev;
	} else {
		loop_io_remove(timer->io);
		close(timer->fd);
	}
	free(timer);
}

static void on_signal(struct ev_loop *ev, ev_signal *watcher, int events)
{
	struct loop_signal *sig = watcher->data;

	(void)ev;
	(void)events;
	sig->caught(sig->ctx);
}

int loop_signal_add(struct loop_signal **ret, struct loop *loop, int signum,
		    void (*caught)(void *ctx), void *ctx)
{
	struct loop_signal *sig = calloc(1, sizeof(*sig));

	if (!sig)
		return -ENOMEM;
	sig->loop = loop;
	sig->caught = caught;
	sig->ctx = ctx;
	ev_signal_init(&sig->watcher, on_signal, signum);
	sig->watcher.data = sig;
	ev_signal_start(loop->ev, &sig->watcher);
	*ret = sig;
	return 0;
}

void loop_signal_remove(struct loop_signal *sig)
{
	if (!sig)
		return;
	ev_signal_stop(sig->loop->ev, &sig->watcher);
	free(sig);
}
