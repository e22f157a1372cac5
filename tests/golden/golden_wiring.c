/* SPDX-License-Identifier: MIT */
/*
 * golden_wiring - what a miswired meter shows, from the scenario to the registers of manual A3.2
 *
 * 230 V, 50 Hz. Where nothing else is said L1 has 10 A at 0 deg, L2 5 A at 60, L3 2 A at 30, so
 * that P is 2300, 575 and 398.37 W and the currents stand at 0, -180 and 90 degrees. Worked out by
 * hand; the star point without a neutral is worked out in unit/test_network.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/clk.h"
#include "near.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A meter whose scenario sets this after a second. */
static struct fixture *miswired(const char *connection, const char *load, const char *set)
{
	char path[] = "/tmp/metersim-wiring-XXXXXX", lines[3][128];
	const char *extra[] = {lines[0], lines[1], lines[2], NULL};
	struct fixture *f;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(dprintf(fd,
			    "name: miswired\nduration: 1h\n"
			    "timeline: [{at: 0s, set: {grid.voltage: 230}}, {at: 1s, set: {%s}}]\n",
			    set) > 0);
	close(fd);
	snprintf(lines[0], sizeof(lines[0]), "connection: %s", connection);
	snprintf(lines[1], sizeof(lines[1]), "load: {%s}", load);
	snprintf(lines[2], sizeof(lines[2]), "scenario: %s", path);
	f = fixture_create(extra);
	unlink(path);
	return f;
}

static double float_at(const uint8_t *bytes)
{
	const uint32_t bits = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
			      (uint32_t)bytes[2] << 8 | bytes[3];
	float number;

	memcpy(&number, &bits, sizeof(number));
	return (double)number;
}

struct shown {
	double v[3], a[3], kw[4]; /* total, L1, L2, L3 */
};

static void check_shown(struct fixture *f, const char *name, const struct shown *want)
{
	static const uint8_t request[] = {1, 3, 0x50, 0x00, 0, 50};
	const struct {
		unsigned address, count;
		const double *want;
	} parts[] = {{0x02, 3, want->v}, {0x0c, 3, want->a}, {0x12, 4, want->kw}};
	uint8_t answer[512];

	assert_int_equal(fixture_ask(f, request, sizeof(request), answer), 105);
	for (size_t i = 0; i < COUNT(parts); i++) {
		for (unsigned k = 0; k < parts[i].count; k++) {
			const unsigned address = parts[i].address + 2 * k;
			const double got = float_at(answer + 3 + 2 * address);

			if (!(fabs(got - parts[i].want[k]) <= 2e-5))
				fail_msg("%s: 50%02X is %.7g, not %.7g", name, address, got,
					 parts[i].want[k]);
		}
	}
}

#define LOAD     "current: [10, 5, 2], angle: [0, 60, 30]"
#define RESISTOR "current: [10, 5, 2]"
#define THREE    "current: 10, angle: 30" /* 1991.86 W a phase, 5975.58 W */
#define ALL_V                                                                                      \
	{                                                                                          \
		230, 230, 230                                                                      \
	}
#define ALL_A                                                                                      \
	{                                                                                          \
		10, 5, 2                                                                           \
	}

