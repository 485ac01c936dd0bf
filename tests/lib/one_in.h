/* SPDX-License-Identifier: MIT */
/* How much of what it goes through a test does: one in so many cases (ARYAVARTH_ONE_IN); 1, all of
 * them, unless told otherwise. All are done once by the program as it is built; where that is built
 * in another way, a part shows whether it is sound. */
#ifndef ARY_TESTS_LIB_ONE_IN_H
#define ARY_TESTS_LIB_ONE_IN_H

#include <stddef.h>
#include <stdlib.h>

static inline unsigned one_in(void)
{
	const char *text = getenv("ARYAVARTH_ONE_IN");
	unsigned long many = text != NULL ? strtoul(text, NULL, 10) : 1;

	return many > 0 && many <= 1000 ? (unsigned)many : 1;
}

#endif
