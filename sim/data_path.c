/* SPDX-License-Identifier: MIT */
/* data_path - where models, scenarios and examples are found */
#include "sim/data_path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* by enum data_kind: in the source tree, and below a folder of data */
static const char *const source_folder[] = {"conf/models", "scenarios", "conf/examples"};
static const char *const data_folder[] = {"models", "scenarios", "examples"};

__attribute__((format(printf, 2, 3))) static bool put(char ret[DATA_PATH_MAX], const char *format,
						      ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(ret, DATA_PATH_MAX, format, args);
	va_end(args);
	return n >= 0 && n < DATA_PATH_MAX;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

int data_path_beside(const char *path, const char *from, char ret[DATA_PATH_MAX])
{
	const char *slash = from ? strrchr(from, '/') : NULL;
	bool ok;

	if (path[0] == '/' || !slash)
		ok = put(ret, "%s", path);
	else
		ok = put(ret, "%.*s/%s", (int)(slash - from), from, path);
	return ok ? 0 : -ENAMETOOLONG;
}

/* folder/name or folder/name.yaml, whichever is a file. */
static bool try_folder(const char *folder, const char *name, char ret[DATA_PATH_MAX])
{
	if (!put(ret, "%s/%s", folder, name))
		return false;
	if (is_file(ret))
		return true;
	return put(ret, "%s/%s.yaml", folder, name) && is_file(ret);
}

static bool try_below(const char *top, const char *folder, const char *name,
		      char ret[DATA_PATH_MAX])
{
	char path[DATA_PATH_MAX];

	return put(path, "%s/%s", top, folder) && try_folder(path, name, ret);
}

static bool try_beside(const char *from, const char *name, char ret[DATA_PATH_MAX])
{
	char folder[DATA_PATH_MAX];
	const char *slash = strrchr(from, '/');

	if (!slash)
		return try_folder(".", name, ret);
	return put(folder, "%.*s", (int)(slash - from), from) && try_folder(folder, name, ret);
}

int data_path_find(enum data_kind kind, const char *name, const char *from, char ret[DATA_PATH_MAX])
{
	const char *own = getenv("METERSIM_DATA");

	if (name[0] == '/')
		return try_folder("", name + 1, ret) ? 0 : -ENOENT;
	if ((from && try_beside(from, name, ret)) ||
	    (own && *own && try_below(own, data_folder[kind], name, ret)) ||
	    try_below(METERSIM_SOURCE_DATA, source_folder[kind], name, ret) ||
	    try_below(METERSIM_INSTALL_DATA, data_folder[kind], name, ret))
		return 0;
	return -ENOENT;
}

/* A folder under the temporary one must be ours: anyone could have made it. */
static int make_own(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 022))
		return -EPERM;
	return 0;
}

int data_path_runtime(char ret[DATA_PATH_MAX])
{
	const char *systemd = getenv("RUNTIME_DIRECTORY"), *xdg = getenv("XDG_RUNTIME_DIR");
	const char *tmp = getenv("TMPDIR");

	if (systemd && *systemd == '/') /* several are separated by colons: the first is ours */
		return put(ret, "%.*s", (int)strcspn(systemd, ":"), systemd) ? 0 : -ENAMETOOLONG;
	if (xdg && *xdg == '/') {
		if (!put(ret, "%s/metersim", xdg))
			return -ENAMETOOLONG;
	} else if (!put(ret, "%s/metersim-%u", tmp && *tmp == '/' ? tmp : "/tmp", getuid())) {
		return -ENAMETOOLONG;
	}
	return make_own(ret);
}
