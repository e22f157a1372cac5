/* SPDX-License-Identifier: MIT */
/* shared - what the fuzz targets of a bus load once: the shipped model, and libmodbus */
#pragma once
#include "meter/model.h"
#include "protocols/modbus/mbpdu.h"

/* Loaded once: it takes longer than all the rest. Never NULL. */
const struct model *shared_model(void);
struct mbpdu *shared_pdu(void);
