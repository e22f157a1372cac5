/* SPDX-License-Identifier: MIT */
/*
 * fuzz_modbus_slave - any bytes, in any pieces and at any pace, to a Modbus slave
 *
 * The input's first byte: bit 0 immediate, bit 1 characters may be told of late. Then steps: the
 * low two bits of a byte say what, the others how much (n): 0  the next n + 1 bytes, without a gap
 * before them 1  a gap of n quarters of a character 2  a frame: the next n + 1 bytes and their CRC
 *   3  n odd: a point is set to the next byte, as by the API; n even: 10 n ms pass
 * Every answer must be one to the frame that the slave has just heard.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/modbus/mbrtu_slave.h"
#include "shared.h"

#define HEARD_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left_bytes;
};

struct bus {
	struct meter *meter;
	struct slave slave;
	bool immediate; /* then characters take no time */
	int64_t now_ns;
	size_t heard_bytes; /* since the last silence */
	uint8_t heard[HEARD_MAX];
};

static void check_answer(void *ctx, const struct slave_answer *answer)
{
	const uint8_t *frame = answer->bytes;
	const size_t len_bytes = answer->len_bytes;
	struct bus *bus = ctx;

	if (len_bytes < 5 || len_bytes > MB_FRAME_MAX || !mb_frame_intact(frame, len_bytes))
		abort();
	if (frame[0] < 1 || frame[0] > MB_UNIT_MAX)
		abort();
	if (bus->heard_bytes < MB_FRAME_MIN || bus->heard_bytes > MB_FRAME_MAX ||
	    (frame[1] & 0x7f) != bus->heard[1])
		abort();
	if (bus->heard[0] != frame[0] && (bus->heard[0] != 0 || frame[1] & ~0x83))
		abort();
	if (answer->ready_ns > bus->now_ns || answer->format.baud < 300 ||
	    slave_char_bits(answer->format.parity) < 10)
		abort();
	bus->heard_bytes = 0;
}

/* Lets the slave see the time; silence makes it forget what it has heard. */
static void tick(struct bus *bus)
{
	const int64_t due_ns = bus->slave.ops->tick(bus->slave.ctx, bus->now_ns);

	if (due_ns == SLAVE_IDLE)
		bus->heard_bytes = 0;
	else if (due_ns <= bus->now_ns)
		abort();
}

static int64_t char_ns(const struct bus *bus)
{
	const struct slave_format format = bus->slave.ops->format(bus->slave.ctx);

	return slave_char_ns(&format);
}

static void say(struct bus *bus, const uint8_t *bytes, size_t len_bytes)
{
	tick(bus);
	for (size_t i = 0; i < len_bytes; i++) {
		if (bus->heard_bytes < HEARD_MAX)
			bus->heard[bus->heard_bytes++] = bytes[i];
	}
	if (!bus->immediate)
		bus->now_ns += (int64_t)len_bytes * char_ns(bus);
	bus->slave.ops->rx(bus->slave.ctx, bus->now_ns, bytes, len_bytes);
	tick(bus);
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

static void say_frame(struct bus *bus, struct input *in, size_t n)
{
	uint8_t frame[64 + 2];
	uint16_t crc;

	n = take(in, frame, n);
	crc = mb_crc(frame, n);
	frame[n] = (uint8_t)crc;
	frame[n + 1] = (uint8_t)(crc >> 8);
	say(bus, frame, n + 2);
}

static void step(struct bus *bus, struct input *in)
{
	uint8_t what, value = 0, bytes[64];
	size_t n;

	take(in, &what, 1);
	n = what >> 2;
	switch (what & 3) {
	case 0:
		n = take(in, bytes, n + 1);
		say(bus, bytes, n);
		break;
	case 1:
		bus->now_ns += (int64_t)n * char_ns(bus) / 4;
		tick(bus);
		break;
	case 2:
		say_frame(bus, in, n + 1);
		break;
	default:
		if (n & 1 && take(in, &value, 1))
			meter_set(bus->meter, point_at(point_count() - 1 - n / 2), value, 0,
				  WHO_API);
		else
			bus->now_ns += (int64_t)n * 10 * NS_PER_MS;
		tick(bus);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct measurement window = {
		.duration_ns = 200 * NS_PER_MS,
		.serial = 1,
		.phase = {{.active_nj = 5000 * ENERGY_NJ_PER_WH, .voltage_v = 230},
			  {.active_nj = -12000 * ENERGY_NJ_PER_WH, .voltage_v = 231},
			  {.reactive_nj = 5000 * ENERGY_NJ_PER_WH, .voltage_v = 0}},
	};
	struct input in = {.at = data + 1, .left_bytes = size ? size - 1 : 0};
	struct bus bus = {.now_ns = NS_PER_S, .immediate = size && data[0] & 1};
	const struct slave_tx tx = {.send = check_answer, .ctx = &bus};
	const struct mbrtu_slave_config config = {
		.immediate = bus.immediate,
		.latency_ns = size && data[0] & 2 ? 20 * NS_PER_MS : 0,
	};
	struct mbrtu_slave *slave;

	if (!size || meter_create(&bus.meter, shared_model(), 16100649) < 0)
		return 0;
	if (mbrtu_slave_create(&slave, bus.meter, shared_pdu(), &tx, &config) < 0)
		abort();
	bus.slave = mbrtu_slave_station(slave);
	meter_count(bus.meter, &window);
	while (in.left_bytes)
		step(&bus, &in);
	bus.now_ns += NS_PER_S;
	tick(&bus);
	mbrtu_slave_destroy(slave);
	meter_destroy(bus.meter);
	return 0;
}
