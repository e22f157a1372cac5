/* SPDX-License-Identifier: MIT */
/* faults - what goes wrong on a line on purpose */
#include "sim/faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct fault_rule rule;
	struct rng rng;
	uint64_t hits;
	int64_t silent_until_ns;
};

struct faults {
	const struct protocol *protocol;
	uint64_t seed;
	char line[FAULT_NAME_MAX * 4];
	struct entry *entries; /* FAULTS_MAX of them, from the first rule on */
	size_t count;
};

int faults_create(struct faults **ret, const struct protocol *protocol, uint64_t seed,
		  const char *line)
{
	struct faults *faults = calloc(1, sizeof(*faults));

	if (!faults)
		return -ENOMEM;
	faults->protocol = protocol;
	faults->seed = seed;
	snprintf(faults->line, sizeof(faults->line), "%s", line);
	*ret = faults;
	return 0;
}

void faults_destroy(struct faults *faults)
{
	if (!faults)
		return;
	free(faults->entries);
	free(faults);
}

bool faults_possible(enum fault_kind kind, enum fault_direction direction)
{
	switch (kind) {
	case FAULT_DUPLICATE: /* of a request: the second one falls into the answer to the first */
	case FAULT_EXCEPTION:
	case FAULT_SILENCE:
		return direction == FAULT_ANSWER;
	case FAULT_ECHO:
		return direction == FAULT_REQUEST;
	default:
		return true;
	}
}

static size_t find(const struct faults *faults, const char *name)
{
	size_t i = 0;

	while (i < faults->count && strcmp(faults->entries[i].rule.name, name) != 0)
		i++;
	return i;
}

int faults_add(struct faults *faults, const struct fault_rule *rule)
{
	char stream[sizeof(faults->line) + FAULT_NAME_MAX + 16];
	struct entry *entry;

	if (!faults_possible(rule->kind, rule->direction))
		return -EINVAL;
	if (find(faults, rule->name) < faults->count)
		return -EEXIST;
	if (faults->count == FAULTS_MAX)
		return -ENOSPC;
	if (!faults->entries)
		faults->entries = calloc(FAULTS_MAX, sizeof(*faults->entries));
	if (!faults->entries)
		return -ENOMEM;
	entry = &faults->entries[faults->count++];
	*entry = (struct entry){.rule = *rule};
	snprintf(stream, sizeof(stream), "fault %s of %s", rule->name, faults->line);
	rng_init(&entry->rng, faults->seed, stream);
	return 0;
}

int faults_remove(struct faults *faults, const char *name)
{
	const size_t i = find(faults, name);

	if (i == faults->count)
		return -ENOENT;
	faults->count--;
	memmove(&faults->entries[i], &faults->entries[i + 1],
		(faults->count - i) * sizeof(*faults->entries));
	return 0;
}

size_t faults_count(const struct faults *faults)
{
	return faults->count;
}

const struct fault_rule *faults_rule(const struct faults *faults, size_t index)
{
	return &faults->entries[index].rule;
}

uint64_t faults_hits(const struct faults *faults, size_t index)
{
	return faults->entries[index].hits;
}

bool faults_concern(const struct faults *faults, enum fault_direction direction)
{
	for (size_t i = 0; i < faults->count; i++) {
		if (faults->entries[i].rule.direction == direction)
			return true;
	}
	return false;
}

/* Below n, each alike. */
static size_t draw(struct rng *rng, size_t n)
{
	return (size_t)(rng_uniform(rng) * (double)n);
}

static int64_t draw_time_ns(struct entry *entry)
{
	const int64_t *t = entry->rule.time_ns;

	return t[0] + (int64_t)(rng_uniform(&entry->rng) * (double)(t[1] - t[0]));
}

static bool concerns(const struct fault_rule *rule, const struct telegram_facts *telegram,
		     const struct telegram_facts *request)
{
	if (rule->has_station &&
	    (telegram->station < rule->station[0] || telegram->station > rule->station[1]))
		return false;
	if (rule->has_function &&
	    (request->function < rule->function[0] || request->function > rule->function[1]))
		return false;
	return !rule->has_registers ||
	       (request->registers && (int64_t)request->first <= rule->registers[1] &&
		(int64_t)request->last >= rule->registers[0]);
}

/* Whether the rule strikes now; a silence that has begun goes on without counting. */
static bool strikes(struct entry *entry, int64_t now_ns)
{
	const struct fault_rule *rule = &entry->rule;

	if (now_ns < entry->silent_until_ns)
		return true;
	if (rule->count && entry->hits >= (uint64_t)rule->count)
		return false;
	if (rng_uniform(&entry->rng) >= rule->probability)
		return false;
	entry->hits++;
	if (rule->kind == FAULT_SILENCE)
		entry->silent_until_ns = now_ns + draw_time_ns(entry);
	return true;
}

/* --- what they do --- */

