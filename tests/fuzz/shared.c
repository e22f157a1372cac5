/* SPDX-License-Identifier: MIT */
/* shared - what the fuzz targets of a bus load once */
#include "shared.h"

#include <stdlib.h>

#include "sim/model_load.h"

const struct model *shared_model(void)
{
	static struct model *model;
	struct diag *diag;

	if (model)
		return model;
	if (diag_create(&diag) < 0)
		abort();
	if (model_load(&model, METERSIM_SOURCE_DATA "/conf/models/pro380-mod.yaml", diag) < 0)
		abort();
	diag_destroy(diag);
	return model;
}

struct mbpdu *shared_pdu(void)
{
	static struct mbpdu *pdu;

	if (!pdu && mbpdu_create(&pdu) < 0)
		abort();
	return pdu;
}
