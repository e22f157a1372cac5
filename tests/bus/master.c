/* SPDX-License-Identifier: MIT */
/*
 * master - libmodbus as a master against a running metersimd with tests/bus/daemon.py's one meter
 *
 * usage: master PTY. Exits with 1 and says why at the first thing that is not as it must be.
 */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition,        \
				modbus_strerror(errno));                                           \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static void reads(modbus_t *ctx)
{
	uint16_t words[125];

	CHECK(modbus_read_registers(ctx, 0x5002, 2, words) == 2);
	CHECK(modbus_get_float_abcd(words) > 229.99f && modbus_get_float_abcd(words) < 230.01f);
	CHECK(modbus_read_registers(ctx, 0x4000, 32, words) == 32);
	CHECK(words[0] == 0x1610 && words[1] == 0x0649 && words[31] == 5);
	CHECK(modbus_read_registers(ctx, 0x5000, 50, words) == 50);
	CHECK(modbus_read_registers(ctx, 0x6000, 75, words) == 75);
	CHECK(modbus_read_registers(ctx, 0x1000, 2, words) == 2);
	CHECK(words[0] == 0x1610 && words[1] == 0x0649);
}

static void exceptions(modbus_t *ctx)
{
	uint16_t words[125];

	CHECK(modbus_read_registers(ctx, 0x7000, 1, words) == -1 && errno == EMBXILADD);
	CHECK(modbus_read_input_registers(ctx, 0x5002, 2, words) == -1 && errno == EMBXILFUN);
	CHECK(modbus_write_register(ctx, 0x4011, 7) == -1 && errno == EMBXILVAL);
	CHECK(modbus_write_register(ctx, 0x5002, 7) == -1 && errno == EMBXILADD);
}

static void writes(modbus_t *ctx)
{
	const uint16_t rate[] = {0x4120, 0};
	const uint16_t all[] = {0x447a, 0, 5, 0x0030, 1}; /* S0 rate, code, LCD cycle, parity */
	uint16_t words[5];

	CHECK(modbus_write_registers(ctx, 0x400d, 2, rate) == 2);
	CHECK(modbus_read_registers(ctx, 0x400d, 2, words) == 2 && words[0] == 0x4120);
	CHECK(modbus_write_registers(ctx, 0x400d, 5, all) == 5);
	CHECK(modbus_read_registers(ctx, 0x400d, 5, words) == 5);
	for (int i = 0; i < 5; i++)
		CHECK(words[i] == all[i]);
	CHECK(modbus_write_register(ctx, 0x6048, 12) == 1);
	CHECK(modbus_read_registers(ctx, 0x6048, 1, words) == 1 && words[0] == 2);
}

int main(int argc, char *argv[])
{
	modbus_t *ctx;

	if (argc != 2)
		return 64;
	ctx = modbus_new_rtu(argv[1], 9600, 'E', 8, 1);
	CHECK(ctx);
	CHECK(modbus_set_slave(ctx, 1) == 0);
	modbus_set_response_timeout(ctx, 2, 0);
	CHECK(modbus_connect(ctx) == 0);
	reads(ctx);
	exceptions(ctx);
	writes(ctx);
	modbus_close(ctx);
	modbus_free(ctx);
	return 0;
}
