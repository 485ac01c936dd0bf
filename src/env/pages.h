/* SPDX-License-Identifier: MIT */
/* Memory that the system is asked to map with pages of 2 MiB: filling it takes a tenth of the page
 * faults, and looking around in much of it a fraction of the walks through page tables.
 *
 * Threads: any. */
#ifndef ARY_ENV_PAGES_H
#define ARY_ENV_PAGES_H

#include "base/attr.h"

enum { ARY_PAGES_BYTES = 2 * 1024 * 1024 };

/* ARY_PAGES_BYTES of zeros, aligned to as many; small pages where the system has no large ones.
 * Returns owned (ary_pages_give), or NULL where there are none: whoever asks makes do without. */
ARY_MUST_CHECK void *ary_pages_take(void);

/* Takes PAGES. */
void ary_pages_give(void *pages);

#endif
