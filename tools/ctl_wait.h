/* SPDX-License-Identifier: MIT */
/* ctl_wait - conditions on points, such as "voltage.l1 > 200", and waiting for them */
#pragma once
#include "ctl_http.h"

#define CTL_NAME_MAX 128

enum ctl_compare { CTL_LESS, CTL_AT_MOST, CTL_EQUAL, CTL_OTHER, CTL_AT_LEAST, CTL_MORE };

struct ctl_condition {
	char point[CTL_NAME_MAX];
	enum ctl_compare compare;
	double number;
	char unit[16];           /* "": none was given */
	char text[CTL_NAME_MAX]; /* the other side as it was written */
	bool is_number;
};

/* false: it is none; said on stderr. */
bool ctl_condition_parse(const char *words, struct ctl_condition *ret);
/* Looks ten times a second. timeout_s negative: for ever. CTL_NOT_MET when the time is over. */
enum ctl_status ctl_wait(struct ctl *ctl, const char *meter, const struct ctl_condition *condition,
			 double timeout_s);
