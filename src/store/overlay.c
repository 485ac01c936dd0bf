/* SPDX-License-Identifier: MIT */
#include "store/overlay.h"

#include <string.h>

#include "base/check.h"

void ary_overlay_clear(struct ary_overlay *overlay)
{
	overlay->count = 0;
	if (++overlay->generation == 0) {
		memset(overlay->slot_generation, 0, sizeof(overlay->slot_generation));
		overlay->generation = 1;
	}
}

/* The slot of KEY: the one that holds it, or the empty one where it belongs. The table is at
 * most a quarter full, so there always is one. */
static size_t find_slot(const struct ary_overlay *overlay, uint64_t hash, struct ary_bytes key)
{
	size_t slot = hash % ARY_OVERLAY_SLOTS;
	while (overlay->slot_generation[slot] == overlay->generation) {
		const struct ary_pending *there = &overlay->pending[overlay->slot_pending[slot]];
		if (there->write->key_hash == hash && ary_bytes_equal(there->write->key, key))
			break;
		slot = (slot + 1) % ARY_OVERLAY_SLOTS;
	}
	return slot;
}

const struct ary_pending *ary_overlay_find(const struct ary_overlay *overlay,
					   struct ary_bytes key, uint64_t hash)
{
	if (overlay->count == 0)
		return NULL;
	size_t slot = find_slot(overlay, hash, key);
	if (overlay->slot_generation[slot] != overlay->generation)
		return NULL;
	return &overlay->pending[overlay->slot_pending[slot]];
}

void ary_overlay_add(struct ary_overlay *overlay, const struct ary_pending *pending)
{
	ARY_CHECK(overlay->count < ARY_GROUP_WRITES_MAX);
	const struct ary_write *write = pending->write;
	overlay->pending[overlay->count] = *pending;
	size_t slot = find_slot(overlay, write->key_hash, write->key);
	overlay->slot_generation[slot] = overlay->generation;
	overlay->slot_pending[slot] = (uint16_t)overlay->count;
	overlay->count++;
}
