/* SPDX-License-Identifier: MIT */
/*
 * conf_node - a YAML file as a tree whose every node knows its place
 *
 * The only place that knows libyaml. One document per file; anchors and aliases are resolved,
 * within a limit of nodes, so that a small file cannot unfold into a large one. Values are text:
 * conf_read gives them types.
 */
#pragma once
#include <stddef.h>

#include "base/diag.h"

#define CONF_NODES_MAX 200000
#define CONF_DEPTH_MAX 32
#define CONF_FILE_MAX  (8 * 1024 * 1024)
#define CONF_TEXT_SUM  (2 * CONF_FILE_MAX) /* bytes of all values, aliases unfolded */

enum conf_kind { CONF_SCALAR, CONF_LIST, CONF_MAP };

struct conf_node {
	enum conf_kind kind;
	unsigned line;
	unsigned column;
	const char *text;              /* CONF_SCALAR: its value, "" for an empty one */
	size_t count;                  /* of items or pairs */
	const struct conf_node **item; /* CONF_LIST: items; CONF_MAP: key, value, key, value */
};

struct conf_tree;

/*
 * text need not end with 0. 0; -EINVAL with the reasons in diag; -ENOMEM. file is copied and used
 * in messages only.
 */
int conf_tree_parse(struct conf_tree **ret, const char *file, const char *text, size_t len_bytes,
		    struct diag *diag);
/* The same for a file: also what opening and reading it said (-ENOENT ...), not put into diag. */
int conf_tree_load(struct conf_tree **ret, const char *path, struct diag *diag);
void conf_tree_destroy(struct conf_tree *tree);
const struct conf_node *conf_tree_root(const struct conf_tree *tree);
const char *conf_tree_file(const struct conf_tree *tree);
