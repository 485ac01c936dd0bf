/* SPDX-License-Identifier: MIT */
#include "store/loader.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "store/apply.h"

/* Waking a thread takes as long as a hundred changes do: each wakes the other only when there is
 * work for WAKE_BATCHES. */
enum { CHANGES_MAX = 1024, BATCHES = 16, WAKE_BATCHES = BATCHES / 4 };

/* A batch is full with so many bytes of keys, too: all of them together hold some MiB at most. */
enum { KEY_BYTES = 256 * 1024 };

struct change {
	struct ary_entry entry;
	uint64_t expires_ms;
	uint32_t key_offset; /* in the batch's keys, which may move while they grow */
	uint16_t key_size;
	bool remove;
};

_Static_assert((uint64_t)CHANGES_MAX * ARY_INDEX_KEY_BYTES_MAX <= UINT32_MAX,
	       "a batch's keys are all within reach");
_Static_assert(ARY_INDEX_KEY_BYTES_MAX <= UINT16_MAX, "a key's size fits");

struct ary_load_batch {
	struct ary_buf keys;
	size_t count;
	struct change changes[CHANGES_MAX];
};

static struct ary_bytes key_of(const struct ary_load_batch *batch, const struct change *change)
{
	return (struct ary_bytes){batch->keys.data + change->key_offset, change->key_size};
}

/* The end of CHANGE, a put, or NULL where it has none. False: no memory. */
static bool make_ending(struct ary_store *store, const struct ary_load_batch *batch,
			const struct change *change, struct ary_ending **out)
{
	*out = NULL;
	if (!change->entry.ends)
		return true;
	*out = ary_expiry_make(&store->expiry, key_of(batch, change), change->expires_ms);
	return *out != NULL;
}

/* Makes those of the changes from FIRST on that are puts, as many as go together. How many in
 * *DONE_OUT. */
static enum ary_status put_some(struct ary_store *store, const struct ary_load_batch *batch,
				size_t first, size_t *done_out)
{
	struct ary_index_put puts[ARY_INDEX_PUTS_MAX];
	struct ary_ending *endings[ARY_INDEX_PUTS_MAX];
	size_t count = 0;
	for (size_t i = first; i < batch->count && count < ARY_INDEX_PUTS_MAX; i++) {
		const struct change *change = &batch->changes[i];
		if (change->remove)
			break;
		puts[count].key = key_of(batch, change);
		puts[count].hash = ary_index_hash(store->index, puts[count].key);
		puts[count].entry = change->entry;
		if (!make_ending(store, batch, change, &endings[count])) {
			while (count > 0)
				ary_expiry_forget(&store->expiry, endings[--count]);
			return ARY_NO_MEMORY;
		}
		count++;
	}
	*done_out = count;
	return ary_apply_puts(store, puts, endings, count);
}

/* Makes the changes of BATCH, and empties it. */
static enum ary_status apply(struct ary_store *store, struct ary_load_batch *batch)
{
	enum ary_status status = ARY_OK;
	size_t done = 1;
	for (size_t i = 0; status == ARY_OK && i < batch->count; i += done) {
		status = put_some(store, batch, i, &done);
		if (done > 0)
			continue;
		ary_apply_removal(store, key_of(batch, &batch->changes[i]));
		done = 1;
	}
	batch->count = 0;
	batch->keys.size = 0;
	return status;
}

static void run(void *context)
{
	struct ary_loader *loader = context;
	ary_mutex_lock(&loader->lock);
	for (;;) {
		while (loader->applied == loader->given && !loader->ending)
			ary_cond_wait(&loader->changed, &loader->lock);
		if (loader->ending)
			break;
		struct ary_load_batch *batch = &loader->batches[loader->applied % BATCHES];
		enum ary_status status = loader->status;
		ary_mutex_unlock(&loader->lock);
		if (status == ARY_OK)
			status = apply(loader->store, batch);
		ary_mutex_lock(&loader->lock);
		loader->status = status;
		loader->applied++;
		if (loader->given - loader->applied == loader->awaited)
			ary_cond_signal(&loader->changed);
	}
	ary_mutex_unlock(&loader->lock);
}

