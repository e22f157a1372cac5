/* SPDX-License-Identifier: MIT */
/*
 * ctl_watch - one meter on the terminal, live: values, energies, what goes over its lines
 *
 * Plain ANSI on a screen of its own, 80x24 is enough. q or Ctrl-C ends it, and the terminal is as
 * it was before.
 */
#pragma once
#include "ctl_http.h"

enum ctl_status ctl_watch(struct ctl *ctl, const char *meter);
