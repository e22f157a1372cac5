/* SPDX-License-Identifier: MIT */
/* port_pty - a pseudo terminal of our own behind a stable symbolic link */
#include "sim/port_pty.h"

#include <asm/termbits.h> /* struct termios2: any baud rate as a number */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_MAX   512
#define PATH_BYTES 4096

struct port_pty {
	struct port port;
	struct port_handler handler;
	const struct log *log;
	int master;
	/*
	 * Kept open: without a slave descriptor of our own the master reads EIO for ever once
	 * the first client has left. Also the only way to drop what a client did not read.
	 */
	int slave;
	int watch; /* inotify on the device: opens and closes of clients */
	unsigned clients;
	struct loop_io *master_io;
	struct loop_io *watch_io;
	bool linked;
	char device[64];
	char link[PATH_BYTES];
};

static struct port_pty *pty_of(struct port *port)
{
	return (struct port_pty *)port; /* its first member */
}

/*
 * glibc's tcsetattr fails when the parity that it asked for did not stick, which a pty never
 * lets it, unless something else changed. IEXTEN is inert on a raw line and every client clears
 * it: set between clients, it makes their first 7E1 or 8E1 stick.
 */
static void salt(const struct port_pty *pty)
{
	struct termios2 t;

	if (ioctl(pty->master, TCGETS2, &t) == 0 && !(t.c_lflag & IEXTEN)) {
		t.c_lflag |= IEXTEN;
		ioctl(pty->master, TCSETS2, &t);
	}
}

/* A client that asks for the rate as it is should see B9600 and not "some other". */
static tcflag_t baud_bits(uint32_t baud)
{
	static const struct {
		uint32_t baud;
		tcflag_t bits;
	} rates[] = {{300, B300},     {600, B600},      {1200, B1200},   {2400, B2400},
		     {4800, B4800},   {9600, B9600},    {19200, B19200}, {38400, B38400},
		     {57600, B57600}, {115200, B115200}};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		if (rates[i].baud == baud)
			return rates[i].bits;
	}
	return BOTHER;
}

static int make_raw(const struct port_pty *pty, uint32_t baud)
{
	struct termios2 t;

	if (ioctl(pty->slave, TCGETS2, &t) < 0)
		return -errno;
	t.c_iflag = 0;
	t.c_oflag = 0;
	t.c_lflag = IEXTEN;
	t.c_cflag = CS8 | CREAD | CLOCAL | baud_bits(baud);
	t.c_ispeed = t.c_ospeed = baud;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return ioctl(pty->slave, TCSETS2, &t) < 0 ? -errno : 0;
}

static uint32_t client_baud(const struct port_pty *pty)
{
	struct termios2 t;

	return ioctl(pty->master, TCGETS2, &t) < 0 ? 0 : t.c_ospeed;
}

/* The last client left: nothing of it may reach the next one. */
static void clean(struct port_pty *pty)
{
	ioctl(pty->slave, TCFLSH, TCIFLUSH); /* answers that it did not read */
	ioctl(pty->slave, TIOCNXCL);         /* its TIOCEXCL outlives it */
	salt(pty);
}

static void drain_master(struct port_pty *pty)
{
	uint8_t bytes[READ_MAX];
	ssize_t n;

	while ((n = read(pty->master, bytes, sizeof(bytes))) > 0) {
		pty->handler.received(pty->handler.ctx, bytes, (size_t)n, client_baud(pty));
		if (n < (ssize_t)sizeof(bytes))
			break;
	}
	salt(pty);
}

/* Whether the last client left. */
static bool count_clients(struct port_pty *pty, uint32_t mask)
{
	if (mask & IN_OPEN) {
		pty->clients++;
		return false;
	}
	if (!(mask & (IN_CLOSE_WRITE | IN_CLOSE_NOWRITE)) || pty->clients == 0)
		return false;
	pty->clients--;
	return pty->clients == 0;
}

static void on_watch(void *ctx)
{
	struct port_pty *pty = ctx;
	_Alignas(struct inotify_event) char events[READ_MAX];
	ssize_t n = read(pty->watch, events, sizeof(events));
	bool left = false;

	for (ssize_t at = 0; at < n;) {
		struct inotify_event event;

		memcpy(&event, events + at, sizeof(event));
		left |= count_clients(pty, event.mask);
		at += (ssize_t)(sizeof(event) + event.len);
	}
	if (!left)
		return;
	/*
	 * A last request counts, though nobody waits for the answer. When the next client is here
	 * already, what is there to read is its own and must not be dropped with the other's.
	 */
	if (pty->clients == 0)
		drain_master(pty);
	pty->handler.left(pty->handler.ctx);
	clean(pty);
}

/* Who opened the line is counted before what it says is answered. */
static void on_master(void *ctx)
{
	on_watch(ctx);
	drain_master(ctx);
}