static void what_is_shown(void **state)
{
	static const struct {
		const char *connection;
		const char *load;
		const char *set;
		struct shown want;
	} rows[] = {
		{"3p4w",
		 LOAD,
		 "wiring.ct_reversed: false",
		 {ALL_V, ALL_A, {3.273, 2.3, 0.575, 0.398}}},
		/* L2 counts backwards: 2300 - 575 + 398.37 */
		{"3p4w",
		 LOAD,
		 "wiring.ct_reversed.l2: true",
		 {ALL_V, {10, -5, 2}, {2.123, 2.3, -0.575, 0.398}}},
		/* U2 with I1: 120 deg apart, -1150 W; U1 with I2: 180 deg apart, -1150 W */
		{"3p4w",
		 LOAD,
		 "wiring.voltage: [l2, l1, l3]",
		 {ALL_V, {-10, -5, 2}, {-1.902, -1.15, -1.15, 0.398}}},
		{"3p4w",
		 LOAD,
		 "wiring.current: [l2, l1, l3]",
		 {ALL_V, {-5, -10, 2}, {-1.902, -1.15, -1.15, 0.398}}},
		/* both: all is right again, but for the names */
		{"3p4w",
		 LOAD,
		 "wiring.voltage: [l2, l1, l3], wiring.current: [l2, l1, l3]",
		 {ALL_V, {5, 10, 2}, {3.273, 0.575, 2.3, 0.398}}},
		/* U3 with I1: 120 deg apart */
		{"3p4w",
		 LOAD,
		 "wiring.current.l3: l1",
		 {ALL_V, {10, 5, -10}, {1.725, 2.3, 0.575, -1.15}}},
		{"3p4w",
		 LOAD,
		 "wiring.current.l1: none",
		 {ALL_V, {0, 5, 2}, {0.973, 0, 0.575, 0.398}}},
		{"3p4w",
		 LOAD,
		 "wiring.ct_factor.l1: 0.5",
		 {ALL_V, {5, 5, 2}, {2.123, 1.15, 0.575, 0.398}}},
		{"3p4w",
		 LOAD,
		 "wiring.voltage.l1: none",
		 {{0, 230, 230}, ALL_A, {0.973, 0, 0.575, 0.398}}},
		{"3p4w",
		 LOAD,
		 "supply.l2: false",
		 {{230, 0, 230}, {10, 0, 2}, {2.698, 2.3, 0, 0.398}}},
		{"3p4w", LOAD, "supply: false, supply.neutral: false", {{0}, {0}, {0}}},
		{"3p4w", LOAD, "supply: false", {{0}, {0}, {0}}},
		/* 146.343 V * 6.36274 A, 260.946 * 5.67274, 309.998 * 2.69563 */
		{"3p4w",
		 RESISTOR,
		 "supply.neutral: false",
		 {{146.3, 260.9, 310}, {6.36, 5.67, 2.7}, {3.247, 0.931, 1.48, 0.836}}},
		/* without L3 23 and 46 Ohm in series at 398.37 V */
		{"3p4w",
		 RESISTOR,
		 "supply.neutral: false, supply.l3: false",
		 {{132.8, 265.6, 0}, {5.77, 5.77, 0}, {2.3, 0.767, 1.533, 0}}},
		/* U12 leads U1 by 30 deg: 3983.72 W cos 60; U32 is in phase with I3: 3983.72 W */
		{"3p3w-aron",
		 THREE,
		 "wiring.ct_reversed: false",
		 {{398.4, 0, 398.4}, {10, 10, 10}, {5.976, 1.992, 0, 3.984}}},
		{"3p3w-aron",
		 THREE,
		 "wiring.ct_reversed.l3: true",
		 {{398.4, 0, 398.4}, {10, 10, -10}, {-1.992, 1.992, 0, -3.984}}},
		{"3p3w-delta",
		 THREE,
		 "wiring.ct_reversed: false",
		 {ALL_V, {10, 10, 10}, {5.976, 1.992, 1.992, 1.992}}},
		/* L2 and L3 in series at 398.37 V, L1 at the star point between them */
		{"3p3w-delta",
		 "current: 10",
		 "supply.l1: false",
		 {{0, 199.2, 199.2}, {0, 8.66, 8.66}, {3.45, 0, 1.725, 1.725}}},
		{"1p2w",
		 LOAD,
		 "wiring.ct_reversed: false",
		 {{230, 0, 0}, {10, 0, 0}, {2.3, 2.3, 0, 0}}},
		{"1p2w", LOAD, "supply.neutral: false", {{0}, {0}, {0}}},
	};
	char name[160];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *f = miswired(rows[i].connection, rows[i].load, rows[i].set);

		fixture_run(f, 2 * NS_PER_S);
		snprintf(name, sizeof(name), "%s, %s", rows[i].connection, rows[i].set);
		check_shown(f, name, &rows[i].want);
		fixture_destroy(f);
	}
}

/* Before and after; and what is counted: one hour, of which L2 was reversed but for a second. */
static void mistakes_begin_at_their_time_and_count(void **state)
{
	static const struct shown before = {ALL_V, ALL_A, {3.273, 2.3, 0.575, 0.398}};
	struct fixture *f = miswired("3p4w", LOAD, "wiring.ct_reversed.l2: true");

	(void)state;
	fixture_run(f, NS_PER_S);
	check_shown(f, "before", &before);
	fixture_run(f, NS_PER_H);
	assert_near(fixture_value(f, "active_energy.forward.l1"), 2.3, 1e-9);
	assert_near(fixture_value(f, "active_energy.forward.l2"), 0, 1e-9);    /* 0.16 Wh */
	assert_near(fixture_value(f, "active_energy.reverse.l2"), 0.57, 1e-9); /* 574.84 Wh, cut */
	fixture_destroy(f);
}

/* 8.1: the fourth digit is phase B's, which is not available. */
static void the_status_word_tells_of_a_lost_phase(void **state)
{
	static const uint8_t request[] = {1, 3, 0x40, 0x1d, 0, 2};
	struct fixture *f = miswired("3p4w", LOAD, "supply.l2: false");
	uint8_t answer[512], want[8];

	(void)state;
	fixture_run(f, 2 * NS_PER_S);
	assert_int_equal(fixture_ask(f, request, sizeof(request), answer), 9);
	fixture_bytes("0011 0101", want, sizeof(want));
	assert_memory_equal(answer + 3, want, 4);
	fixture_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown),
		cmocka_unit_test(mistakes_begin_at_their_time_and_count),
		cmocka_unit_test(the_status_word_tells_of_a_lost_phase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
