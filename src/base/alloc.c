/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* Which try from now fails; 0: none does. Only tests set it. */
static atomic_ulong fail_countdown;
static atomic_bool fail_forever;
static atomic_bool failed;

void ary_alloc_fail_at(unsigned long n, int forever)
{
	if (n > 0)
		atomic_store(&failed, false);
	atomic_store(&fail_forever, forever != 0);
	atomic_store(&fail_countdown, n);
}

bool ary_alloc_failed(void)
{
	return atomic_load(&failed);
}

/* Counts one try; whether it has to fail. */
static bool must_fail(void)
{
	unsigned long left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);

	while (left != 0) {
		if (left == 1 && atomic_load(&fail_forever))
			return true;
		if (atomic_compare_exchange_weak(&fail_countdown, &left, left - 1))
			return left == 1;
	}
	return false;
}

void *ary_alloc(size_t size)
{
	void *pointer = calloc(1, size > 0 ? size : 1);

	ARY_CHECK(pointer != NULL);
	return pointer;
}

void *ary_try_alloc(size_t size)
{
	return ary_try_realloc(NULL, size);
}

bool ary_alloc_try_fails(void)
{
	bool fails = must_fail();

	if (fails)
		atomic_store(&failed, true);
	return fails;
}

void *ary_try_alloc_zeroed(size_t size)
{
	return ary_alloc_try_fails() ? NULL : calloc(1, size > 0 ? size : 1);
}

void *ary_try_realloc(void *pointer, size_t size)
{
	if (ary_alloc_try_fails())
		return NULL;
	/* Zero would free POINTER on some systems and not on others. */
	return realloc(pointer, size > 0 ? size : 1);
}

char *ary_strdup(const char *text)
{
	char *copy = strdup(text);

	ARY_CHECK(copy != NULL);
	return copy;
}
