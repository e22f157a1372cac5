/* SPDX-License-Identifier: MIT */
/* player - plays a scenario into the world of one meter */
#include "sim/player.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>

#include "sim/timeline.h"

struct ramp {
	bool active;
	size_t offset;
	double from;
	double to;
	int64_t begin_ns;
	int64_t end_ns;
	int64_t step_ns; /* 0: even */
	int64_t step;    /* the one that it stands at; -1: none yet */
};

/* A place that is off its value by a random ratio, a new one in every slot of time. */
struct vary {
	size_t offset;
	double ratio;     /* at most so far off */
	double factor;    /* in this slot */
	int64_t every_ns; /* length of a slot; 0: not used yet */
	int64_t slot;     /* -1: none yet */
};

struct player {
	const struct scenario *scenario;
	const char *meter;
	const char *others; /* whom events without a meter are for; NULL: this one */
	struct rng rng;
	struct world steady; /* without what varies */
	bool begun;
	int64_t start_ns;    /* of the scenario's time, at 0 of the player's */
	int64_t round_ns;    /* when the running round began, in scenario time from the first one */
	size_t next;         /* event */
	struct vary *varies; /* scenario->vary_places of them */
	struct ramp ramps[]; /* scenario->ramp_places of them */
};

int player_create(struct player **ret, const struct scenario *scenario, const char *meter,
		  bool whole_bench, int64_t start_ns, const struct rng *rng)
{
	struct player *player =
		calloc(1, sizeof(*player) + scenario->ramp_places * sizeof(player->ramps[0]));

	if (!player)
		return -ENOMEM;
	player->varies = calloc(scenario->vary_places + 1, sizeof(*player->varies));
	if (!player->varies) {
		free(player);
		return -ENOMEM;
	}
	player->scenario = scenario;
	player->meter = meter;
	if (whole_bench && *scenario->meter)
		player->others = scenario->meter;
	player->start_ns = start_ns;
	player->rng = *rng;
	*ret = player;
	return 0;
}

void player_destroy(struct player *player)
{
	if (!player)
		return;
	free(player->varies);
	free(player);
}

static void stop_ramp(struct player *player, size_t offset)
{
	for (size_t i = 0; i < player->scenario->ramp_places; i++) {
		if (player->ramps[i].active && player->ramps[i].offset == offset)
			player->ramps[i].active = false;
	}
}

/* Whether it stands elsewhere than when it was followed last. */
static bool moves(struct ramp *ramp, int64_t now_ns)
{
	const int64_t step = ramp->step_ns ? (now_ns - ramp->begin_ns) / ramp->step_ns : 0;

	if (ramp->step_ns && step == ramp->step)
		return false;
	ramp->step = step;
	return true;
}

/* So much of its time, in whole steps if it has any. */
static int64_t passed_ns(const struct ramp *ramp, int64_t now_ns)
{
	return ramp->step_ns ? ramp->step * ramp->step_ns : now_ns - ramp->begin_ns;
}

/* Brings every ramp to now_ns (scenario time from the first round on). */
static bool follow_ramps(struct player *player, int64_t now_ns, struct world *world)
{
	bool changed = false;

	for (size_t i = 0; i < player->scenario->ramp_places; i++) {
		struct ramp *ramp = &player->ramps[i];
		double part;

		if (!ramp->active)
			continue;
		if (now_ns < ramp->end_ns && !moves(ramp, now_ns))
			continue;
		changed = true;
		if (now_ns >= ramp->end_ns) {
			*world_place(world, ramp->offset) = ramp->to;
			ramp->active = false;
			continue;
		}
		part = (double)passed_ns(ramp, now_ns) / (double)(ramp->end_ns - ramp->begin_ns);
		*world_place(world, ramp->offset) = ramp->from + (ramp->to - ramp->from) * part;
	}
	return changed;
}

