/* SPDX-License-Identifier: MIT */
/* port_pty - a pseudo terminal of our own behind a stable symbolic link */
#include "sim/port_pty.h"

#include <asm/termbits.h> /* struct termios2: any baud rate as a number */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_MAX   512
#define READS_MAX  4 /* chunks in one go: a client that never stops must not hold the loop */
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
	bool present; /* some client has the line open */
	struct pty_watched watched;
	struct loop_io *master_io;
	bool linked;
	struct loop *loop;
	uint32_t initial_baud;
	mode_t mode;
	gid_t gid; /* (gid_t)-1: as it is */
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

static void renew(struct port_pty *pty);

/* Hands over what clients have sent, at most so many bytes of it. Whether there was any. */
static bool drain_master(struct port_pty *pty, size_t most_bytes)
{
	uint8_t bytes[READ_MAX];
	bool any = false;

	while (most_bytes > 0) {
		const size_t want = most_bytes < sizeof(bytes) ? most_bytes : sizeof(bytes);
		const ssize_t n = read(pty->master, bytes, want);
		const struct slave_format client = {.baud = n > 0 ? client_baud(pty) : 0,
						    .parity = SLAVE_PARITY_UNKNOWN};

		if (n < 0 && errno == EIO && pty->slave < 0) {
			renew(pty);
			break;
		}
		if (n <= 0)
			break;
		if (client.baud) /* B0 is a line that was hung up */
			pty->handler.received(pty->handler.ctx, bytes, (size_t)n, &client);
		any = true;
		most_bytes -= (size_t)n;
		if ((size_t)n < want)
			break;
	}
	return any;
}

