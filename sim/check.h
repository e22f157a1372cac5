/* SPDX-License-Identifier: MIT */
/* check - is this configuration, model or scenario valid? (metersimd --check) */
#pragma once
#include "base/diag.h"

/*
 * Tells which of the three a file is by its keys, reads it whole and returns its kind in
 * *ret_kind. 0, -EINVAL with the reasons in diag, -ENOMEM, or what opening the file said.
 */
int check_file(const char *path, struct diag *diag, const char **ret_kind);
