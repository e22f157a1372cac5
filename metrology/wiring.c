/* SPDX-License-Identifier: MIT */
/* wiring - how the meter's terminals are connected to the circuit */
#include "metrology/wiring.h"

void wiring_init(struct wiring *wiring, enum wiring_connection connection)
{
	*wiring = (struct wiring){.connection = connection, .changes = 1};
}

void wiring_apply(const struct wiring *wiring, float *const ch[WAVE_CHANNELS], uint32_t frames)
{
	switch (wiring->connection) {
	case WIRING_3P4W: /* every terminal sees its own phase against the neutral */
		(void)ch;
		(void)frames;
		break;
	}
}
