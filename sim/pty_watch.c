/* SPDX-License-Identifier: MIT */
/* pty_watch - tells ptys that some client has opened or closed their device */
#include "sim/pty_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clk.h"
#include "sim/clk_real.h"

#define EVENTS_BYTES 4096
#define AGAIN_NS     (50 * NS_PER_MS)

struct pty_watch {
	int fd;
	struct loop_io *io;
	struct loop_timer *timer;
	struct pty_watched *list;
};

/* Tells everyone whose mark is set; a callback may pause and resume, but not remove. */
static void tell(struct pty_watch *watch, bool first)
{
	for (struct pty_watched *w = watch->list; w; w = w->next) {
		if (!(first ? w->told : w->again))
			continue;
		w->told = false;
		w->closed |= !first;
		w->again = first && w->closed;
		w->changed(w->ctx);
	}
}

static void on_again(void *ctx)
{
	tell(ctx, false);
}

static void note(struct pty_watched *w, uint32_t mask)
{
	w->told = true;
	if (mask & IN_OPEN) {
		w->clients++;
		return;
	}
	w->closed = true;
	w->clients -= w->clients > 0; /* its opening may have been missed */
	w->emptied |= w->clients == 0;
}

static void note_event(struct pty_watch *watch, const struct inotify_event *event)
{
	for (struct pty_watched *w = watch->list; w; w = w->next) {
		if (event->mask & IN_Q_OVERFLOW) /* some were lost: all look */
			w->told = w->closed = true;
		else if (w->id == event->wd)
			note(w, event->mask);
	}
}

void pty_watch_look(struct pty_watch *watch)
{
	_Alignas(struct inotify_event) char events[EVENTS_BYTES];
	const struct clk clk = clk_real();
	bool any = false;
	ssize_t n;

	while ((n = read(watch->fd, events, sizeof(events))) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct inotify_event event;

			memcpy(&event, events + at, sizeof(event));
			if (!(event.mask & IN_IGNORED)) { /* not the end of one that was paused */
				note_event(watch, &event);
				any = true;
			}
			at += (ssize_t)(sizeof(event) + event.len);
		}
	}
	if (!any)
		return;
	tell(watch, true);
	loop_timer_set(watch->timer, clk_now(&clk) + AGAIN_NS);
}

static void on_events(void *ctx)
{
	pty_watch_look(ctx);
}

int pty_watch_create(struct pty_watch **ret, struct loop *loop)
{
	struct pty_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	r = watch->fd < 0 ? -errno : loop_io_add(&watch->io, loop, watch->fd, on_events, watch);
	if (r == 0)
		r = loop_timer_add(&watch->timer, loop, on_again, watch);
	if (r < 0) {
		pty_watch_destroy(watch);
		return r;
	}
	*ret = watch;
	return 0;
}

void pty_watch_destroy(struct pty_watch *watch)
{
	if (!watch)
		return;
	loop_timer_remove(watch->timer);
	loop_io_remove(watch->io);
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch);
}

void pty_watch_add(struct pty_watch *watch, struct pty_watched *watched)
{
	watched->watch = watch;
	watched->id = -1;
	watched->next = watch->list;
	watch->list = watched;
}

void pty_watch_remove(struct pty_watched *watched)
{
	if (!watched->watch)
		return;
	pty_watch_pause(watched);
	for (struct pty_watched **at = &watched->watch->list; *at; at = &(*at)->next) {
		if (*at == watched) {
			*at = watched->next;
			break;
		}
	}
	watched->watch = NULL;
}

void pty_watch_pause(struct pty_watched *watched)
{
	if (watched->id >= 0)
		inotify_rm_watch(watched->watch->fd, watched->id);
	watched->id = -1;
}

int pty_watch_resume(struct pty_watched *watched, const char *device)
{
	const int id = inotify_add_watch(watched->watch->fd, device, IN_OPEN | IN_CLOSE);

	if (id < 0)
		return -errno;
	watched->id = id;
	return 0;
}
