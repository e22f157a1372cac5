/* SPDX-License-Identifier: MIT */
/* mbrtu_slave - Modbus RTU slave */
#include "protocols/modbus/mbrtu_slave.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "protocols/modbus/mbmap.h"

struct mbrtu_slave {
	struct meter *meter;
	struct mbpdu *pdu;
	const struct slave_tx *tx;
	struct mbrtu_slave_config config;
	bool gap;                        /* a silence in the running frame was too long */
	size_t len_bytes;                /* of the running frame; stops counting at sizeof(frame) */
	int64_t end_ns;                  /* of the last character heard */
	uint8_t frame[MB_FRAME_MAX + 1]; /* one more: full means overlong */
};

/* A request taken apart. */
struct request {
	const uint8_t *frame;
	size_t len_bytes;
	uint8_t unit;
	uint8_t function;
	uint16_t address;
	uint16_t count;
	uint16_t words[MB_READ_MAX];
};

static struct slave_format format_of(const struct meter *meter)
{
	static const enum slave_parity parities[] = {[POINT_PARITY_EVEN] = SLAVE_PARITY_EVEN,
						     [POINT_PARITY_NONE] = SLAVE_PARITY_NONE,
						     [POINT_PARITY_ODD] = SLAVE_PARITY_ODD};

	/* one stop bit always: manual A3.1 */
	return (struct slave_format){.baud = (uint32_t)meter_setting(meter, POINT_BAUD),
				     .parity = parities[meter_setting(meter, POINT_PARITY)]};
}

/* Function 03: how many registers, and their values. */
static enum mb_exception serve_read(struct mbrtu_slave *slave, struct request *rq)
{
	if (rq->count < 1 || rq->count > MB_READ_MAX)
		return MB_ILLEGAL_VALUE;
	return mbmap_read(slave->meter, rq->address, rq->count, rq->words);
}

static enum mb_exception serve_write_single(struct mbrtu_slave *slave, struct request *rq)
{
	rq->words[0] = rq->count; /* the value stands where others have the count */
	rq->count = 1;
	return mbmap_write(slave->meter, rq->address, 1, rq->words, true);
}

static enum mb_exception serve_write_multiple(struct mbrtu_slave *slave, struct request *rq)
{
	struct cursor_in in;

	if (rq->count < 1 || rq->count > MB_WRITE_MAX || rq->frame[6] != 2 * rq->count)
		return MB_ILLEGAL_VALUE;
	cursor_in_init(&in, rq->frame + 7, rq->len_bytes - 9);
	for (uint16_t i = 0; i < rq->count; i++)
		rq->words[i] = cursor_get_be16(&in);
	return mbmap_write(slave->meter, rq->address, rq->count, rq->words, false);
}

static enum mb_exception serve(struct mbrtu_slave *slave, struct request *rq)
{
	struct cursor_in in;

	if (!mb_function_served(rq->function))
		return MB_ILLEGAL_FUNCTION;
	cursor_in_init(&in, rq->frame + 2, rq->len_bytes - 2);
	rq->address = cursor_get_be16(&in);
	rq->count = cursor_get_be16(&in);
	switch (rq->function) {
	case MB_READ_HOLDING:
		return serve_read(slave, rq);
	case MB_WRITE_SINGLE:
		return serve_write_single(slave, rq);
	default:
		return serve_write_multiple(slave, rq);
	}
}

/* Whether this station has to look at a frame at all. */
static bool concerns(const struct mbrtu_slave *slave, const uint8_t *frame, size_t len_bytes)
{
	const uint8_t unit = frame[0], function = frame[1];
	const size_t expected = mb_request_length(frame, len_bytes);

	if (len_bytes > MB_FRAME_MAX || !mb_frame_intact(frame, len_bytes))
		return false;
	/* 80 hex and up are answers: of another station, or of an echo */
	if (function >= 0x80 || (expected && expected != len_bytes))
		return false;
	if (mb_function_served(function) && !expected)
		return false; /* cut short before its own byte count */
	if (unit != 0)
		return unit == meter_setting(slave->meter, POINT_MODBUS_ID);
	return mb_function_served(function);
}

