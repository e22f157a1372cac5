/* SPDX-License-Identifier: MIT */
/* tcp_server - a listening socket and its clients */
#include "sim/tcp_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clk.h"
#include "sim/clk_real.h"

#define BACKLOG      64
#define ACCEPTS_MAX  16                /* in one go */
#define PAUSE_MIN_NS (100 * NS_PER_MS) /* of accepting, when descriptors have run out */
#define PAUSE_MAX_NS (10 * NS_PER_S)

struct tcp_client {
	struct tcp_server *server;
	struct tcp_client *prev, *next;
	int fd;
	bool closing;
	struct loop_io *io; /* NULL: not listened to */
	max_align_t state[];
};

struct tcp_server {
	struct tcp_handler handler;
	struct loop *loop;
	const struct log *log;
	int fd;
	struct loop_io *io;        /* NULL: accepting pauses */
	struct loop_timer *reaper; /* frees clients that are closing */
	struct loop_timer *resume; /* ends a pause of accepting */
	bool told_full;            /* the log has said that clients are turned away */
	int64_t pause_ns;
	struct tcp_client *first, *last;
	size_t client_count;
	char address[TCP_ADDRESS_MAX];
};

/* "host:port" into its halves; brackets around a host with colons. */
static int split(const char *text, char *host, size_t host_size, const char **ret_port)
{
	const char *colon = strrchr(text, ':');
	const char *from = text;
	size_t len;

	if (!colon || colon == text || colon[1] == '\0' || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strtoul(colon + 1, NULL, 10) > 65535)
		return -EINVAL;
	len = (size_t)(colon - text);
	if (*from == '[' && text[len - 1] == ']') {
		from++;
		len -= 2;
	} else if (memchr(from, ':', len)) {
		return -EINVAL;
	}
	if (len == 0 || len >= host_size)
		return -EINVAL;
	snprintf(host, host_size, "%.*s", (int)len, from);
	*ret_port = colon + 1;
	return 0;
}

static int resolve(const char *text, struct addrinfo **ret)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM};
	char host[TCP_ADDRESS_MAX];
	const char *port;

	if (split(text, host, sizeof(host), &port) < 0)
		return -EINVAL;
	/* the one name that needs no name server */
	return getaddrinfo(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, port, &hints,
			   ret) == 0
		       ? 0
		       : -EINVAL;
}

int tcp_address_check(const char *text)
{
	struct addrinfo *found;

	if (resolve(text, &found) < 0)
		return -EINVAL;
	freeaddrinfo(found);
	return 0;
}

/* --- clients --- */

static void unlink_client(struct tcp_client *client)
{
	struct tcp_server *server = client->server;

	*(client->prev ? &client->prev->next : &server->first) = client->next;
	*(client->next ? &client->next->prev : &server->last) = client->prev;
	server->client_count--;
}

static void free_client(struct tcp_client *client)
{
	loop_io_remove(client->io);
	close(client->fd);
	free(client);
}

static void on_readable(void *ctx)
{
	struct tcp_client *client = ctx;

	if (!client->closing)
		client->server->handler.readable(client->server->handler.ctx, client);
}

void tcp_client_listen(struct tcp_client *client, bool on)
{
	if (!on || client->closing) {
		loop_io_remove(client->io);
		client->io = NULL;
	} else if (!client->io && loop_io_add(&client->io, client->server->loop, client->fd,
					      on_readable, client) < 0) {
		client->io = NULL;
		tcp_client_close(client);
	}
}

static void reap_soon(struct tcp_server *server)
{
	loop_timer_set(server->reaper, 0);
}

void tcp_client_close(struct tcp_client *client)
{
	if (client->closing)
		return;
	client->closing = true;
	tcp_client_listen(client, false);
	reap_soon(client->server);
}

void *tcp_client_state(struct tcp_client *client)
{
	return client->state;
}

ssize_t tcp_client_read(struct tcp_client *client, void *buf, size_t cap_bytes)
{
	ssize_t n;

	if (client->closing)
		return -ECONNRESET;
	n = read(client->fd, buf, cap_bytes);
	if (n > 0)
		return n;
	if (n == 0)
		return -EPIPE;
	return errno == EAGAIN || errno == EINTR ? 0 : -ECONNRESET;
}

