/* SPDX-License-Identifier: MIT */
/* Leaves a checkpoint, and removes one. It is synced, but its name is not: after a power failure
 * there may be none, or an older one, which does not belong to the logs. */
#include "store/checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "format/name.h"
#include "index/image.h"
#include "store/checkpoint_file.h"

/* A checkpoint on its way to the disk. */
struct work {
	struct ary_store *store;
	struct ary_file *file;
	struct ary_checkpoint_head head;
	struct ary_buf described; /* facts, the image's head, hashes */
	struct ary_buf block;     /* of the data, not written yet */
	uint64_t offset;          /* where it belongs */
	enum ary_status status;
	struct ary_error *err;
};

static void write_at(struct work *work, uint64_t offset, struct ary_bytes bytes)
{
	size_t written;
	if (work->status == ARY_OK)
		work->status = ary_file_write_at(work->file, offset, bytes.data, bytes.size,
						 &written, work->err);
}

static void fail_memory(struct work *work)
{
	if (work->status == ARY_OK)
		work->status = ary_fail(work->err, ARY_NO_MEMORY,
					"no memory for " ARY_NAME_CHECKPOINT);
}

static void flush_block(struct work *work)
{
	uint64_t hash = ary_hash_long(&work->head.secret, ary_buf_view(&work->block));
	if (work->block.size == 0)
		return;
	write_at(work, work->offset, ary_buf_view(&work->block));
	work->offset += work->block.size;
	work->block.size = 0;
	if (!ary_buf_append(&work->described,
			    (struct ary_bytes){(const uint8_t *)&hash, sizeof(hash)}))
		fail_memory(work);
}

static bool take_data(void *context, struct ary_bytes bytes)
{
	struct work *work = context;
	while (bytes.size > 0 && work->status == ARY_OK) {
		size_t room = ARY_CHECKPOINT_BLOCK_BYTES - work->block.size;
		struct ary_bytes part = {bytes.data, bytes.size < room ? bytes.size : room};
		if (!ary_buf_append(&work->block, part))
			fail_memory(work);
		bytes.data += part.size;
		bytes.size -= part.size;
		if (work->block.size == ARY_CHECKPOINT_BLOCK_BYTES)
			flush_block(work);
	}
	return work->status == ARY_OK;
}

/* Fills in all of the head that is known before the data are written. */
static void describe(struct work *work)
{
	struct ary_checkpoint_head *head = &work->head;
	struct ary_store *store = work->store;
	ary_checkpoint_sign(head);
	head->data_bytes = ary_image_data_bytes(store->index);
	work->status = ary_random(store->options.env, head->secret.bytes,
				  sizeof(head->secret.bytes), work->err);
	if (work->status == ARY_OK)
		work->status = ary_checkpoint_facts(store, &head->secret, &work->described,
						    work->err);
	head->facts_bytes = work->described.size;
	if (work->status == ARY_OK && !ary_image_head(store->index, &work->described))
		fail_memory(work);
	head->image_head_bytes = work->described.size - head->facts_bytes;
}

/* Whether the disk has room for all of it, and its reserve beside it. */
static void check_room(struct work *work)
{
	uint64_t free_bytes;
	uint64_t total_bytes;
	uint64_t wanted = ary_checkpoint_data_offset(&work->head) + work->head.data_bytes;
	if (work->status == ARY_OK)
		work->status = ary_dir_space(work->store->root, &free_bytes, &total_bytes,
					     work->err);
	if (work->status == ARY_OK && free_bytes < wanted + work->store->options.disk_reserve_bytes)
		work->status = ary_fail(work->err, ARY_NO_SPACE, "no room on the disk for %" PRIu64
					" bytes", wanted);
}

/* Fills up its last page. */
static void pad_described(struct work *work)
{
	static const uint8_t zeros[ARY_CHECKPOINT_PAGE_BYTES] = {0};
	uint64_t bytes = ary_checkpoint_described_bytes(&work->head);
	if (work->status == ARY_OK &&
	    !ary_buf_append(&work->described,
			    (struct ary_bytes){zeros, bytes - work->described.size}))
		fail_memory(work);
}

