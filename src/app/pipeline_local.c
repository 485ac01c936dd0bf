/* SPDX-License-Identifier: MIT */
/* Writes to a store in a directory: it takes those that wait as one group, and syncs once for all
 * of them. Answers come on its thread. */
#include <inttypes.h>
#include <stdlib.h>

#include "app/local.h"
#include "app/pipeline_private.h"
#include "base/alloc.h"
#include "env/thread.h"

enum {
	SLOT_COUNT = 2048,
	/* Who waits is woken when as few are under way: a group is filled while another one is
	 * synced, and there is no wake for every write. */
	WAKE_COUNT = SLOT_COUNT / 2,
	BYTES_MAX = 16 * 1024 * 1024,
	/* A slot gives larger buffers back after use. */
	KEPT_BYTES_MAX = 8 * 1024,
};

struct slot {
	struct ary_write write;
	struct local *local;
	struct ary_buf bytes; /* what the write's views borrow */
	const char *path;
	uint64_t line;
	struct slot *next;    /* of those that are free */
};

struct local {
	struct ary_pipeline pipeline; /* first */
	const struct ary_config *config;
	struct ary_mutex mutex;
	struct ary_cond cond;   /* at most WAKE_COUNT are under way, and that is waited for */
	/* Under `mutex`. */
	struct slot *free;
	size_t under_way;
	uint64_t bytes;         /* of those under way */
	bool waited_for;
	uint64_t done;
	struct ary_error error; /* of the first that failed; its status is OK until then */
	struct slot slots[SLOT_COUNT];
};

static struct local *local_of(struct ary_pipeline *pipeline)
{
	return (struct local *)pipeline;
}

/* What of SLOT's write went wrong, if anything did. */
static void note_answer_locked(struct local *local, const struct slot *slot)
	ARY_REQUIRES(&local->mutex)
{
	const struct ary_write *write = &slot->write;

	if (write->status == ARY_OK ||
	    (write->status == ARY_NOT_FOUND && write->op == ARY_WRITE_REMOVE)) {
		local->done++;
	} else if (local->error.status == ARY_OK) {
		local->error = write->error;
		ary_error_wrap(&local->error, write->status, "%s, line %" PRIu64, slot->path,
			       slot->line);
	}
}

/* The store's answer, on its thread. */
static void take_answer(struct ary_write *write)
{
	struct slot *slot = write->context;
	struct local *local = slot->local;
	size_t size = slot->bytes.size;

	if (slot->bytes.capacity > KEPT_BYTES_MAX)
		ary_buf_release(&slot->bytes);
	ary_mutex_lock(&local->mutex);
	note_answer_locked(local, slot);
	local->bytes -= size;
	local->under_way--;
	slot->next = local->free;
	local->free = slot;
	if (local->waited_for && local->under_way <= WAKE_COUNT)
		ary_cond_signal(&local->cond);
	ary_mutex_unlock(&local->mutex);
}

static bool has_room_locked(const struct local *local, uint64_t bytes)
	ARY_REQUIRES(&local->mutex)
{
	if (local->under_way == 0)
		return true;
	return local->free != NULL && local->bytes + bytes <= BYTES_MAX;
}

/* A slot for a write of BYTES, once there is room; NULL when an earlier one has failed. */
static struct slot *take_slot(struct local *local, uint64_t bytes)
{
	struct slot *slot = NULL;

	ary_mutex_lock(&local->mutex);
	while (local->error.status == ARY_OK && !has_room_locked(local, bytes)) {
		local->waited_for = true;
		ary_cond_wait(&local->cond, &local->mutex);
	}
	local->waited_for = false;
	if (local->error.status == ARY_OK) {
		slot = local->free;
		local->free = slot->next;
		local->bytes += bytes;
		local->under_way++;
	}
	ary_mutex_unlock(&local->mutex);
	return slot;
}

static void give_back(struct local *local, struct slot *slot, uint64_t bytes)
{
	ary_mutex_lock(&local->mutex);
	local->bytes -= bytes;
	local->under_way--;
	slot->next = local->free;
	local->free = slot;
	ary_mutex_unlock(&local->mutex);
}

static enum ary_status put(struct ary_pipeline *pipeline, const struct ary_pipeline_item *item,
			   struct ary_error *err)
{
	struct local *local = local_of(pipeline);
	uint64_t bytes = ary_pipeline_item_bytes(item);
	struct slot *slot = take_slot(local, bytes);
	struct ary_pipeline_item copy;

	if (slot == NULL)
		return ary_fail(err, ARY_CANCELLED, "an earlier write has failed");
	if (!ary_pipeline_item_copy(item, &slot->bytes, &copy)) {
		give_back(local, slot, bytes);
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a write");
	}
	slot->path = item->path;
	slot->line = item->line;
	slot->write = (struct ary_write){
		.op = item->op,
		.key = copy.key,
		.value = copy.value,
		.type = copy.type,
		.encoding = copy.encoding,
		.meta = copy.meta,
		.sha256 = copy.sha256,
		.expires_ms = copy.expires_ms,
		.done = take_answer,
		.context = slot,
	};
	ary_store_submit(local->pipeline.store, &slot->write);
	return ARY_OK;
}

static enum ary_status drain(struct ary_pipeline *pipeline, uint64_t *done_out,
			     struct ary_error *err)
{
	struct local *local = local_of(pipeline);

	ary_mutex_lock(&local->mutex);
	local->waited_for = true;
	while (local->under_way > 0)
		ary_cond_wait(&local->cond, &local->mutex);
	local->waited_for = false;
	enum ary_status status = local->error.status;
	if (status != ARY_OK && err != NULL)
		*err = local->error;
	*done_out = local->done;
	ary_mutex_unlock(&local->mutex);
	return status;
}

static enum ary_exit end(struct ary_pipeline *pipeline, enum ary_exit code)
{
	struct local *local = local_of(pipeline);
	const struct ary_config *config = local->config;
	struct ary_store *store = local->pipeline.store;

	for (size_t i = 0; i < SLOT_COUNT; i++)
		ary_buf_release(&local->slots[i].bytes);
	ary_cond_release(&local->cond);
	ary_mutex_release(&local->mutex);
	free(local);
	if (code == ARY_EXIT_OK)
		ary_local_settle(store, config);
	return ary_local_close(store, code);
}

static const struct ary_pipeline_ops ops = { .put = put, .drain = drain, .close = end };

enum ary_exit ary_pipeline_open_local(const struct ary_config *config, struct ary_pipeline **out)
{
	struct ary_store *store;
	enum ary_exit code = ary_local_open(config, ARY_LOCAL_CREATE, &store);
	struct local *local;

	if (code != ARY_EXIT_OK)
		return code;
	local = ARY_NEW(struct local);
	local->pipeline.ops = &ops;
	local->config = config;
	local->pipeline.store = store;
	ary_mutex_init(&local->mutex);
	ary_cond_init(&local->cond);
	for (size_t i = 0; i < SLOT_COUNT; i++) {
		local->slots[i].local = local;
		local->slots[i].next = local->free;
		local->free = &local->slots[i];
	}
	*out = &local->pipeline;
	return ARY_EXIT_OK;
}
