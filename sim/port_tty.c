/* SPDX-License-Identifier: MIT */
/* port_tty - a serial port of this machine */
#include "sim/port_tty.h"

#include <errno.h>
#include <libserialport.h>
#include <linux/serial.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/clk_real.h"
#include "sim/tty_plain.h"

#define READ_MAX     512
#define READS_MAX    4 /* chunks in one go: a client that never stops must not hold the loop */
#define PATH_BYTES   4096
#define RETRY_MIN_NS (500 * NS_PER_MS) /* between attempts to get a lost port back */
#define RETRY_MAX_NS (30 * NS_PER_S)
#define ECHO_LATE_NS (100 * NS_PER_MS) /* of an adapter that collects bytes */
#define SENT_LATE_NS NS_PER_S
#define STOP_BITS    1
#define DATA_BITS    8

enum driver { DRIVER_ALWAYS, DRIVER_KERNEL, DRIVER_RTS };

struct port_tty {
	struct port port;
	struct port_handler handler;
	struct loop *loop;
	const struct log *log;
	struct clk clk;
	struct sp_port *serial; /* NULL: lost, or a pseudo terminal */
	int fd;                 /* -1: lost */
	struct loop_io *io;
	struct loop_timer *retry;
	int64_t retry_ns;
	struct loop_timer *sent; /* when what is being sent is over */
	bool tuning;             /* then another format is due */
	int64_t sent_by_ns;      /* at the latest */
	int64_t opened_ns;
	enum driver driver;
	bool rs485;
	bool echoes;
	struct slave_format format;
	size_t echo_bytes;     /* of what was sent, that will be heard ... */
	int64_t echo_until_ns; /* ... until then, or never */
	char path[PATH_BYTES];
};

static struct port_tty *tty_of(struct port *port)
{
	return (struct port_tty *)port; /* its first member */
}

/* --- opening --- */

static enum sp_parity parity_of(enum slave_parity parity)
{
	switch (parity) {
	case SLAVE_PARITY_EVEN:
		return SP_PARITY_EVEN;
	case SLAVE_PARITY_ODD:
		return SP_PARITY_ODD;
	default:
		return SP_PARITY_NONE;
	}
}

static int set_serial(struct sp_port *serial, const struct slave_format *format)
{
	if (sp_set_baudrate(serial, (int)format->baud) != SP_OK ||
	    sp_set_bits(serial, DATA_BITS) != SP_OK ||
	    sp_set_parity(serial, parity_of(format->parity)) != SP_OK ||
	    sp_set_stopbits(serial, STOP_BITS) != SP_OK ||
	    sp_set_flowcontrol(serial, SP_FLOWCONTROL_NONE) != SP_OK)
		return errno ? -errno : -EINVAL;
	return 0;
}

static int set_format(struct port_tty *tty)
{
	int r;

	if (!tty->serial)
		return tty_plain_set(tty->fd, tty->format.baud);
	r = set_serial(tty->serial, &tty->format);
	return r < 0 ? r : tty_plain_check_parity(tty->fd);
}

bool port_tty_has_wire(const char *path)
{
	char *device = realpath(path, NULL);
	struct sp_port *serial = NULL;
	const bool has = device && sp_get_port_by_name(device, &serial) == SP_OK;

	if (has)
		sp_free_port(serial);
	free(device);
	return has;
}

/* A port is known by its device's name, not by those of links that lead to it. */
static int open_device(struct port_tty *tty)
{
	char *device = realpath(tty->path, NULL);
	int r;

	if (!device)
		return -errno;
	errno = 0;
	if (sp_get_port_by_name(device, &tty->serial) != SP_OK) {
		tty->serial = NULL;
		tty->fd = tty_plain_open(device, tty->format.baud);
		r = tty->fd < 0 ? tty->fd : 0;
	} else if (sp_open(tty->serial, SP_MODE_READ_WRITE) != SP_OK ||
		   sp_get_port_handle(tty->serial, &tty->fd) != SP_OK) {
		tty->fd = -1;
		r = errno ? -errno : -EIO;
	} else {
		r = set_format(tty);
	}
	free(device);
	return r;
}