static void write_all(struct work *work)
{
	struct ary_checkpoint_head *head = &work->head;
	work->offset = ary_checkpoint_data_offset(head);
	if (work->status != ARY_OK || !ary_image_write(work->store->index, take_data, work))
		return;
	flush_block(work);
	pad_described(work);
	write_at(work, sizeof(*head), ary_buf_view(&work->described));
	head->described_hash = ary_hash_long(&head->secret, ary_buf_view(&work->described));
	head->head_hash = ary_checkpoint_head_hash(head);
	write_at(work, 0, (struct ary_bytes){(const uint8_t *)head, sizeof(*head)});
}

static enum ary_status unlink_if_there(struct ary_dir *dir, const char *name, struct ary_error *err)
{
	enum ary_status status = ary_dir_unlink(dir, name, err);
	return status == ARY_NOT_FOUND ? ARY_OK : status;
}

/* Writes the file and gives it its name; one that is not whole does not stay. */
static void leave_file(struct work *work)
{
	struct ary_dir *root = work->store->root;
	const char *name = ARY_NAME_CHECKPOINT_TEMPORARY;
	work->status = ary_file_open(root, name, ARY_OPEN_CREATE_NEW, &work->file, work->err);
	if (work->status != ARY_OK)
		return;
	write_all(work);
	if (work->status == ARY_OK)
		work->status = ary_file_sync(work->file, work->err);
	enum ary_status status = ary_file_close(work->file, work->err);
	if (work->status == ARY_OK)
		work->status = status;
	if (work->status == ARY_OK)
		work->status = ary_dir_rename(root, name, ARY_NAME_CHECKPOINT, work->err);
	if (work->status != ARY_OK)
		(void)unlink_if_there(root, name, NULL);
}

/* Whether the next open has so much to read, and so much beside what it need not, that this takes
 * less time. */
static bool pays(struct ary_store *store)
{
	struct ary_logs_sum sum;
	uint64_t bytes_min = store->options.checkpoint_bytes_min;
	ary_logs_sum(&store->logs, &sum);
	uint64_t known = atomic_load(&store->checkpoint.stands) ? store->checkpoint.bytes : 0;
	uint64_t unread = sum.bytes - known;
	return bytes_min > 0 && unread >= bytes_min && unread >= known / 8;
}

void ary_checkpoint_leave(struct ary_store *store)
{
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	const struct ary_log *last = ary_logs_last(&store->logs);
	/* A replay goes on in the last log. After a merge that was not taken over, the table is not
	 * that of the logs. */
	if (last == NULL || last->sealed || last->lines == 0 || store->compactor.broken ||
	    !pays(store))
		return;
	(void)ary_parts_drop_due(store);
	struct work *work = ARY_NEW(struct work);
	work->store = store;
	work->err = &err;
	describe(work);
	/* Of a run that ended while it wrote, and that was not looked for. */
	if (work->status == ARY_OK)
		work->status = unlink_if_there(store->root, ARY_NAME_CHECKPOINT_TEMPORARY, &err);
	check_room(work);
	if (work->status == ARY_OK)
		leave_file(work);
	if (work->status != ARY_OK)
		ary_diag(ARY_DIAG_WARN, "checkpoint_not_written", "error=%s",
			 ary_diag_quote(err.text, quoted));
	ary_buf_release(&work->described);
	ary_buf_release(&work->block);
	free(work);
}

void ary_checkpoint_drop(struct ary_store *store)
{
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	atomic_store(&store->checkpoint.stands, false);
	if (!atomic_exchange(&store->checkpoint.kept, false))
		return;
	/* One that stays is found not to belong to the logs. */
	if (unlink_if_there(store->root, ARY_NAME_CHECKPOINT, &err) != ARY_OK)
		ary_diag(ARY_DIAG_WARN, "leftover_kept", "error=%s",
			 ary_diag_quote(err.text, quoted));
}