static void pty_send(struct port *port, const uint8_t *bytes, size_t len_bytes)
{
	struct port_pty *pty = pty_of(port);
	ssize_t n;

	if (!pty->clients)
		return; /* it would wait for the next client and spoil its first request */
	n = write(pty->master, bytes, len_bytes);
	if (n < (ssize_t)len_bytes)
		log_debug(pty->log, "%s: the client does not read, bytes lost", pty->link);
}

static void pty_destroy(struct port *port)
{
	struct port_pty *pty = pty_of(port);

	loop_io_remove(pty->master_io);
	loop_io_remove(pty->watch_io);
	if (pty->linked)
		unlink(pty->link);
	if (pty->watch >= 0)
		close(pty->watch);
	if (pty->slave >= 0)
		close(pty->slave);
	if (pty->master >= 0)
		close(pty->master);
	free(pty);
}

/* The folders that path lies in. */
static int make_parents(const char *path)
{
	char folder[PATH_BYTES];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int make_link(struct port_pty *pty, const char **ret_why)
{
	struct stat st;
	int r = make_parents(pty->link);

	*ret_why = "cannot make its folder";
	if (r < 0)
		return r;
	*ret_why = "cannot make the link";
	if (lstat(pty->link, &st) == 0) {
		*ret_why = "exists and is not a dangling link";
		if (!S_ISLNK(st.st_mode) || stat(pty->link, &st) == 0)
			return -EEXIST;
		*ret_why = "cannot replace the dangling link";
		if (unlink(pty->link) < 0)
			return -errno;
	}
	if (symlink(pty->device, pty->link) < 0)
		return -errno;
	pty->linked = true;
	return 0;
}

static int set_access(const struct port_pty *pty, const struct port_pty_config *config,
		      const char **ret_why)
{
	if (config->group) {
		const struct group *group = getgrnam(config->group);

		*ret_why = "there is no such group";
		if (!group)
			return -ENOENT;
		*ret_why = "cannot give it to the group";
		if (fchown(pty->slave, (uid_t)-1, group->gr_gid) < 0)
			return -errno;
	}
	*ret_why = "cannot set its mode";
	return fchmod(pty->slave, config->mode) < 0 ? -errno : 0;
}

static int open_pair(struct port_pty *pty, uint32_t baud)
{
	int unlock = 0;
	unsigned number;

	pty->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0 || ioctl(pty->master, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(pty->master, TIOCGPTN, &number) < 0)
		return -errno;
	pty->slave = ioctl(pty->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->slave < 0)
		return -errno;
	snprintf(pty->device, sizeof(pty->device), "/dev/pts/%u", number);
	return make_raw(pty, baud);
}

static int watch_clients(struct port_pty *pty)
{
	pty->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (pty->watch < 0 || inotify_add_watch(pty->watch, pty->device, IN_OPEN | IN_CLOSE) < 0)
		return -errno;
	return 0;
}

static int open_all(struct port_pty *pty, struct loop *loop, const struct port_pty_config *config,
		    const char **ret_why)
{
	int r = open_pair(pty, config->initial_baud);

	*ret_why = "cannot open a pseudo terminal";
	if (r < 0)
		return r;
	r = set_access(pty, config, ret_why);
	if (r < 0)
		return r;
	*ret_why = "cannot watch it for clients";
	r = watch_clients(pty);
	if (r < 0)
		return r;
	*ret_why = "out of memory";
	r = loop_io_add(&pty->master_io, loop, pty->master, on_master, pty);
	if (r < 0)
		return r;
	r = loop_io_add(&pty->watch_io, loop, pty->watch, on_watch, pty);
	if (r < 0)
		return r;
	return make_link(pty, ret_why); /* last: who finds it can use it */
}

int port_pty_create(struct port **ret, struct loop *loop, const struct port_pty_config *config,
		    const struct port_handler *handler, const struct log *log, const char **ret_why)
{
	struct port_pty *pty = calloc(1, sizeof(*pty));
	int r;

	*ret_why = "out of memory";
	if (!pty)
		return -ENOMEM;
	pty->port = (struct port){.send = pty_send, .destroy = pty_destroy};
	pty->handler = *handler;
	pty->log = log;
	pty->master = pty->slave = pty->watch = -1;
	*ret_why = "its path is too long";
	if ((size_t)snprintf(pty->link, sizeof(pty->link), "%s", config->link) >= sizeof(pty->link))
		r = -ENAMETOOLONG;
	else
		r = open_all(pty, loop, config, ret_why);
	if (r < 0) {
		pty_destroy(&pty->port);
		return r;
	}
	*ret = &pty->port;
	return 0;
}

const char *port_pty_device(const struct port *port)
{
	return ((const struct port_pty *)port)->device;
}