static int open_slave(struct port_pty *pty)
{
	pty->slave = ioctl(pty->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	return pty->slave < 0 ? -errno : 0;
}

/*
 * Whether anyone but us has the slave open: without our own descriptor the master hangs up when
 * nobody has. Exact, where counting the merged events of inotify is not. *ret_waiting: bytes that
 * had been said by then. Puts the count of clients right. A client's exclusive use is lifted for
 * that moment only; should one claim it just then, we cannot open the slave again, and go on
 * without.
 */
static bool somebody_there(struct port_pty *pty, size_t *ret_waiting)
{
	struct pollfd p = {.fd = pty->master};
	int waiting = 0, exclusive = 0;

	pty_watch_pause(&pty->watched);
	if (pty->slave >= 0) {
		ioctl(pty->slave, TIOCGEXCL, &exclusive);
		ioctl(pty->slave, TIOCNXCL);
		close(pty->slave);
	}
	ioctl(pty->master, FIONREAD, &waiting);
	poll(&p, 1, 0);
	if (open_slave(pty) == 0 && exclusive && !(p.revents & POLLHUP))
		ioctl(pty->slave, TIOCEXCL);
	if (pty_watch_resume(&pty->watched, pty->device) < 0)
		log_error(pty->log, "%s: cannot be watched: %s", pty->link, strerror(errno));
	*ret_waiting = waiting > 0 ? (size_t)waiting : 0;
	if (p.revents & POLLHUP)
		pty->watched.clients = 0;
	else if (pty->watched.clients == 0)
		pty->watched.clients = 1;
	return pty->watched.clients > 0;
}

/*
 * One left and the next one came before we looked: it must not read what the first was owed. Words
 * that wait are the next one's, as far as anybody can tell.
 */
static void change_over(struct port_pty *pty)
{
	ioctl(pty->slave, TCFLSH, TCIFLUSH);
	pty->handler.left(pty->handler.ctx);
}

static void on_change(void *ctx)
{
	struct port_pty *pty = ctx;
	const bool emptied = pty->watched.emptied, closed = pty->watched.closed;
	size_t waiting;
	bool owed;

	pty->watched.emptied = pty->watched.closed = false;
	if (!closed) { /* only opened: no need to look, and a client sets itself up just now */
		pty->present = true;
		return;
	}
	if (somebody_there(pty, &waiting)) {
		if (emptied && pty->present)
			change_over(pty);
		pty->present = true;
		return;
	}
	/* last words count, though nobody waits for the answer; what comes now is someone new */
	owed = pty->present;
	pty->present = false;
	owed |= drain_master(pty, waiting);
	if (!owed)
		return;
	pty->handler.left(pty->handler.ctx);
	clean(pty);
}

/*
 * Who came and went is looked at before what is said is taken for the words of the next. Words
 * while nobody seems to be there are either of one whose coming was missed, or the last ones of
 * one that has left: then they count, but nobody waits for the answer.
 */
static void on_master(void *ctx)
{
	struct port_pty *pty = ctx;
	struct pollfd p = {.fd = pty->master, .events = POLLIN};
	size_t waiting;

	pty_watch_look(pty->watched.watch);
	if (!pty->present && poll(&p, 1, 0) > 0 && (p.revents & POLLIN))
		pty->present = somebody_there(pty, &waiting);
	if (drain_master(pty, READS_MAX * READ_MAX) && !pty->present)
		pty->handler.left(pty->handler.ctx);
}

static void pty_pump(struct port *port)
{
	on_master(pty_of(port));
}

static void pty_send(struct port *port, const uint8_t *bytes, size_t len_bytes)
{
	struct port_pty *pty = pty_of(port);
	ssize_t n;

	if (!pty->present)
		return; /* it would wait for the next client and spoil its first request */
	n = write(pty->master, bytes, len_bytes);
	if (n < (ssize_t)len_bytes)
		log_debug(pty->log, "%s: the client does not read, bytes lost", pty->link);
}

static void pty_place(const struct port *port, char *place)
{
	const struct port_pty *pty = (const struct port_pty *)port;

	snprintf(place, PORT_PLACE_MAX, "%s -> %s", pty->link, pty->device);
}

/* Whether the link is still ours: someone may have put something else there. */
static bool link_is_ours(const struct port_pty *pty)
{
	char target[sizeof(pty->device)];
	const ssize_t n = readlink(pty->link, target, sizeof(target));

	return n > 0 && (size_t)n == strlen(pty->device) &&
	       memcmp(target, pty->device, (size_t)n) == 0;
}

static void pty_destroy(struct port *port)
{
	struct port_pty *pty = pty_of(port);

	loop_io_remove(pty->master_io);
	pty_watch_remove(&pty->watched);
	if (pty->linked && link_is_ours(pty))
		unlink(pty->link);
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

/*
 * Makes room for the link. Before the pty is opened: the kernel hands out the lowest number that
 * is free, and what a killed program left behind would point to our own pty.
 */
static int clear_link(const struct port_pty *pty, const char **ret_why)
{
	struct stat st;
	int r = make_parents(pty->link);

	*ret_why = "cannot make its folder";
	if (r < 0)
		return r;
	if (lstat(pty->link, &st) < 0)
		return 0;
	*ret_why = "exists and is not a dangling link; remove it if no metersimd uses it";
	if (!S_ISLNK(st.st_mode) || stat(pty->link, &st) == 0)
		return -EEXIST;
	*ret_why = "cannot replace the dangling link";
	return unlink(pty->link) < 0 ? -errno : 0;
}

static int make_link(struct port_pty *pty, const char **ret_why)
{
	*ret_why = "cannot make the link";
	if (symlink(pty->device, pty->link) < 0)
		return -errno;
	pty->linked = true;
	return 0;
}

static int find_group(struct port_pty *pty, const char *name, const char **ret_why)
{
	const struct group *group = name ? getgrnam(name) : NULL;

	*ret_why = "there is no such group";
	if (name && !group)
		return -ENOENT;
	pty->gid = group ? group->gr_gid : (gid_t)-1;
	return 0;
}

static int set_access(const struct port_pty *pty, const char **ret_why)
{
	*ret_why = "cannot give it to the group";
	if (pty->gid != (gid_t)-1 && fchown(pty->slave, (uid_t)-1, pty->gid) < 0)
		return -errno;
	*ret_why = "cannot set its mode";
	return fchmod(pty->slave, pty->mode) < 0 ? -errno : 0;
}

static int open_pair(struct port_pty *pty, uint32_t baud)
{
	int unlock = 0;
	unsigned number;

	pty->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0 || ioctl(pty->master, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(pty->master, TIOCGPTN, &number) < 0)
		return -errno;
	if (open_slave(pty) < 0)
		return -errno;
	snprintf(pty->device, sizeof(pty->device), "/dev/pts/%u", number);
	return make_raw(pty, baud);
}

/* A pty ready for clients, but for its link. */
static int open_pty(struct port_pty *pty, const char **ret_why)
{
	int r = open_pair(pty, pty->initial_baud);

	*ret_why = "cannot open a pseudo terminal";
	if (r < 0)
		return r;
	r = set_access(pty, ret_why);
	if (r < 0)
		return r;
	*ret_why = "cannot watch it for clients";
	r = pty_watch_resume(&pty->watched, pty->device);
	if (r < 0)
		return r;
	*ret_why = "out of memory";
	return loop_io_add(&pty->master_io, pty->loop, pty->master, on_master, pty);
}

/* Puts the link to a new device in the place of the old one, without a moment between. */
static int swap_link(const struct port_pty *pty)
{
	char temporary[PATH_BYTES + 8];

	snprintf(temporary, sizeof(temporary), "%s.new", pty->link);
	unlink(temporary);
	if (symlink(pty->device, temporary) < 0)
		return -errno;
	return rename(temporary, pty->link) < 0 ? -errno : 0;
}

/*
 * A client left that had claimed exclusive use while we looked: nobody can open this pty again,
 * not even we (but for root). Another one takes its place.
 */
static void renew(struct port_pty *pty)
{
	const char *why = "";
	int r;

	pty_watch_pause(&pty->watched);
	loop_io_remove(pty->master_io);
	pty->master_io = NULL;
	close(pty->master);
	pty->master = -1;
	if (pty->present)
		pty->handler.left(pty->handler.ctx);
	pty->present = pty->watched.emptied = pty->watched.closed = false;
	pty->watched.clients = 0;
	r = open_pty(pty, &why);
	if (r == 0)
		r = swap_link(pty);
	if (r < 0)
		log_error(pty->log, "%s: lost, %s: %s", pty->link, why, strerror(-r));
	else
		log_notice(pty->log, "%s is %s now", pty->link, pty->device);
}

static int open_all(struct port_pty *pty, const struct port_pty_config *config,
		    const char **ret_why)
{
	int r = clear_link(pty, ret_why);

	if (r == 0)
		r = find_group(pty, config->group, ret_why);
	if (r == 0)
		r = open_pty(pty, ret_why);
	if (r == 0)
		r = make_link(pty, ret_why); /* last: who finds it can use it */
	return r;
}

int port_pty_create(struct port **ret, struct loop *loop, const struct port_pty_config *config,
		    const struct port_handler *handler, const struct log *log, const char **ret_why)
{
	struct port_pty *pty = calloc(1, sizeof(*pty));
	int r;

	*ret_why = "out of memory";
	if (!pty)
		return -ENOMEM;
	pty->port = (struct port){
		.send = pty_send, .pump = pty_pump, .place = pty_place, .destroy = pty_destroy};
	pty->watched = (struct pty_watched){.changed = on_change, .ctx = pty};
	pty_watch_add(config->watch, &pty->watched);
	pty->loop = loop;
	pty->initial_baud = config->initial_baud;
	pty->mode = config->mode;
	pty->handler = *handler;
	pty->log = log;
	pty->master = pty->slave = -1;
	*ret_why = "its path is too long";
	if ((size_t)snprintf(pty->link, sizeof(pty->link), "%s", config->link) >= sizeof(pty->link))
		r = -ENAMETOOLONG;
	else
		r = open_all(pty, config, ret_why);
	if (r < 0) {
		pty_destroy(&pty->port);
		return r;
	}
	*ret = &pty->port;
	return 0;
}
