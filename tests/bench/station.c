/* SPDX-License-Identifier: MIT */
/* station - what a benchmark asks a meter on a Modbus line, and whether the answer is right */
#include "station.h"

#define READ         3
#define SERIAL       0x4000 /* 2 registers, BCD */
#define SERIAL_COUNT 2

static unsigned crc(const unsigned char *bytes, int len)
{
	unsigned sum = 0xffff;

	for (int i = 0; i < len; i++) {
		sum ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum & 1 ? sum >> 1 ^ 0xa001 : sum >> 1;
	}
	return sum;
}

int station_answer_bytes(int registers)
{
	return 5 + 2 * registers;
}

void station_ask(unsigned char *request, int unit, int from, int registers)
{
	unsigned sum;

	request[0] = (unsigned char)unit;
	request[1] = READ;
	request[2] = (unsigned char)(from >> 8);
	request[3] = (unsigned char)from;
	request[4] = (unsigned char)(registers >> 8);
	request[5] = (unsigned char)registers;
	sum = crc(request, 6);
	request[6] = (unsigned char)sum;
	request[7] = (unsigned char)(sum >> 8);
}

void station_ask_serial(unsigned char *request, int unit)
{
	station_ask(request, unit, SERIAL, SERIAL_COUNT);
}

bool station_intact(const unsigned char *answer, int unit, int registers)
{
	const int len = station_answer_bytes(registers);
	const unsigned sum = crc(answer, len - 2);

	return answer[0] == unit && answer[1] == READ && answer[2] == 2 * registers &&
	       answer[len - 2] == (sum & 0xff) && answer[len - 1] == sum >> 8;
}

bool station_has_serial(const unsigned char *answer, int unit, int serial)
{
	int said = 0;

	if (!station_intact(answer, unit, SERIAL_COUNT))
		return false;
	for (int i = 3; i < 7; i++)
		said = said * 100 + (answer[i] >> 4) * 10 + (answer[i] & 15);
	return said == serial;
}
