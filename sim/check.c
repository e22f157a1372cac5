/* SPDX-License-Identifier: MIT */
/* check - is this configuration, model or scenario valid? */
#include "sim/check.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sim/bench_conf.h"
#include "sim/conf_node.h"
#include "sim/model_load.h"
#include "sim/scenario.h"

/* No meter's: a scenario is checked against one when a bench uses it. */
#define ANY_CURRENT 1e6

static bool has_key(const struct conf_node *root, const char *key)
{
	for (size_t i = 0; root->kind == CONF_MAP && i < root->count; i++) {
		if (strcmp(root->item[2 * i]->text, key) == 0)
			return true;
	}
	return false;
}

static int check_model(const struct conf_tree *tree, struct diag *diag)
{
	struct model *model;
	int r = model_load_tree(&model, tree, diag);

	if (r == 0)
		model_destroy(model);
	return r;
}

static int check_scenario(const struct conf_tree *tree, struct diag *diag)
{
	struct scenario *scenario;
	int r = scenario_load_tree(&scenario, tree, ANY_CURRENT, diag);

	if (r == 0)
		scenario_destroy(scenario);
	return r;
}

static int check_bench(const struct conf_tree *tree, struct diag *diag)
{
	struct bench_conf *conf;
	int r = bench_conf_load_tree(&conf, tree, diag);

	if (r == 0)
		bench_conf_destroy(conf);
	return r;
}

static int check_sidecar(const struct conf_tree *tree, struct diag *diag)
{
	diag_add(diag, (struct diag_place){.file = conf_tree_file(tree)},
		 "this looks like the sidecar of a recording, which is checked with the "
		 "configuration that plays it");
	return -EINVAL;
}

/* What a file is, by a key that only its kind has. */
static const struct kind {
	const char *key;
	const char *name;
	int (*check)(const struct conf_tree *tree, struct diag *diag);
} kinds[] = {
	{"timeline", "scenario", check_scenario}, {"ratings", "model", check_model},
	{"channels", "sidecar", check_sidecar},   {"comtrade", "sidecar", check_sidecar},
	{NULL, "configuration", check_bench},
};

int check_file(const char *path, struct diag *diag, const char **ret_kind)
{
	const struct kind *kind = kinds;
	struct conf_tree *tree;
	int r = conf_tree_load(&tree, path, diag);

	if (r < 0)
		return r;
	while (kind->key && !has_key(conf_tree_root(tree), kind->key))
		kind++;
	*ret_kind = kind->name;
	r = kind->check(tree, diag);
	conf_tree_destroy(tree);
	return r;
}
