/* SPDX-License-Identifier: MIT */
/* fault_conf - a fault as people write it */
#include "sim/fault_conf.h"

#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "base/text.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define NOT_GIVEN (-1)
#define TIME_MAX  3600.0 /* s */
#define COUNT_MAX 1e9

static const char *const direction_names[] = {"request", "answer", NULL};
static const char *const corrupt_names[] = {"bits", "byte", "crc", NULL};
static const char *const noise_names[] = {"before", "inside", "after", NULL};
static const char *const wrong_names[] = {"address", "function", NULL};

struct fault_text {
	char name[CONF_TEXT_MAX];
	char line[CONF_TEXT_MAX];
	int direction;
	int64_t station[2];
	int64_t function[2];
	int64_t registers[2];
	double probability;
	int64_t count;
	/* what it does: one of these */
	bool drop;
	int64_t delay_ns[2];
	int corrupt;
	int64_t truncate;
	bool duplicate;
	int noise;
	int wrong;
	int64_t exception;
	int64_t silence_ns[2];
	int64_t slow_ns[2];
	bool echo;
	/* and how much of it */
	int64_t bits;
	int64_t bytes;
};

/* "10%", or a number from 0 to 1. */
static bool read_probability(const struct conf_context *context, const struct conf_node *node,
			     const struct conf_field *field, void *dest)
{
	const char *text = conf_scalar(context, node, field->key);
	const char *unit;
	double number;

	if (!text)
		return false;
	if (text_to_quantity(text, &number, &unit) == 0 && strcmp(unit, "%") == 0)
		number /= 100;
	else if (text_to_double(text, &number) < 0)
		number = NOT_GIVEN;
	if (!(number >= 0 && number <= 1)) {
		conf_error(context, node,
			   "%s: '%.60s' is neither from 0%% to 100%% nor a number from 0 to 1",
			   field->key, text);
		return false;
	}
	*(double *)dest = number;
	return true;
}

#define IN(member) offsetof(struct fault_text, member)

static const struct conf_field fields[] = {
	{.key = "name", .read = conf_name, .offset = IN(name), .required = true},
	{.key = "line", .read = conf_name, .offset = IN(line)},
	{.key = "direction",
	 .read = conf_choice,
	 .offset = IN(direction),
	 .names = direction_names},
	{.key = "station", .read = conf_ints, .offset = IN(station), .min = 0, .max = 255},
	{.key = "function", .read = conf_ints, .offset = IN(function), .min = 0, .max = 255},
	{.key = "registers", .read = conf_ints, .offset = IN(registers), .min = 0, .max = 65535},
	{.key = "probability", .read = read_probability, .offset = IN(probability)},
	{.key = "count", .read = conf_int, .offset = IN(count), .min = 1, .max = COUNT_MAX},
	{.key = "drop", .read = conf_bool, .offset = IN(drop)},
	{.key = "delay", .read = conf_durations, .offset = IN(delay_ns), .min = 0, .max = TIME_MAX},
	{.key = "corrupt", .read = conf_choice, .offset = IN(corrupt), .names = corrupt_names},
	{.key = "truncate",
	 .read = conf_int,
	 .offset = IN(truncate),
	 .min = 1,
	 .max = FAULT_BYTES_MAX},
	{.key = "duplicate", .read = conf_bool, .offset = IN(duplicate)},
	{.key = "noise", .read = conf_choice, .offset = IN(noise), .names = noise_names},
	{.key = "wrong", .read = conf_choice, .offset = IN(wrong), .names = wrong_names},
	{.key = "exception", .read = conf_int, .offset = IN(exception), .min = 1, .max = 255},
	{.key = "silence",
	 .read = conf_durations,
	 .offset = IN(silence_ns),
	 .min = 0,
	 .max = TIME_MAX},
	{.key = "slow", .read = conf_durations, .offset = IN(slow_ns), .min = 0, .max = 10},
	{.key = "echo", .read = conf_bool, .offset = IN(echo)},
	{.key = "bits", .read = conf_int, .offset = IN(bits), .min = 1, .max = FAULT_BYTES_MAX},
	{.key = "bytes", .read = conf_int, .offset = IN(bytes), .min = 1, .max = FAULT_BYTES_MAX},
};