static void start_ramp(struct player *player, const struct change *change, int64_t begin_ns,
		       const struct event *event, struct world *world)
{
	for (size_t i = 0; i < player->scenario->ramp_places; i++) {
		struct ramp *ramp = &player->ramps[i];

		if (ramp->active)
			continue;
		*ramp = (struct ramp){.active = true,
				      .offset = change->offset,
				      .from = *world_place(world, change->offset),
				      .to = change->value,
				      .begin_ns = begin_ns,
				      .end_ns = begin_ns + event->time_ns,
				      .step_ns = event->step_ns,
				      .step = -1};
		return;
	}
}

static void start_vary(struct player *player, const struct change *change, int64_t every_ns)
{
	struct vary *vary = player->varies;

	while (vary->every_ns && vary->offset != change->offset)
		vary++; /* there is one for each place */
	*vary = (struct vary){.offset = change->offset,
			      .ratio = change->value,
			      .factor = 1,
			      .every_ns = every_ns,
			      .slot = -1};
}

/*
 * What is drawn for a slot depends on nothing but seed, place and slot: who starts in the middle,
 * or looks less often, sees the same.
 */
static bool follow_varies(struct player *player, int64_t now_ns)
{
	bool changed = false;

	for (size_t i = 0; i < player->scenario->vary_places; i++) {
		struct vary *vary = &player->varies[i];
		int64_t slot;

		if (!vary->every_ns)
			continue;
		slot = now_ns / vary->every_ns;
		if (slot == vary->slot)
			continue;
		vary->slot = slot;
		vary->factor = 1 + vary->ratio * (2 * rng_uniform_at(&player->rng, vary->offset,
								     (uint64_t)slot) -
						  1);
		changed = true;
	}
	return changed;
}

static void apply_varies(const struct player *player, struct world *world)
{
	for (size_t i = 0; i < player->scenario->vary_places; i++) {
		if (player->varies[i].every_ns)
			*world_place(world, player->varies[i].offset) *= player->varies[i].factor;
	}
	/* a synthesiser has a range, and a value at its edge may have been varied beyond */
	world->input.frequency_hz =
		fmin(fmax(world->input.frequency_hz, SYNTH_FREQ_MIN), SYNTH_FREQ_MAX);
}

static void play_event(struct player *player, const struct event *event, int64_t at_ns)
{
	const char *pattern = event->meter ? event->meter : player->others;

	if (pattern && fnmatch(pattern, player->meter, 0) != 0)
		return;
	for (size_t i = 0; i < event->count; i++) {
		const struct change *change = &player->scenario->changes[event->first + i];

		if (event->action == ACTION_VARY) {
			start_vary(player, change, event->time_ns);
			continue;
		}
		stop_ramp(player, change->offset);
		if (event->action == ACTION_RAMP)
			start_ramp(player, change, at_ns, event, &player->steady);
		else
			*world_place(&player->steady, change->offset) = change->value;
	}
}

/* Events and ramps up to until_ns, on the steady values. */
static bool play(struct player *player, int64_t until_ns)
{
	const struct scenario *s = player->scenario;
	bool changed = false;

	for (;;) {
		int64_t at_ns;

		if (player->next == s->event_count) {
			if (!s->repeat || until_ns < player->round_ns + s->duration_ns)
				break;
			player->round_ns += s->duration_ns;
			player->next = 0;
			continue;
		}
		at_ns = player->round_ns + s->events[player->next].at_ns;
		if (at_ns > until_ns)
			break;
		/* a ramp starts from where things stand then */
		follow_ramps(player, at_ns, &player->steady);
		play_event(player, &s->events[player->next], at_ns);
		player->next++;
		changed = true;
	}
	return follow_ramps(player, until_ns, &player->steady) || changed;
}

bool player_apply(struct player *player, int64_t now_ns, struct world *world)
{
	const int64_t until_ns = player->start_ns + now_ns;
	bool changed;

	if (!player->begun)
		player->steady = *world;
	player->begun = true;
	changed = play(player, until_ns);
	changed |= follow_varies(player, until_ns);
	if (!changed)
		return false;
	*world = player->steady;
	apply_varies(player, world);
	return true;
}
