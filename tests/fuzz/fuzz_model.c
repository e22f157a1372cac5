/* SPDX-License-Identifier: MIT */
/*
 * fuzz_model - any bytes as a meter model
 *
 * What is refused must be refused with a reason. A model that is accepted must make a meter whose
 * every register can be read.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "meter/meter.h"
#include "protocols/modbus/mbmap.h"
#include "sim/model_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_map(const struct meter *meter, const struct model_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct model_register *reg = &map->registers[i];
		uint16_t words[MB_READ_MAX];

		if (i && reg->address < map->registers[i - 1].address)
			abort();
		if (mbmap_read(meter, reg->address, reg->count, words) != MB_OK &&
		    map == &meter_model(meter)->modbus.map)
			abort();
	}
}

static void use(const struct model *model)
{
	struct meter *meter;
	char text[64];

	for (int kind = 0; kind < POINT_KINDS; kind++)
		model_describe_setting(&model->setting[kind], (enum point_kind)kind, text,
				       sizeof(text));
	if (meter_create(&meter, model, 16100649) < 0)
		return;
	read_map(meter, &model->modbus.map);
	read_map(meter, &model->modbus.old_map);
	meter_destroy(meter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_tree *tree;
	struct model *model;
	struct diag *diag;
	int r;

	if (diag_create(&diag) < 0)
		return 0;
	r = conf_tree_parse(&tree, "fuzz.yaml", (const char *)data, size, diag);
	if (r == 0) {
		r = model_load_tree(&model, tree, diag);
		conf_tree_destroy(tree);
		if (r == 0) {
			use(model);
			model_destroy(model);
		}
	}
	if (r == -EINVAL && diag_count(diag) == 0)
		abort();
	diag_destroy(diag);
	return 0;
}
