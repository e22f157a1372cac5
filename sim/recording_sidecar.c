/* SPDX-License-Identifier: MIT */
/* recording_sidecar - the YAML file beside a recording: which column is which channel, and how */
#include "sim/recording_sidecar.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrology/metering.h"

#define SCALE_MAX 1e6
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

static bool read_rate(const struct conf_context *context, const struct conf_node *node,
		      const struct conf_field *field, void *dest)
{
	struct recording_sidecar *sidecar = dest;

	sidecar->rate = node;
	return conf_number(context, node, field, &sidecar->rate_hz);
}

static bool read_channel(const struct conf_context *context, const struct conf_node *node,
			 const struct conf_field *field, void *dest)
{
	const struct conf_field fields[] = {
		{.key = "column",
		 .read = conf_raw,
		 .offset = offsetof(struct recording_channel, column),
		 .required = true},
		{.key = "scale",
		 .read = conf_number,
		 .offset = offsetof(struct recording_channel, scale),
		 .min = -SCALE_MAX,
		 .max = SCALE_MAX,
		 .unit = field->unit},
	};
	struct recording_channel *channel = dest;

	channel->scale = (double)NAN;
	if (!conf_map(context, node, field->key, fields, COUNT(fields), channel))
		return false;
	if (!(fabs(channel->scale) < (double)FLT_MIN))
		return true;
	conf_error(context, node, "%s: a scale of 0 would silence it", field->key);
	return false;
}

#define CHANNEL(name, index, letter)                                                               \
	{                                                                                          \
		.key = name, .read = read_channel,                                                 \
		.offset = (index) * sizeof(struct recording_channel), .unit = letter               \
	}

static const struct conf_field channel_fields[] = {
	CHANNEL("v1", WAVE_V1, "V"), CHANNEL("v2", WAVE_V2, "V"), CHANNEL("v3", WAVE_V3, "V"),
	CHANNEL("i1", WAVE_I1, "A"), CHANNEL("i2", WAVE_I2, "A"), CHANNEL("i3", WAVE_I3, "A"),
};

static bool read_channels(const struct conf_context *context, const struct conf_node *node,
			  const struct conf_field *field, void *dest)
{
	struct recording_sidecar *sidecar = dest;

	sidecar->channels = node;
	return conf_map(context, node, field->key, channel_fields, COUNT(channel_fields),
			sidecar->channel);
}

static bool read_comtrade(const struct conf_context *context, const struct conf_node *node,
			  const struct conf_field *field, void *dest)
{
	static const char *const side_names[] = {"secondary", "primary", "stored", NULL};
	static const char *const missing_names[] = {"refuse", "hold", NULL};
	static const char *const skew_names[] = {"refuse", "ignore", NULL};
	struct choices {
		int side, missing, skew;
		int64_t section;
	} chosen = {.section = 0};
	const struct conf_field fields[] = {
		{.key = "values",
		 .read = conf_choice,
		 .offset = offsetof(struct choices, side),
		 .names = side_names},
		{.key = "missing",
		 .read = conf_choice,
		 .offset = offsetof(struct choices, missing),
		 .names = missing_names},
		{.key = "skew",
		 .read = conf_choice,
		 .offset = offsetof(struct choices, skew),
		 .names = skew_names},
		{.key = "section",
		 .read = conf_int,
		 .offset = offsetof(struct choices, section),
		 .min = 1,
		 .max = 999},
	};
	struct recording_sidecar *sidecar = dest;

	if (!conf_map(context, node, field->key, fields, COUNT(fields), &chosen))
		return false;
	sidecar->comtrade.side = (enum recording_side)chosen.side;
	sidecar->comtrade.missing = (enum recording_missing)chosen.missing;
	sidecar->comtrade.ignore_skew = chosen.skew > 0;
	sidecar->comtrade.section = chosen.section;
	return true;
}

/* The last one is COMTRADE's own; such files may go without channels. */
static const struct conf_field sidecar_fields[] = {
	{.key = "rate",
	 .read = read_rate,
	 .min = METERING_RATE_MIN_HZ,
	 .max = METERING_RATE_MAX_HZ,
	 .unit = "Hz"},
	{.key = "channels", .read = read_channels},
	{.key = "comtrade", .read = read_comtrade},
};

static bool read_fields(struct recording_sidecar *sidecar, bool comtrade)
{
	struct conf_field fields[COUNT(sidecar_fields)];

	memcpy(fields, sidecar_fields, sizeof(fields));
	for (size_t i = 0; i < COUNT(fields); i++)
		fields[i].required = !comtrade && fields[i].read == read_channels;
	return conf_map(&sidecar->context, conf_tree_root(sidecar->tree), "the sidecar", fields,
			COUNT(fields) - (comtrade ? 0 : 1), sidecar);
}

static int check_voltage(const struct recording_sidecar *sidecar)
{
	if (!sidecar->channels)
		return 0;
	for (int c = WAVE_V1; c <= WAVE_V3; c++) {
		if (sidecar->channel[c].column)
			return 0;
	}
	conf_error(&sidecar->context, sidecar->channels,
		   "channels: one voltage at least (v1, v2, v3) is needed");
	return -EINVAL;
}

/* A file that is there but cannot be read is the sidecar's error, not the recording's. */
int recording_sidecar_load(struct recording_sidecar *sidecar, const struct recording_log *log,
			   bool comtrade)
{
	struct diag *diag = log->diag;
	int r;

	if (asprintf(&sidecar->path, "%s" RECORDING_SIDECAR_ENDING, log->path) < 0) {
		sidecar->path = NULL;
		return -ENOMEM;
	}
	r = conf_tree_load(&sidecar->tree, sidecar->path, diag);
	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -EINVAL && r != -ENOMEM) {
		diag_add(diag, (struct diag_place){.file = sidecar->path}, "cannot be read: %s",
			 strerror(-r));
		return -EINVAL;
	}
	if (r < 0)
		return r;
	sidecar->context = (struct conf_context){.file = sidecar->path, .diag = diag};
	if (!read_fields(sidecar, comtrade))
		return -EINVAL;
	return check_voltage(sidecar);
}

void recording_sidecar_fini(struct recording_sidecar *sidecar)
{
	conf_tree_destroy(sidecar->tree);
	free(sidecar->path);
}
