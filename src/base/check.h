/* SPDX-License-Identifier: MIT */
/* Contracts and invariants, checked in every build: a broken one is a bug of ours and ends the
 * process before it can damage data. Never for input, disk contents or network data. */
#ifndef ARY_BASE_CHECK_H
#define ARY_BASE_CHECK_H

#include "base/attr.h"

#define ARY_CHECK(expression) \
	((expression) ? (void)0 : ary_check_failed(#expression, __FILE__, __LINE__))

/* Prints the expression and the place to standard error and aborts. */
ARY_COLD ARY_NORETURN void ary_check_failed(const char *expression, const char *file, int line);

#endif
