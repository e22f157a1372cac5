/* SPDX-License-Identifier: MIT */
/* port_tcp - raw bytes over TCP */
#include "sim/port_tcp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/clk_real.h"
#include "sim/tcp_server.h"

#define READ_MAX    512
#define PATIENCE_NS (1 * NS_PER_S) /* with an answer, from the end of the request on */
#define READS_MAX   4 /* chunks in one go: a client that never stops must not hold the loop */

struct port_tcp {
	struct port port;
	struct port_handler handler;
	struct tcp_server *server;
	struct tcp_client *speaker; /* whose turn it is, or who spoke last; NULL: it has left */
	bool turn;                  /* it has spoken, and the line has not come to rest */
	bool answered;              /* it has got bytes since it spoke last */
	struct clk clk;
	struct loop_timer *patience; /* with an answer that does not come */
	bool patient;
	bool resting; /* a turn is being handed on: no deeper */
};

/* Of each client. */
struct state {
	bool waiting; /* has something to say, and it is not its turn */
	bool ended;   /* will say nothing more, but may be owed an answer */
};

static struct port_tcp *tcp_of(struct port *port)
{
	return (struct port_tcp *)port; /* its first member */
}

/* It has said its last word; what it is owed it shall have. */
static void end_of_words(struct port_tcp *tcp, struct tcp_client *client)
{
	struct state *state = tcp_client_state(client);

	state->ended = true;
	tcp_client_listen(client, false);
	if (!(tcp->turn && tcp->speaker == client))
		tcp_client_close(client);
}

static void hear(struct port_tcp *tcp, struct tcp_client *client)
{
	const struct slave_format unknown = {.baud = 0, .parity = SLAVE_PARITY_UNKNOWN};
	uint8_t bytes[READ_MAX];

	for (int i = 0; i < READS_MAX; i++) {
		const ssize_t n = tcp_client_read(client, bytes, sizeof(bytes));

		if (n == -EPIPE)
			end_of_words(tcp, client);
		else if (n < 0)
			tcp_client_close(client);
		if (n <= 0)
			return;
		tcp->speaker = client;
		tcp->turn = true;
		tcp->answered = tcp->patient = false;
		tcp->handler.received(tcp->handler.ctx, bytes, (size_t)n, &unknown);
		if ((size_t)n < sizeof(bytes) || tcp->speaker != client)
			return;
	}
}

/* Who waits and comes next behind the last speaker. */
static struct tcp_client *next_waiting(const struct port_tcp *tcp)
{
	struct tcp_client *client = tcp->speaker;

	for (int round = 0; round < 2; round++) {
		while ((client = tcp_client_next(tcp->server, client))) {
			const struct state *state = tcp_client_state(client);

			if (state->waiting)
				return client;
		}
	}
	return NULL;
}

/* The speaker goes on as long as it has no answer, or nobody else wants to speak. */
static bool may_speak(const struct port_tcp *tcp, const struct tcp_client *client)
{
	if (!tcp->turn)
		return true;
	return tcp->speaker == client && !(tcp->answered && next_waiting(tcp));
}

static void on_readable(void *ctx, struct tcp_client *client)
{
	struct port_tcp *tcp = ctx;
	struct state *state = tcp_client_state(client);

	if (!may_speak(tcp, client)) {
		state->waiting = true;
		tcp_client_listen(client, false);
		return;
	}
	hear(tcp, client);
}

static void on_gone(void *ctx, struct tcp_client *client)
{
	struct port_tcp *tcp = ctx;

	if (tcp->speaker != client)
		return;
	tcp->speaker = NULL;
	tcp->handler.left(tcp->handler.ctx);
}

static void hand_on(struct port_tcp *tcp)
{
	struct tcp_client *client;
	struct state *state;

	if (tcp->speaker) {
		state = tcp_client_state(tcp->speaker);
		if (state->ended)
			tcp_client_close(tcp->speaker);
	}
	client = next_waiting(tcp);
	if (!client)
		return;
	state = tcp_client_state(client);
	state->waiting = false;
	tcp_client_listen(client, true);
	hear(tcp, client);
}

/* The line is quiet again at once if what the next one says needs no time. */
static void end_turn(struct port_tcp *tcp)
{
	tcp->turn = tcp->patient = false;
	if (tcp->resting)
		return;
	tcp->resting = true;
	do {
		hand_on(tcp);
	} while (!tcp->turn && next_waiting(tcp));
	tcp->resting = false;
}

/* An answer that is long in coming does not keep others from speaking. */
static void tcp_rest(struct port *port, bool owed)
{
	struct port_tcp *tcp = tcp_of(port);

	if (!tcp->turn)
		return;
	if (!owed) {
		end_turn(tcp);
	} else if (!tcp->patient) {
		tcp->patient = true;
		loop_timer_set(tcp->patience, clk_now(&tcp->clk) + PATIENCE_NS);
	}
}

static void on_patience(void *ctx)
{
	struct port_tcp *tcp = ctx;

	if (tcp->turn && tcp->patient)
		end_turn(tcp);
}

static void tcp_pump(struct port *port)
{
	struct port_tcp *tcp = tcp_of(port);

	if (tcp->turn && tcp->speaker && may_speak(tcp, tcp->speaker))
		hear(tcp, tcp->speaker);
}

static void tcp_send(struct port *port, const uint8_t *bytes, size_t len_bytes)
{
	struct port_tcp *tcp = tcp_of(port);

	tcp->answered = true;
	if (tcp->speaker)
		tcp_client_send(tcp->speaker, bytes, len_bytes);
}

static void tcp_place(const struct port *port, char *place)
{
	const struct port_tcp *tcp = (const struct port_tcp *)port;

	snprintf(place, PORT_PLACE_MAX, "tcp %s", tcp_server_address(tcp->server));
}

static void tcp_destroy(struct port *port)
{
	struct port_tcp *tcp = tcp_of(port);

	tcp_server_destroy(tcp->server);
	loop_timer_remove(tcp->patience);
	free(tcp);
}

int port_tcp_create(struct port **ret, struct loop *loop, const char *address,
		    const struct port_handler *handler, const struct log *log, const char **ret_why)
{
	struct port_tcp *tcp = calloc(1, sizeof(*tcp));
	const struct tcp_handler clients = {.state_bytes = sizeof(struct state),
					    .readable = on_readable,
					    .gone = on_gone,
					    .ctx = tcp};
	int r;

	*ret_why = "out of memory";
	if (!tcp)
		return -ENOMEM;
	tcp->port = (struct port){.send = tcp_send,
				  .pump = tcp_pump,
				  .rest = tcp_rest,
				  .place = tcp_place,
				  .destroy = tcp_destroy};
	tcp->handler = *handler;
	tcp->clk = clk_real();
	*ret_why = "out of memory or descriptors";
	r = loop_timer_add(&tcp->patience, loop, on_patience, tcp);
	if (r == 0)
		r = tcp_server_create(&tcp->server, loop, address, &clients, log, ret_why);
	if (r < 0) {
		tcp_destroy(&tcp->port);
		return r;
	}
	*ret = &tcp->port;
	return 0;
}
