/* SPDX-License-Identifier: MIT */
/* near - asserts doubles; cmocka's own is for floats. Include after cmocka.h. */
#pragma once
#include <math.h>

#define assert_near(got, want, within)                                                             \
	do {                                                                                       \
		const double near_got = (got), near_want = (want);                                 \
		if (!(fabs(near_got - near_want) <= (within))) {                                   \
			print_error("%s is %.12g, not %.12g\n", #got, near_got, near_want);        \
			_fail(__FILE__, __LINE__);                                                 \
		}                                                                                  \
	} while (0)