/* The kernel's own switching is the only one that is in time on every port that has it. */
static int choose_driver(struct port_tty *tty)
{
	struct serial_rs485 rs485 = {.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND};
	const int rts = TIOCM_RTS;

	tty->driver = DRIVER_ALWAYS;
	if (!tty->rs485)
		return 0;
	tty->driver = DRIVER_KERNEL;
	if (ioctl(tty->fd, TIOCSRS485, &rs485) == 0)
		return 0;
	tty->driver = DRIVER_RTS;
	return ioctl(tty->fd, TIOCMBIC, &rts) < 0 ? -errno : 0;
}

static void on_readable(void *ctx);

static int open_port(struct port_tty *tty, const char **ret_why)
{
	int r = open_device(tty);

	*ret_why = "cannot open the serial port";
	if (r < 0)
		return r;
	*ret_why = "is in use by another program";
	if (flock(tty->fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	*ret_why = "cannot have it for itself";
	if (ioctl(tty->fd, TIOCEXCL) < 0)
		return -errno;
	*ret_why = "cannot switch its RS-485 driver, neither by the kernel nor by RTS";
	r = choose_driver(tty);
	if (r < 0)
		return r;
	tty->opened_ns = clk_now(&tty->clk);
	*ret_why = "out of memory";
	return loop_io_add(&tty->io, tty->loop, tty->fd, on_readable, tty);
}

static void close_port(struct port_tty *tty)
{
	loop_io_remove(tty->io);
	tty->io = NULL;
	if (tty->fd >= 0)
		ioctl(tty->fd, TIOCNXCL); /* outlives us on a pty */
	if (tty->serial) {
		sp_close(tty->serial);
		sp_free_port(tty->serial);
	} else if (tty->fd >= 0) {
		close(tty->fd);
	}
	tty->serial = NULL;
	tty->fd = -1;
}

/* --- losing and finding --- */

static void retry_later(struct port_tty *tty)
{
	loop_timer_set(tty->retry, clk_now(&tty->clk) + tty->retry_ns);
	tty->retry_ns = 2 * tty->retry_ns < RETRY_MAX_NS ? 2 * tty->retry_ns : RETRY_MAX_NS;
}

static void lose(struct port_tty *tty, const char *reason)
{
	log_warning(tty->log, "%s: the port is lost (%s), it is looked for from now on", tty->path,
		    reason);
	close_port(tty);
	tty->echo_bytes = 0;
	tty->handler.left(tty->handler.ctx);
	if (clk_now(&tty->clk) - tty->opened_ns > RETRY_MAX_NS) /* else it flaps */
		tty->retry_ns = RETRY_MIN_NS;
	retry_later(tty);
}

static void on_retry(void *ctx)
{
	struct port_tty *tty = ctx;
	const char *why = "";
	int r = open_port(tty, &why);

	if (r < 0) {
		log_debug(tty->log, "%s: %s: %s", tty->path, why, strerror(-r));
		close_port(tty);
		retry_later(tty);
		return;
	}
	log_notice(tty->log, "%s: the port is back", tty->path);
}

/* --- bytes --- */

/* Bytes of our own that come back; what differs is somebody else's, but as lost as our own. */
static size_t skip_echo(struct port_tty *tty, size_t len_bytes)
{
	size_t n;

	if (tty->echo_bytes && clk_now(&tty->clk) > tty->echo_until_ns)
		tty->echo_bytes = 0;
	n = len_bytes < tty->echo_bytes ? len_bytes : tty->echo_bytes;
	tty->echo_bytes -= n;
	return n;
}

/* A lost port is readable for ever and has nothing to read. */
static void on_readable(void *ctx)
{
	struct port_tty *tty = ctx;
	uint8_t bytes[READ_MAX];

	for (int i = 0; i < READS_MAX && tty->fd >= 0; i++) {
		struct pollfd p = {.fd = tty->fd, .events = POLLIN};
		ssize_t n;
		size_t own;

		if (poll(&p, 1, 0) <= 0)
			return;
		n = read(tty->fd, bytes, sizeof(bytes));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			lose(tty, n < 0 ? strerror(errno) : "hung up");
			return;
		}
		own = skip_echo(tty, (size_t)n);
		if (own < (size_t)n)
			tty->handler.received(tty->handler.ctx, bytes + own, (size_t)n - own,
					      &tty->format);
	}
}

static void tty_pump(struct port *port)
{
	on_readable(tty_of(port));
}

/* Whether all that was written has left the UART, as far as it tells. */
static bool sent_all(const struct port_tty *tty)
{
	unsigned status = 0;
	int queued = 0;

	if (ioctl(tty->fd, TIOCOUTQ, &queued) == 0 && queued > 0)
		return false;
	return ioctl(tty->fd, TIOCSERGETLSR, &status) < 0 || (status & TIOCSER_TEMT);
}

static void tune_now(struct port_tty *tty)
{
	int r = set_format(tty);

	tty->tuning = false;
	if (r < 0)
		log_error(tty->log, "%s: cannot be set to %u baud: %s", tty->path, tty->format.baud,
			  strerror(-r));
}

/* The UART may be later than the line has counted, an adapter even more. */
static void on_sent(void *ctx)
{
	struct port_tty *tty = ctx;
	const int64_t now_ns = clk_now(&tty->clk);
	const int rts = TIOCM_RTS;

	if (tty->fd < 0)
		return;
	if (!sent_all(tty) && now_ns < tty->sent_by_ns) {
		loop_timer_set(tty->sent, now_ns + slave_char_ns(&tty->format) / 2);
		return;
	}
	if (tty->driver == DRIVER_RTS)
		ioctl(tty->fd, TIOCMBIC, &rts);
	if (tty->tuning)
		tune_now(tty);
}

static void tty_send(struct port *port, const uint8_t *bytes, size_t len_bytes)
{
	struct port_tty *tty = tty_of(port);
	const int64_t end_ns =
		clk_now(&tty->clk) + (int64_t)len_bytes * slave_char_ns(&tty->format);
	const int rts = TIOCM_RTS;
	ssize_t n;

	if (tty->fd < 0)
		return;
	if (tty->driver == DRIVER_RTS) {
		ioctl(tty->fd, TIOCMBIS, &rts);
		loop_timer_set(tty->sent, end_ns);
	}
	tty->sent_by_ns = end_ns + SENT_LATE_NS;
	n = write(tty->fd, bytes, len_bytes);
	if (tty->echoes && n > 0) {
		tty->echo_bytes += (size_t)n;
		tty->echo_until_ns = end_ns + ECHO_LATE_NS;
	}
	if (n < (ssize_t)len_bytes)
		log_debug(tty->log, "%s: the port does not take all, bytes lost", tty->path);
}

static void tty_tune(struct port *port, const struct slave_format *format)
{
	struct port_tty *tty = tty_of(port);

	tty->format = *format;
	tty->tuning = tty->fd >= 0;
	if (tty->tuning)
		on_sent(tty);
}

static void tty_place(const struct port *port, char *place)
{
	snprintf(place, PORT_PLACE_MAX, "%s", ((const struct port_tty *)port)->path);
}

static void tty_destroy(struct port *port)
{
	struct port_tty *tty = tty_of(port);

	close_port(tty);
	loop_timer_remove(tty->retry);
	loop_timer_remove(tty->sent);
	free(tty);
}

static int open_all(struct port_tty *tty, const char **ret_why)
{
	int r = open_port(tty, ret_why);

	if (r < 0)
		return r;
	*ret_why = "out of memory or descriptors";
	r = loop_timer_add(&tty->retry, tty->loop, on_retry, tty);
	return r < 0 ? r : loop_timer_add(&tty->sent, tty->loop, on_sent, tty);
}

int port_tty_create(struct port **ret, struct loop *loop, const struct port_tty_config *config,
		    const struct port_handler *handler, const struct log *log, const char **ret_why)
{
	struct port_tty *tty = calloc(1, sizeof(*tty));
	int r;

	*ret_why = "out of memory";
	if (!tty)
		return -ENOMEM;
	tty->port = (struct port){.send = tty_send,
				  .pump = tty_pump,
				  .tune = tty_tune,
				  .place = tty_place,
				  .destroy = tty_destroy};
	tty->handler = *handler;
	tty->loop = loop;
	tty->log = log;
	tty->clk = clk_real();
	tty->fd = -1;
	tty->retry_ns = RETRY_MIN_NS;
	tty->rs485 = config->rs485;
	tty->echoes = config->echoes;
	tty->format = config->format;
	*ret_why = "its path is too long";
	if ((size_t)snprintf(tty->path, sizeof(tty->path), "%s", config->path) >= sizeof(tty->path))
		r = -ENAMETOOLONG;
	else
		r = open_all(tty, ret_why);
	if (r < 0) {
		tty_destroy(&tty->port);
		return r;
	}
	*ret = &tty->port;
	return 0;
}
