/* SPDX-License-Identifier: MIT */
/* Which files of the logs' folder count, from the highest downwards: a merge stands for its own
 * number and those down to its base, whose files are left over; below a Base line, and of temporary
 * files, everything is. (docs/FORMAT.md, "Compaction")
 *
 * Threads: open's. */
#ifndef ARY_STORE_INVENTORY_H
#define ARY_STORE_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env/env.h"

struct ary_inventory {
	uint64_t *logs;       /* those that count, rising; owned */
	uint64_t *bases;      /* the lowest number that each stands for; owned */
	size_t log_count;
	uint64_t *obsolete;   /* logs that a merge stands for; owned */
	size_t obsolete_count;
	uint64_t *temporary;  /* numbers of N.log.tmp; owned */
	size_t temporary_count;
	size_t foreign_count; /* other names, left alone */
	uint64_t bytes;       /* of the logs that count */
	bool based;           /* the first of them begins with a Base line */
};

/* Takes stock of DIR; changes nothing. *OUT is released by the caller on success.
 * CORRUPT: a log is missing. IO, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_inventory_take(struct ary_dir *dir, struct ary_inventory *out,
						  struct ary_error *err);

/* As ary_inventory_take, but does not mind a log that is missing. */
ARY_MUST_CHECK enum ary_status ary_inventory_survey(struct ary_dir *dir, struct ary_inventory *out,
						    struct ary_error *err);

/* CORRUPT: before the I-th log that counts, one is missing; the text begins with its name. */
ARY_MUST_CHECK enum ary_status ary_inventory_check(const struct ary_inventory *inventory, size_t i,
						   struct ary_error *err);

/* Whether the last log that counts (there is one) has no byte. */
ARY_MUST_CHECK enum ary_status ary_inventory_last_empty(struct ary_dir *dir,
							const struct ary_inventory *inventory,
							bool *out, struct ary_error *err);

void ary_inventory_release(struct ary_inventory *inventory);

/* Removes what is left over, durably. */
ARY_MUST_CHECK enum ary_status ary_inventory_clean(struct ary_dir *dir,
						   const struct ary_inventory *inventory,
						   struct ary_error *err);

#endif
