/* SPDX-License-Identifier: MIT */
/* register_load - the Modbus register tables of a model file */
#pragma once
#include <stdbool.h>

#include "meter/model.h"
#include "sim/conf_read.h"

/*
 * Reads a list of rows {at, point or constant, as, write, registers} into map; the model's
 * settings must have been read. False: what is wrong has been reported.
 */
bool register_load(const struct conf_context *context, const struct conf_node *node,
		   const char *what, const struct model *model, struct model_map *map);
