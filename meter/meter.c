/* SPDX-License-Identifier: MIT */
/* meter - one instrument */
#include "meter/meter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SERIAL_MAX      99999999
#define HALF_TOLERANCE  1e-6   /* the element is better than that on a steady load */
#define CODE_VECTOR     10     /* 7.11: phases are netted */
#define STATUS_PASSED   110000 /* 8.1: program and EEPROM digits of "S 11 111" */
#define POWER_DOWNS_MAX 0xffff /* its register has 16 bits */

struct meter {
	const struct model *model;
	uint32_t serial;
	struct measurement shown; /* the last whole window */
	struct energy_registers energies;
	int64_t setting[POINT_KINDS]; /* S0_RATE: forward */
	int64_t s0_rate_reverse;
	unsigned tariff;       /* 1 or 2: the one that counts */
	unsigned tariff_saved; /* the one that comes back after a power cut */
	int64_t power_downs;
	bool phase_preset[ENERGY_KINDS][ENERGY_DIRECTIONS];
	uint64_t writes;
};

int meter_create(struct meter **ret, const struct model *model, uint32_t serial)
{
	struct meter *meter;

	if (serial > SERIAL_MAX)
		return -EINVAL;
	meter = calloc(1, sizeof(*meter));
	if (!meter)
		return -ENOMEM;
	meter->model = model;
	meter->serial = serial;
	for (int k = 0; k < POINT_KINDS; k++)
		meter->setting[k] = model->setting[k].initial;
	meter->s0_rate_reverse = model->setting[POINT_S0_RATE].initial;
	meter->tariff = meter->tariff_saved = 1;
	*ret = meter;
	return 0;
}

void meter_destroy(struct meter *meter)
{
	free(meter);
}

const struct model *meter_model(const struct meter *meter)
{
	return meter->model;
}

const struct energy_registers *meter_energies(const struct meter *meter)
{
	return &meter->energies;
}

void meter_count(struct meter *meter, const struct measurement *window)
{
	energy_count(&meter->energies, window, meter->tariff - 1);
	if (!window->partial && window->serial != meter->shown.serial)
		meter->shown = *window;
}

/* --- reading --- */

static int64_t round_to(double value, int exponent)
{
	static const double power[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};

	/* half away from zero; what is meant to be a half is measured a little off it */
	return llround(value * power[-exponent] * (1 + HALF_TOLERANCE));
}

static struct point_value measured(const struct meter *meter, const struct point *point,
				   double value)
{
	int exponent = meter->model->exponent[point->kind];

	return (struct point_value){.number = round_to(value, exponent), .exponent = exponent};
}

static struct point_value whole(int64_t number)
{
	return (struct point_value){.number = number};
}

static struct point_value phase_value(const struct meter *meter, const struct point *point)
{
	const struct element_phase *ph = &meter->shown.phase[point->phase - 1];

	switch (point->kind) {
	case POINT_VOLTAGE:
		return measured(meter, point, ph->voltage_v);
	case POINT_CURRENT: /* signed: field-facts.md 4.2 */
		return measured(meter, point, ph->reverse ? -ph->current_a : ph->current_a);
	case POINT_ACTIVE_POWER:
		return measured(meter, point, ph->active_w / 1000);
	case POINT_REACTIVE_POWER:
		return measured(meter, point, ph->reactive_var / 1000);
	case POINT_APPARENT_POWER:
		return measured(meter, point, ph->apparent_va / 1000);
	case POINT_VOLTAGE_ANGLE:
		return measured(meter, point, ph->voltage_angle_deg);
	case POINT_CURRENT_LAG:
		return measured(meter, point, ph->lag_deg);
	case POINT_VOLTAGE_THD:
		return measured(meter, point, ph->voltage_thd * 100);
	case POINT_CURRENT_THD:
		return measured(meter, point, ph->current_thd * 100);
	case POINT_QUADRANT:
		return whole(ph->quadrant);
	default: /* POINT_DIRECTION */
		return whole(ph->reverse);
	}
}

static struct point_value total_value(const struct meter *meter, const struct point *point)
{
	const struct measurement *m = &meter->shown;

