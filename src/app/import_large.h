/* SPDX-License-Identifier: MIT */
/* Large values of an import: Part lines, and the Sets that name them. Lines of several values may
 * be mixed, as in a log.
 *
 * Threads: one. Limits: of each value that has not got its Set yet, one part is held. */
#ifndef ARY_APP_IMPORT_LARGE_H
#define ARY_APP_IMPORT_LARGE_H

#include <stddef.h>

#include "app/large.h"
#include "format/foreign.h"

/* A value whose Set has not come. */
struct ary_import_value {
	uint64_t upload;        /* as the lines call it */
	uint64_t parts;         /* that have come */
	uint64_t part_bytes;    /* of the first */
	bool ended;             /* the last one was shorter */
	uint64_t size;
	struct ary_large large; /* where there is a store */
};

/* All zero at the start, but for `store`. */
struct ary_import_large {
	struct ary_store *store; /* NULL: lines are only checked */
	struct ary_import_value *values;
	size_t count;
	size_t capacity;
};

/* Takes the Part PART. CORRUPT: it does not follow what has come of its upload, or is longer than
 * those before. Others as ary_write. */
ARY_MUST_CHECK enum ary_status ary_import_part(struct ary_import_large *self,
					       const struct ary_foreign *part,
					       struct ary_error *err);

/* Carries out the Set SET, which names parts, and waits for it. CORRUPT: they have not come, or not
 * all. Others as ary_write. */
ARY_MUST_CHECK enum ary_status ary_import_set(struct ary_import_large *self,
					      const struct ary_foreign *set,
					      struct ary_error *err);

/* Forgets the values whose Sets have not come. */
void ary_import_large_release(struct ary_import_large *self);

#endif
