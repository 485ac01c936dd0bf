/* SPDX-License-Identifier: MIT */
/* Memory in two tiers. Sizes chosen by the program abort when memory is out; sizes chosen by a
 * peer or by a disk (bodies, values, keys, scan buffers) are answered, and injected in tests. */
#ifndef ARY_BASE_ALLOC_H
#define ARY_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* SIZE zeroed bytes; returns owned (free with free()). Aborts when there are none. */
void *ary_alloc(size_t size);

/* One zeroed TYPE, owned. */
#define ARY_NEW(type) ((type *)ary_alloc(sizeof(type)))

/* SIZE bytes, not zeroed; returns owned, or NULL. SIZE 0 gives a pointer that can be freed. */
ARY_MUST_CHECK void *ary_try_alloc(size_t size);

/* As ary_try_alloc, zeroed. */
ARY_MUST_CHECK void *ary_try_alloc_zeroed(size_t size);

/* Resizes POINTER (NULL: allocates). NULL: out of memory, POINTER is as it was. */
ARY_MUST_CHECK void *ary_try_realloc(void *pointer, size_t size);

/* A copy of TEXT, owned. Aborts when memory is out. */
char *ary_strdup(const char *text);

/* For who tries to get memory in another way: whether that has to fail, for a test. It counts as a
 * try. */
bool ary_alloc_try_fails(void);

/* For tests: the N-th try from now fails (1 is the next), and all later ones too when FOREVER.
 * N of 0 turns failing off. Counts tries of all threads. */
void ary_alloc_fail_at(unsigned long n, int forever);

/* For tests: whether a try has had to fail since ary_alloc_fail_at turned failing on. */
bool ary_alloc_failed(void);

#endif