	switch (point->kind) {
	case POINT_ACTIVE_POWER:
		return measured(meter, point, m->active_w / 1000);
	case POINT_REACTIVE_POWER:
		return measured(meter, point, m->reactive_var / 1000);
	case POINT_APPARENT_POWER:
		return measured(meter, point, m->apparent_va / 1000);
	case POINT_FREQUENCY:
		return measured(meter, point, m->frequency_hz);
	default: /* POINT_QUADRANT */
		return whole(m->serial ? m->quadrant : 1);
	}
}

/*
 * |P| / sqrt(P^2 + Q^2), unsigned (field-facts.md 4.2: also of the totals, not by the sum of S).
 * Where the denominator shows zero the model says what the display does.
 */
static struct point_value power_factor(const struct meter *meter, const struct point *point)
{
	const struct measurement *m = &meter->shown;
	const bool total = point->phase == 0;
	const struct element_phase *ph = total ? NULL : &m->phase[point->phase - 1];
	const double s = total ? hypot(m->active_w, m->reactive_var) : ph->apparent_va;

	if (round_to(s / 1000, meter->model->exponent[POINT_APPARENT_POWER]) == 0)
		return measured(meter, point, meter->model->idle_power_factor);
	return measured(meter, point, total ? m->power_factor : ph->power_factor);
}

/* Counters of one part, and whether it is one that code 10 nets. */
static struct energy part_of(const struct energy_counters *c, enum energy_part part, bool net)
{
	const struct energy *tariff = net ? c->net : c->tariff;
	struct energy sum;

	switch (part) {
	case PART_SUM:
		sum = tariff[0];
		energy_add(&sum, &tariff[1]);
		return sum;
	case PART_T1:
	case PART_T2:
		return tariff[part - PART_T1];
	default:
		return c->phase[part - PART_L1];
	}
}

/* Cut, never rounded up, to 10^exponent kWh; exponent -2 is 10 Wh. */
static int64_t cut(const struct energy *e, int exponent)
{
	int64_t wh_per_step = 1000;

	for (int i = 0; i > exponent; i--)
		wh_per_step /= 10;
	return e->wh / wh_per_step;
}

/* 7.11, "LCD reading and calculation of total energy"; signs as in the table's first row. */
static int64_t total_energy(int64_t code, const struct energy *f, const struct energy *r,
			    int exponent)
{
	struct energy result;
	int sign = 1;

	switch (code) {
	case 4:
		result = *r;
		sign = -1;
		break;
	case 5:
	case 6:
		result = *f;
		energy_add(&result, r);
		sign = code == 5 ? 1 : -1;
		break;
	case 9:
	case 10:
	case 11:
		sign = energy_difference(f, r, &result);
		break;
	default: /* 1 */
		result = *f;
		break;
	}
	return sign * cut(&result, exponent);
}

static struct point_value energy_value(const struct meter *meter, const struct point *point)
{
	const struct energy_counters *c = meter->energies.counters[point->reactive];
	const int64_t code = meter->setting[POINT_COMBINATION_CODE];
	const int exponent = meter->model->exponent[POINT_ENERGY];
	const bool net = code == CODE_VECTOR;
	const struct energy f = part_of(&c[ENERGY_FORWARD], point->part, net);
	const struct energy r = part_of(&c[ENERGY_REVERSE], point->part, net);
	int64_t number;

	if (point->flow == FLOW_TOTAL)
		number = total_energy(code, &f, &r, exponent);
	else
		number = cut(point->flow == FLOW_FORWARD ? &f : &r, exponent);
	return (struct point_value){.number = number, .exponent = exponent};
}

/* 7.9: forward energy since the last reset. */
static struct point_value day_counter(const struct meter *meter)
{
	const struct energy_registers *e = &meter->energies;
	const bool net = meter->setting[POINT_COMBINATION_CODE] == CODE_VECTOR;
	const int exponent = meter->model->exponent[POINT_ENERGY];

	return (struct point_value){.number = cut(net ? &e->day_net : &e->day_sum, exponent),
				    .exponent = exponent};
}

