/* SPDX-License-Identifier: MIT */
#include "env/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/check.h"

/* A process that has as many maps as it may cannot cut one in two: then it keeps the addresses, and
 * gives back the memory. */
static void give_back(uint8_t *from, size_t bytes)
{
	if (bytes > 0 && munmap(from, bytes) != 0)
		(void)madvise(from, bytes, MADV_DONTNEED);
}

void *ary_pages_try_take(size_t bytes)
{
	size_t room = bytes + ARY_PAGES_LARGE_BYTES;

	ARY_CHECK(bytes > 0 && bytes % ARY_PAGES_LARGE_BYTES == 0);
	if (ary_alloc_try_fails())
		return NULL;
	uint8_t *base = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);

	if (base == MAP_FAILED)
		return NULL;
	size_t before = (ARY_PAGES_LARGE_BYTES - (uintptr_t)base % ARY_PAGES_LARGE_BYTES) %
			ARY_PAGES_LARGE_BYTES;

	give_back(base, before);
	give_back(base + before + bytes, room - before - bytes);
	return base + before;
}

/* It is advice, which not every system knows. */
void ary_pages_prefer_large(void *pages, size_t bytes)
{
#if defined(MADV_HUGEPAGE)
	(void)madvise(pages, bytes, MADV_HUGEPAGE);
#else
	(void)pages;
	(void)bytes;
#endif
}

void ary_pages_give(void *pages, size_t bytes)
{
	give_back(pages, bytes);
}
