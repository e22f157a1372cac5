/* SPDX-License-Identifier: MIT */
/* bench_meter - a running meter */
#include "sim/bench_meter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clk.h"
#include "sim/clk_real.h"
#include "sim/player.h"
#include "sim/recording.h"

#define FIRST_PIECES_MAX 5 /* windows measured in search of a whole one */

struct bench_meter {
	const struct bench_meter_conf *conf;
	const struct log *log;
	struct meter *instrument;
	struct metering *metering;
	struct synth *synth;
	struct world world;    /* as the scenario last set it */
	struct player *player; /* NULL: no scenario */
	struct recording *recording;
	struct intervals *intervals; /* NULL: none */
	int64_t measured_ns;
	bool shown; /* a whole window was measured */
	bool off;   /* without supply */
};

static void use_synth(struct bench_meter *meter)
{
	const struct wave_source source = synth_source(meter->synth);

	metering_use_locked(meter->metering, &source);
}

/* Carries the world to where it acts: the synthesiser and the terminals. */
static void apply_world(struct bench_meter *meter)
{
	struct wiring_terminals terminals;
	struct synth_spectrum spectrum;
	struct network network;

	world_network(&meter->world, meter->conf->connection, &network);
	network_solve(&network, &meter->world.input, &spectrum);
	synth_set_spectrum(meter->synth, &spectrum);
	world_terminals(&meter->world, &terminals);
	wiring_set(metering_wiring(meter->metering), &terminals);
}

/* What the configuration says it was set to and has counted: checked when it was read. */
static void first_start(struct bench_meter *meter)
{
	for (size_t i = 0; i < meter->conf->setting_count; i++) {
		const struct bench_setting *s = &meter->conf->settings[i];

		meter_set(meter->instrument, s->point, s->number, s->exponent, WHO_CONFIG);
	}
	for (size_t i = 0; i < meter->conf->preset_count; i++)
		meter_preset(meter->instrument, meter->conf->presets[i].point,
			     meter->conf->presets[i].wh);
	meter_preset_finish(meter->instrument);
}

static int create_metering(struct bench_meter *meter, struct metering_scratch *scratch,
			   uint64_t seed)
{
	const struct model *model = meter->conf->model;
	const struct element_config element = {.starting_current_a = model->basic_current_a *
								     model->starting_ratio};
	struct rng rng;
	int r;

	rng_init(&rng, seed, meter->conf->name);
	r = synth_create(&meter->synth, metering_scratch_basis(scratch), &rng);
	if (r < 0)
		return r;
	r = metering_create(&meter->metering, scratch, &element);
	if (r < 0)
		return r;
	wiring_init(metering_wiring(meter->metering), meter->conf->connection,
		    model_has_transformers(model));
	meter->world = meter->conf->world;
	apply_world(meter);
	return 0;
}

static int create_source(struct bench_meter *meter, struct diag *diag)
{
	struct wave_source source;
	int r;

	if (!meter->conf->recording) {
		use_synth(meter);
		return 0;
	}
	r = recording_open(&meter->recording, meter->conf->recording, meter->conf->recording_repeat,
			   diag);
	if (r < 0)
		return r;
	source = recording_source(meter->recording);
	return metering_use_free(meter->metering, &source);
}

static int create_intervals(struct bench_meter *meter, struct diag *diag)
{
	const struct bench_meter_conf *conf = meter->conf;

	if (!conf->intervals)
		return 0;
	return intervals_open(&meter->intervals, conf->intervals, &conf->intervals_config, diag);
}

/* A meter draws the same numbers from a scenario whichever way it came to it. */
static int play(struct bench_meter *meter, const struct scenario *scenario, bool whole_bench,
		int64_t start_ns, uint64_t seed)
{
	char stream[CONF_TEXT_MAX + 16];
	struct rng rng;

	snprintf(stream, sizeof(stream), "scenario of %s", meter->conf->name);
	rng_init(&rng, seed, stream);
	return player_create(&meter->player, scenario, meter->conf->name, whole_bench, start_ns,
			     &rng);
}

static int play_own(struct bench_meter *meter, uint64_t seed)
{
	if (!meter->conf->scenario)
		return 0;
	if (scenario_has_deeds(meter->conf->scenario))
		log_info(meter->log,
			 "%s: faults, polls, power and expectations of its scenario happen with "
			 "--run "
			 "only",
			 meter->conf->name);
	return play(meter, meter->conf->scenario, false,
		    meter->conf->scenario_local_time ? clk_real_time_of_day() : 0, seed);
}

