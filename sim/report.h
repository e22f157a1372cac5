/* SPDX-License-Identifier: MIT */
/*
 * report - how the expectations of a scenario came out, for people and for programs
 *
 * Times are of metering, so that two runs give the same bytes. JUnit XML as Jenkins and GitLab read
 * it; TAP version 13.
 */
#pragma once
#include <stdio.h>

#include "sim/director.h"

struct report {
	const char *scenario; /* its name */
	const char *file;
	int64_t duration_ns; /* that was played */
	const struct director *director;
};

size_t report_failures(const struct report *report);
/* Expectations that did not hold, a line each, at most a hundred. */
void report_print_failures(const struct report *report, FILE *out);
void report_junit(const struct report *report, FILE *out);
void report_tap(const struct report *report, FILE *out);
/* By the ending: .xml or .tap. 0; -EINVAL: neither; or what writing said. */
int report_write(const struct report *report, const char *path);
/* 0, or -EINVAL for an ending that is neither. */
int report_check_path(const char *path);
