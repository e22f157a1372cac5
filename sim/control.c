/* SPDX-License-Identifier: MIT */
/* control - the control API of a running bench, at its sockets */
#include "sim/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/http.h"
#include "sim/http_guard.h"
#include "sim/tcp_server.h"
#include "sim/unix_socket.h"

#define NAME "control" /* of the socket in the runtime folder */

struct control {
	struct api *api;
	struct http *http;
	struct unix_socket door;
	char bound[TCP_ADDRESS_MAX];
	char token[HTTP_TOKEN_MAX + 1];
};

static bool is_off(const char *value)
{
	return strcmp(value, CONTROL_OFF) == 0;
}

static int complain(struct diag *diag, const char *file, const char *why, int r)
{
	diag_add(diag, (struct diag_place){.file = file}, "control: %s (%s)", why, strerror(-r));
	return r == -ENOMEM ? r : -EIO;
}

static int find_path(const struct control_options *options, char path[DATA_PATH_MAX],
		     struct diag *diag)
{
	char folder[DATA_PATH_MAX];
	int r;

	if (options->path) {
		if ((size_t)snprintf(path, DATA_PATH_MAX, "%s", options->path) >= DATA_PATH_MAX)
			return complain(diag, options->path, "is too long", -ENAMETOOLONG);
		return 0;
	}
	r = data_path_runtime(folder);
	if (r < 0)
		return complain(diag, folder,
				r == -EPERM ? "belongs to someone else, or others may write to it; "
					      "--control says where else"
					    : "cannot be used; --control says where else",
				r);
	if ((size_t)snprintf(path, DATA_PATH_MAX, "%s/" NAME, folder) >= DATA_PATH_MAX)
		return complain(diag, folder, "is too long", -ENAMETOOLONG);
	return 0;
}

static int open_door(struct control *control, const struct control_options *options,
		     const struct log *log, struct diag *diag)
{
	struct http_door door = {.bound = NULL};
	char path[DATA_PATH_MAX];
	const char *why = "";
	int r;

	if (options->path && is_off(options->path))
		return 0;
	r = find_path(options, path, diag);
	if (r < 0)
		return r;
	r = unix_socket_open(&control->door, path, &why);
	if (r == -EADDRINUSE && !options->path) { /* nobody has asked for this very place */
		log_warning(log,
			    "%s: another metersimd listens there: this one has no control socket "
			    "(--control says where else)",
			    path);
		return 0;
	}
	if (r == -EADDRINUSE)
		why = "another metersimd listens there";
	if (r < 0)
		return complain(diag, path, why, r);
	door.fd = control->door.fd;
	control->door.fd = -1;
	return http_listen(control->http, &door);
}

static int load_token(struct control *control, const char *path, struct diag *diag)
{
	int r = path ? http_guard_load_token(path, control->token) : 0;

	if (r == -EINVAL)
		diag_add(diag, (struct diag_place){.file = path},
			 "control: a token of %d to %d visible characters is expected, in one line",
			 HTTP_TOKEN_MIN, HTTP_TOKEN_MAX);
	if (r != -EPERM)
		return r;
	diag_add(diag, (struct diag_place){.file = path},
		 "control: others may read the token: chmod 600");
	return -EINVAL;
}

static int open_panel(struct control *control, const struct control_options *options,
		      struct diag *diag)
{
	struct http_door door = {.bound = control->bound};
	bool loopback = false;
	const char *why = "";
	int r;

	if (!options->panel || is_off(options->panel))
		return 0;
	r = tcp_listen(options->panel, &door.fd, control->bound, &loopback, &why);
	if (r < 0)
		return complain(diag, options->panel, why, r);
	if (options->token)
		door.token = control->token;
	if (!loopback && !door.token) {
		close(door.fd);
		diag_add(diag, (struct diag_place){.file = options->panel},
			 "control: others can reach this address: --control-token FILE is needed");
		return -EIO;
	}
	return http_listen(control->http, &door);
}

static int create(struct control *control, const struct control_options *options,
		  const struct api_config *config, struct diag *diag)
{
	struct http_config http = {.loop = config->loop,
				   .clk = config->clk,
				   .log = config->log,
				   .limit_ns = HTTP_LIMIT_NS,
				   .serve = api_serve};
	int r = load_token(control, options->token, diag);

	if (r == 0)
		r = api_create(&control->api, config);
	http.ctx = control->api;
	if (r == 0)
		r = http_create(&control->http, &http);
	if (r == 0)
		r = open_door(control, options, config->log, diag);
	if (r == 0)
		r = open_panel(control, options, diag);
	return r;
}

int control_create(struct control **ret, const struct control_options *options,
		   const struct api_config *config, struct diag *diag)
{
	struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control)
		return -ENOMEM;
	control->door.fd = -1;
	r = create(control, options, config, diag);
	if (r < 0) {
		control_destroy(control);
		return r;
	}
	*ret = control;
	return 0;
}

void control_destroy(struct control *control)
{
	if (!control)
		return;
	unix_socket_close(&control->door); /* nobody comes in any more */
	http_destroy(control->http);
	api_destroy(control->api);
	free(control);
}

const char *control_path(const struct control *control)
{
	return control && control->door.bound ? control->door.path : "";
}

const char *control_panel(const struct control *control)
{
	return control ? control->bound : "";
}
