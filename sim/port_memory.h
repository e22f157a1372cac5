/* SPDX-License-Identifier: MIT */
/*
 * port_memory - a port whose client is in the same program: for tests and virtual time
 *
 * The client says in which format it speaks, parity included. What it is sent is kept until it
 * takes it; more than PORT_MEMORY_MAX bytes are lost.
 */
#pragma once
#include "sim/port.h"

#define PORT_MEMORY_MAX 4096

/* 0 or -ENOMEM. */
int port_memory_create(struct port **ret, const struct port_handler *handler);
/* The client speaks. */
void port_memory_say(struct port *port, const uint8_t *bytes, size_t len_bytes,
		     const struct slave_format *format);
/* The client reads: at most cap_bytes. Returns how many. */
size_t port_memory_take(struct port *port, uint8_t *bytes, size_t cap_bytes);
/* Calls rest(ctx) when the line has come to rest: a master may ask again. NULL: nothing. */
void port_memory_on_rest(struct port *port, void (*rest)(void *ctx), void *ctx);
/* The client leaves; what it has not read is lost. */
void port_memory_leave(struct port *port);