/* So many different ones. */
static void flip_bits(struct entry *entry, struct fault_effect *e)
{
	uint8_t flipped[TELEGRAM_MAX] = {0};
	int64_t left = entry->rule.amount;

	if (left > (int64_t)e->len_bytes * 8)
		left = (int64_t)e->len_bytes * 8;
	while (left > 0) {
		const size_t bit = draw(&entry->rng, e->len_bytes * 8);
		const uint8_t mask = (uint8_t)(1 << bit % 8);

		if (flipped[bit / 8] & mask)
			continue;
		flipped[bit / 8] |= mask;
		e->bytes[bit / 8] ^= mask;
		left--;
	}
}

/* Another value, whatever it was. */
static void change_byte(struct entry *entry, struct fault_effect *e, size_t at)
{
	e->bytes[at] ^= (uint8_t)(1 + draw(&entry->rng, 255));
}

static void corrupt(const struct faults *faults, struct entry *entry, struct fault_effect *e)
{
	size_t at = 0, len_bytes;

	switch ((enum fault_corrupt)entry->rule.how) {
	case FAULT_CORRUPT_BITS:
		flip_bits(entry, e);
		break;
	case FAULT_CORRUPT_BYTE:
		change_byte(entry, e, draw(&entry->rng, e->len_bytes));
		break;
	case FAULT_CORRUPT_CHECK:
		len_bytes = faults->protocol->check_field(e->bytes, e->len_bytes, &at);
		if (len_bytes)
			change_byte(entry, e, at + draw(&entry->rng, len_bytes));
		break;
	}
}

static void truncate_end(const struct entry *entry, struct fault_effect *e)
{
	const size_t cut = (size_t)entry->rule.amount;

	e->len_bytes = e->len_bytes > cut ? e->len_bytes - cut : 0;
	e->dropped = e->len_bytes == 0;
}

static void add_noise(struct entry *entry, struct fault_effect *e)
{
	size_t n = (size_t)entry->rule.amount, at = 0;

	if (n > sizeof(e->bytes) - e->len_bytes)
		n = sizeof(e->bytes) - e->len_bytes;
	if (entry->rule.how == FAULT_AFTER)
		at = e->len_bytes;
	else if (entry->rule.how == FAULT_INSIDE && e->len_bytes > 1)
		at = 1 + draw(&entry->rng, e->len_bytes - 1);
	memmove(e->bytes + at + n, e->bytes + at, e->len_bytes - at);
	for (size_t i = 0; i < n; i++)
		e->bytes[at + i] = (uint8_t)draw(&entry->rng, 256);
	e->len_bytes += n;
}

static void refuse(const struct faults *faults, const struct entry *entry, struct fault_effect *e)
{
	const size_t n =
		faults->protocol->refuse(e->bytes, e->len_bytes, (uint8_t)entry->rule.amount);

	e->len_bytes = n ? n : e->len_bytes;
}

static void apply(const struct faults *faults, struct entry *entry, struct fault_effect *e)
{
	switch (entry->rule.kind) {
	case FAULT_DROP:
	case FAULT_SILENCE:
		e->dropped = true;
		break;
	case FAULT_DELAY:
		e->delay_ns = draw_time_ns(entry);
		break;
	case FAULT_CORRUPT:
		corrupt(faults, entry, e);
		break;
	case FAULT_TRUNCATE:
		truncate_end(entry, e);
		break;
	case FAULT_DUPLICATE:
		e->doubled = true;
		break;
	case FAULT_NOISE:
		add_noise(entry, e);
		break;
	case FAULT_WRONG:
		if (entry->rule.how == FAULT_WRONG_ADDRESS)
			faults->protocol->another_station(e->bytes, e->len_bytes);
		else
			faults->protocol->another_function(e->bytes, e->len_bytes);
		break;
	case FAULT_EXCEPTION:
		refuse(faults, entry, e);
		break;
	case FAULT_SLOW:
		e->char_gap_ns = draw_time_ns(entry);
		break;
	case FAULT_ECHO:
		e->echoed = true;
		break;
	case FAULT_KINDS:
		break;
	}
}

void faults_act(struct faults *faults, enum fault_direction direction, int64_t now_ns,
		const uint8_t *bytes, size_t len_bytes, const uint8_t *request,
		size_t request_bytes, struct fault_effect *ret)
{
	struct telegram_facts facts, asked;

	ret->rule = NULL;
	ret->dropped = ret->doubled = ret->echoed = false;
	ret->delay_ns = ret->char_gap_ns = 0;
	ret->len_bytes = len_bytes < sizeof(ret->bytes) ? len_bytes : sizeof(ret->bytes);
	memcpy(ret->bytes, bytes, ret->len_bytes);
	if (!faults->count || !len_bytes)
		return;
	faults->protocol->look(bytes, len_bytes, direction == FAULT_REQUEST, &facts);
	asked = facts;
	if (direction == FAULT_ANSWER)
		faults->protocol->look(request, request_bytes, true, &asked);
	for (size_t i = 0; i < faults->count; i++) {
		struct entry *entry = &faults->entries[i];

		if (entry->rule.direction != direction || !concerns(&entry->rule, &facts, &asked) ||
		    !strikes(entry, now_ns))
			continue;
		ret->rule = &entry->rule;
		apply(faults, entry, ret);
		return;
	}
}
