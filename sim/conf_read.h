/* SPDX-License-Identifier: MIT */
/*
 * conf_read - typed values out of a tree, driven by one table per structure
 *
 * A table has a row for each key: its name, how to read it, where it goes and what it may be.
 * Every fault is reported with file:line:column and what was expected, all of them in one run; a
 * key that is nearly right gets a hint. A field that is not there keeps its value.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "sim/conf_node.h"

#define CONF_TEXT_MAX 256 /* of a conf_text field */

struct conf_context {
	const char *file;
	struct diag *diag;
};

struct conf_field {
	const char *key;
	/* Reads node into *(char *)structure + offset; has reported what is wrong, if false. */
	bool (*read)(const struct conf_context *context, const struct conf_node *node,
		     const struct conf_field *field, void *dest);
	size_t offset;
	bool required;
	double min; /* numbers; min == max == 0: any */
	double max;
	const char *unit;         /* conf_number: allowed behind the number, with prefixes m k M */
	const char *const *names; /* conf_choice: NULL-terminated; the value is the index */
	const void *extra;        /* what a reader of one's own needs */
};

/* Reports at a node. */
__attribute__((format(printf, 3, 4))) void conf_error(const struct conf_context *context,
						      const struct conf_node *node,
						      const char *format, ...);
/* ", did you mean 'x'?" or "": for messages about an unknown name. */
const char *conf_hint(const char *word, const char *const *names, size_t count, char *buf,
		      size_t size);

/* A map into a structure. what: its name in messages, e.g. "meters[0]". */
bool conf_map(const struct conf_context *context, const struct conf_node *node, const char *what,
	      const struct conf_field *fields, size_t count, void *structure);
/* Whether pair i of a map has the key of one before it, reported: for maps without a table. */
bool conf_given_before(const struct conf_context *context, const struct conf_node *map, size_t i);
/* The text of a scalar, or NULL, reported. */
const char *conf_scalar(const struct conf_context *context, const struct conf_node *node,
			const char *key);

/* Readers. The type of the destination is in brackets. */
bool conf_text(const struct conf_context *context, const struct conf_node *node,
	       const struct conf_field *field, void *dest); /* [char[CONF_TEXT_MAX]] */
/* Letters, digits, '.', '_' and '-', for what ends up in paths and logs; not "." or "..". */
bool conf_name(const struct conf_context *context, const struct conf_node *node,
	       const struct conf_field *field, void *dest); /* [char[CONF_TEXT_MAX]] */
bool conf_bool(const struct conf_context *context, const struct conf_node *node,
	       const struct conf_field *field, void *dest); /* [bool] */
bool conf_int(const struct conf_context *context, const struct conf_node *node,
	      const struct conf_field *field, void *dest); /* [int64_t] */
bool conf_hex(const struct conf_context *context, const struct conf_node *node,
	      const struct conf_field *field, void *dest); /* [uint32_t], written 0x4000 */
bool conf_number(const struct conf_context *context, const struct conf_node *node,
		 const struct conf_field *field, void *dest); /* [double] */
/* One number for all three phases, or a list of three. */
bool conf_phases(const struct conf_context *context, const struct conf_node *node,
		 const struct conf_field *field, void *dest); /* [double[3]] */
/* "5ms", "1h30m"; a bare number is seconds. */
bool conf_duration(const struct conf_context *context, const struct conf_node *node,
		   const struct conf_field *field, void *dest); /* [int64_t ns] */
/* "3ms..20ms", or one duration for both ends. */
bool conf_durations(const struct conf_context *context, const struct conf_node *node,
		    const struct conf_field *field, void *dest); /* [int64_t[2] ns] */
/* "0x5000..0x5010", "1..10", or one number for both ends; decimal or hexadecimal. */
bool conf_ints(const struct conf_context *context, const struct conf_node *node,
	       const struct conf_field *field, void *dest); /* [int64_t[2]] */
bool conf_choice(const struct conf_context *context, const struct conf_node *node,
		 const struct conf_field *field, void *dest); /* [int] */
/* The node itself, for later. */
bool conf_raw(const struct conf_context *context, const struct conf_node *node,
	      const struct conf_field *field, void *dest); /* [const struct conf_node *] */

/*
 * Number with an optional unit out of text, e.g. "2.3 kW" with unit "W" is 2300. 0, -EINVAL,
 * or -ERANGE.
 */
int conf_quantity(const char *text, const char *unit, double *ret);
/* true, yes, on, false, no, off. 0 or -EINVAL. */
int conf_parse_bool(const char *text, bool *ret);
/* 0, -EINVAL or -ERANGE. */
int conf_parse_duration(const char *text, int64_t *ret_ns);
