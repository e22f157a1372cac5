/* SPDX-License-Identifier: MIT */
/* recording_map - which column of a recording is which channel of the meter */
#include "sim/recording_map.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sim/comtrade_names.h"
#include "sim/recording_text.h"

#define NO_COLUMN   (-1)
#define TWO_COLUMNS (-2)
#define LISTED_MAX  12 /* columns in a message */

static const char *const channel_names[WAVE_CHANNELS] = {"v1", "v2", "v3", "i1", "i2", "i3"};

struct mapper {
	const struct recording_reader *reader;
	const struct recording_sidecar *sidecar;
	const struct recording_log *log;
};

static enum recording_quantity quantity_of(int channel)
{
	return channel <= WAVE_V3 ? RECORDING_VOLTAGE : RECORDING_CURRENT;
}

static int find_name(const struct recording_reader *reader, const char *name,
		     int (*compare)(const char *, const char *))
{
	int found = NO_COLUMN;

	for (unsigned c = 0; c < reader->playback.columns; c++) {
		if (compare(reader->names[c], name) != 0)
			continue;
		if (found != NO_COLUMN)
			return TWO_COLUMNS;
		found = (int)c;
	}
	return found;
}

/* *ret_other: the second one, if there are two. */
static int find_phase(const struct recording_reader *reader, enum recording_quantity quantity,
		      int phase, int *ret_other)
{
	int found = NO_COLUMN;

	for (unsigned c = 0; c < reader->playback.columns && reader->columns; c++) {
		const struct recording_column *column = &reader->columns[c];

		if (column->quantity != quantity || column->phase != phase)
			continue;
		*ret_other = (int)c;
		if (found != NO_COLUMN)
			return found;
		found = (int)c;
	}
	return found;
}

/* --- by the sidecar --- */

/* By name, or a phase of what the channel is. */
static bool find_column(const struct mapper *m, const struct conf_node *node, int channel,
			const char *text, int *ret)
{
	const struct recording_reader *reader = m->reader;
	const struct conf_context *context = &m->sidecar->context;
	const int phase = comtrade_phase(text);
	int column, other = NO_COLUMN;
	char hint[128];

	if (!reader->names) {
		conf_error(
			context, node,
			"column: '%.60s' is not a number, and the file does not name its columns",
			text);
		return false;
	}
	column = find_name(reader, text, strcmp);
	if (column == NO_COLUMN)
		column = find_name(reader, text, strcasecmp);
	if (column == NO_COLUMN && phase >= 0) {
		column = find_phase(reader, quantity_of(channel), phase, &other);
		column = other != column ? TWO_COLUMNS : column;
	}
	if (column == NO_COLUMN)
		conf_error(context, node, "column: the file has no column '%.60s'%s", text,
			   conf_hint(text, reader->names, reader->playback.columns, hint,
				     sizeof(hint)));
	else if (column == TWO_COLUMNS)
		conf_error(context, node, "column: the file has more than one '%.60s'", text);
	*ret = column;
	return column >= 0;
}

/* A number from 1, a name, or a phase. */
static bool read_column(const struct mapper *m, const struct conf_node *node, int channel, int *ret)
{
	const struct conf_context *context = &m->sidecar->context;
	const char *text = conf_scalar(context, node, "column");
	int64_t number;

	if (!text)
		return false;
	if (text_to_int(text, &number) < 0)
		return find_column(m, node, channel, text, ret);
	if (number < 1 || number > m->reader->playback.columns) {
		conf_error(context, node, "column: %.20s is out of range 1..%u", text,
			   m->reader->playback.columns);
		return false;
	}
	*ret = (int)number - 1;
	return true;
}

/* A current as a voltage: only who gives a scale means it. */
static bool check_quantity(const struct mapper *m, int channel, int column)
{
	static const char *const what[] = {"of unknown unit", "a voltage", "a current",
					   "neither voltage nor current"};
	const struct recording_channel *wanted = &m->sidecar->channel[channel];
	enum recording_quantity quantity;

	if (!m->reader->columns || !isnan(wanted->scale))
		return true;
	quantity = m->reader->columns[column].quantity;
	if (quantity == quantity_of(channel) || quantity == RECORDING_UNKNOWN)
		return true;
	conf_error(&m->sidecar->context, wanted->column,
		   "column: '%.60s' is %s by its unit (a scale, for example 'scale: 1 %s', says "
		   "what it is as %s)",
		   m->reader->names[column], what[quantity], channel <= WAVE_V3 ? "V" : "A",
		   channel_names[channel]);
	return false;
}

static bool map_channel(const struct mapper *m, int channel, struct playback_channel *ret)
{
	const struct recording_channel *wanted = &m->sidecar->channel[channel];

	if (!wanted->column)
		return true;
	if (!read_column(m, wanted->column, channel, &ret->column))
		return false;
	ret->scale = isnan(wanted->scale) ? 1 : (float)wanted->scale;
	return check_quantity(m, channel, ret->column);
}

