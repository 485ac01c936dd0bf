/* SPDX-License-Identifier: MIT */
/* Memory by the page, for what is large, lives long and is looked at here and there.
 *
 * Threads: any. */
#ifndef ARY_ENV_PAGES_H
#define ARY_ENV_PAGES_H

#include <stddef.h>

#include "base/attr.h"

/* The large page of the usual processors, and where memory taken here begins. */
enum { ARY_PAGES_LARGE_BYTES = 2 * 1024 * 1024 };

/* BYTES zeroed bytes, a multiple of ARY_PAGES_LARGE_BYTES, none of which takes memory before it is
 * touched; returns owned (ary_pages_give), or NULL. A try as those of base/alloc.h. */
ARY_MUST_CHECK void *ary_pages_try_take(size_t bytes);

/* Asks the system to give the BYTES at PAGES, not touched yet, in large pages: a processor knows
 * where a few thousand pages are, and has to look in memory for where another one is. */
void ary_pages_prefer_large(void *pages, size_t bytes);

/* Takes the BYTES at PAGES. */
void ary_pages_give(void *pages, size_t bytes);

#endif
