/* SPDX-License-Identifier: MIT */
/* mbpdu - answers built by libmodbus */
#include "protocols/modbus/mbpdu.h"

#include <errno.h>
#include <modbus.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"

struct mbpdu {
	modbus_t *ctx;
	int theirs; /* libmodbus writes here */
	int ours;
};

int mbpdu_create(struct mbpdu **ret)
{
	struct mbpdu *pdu = calloc(1, sizeof(*pdu));
	int fds[2];
	int r;

	if (!pdu)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) {
		r = -errno;
		free(pdu);
		return r;
	}
	pdu->theirs = fds[0];
	pdu->ours = fds[1];
	pdu->ctx = modbus_new_rtu("/dev/null", 9600, 'E', 8, 1); /* never opened */
	if (!pdu->ctx) {
		mbpdu_destroy(pdu);
		return -ENOMEM;
	}
	modbus_set_socket(pdu->ctx, pdu->theirs);
	modbus_set_response_timeout(pdu->ctx, 0, 1); /* it sleeps that long before exceptions */
	*ret = pdu;
	return 0;
}

void mbpdu_destroy(struct mbpdu *pdu)
{
	if (!pdu)
		return;
	if (pdu->ctx)
		modbus_free(pdu->ctx); /* does not close the descriptor */
	close(pdu->theirs);
	close(pdu->ours);
	free(pdu);
}

static int read_back(struct mbpdu *pdu, int r, uint8_t *answer)
{
	ssize_t n;

	if (r < 0)
		return -EIO;
	n = read(pdu->ours, answer, MB_FRAME_MAX);
	return n <= 0 ? -EIO : (int)n;
}

/* Unit, function, bytes that follow, the registers, CRC. */
static int reply_read(const uint8_t *request, uint16_t count, const uint16_t *words,
		      uint8_t *answer)
{
	struct cursor_out out;

	cursor_out_init(&out, answer, MB_FRAME_MAX);
	cursor_put_bytes(&out, request, 2);
	cursor_put_u8(&out, (uint8_t)(2 * count));
	for (uint16_t i = 0; i < count; i++)
		cursor_put_be16(&out, words[i]);
	cursor_put_le16(&out, mb_crc(answer, out.len_bytes));
	return out.bad ? -EINVAL : (int)out.len_bytes;
}

int mbpdu_reply(struct mbpdu *pdu, const uint8_t *request, size_t len_bytes, uint16_t address,
		uint16_t count, uint16_t *words, uint8_t *answer)
{
	modbus_mapping_t mapping = {.start_registers = address,
				    .nb_registers = count,
				    .tab_registers = words};

	if (request[1] == MB_READ_HOLDING)
		return reply_read(request, count, words, answer);
	return read_back(pdu, modbus_reply(pdu->ctx, request, (int)len_bytes, &mapping), answer);
}

int mbpdu_exception(struct mbpdu *pdu, const uint8_t *request, enum mb_exception exception,
		    uint8_t *answer)
{
	return read_back(pdu, modbus_reply_exception(pdu->ctx, request, exception), answer);
}
