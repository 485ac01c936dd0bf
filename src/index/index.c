/* SPDX-License-Identifier: MIT */
/* Joins table and tree. Lock order: the tree's, then one shard's. A new key appears in both, and a
 * removed one goes from both, while both are held; its blob is freed afterwards, when no reader
 * can have it. An overwritten entry changes in place under its shard's lock alone, which is why a
 * page takes that lock for each entry it copies. */
#include "index/index.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"
#include "index/blob.h"
#include "index/index_private.h"
#include "index/sort.h"

/* Writers wait for no more leaves than these to be counted: some 10,000 keys, for under 100 us. */
enum { COUNTED_LEAVES = 512 };

struct ary_index *ary_index_create(const struct ary_hash_secret *secret)
{
	struct ary_index *index = ARY_NEW(struct ary_index);

	index->secret = *secret;
	ary_arena_init(&index->arena);
	ary_table_init(&index->table, &index->arena, &index->secret);
	ary_rwlock_init(&index->tree_lock);
	ary_tree_init(&index->tree, &index->arena);
	return index;
}

void ary_index_destroy(struct ary_index *index)
{
	if (index == NULL)
		return;
	ary_rwlock_release(&index->tree_lock);
	ary_gather_drop(&index->gather);
	ary_table_release(&index->table);
	ary_arena_release(&index->arena);
	free(index);
}

uint64_t ary_index_hash(const struct ary_index *index, struct ary_bytes key)
{
	ARY_CHECK(key.size <= ARY_INDEX_KEY_BYTES_MAX);
	return ary_hash(&index->secret, key);
}

/* Makes room for KEY beside all that is reserved. */
static bool ensure(struct ary_index *index, struct ary_bytes key, uint64_t hash)
{
	uint64_t units = index->reserved_units +
			 ary_arena_block_units(&index->arena, ary_blob_bytes(key.size));

	if (!index->bulk)
		units += ary_tree_insert_units(&index->tree, index->reserved_keys + 1);
	return ary_table_ensure(&index->table, hash) && ary_arena_ensure(&index->arena, units);
}

enum ary_status ary_index_reserve(struct ary_index *index, struct ary_bytes key, uint64_t hash)
{
	ARY_CHECK(!index->bulk);
	if (!ensure(index, key, hash))
		return ARY_NO_MEMORY;
	ary_table_reserve(&index->table, hash);
	index->reserved_units += ary_arena_block_units(&index->arena, ary_blob_bytes(key.size));
	index->reserved_keys++;
	index->unused_keys++;
	return ARY_OK;
}

void ary_index_unreserve(struct ary_index *index)
{
	if (index->reserved_keys == 0)
		return;
	index->reserved_keys = 0;
	index->reserved_units = 0;
	index->unused_keys = 0;
	ary_table_unreserve(&index->table);
	ary_arena_trim(&index->arena);
}

void ary_index_bulk_begin(struct ary_index *index, uint64_t keys_expected)
{
	ARY_CHECK(index->tree.root == 0 && index->reserved_keys == 0 && !index->bulk);
	index->bulk = true;
	ary_gather_begin(&index->gather);
	ary_table_expect(&index->table, keys_expected);
}

