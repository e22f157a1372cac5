/* SPDX-License-Identifier: MIT */
/* statistics - medians of noisy measurements, and the clock that they are taken with */
#pragma once

double statistics_seconds(void); /* CLOCK_MONOTONIC */
/* Sorts values. part: 0.5 is the median, 0.99 the 99th percentile. */
double statistics_percentile(double *values, int count, double part);
/* Whether value is at least (or at most) its bar; says so on stdout. For an exit status. */
int statistics_at_least(const char *what, double value, double bar);
int statistics_at_most(const char *what, double value, double bar);
