/* SPDX-License-Identifier: MIT */
/*
 * verdict - what can be said of a master, from what went over its line
 *
 * Counts only. A T1.5 violation is a silence inside a telegram that spoils it; a T3.5 violation a
 * telegram that begins before the silence is over which should separate it from the one before:
 * most meters hear it all the same, and it is judged only where times are exact.
 */
#pragma once
#include "protocols/telegram.h"

#define VERDICT_FAULTS_MAX   8  /* kinds of telegrams that are not understood */
#define VERDICT_UNLISTED_MAX 16 /* requests for unlisted registers that are remembered */

struct verdict_fault {
	const char *name; /* NULL: none from here on */
	uint64_t count;
};

struct verdict_unlisted {
	int station;
	uint32_t first;
	uint32_t last;
	uint64_t count;
};

struct verdict {
	uint64_t requests; /* that stations could understand */
	uint64_t broadcasts;
	uint64_t foreign; /* answers of other stations, from the master's side of the line */
	uint64_t answers; /* intact ones, exceptions included */
	uint64_t spoilt;  /* answers that reached the client broken */
	uint64_t exceptions[256];
	struct verdict_fault faults[VERDICT_FAULTS_MAX];
	uint64_t inner_gaps;  /* T1.5 */
	uint64_t too_close;   /* T3.5 */
	uint64_t too_early;   /* said while an answer was owed or on the line */
	uint64_t wrong_rates; /* said in a format in which no station listens */
	uint64_t too_much;    /* said faster than the line can carry */
	uint64_t unlisted;    /* refused for registers that are not there */
	struct verdict_unlisted unlisted_at[VERDICT_UNLISTED_MAX];
	uint64_t asked[256]; /* by station */
	uint64_t answered[256];
	/* the request that the next answer is to */
	bool pending;
	struct telegram_facts request;
};

/* exact: silences may be judged. */
void verdict_count(struct verdict *verdict, const struct protocol *protocol,
		   const struct telegram *telegram, const struct slave_format *format, bool exact);
/* Sums over all codes, and over all kinds. */
uint64_t verdict_exceptions(const struct verdict *verdict);
uint64_t verdict_not_understood(const struct verdict *verdict);
/*
 * The verdict as lines for people, each given to put(); the first one always, others only where
 * there is something to say.
 */
void verdict_report(const struct verdict *verdict, void (*put)(void *ctx, const char *text),
		    void *ctx);
