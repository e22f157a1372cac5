/* SPDX-License-Identifier: MIT */
/* port_modbus_tcp - Modbus TCP, as a gateway in front of the line serves it */
#include "sim/port_modbus_tcp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/modbus/mbtcp.h"
#include "sim/clk_real.h"
#include "sim/tcp_server.h"

#define BUFFER_BYTES  (4 * MBTCP_MAX)   /* of each client: requests that wait */
#define TARGET_SILENT 0x0b              /* exception: the gateway's target does not respond */
#define UNPACED_NS    (500 * NS_PER_MS) /* for an answer that some fault delays */
#define ENDED_MAX     16                /* clients that have closed their side */
#define FRAME_KEPT    512
#define EXCEPTION     0x80
#define BROADCAST     0

/* Of each client. */
struct state {
	size_t used_bytes;
	bool waiting; /* a whole request is there, and it is not its turn */
	bool ended;   /* will say nothing more, but may be owed answers */
	uint8_t bytes[BUFFER_BYTES];
};

struct gateway {
	struct port port;
	struct port_handler handler;
	struct tcp_server *server;
	const struct log *log;
	struct clk clk;
	struct loop_timer *timer; /* for a station that does not answer */
	int64_t timeout_ns;
	bool patient;             /* its timer runs */
	bool quiet;               /* nothing has been said since the line was quiet */
	size_t waiting;           /* clients whose turn it is not */
	struct tcp_client *asker; /* whose request is on the line, or was last; NULL: it has left */
	bool asked;               /* a request is on the line */
	bool resting;             /* requests are being taken up: no deeper */
	size_t request_bytes;
	uint8_t request[MBTCP_MAX];
	size_t heard_bytes; /* from the line, in answer */
	uint8_t heard[FRAME_KEPT];
};

static struct gateway *gateway_of(struct port *port)
{
	return (struct gateway *)port; /* its first member */
}

static void set_waiting(struct gateway *g, struct tcp_client *client, bool waiting)
{
	struct state *state = tcp_client_state(client);

	g->waiting += waiting;
	g->waiting -= state->waiting;
	state->waiting = waiting;
}

/* Takes the client's first whole request out of its buffer. Whether there was one. */
static bool take_request(struct gateway *g, struct tcp_client *client)
{
	struct state *state = tcp_client_state(client);
	const int n = mbtcp_length(state->bytes, state->used_bytes);

	if (n < 0) {
		log_info(g->log, "%s: a client does not speak Modbus TCP, it is dropped",
			 tcp_server_address(g->server));
		tcp_client_close(client);
	}
	if (n <= 0)
		return false;
	memcpy(g->request, state->bytes, (size_t)n);
	g->request_bytes = (size_t)n;
	state->used_bytes -= (size_t)n;
	memmove(state->bytes, state->bytes + n, state->used_bytes);
	return true;
}

/* Whether anything came from the client. */
static bool fill(struct tcp_client *client)
{
	struct state *state = tcp_client_state(client);
	ssize_t n;

	if (state->ended || state->used_bytes == sizeof(state->bytes))
		return false;
	n = tcp_client_read(client, state->bytes + state->used_bytes,
			    sizeof(state->bytes) - state->used_bytes);
	if (n == -EPIPE) {
		state->ended = true;
		tcp_client_listen(client, false);
	} else if (n < 0) {
		tcp_client_close(client);
	}
	if (n <= 0)
		return false;
	state->used_bytes += (size_t)n;
	return true;
}

/* Puts the client's next request on the line, if it has one. */
static void ask(struct gateway *g, struct tcp_client *client)
{
	const struct slave_format unknown = {.baud = 0, .parity = SLAVE_PARITY_UNKNOWN};
	struct state *state = tcp_client_state(client);
	uint8_t frame[MB_FRAME_MAX];
	size_t n;

	set_waiting(g, client, false);
	if (!take_request(g, client)) {
		if (state->ended)
			tcp_client_close(client);
		else
			tcp_client_listen(client, true);
		return;
	}
	/* whatever is left comes after the others had their turn */
	set_waiting(g, client, state->used_bytes > 0 || state->ended);
	g->asker = client;
	g->asked = true;
	g->patient = g->quiet = false;
	g->heard_bytes = 0;
	n = mbtcp_to_frame(g->request, g->request_bytes, frame);
	g->handler.received(g->handler.ctx, frame, n, &unknown);
}

/* Who has closed its side may only have gone away: not many of them are remembered. */
static void bury(struct gateway *g)
{
	struct tcp_client *client = NULL;
	unsigned ended = 0;

	while ((client = tcp_client_next(g->server, client))) {
		const struct state *state = tcp_client_state(client);

		ended += state->ended;
		if (state->ended && ended > ENDED_MAX && client != g->asker)
			tcp_client_close(client);
	}
}

static void on_readable(void *ctx, struct tcp_client *client)
{
	struct gateway *g = ctx;
	struct state *state = tcp_client_state(client);
	const bool more = fill(client);

	if (!more && !state->ended)
		return;
	if (state->ended)
		bury(g);
	if (!g->asked && g->quiet) {
		ask(g, client);
		return;
	}
	set_waiting(g, client, true);
	if (state->used_bytes > MBTCP_MAX) /* enough for now */
		tcp_client_listen(client, false);
}

static void on_gone(void *ctx, struct tcp_client *client)
{
	struct gateway *g = ctx;

	set_waiting(g, client, false);
	if (g->asker == client)
		g->asker = NULL; /* the answer to its request goes nowhere */
}

