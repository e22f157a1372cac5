/* SPDX-License-Identifier: MIT */
/*
 * tty_plain - terminals that libserialport does not take for serial ports: pseudo terminals
 *
 * Somebody else's pty, such as one end of a socat pair. It carries bytes: 8 bits, no parity, and
 * a rate that nothing obeys.
 */
#pragma once
#include <stdint.h>

/* Opens it for reading and writing, raw, without waiting. Its descriptor, or negative errno. */
int tty_plain_open(const char *path, uint32_t baud);
/* 0 or negative errno. */
int tty_plain_set(int fd, uint32_t baud);
/* A character of wrong parity is read as 0, on any terminal: its telegram fails its check. */
int tty_plain_check_parity(int fd);
