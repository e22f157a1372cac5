/* SPDX-License-Identifier: MIT */
/* log - leveled messages to a sink */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};

void log_at(const struct log *log, enum log_level level, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!log || !log->sink || level > log->level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log->sink(log->ctx, level, text);
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

int log_level_parse(const char *name, enum log_level *ret)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}
