/* SPDX-License-Identifier: MIT */
/*
 * fuzz_line - any bytes, in any pieces, at any time and baud rate, to a line with two meters
 *
 * The input's first byte: bit 0 paced, bit 1 one address for both meters, bit 2 echo, bit 3 a port
 * with a wire of its own, the others the turnaround in ms. The second one a fault that strikes
 * every other time: bit 0 on requests, bits 1 and 2 how, the others what. Then steps: the low two
 * bits of a byte say what, the others how much (n): 0  the next n + 1 bytes at the meters' baud
 * rate (n odd) or an unknown one 1  a frame: the next n + 1 bytes and their CRC, at a rate that the
 * last step left 2  n * n * 100 us pass, with or without (n odd) a look at the line in between 3 n:
 * 0 the client leaves, 1 it does not tell its rate, else it sets a rate A line that has been looked
 * at must never ask for a time that has gone by, and must come to rest when nothing is said any
 * more.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/modbus/mbrtu_slave.h"
#include "protocols/modbus/mbtelegram.h"
#include "shared.h"
#include "sim/line.h"

#define METERS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left_bytes;
};

struct bus {
	struct line *line;
	struct meter *meter[METERS];
	struct mbrtu_slave *slave[METERS];
	int64_t now_ns;
	uint32_t baud;
	bool left; /* the client, and nobody has spoken since */
};

static void to_client(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	const struct bus *bus = ctx;

	if (!bytes || !len_bytes || bus->left)
		abort();
}

static int64_t tick(struct bus *bus)
{
	const int64_t due_ns = line_tick(bus->line, bus->now_ns);

	if (due_ns <= bus->now_ns)
		abort();
	return due_ns;
}

/* To the end of everything that is under way. */
static void run(struct bus *bus, int64_t until_ns)
{
	int64_t due_ns = tick(bus);

	while (due_ns <= until_ns && due_ns != CLK_NEVER) {
		bus->now_ns = due_ns;
		due_ns = tick(bus);
	}
}

static size_t take(struct input *in, uint8_t *bytes, size_t n)
{
	if (n > in->left_bytes)
		n = in->left_bytes;
	memcpy(bytes, in->at, n);
	in->at += n;
	in->left_bytes -= n;
	return n;
}

static void say(struct bus *bus, struct input *in, size_t n, uint32_t baud, bool with_crc)
{
	uint8_t bytes[64 + 2];
	uint16_t crc;

	n = take(in, bytes, n);
	if (with_crc) {
		crc = mb_crc(bytes, n);
		bytes[n++] = (uint8_t)crc;
		bytes[n++] = (uint8_t)(crc >> 8);
	}
	if (!n)
		return;
	bus->left = false;
	line_receive(bus->line, bus->now_ns, bytes, n,
		     &(struct slave_format){.baud = baud, .parity = SLAVE_PARITY_UNKNOWN});
	tick(bus);
}

static void step(struct bus *bus, struct input *in)
{
	uint8_t what;
	size_t n;

	take(in, &what, 1);
	n = what >> 2;
	switch (what & 3) {
	case 0:
		say(bus, in, n + 1, n & 1 ? (uint32_t)meter_setting(bus->meter[0], POINT_BAUD) : 0,
		    false);
		break;
	case 1:
		say(bus, in, n + 1, bus->baud, true);
		break;
	case 2:
		if (!(n & 1))
			run(bus, bus->now_ns + (int64_t)(n * n) * 100 * NS_PER_US);
		bus->now_ns += (int64_t)(n * n) * 100 * NS_PER_US;
		tick(bus);
		break;
	default:
		if (n == 0) {
			bus->left = true;
			line_client_left(bus->line);
			tick(bus);
		} else {
			bus->baud = n == 1 ? 0 : (uint32_t)(300 << (n & 7));
		}
		break;
	}
}

/* Every kind of fault; those that cannot be are refused. */
static void add_fault(struct bus *bus, uint8_t what)
{
	const struct fault_rule rule = {.name = "fault",
					.direction = what & 1 ? FAULT_REQUEST : FAULT_ANSWER,
					.how = what >> 1 & 3,
					.kind = (enum fault_kind)(what >> 3),
					.amount = 1 + (what & 15),
					.time_ns = {0, 20 * NS_PER_MS},
					.probability = 0.5};

	if (rule.kind < FAULT_KINDS)
		faults_add(line_faults(bus->line), &rule);
}

static void check_telegram(void *ctx, const struct telegram *telegram,
			   const struct slave_format *format)
{
	char text[TELEGRAM_TEXT_MAX];

	(void)ctx;
	if (!telegram->len_bytes || telegram->end_ns < telegram->begin_ns || format->baud < 300)
		abort();
	mb_protocol.describe(telegram, NULL, text);
	if (!memchr(text, '\0', sizeof(text)))
		abort();
}

static void set_up(struct bus *bus, uint8_t flags, uint8_t fault)
{
	const struct line_config config = {.name = "line",
					   .protocol = &mb_protocol,
					   .paced = flags & 1,
					   .echo = flags & 4,
					   .wire = flags & 8,
					   .latency_ns = flags & 8 ? 20 * NS_PER_MS : 0,
					   .turnaround_min_ns = (flags >> 4) * NS_PER_MS,
					   .turnaround_max_ns = (flags >> 3) * NS_PER_MS};
	const struct mbrtu_slave_config station = {.immediate = !config.paced,
						   .latency_ns = config.latency_ns};
	const struct line_output output = {.send = to_client,
					   .telegram = check_telegram,
					   .ctx = bus};

	if (line_create(&bus->line, &config, &output) < 0)
		abort();
	add_fault(bus, fault);
	for (int i = 0; i < METERS; i++) {
		struct slave slave;

		if (meter_create(&bus->meter[i], shared_model(), 16100649) < 0)
			abort();
		meter_set(bus->meter[i], point_find("setting.modbus_id"),
			  flags & 2 || i == 0 ? 1 : 2, 0, WHO_CONFIG);
		if (mbrtu_slave_create(&bus->slave[i], bus->meter[i], shared_pdu(),
				       line_slave_tx(bus->line), &station) < 0)
			abort();
		slave = mbrtu_slave_station(bus->slave[i]);
		if (line_add(bus->line, &slave) < 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.at = data + 2, .left_bytes = size > 2 ? size - 2 : 0};
	struct bus bus = {.now_ns = NS_PER_S};

	if (size < 2)
		return 0;
	set_up(&bus, data[0], data[1]);
	while (in.left_bytes)
		step(&bus, &in);
	run(&bus, CLK_NEVER);
	for (int i = 0; i < METERS; i++) {
		mbrtu_slave_destroy(bus.slave[i]);
		meter_destroy(bus.meter[i]);
	}
	line_destroy(bus.line);
	return 0;
}
