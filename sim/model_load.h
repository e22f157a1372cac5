/* SPDX-License-Identifier: MIT */
/*
 * model_load - a meter model out of its YAML file (metersim-model(5))
 *
 * Does not search for the file: see data_path.h.
 */
#pragma once
#include <stdbool.h>

#include "meter/model.h"
#include "sim/conf_read.h"

/* 0, -EINVAL with the reasons in diag, -ENOMEM, or what opening the file said. */
int model_load(struct model **ret, const char *path, struct diag *diag);
/* The same from a tree that was read already. */
int model_load_tree(struct model **ret, const struct conf_tree *tree, struct diag *diag);
/* "baud" is setting.baud, and "tariff" as it is. NULL: no such setting. */
const struct point *model_setting_point(const char *key);
/*
 * A setting's value out of text, in the setting's exponent: "even", "0.1", "9600". 0, or -EINVAL:
 * no such value (allowed or not is not asked).
 */
int model_parse_setting(const struct model_setting *setting, enum point_kind kind, const char *text,
			int64_t *ret);
/* "1, 4, 5" or "1..247": what a setting may be, for messages. */
void model_describe_setting(const struct model_setting *setting, enum point_kind kind, char *buf,
			    size_t size);