/* Who waits and comes next behind the last one; those that have closed their side come last. */
static struct tcp_client *next_waiting(const struct gateway *g)
{
	if (!g->waiting)
		return NULL;
	for (int round = 0; round < 4; round++) {
		struct tcp_client *client = round % 2 ? NULL : g->asker;

		while ((client = tcp_client_next(g->server, client))) {
			const struct state *state = tcp_client_state(client);

			if (state->waiting && state->ended == (round >= 2))
				return client;
		}
	}
	return NULL;
}

/* What an answer says of its request is what was asked. */
static bool echoes(const uint8_t *asked, const uint8_t *heard)
{
	if (heard[1] & EXCEPTION)
		return true;
	if (asked[1] == MB_READ_HOLDING || asked[1] == 0x04)
		return heard[2] == 2 * asked[5];
	if (asked[1] == 0x05 || asked[1] == MB_WRITE_SINGLE || asked[1] == 0x0f ||
	    asked[1] == MB_WRITE_MULTIPLE)
		return heard[2] == asked[2] && heard[3] == asked[3];
	return true;
}

/* What was heard is intact, and the answer of the station and to the function that were asked. */
static bool is_answer(const struct gateway *g)
{
	const uint8_t *asked = g->request + MBTCP_HEADER_BYTES - 1;

	return g->heard_bytes <= MB_FRAME_MAX && mb_frame_intact(g->heard, g->heard_bytes) &&
	       (asked[0] == BROADCAST || g->heard[0] == asked[0]) &&
	       (g->heard[1] & ~EXCEPTION) == asked[1] && echoes(asked, g->heard);
}

static bool is_broadcast(const struct gateway *g)
{
	return g->request[MBTCP_HEADER_BYTES - 1] == BROADCAST;
}

/* The request is over, with its answer or without. */
static void conclude(struct gateway *g)
{
	const struct state *state;
	uint8_t bytes[MBTCP_MAX];

	g->asked = false;
	if (!g->asker)
		return;
	state = tcp_client_state(g->asker);
	if (is_answer(g)) {
		tcp_client_send(g->asker, bytes,
				mbtcp_answer(g->request, g->heard, g->heard_bytes, bytes));
	} else if (!is_broadcast(g)) {
		tcp_client_send(g->asker, bytes, mbtcp_refuse(g->request, TARGET_SILENT, bytes));
		if (state->ended) /* nobody may be there any more, and it costs the others time */
			tcp_client_close(g->asker);
	}
}

/* A request that needs no time is over before ask() returns: a loop, not a depth. */
static void go_on(struct gateway *g)
{
	struct tcp_client *client;

	if (g->resting)
		return;
	g->resting = true;
	while (!g->asked && g->quiet && (client = next_waiting(g)))
		ask(g, client);
	g->resting = false;
}

/* Its time begins when the request has gone over the line; without pace there is little to wait
 * for. */
static void be_patient(struct gateway *g)
{
	const int64_t timeout_ns = g->timeout_ns ? g->timeout_ns : UNPACED_NS;

	g->patient = true;
	loop_timer_set(g->timer, clk_now(&g->clk) + timeout_ns);
}

static void gateway_rest(struct port *port, bool owed)
{
	struct gateway *g = gateway_of(port);

	g->quiet = true;
	if (g->asked && is_answer(g))
		conclude(g);
	g->heard_bytes = 0; /* if it was somebody else, or broken, the right one may come yet */
	if (g->asked && !owed && (is_broadcast(g) || !g->timeout_ns))
		conclude(g);
	else if (g->asked && !g->patient)
		be_patient(g);
	go_on(g);
}

/* The station has had its time, whatever it says later. */
static void on_timeout(void *ctx)
{
	struct gateway *g = ctx;

	if (!g->asked || !g->patient)
		return;
	g->heard_bytes = 0;
	conclude(g);
	go_on(g);
}

static void gateway_send(struct port *port, const uint8_t *bytes, size_t len_bytes)
{
	struct gateway *g = gateway_of(port);
	const size_t room = sizeof(g->heard) - g->heard_bytes;
	const size_t n = len_bytes < room ? len_bytes : room;

	memcpy(g->heard + g->heard_bytes, bytes, n);
	g->heard_bytes += n;
	g->quiet = false;
}

/* Requests are whole when they come: nothing can be late. */
static void gateway_pump(struct port *port)
{
	(void)port;
}

static void gateway_place(const struct port *port, char *place)
{
	const struct gateway *g = (const struct gateway *)port;

	snprintf(place, PORT_PLACE_MAX, "%s", tcp_server_address(g->server));
}

static void gateway_destroy(struct port *port)
{
	struct gateway *g = gateway_of(port);

	tcp_server_destroy(g->server);
	loop_timer_remove(g->timer);
	free(g);
}

int port_modbus_tcp_create(struct port **ret, struct loop *loop, const char *address,
			   int64_t timeout_ns, const struct port_handler *handler,
			   const struct log *log, const char **ret_why)
{
	struct gateway *g = calloc(1, sizeof(*g));
	const struct tcp_handler clients = {.state_bytes = sizeof(struct state),
					    .readable = on_readable,
					    .gone = on_gone,
					    .ctx = g};
	int r;

	*ret_why = "out of memory";
	if (!g)
		return -ENOMEM;
	g->port = (struct port){.send = gateway_send,
				.pump = gateway_pump,
				.rest = gateway_rest,
				.place = gateway_place,
				.destroy = gateway_destroy};
	g->handler = *handler;
	g->log = log;
	g->clk = clk_real();
	g->timeout_ns = timeout_ns;
	g->quiet = true;
	*ret_why = "out of memory or descriptors";
	r = loop_timer_add(&g->timer, loop, on_timeout, g);
	if (r == 0)
		r = tcp_server_create(&g->server, loop, address, &clients, log, ret_why);
	if (r < 0) {
		gateway_destroy(&g->port);
		return r;
	}
	*ret = &g->port;
	return 0;
}
