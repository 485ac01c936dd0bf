/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "format/name.h"
#include "format/record.h"
#include "store/appender.h"
#include "store/checkpoint.h"
#include "store/commit.h"
#include "store/compact.h"
#include "store/prove.h"
#include "store/recover.h"
#include "store/rotate.h"
#include "store/store_private.h"
#include "store/witness.h"

const char *ary_durability_name(enum ary_durability durability)
{
	switch (durability) {
	case ARY_DURABILITY_ALWAYS:
		return "always";
	case ARY_DURABILITY_INTERVAL:
		return "interval";
	case ARY_DURABILITY_NEVER:
		break;
	}
	return "never";
}

void ary_store_options_default(struct ary_store_options *out)
{
	*out = (struct ary_store_options){
		.env = ary_env_posix(),
		.durability = ARY_DURABILITY_ALWAYS,
		.prove_logs = true,
		.sync_interval_ms = 100,
		.key_bytes_max = 1024,
		.value_bytes_max = UINT64_C(64) << 20,
		.part_bytes = UINT64_C(256) << 10,
		.queue_bytes_max = UINT64_C(64) << 20,
		.disk_reserve_bytes = UINT64_C(8) << 20,
		.rotate_bytes = UINT64_C(1) << 30,
		.compact_stale_bytes = UINT64_C(256) << 20,
		.compact_percent = 25,
		.merge_bytes_max = UINT64_C(1) << 30,
		.batch_bytes_max = UINT64_C(4) << 20,
		.gather_us_max = 1000,
		.map_bytes_max = UINT64_C(64) << 30,
		.checkpoint_bytes_min = UINT64_C(64) << 20,
		.watermark_interval_ms = 10,
	};
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What a log may grow to, but for a value that is alone in it: more would be addresses for
 * nothing. */
void ary_store_map(struct ary_store *store, struct ary_segment *segment)
{
	const struct ary_store_options *options = &store->options;
	uint64_t grown = larger(options->rotate_bytes, options->merge_bytes_max) +
			 options->batch_bytes_max;
	uint64_t wanted = larger(ary_segment_bytes(segment), grown);
	ary_segment_map(segment, wanted < options->map_bytes_max ? wanted : options->map_bytes_max);
}

void ary_store_latch(struct ary_store *store, const struct ary_error *err)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];
	ary_mutex_lock(&store->fault_lock);
	bool first = !atomic_load(&store->read_only);
	if (first)
		store->fault = *err;
	atomic_store(&store->read_only, true);
	ary_mutex_unlock(&store->fault_lock);
	if (first)
		ary_diag(ARY_DIAG_ERROR, "read_only", "error=%s",
			 ary_diag_quote(err->text, quoted));
}

enum ary_status ary_store_ready(struct ary_store *store, struct ary_error *err)
{
	if (atomic_load(&store->read_only)) {
		ary_mutex_lock(&store->fault_lock);
		struct ary_error fault = store->fault;
		ary_mutex_unlock(&store->fault_lock);
		return ary_fail(err, ARY_READ_ONLY, "the store is read-only until it is restarted, "
				"because: %s", fault.text);
	}
	if (atomic_load(&store->disk_full))
		return ary_fail(err, ARY_NO_SPACE, "the disk is full; deletes are still taken");
	return ARY_OK;
}

/* The store's folders, its lock in the outer one. What was opened is closed by free_store. */
static enum ary_status open_dirs(struct ary_store *store, struct ary_error *err)
{
	const struct ary_store_options *options = &store->options;
	struct ary_buf path = {0};
	if (!ary_buf_printf(&path, "%s/%s%c", options->path, ARY_NAME_LOGS, '\0'))
		return ary_fail(err, ARY_NO_MEMORY, "no memory to open %s", options->path);
	const char *logs_path = (const char *)path.data;
	enum ary_status status =
		ary_dir_open(options->env, options->path, options->create, &store->root, err);
	/* Without a logs folder this is no store, and not even a lock is left in it. */
	if (status == ARY_OK && !options->create)
		status = ary_dir_open(options->env, logs_path, false, &store->dir, err);
	if (status == ARY_OK)
		status = ary_dir_lock(store->root, ARY_NAME_LOCK, &store->lock_file, err);
	if (status == ARY_OK && options->create)
		status = ary_dir_open(options->env, logs_path, true, &store->dir, err);
	ary_buf_release(&path);
	return status;
}

static enum ary_status init_index(struct ary_store *store, struct ary_error *err)
{
	struct ary_hash_secret secret;
	enum ary_status status =
		ary_random(store->options.env, secret.bytes, sizeof(secret.bytes), err);
	if (status != ARY_OK)
		return status;
	store->index = ary_index_create(&secret);
	return ARY_OK;
}

static struct ary_store *new_store(const struct ary_store_options *options)
{
	struct ary_store *store = ARY_NEW(struct ary_store);
	store->options = *options;
	ary_expiry_init(&store->expiry);
	ary_logs_init(&store->logs);
	ary_parts_init(&store->parts);
	ary_mutex_init(&store->queue.lock);
	ary_cond_init(&store->queue.work);
	ary_cond_init(&store->queue.job_done);
	ary_mutex_init(&store->compactor.lock);
	ary_cond_init(&store->compactor.work);
	ary_mutex_init(&store->fault_lock);
	return store;
}

