/* SPDX-License-Identifier: MIT */
/* fixture - a meter as a configuration describes it */
#include "fixture.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/modbus/mbrtu_slave.h"
#include "sim/bench_meter.h"

struct fixture {
	struct bench_conf *conf;
	struct metering_scratch *scratch;
	struct bench_meter *meter;
	struct mbpdu *pdu;
	struct mbrtu_slave *slave;
	struct slave_tx tx;
	int64_t bus_ns;
	uint8_t frame[512];
	size_t frame_len;
	int64_t ready_ns;
	struct slave_format format;
};

static void keep(void *ctx, const struct slave_answer *answer)
{
	struct fixture *fixture = ctx;

	assert_true(answer->len_bytes <= sizeof(fixture->frame));
	memcpy(fixture->frame, answer->bytes, answer->len_bytes);
	fixture->frame_len = answer->len_bytes;
	fixture->ready_ns = answer->ready_ns;
	fixture->format = answer->format;
}

struct fixture *fixture_create(const char *const extra[])
{
	struct fixture *f = calloc(1, sizeof(*f));
	char text[8192];
	size_t used = (size_t)snprintf(text, sizeof(text),
				       "meters:\n  - name: main\n    model: pro380-mod\n"
				       "    serial: 16100649\n");
	struct diag *diag;

	assert_non_null(f);
	assert_int_equal(diag_create(&diag), 0);
	for (size_t i = 0; extra && extra[i]; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "    %s\n", extra[i]);
	used += (size_t)snprintf(
		text + used, sizeof(text) - used,
		"lines:\n  - {name: l, protocol: modbus, port: pty, meters: [main]}\n");
	assert_true(used < sizeof(text));
	if (bench_conf_parse(&f->conf, "fixture", text, used, diag) < 0) {
		for (size_t i = 0; diag_text(diag, i); i++)
			print_error("%s\n", diag_text(diag, i));
		fail_msg("the fixture's configuration is bad:\n%s", text);
	}
	assert_int_equal(metering_scratch_create(&f->scratch), 0);
	assert_int_equal(
		bench_meter_create(&f->meter, &f->conf->meters[0], f->scratch, 1, NULL, diag), 0);
	diag_destroy(diag);
	f->tx = (struct slave_tx){.send = keep, .ctx = f};
	bench_meter_start(f->meter);
	return f;
}

void fixture_destroy(struct fixture *f)
{
	mbrtu_slave_destroy(f->slave);
	mbpdu_destroy(f->pdu);
	bench_meter_destroy(f->meter);
	metering_scratch_destroy(f->scratch);
	bench_conf_destroy(f->conf);
	free(f);
}

struct meter *fixture_meter(struct fixture *f)
{
	return bench_meter_instrument(f->meter);
}

struct model *fixture_model(struct fixture *f)
{
	return (struct model *)(uintptr_t)meter_model(fixture_meter(f));
}

void fixture_run(struct fixture *f, int64_t ns)
{
	while (bench_meter_measured_ns(f->meter) < ns)
		bench_meter_step(f->meter);
}

double fixture_value(struct fixture *f, const char *name)
{
	const struct point *point = point_find(name);
	struct point_value value;
	char text[64];

	assert_non_null(point);
	assert_int_equal(meter_get(fixture_meter(f), point, &value), 0);
	point_format(&value, text, sizeof(text));
	return strtod(text, NULL);
}

enum meter_answer fixture_set(struct fixture *f, const char *name, int64_t number, int exponent,
			      enum meter_who who)
{
	const struct point *point = point_find(name);

	assert_non_null(point);
	return meter_set(fixture_meter(f), point, number, exponent, who);
}

struct slave fixture_slave(struct fixture *f, const struct mbrtu_slave_config *config)
{
	mbrtu_slave_destroy(f->slave);
	f->slave = NULL;
	if (!f->pdu)
		assert_int_equal(mbpdu_create(&f->pdu), 0);
	assert_int_equal(mbrtu_slave_create(&f->slave, fixture_meter(f), f->pdu, &f->tx, config),
			 0);
	return mbrtu_slave_station(f->slave);
}

size_t fixture_ask(struct fixture *f, const uint8_t *request, size_t len_bytes, uint8_t answer[512])
{
	uint8_t frame[600];
	struct slave slave;
	int64_t due_ns;

	if (!f->slave)
		fixture_slave(f, &(struct mbrtu_slave_config){.immediate = false});
	slave = mbrtu_slave_station(f->slave);
	assert_true(len_bytes + 2 <= sizeof(frame));
	memcpy(frame, request, len_bytes);
	len_bytes = fixture_crc(frame, len_bytes);
	f->frame_len = 0;
	f->bus_ns += NS_PER_S;
	slave.ops->rx(slave.ctx, f->bus_ns, frame, len_bytes);
	due_ns = slave.ops->tick(slave.ctx, f->bus_ns);
	if (due_ns != SLAVE_IDLE)
		slave.ops->tick(slave.ctx, due_ns);
	memcpy(answer, f->frame, f->frame_len);
	return f->frame_len;
}

int64_t fixture_ready_ns(const struct fixture *f)
{
	return f->ready_ns;
}

struct slave_format fixture_format(const struct fixture *f)
{
	return f->format;
}

void fixture_messages(const struct diag *diag, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; diag_text(diag, i) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s\n", diag_text(diag, i));
	assert_true(used < size);
}

static unsigned nibble(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(tolower(c) - 'a' + 10);
}

size_t fixture_bytes(const char *hex, uint8_t *bytes, size_t cap_bytes)
{
	size_t n = 0;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		assert_true(isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1]));
		assert_true(n < cap_bytes);
		bytes[n++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
		hex += 2;
	}
	return n;
}

size_t fixture_crc(uint8_t *bytes, size_t len_bytes)
{
	const uint16_t crc = mb_crc(bytes, len_bytes);

	bytes[len_bytes] = (uint8_t)crc;
	bytes[len_bytes + 1] = (uint8_t)(crc >> 8);
	return len_bytes + 2;
}
