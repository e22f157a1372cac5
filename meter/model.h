/* SPDX-License-Identifier: MIT */
/*
 * model - what a kind of meter looks like from outside, as data
 *
 * Filled from conf/models/NAME.yaml by sim/model_load. No constant of a meter lives in C: limits,
 * lists, resolutions, registers and quirks are here. Owns its register tables.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meter/point.h"

#define MODEL_NAME_MAX            32
#define MODEL_TITLE_MAX           80
#define MODEL_TEXT_MAX            33  /* 32 bytes and the end: the longest text register */
#define MODEL_VALUES_MAX          16  /* values that a setting may list */
#define MODEL_REGISTERS_MAX       512 /* per map */
#define MODEL_DECIMALS_MAX        6
#define MODEL_ENERGY_DECIMALS_MAX 3 /* of a kWh: registers are shown in whole Wh at best */

/* What a setting may be. Numbers are in 10^exponent of the point's unit. */
struct model_setting {
	bool present; /* the model has this setting */
	int exponent;
	int64_t initial;
	unsigned value_count; /* 0: the range below holds */
	int64_t value[MODEL_VALUES_MAX];
	int64_t min;
	int64_t max;
	bool has_final; /* once it has this value it cannot be changed any more */
	int64_t final;
};

enum model_encoding {
	ENCODE_U16,       /* plain number */
	ENCODE_U32,       /* two registers, high word first */
	ENCODE_BCD16,     /* packed decimal digits: 25 is 0025 */
	ENCODE_BCD32,     /* 16100649 is 1610 0649 */
	ENCODE_F32,       /* IEEE 754, bytes ABCD */
	ENCODE_DIRECTION, /* digit of the phase and F or R in ASCII: "2R" is 3252 */
	ENCODE_TEXT,      /* ASCII, two characters a register, filled with 0 */
	MODEL_ENCODINGS
};

struct model_register {
	uint16_t address;
	uint16_t count; /* registers it takes */
	enum model_encoding encoding;
	bool writable;
	const struct point *point; /* NULL: reads 0 for ever */
};

struct model_map {
	struct model_register *registers; /* by address */
	size_t count;
};

enum model_unlisted { UNLISTED_EXCEPTION, UNLISTED_SILENCE };
enum model_inner_gap { INNER_GAP_DISCARD, INNER_GAP_ACCEPT };

struct model_modbus {
	bool present;
	struct model_map map;         /* the registers of manual A3.2 */
	struct model_map old_map;     /* V1.14: addresses count bytes, each item stands alone */
	bool answer_zero;             /* a read with address 0 is answered with the real address */
	enum model_unlisted unlisted; /* an address that is no register */
	enum model_inner_gap inner_gap; /* more than 1.5 silent characters in a request */
	int64_t stations; /* more on one bus than this is beyond the manual; 0: unknown */
};

struct model {
	char name[MODEL_NAME_MAX];
	char title[MODEL_TITLE_MAX];
	/* identity */
	char meter_name[MODEL_TEXT_MAX];
	uint16_t meter_code;
	int64_t protocol_version; /* in hundredths, as are the next two */
	int64_t software_version;
	int64_t hardware_version;
	uint32_t checksum;
	/* ratings */
	double nominal_voltage_v;
	double basic_current_a;
	double maximum_current_a;
	double starting_ratio; /* of the basic current */
	double present_v;      /* a phase counts as available from here on */
	int64_t rated_current_a;
	/* behaviour */
	int exponent[POINT_KINDS]; /* resolution of measured values, 10^exponent of the unit */
	double idle_power_factor;  /* what it shows without a load */
	struct model_setting setting[POINT_KINDS];
	struct model_modbus modbus;
};

int model_create(struct model **ret); /* an empty one; 0 or -ENOMEM */
void model_destroy(struct model *model);
/* Registers that an encoding takes; text_registers for ENCODE_TEXT. */
uint16_t model_encoding_registers(enum model_encoding encoding, uint16_t text_registers);
/*
 * Puts a map in order. 0; or -EINVAL when two registers overlap or one runs over FFFF, with one
 * of the two addresses in *ret_address.
 */
int model_map_sort(struct model_map *map, uint16_t *ret_address);
/* The register that covers address, or NULL. */
const struct model_register *model_map_find(const struct model_map *map, uint16_t address);
/* Whether it is a CT version: one whose transformers' ratio can be set. */
bool model_has_transformers(const struct model *model);
/* Whether a setting may have this value (final is the meter's business). */
bool model_setting_allows(const struct model_setting *setting, int64_t number);
