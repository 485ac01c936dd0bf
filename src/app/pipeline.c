/* SPDX-License-Identifier: MIT */
#include "app/pipeline.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "env/thread.h"

enum {
	SLOT_COUNT = 2048,
	/* Who waits is woken when as few are under way: a group is filled while another one is
	 * synced, and there is no wake for every write. */
	WAKE_COUNT = SLOT_COUNT / 2,
	BYTES_MAX = 16 * 1024 * 1024,
	/* A slot gives larger buffers back after use. */
	KEPT_BYTES_MAX = 64 * 1024,
};

struct slot {
	struct ary_write write;
	struct ary_pipeline *pipeline;
	struct ary_buf bytes; /* key, type and value */
	const char *path;
	uint64_t line;
	struct slot *next;    /* of those that are free */
};

struct ary_pipeline {
	struct ary_store *store;
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

struct ary_pipeline *ary_pipeline_create(struct ary_store *store)
{
	struct ary_pipeline *pipeline = ARY_NEW(struct ary_pipeline);

	pipeline->store = store;
	ary_mutex_init(&pipeline->mutex);
	ary_cond_init(&pipeline->cond);
	for (size_t i = 0; i < SLOT_COUNT; i++) {
		pipeline->slots[i].pipeline = pipeline;
		pipeline->slots[i].next = pipeline->free;
		pipeline->free = &pipeline->slots[i];
	}
	return pipeline;
}

void ary_pipeline_destroy(struct ary_pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	for (size_t i = 0; i < SLOT_COUNT; i++)
		ary_buf_release(&pipeline->slots[i].bytes);
	ary_cond_release(&pipeline->cond);
	ary_mutex_release(&pipeline->mutex);
	free(pipeline);
}

/* What of SLOT's write went wrong, if anything did. */
static void note_answer_locked(struct ary_pipeline *pipeline, const struct slot *slot)
	ARY_REQUIRES(&pipeline->mutex)
{
	const struct ary_write *write = &slot->write;

	if (write->status == ARY_OK ||
	    (write->status == ARY_NOT_FOUND && write->op == ARY_WRITE_REMOVE)) {
		pipeline->done++;
	} else if (pipeline->error.status == ARY_OK) {
		pipeline->error = write->error;
		ary_error_wrap(&pipeline->error, write->status, "%s, line %" PRIu64, slot->path,
			       slot->line);
	}
}

/* The store's answer, on its thread. */
static void take_answer(struct ary_write *write)
{
	struct slot *slot = write->context;
	struct ary_pipeline *pipeline = slot->pipeline;
	size_t size = slot->bytes.size;

	if (slot->bytes.capacity > KEPT_BYTES_MAX)
		ary_buf_release(&slot->bytes);
	ary_mutex_lock(&pipeline->mutex);
	note_answer_locked(pipeline, slot);
	pipeline->bytes -= size;
	pipeline->under_way--;
	slot->next = pipeline->free;
	pipeline->free = slot;
	if (pipeline->waited_for && pipeline->under_way <= WAKE_COUNT)
		ary_cond_signal(&pipeline->cond);
	ary_mutex_unlock(&pipeline->mutex);
}

static bool has_room_locked(const struct ary_pipeline *pipeline, uint64_t bytes)
	ARY_REQUIRES(&pipeline->mutex)
{
	if (pipeline->under_way == 0)
		return true;
	return pipeline->free != NULL && pipeline->bytes + bytes <= BYTES_MAX;
}

/* A slot for a write of BYTES, once there is room; NULL when an earlier one has failed. */
static struct slot *take_slot(struct ary_pipeline *pipeline, uint64_t bytes)
{
	struct slot *slot = NULL;

	ary_mutex_lock(&pipeline->mutex);
	while (pipeline->error.status == ARY_OK && !has_room_locked(pipeline, bytes)) {
		pipeline->waited_for = true;
		ary_cond_wait(&pipeline->cond, &pipeline->mutex);
	}
	pipeline->waited_for = false;
	if (pipeline->error.status == ARY_OK) {
		slot = pipeline->free;
		pipeline->free = slot->next;
		pipeline->bytes += bytes;
		pipeline->under_way++;
	}
	ary_mutex_unlock(&pipeline->mutex);
	return slot;
}

static void give_back(struct ary_pipeline *pipeline, struct slot *slot, uint64_t bytes)
{
	ary_mutex_lock(&pipeline->mutex);
	pipeline->bytes -= bytes;
	pipeline->under_way--;
	slot->next = pipeline->free;
	pipeline->free = slot;
	ary_mutex_unlock(&pipeline->mutex);
}

/* Copies the bytes of ITEM into SLOT. False: out of memory. */
static bool copy_bytes(struct slot *slot, const struct ary_pipeline_item *item)
{
	slot->bytes.size = 0;
	return ary_buf_reserve(&slot->bytes, item->key.size + item->type.size + item->value.size) &&
	       ary_buf_append(&slot->bytes, item->key) &&
	       ary_buf_append(&slot->bytes, item->type) &&
	       ary_buf_append(&slot->bytes, item->value);
}

enum ary_status ary_pipeline_put(struct ary_pipeline *pipeline,
				 const struct ary_pipeline_item *item, struct ary_error *err)
{
	uint64_t bytes = item->key.size + item->type.size + item->value.size;
	struct slot *slot = take_slot(pipeline, bytes);

	if (slot == NULL)
		return ary_fail(err, ARY_CANCELLED, "an earlier write has failed");
	if (!copy_bytes(slot, item)) {
		give_back(pipeline, slot, bytes);
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a write");
	}
	const uint8_t *data = slot->bytes.data;
	slot->path = item->path;
	slot->line = item->line;
	slot->write = (struct ary_write){
		.op = item->op,
		.key = { data, item->key.size },
		.type = { data + item->key.size, item->type.size },
		.value = { data + item->key.size + item->type.size, item->value.size },
		.done = take_answer,
		.context = slot,
	};
	ary_store_submit(pipeline->store, &slot->write);
	return ARY_OK;
}

enum ary_status ary_pipeline_drain(struct ary_pipeline *pipeline, uint64_t *done_out,
				   struct ary_error *err)
{
	ary_mutex_lock(&pipeline->mutex);
	pipeline->waited_for = true;
	while (pipeline->under_way > 0)
		ary_cond_wait(&pipeline->cond, &pipeline->mutex);
	pipeline->waited_for = false;
	enum ary_status status = pipeline->error.status;
	if (status != ARY_OK && err != NULL)
		*err = pipeline->error;
	*done_out = pipeline->done;
	ary_mutex_unlock(&pipeline->mutex);
	return status;
}
