/* SPDX-License-Identifier: MIT */
/* port_conf - where clients find a line: the key port of metersim.conf(5) */
#pragma once
#include <stdbool.h>

#include "sim/conf_read.h"
#include "sim/data_path.h"

enum port_kind { PORT_PTY, PORT_TTY, PORT_TCP, PORT_MODBUS_TCP };

struct port_conf {
	enum port_kind kind;
	char place[DATA_PATH_MAX]; /* a path or an address; "" of a pty: the default place */
	/* of a pty */
	uint32_t mode;
	char group[CONF_TEXT_MAX]; /* "": unchanged */
	/* of a tty */
	bool rs485;
	bool adapter_echo;
	int64_t latency_ns; /* of tcp as well */
	/* of Modbus TCP */
	int64_t timeout_ns; /* negative: not given */
};

/* Whether it is fine; else everything wrong with it has been reported. */
bool port_conf_read(const struct conf_context *context, const struct conf_node *node,
		    struct port_conf *ret);
/* Whether two ports cannot both be opened. */
bool port_conf_clash(const struct port_conf *a, const struct port_conf *b);
