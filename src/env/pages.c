/* SPDX-License-Identifier: MIT */
#include "env/pages.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/check.h"

static void unmap(void *start, size_t size)
{
	/* Fails only for what is no mapping. */
	ARY_CHECK(size == 0 || munmap(start, size) == 0);
}

void *ary_pages_take(void)
{
	size_t size = 2 * (size_t)ARY_PAGES_BYTES;
	uint8_t *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0);

	if (start == MAP_FAILED)
		return NULL;
	/* Twice as much holds what is aligned; the rest goes back. */
	size_t before = (ARY_PAGES_BYTES - (uintptr_t)start % ARY_PAGES_BYTES) % ARY_PAGES_BYTES;
	uint8_t *pages = start + before;

	unmap(start, before);
	unmap(pages + ARY_PAGES_BYTES, size - ARY_PAGES_BYTES - before);
#ifdef MADV_HUGEPAGE
	/* A wish. */
	(void)madvise(pages, ARY_PAGES_BYTES, MADV_HUGEPAGE);
#endif
	return pages;
}

void ary_pages_give(void *pages)
{
	unmap(pages, ARY_PAGES_BYTES);
}