int bench_meter_follow(struct bench_meter *meter, const struct scenario *scenario, uint64_t seed)
{
	player_destroy(meter->player);
	meter->player = NULL;
	return play(meter, scenario, true, 0, seed);
}

void bench_meter_set_power(struct bench_meter *meter, bool on)
{
	if (on && meter->off)
		meter_power_returned(meter->instrument);
	meter->off = !on;
}

int bench_meter_create(struct bench_meter **ret, const struct bench_meter_conf *conf,
		       struct metering_scratch *scratch, uint64_t seed, const struct log *log,
		       struct diag *diag)
{
	struct bench_meter *meter = calloc(1, sizeof(*meter));
	int r;

	if (!meter)
		return -ENOMEM;
	meter->conf = conf;
	meter->log = log;
	r = meter_create(&meter->instrument, conf->model, (uint32_t)conf->serial);
	if (r == 0)
		r = create_metering(meter, scratch, seed);
	if (r == 0)
		r = create_source(meter, diag);
	if (r == 0)
		r = create_intervals(meter, diag);
	if (r == 0)
		r = play_own(meter, seed);
	if (r < 0) {
		bench_meter_destroy(meter);
		return r;
	}
	first_start(meter);
	*ret = meter;
	return 0;
}

void bench_meter_destroy(struct bench_meter *meter)
{
	if (!meter)
		return;
	player_destroy(meter->player);
	metering_destroy(meter->metering);
	recording_destroy(meter->recording);
	intervals_destroy(meter->intervals);
	synth_destroy(meter->synth);
	meter_destroy(meter->instrument);
	free(meter);
}

struct meter *bench_meter_instrument(struct bench_meter *meter)
{
	return meter->instrument;
}

const struct bench_meter_conf *bench_meter_conf_of(const struct bench_meter *meter)
{
	return meter->conf;
}

/* The recording is over or broken: grid and load of the configuration take its place. */
static void end_recording(struct bench_meter *meter, int r)
{
	if (r == -ENODATA)
		log_notice(meter->log, "%s: the recording is over, synthesised grid and load go on",
			   meter->conf->name);
	else
		log_error(meter->log, "%s: %s; synthesised grid and load take its place",
			  meter->conf->name, recording_fault(meter->recording));
	use_synth(meter);
	recording_destroy(meter->recording);
	meter->recording = NULL;
}

/* The scenario first: the power of an interval is drawn at the voltage that it sets. */
static void follow_world(struct bench_meter *meter)
{
	bool changed =
		meter->player && player_apply(meter->player, meter->measured_ns, &meter->world);

	if (meter->intervals)
		changed |=
			intervals_apply(meter->intervals, meter->measured_ns, &meter->world.input);
	if (changed)
		apply_world(meter);
}

void bench_meter_step(struct bench_meter *meter)
{
	const struct measurement *window;
	int r;

	follow_world(meter);
	r = metering_next(meter->metering, &window);
	if (r < 0 && meter->recording) {
		end_recording(meter, r);
		r = metering_next(meter->metering, &window);
	}
	if (r < 0) /* a synthesised window cannot fail: never stand still all the same */
		meter->measured_ns += metering_next_duration_ns(meter->metering);
	if (r < 0)
		return;
	if (!meter->off)
		meter_count(meter->instrument, window);
	meter->shown |= !window->partial;
	meter->measured_ns += window->duration_ns;
}

void bench_meter_start(struct bench_meter *meter)
{
	/* a recording begins with a piece before its first zero crossing */
	for (int i = 0; i < FIRST_PIECES_MAX && !meter->shown; i++)
		bench_meter_step(meter);
}

int64_t bench_meter_measured_ns(const struct bench_meter *meter)
{
	return meter->measured_ns;
}

int64_t bench_meter_due_ns(const struct bench_meter *meter)
{
	return meter->measured_ns + metering_next_duration_ns(meter->metering);
}

bool bench_meter_plays(const struct bench_meter *meter)
{
	return meter->recording != NULL;
}

const struct world *bench_meter_world(const struct bench_meter *meter)
{
	return &meter->world;
}

void bench_meter_set_world(struct bench_meter *meter, const struct world *world)
{
	meter->world = *world;
	apply_world(meter);
}