/* Gathers all keys from the table. False: no memory. */
static bool collect(struct ary_index *index, size_t count)
{
	struct ary_table_cursor cursor = { 0 };
	struct ary_sort_item *items = ary_try_alloc(count * sizeof(*items));

	if (items == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		items[i].handle = ary_table_next(&index->table, &cursor);
	ary_sort_fill_all(&index->arena, items, count);
	index->gather = (struct ary_gather){ items, count, count, true };
	return true;
}

/* False: no memory to sort all keys at once; nothing is changed then. */
static bool build_tree(struct ary_index *index)
{
	size_t count = ary_index_count(index);

	if (!ary_arena_ensure(&index->arena, ary_tree_build_units(&index->tree, count)))
		return false;
	if (!index->gather.whole && !collect(index, count))
		return false;
	ary_sort_items(&index->arena, index->gather.items, count);
	ary_tree_build(&index->tree, index->gather.items, count);
	return true;
}

static bool insert_all(struct ary_index *index)
{
	struct ary_table_cursor cursor = { 0 };
	uint32_t handle;

	while ((handle = ary_table_next(&index->table, &cursor)) != 0) {
		uint64_t units = ary_tree_insert_units(&index->tree, 1);

		if (!ary_arena_ensure(&index->arena, units))
			return false;
		ary_tree_insert(&index->tree, handle);
	}
	return true;
}

enum ary_status ary_index_bulk_end(struct ary_index *index)
{
	ARY_CHECK(index->bulk);
	bool built = build_tree(index);

	ary_gather_drop(&index->gather);
	if (!built && !insert_all(index))
		return ARY_NO_MEMORY;
	ary_arena_trim(&index->arena);
	ary_table_shrink(&index->table);
	index->bulk = false;
	return ARY_OK;
}

void ary_index_prefetch(const struct ary_index *index, uint64_t hash)
{
	ary_table_prefetch(&index->table, hash);
}

bool ary_index_get_own(struct ary_index *index, struct ary_bytes key, uint64_t hash,
		       struct ary_entry *out)
{
	uint32_t handle = ary_table_find(&index->table, key, hash);

	if (handle != 0)
		ary_blob_read(ary_blob_at(&index->arena, handle), out);
	return handle != 0;
}

bool ary_index_get(struct ary_index *index, struct ary_bytes key, struct ary_entry *out)
{
	uint64_t hash = ary_index_hash(index, key);

	ary_table_lock_read(&index->table, hash);
	uint32_t handle = ary_table_find(&index->table, key, hash);

	if (handle != 0)
		ary_blob_read(ary_blob_at(&index->arena, handle), out);
	ary_table_unlock(&index->table, hash);
	return handle != 0;
}

static void count_by(struct ary_index *index, uint64_t difference)
{
	atomic_fetch_add_explicit(&index->count, difference, memory_order_relaxed);
}

/* Puts that are made together: what was found out for all before the first. */
struct batch {
	size_t count;
	struct ary_tree_near near[ARY_INDEX_PUTS_MAX]; /* where the key belongs, if it is new */
};

_Static_assert((int)ARY_INDEX_PUTS_MAX <= (int)ARY_TREE_SIDE_BY_SIDE_MAX,
	       "the tree looks for all at once");

/* The put before FIRST has changed LEAF; if it was SPLIT, it is not known any more which half a key
 * belongs to. */
static void forget_leaf(struct batch *batch, size_t first, uint32_t leaf, bool split)
{
	for (size_t i = first; i < batch->count; i++) {
		if (batch->near[i].leaf == leaf)
			batch->near[i] = (struct ary_tree_near){ .leaf = split ? 0 : leaf };
	}
}

static void insert_into_tree(struct ary_index *index, uint32_t handle, struct batch *batch,
			     size_t i)
{
	const struct ary_tree_near near = batch->near[i];

	if (near.leaf != 0 && ary_tree_insert_near(&index->tree, &near, handle)) {
		forget_leaf(batch, i + 1, near.leaf, false);
		return;
	}
	/* Its leaf is full, or a half of one that was split, which nobody knows any more. */
	uint32_t split = ary_tree_insert(&index->tree, handle);

	if (split != 0)
		forget_leaf(batch, i + 1, split, true);
}

/* Inserts the key of PUT, which is number I of BATCH, under the tree's lock unless in bulk. Room
 * has been ensured, so nothing here can fail. */
static void insert(struct ary_index *index, const struct ary_index_put *put, struct batch *batch,
		   size_t i)
{
	uint32_t handle = ary_blob_create(&index->arena, put->key, &put->entry);
	uint64_t hash = put->hash;

	count_by(index, 1);
	if (index->bulk) {
		ary_gather_add(&index->gather, handle, put->key);
		/* Nobody else uses the index yet, so that a lock would only cost time. */
		ary_table_insert_locked(&index->table, handle, hash);
		return;
	}
	insert_into_tree(index, handle, batch, i);
	ary_table_lock_write(&index->table, hash);
	ary_table_insert_locked(&index->table, handle, hash);
	ary_table_unlock(&index->table, hash);
}

static void overwrite(struct ary_index *index, uint32_t handle, uint64_t hash,
		      const struct ary_entry *entry)
{
	ary_table_lock_write(&index->table, hash);
	ary_blob_write(ary_blob_at(&index->arena, handle), entry);
	ary_table_unlock(&index->table, hash);
}

/* PUT is number I of BATCH. */
static enum ary_status put_one(struct ary_index *index, struct ary_index_put *put,
			       struct batch *batch, size_t i)
{
	uint32_t handle = ary_table_find(&index->table, put->key, put->hash);
	bool reserved = index->unused_keys > 0;

	if (handle == 0 && !reserved && !ensure(index, put->key, put->hash))
		return ARY_NO_MEMORY;
	if (reserved)
		index->unused_keys--;
	put->had = handle != 0;
	if (put->had) {
		ary_blob_read(ary_blob_at(&index->arena, handle), &put->old);
		overwrite(index, handle, put->hash, &put->entry);
	} else {
		insert(index, put, batch, i);
	}
	return ARY_OK;
}

/* Looks for the leaves of those keys of BATCH that are not in the table. Whether there are any. */
static bool find_leaves(const struct ary_index *index, const struct ary_index_put *puts,
			struct batch *batch)
{
	struct ary_bytes keys[ARY_INDEX_PUTS_MAX] = { { 0 } };
	struct ary_tree_near near[ARY_INDEX_PUTS_MAX];
	size_t places[ARY_INDEX_PUTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		if (ary_table_find(&index->table, puts[i].key, puts[i].hash) != 0)
			continue;
		places[count] = i;
		keys[count++] = puts[i].key;
	}
	ary_tree_find_leaves(&index->tree, keys, count, near);
	for (size_t i = 0; i < count; i++)
		batch->near[places[i]] = near[i];
	return count > 0;
}

enum ary_status ary_index_put_many(struct ary_index *index, struct ary_index_put *puts,
				   size_t count)
{
	struct batch batch = { .count = count };
	enum ary_status status = ARY_OK;

	ARY_CHECK(count <= ARY_INDEX_PUTS_MAX);
	for (size_t i = 0; i < count; i++)
		ary_table_prefetch(&index->table, puts[i].hash);
	for (size_t i = 0; i < count; i++)
		ary_table_prefetch_blob(&index->table, puts[i].hash);
	bool grows = !index->bulk && find_leaves(index, puts, &batch);

	if (grows)
		ary_rwlock_write(&index->tree_lock);
	for (size_t i = 0; status == ARY_OK && i < count; i++)
		status = put_one(index, &puts[i], &batch, i);
	if (grows)
		ary_rwlock_unlock(&index->tree_lock);
	return status;
}

enum ary_status ary_index_put(struct ary_index *index, struct ary_bytes key,
			      const struct ary_entry *entry, bool *had_out,
			      struct ary_entry *old_out)
{
	struct ary_index_put put = {
		.key = key,
		.hash = ary_index_hash(index, key),
		.entry = *entry,
	};
	enum ary_status status = ary_index_put_many(index, &put, 1);

	if (status != ARY_OK)
		return status;
	*had_out = put.had;
	if (put.had)
		*old_out = put.old;
	return ARY_OK;
}

bool ary_index_remove(struct ary_index *index, struct ary_bytes key, struct ary_entry *old_out)
{
	uint64_t hash = ary_index_hash(index, key);
	uint32_t handle = ary_table_find(&index->table, key, hash);

	if (handle == 0)
		return false;
	ary_blob_read(ary_blob_at(&index->arena, handle), old_out);
	ary_rwlock_write(&index->tree_lock);
	ary_table_lock_write(&index->table, hash);
	ary_table_remove_locked(&index->table, key, hash);
	ary_table_unlock(&index->table, hash);
	if (index->bulk)
		ary_gather_drop(&index->gather);
	else
		ary_tree_remove(&index->tree, handle);
	ary_rwlock_unlock(&index->tree_lock);
	ary_blob_destroy(&index->arena, handle);
	count_by(index, UINT64_MAX);
	return true;
}

bool ary_index_relocate(struct ary_index *index, struct ary_bytes key, uint64_t seq,
			const struct ary_location *location)
{
	struct ary_entry entry;
	uint64_t hash = ary_index_hash(index, key);
	uint32_t handle = ary_table_find(&index->table, key, hash);

	if (handle == 0)
		return false;
	ary_blob_read(ary_blob_at(&index->arena, handle), &entry);
	if (entry.seq != seq)
		return false;
	entry.location = *location;
	overwrite(index, handle, hash, &entry);
	return true;
}

uint64_t ary_index_count(struct ary_index *index)
{
	return atomic_load_explicit(&index->count, memory_order_relaxed);
}

uint64_t ary_index_memory_bytes(struct ary_index *index)
{
	return sizeof(*index) + ary_arena_memory_bytes(&index->arena) +
	       ary_table_memory_bytes(&index->table);
}

static void read_entry(struct ary_index *index, uint32_t handle, struct ary_bytes key,
		       struct ary_entry *out)
{
	uint64_t hash = ary_hash(&index->secret, key);

	ary_table_lock_read(&index->table, hash);
	ary_blob_read(ary_blob_at(&index->arena, handle), out);
	ary_table_unlock(&index->table, hash);
}

/* Whether KEY is not yet behind RANGE, in the order in which that is visited. */
static bool is_within(const struct ary_key_range *range, struct ary_bytes key)
{
	int order;

	if (!range->reverse)
		return range->to.size == 0 || ary_bytes_compare(key, range->to) < 0;
	order = ary_bytes_compare(key, range->from);
	return order > 0 || (order == 0 && !range->after);
}

void ary_index_page(struct ary_index *index, const struct ary_key_range *range,
		    ary_index_visit visit, void *context)
{
	struct ary_tree *tree = &index->tree;

	ARY_CHECK(!index->bulk);
	ary_rwlock_read(&index->tree_lock);
	struct ary_cursor cursor = range->reverse ?
					   ary_tree_seek_back(tree, range->to) :
					   ary_tree_seek(tree, range->from, range->after);

	for (;;) {
		uint32_t handle = range->reverse ? ary_tree_previous(tree, &cursor) :
						   ary_tree_next(tree, &cursor);
		struct ary_entry entry;

		if (handle == 0)
			break;
		struct ary_bytes key = ary_blob_key(&index->arena, handle);

		if (!is_within(range, key))
			break;
		read_entry(index, handle, key, &entry);
		if (!visit(context, key, &entry))
			break;
	}
	ary_rwlock_unlock(&index->tree_lock);
}

/* Whether RANGE may have a key. */
static bool may_have_any(const struct ary_key_range *range)
{
	return range->to.size == 0 || ary_bytes_compare(range->from, range->to) < 0;
}

enum ary_status ary_index_count_some(struct ary_index *index, const struct ary_key_range *range,
				     struct ary_buf *from, uint64_t *count)
{
	struct ary_cursor end = { 0 };
	uint64_t counted = 0;
	uint32_t handle = 0;
	bool fits = true;

	ARY_CHECK(!index->bulk);
	ary_rwlock_read(&index->tree_lock);
	if (may_have_any(range)) {
		struct ary_cursor cursor = ary_tree_seek(&index->tree, range->from, range->after);

		if (range->to.size > 0)
			end = ary_tree_seek(&index->tree, range->to, false);
		counted = ary_tree_count(&index->tree, &cursor, &end, COUNTED_LEAVES);
		handle = ary_tree_next(&index->tree, &cursor);
	}
	/* RANGE may have borrowed from FROM; it is not looked at any more. */
	from->size = 0;
	if (handle != 0)
		fits = ary_buf_append(from, ary_blob_key(&index->arena, handle));
	ary_rwlock_unlock(&index->tree_lock);
	if (!fits)
		return ARY_NO_MEMORY;
	*count += counted;
	return ARY_OK;
}
