/* SPDX-License-Identifier: MIT */
#include "store/rotate.h"

#include <inttypes.h>

#include "base/check.h"
#include "base/diag.h"

static uint64_t next_number(struct ary_store *store)
{
	const struct ary_log *last = ary_logs_last(&store->logs);
	return last == NULL ? 0 : ary_segment_log(last->segment) + 1;
}

/* Creates the file of the log after the last one, durably. */
static enum ary_status create_log(struct ary_store *store, struct ary_segment **out,
				  struct ary_error *err)
{
	struct ary_segment *segment;
	enum ary_status status = ary_segment_create(store->dir, next_number(store), false,
						    ary_logs_slot(&store->logs), &segment, err);
	if (status != ARY_OK)
		return status;
	ary_store_map(store, segment);
	status = ary_dir_sync(store->dir, err);
	if (status != ARY_OK) {
		ary_segment_unref(segment);
		ary_store_latch(store, err);
		(void)ary_store_ready(store, err);
		return ARY_READ_ONLY;
	}
	*out = segment;
	return ARY_OK;
}

enum ary_status ary_rotate_begin(struct ary_store *store, struct ary_error *err)
{
	if (store->committer.active != NULL)
		return ARY_OK;
	struct ary_segment *segment;
	enum ary_status status = create_log(store, &segment, err);
	if (status != ARY_OK)
		return status;
	store->committer.active = ary_logs_append(&store->logs, segment);
	return ARY_OK;
}

/* As ary_rotate_prepare; says what failed. */
static enum ary_status prepare(struct ary_store *store, struct ary_error *err)
{
	if (store->committer.next != NULL)
		return ARY_OK;
	bool was_postponed = store->committer.rotation_postponed;
	enum ary_status status = create_log(store, &store->committer.next, err);
	store->committer.rotation_postponed = status != ARY_OK;
	if (status == ARY_OK || was_postponed)
		return status;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	ary_diag(ARY_DIAG_WARN, "rotation_postponed", "log=%" PRIu64 " error=%s",
		 ary_segment_log(store->committer.active->segment),
		 ary_diag_quote(err->text, quoted));
	return status;
}

bool ary_rotate_prepare(struct ary_store *store)
{
	struct ary_error err;
	return prepare(store, &err) == ARY_OK;
}

enum ary_status ary_rotate_seal(struct ary_store *store, struct ary_append *append)
{
	struct ary_record record = {
		.op = ARY_OP_SEAL,
		.lines = store->committer.active->lines + append->lines,
	};
	append->sync = true;
	return ary_append_line(store, append, &record);
}

void ary_rotate_finish(struct ary_store *store)
{
	struct ary_committer *committer = &store->committer;
	ARY_CHECK(committer->next != NULL);
	committer->active->sealed = true;
	committer->active = ary_logs_append(&store->logs, committer->next);
	committer->next = NULL;
}

enum ary_status ary_rotate_now(struct ary_store *store, struct ary_error *err)
{
	if (store->committer.active == NULL || store->committer.active->lines == 0)
		return ARY_OK;
	enum ary_status status = prepare(store, err);
	if (status != ARY_OK)
		return ary_error_wrap(err, status,
				      "cannot begin a new log to compact the present one");
	struct ary_append append;
	status = ary_append_begin(store, &append);
	if (status == ARY_OK) {
		status = ary_rotate_seal(store, &append);
		if (status != ARY_OK)
			ary_append_forget(store, &append);
	}
	if (status != ARY_OK)
		return ary_fail(err, status, "cannot seal the log");
	uint64_t offset;
	status = ary_append_commit(store, &append, &offset, err);
	if (status == ARY_OK)
		ary_rotate_finish(store);
	return status;
}
