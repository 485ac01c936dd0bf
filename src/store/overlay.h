/* SPDX-License-Identifier: MIT */
/* What the writes of a group will have done to their keys, before the group is on disk: the
 * preconditions of a later write are decided against this first, and then against the index.
 *
 * Limits: ARY_GROUP_WRITES_MAX writes. Threads: the commit thread's own. */
#ifndef ARY_STORE_OVERLAY_H
#define ARY_STORE_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "store/store.h"

struct ary_ending;

enum { ARY_GROUP_WRITES_MAX = 1024, ARY_OVERLAY_SLOTS = 4096 };

/* One write of the group that will be stored. */
struct ary_pending {
	struct ary_write *write;
	uint64_t seq;
	uint64_t offset;   /* of its line in the group's bytes */
	uint32_t size;
	uint64_t expires_ms; /* of the value, if it is one and ends; else 0 */
	struct ary_ending *ending; /* for it; owned until the group is stored or fails */
	bool replaced;     /* there was a value before it */
};

struct ary_overlay {
	uint32_t generation;                    /* of the present group; older slots are empty */
	uint32_t slot_generation[ARY_OVERLAY_SLOTS];
	uint16_t slot_pending[ARY_OVERLAY_SLOTS]; /* the latest write of its key */
	struct ary_pending pending[ARY_GROUP_WRITES_MAX];
	size_t count;
};

/* Begins a new, empty group. */
void ary_overlay_clear(struct ary_overlay *overlay);

/* The group's latest write of KEY, or NULL. HASH is what `key_hash` of such a write is. Returns
 * borrowed until clear. */
const struct ary_pending *ary_overlay_find(const struct ary_overlay *overlay,
					   struct ary_bytes key, uint64_t hash);

/* Adds PENDING (copied); there must be room. */
void ary_overlay_add(struct ary_overlay *overlay, const struct ary_pending *pending);

#endif