bool tcp_client_send(struct tcp_client *client, const void *bytes, size_t len_bytes)
{
	if (client->closing)
		return false;
	if (send(client->fd, bytes, len_bytes, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len_bytes)
		return true;
	tcp_client_close(client); /* half a telegram is worse than none */
	return false;
}

struct tcp_client *tcp_client_next(const struct tcp_server *server, struct tcp_client *client)
{
	client = client ? client->next : server->first;
	while (client && client->closing)
		client = client->next;
	return client;
}

static int add_client(struct tcp_server *server, int fd)
{
	struct tcp_client *client = calloc(1, sizeof(*client) + server->handler.state_bytes);
	const int one = 1;

	if (!client)
		return -ENOMEM;
	/* an answer must not wait for the acknowledgement of the one before */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	client->server = server;
	client->fd = fd;
	client->prev = server->last;
	*(server->last ? &server->last->next : &server->first) = client;
	server->last = client;
	server->client_count++;
	tcp_client_listen(client, true);
	return 0;
}

/* --- accepting --- */

static void on_connection(void *ctx);

static int accept_again(struct tcp_server *server)
{
	return loop_io_add(&server->io, server->loop, server->fd, on_connection, server);
}

/* Descriptors have run out: a connection waits, and must not keep the loop busy meanwhile. */
static void pause_accepting(struct tcp_server *server, int error)
{
	const struct clk clk = clk_real();

	if (!server->pause_ns)
		log_warning(server->log, "%s: cannot take a client: %s", server->address,
			    strerror(error));
	server->pause_ns = server->pause_ns ? 2 * server->pause_ns : PAUSE_MIN_NS;
	if (server->pause_ns > PAUSE_MAX_NS)
		server->pause_ns = PAUSE_MAX_NS;
	loop_io_remove(server->io);
	server->io = NULL;
	loop_timer_set(server->resume, clk_now(&clk) + server->pause_ns);
}

/* Once in a while: whoever tries again and again must not fill the log. */
static void turn_away(struct tcp_server *server, int fd)
{
	if (!server->told_full)
		log_warning(server->log, "%s: clients are turned away, there are %d",
			    server->address, TCP_CLIENTS_MAX);
	server->told_full = true;
	close(fd);
}

static void on_connection(void *ctx)
{
	struct tcp_server *server = ctx;

	for (int i = 0; i < ACCEPTS_MAX; i++) {
		const int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
			pause_accepting(server, errno);
		if (fd < 0)
			return;
		server->pause_ns = 0;
		if (server->client_count >= TCP_CLIENTS_MAX) {
			turn_away(server, fd);
		} else if (add_client(server, fd) < 0) {
			close(fd);
		}
	}
}

static void on_reaper(void *ctx)
{
	struct tcp_server *server = ctx;
	struct tcp_client *client = server->first;

	while (client) {
		struct tcp_client *next = client->next;

		if (client->closing) {
			unlink_client(client);
			server->handler.gone(server->handler.ctx, client);
			free_client(client);
		}
		client = next;
	}
	if (server->client_count < TCP_CLIENTS_MAX / 2)
		server->told_full = false;
}

static void on_resume(void *ctx)
{
	struct tcp_server *server = ctx;

	if (!server->io && accept_again(server) < 0)
		pause_accepting(server, ENOMEM);
}

/* --- the whole --- */

static bool is_loopback(const struct sockaddr_storage *bound)
{
	const struct sockaddr_in *v4 = (const void *)bound;
	const struct sockaddr_in6 *v6 = (const void *)bound;

	if (bound->ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return bound->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* false: not only this machine can reach it. */
static bool name_address(int fd, char address[TCP_ADDRESS_MAX])
{
	struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(bound);
	char host[48], port[8];
	bool v6;

	if (getsockname(fd, (struct sockaddr *)&bound, &len) < 0 ||
	    getnameinfo((struct sockaddr *)&bound, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	v6 = bound.ss_family == AF_INET6;
	snprintf(address, TCP_ADDRESS_MAX, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	return is_loopback(&bound);
}

static int open_socket(const struct addrinfo *at, int *ret_fd, const char **ret_why)
{
	const int one = 1;
	int fd, r;

	*ret_why = "cannot make a socket";
	fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* connections of a predecessor that have not quite ended do not matter */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	*ret_why = "cannot take the address";
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0) {
		*ret_why = "cannot listen";
		if (listen(fd, BACKLOG) == 0) {
			*ret_fd = fd;
			return 0;
		}
	}
	r = -errno;
	close(fd);
	return r;
}

int tcp_listen(const char *address, int *ret_fd, char bound[TCP_ADDRESS_MAX], bool *ret_loopback,
	       const char **ret_why)
{
	struct addrinfo *found;
	int r = resolve(address, &found);

	*ret_why = "is not an address such as 127.0.0.1:5020";
	if (r < 0)
		return r;
	r = open_socket(found, ret_fd, ret_why);
	freeaddrinfo(found);
	if (r == 0)
		*ret_loopback = name_address(*ret_fd, bound);
	return r;
}

static int open_all(struct tcp_server *server, const char *address, const char **ret_why)
{
	bool loopback;
	int r = tcp_listen(address, &server->fd, server->address, &loopback, ret_why);

	if (r < 0)
		return r;
	*ret_why = "out of memory or descriptors";
	r = loop_timer_add(&server->reaper, server->loop, on_reaper, server);
	if (r == 0)
		r = loop_timer_add(&server->resume, server->loop, on_resume, server);
	return r < 0 ? r : accept_again(server);
}

int tcp_server_create(struct tcp_server **ret, struct loop *loop, const char *address,
		      const struct tcp_handler *handler, const struct log *log,
		      const char **ret_why)
{
	struct tcp_server *server = calloc(1, sizeof(*server));
	int r;

	*ret_why = "out of memory";
	if (!server)
		return -ENOMEM;
	server->handler = *handler;
	server->loop = loop;
	server->log = log;
	server->fd = -1;
	r = open_all(server, address, ret_why);
	if (r < 0) {
		tcp_server_destroy(server);
		return r;
	}
	*ret = server;
	return 0;
}

void tcp_server_destroy(struct tcp_server *server)
{
	struct tcp_client *client, *next;

	if (!server)
		return;
	for (client = server->first; client; client = next) {
		next = client->next;
		free_client(client);
	}
	loop_io_remove(server->io);
	loop_timer_remove(server->reaper);
	loop_timer_remove(server->resume);
	if (server->fd >= 0)
		close(server->fd);
	free(server);
}

const char *tcp_server_address(const struct tcp_server *server)
{
	return server->address;
}
