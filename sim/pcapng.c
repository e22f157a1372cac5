/* SPDX-License-Identifier: MIT */
/* pcapng - packets for Wireshark */
#include "sim/pcapng.h"

#include <string.h>

#include "base/cursor.h"

#define BLOCK_MAX (TELEGRAM_MAX + 1024)

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { OPTION_END = 0, OPTION_COMMENT = 1, OPTION_FLAGS = 2 };
enum { SECTION_APPLICATION = 4, INTERFACE_NAME = 2, INTERFACE_RESOLUTION = 9 };
/* tags of an exported PDU (Wireshark's exported_pdu_tlvs.h) */
enum {
	TAG_END = 0,
	TAG_DISSECTOR = 12,
	TAG_IPV4_FROM = 20,
	TAG_IPV4_TO = 21,
	TAG_PORT_TYPE = 24,
	TAG_PORT_FROM = 25,
	TAG_PORT_TO = 26
};
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define NANOSECONDS      9 /* negative power of ten */
#define PORT_TYPE_TCP    2
#define PORT_MASTER      1024 /* and up, by line: each has conversations of its own */
#define PORT_STATION     502
#define FLAG_INBOUND     1 /* seen from the stations */
#define FLAG_OUTBOUND    2

static void pad(struct cursor_out *out)
{
	while (out->len_bytes % 4)
		cursor_put_u8(out, 0);
}

static void put_option(struct cursor_out *out, uint16_t code, const void *value, size_t len_bytes)
{
	cursor_put_le16(out, code);
	cursor_put_le16(out, (uint16_t)len_bytes);
	cursor_put_bytes(out, value, len_bytes);
	pad(out);
}

/* A block is its body between type and length, which stands at its end once more. */
static void write_block(FILE *file, uint32_t type, struct cursor_out *body)
{
	uint8_t edge[8];
	struct cursor_out out;

	if (body->bad)
		return;
	cursor_out_init(&out, edge, sizeof(edge));
	cursor_put_le32(&out, type);
	cursor_put_le32(&out, (uint32_t)body->len_bytes + 12);
	fwrite(edge, 1, sizeof(edge), file);
	fwrite(body->data, 1, body->len_bytes, file);
	fwrite(edge + 4, 1, 4, file);
}

void pcapng_begin(FILE *file, const char *application)
{
	uint8_t bytes[BLOCK_MAX];
	struct cursor_out body;

	cursor_out_init(&body, bytes, sizeof(bytes));
	cursor_put_le32(&body, BYTE_ORDER_MAGIC);
	cursor_put_le16(&body, 1); /* version 1.0 */
	cursor_put_le16(&body, 0);
	cursor_put_le32(&body, UINT32_MAX); /* length unknown */
	cursor_put_le32(&body, UINT32_MAX);
	put_option(&body, SECTION_APPLICATION, application, strlen(application));
	put_option(&body, OPTION_END, "", 0);
	write_block(file, BLOCK_SECTION, &body);
}

void pcapng_interface(FILE *file, const char *name)
{
	const uint8_t resolution = NANOSECONDS;
	uint8_t bytes[BLOCK_MAX];
	struct cursor_out body;

	cursor_out_init(&body, bytes, sizeof(bytes));
	cursor_put_le16(&body, PCAPNG_LINK_EXPORTED);
	cursor_put_le16(&body, 0);
	cursor_put_le32(&body, 0); /* packets of any length */
	put_option(&body, INTERFACE_NAME, name, strlen(name));
	put_option(&body, INTERFACE_RESOLUTION, &resolution, 1);
	put_option(&body, OPTION_END, "", 0);
	write_block(file, BLOCK_INTERFACE, &body);
}

static void put_tag(struct cursor_out *out, uint16_t tag, const void *value, size_t len_bytes)
{
	cursor_put_be16(out, tag);
	cursor_put_be16(out, (uint16_t)((len_bytes + 3) & ~(size_t)3));
	cursor_put_bytes(out, value, len_bytes);
	pad(out);
}

static void put_tag_be32(struct cursor_out *out, uint16_t tag, uint32_t value)
{
	uint8_t bytes[4];
	struct cursor_out be;

	cursor_out_init(&be, bytes, sizeof(bytes));
	cursor_put_be32(&be, value);
	put_tag(out, tag, bytes, sizeof(bytes));
}

static void put_pdu(struct cursor_out *out, const struct pcapng_packet *p)
{
	const uint8_t station = p->station >= 0 ? (uint8_t)p->station : 0;
	const uint8_t master_ip[] = {127, 0, 0, 1}, station_ip[] = {127, 0, 1, station};
	const uint32_t master_port = PORT_MASTER + p->interface;

	put_tag(out, TAG_DISSECTOR, p->dissector, strlen(p->dissector));
	put_tag(out, TAG_IPV4_FROM, p->from_master ? master_ip : station_ip, 4);
	put_tag(out, TAG_IPV4_TO, p->from_master ? station_ip : master_ip, 4);
	put_tag_be32(out, TAG_PORT_TYPE, PORT_TYPE_TCP);
	put_tag_be32(out, TAG_PORT_FROM, p->from_master ? master_port : PORT_STATION);
	put_tag_be32(out, TAG_PORT_TO, p->from_master ? PORT_STATION : master_port);
	put_tag(out, TAG_END, "", 0);
	cursor_put_bytes(out, p->bytes, p->len_bytes);
}

void pcapng_packet(FILE *file, const struct pcapng_packet *p)
{
	uint8_t pdu[BLOCK_MAX], bytes[2 * BLOCK_MAX], flags[4];
	struct cursor_out data, body, out;

	cursor_out_init(&data, pdu, sizeof(pdu));
	put_pdu(&data, p);
	if (data.bad)
		return;
	cursor_out_init(&body, bytes, sizeof(bytes));
	cursor_put_le32(&body, p->interface);
	cursor_put_le32(&body, (uint32_t)((uint64_t)p->epoch_ns >> 32));
	cursor_put_le32(&body, (uint32_t)p->epoch_ns);
	cursor_put_le32(&body, (uint32_t)data.len_bytes);
	cursor_put_le32(&body, (uint32_t)data.len_bytes);
	cursor_put_bytes(&body, pdu, data.len_bytes);
	pad(&body);
	cursor_out_init(&out, flags, sizeof(flags));
	cursor_put_le32(&out, p->from_master ? FLAG_INBOUND : FLAG_OUTBOUND);
	put_option(&body, OPTION_FLAGS, flags, sizeof(flags));
	if (*p->comment)
		put_option(&body, OPTION_COMMENT, p->comment, strlen(p->comment));
	put_option(&body, OPTION_END, "", 0);
	write_block(file, BLOCK_PACKET, &body);
}
