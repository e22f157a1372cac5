/* SPDX-License-Identifier: MIT */
/*
 * port - the end of a line that a client opens
 *
 * A port moves bytes at once; all timing is the line's. What a client sends arrives through the
 * handler with the baud rate that the client has set, where the port can see it.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct port_handler {
	/* client_baud: 0 where the port cannot know it */
	void (*received)(void *ctx, const uint8_t *bytes, size_t len_bytes, uint32_t client_baud);
	/* The last client has left; what it was owed is lost. */
	void (*left)(void *ctx);
	void *ctx;
};

struct port {
	/* Writes to the client, or drops the bytes where there is none. */
	void (*send)(struct port *port, const uint8_t *bytes, size_t len_bytes);
	/* Hands over what the client has sent so far, without waiting for the loop. */
	void (*pump)(struct port *port);
	void (*destroy)(struct port *port);
};
