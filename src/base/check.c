/* SPDX-License-Identifier: MIT */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void ary_check_failed(const char *expression, const char *file, int line)
{
	fprintf(stderr, "aryavarth: bug: %s:%d: %s does not hold\n", file, line, expression);
	abort();
}
