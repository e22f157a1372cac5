/* SPDX-License-Identifier: MIT */
/* unix_socket - a listening Unix socket at a path, for its owner only */
#include "sim/unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64
#define OWNER   0177 /* umask: mode 0600 from the beginning, not a moment later */

static int make_parents(const char *path)
{
	char folder[UNIX_SOCKET_PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* Whether somebody listens: asked without waiting, as a full backlog would have us do. */
static bool is_alive(const struct sockaddr_un *at)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive;

	if (fd < 0)
		return true;
	alive = connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno != ECONNREFUSED;
	close(fd);
	return alive;
}

static int clear_path(const struct sockaddr_un *at, const char **ret_why)
{
	struct stat st;

	if (lstat(at->sun_path, &st) < 0)
		return 0;
	*ret_why = "exists and is not a socket";
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	*ret_why = "another program listens there";
	if (is_alive(at))
		return -EADDRINUSE;
	*ret_why = "cannot replace the socket that another program has left";
	return unlink(at->sun_path) < 0 ? -errno : 0;
}

static int bind_owner(int fd, const struct sockaddr_un *at)
{
	const mode_t before = umask(OWNER);
	const int r = bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ? -errno : 0;

	umask(before);
	return r;
}

static int open_at(struct unix_socket *s, const struct sockaddr_un *at, const char **ret_why)
{
	struct stat st;
	int r;

	*ret_why = "cannot make its folder";
	r = make_parents(at->sun_path);
	if (r == 0)
		r = clear_path(at, ret_why);
	if (r < 0)
		return r;
	*ret_why = "cannot make a socket";
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	r = bind_owner(s->fd, at);
	if (r < 0)
		return r;
	s->bound = lstat(at->sun_path, &st) == 0;
	s->device = st.st_dev;
	s->inode = st.st_ino;
	return listen(s->fd, BACKLOG) < 0 ? -errno : 0;
}

int unix_socket_open(struct unix_socket *ret, const char *path, const char **ret_why)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct unix_socket s = {.fd = -1};
	int r;

	*ret_why = "is too long for a socket, 107 characters at most";
	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	snprintf(s.path, sizeof(s.path), "%s", path);
	r = open_at(&s, &at, ret_why);
	if (r < 0) {
		unix_socket_close(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void unix_socket_close(struct unix_socket *s)
{
	struct stat st;

	/* while the socket is open its inode's number cannot be another's */
	if (s->bound && lstat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode)
		unlink(s->path);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->bound = false;
}