/* Frees what open made; the threads have ended. */
static void free_store(struct ary_store *store)
{
	ary_index_destroy(store->index);
	ary_file_copy_release(&store->checkpoint.copy);
	ary_expiry_release(&store->expiry);
	ary_segment_unref(store->committer.next);
	ary_buf_release(&store->committer.batch);
	ary_logs_release(&store->logs);
	ary_parts_release(&store->parts);
	ary_file_close(store->committer.witness.file, NULL);
	ary_dir_close(store->dir);
	ary_file_close(store->lock_file, NULL);
	ary_dir_close(store->root);
	ary_mutex_release(&store->queue.lock);
	ary_cond_release(&store->queue.work);
	ary_cond_release(&store->queue.job_done);
	ary_mutex_release(&store->compactor.lock);
	ary_cond_release(&store->compactor.work);
	ary_mutex_release(&store->fault_lock);
	free(store);
}

enum ary_status ary_store_open(const struct ary_store_options *options, struct ary_store **out,
			       struct ary_error *err)
{
	struct ary_store *store = new_store(options);
	uint64_t start_ns = ary_monotonic_ns(options->env);
	enum ary_status status = open_dirs(store, err);
	if (status == ARY_OK)
		status = init_index(store, err);
	if (status == ARY_OK)
		status = ary_recover(store, err);
	if (status == ARY_OK) {
		ary_prove_prepare(store);
		status = ary_commit_start(store, err);
	}
	if (status == ARY_OK)
		status = ary_compact_start(store, err);
	if (status != ARY_OK) {
		ary_prove_stop(store);
		ary_commit_stop(store);
		free_store(store);
		return status;
	}
	ary_prove_start(store);
	store->recovery_ms = (ary_monotonic_ns(options->env) - start_ns) / 1000000;
	*out = store;
	return ARY_OK;
}

/* Ends the log of this run: everything before is durable, and nothing follows. *MARKED_OUT is set
 * where it has done so. */
static enum ary_status put_closing_mark(struct ary_store *store, bool *marked_out,
					struct ary_error *err)
{
	if (!store->committer.wrote || atomic_load(&store->read_only))
		return ary_store_ready(store, err) == ARY_READ_ONLY ? ARY_READ_ONLY : ARY_OK;
	enum ary_status status = ARY_OK;
	if (store->committer.dirty)
		status = ary_append_sync(store, err);
	struct ary_append append;
	struct ary_record record = {.op = ARY_OP_MARK, .clean = true};
	uint64_t offset;
	if (status == ARY_OK && ary_append_begin(store, &append) != ARY_OK)
		status = ary_fail(err, ARY_NO_MEMORY, "no memory for a closing mark");
	if (status == ARY_OK && ary_append_line(store, &append, &record) != ARY_OK)
		status = ary_fail(err, ARY_NO_MEMORY, "no memory for a closing mark");
	if (status == ARY_OK) {
		append.sync = true;
		status = ary_append_commit(store, &append, &offset, err);
		*marked_out = status == ARY_OK;
	}
	/* A full disk leaves the store without its mark, which is all that is wrong with it. */
	return status == ARY_NO_SPACE ? ARY_OK : status;
}

enum ary_status ary_store_close(struct ary_store *store, struct ary_error *err)
{
	if (store == NULL)
		return ARY_OK;
	struct ary_error own;
	ary_prove_stop(store);
	ary_compact_stop(store);
	ary_commit_stop(store);
	/* What fails here is noted in the store too, so there must be a text. */
	/* A run that has written nothing leaves the end of the last one. */
	bool marked = !store->committer.wrote && store->recovered_clean;
	enum ary_status status = put_closing_mark(store, &marked, err != NULL ? err : &own);
	if (status == ARY_OK)
		ary_witness_settle(store);
	if (status == ARY_OK && marked)
		ary_checkpoint_leave(store);
	free_store(store);
	return status;
}

void ary_store_stats(struct ary_store *store, struct ary_stats *out)
{
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	uint64_t free_bytes = 0;
	uint64_t total_bytes;
	/* Unknown is shown as nothing free: figures never fail. */
	if (ary_dir_space(store->dir, &free_bytes, &total_bytes, NULL) != ARY_OK)
		free_bytes = 0;
	*out = (struct ary_stats){
		.keys = ary_index_count(store->index),
		.logs = sum.logs,
		.log_bytes = sum.bytes,
		.live_bytes = sum.live_bytes,
		.stale_bytes = sum.stale_bytes,
		.seq = atomic_load(&store->counters.seq),
		.keys_with_expiry = ary_expiry_count(&store->expiry),
		.index_bytes = ary_index_memory_bytes(store->index) +
			       ary_expiry_memory_bytes(&store->expiry),
		.reads = atomic_load(&store->counters.reads),
		.sets = atomic_load(&store->counters.sets),
		.removes = atomic_load(&store->counters.removes),
		.expired = atomic_load(&store->counters.expired),
		.groups = atomic_load(&store->counters.groups),
		.syncs = atomic_load(&store->counters.syncs),
		.appended_bytes = atomic_load(&store->counters.appended_bytes),
		.queue_bytes = ary_commit_queue_bytes(store),
		.disk_free_bytes = free_bytes,
		.recovered_records = store->recovered_records,
		.recovered_torn_bytes = store->recovered_torn_bytes,
		.recovery_ms = store->recovery_ms,
		.durability = store->options.durability,
		.read_only = atomic_load(&store->read_only),
		.disk_full = atomic_load(&store->disk_full),
	};
	ary_mutex_lock(&store->fault_lock);
	out->fault = store->fault;
	ary_mutex_unlock(&store->fault_lock);
}
