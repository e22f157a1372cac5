/* SPDX-License-Identifier: MIT */
/* http_guard - who may ask over TCP */
#include "sim/http_guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define HOST_MAX 128

/* "[::1]:8080" and "localhost:8080" without port and brackets. false: it is neither. */
static bool cut_port(const char *text, char name[HOST_MAX])
{
	const bool bracket = text[0] == '[';
	const char *end = bracket ? strchr(text, ']') : text + strcspn(text, ":");
	const char *rest;
	size_t len;

	if (!end)
		return false;
	rest = bracket ? end + 1 : end;
	if (*rest != '\0' && (*rest != ':' || rest[1 + strspn(rest + 1, "0123456789")] != '\0'))
		return false;
	text += bracket;
	len = (size_t)(end - text);
	if (len == 0 || len >= HOST_MAX)
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	return true;
}

static bool is_loopback(const char *name)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, name, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool http_guard_host(const char *host, const char *bound)
{
	char name[HOST_MAX], ours[HOST_MAX];

	if (!host || !cut_port(host, name))
		return false;
	if (strcasecmp(name, "localhost") == 0 || is_loopback(name))
		return true;
	return cut_port(bound, ours) && strcasecmp(name, ours) == 0;
}

bool http_guard_origin(const char *origin, const char *host)
{
	static const char scheme[] = "http://";

	if (!origin)
		return true;
	return strncasecmp(origin, scheme, sizeof(scheme) - 1) == 0 &&
	       strcasecmp(origin + sizeof(scheme) - 1, host) == 0;
}

bool http_guard_token(const char *authorization, const char *token)
{
	static const char scheme[] = "Bearer ";
	const char *given;
	size_t len;
	unsigned differ;

	if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return false;
	given = authorization + sizeof(scheme) - 1;
	len = strlen(given);
	differ = len != strlen(token);
	for (size_t i = 0; token[i]; i++)
		differ |= (unsigned char)(token[i] ^ (len ? given[i % len] : 0));
	return !differ;
}

static int read_line(FILE *file, char ret[HTTP_TOKEN_MAX + 1])
{
	char line[HTTP_TOKEN_MAX + 3];
	struct stat st;
	size_t len;

	if (fstat(fileno(file), &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (st.st_mode & 077)
		return -EPERM;
	if (!fgets(line, sizeof(line), file))
		return -EINVAL;
	len = strcspn(line, "\r\n");
	line[len] = '\0';
	if (len < HTTP_TOKEN_MIN || len > HTTP_TOKEN_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (line[i] <= ' ' || line[i] > '~')
			return -EINVAL;
	}
	memcpy(ret, line, len + 1);
	return 0;
}

int http_guard_load_token(const char *path, char ret[HTTP_TOKEN_MAX + 1])
{
	FILE *file = fopen(path, "re");
	int r;

	if (!file)
		return -errno;
	r = read_line(file, ret);
	fclose(file);
	return r;
}