static const struct fault_text nothing = {.direction = NOT_GIVEN,
					  .station = {NOT_GIVEN},
					  .function = {NOT_GIVEN},
					  .registers = {NOT_GIVEN},
					  .probability = 1,
					  .delay_ns = {NOT_GIVEN},
					  .corrupt = NOT_GIVEN,
					  .noise = NOT_GIVEN,
					  .wrong = NOT_GIVEN,
					  .silence_ns = {NOT_GIVEN},
					  .slow_ns = {NOT_GIVEN}};

static void take_time(struct fault_rule *rule, const int64_t time_ns[2])
{
	memcpy(rule->time_ns, time_ns, sizeof(rule->time_ns));
}

/* What it does into the rule. Returns how many things it does. */
static int take_action(const struct fault_text *t, struct fault_rule *rule)
{
	const bool given[FAULT_KINDS] = {
		[FAULT_DROP] = t->drop,
		[FAULT_DELAY] = t->delay_ns[0] != NOT_GIVEN,
		[FAULT_CORRUPT] = t->corrupt != NOT_GIVEN,
		[FAULT_TRUNCATE] = t->truncate > 0,
		[FAULT_DUPLICATE] = t->duplicate,
		[FAULT_NOISE] = t->noise != NOT_GIVEN,
		[FAULT_WRONG] = t->wrong != NOT_GIVEN,
		[FAULT_EXCEPTION] = t->exception > 0,
		[FAULT_SILENCE] = t->silence_ns[0] != NOT_GIVEN,
		[FAULT_SLOW] = t->slow_ns[0] != NOT_GIVEN,
		[FAULT_ECHO] = t->echo,
	};
	int count = 0;

	for (int kind = 0; kind < FAULT_KINDS; kind++) {
		if (!given[kind])
			continue;
		rule->kind = (enum fault_kind)kind;
		count++;
	}
	return count;
}

static void take_details(const struct fault_text *t, struct fault_rule *rule)
{
	switch (rule->kind) {
	case FAULT_DELAY:
		take_time(rule, t->delay_ns);
		break;
	case FAULT_SILENCE:
		take_time(rule, t->silence_ns);
		break;
	case FAULT_SLOW:
		take_time(rule, t->slow_ns);
		break;
	case FAULT_CORRUPT:
		rule->how = t->corrupt;
		rule->amount = t->bits ? t->bits : 1;
		break;
	case FAULT_NOISE:
		rule->how = t->noise;
		rule->amount = t->bytes ? t->bytes : 3;
		break;
	case FAULT_WRONG:
		rule->how = t->wrong;
		break;
	case FAULT_TRUNCATE:
		rule->amount = t->truncate;
		break;
	case FAULT_EXCEPTION:
		rule->amount = t->exception;
		break;
	default:
		break;
	}
}

/* The direction of one that gives none: requests for what only they can suffer. */
static enum fault_direction direction_of(const struct fault_text *t, enum fault_kind kind)
{
	if (t->direction != NOT_GIVEN)
		return (enum fault_direction)t->direction;
	return faults_possible(kind, FAULT_ANSWER) ? FAULT_ANSWER : FAULT_REQUEST;
}

static void take_target(const struct fault_text *t, struct fault_rule *rule)
{
	rule->has_station = t->station[0] != NOT_GIVEN;
	memcpy(rule->station, t->station, sizeof(rule->station));
	rule->has_function = t->function[0] != NOT_GIVEN;
	memcpy(rule->function, t->function, sizeof(rule->function));
	rule->has_registers = t->registers[0] != NOT_GIVEN;
	memcpy(rule->registers, t->registers, sizeof(rule->registers));
	rule->probability = t->probability;
	rule->count = t->count;
}

/* What fits no other key that is there. */
static bool check_together(const struct conf_context *context, const struct conf_node *node,
			   const struct fault_text *t, const struct fault_rule *rule)
{
	const char *wrong = NULL;

	if (t->bits && (rule->kind != FAULT_CORRUPT || rule->how != FAULT_CORRUPT_BITS))
		wrong = "bits: only with 'corrupt: bits'";
	else if (t->bytes && rule->kind != FAULT_NOISE)
		wrong = "bytes: only with 'noise'";
	else if (!faults_possible(rule->kind, rule->direction))
		wrong = rule->direction == FAULT_REQUEST
				? "direction: duplicate, exception and silence are of answers"
				: "direction: echo is of requests";
	if (wrong)
		conf_error(context, node, "%s", wrong);
	return !wrong;
}