/* 8.1: S, program and EEPROM, phases A B C, one decimal digit each. */
static int64_t status_word(const struct meter *meter)
{
	int64_t digits = STATUS_PASSED;
	int64_t place = 100;

	for (int p = 0; p < WAVE_PHASES; p++, place /= 10) {
		if (meter->shown.phase[p].voltage_v >= meter->model->present_v)
			digits += place;
	}
	return digits;
}

static struct point_value identity(const struct meter *meter, enum point_kind kind)
{
	const struct model *model = meter->model;

	switch (kind) {
	case POINT_SERIAL:
		return whole(meter->serial);
	case POINT_METER_CODE:
		return whole(model->meter_code);
	case POINT_PROTOCOL_VERSION:
		return (struct point_value){.number = model->protocol_version, .exponent = -2};
	case POINT_SOFTWARE_VERSION:
		return (struct point_value){.number = model->software_version, .exponent = -2};
	case POINT_HARDWARE_VERSION:
		return (struct point_value){.number = model->hardware_version, .exponent = -2};
	case POINT_RATED_CURRENT:
		return whole(model->rated_current_a);
	case POINT_CHECKSUM:
		return whole(model->checksum);
	default: /* POINT_NAME */
		return (struct point_value){.text = model->meter_name};
	}
}

static struct point_value state(const struct meter *meter, enum point_kind kind)
{
	switch (kind) {
	case POINT_DAY_COUNTER:
		return day_counter(meter);
	case POINT_TARIFF:
		return whole(meter->tariff);
	case POINT_POWER_DOWN_COUNTER:
		return whole(meter->power_downs);
	case POINT_STATUS_WORD:
		return whole(status_word(meter));
	default: /* POINT_ERROR: 4015 is a thing of the PRO1 */
		return whole(0);
	}
}

static int setting_value(const struct meter *meter, const struct point *point,
			 struct point_value *ret)
{
	const struct model_setting *s = &meter->model->setting[point->kind];

	if (!s->present)
		return -ENOENT;
	*ret = (struct point_value){.number = point->output == 2 ? meter->s0_rate_reverse
								 : meter->setting[point->kind],
				    .exponent = s->exponent};
	return 0;
}

static bool is_identity(enum point_kind kind)
{
	return (kind >= POINT_SERIAL && kind <= POINT_RATED_CURRENT) || kind == POINT_CHECKSUM;
}

int meter_get(const struct meter *meter, const struct point *point, struct point_value *ret)
{
	if (point->setting)
		return setting_value(meter, point, ret);
	if (point->kind == POINT_POWER_FACTOR)
		*ret = power_factor(meter, point);
	else if (point->kind == POINT_ENERGY)
		*ret = energy_value(meter, point);
	else if (is_identity(point->kind))
		*ret = identity(meter, point->kind);
	else if (point->kind > POINT_ENERGY)
		*ret = state(meter, point->kind);
	else if (point->phase)
		*ret = phase_value(meter, point);
	else
		*ret = total_value(meter, point);
	return 0;
}

int64_t meter_setting(const struct meter *meter, enum point_kind kind)
{
	return meter->setting[kind];
}

void meter_power_returned(struct meter *meter)
{
	if (meter->power_downs < POWER_DOWNS_MAX)
		meter->power_downs++;
}

/* --- writing --- */

/* number * 10^from in units of 10^to, if that is a whole number. */
static bool rescale(int64_t number, int from, int to, int64_t *ret)
{
	for (; from > to; from--) {
		if (number > INT64_MAX / 10 || number < INT64_MIN / 10)
			return false;
		number *= 10;
	}
	for (; from < to; from++) {
		if (number % 10 != 0)
			return false;
		number /= 10;
	}
	*ret = number;
	return true;
}

static bool resettable(const struct point *point)
{
	return point->kind == POINT_DAY_COUNTER || point->kind == POINT_POWER_DOWN_COUNTER;
}

enum meter_answer meter_check(const struct meter *meter, const struct point *point, int64_t number,
			      int exponent, enum meter_who who)
{
	const struct model_setting *s = &meter->model->setting[point->kind];
	int64_t scaled;

	if (resettable(point))
		return METER_OK; /* A3.2: any value resets */
	if (!s->present || (!point->setting && point->kind != POINT_TARIFF))
		return METER_READ_ONLY;
	if (s->has_final && meter->setting[point->kind] == s->final && who != WHO_CONFIG &&
	    !(rescale(number, exponent, s->exponent, &scaled) && scaled == s->final))
		return METER_ONCE;
	if (!rescale(number, exponent, s->exponent, &scaled) || !model_setting_allows(s, scaled))
		return METER_RANGE;
	return METER_OK;
}

