/* SPDX-License-Identifier: MIT */
/*
 * text - numbers out of text, and the nearest name to a mistyped one
 *
 * Numbers are decimal, whole input or nothing: no blanks, no hexadecimal floats, no "nan", no
 * "inf". The point is always '.': no locale is ever set (tests/static checks that).
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* 0, -EINVAL (not a whole number) or -ERANGE. */
int text_to_int(const char *text, int64_t *ret);
/* "0x" and hexadecimal digits; 0, -EINVAL or -ERANGE (over 32 bits). */
int text_to_hex32(const char *text, uint32_t *ret);
/* 0, -EINVAL (not a number) or -ERANGE. */
int text_to_double(const char *text, double *ret);
/*
 * Splits "16 A" or "16A" into number and unit: the unit is what follows the number, blanks
 * skipped, and points into text ("" when there is none). 0, -EINVAL or -ERANGE.
 */
int text_to_quantity(const char *text, double *ret_number, const char **ret_unit);
/*
 * A decimal number without loss: *ret = text * 10^decimals, e.g. "0.01" with 2 decimals is 1.
 * 0, -EINVAL (not a number, or more decimals than that) or -ERANGE.
 */
int text_to_scaled(const char *text, unsigned decimals, int64_t *ret);
/*
 * The name out of names[0..count) that a user probably meant by word (at most two edits, and
 * fewer than half of its letters wrong), or NULL.
 */
const char *text_nearest(const char *word, const char *const *names, size_t count);
