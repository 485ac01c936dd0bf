/* SPDX-License-Identifier: MIT */
/* What an index is made of: for itself, and for its image.
 * Threads: as index.h. */
#ifndef ARY_INDEX_INDEX_PRIVATE_H
#define ARY_INDEX_INDEX_PRIVATE_H

#include <stdatomic.h>

#include "env/thread.h"
#include "index/arena.h"
#include "index/gather.h"
#include "index/index.h"
#include "index/table.h"
#include "index/tree.h"

struct ary_index {
	struct ary_hash_secret secret;
	struct ary_arena arena;
	struct ary_table table;
	struct ary_rwlock tree_lock;
	struct ary_tree tree;
	_Atomic uint64_t count;
	/* The writer's own. */
	uint64_t reserved_keys;
	uint64_t reserved_units; /* of their blobs */
	uint64_t unused_keys;    /* reserved and not put yet */
	bool bulk;               /* the tree is empty until ary_index_bulk_end */
	struct ary_gather gather; /* in bulk */
};

#endif