void ary_loader_start(struct ary_loader *loader, struct ary_store *store, bool threaded)
{
	*loader = (struct ary_loader){.store = store};
	if (!threaded)
		return;
	loader->batches = ary_alloc(BATCHES * sizeof(*loader->batches));
	ary_mutex_init(&loader->lock);
	ary_cond_init(&loader->changed);
	loader->threaded = ary_thread_start(&loader->thread, "loader", run, loader, NULL) == ARY_OK;
	if (loader->threaded)
		return;
	/* Without another thread it takes longer, and is the same. */
	ary_cond_release(&loader->changed);
	ary_mutex_release(&loader->lock);
}

/* Gives the batches that were filled to the thread. Where it has more than LEFT_MAX then, waits
 * until all but LEFT are applied. */
static enum ary_status give(struct ary_loader *loader, uint64_t left_max, uint64_t left)
{
	ary_mutex_lock(&loader->lock);
	loader->given = loader->filled;
	ary_cond_signal(&loader->changed);
	loader->awaited = left;
	if (loader->given - loader->applied > left_max) {
		while (loader->given - loader->applied > left)
			ary_cond_wait(&loader->changed, &loader->lock);
	}
	enum ary_status status = loader->status;
	ary_mutex_unlock(&loader->lock);
	return status;
}

/* The batch is full. */
static enum ary_status pass_on(struct ary_loader *loader, struct ary_load_batch *batch)
{
	if (!loader->threaded)
		return apply(loader->store, batch);
	loader->filled++;
	if (loader->filled % WAKE_BATCHES != 0)
		return ARY_OK;
	/* So many are free then that nobody has to look before the next time. */
	return give(loader, BATCHES - WAKE_BATCHES, BATCHES / 2);
}

static struct ary_load_batch *filling(const struct ary_loader *loader)
{
	return &loader->batches[loader->filled % BATCHES];
}

enum ary_status ary_loader_add(struct ary_loader *loader, struct ary_bytes key,
			       const struct ary_entry *entry, uint64_t expires_ms)
{
	if (loader->batches == NULL)
		loader->batches = ary_alloc(sizeof(*loader->batches));
	struct ary_load_batch *batch = filling(loader);
	struct change *change = &batch->changes[batch->count];
	change->key_offset = (uint32_t)batch->keys.size;
	change->key_size = (uint16_t)key.size;
	change->remove = entry == NULL;
	change->expires_ms = expires_ms;
	if (entry != NULL)
		change->entry = *entry;
	if (!ary_buf_append(&batch->keys, key))
		return ARY_NO_MEMORY;
	batch->count++;
	if (batch->count < CHANGES_MAX && batch->keys.size < KEY_BYTES)
		return ARY_OK;
	return pass_on(loader, batch);
}

enum ary_status ary_loader_drain(struct ary_loader *loader)
{
	if (loader->batches == NULL)
		return ARY_OK;
	if (!loader->threaded)
		return apply(loader->store, filling(loader));
	loader->filled++;
	return give(loader, 0, 0);
}

void ary_loader_stop(struct ary_loader *loader)
{
	if (loader->threaded) {
		ary_mutex_lock(&loader->lock);
		loader->ending = true;
		ary_cond_signal(&loader->changed);
		ary_mutex_unlock(&loader->lock);
		ary_thread_join(&loader->thread);
		ary_cond_release(&loader->changed);
		ary_mutex_release(&loader->lock);
	}
	for (size_t i = 0; loader->batches != NULL && i < (loader->threaded ? BATCHES : 1); i++)
		ary_buf_release(&loader->batches[i].keys);
	free(loader->batches);
}
