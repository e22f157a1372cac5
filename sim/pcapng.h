/* SPDX-License-Identifier: MIT */
/*
 * pcapng - packets for Wireshark
 *
 * pcapng (IETF draft opsawg-pcapng): one section, an interface for each line, enhanced packets with
 * ns and comments. Packets are "exported PDUs" (link type 252), which name their dissector and
 * carry made-up addresses: without these Wireshark does not join a request to its answer.
 */
#pragma once
#include <stdio.h>

#include "protocols/telegram.h"

#define PCAPNG_LINK_EXPORTED 252

/* All write to file and leave errors to ferror(). */
void pcapng_begin(FILE *file, const char *application);
void pcapng_interface(FILE *file, const char *name);

struct pcapng_packet {
	uint32_t interface; /* by order, from 0 */
	int64_t epoch_ns;
	const char *dissector;
	int station; /* whose address; TELEGRAM_NONE: unknown */
	bool from_master;
	const uint8_t *bytes;
	size_t len_bytes;
	const char *comment; /* or "" */
};

void pcapng_packet(FILE *file, const struct pcapng_packet *packet);
