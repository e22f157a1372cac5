/* SPDX-License-Identifier: MIT */
/*
 * port - the end of a line that a client opens
 *
 * A port moves bytes at once; all timing is the line's, but for a port with a wire of its own.
 * What a client sends arrives through the handler with the format that the client has set, as far
 * as the port can see it. A port that is lost tries again by itself and says so in the log.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/slave.h"

#define PORT_PLACE_MAX 8192

struct port_handler {
	/* client: baud 0 and parity unknown where the port cannot know them */
	void (*received)(void *ctx, const uint8_t *bytes, size_t len_bytes,
			 const struct slave_format *client);
	/* The client has left; what it was owed is lost. */
	void (*left)(void *ctx);
	void *ctx;
};

struct port {
	/* Writes to the client, or drops the bytes where there is none. Never calls the handler. */
	void (*send)(struct port *port, const uint8_t *bytes, size_t len_bytes);
	/* Hands over what the client has sent so far, without waiting for the loop. */
	void (*pump)(struct port *port);
	/*
	 * The line is quiet, long enough for another request; owed: some answer is still to come.
	 * Told again and again while that is so. May be NULL.
	 */
	void (*rest)(struct port *port, bool owed);
	/* The stations speak in this format from now on. NULL: clients say it themselves. */
	void (*tune)(struct port *port, const struct slave_format *format);
	/* Where clients find it, for people: PORT_PLACE_MAX bytes. */
	void (*place)(const struct port *port, char *place);
	void (*destroy)(struct port *port);
};
