/* SPDX-License-Identifier: MIT */
/*
 * http_guard - who may ask over TCP: the Host and Origin headers, and the token
 *
 * A web page that the user looks at can make the browser send requests to loopback, under a name
 * that its own server resolves so (DNS rebinding): a Host header that is no name of ours tells,
 * and so does an Origin that is another one (RFC 6454). Tokens as in RFC 6750, 2.1.
 */
#pragma once
#include <stdbool.h>

#define HTTP_TOKEN_MIN 16 /* characters */
#define HTTP_TOKEN_MAX 256

/* host: of the header, or NULL; bound: "192.0.2.1:8080", the address that is listened at. */
bool http_guard_host(const char *host, const char *bound);
/* origin: of the header, or NULL: no browser. host: of the header, already found to be fine. */
bool http_guard_origin(const char *origin, const char *host);
/* authorization: of the header, or NULL. Takes as long for a wrong one as for the right one. */
bool http_guard_token(const char *authorization, const char *token);
/*
 * The first line of a file. 0; -EINVAL: it is no token of visible ASCII; -EPERM: others may read
 * the file; or what opening it said.
 */
int http_guard_load_token(const char *path, char ret[HTTP_TOKEN_MAX + 1]);
