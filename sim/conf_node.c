/* SPDX-License-Identifier: MIT */
/* conf_node - a YAML file as a tree whose every node knows its place */
#include "sim/conf_node.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* What a tree owns, in one list. */
struct block {
	struct block *next;
};

struct conf_tree {
	struct block *blocks;
	char *file;
	const struct conf_node *root;
	size_t nodes;
	size_t text_bytes; /* of all values */
};

/* While a document is turned into a tree. */
struct builder {
	struct conf_tree *tree;
	yaml_document_t *document;
	struct diag *diag;
	int error;
};

static void *tree_alloc(struct conf_tree *tree, size_t size)
{
	struct block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->next = tree->blocks;
	tree->blocks = block;
	return block + 1;
}

static void complain(struct builder *b, const yaml_mark_t *mark, const char *message)
{
	const struct diag_place place = {.file = b->tree->file,
					 .line = (unsigned)mark->line + 1,
					 .column = (unsigned)mark->column + 1};

	if (!b->error)
		diag_add(b->diag, place, "%s", message);
	b->error = -EINVAL;
}

static const struct conf_node *build(struct builder *b, int index, unsigned depth);

static void build_scalar(struct builder *b, const yaml_node_t *from, struct conf_node *node)
{
	char *text;

	b->tree->text_bytes += from->data.scalar.length;
	if (b->tree->text_bytes > CONF_TEXT_SUM) {
		complain(b, &from->start_mark, "too much text (aliases unfold to more than 16 MB)");
		return;
	}
	text = tree_alloc(b->tree, from->data.scalar.length + 1);
	if (!text) {
		b->error = -ENOMEM;
		return;
	}
	memcpy(text, from->data.scalar.value, from->data.scalar.length);
	node->text = text;
	if (strlen(text) != from->data.scalar.length)
		complain(b, &from->start_mark, "a value may not contain a zero byte");
}

static void build_list(struct builder *b, const yaml_node_t *from, struct conf_node *node,
		       unsigned depth)
{
	const yaml_node_item_t *item = from->data.sequence.items.start;

	for (size_t i = 0; i < node->count && !b->error; i++)
		node->item[i] = build(b, item[i], depth);
}

static void build_map(struct builder *b, const yaml_node_t *from, struct conf_node *node,
		      unsigned depth)
{
	const yaml_node_pair_t *pair = from->data.mapping.pairs.start;

	for (size_t i = 0; i < node->count && !b->error; i++) {
		node->item[2 * i] = build(b, pair[i].key, depth);
		node->item[2 * i + 1] = build(b, pair[i].value, depth);
		if (!b->error && node->item[2 * i]->kind != CONF_SCALAR)
			complain(b, &yaml_document_get_node(b->document, pair[i].key)->start_mark,
				 "a key must be a plain word");
	}
}

static bool size_up(struct builder *b, const yaml_node_t *from, struct conf_node *node)
{
	size_t places = 0;

	if (from->type == YAML_SEQUENCE_NODE) {
		node->kind = CONF_LIST;
		node->count = places =
			(size_t)(from->data.sequence.items.top - from->data.sequence.items.start);
	} else if (from->type == YAML_MAPPING_NODE) {
		node->kind = CONF_MAP;
		node->count =
			(size_t)(from->data.mapping.pairs.top - from->data.mapping.pairs.start);
		places = 2 * node->count;
	}
	if (places)
		node->item = tree_alloc(b->tree, places * sizeof(struct conf_node *));
	return places == 0 || node->item;
}

static const struct conf_node *build(struct builder *b, int index, unsigned depth)
{
	const yaml_node_t *from = yaml_document_get_node(b->document, index);
	struct conf_node *node = tree_alloc(b->tree, sizeof(*node));

	if (!node || !from || !size_up(b, from, node)) {
		b->error = -ENOMEM;
		return NULL;
	}
	node->line = (unsigned)from->start_mark.line + 1;
	node->column = (unsigned)from->start_mark.column + 1;
	if (++b->tree->nodes > CONF_NODES_MAX)
		complain(b, &from->start_mark,
			 "too many values (aliases unfold to more than 200000)");
	else if (depth > CONF_DEPTH_MAX)
		complain(b, &from->start_mark, "nested too deeply");
	else if (node->kind == CONF_LIST)
		build_list(b, from, node, depth + 1);
	else if (node->kind == CONF_MAP)
		build_map(b, from, node, depth + 1);
	else
		build_scalar(b, from, node);
	return node;
}

