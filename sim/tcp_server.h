/* SPDX-License-Identifier: MIT */
/*
 * tcp_server - a listening socket and its clients, for whoever speaks with them
 *
 * Nothing blocks. Knows no protocol. A client that does not read what it is sent is dropped; its
 * memory is freed when the loop has come round, so that a handler may go on using it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "sim/loop.h"

#define TCP_CLIENTS_MAX 256 /* of one server; more are turned away */
#define TCP_ADDRESS_MAX 80

struct tcp_server;
struct tcp_client;

struct tcp_handler {
	size_t state_bytes; /* memory of each client for the handler, zeroed */
	/* Something can be read, or the client has gone. */
	void (*readable)(void *ctx, struct tcp_client *client);
	/* It is gone; the last call for it. */
	void (*gone)(void *ctx, struct tcp_client *client);
	void *ctx;
};

/* "127.0.0.1:5020", "[::1]:5020", "localhost:5020"; port 0 takes any. 0 or -EINVAL. */
int tcp_address_check(const char *text);
/*
 * A listening socket without a server; *ret_loopback: only this machine can reach it. bound: the
 * address, with the port that it has really got. 0 or negative errno, then *ret_why as below.
 */
int tcp_listen(const char *address, int *ret_fd, char bound[TCP_ADDRESS_MAX], bool *ret_loopback,
	       const char **ret_why);

/* 0 or negative errno; then *ret_why says what could not be done. Borrows loop and log. */
int tcp_server_create(struct tcp_server **ret, struct loop *loop, const char *address,
		      const struct tcp_handler *handler, const struct log *log,
		      const char **ret_why);
void tcp_server_destroy(struct tcp_server *server); /* NULL is a no-op; tells of no client */
/* "127.0.0.1:5020", with the port that it has really got. */
const char *tcp_server_address(const struct tcp_server *server);

/* The handler's memory. */
void *tcp_client_state(struct tcp_client *client);
/* Bytes read; 0: nothing there; -EPIPE: it will say nothing more; -ECONNRESET: it is lost. */
ssize_t tcp_client_read(struct tcp_client *client, void *buf, size_t cap_bytes);
/* false: it did not take them and is dropped; gone() follows from the loop. */
bool tcp_client_send(struct tcp_client *client, const void *bytes, size_t len_bytes);
/* Whether readable() is called while there is something to read. */
void tcp_client_listen(struct tcp_client *client, bool on);
/* Drops it; gone() follows from the loop. */
void tcp_client_close(struct tcp_client *client);
/* The next one behind a client, or the first one behind NULL; NULL at the end. Closing ones not. */
struct tcp_client *tcp_client_next(const struct tcp_server *server, struct tcp_client *client);