static bool check_rate(const struct mapper *m)
{
	const struct recording_sidecar *sidecar = m->sidecar;
	const double rate_hz = m->reader->playback.rate_hz;

	if (!sidecar->rate || sidecar->rate_hz == rate_hz)
		return true;
	conf_error(&sidecar->context, sidecar->rate,
		   "rate: %.10g Hz, but the recording's own is %.10g Hz", sidecar->rate_hz,
		   rate_hz);
	return false;
}

static int map_by_sidecar(const struct mapper *m, struct playback_channel map[WAVE_CHANNELS])
{
	bool ok = true;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		ok &= map_channel(m, c, &map[c]);
	return ok ? 0 : -EINVAL;
}

/* --- without one --- */

static int complain_no_sidecar(const struct mapper *m)
{
	const char *slash = strrchr(m->log->path, '/');

	return recording_log_complain(
		m->log,
		"the file %.200s" RECORDING_SIDECAR_ENDING " is missing, which says what its "
		"columns are, for example: channels: {v1: {column: 1, scale: 325 V}, "
		"i1: {column: 2, scale: 20 A}}",
		slash ? slash + 1 : m->log->path);
}

static int map_by_names(const struct mapper *m, struct playback_channel map[WAVE_CHANNELS])
{
	for (int c = 0; c < WAVE_CHANNELS; c++) {
		int column = find_name(m->reader, channel_names[c], strcasecmp);

		if (column == TWO_COLUMNS)
			return recording_log_complain(m->log, "it has more than one column '%s'",
						      channel_names[c]);
		map[c].column = column;
	}
	if (map[WAVE_V1].column < 0 && map[WAVE_V2].column < 0 && map[WAVE_V3].column < 0)
		return recording_log_complain(
			m->log, "none of its columns is named v1, v2 or v3, and there "
				"is no file " RECORDING_SIDECAR_ENDING " that says which one is");
	return 0;
}

/* The single one without a phase, if none has a phase. */
static int find_single(const struct recording_reader *reader, enum recording_quantity quantity)
{
	int other = NO_COLUMN, column;

	for (int phase = 0; phase < WAVE_PHASES; phase++) {
		if (find_phase(reader, quantity, phase, &other) >= 0)
			return NO_COLUMN;
	}
	column = find_phase(reader, quantity, RECORDING_PHASE_UNKNOWN, &other);
	return column == other ? column : NO_COLUMN;
}

static int complain_no_voltage(const struct mapper *m)
{
	char list[256] = "";
	size_t len = 0;

	for (unsigned c = 0; c < m->reader->playback.columns && c < LISTED_MAX; c++) {
		const int n = snprintf(list + len, sizeof(list) - len, "%s%u '%.24s'",
				       c ? ", " : "", c + 1, m->reader->names[c]);

		len = n < 0 || (size_t)n >= sizeof(list) - len ? sizeof(list) - 1 : len + (size_t)n;
	}
	return recording_log_complain(m->log,
				      "none of its channels is clearly the voltage of a phase to "
				      "neutral; a file " RECORDING_SIDECAR_ENDING
				      " has to say which one is: %s%s",
				      list, m->reader->playback.columns > LISTED_MAX ? " ..." : "");
}

/* By units and phases. */
static int map_by_columns(const struct mapper *m, struct playback_channel map[WAVE_CHANNELS])
{
	bool voltage = false;

	for (int c = 0; c < WAVE_CHANNELS; c++) {
		const enum recording_quantity quantity = quantity_of(c);
		int other = NO_COLUMN;
		int column = find_phase(m->reader, quantity, c % WAVE_PHASES, &other);

		if (column != other)
			return recording_log_complain(
				m->log,
				"both its columns %d '%.60s' and %d '%.60s' could be %s: a "
				"file " RECORDING_SIDECAR_ENDING " has to say which one is",
				column + 1, m->reader->names[column], other + 1,
				m->reader->names[other], channel_names[c]);
		if (column < 0 && c % WAVE_PHASES == 0)
			column = find_single(m->reader, quantity);
		map[c].column = column;
		voltage |= c <= WAVE_V3 && column >= 0;
	}
	return voltage ? 0 : complain_no_voltage(m);
}

int recording_map(const struct recording_reader *reader, const struct recording_sidecar *sidecar,
		  const struct recording_log *log, struct playback_channel map[WAVE_CHANNELS])
{
	const struct mapper m = {.reader = reader, .sidecar = sidecar, .log = log};
	int r;

	for (int c = 0; c < WAVE_CHANNELS; c++)
		map[c] = (struct playback_channel){.column = NO_COLUMN, .scale = 1};
	if (sidecar->channels)
		r = map_by_sidecar(&m, map);
	else if (!reader->names)
		r = complain_no_sidecar(&m);
	else
		r = reader->columns ? map_by_columns(&m, map) : map_by_names(&m, map);
	if (!check_rate(&m))
		return -EINVAL;
	return r;
}
