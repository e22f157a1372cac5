/* SPDX-License-Identifier: MIT */
/* tty_plain - terminals that libserialport does not take for serial ports */
#include "sim/tty_plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

static speed_t speed_of(uint32_t baud)
{
	static const struct {
		uint32_t baud;
		speed_t speed;
	} speeds[] = {{300, B300},   {600, B600},   {1200, B1200},  {2400, B2400},
		      {4800, B4800}, {9600, B9600}, {19200, B19200}};

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i].baud == baud)
			return speeds[i].speed;
	}
	return B9600;
}

int tty_plain_set(int fd, uint32_t baud)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	cfmakeraw(&t);
	t.c_cflag |= CREAD | CLOCAL;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	cfsetspeed(&t, speed_of(baud));
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

int tty_plain_check_parity(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	t.c_iflag &= ~(tcflag_t)(IGNPAR | PARMRK);
	t.c_iflag |= INPCK;
	t.c_cc[VMIN] =
		1; /* so that a port which has nothing to say is told from one that is gone */
	t.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

int tty_plain_open(const char *path, uint32_t baud)
{
	const int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = tty_plain_set(fd, baud);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}
