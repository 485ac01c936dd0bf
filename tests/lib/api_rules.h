/* SPDX-License-Identifier: MIT */
/* What holds for every answer, whatever was asked, of what cuts across all routes: ids, times,
 * packing. Ends the process where it does not. */
#ifndef ARY_TESTS_LIB_API_RULES_H
#define ARY_TESTS_LIB_API_RULES_H

#include "api/call.h"

/* Looks at the answer of CALL. */
void api_rules_check(const struct ary_call *call);

#endif
