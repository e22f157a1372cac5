/* SPDX-License-Identifier: MIT */
/*
 * deed - what a scenario does to a bench besides grid and load: faults, polls, marks, expectations
 *
 * Read from YAML here, done by a director. Grid and load are the player's.
 */
#pragma once
#include "meter/point.h"
#include "sim/conf_read.h"
#include "sim/faults.h"

enum deed_kind { DEED_FAULT, DEED_CLEAR, DEED_MARK, DEED_EXPECT, DEED_POLL, DEED_POWER };

/* What is looked at: a point of a meter, or a number of a line or a fault. */
enum deed_subject { SUBJECT_POINT, SUBJECT_LINE, SUBJECT_FAULT };

enum expect_op { EXPECT_NEAR, EXPECT_ABOVE, EXPECT_BELOW, EXPECT_EQUALS, EXPECT_UNCHANGED };

struct expectation {
	enum deed_subject subject;
	char name[CONF_TEXT_MAX]; /* as written */
	const struct point *point;
	char owner[CONF_TEXT_MAX];  /* the line's or the fault's name */
	char number[CONF_TEXT_MAX]; /* of a line: "answers" */
	bool has[EXPECT_UNCHANGED + 1];
	double value[EXPECT_UNCHANGED]; /* in the point's unit; near, above, below, equals */
	double within;
	bool within_ratio;        /* of the value, not in its unit */
	char text[CONF_TEXT_MAX]; /* a text point equals */
	int64_t unchanged_ns;     /* since so long ago */
};

struct poll {
	char line[CONF_TEXT_MAX];
	const struct point *point;
	int64_t every_ns;
	int64_t for_ns; /* 0: to the end */
};

struct deed {
	enum deed_kind kind;
	int64_t at_ns;
	size_t order; /* of reading */
	unsigned file_line;
	char meter[CONF_TEXT_MAX]; /* a name or a pattern; "": the only one */
	char line[CONF_TEXT_MAX];  /* of a fault; "": the only one */
	char text[CONF_TEXT_MAX];  /* a mark, or the name of a fault to clear */
	bool on;                   /* power */
	int64_t for_ns;            /* power: back after so long; 0: not by itself */
	struct fault_rule fault;
	struct expectation expect;
	struct poll poll;
};

/* The keys of an event that are deeds; NULL beyond the last. */
const char *deed_key(enum deed_kind kind);
#define DEED_KINDS (DEED_POWER + 1)

/*
 * The deeds of one key of an event, e.g. expect: {...}: several points are several deeds, each
 * given to add(), which returns false when there is no room. template: at, line of the file and
 * meter. Whether all is fine; else everything wrong has been reported.
 */
bool deed_read(const struct conf_context *context, const struct conf_node *node,
	       const struct deed *template, bool (*add)(void *ctx, const struct deed *deed),
	       void *ctx);