/* A3.2: 11 and 12 choose the tariff without saving it. */
static void set_tariff(struct meter *meter, int64_t code)
{
	meter->tariff = code % 10 == 2 ? 2 : 1;
	if (code < 10)
		meter->tariff_saved = meter->tariff;
}

static void reset(struct meter *meter, enum point_kind kind)
{
	if (kind == POINT_POWER_DOWN_COUNTER) {
		meter->power_downs = 0;
		return;
	}
	meter->energies.day_sum = (struct energy){0};
	meter->energies.day_net = (struct energy){0};
}

enum meter_answer meter_set(struct meter *meter, const struct point *point, int64_t number,
			    int exponent, enum meter_who who)
{
	const struct model_setting *s = &meter->model->setting[point->kind];
	enum meter_answer answer = meter_check(meter, point, number, exponent, who);
	int64_t scaled = 0;

	if (answer != METER_OK)
		return answer;
	meter->writes++;
	if (resettable(point)) {
		reset(meter, point->kind);
		return METER_OK;
	}
	rescale(number, exponent, s->exponent, &scaled);
	if (point->kind == POINT_TARIFF) {
		set_tariff(meter, scaled);
		return METER_OK;
	}
	if (point->output != 2)
		meter->setting[point->kind] = scaled;
	if (point->kind == POINT_S0_RATE && point->output != 1)
		meter->s0_rate_reverse = scaled;
	return METER_OK;
}

uint64_t meter_writes(const struct meter *meter)
{
	return meter->writes;
}

const char *meter_answer_text(enum meter_answer answer)
{
	static const char *const texts[] = {
		[METER_OK] = "ok",
		[METER_READ_ONLY] = "cannot be set",
		[METER_RANGE] = "is not a value that it can have",
		[METER_ONCE] = "can be set only once",
	};

	return texts[answer];
}

/* --- what it has counted so far --- */

static enum meter_answer preset_energy(struct meter *meter, const struct point *point, int64_t wh)
{
	const enum energy_direction d = point->flow == FLOW_REVERSE;
	struct energy_counters *c = &meter->energies.counters[point->reactive][d];
	const struct energy e = {.wh = wh};

	if (point->flow == FLOW_TOTAL)
		return METER_READ_ONLY; /* follows from the two directions */
	if (point->part >= PART_L1) {
		c->phase[point->part - PART_L1] = e;
		meter->phase_preset[point->reactive][d] = true;
		return METER_OK;
	}
	c->tariff[point->part == PART_T2] = e;
	c->net[point->part == PART_T2] = e;
	return METER_OK;
}

enum meter_answer meter_preset(struct meter *meter, const struct point *point, int64_t wh)
{
	if (wh < 0)
		return METER_RANGE;
	if (point->kind == POINT_DAY_COUNTER) {
		meter->energies.day_sum = (struct energy){.wh = wh};
		meter->energies.day_net = (struct energy){.wh = wh};
		return METER_OK;
	}
	return point->kind == POINT_ENERGY ? preset_energy(meter, point, wh) : METER_READ_ONLY;
}

static void share_sum(struct energy_counters *c)
{
	struct energy sum = c->tariff[0];
	int64_t nj;

	energy_add(&sum, &c->tariff[1]);
	nj = sum.wh % WAVE_PHASES * ENERGY_NJ_PER_WH + sum.nj;
	for (int p = 0; p < WAVE_PHASES; p++)
		c->phase[p] = (struct energy){.wh = sum.wh / WAVE_PHASES, .nj = nj / WAVE_PHASES};
}

void meter_preset_finish(struct meter *meter)
{
	for (int k = 0; k < ENERGY_KINDS; k++) {
		for (int d = 0; d < ENERGY_DIRECTIONS; d++) {
			if (!meter->phase_preset[k][d])
				share_sum(&meter->energies.counters[k][d]);
		}
	}
}