static void answer(struct mbrtu_slave *slave, const uint8_t *frame, size_t len_bytes,
		   int64_t ready_ns)
{
	const struct slave_format format = format_of(slave->meter); /* before it may change */
	const bool broadcast = frame[0] == 0;
	const bool zero_read = broadcast && frame[1] == MB_READ_HOLDING &&
			       meter_model(slave->meter)->modbus.answer_zero;
	uint8_t as_ours[MB_FRAME_MAX], reply[MB_FRAME_MAX];
	struct request rq = {.frame = as_ours, .len_bytes = len_bytes, .function = frame[1]};
	enum mb_exception exception;
	int n;

	if (broadcast && !zero_read && frame[1] == MB_READ_HOLDING)
		return;
	memcpy(as_ours, frame, len_bytes);
	if (broadcast) /* the answer bears the real address; libmodbus would stay silent */
		as_ours[0] = (uint8_t)meter_setting(slave->meter, POINT_MODBUS_ID);
	exception = serve(slave, &rq);
	if (exception == MB_SILENCE || (broadcast && !zero_read))
		return;
	if (exception == MB_OK)
		n = mbpdu_reply(slave->pdu, as_ours, len_bytes, rq.address, rq.count, rq.words,
				reply);
	else
		n = mbpdu_exception(slave->pdu, as_ours, exception, reply);
	if (n > 0)
		slave->tx->send(slave->tx->ctx, &(struct slave_answer){.bytes = reply,
								       .len_bytes = (size_t)n,
								       .ready_ns = ready_ns,
								       .format = format,
								       .request = frame,
								       .request_bytes = len_bytes});
}

/* The running frame is over. */
static void end_frame(struct mbrtu_slave *slave, int64_t ready_ns)
{
	const size_t len_bytes = slave->len_bytes;
	const bool gap = slave->gap;

	slave->len_bytes = 0;
	slave->gap = false;
	if (len_bytes >= MB_FRAME_MIN && !gap && concerns(slave, slave->frame, len_bytes))
		answer(slave, slave->frame, len_bytes, ready_ns);
}

/* Silence does not end a frame before late characters would have been told of. */
static int64_t tick(void *ctx, int64_t now_ns)
{
	struct mbrtu_slave *slave = ctx;
	const struct slave_format format = format_of(slave->meter);
	int64_t over_ns, sure_ns;

	if (!slave->len_bytes)
		return SLAVE_IDLE;
	over_ns = slave->end_ns + mb_t35_ns(&format);
	sure_ns = over_ns +
		  (mb_frame_whole(slave->frame, slave->len_bytes) ? 0 : slave->config.latency_ns);
	if (now_ns < sure_ns)
		return sure_ns;
	end_frame(slave, over_ns);
	return SLAVE_IDLE;
}

/* The silence before new bytes may have ended the running frame, or spoilt it. */
static void hear_silence(struct mbrtu_slave *slave, int64_t begin_ns)
{
	const struct slave_format format = format_of(slave->meter);
	const int64_t silence_ns = begin_ns - slave->end_ns - slave->config.latency_ns;

	if (!slave->len_bytes)
		return;
	if (silence_ns >= mb_t35_ns(&format))
		end_frame(slave, slave->end_ns + mb_t35_ns(&format));
	else if (silence_ns > mb_t15_ns(&format) && !slave->config.immediate)
		slave->gap = meter_model(slave->meter)->modbus.inner_gap == INNER_GAP_DISCARD;
}

static void rx(void *ctx, int64_t end_ns, const uint8_t *bytes, size_t len_bytes)
{
	struct mbrtu_slave *slave = ctx;
	const struct slave_format format = format_of(slave->meter);
	const int64_t time_ns =
		slave->config.immediate ? 0 : (int64_t)len_bytes * slave_char_ns(&format);
	size_t room;

	hear_silence(slave, end_ns - time_ns);
	room = sizeof(slave->frame) - slave->len_bytes;
	if (len_bytes < room)
		room = len_bytes;
	memcpy(slave->frame + slave->len_bytes, bytes, room);
	slave->len_bytes += room;
	slave->end_ns = end_ns;
	if (slave->config.immediate && mb_frame_whole(slave->frame, slave->len_bytes))
		end_frame(slave, end_ns);
}

static struct slave_format format(const void *ctx)
{
	const struct mbrtu_slave *slave = ctx;

	return format_of(slave->meter);
}

static const struct slave_ops ops = {.rx = rx, .tick = tick, .format = format};

struct slave mbrtu_slave_station(struct mbrtu_slave *slave)
{
	return (struct slave){.ops = &ops, .ctx = slave};
}

int mbrtu_slave_create(struct mbrtu_slave **ret, struct meter *meter, struct mbpdu *pdu,
		       const struct slave_tx *tx, const struct mbrtu_slave_config *config)
{
	struct mbrtu_slave *slave;

	if (!meter_model(meter)->modbus.present)
		return -EINVAL;
	slave = calloc(1, sizeof(*slave));
	if (!slave)
		return -ENOMEM;
	slave->meter = meter;
	slave->pdu = pdu;
	slave->tx = tx;
	slave->config = *config;
	*ret = slave;
	return 0;
}

void mbrtu_slave_destroy(struct mbrtu_slave *slave)
{
	free(slave);
}