static void complain_syntax(struct conf_tree *tree, const yaml_parser_t *parser, struct diag *diag)
{
	const struct diag_place place = {.file = tree->file,
					 .line = (unsigned)parser->problem_mark.line + 1,
					 .column = (unsigned)parser->problem_mark.column + 1};
	const char *problem = parser->problem ? parser->problem : "this is no YAML";

	if (parser->context)
		diag_add(diag, place, "%s, %s", problem, parser->context);
	else
		diag_add(diag, place, "%s", problem);
}

/* One document and no more. */
static int read_document(struct conf_tree *tree, yaml_parser_t *parser, struct diag *diag)
{
	struct builder b = {.tree = tree, .diag = diag};
	yaml_document_t document, more;

	if (!yaml_parser_load(parser, &document)) {
		complain_syntax(tree, parser, diag);
		return -EINVAL;
	}
	b.document = &document;
	if (!yaml_document_get_root_node(&document)) {
		diag_add(diag, (struct diag_place){.file = tree->file}, "the file is empty");
		b.error = -EINVAL;
	} else {
		tree->root = build(&b, 1, 0);
	}
	yaml_document_delete(&document);
	if (b.error)
		return b.error;
	if (!yaml_parser_load(parser, &more)) {
		complain_syntax(tree, parser, diag);
		return -EINVAL;
	}
	if (yaml_document_get_root_node(&more)) {
		complain(&b, &more.start_mark, "only one document is allowed in a file");
		b.error = -EINVAL;
	}
	yaml_document_delete(&more);
	return b.error;
}

int conf_tree_parse(struct conf_tree **ret, const char *file, const char *text, size_t len_bytes,
		    struct diag *diag)
{
	struct conf_tree *tree = calloc(1, sizeof(*tree));
	yaml_parser_t parser;
	int r;

	if (!tree)
		return -ENOMEM;
	tree->file = strdup(file);
	if (!tree->file || !yaml_parser_initialize(&parser)) {
		conf_tree_destroy(tree);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len_bytes);
	r = read_document(tree, &parser, diag);
	yaml_parser_delete(&parser);
	if (r < 0) {
		conf_tree_destroy(tree);
		return r;
	}
	*ret = tree;
	return 0;
}

/* At most CONF_FILE_MAX bytes of a file. */
static int read_file(const char *path, char **ret_text, size_t *ret_len_bytes)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t n;
	int r = 0;

	if (!file)
		return -errno;
	text = malloc(CONF_FILE_MAX + 1);
	if (!text) {
		fclose(file);
		return -ENOMEM;
	}
	errno = 0;
	n = fread(text, 1, CONF_FILE_MAX + 1, file);
	if (ferror(file))
		r = errno ? -errno : -EIO;
	else if (n > CONF_FILE_MAX)
		r = -EFBIG;
	fclose(file);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	*ret_len_bytes = n;
	return 0;
}

int conf_tree_load(struct conf_tree **ret, const char *path, struct diag *diag)
{
	size_t len_bytes = 0;
	char *text = NULL;
	int r = read_file(path, &text, &len_bytes);

	if (r < 0)
		return r;
	r = conf_tree_parse(ret, path, text, len_bytes, diag);
	free(text);
	return r;
}

void conf_tree_destroy(struct conf_tree *tree)
{
	if (!tree)
		return;
	while (tree->blocks) {
		struct block *next = tree->blocks->next;

		free(tree->blocks);
		tree->blocks = next;
	}
	free(tree->file);
	free(tree);
}

const struct conf_node *conf_tree_root(const struct conf_tree *tree)
{
	return tree->root;
}

const char *conf_tree_file(const struct conf_tree *tree)
{
	return tree->file;
}
