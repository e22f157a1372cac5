/* SPDX-License-Identifier: MIT */
/* model - what a kind of meter looks like from outside */
#include "meter/model.h"

#include <errno.h>
#include <stdlib.h>

int model_create(struct model **ret)
{
	struct model *model = calloc(1, sizeof(*model));

	if (!model)
		return -ENOMEM;
	*ret = model;
	return 0;
}

void model_destroy(struct model *model)
{
	if (!model)
		return;
	free(model->modbus.map.registers);
	free(model->modbus.old_map.registers);
	free(model);
}

uint16_t model_encoding_registers(enum model_encoding encoding, uint16_t text_registers)
{
	switch (encoding) {
	case ENCODE_U32:
	case ENCODE_BCD32:
	case ENCODE_F32:
		return 2;
	case ENCODE_TEXT:
		return text_registers;
	default:
		return 1;
	}
}

static int by_address(const void *a, const void *b)
{
	const struct model_register *x = a, *y = b;

	return (int)x->address - (int)y->address;
}

int model_map_sort(struct model_map *map, uint16_t *ret_address)
{
	uint32_t end = 0;

	if (map->count)
		qsort(map->registers, map->count, sizeof(*map->registers), by_address);
	for (size_t i = 0; i < map->count; i++) {
		const struct model_register *r = &map->registers[i];

		if (r->address < end || (uint32_t)r->address + r->count > UINT16_MAX + 1U) {
			*ret_address = r->address;
			return -EINVAL;
		}
		end = (uint32_t)r->address + r->count;
	}
	return 0;
}

const struct model_register *model_map_find(const struct model_map *map, uint16_t address)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct model_register *r = &map->registers[mid];

		if (address < r->address)
			high = mid;
		else if (address - r->address >= r->count)
			low = mid + 1;
		else
			return r;
	}
	return NULL;
}

bool model_setting_allows(const struct model_setting *setting, int64_t number)
{
	if (!setting->value_count)
		return number >= setting->min && number <= setting->max;
	for (unsigned i = 0; i < setting->value_count; i++) {
		if (setting->value[i] == number)
			return true;
	}
	return false;
}

bool model_has_transformers(const struct model *model)
{
	const struct model_setting *primary = &model->setting[POINT_CT_PRIMARY];
	bool any = primary->present && primary->max > 0;

	for (unsigned i = 0; primary->present && i < primary->value_count; i++)
		any |= primary->value[i] > 0;
	return any;
}