bool fault_conf_read(const struct conf_context *context, const struct conf_node *node,
		     struct fault_rule *ret, char *line)
{
	struct fault_text t = nothing;
	int actions;

	if (!conf_map(context, node, "the fault", fields, COUNT(fields), &t))
		return false;
	*ret = (struct fault_rule){.how = 0};
	memcpy(line, t.line, sizeof(t.line));
	if (strlen(t.name) >= sizeof(ret->name)) {
		conf_error(context, node, "name: at most %zu characters", sizeof(ret->name) - 1);
		return false;
	}
	snprintf(ret->name, sizeof(ret->name), "%s", t.name);
	actions = take_action(&t, ret);
	if (actions != 1) {
		conf_error(context, node,
			   "%s: drop, delay, corrupt, truncate, duplicate, noise, wrong, "
			   "exception, silence, slow or echo",
			   actions ? "a fault does one thing" : "what does the fault do? One of");
		return false;
	}
	take_target(&t, ret);
	take_details(&t, ret);
	ret->direction = direction_of(&t, ret->kind);
	return check_together(context, node, &t, ret);
}

/* --- and back --- */

static void write_number(const struct fault_conf_writer *w, const char *key, int64_t value)
{
	w->number(w->ctx, key, (double)value);
}

/* One number where both ends are the same. */
static void write_ints(const struct fault_conf_writer *w, const char *key, const int64_t range[2])
{
	char text[64];

	if (range[0] == range[1]) {
		write_number(w, key, range[0]);
		return;
	}
	snprintf(text, sizeof(text), "%lld..%lld", (long long)range[0], (long long)range[1]);
	w->text(w->ctx, key, text);
}

static void write_times(const struct fault_conf_writer *w, const char *key, const int64_t ns[2])
{
	char text[64];

	if (ns[0] == ns[1])
		snprintf(text, sizeof(text), "%.10gms", (double)ns[0] / (double)NS_PER_MS);
	else
		snprintf(text, sizeof(text), "%.10gms..%.10gms", (double)ns[0] / (double)NS_PER_MS,
			 (double)ns[1] / (double)NS_PER_MS);
	w->text(w->ctx, key, text);
}

static void write_target(const struct fault_rule *rule, const struct fault_conf_writer *w)
{
	w->text(w->ctx, "direction", direction_names[rule->direction]);
	if (rule->has_station)
		write_ints(w, "station", rule->station);
	if (rule->has_function)
		write_ints(w, "function", rule->function);
	if (rule->has_registers)
		write_ints(w, "registers", rule->registers);
	w->number(w->ctx, "probability", rule->probability);
	if (rule->count)
		write_number(w, "count", rule->count);
}

static void write_action(const struct fault_rule *rule, const struct fault_conf_writer *w)
{
	switch (rule->kind) {
	case FAULT_DROP:
		w->truth(w->ctx, "drop", true);
		break;
	case FAULT_DELAY:
		write_times(w, "delay", rule->time_ns);
		break;
	case FAULT_CORRUPT:
		w->text(w->ctx, "corrupt", corrupt_names[rule->how]);
		if (rule->how == FAULT_CORRUPT_BITS)
			write_number(w, "bits", rule->amount);
		break;
	case FAULT_TRUNCATE:
		write_number(w, "truncate", rule->amount);
		break;
	case FAULT_DUPLICATE:
		w->truth(w->ctx, "duplicate", true);
		break;
	case FAULT_NOISE:
		w->text(w->ctx, "noise", noise_names[rule->how]);
		write_number(w, "bytes", rule->amount);
		break;
	case FAULT_WRONG:
		w->text(w->ctx, "wrong", wrong_names[rule->how]);
		break;
	case FAULT_EXCEPTION:
		write_number(w, "exception", rule->amount);
		break;
	case FAULT_SILENCE:
		write_times(w, "silence", rule->time_ns);
		break;
	case FAULT_SLOW:
		write_times(w, "slow", rule->time_ns);
		break;
	case FAULT_ECHO:
		w->truth(w->ctx, "echo", true);
		break;
	case FAULT_KINDS:
		break;
	}
}

void fault_conf_write(const struct fault_rule *rule, const struct fault_conf_writer *writer)
{
	writer->text(writer->ctx, "name", rule->name);
	write_target(rule, writer);
	write_action(rule, writer);
}
