/* SPDX-License-Identifier: MIT */
/*
 * faults - what goes wrong on a line on purpose
 *
 * Rules in order: the first one that is about a telegram, is not used up and whose chance comes
 * true decides, and no other is asked. Each rule draws from its own stream, so that the same seed
 * gives the same faults whatever the other rules do. Not the medium's own troubles: collisions,
 * wrong rates and half duplex are the line's.
 */
#pragma once
#include "base/rng.h"
#include "protocols/telegram.h"

#define FAULT_NAME_MAX  64
#define FAULTS_MAX      100 /* rules on one line */
#define FAULT_BYTES_MAX 64  /* of noise, or cut off */

enum fault_direction { FAULT_REQUEST, FAULT_ANSWER };

enum fault_kind {
	FAULT_DROP,
	FAULT_DELAY,
	FAULT_CORRUPT,
	FAULT_TRUNCATE,
	FAULT_DUPLICATE,
	FAULT_NOISE,
	FAULT_WRONG,
	FAULT_EXCEPTION,
	FAULT_SILENCE,
	FAULT_SLOW,
	FAULT_ECHO,
	FAULT_KINDS
};

enum fault_corrupt { FAULT_CORRUPT_BITS, FAULT_CORRUPT_BYTE, FAULT_CORRUPT_CHECK };
enum fault_place { FAULT_BEFORE, FAULT_INSIDE, FAULT_AFTER };
enum fault_wrong { FAULT_WRONG_ADDRESS, FAULT_WRONG_FUNCTION };

struct fault_rule {
	char name[FAULT_NAME_MAX];
	enum fault_direction direction;
	enum fault_kind kind;
	int how;            /* enum fault_corrupt, fault_place or fault_wrong */
	int64_t amount;     /* bits, bytes, or the exception's code */
	int64_t time_ns[2]; /* from, to: of a delay, a silence, or between two characters */
	/* what it is about; a telegram that is broken has neither of these */
	bool has_station;
	int64_t station[2]; /* from, to */
	bool has_function;
	int64_t function[2];
	bool has_registers; /* a request that names one of these: */
	int64_t registers[2];
	double probability; /* 0..1 */
	int64_t count;      /* at most so many times; 0: always */
};

/* What becomes of a telegram. */
struct fault_effect {
	const struct fault_rule *rule; /* that made it so, or NULL; until rules change */
	bool dropped;
	bool doubled;
	bool echoed;
	int64_t delay_ns;
	int64_t char_gap_ns; /* silence behind each character */
	size_t len_bytes;
	uint8_t bytes[TELEGRAM_MAX];
};

struct faults;

/* Borrows protocol. line: its name, for the streams of chance. 0 or -ENOMEM. */
int faults_create(struct faults **ret, const struct protocol *protocol, uint64_t seed,
		  const char *line);
void faults_destroy(struct faults *faults); /* NULL is a no-op */
/*
 * Adds a rule behind the others. 0; -EEXIST: there is one of that name; -ENOSPC; -EINVAL: this
 * kind cannot be done to that direction, see faults_possible().
 */
int faults_add(struct faults *faults, const struct fault_rule *rule);
/* 0 or -ENOENT. */
int faults_remove(struct faults *faults, const char *name);
size_t faults_count(const struct faults *faults);
const struct fault_rule *faults_rule(const struct faults *faults, size_t index);
/* How often it has struck. */
uint64_t faults_hits(const struct faults *faults, size_t index);
/* Whether any rule is about that direction. */
bool faults_concern(const struct faults *faults, enum fault_direction direction);
bool faults_possible(enum fault_kind kind, enum fault_direction direction);

/*
 * What becomes of a telegram at now_ns. request: for an answer, what it answers. Without a rule
 * that strikes: the telegram as it is.
 */
void faults_act(struct faults *faults, enum fault_direction direction, int64_t now_ns,
		const uint8_t *bytes, size_t len_bytes, const uint8_t *request,
		size_t request_bytes, struct fault_effect *ret);
