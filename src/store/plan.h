/* SPDX-License-Identifier: MIT */
/* Which logs a compaction merges: those that pay. Pure functions.
 *
 * A log pays when enough of it can be dropped. Logs that pay and are neighbours are merged into
 * one; so are neighbours that do not pay, where copying them costs little beside what is won: else
 * logs would shrink and never become fewer. Tombstones can be dropped only where no lower log holds
 * what they hide (docs/FORMAT.md, "Compaction").
 *
 * Threads: the caller's own memory. */
#ifndef ARY_STORE_PLAN_H
#define ARY_STORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/logs.h"

/* What a log holds, in bytes. */
struct ary_plan_log {
	uint64_t bytes;      /* in all */
	uint64_t live;       /* of present values */
	uint64_t tombstones;
	uint64_t dead;       /* of values that are not present any more */
	uint64_t marks;
	bool active;         /* is sealed to be merged: never only taken along */
};

struct ary_plan_rules {
	uint64_t percent;    /* of a log must be won for it to pay; 0: anything */
	uint64_t bytes_max;  /* of a merge of several logs */
	uint64_t room_bytes; /* on the disk: a merge that needs more must wait */
};

/* Logs FIRST to FIRST + COUNT - 1 become one. */
struct ary_plan_step {
	size_t first;
	size_t count;
	uint64_t kept_bytes; /* about what it will have */
};

struct ary_plan {
	struct ary_plan_step *steps; /* rising; owned */
	size_t count;
	size_t too_large;            /* logs that pay, but for which there is no room */
};

/* What LOG holds. */
struct ary_plan_log ary_plan_log_of(const struct ary_log *log);

/* Plans for COUNT LOGS, oldest first. Release OUT. */
void ary_plan_make(const struct ary_plan_log *logs, size_t count,
		   const struct ary_plan_rules *rules, struct ary_plan *out);

void ary_plan_release(struct ary_plan *plan);

#endif
