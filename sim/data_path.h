/* SPDX-License-Identifier: MIT */
/*
 * data_path - where models, scenarios and examples are found, and where ptys go by default
 *
 * Data are looked for in: the folder of the file that names them, $METERSIM_DATA, the source tree
 * that the program was built from, the folder of the installed data.
 */
#pragma once
#include <stddef.h>

#define DATA_PATH_MAX 4096

enum data_kind { DATA_MODEL, DATA_SCENARIO, DATA_EXAMPLE };

/*
 * name: with or without ".yaml". from: the file that names it, or NULL. 0 or -ENOENT.
 */
int data_path_find(enum data_kind kind, const char *name, const char *from,
		   char ret[DATA_PATH_MAX]);
/* path as seen from the file from: relative ones are relative to its folder. */
int data_path_beside(const char *path, const char *from, char ret[DATA_PATH_MAX]);
/*
 * The folder for ptys that have no path: $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR/metersim, or one of
 * the user's own under the temporary folder. Makes it. 0; -EPERM when it belongs to someone else;
 * or what making it said, with its path in ret all the same.
 */
int data_path_runtime(char ret[DATA_PATH_MAX]);
