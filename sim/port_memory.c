/* SPDX-License-Identifier: MIT */
/* port_memory - a port whose client is in the same program */
#include "sim/port_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct port_memory {
	struct port port;
	struct port_handler handler;
	void (*rest)(void *ctx);
	void *rest_ctx;
	size_t kept_bytes;
	uint8_t kept[PORT_MEMORY_MAX];
};

static struct port_memory *memory_of(struct port *port)
{
	return (struct port_memory *)port; /* its first member */
}

static void memory_send(struct port *port, const uint8_t *bytes, size_t len_bytes)
{
	struct port_memory *memory = memory_of(port);
	const size_t room = sizeof(memory->kept) - memory->kept_bytes;
	const size_t n = len_bytes < room ? len_bytes : room;

	memcpy(memory->kept + memory->kept_bytes, bytes, n);
	memory->kept_bytes += n;
}

static void memory_pump(struct port *port)
{
	(void)port; /* what the client says is handed over as it says it */
}

static void memory_rest(struct port *port, bool owed)
{
	const struct port_memory *memory = memory_of(port);

	if (memory->rest && !owed)
		memory->rest(memory->rest_ctx);
}

void port_memory_on_rest(struct port *port, void (*rest)(void *ctx), void *ctx)
{
	struct port_memory *memory = memory_of(port);

	memory->rest = rest;
	memory->rest_ctx = ctx;
}

static void memory_place(const struct port *port, char *place)
{
	(void)port;
	snprintf(place, PORT_PLACE_MAX, "memory");
}

static void memory_destroy(struct port *port)
{
	free(memory_of(port));
}

int port_memory_create(struct port **ret, const struct port_handler *handler)
{
	struct port_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	memory->port = (struct port){.send = memory_send,
				     .pump = memory_pump,
				     .rest = memory_rest,
				     .place = memory_place,
				     .destroy = memory_destroy};
	memory->handler = *handler;
	*ret = &memory->port;
	return 0;
}

void port_memory_say(struct port *port, const uint8_t *bytes, size_t len_bytes,
		     const struct slave_format *format)
{
	const struct port_memory *memory = memory_of(port);

	memory->handler.received(memory->handler.ctx, bytes, len_bytes, format);
}

size_t port_memory_take(struct port *port, uint8_t *bytes, size_t cap_bytes)
{
	struct port_memory *memory = memory_of(port);
	const size_t n = memory->kept_bytes < cap_bytes ? memory->kept_bytes : cap_bytes;

	memcpy(bytes, memory->kept, n);
	memory->kept_bytes -= n;
	memmove(memory->kept, memory->kept + n, memory->kept_bytes);
	return n;
}

void port_memory_leave(struct port *port)
{
	struct port_memory *memory = memory_of(port);

	memory->kept_bytes = 0;
	memory->handler.left(memory->handler.ctx);
}
