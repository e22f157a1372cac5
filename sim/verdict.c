/* SPDX-License-Identifier: MIT */
/* verdict - what can be said of a master, from what went over its line */
#include "sim/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX    512
#define UNLISTED    2 /* exception: illegal data address */
#define RANGE_SHOWN 16

static void count_fault(struct verdict *v, const char *name)
{
	for (size_t i = 0; i < VERDICT_FAULTS_MAX; i++) {
		struct verdict_fault *fault = &v->faults[i];

		if (fault->name && strcmp(fault->name, name) != 0)
			continue;
		fault->name = name;
		fault->count++;
		return;
	}
}

static void count_unlisted(struct verdict *v)
{
	v->unlisted++;
	for (size_t i = 0; i < VERDICT_UNLISTED_MAX; i++) {
		struct verdict_unlisted *u = &v->unlisted_at[i];

		if (u->count && (u->station != v->request.station || u->first != v->request.first ||
				 u->last != v->request.last))
			continue;
		u->station = v->request.station;
		u->first = v->request.first;
		u->last = v->request.last;
		u->count++;
		return;
	}
}

static void count_request(struct verdict *v, const struct telegram_facts *facts)
{
	v->requests++;
	v->broadcasts += !facts->answerable;
	if (facts->station >= 0 && facts->answerable)
		v->asked[facts->station & 0xff]++;
	v->pending = true;
	v->request = *facts;
}

static void count_answer(struct verdict *v, const struct telegram_facts *facts)
{
	if (v->pending && v->request.station >= 0)
		v->answered[v->request.station & 0xff]++;
	if (!facts->intact) {
		v->spoilt++;
		return;
	}
	v->answers++;
	if (facts->exception)
		v->exceptions[facts->exception & 0xff]++;
	if (facts->exception == UNLISTED && v->pending && v->request.registers)
		count_unlisted(v);
	v->pending = false;
}

/* Of a telegram that was heard. */
static void count_heard(struct verdict *v, const struct protocol *protocol,
			const struct telegram *t, const struct slave_format *format, bool exact)
{
	struct telegram_facts facts;

	v->too_close += exact && t->gap_ns != CLK_NEVER && t->gap_ns < protocol->end_gap_ns(format);
	v->too_early += t->owed;
	v->inner_gaps += t->inner_gap;
	if (t->inner_gap)
		return;
	protocol->look(t->bytes, t->len_bytes, true, &facts);
	if (t->overlong)
		count_fault(v, "too long");
	else if (!facts.intact)
		count_fault(v, facts.fault);
	else if (facts.foreign)
		v->foreign++;
	else
		count_request(v, &facts);
}

void verdict_count(struct verdict *v, const struct protocol *protocol, const struct telegram *t,
		   const struct slave_format *format, bool exact)
{
	struct telegram_facts facts;

	if (!t->from_master) {
		protocol->look(t->bytes, t->len_bytes, false, &facts);
		count_answer(v, &facts);
		return;
	}
	switch (t->fate) {
	case TELEGRAM_HEARD:
		count_heard(v, protocol, t, format, exact);
		break;
	case TELEGRAM_TOO_EARLY:
		v->too_early++;
		break;
	case TELEGRAM_WRONG_RATE:
		v->wrong_rates++;
		break;
	case TELEGRAM_TOO_MUCH:
		v->too_much++;
		break;
	}
}

uint64_t verdict_exceptions(const struct verdict *v)
{
	uint64_t sum = 0;

	for (int code = 0; code < 256; code++)
		sum += v->exceptions[code];
	return sum;
}

uint64_t verdict_not_understood(const struct verdict *v)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < VERDICT_FAULTS_MAX; i++)
		sum += v->faults[i].count;
	return sum;
}

/* --- the report --- */

struct report {
	void (*put)(void *ctx, const char *text);
	void *ctx;
	char text[TEXT_MAX];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct report *r, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(r->text + r->used, sizeof(r->text) - r->used, format, args);
	va_end(args);
	if (n > 0)
		r->used += (size_t)n;
	if (r->used >= sizeof(r->text))
		r->used = sizeof(r->text) - 1;
}

static void end_line(struct report *r)
{
	if (r->used)
		r->put(r->ctx, r->text);
	r->used = 0;
	r->text[0] = '\0';
}

static void report_count(struct report *r, const char *what, uint64_t count)
{
	if (count)
		add(r, "%s: %llu", what, (unsigned long long)count);
	end_line(r);
}

static void report_exceptions(struct report *r, const struct verdict *v)
{
	bool any = false;

	for (int code = 0; code < 256; code++) {
		if (!v->exceptions[code])
			continue;
		add(r, "%s%02d (%llux)", any ? ", " : "answered with exception ", code,
		    (unsigned long long)v->exceptions[code]);
		any = true;
	}
	end_line(r);
}

static void report_faults(struct report *r, const struct verdict *v)
{
	for (size_t i = 0; i < VERDICT_FAULTS_MAX && v->faults[i].name; i++)
		add(r, "%s%s (%llux)", i ? ", " : "not understood: ", v->faults[i].name,
		    (unsigned long long)v->faults[i].count);
	end_line(r);
}

static void report_unlisted(struct report *r, const struct verdict *v)
{
	size_t i = 0;

	for (; i < VERDICT_UNLISTED_MAX && v->unlisted_at[i].count; i++) {
		const struct verdict_unlisted *u = &v->unlisted_at[i];

		add(r, "%s0x%04x", i ? ", " : "unlisted registers asked for: ", (unsigned)u->first);
		if (u->last != u->first)
			add(r, "..0x%04x", (unsigned)u->last);
		add(r, " of %d", u->station);
	}
	if (i == VERDICT_UNLISTED_MAX)
		add(r, " ...");
	end_line(r);
}

/* Neighbours in one: "2..5, 9". */
static void report_silent(struct report *r, const struct verdict *v)
{
	size_t shown = 0;

	for (int first = 0, last; first < 256; first = last + 1) {
		last = first;
		if (!v->asked[first] || v->answered[first])
			continue;
		while (last < 255 && v->asked[last + 1] && !v->answered[last + 1])
			last++;
		if (shown == RANGE_SHOWN)
			add(r, " ...");
		if (shown++ >= RANGE_SHOWN)
			break;
		add(r, "%s%d", shown > 1 ? ", " : "addresses that never answered: ", first);
		if (last > first)
			add(r, "..%d", last);
	}
	end_line(r);
}

void verdict_report(const struct verdict *v, void (*put)(void *ctx, const char *text), void *ctx)
{
	struct report r = {.put = put, .ctx = ctx};

	add(&r, "requests: %llu, answers: %llu", (unsigned long long)v->requests,
	    (unsigned long long)v->answers);
	if (v->broadcasts)
		add(&r, ", broadcasts: %llu", (unsigned long long)v->broadcasts);
	end_line(&r);
	report_exceptions(&r, v);
	report_unlisted(&r, v);
	report_silent(&r, v);
	report_faults(&r, v);
	report_count(&r, "answers that reached the client broken", v->spoilt);
	report_count(&r, "requests with a silence too long inside (T1.5)", v->inner_gaps);
	report_count(&r, "requests too close to what was on the line before (T3.5)", v->too_close);
	report_count(&r, "spoke while an answer was owed", v->too_early);
	report_count(&r, "spoke at a baud rate or parity of no meter, not heard", v->wrong_rates);
	report_count(&r, "spoke faster than the line can carry, lost", v->too_much);
	report_count(&r, "answers of other stations on the line", v->foreign);
}
