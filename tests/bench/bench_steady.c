/* SPDX-License-Identifier: MIT */
/*
 * bench_steady - a metered day and a year of a steady load, and whether reusing windows counts the
 * same as computing each of them
 *
 * Windows go through metering_next() and meter_count() one by one, as in the daemon.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter/meter.h"
#include "metrology/metering.h"
#include "metrology/synth.h"
#include "sim/data_path.h"
#include "sim/model_load.h"
#include "statistics.h"

#define DAY_S  86400.0
#define YEAR_S (365 * DAY_S)
#define ROUNDS 9

static struct metering_scratch *scratch;
static struct model *model;

static void set_up(void)
{
	char path[DATA_PATH_MAX];
	struct diag *diag;

	if (diag_create(&diag) < 0 || metering_scratch_create(&scratch) < 0 ||
	    data_path_find(DATA_MODEL, "pro380-mod", NULL, path) < 0 ||
	    model_load(&model, path, diag) < 0) {
		fputs("no model\n", stderr);
		exit(1);
	}
	diag_destroy(diag);
}

static struct synth_input house(double frequency_hz)
{
	struct synth_input in = {.frequency_hz = frequency_hz};

	for (int p = 0; p < WAVE_PHASES; p++) {
		in.phase[p].voltage_v = 230 + p;
		in.phase[p].current_a = 10 - 3 * p;
		in.phase[p].lag_deg = 100 * p;
		for (unsigned h = 3; h <= 7; h += 2)
			in.phase[p].current_harmonic[h].ratio = 0.1;
	}
	return in;
}

/* Meters for so long; the registers in *ret, the wall time returned. */
static double meter_for(double seconds, double frequency_hz, bool reuse,
			struct energy_registers *ret)
{
	const struct element_config config = {.starting_current_a = 0.02};
	const struct synth_input input = house(frequency_hz);
	const double end_ns = seconds * 1e9;
	const struct measurement *window;
	struct wave_source source;
	struct metering *metering;
	struct synth *synth;
	struct meter *meter;
	double begin, took;
	struct rng rng;

	rng_init(&rng, 1, "steady");
	if (synth_create(&synth, metering_scratch_basis(scratch), &rng) < 0 ||
	    metering_create(&metering, scratch, &config) < 0 || meter_create(&meter, model, 1) < 0)
		exit(1);
	synth_set(synth, &input);
	source = synth_source(synth);
	metering_use_locked(metering, &source);
	metering_set_reuse(metering, reuse);
	begin = statistics_seconds();
	for (double at_ns = 0; at_ns < end_ns; at_ns += (double)window->duration_ns) {
		if (metering_next(metering, &window) < 0)
			exit(1);
		meter_count(meter, window);
	}
	took = statistics_seconds() - begin;
	*ret = *meter_energies(meter);
	meter_destroy(meter);
	metering_destroy(metering);
	synth_destroy(synth);
	return took;
}

int main(void)
{
	static const double frequencies[] = {50, 49.87, 60};
	struct energy_registers full, reused;
	double took[ROUNDS];
	int met;

	set_up();
	for (int i = 0; i < ROUNDS; i++)
		took[i] = meter_for(DAY_S, 50, true, &reused);
	met = statistics_at_most("a steady day, ms (median)",
				 statistics_percentile(took, ROUNDS, 0.5) * 1e3, 50);
	for (int i = 0; i < 3; i++)
		took[i] = meter_for(YEAR_S, 50, true, &reused);
	met &= statistics_at_most("a steady year, s (median)", statistics_percentile(took, 3, 0.5),
				  15);
	for (int i = 0; i < 3; i++) {
		int equal;

		meter_for(DAY_S, frequencies[i], true, &reused);
		took[0] = meter_for(DAY_S, frequencies[i], false, &full);
		equal = memcmp(&full, &reused, sizeof(full)) == 0;
		met &= equal;
		printf("  a day computed, %5.2f Hz: %5.2f s; registers %s\n", frequencies[i],
		       took[0], equal ? "equal those of reused windows" : "DIFFER");
	}
	model_destroy(model);
	metering_scratch_destroy(scratch);
	return !met;
}
