/* SPDX-License-Identifier: MIT */
#include "lib/write_batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"

static void note_done(struct ary_write *write)
{
	struct write_batch *batch = write->context;

	if (batch->on_done)
		batch->on_done(batch->on_done_context, write);
	ary_mutex_lock(&batch->lock);
	batch->done_count++;
	ary_cond_signal(&batch->cond);
	ary_mutex_unlock(&batch->lock);
}

struct write_batch *write_batch_create(void)
{
	struct write_batch *batch = ARY_NEW(struct write_batch);

	ary_mutex_init(&batch->lock);
	ary_cond_init(&batch->cond);
	return batch;
}

void write_batch_destroy(struct write_batch *batch)
{
	ary_cond_release(&batch->cond);
	ary_mutex_release(&batch->lock);
	free(batch);
}

struct ary_write *write_batch_add(struct write_batch *batch, const char *key, const char *value)
{
	ARY_CHECK(batch->count < WRITE_BATCH_MAX);
	size_t i = batch->count++;
	snprintf(batch->keys[i], WRITE_BATCH_TEXT_BYTES, "%s", key);
	snprintf(batch->values[i], WRITE_BATCH_TEXT_BYTES, "%s", value ? value : "");
	batch->writes[i] = (struct ary_write){
		.op = value ? ARY_WRITE_SET : ARY_WRITE_REMOVE,
		.key = ary_bytes_of(batch->keys[i]),
		.value = ary_bytes_of(batch->values[i]),
		.done = note_done,
		.context = batch,
	};
	return &batch->writes[i];
}

struct ary_write *write_batch_add_part(struct write_batch *batch, struct ary_upload *upload,
				       uint64_t number, struct ary_bytes bytes)
{
	struct ary_write *write = write_batch_add(batch, "", "");

	write->op = ARY_WRITE_PART;
	write->upload = upload;
	write->part = number;
	write->value = bytes;
	return write;
}

void write_batch_submit(struct write_batch *batch, struct ary_store *store, size_t from)
{
	for (size_t i = from; i < batch->count; i++)
		ary_store_submit(store, &batch->writes[i]);
}

void write_batch_wait(struct write_batch *batch)
{
	ary_mutex_lock(&batch->lock);
	while (batch->done_count < batch->count)
		ary_cond_wait(&batch->cond, &batch->lock);
	ary_mutex_unlock(&batch->lock);
}
