/* SPDX-License-Identifier: MIT */
/*
 * log - leveled messages to a sink that the program chooses
 *
 * A log is handed to whoever needs one; there is no global. A NULL log swallows everything.
 */
#pragma once
#include <stdarg.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

struct log {
	enum log_level level; /* messages above it are dropped */
	void (*sink)(void *ctx, enum log_level level, const char *text);
	void *ctx;
};

__attribute__((format(printf, 3, 4))) void log_at(const struct log *log, enum log_level level,
						  const char *format, ...);

#define log_error(log, ...)   log_at(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(log, ...) log_at(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...)  log_at(log, LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...)    log_at(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...)   log_at(log, LOG_LEVEL_DEBUG, __VA_ARGS__)

/* "error", "warning", ... */
const char *log_level_name(enum log_level level);
/* 0, or -EINVAL for a name that is none. */
int log_level_parse(const char *name, enum log_level *ret);
