/* SPDX-License-Identifier: MIT */
#include "app/local.h"

#include "app/console.h"
#include "base/diag.h"
#include "env/thread.h"

enum { PROGRESS_MS = 200 };

void ary_local_options(const struct ary_config *config, struct ary_store_options *out)
{
	ary_store_options_default(out);
	out->path = config->dir;
	out->durability = config->durability;
	out->sync_interval_ms = config->sync_interval_ms;
	out->key_bytes_max = config->max_key_bytes;
	out->value_bytes_max = config->max_value_bytes;
	out->queue_bytes_max = config->queue_bytes_max;
	out->disk_reserve_bytes = config->disk_reserve_bytes;
	out->rotate_bytes = config->rotate_bytes;
	out->compact_stale_bytes = config->compact_stale_bytes;
	out->compact_percent = config->compact_percent;
	out->compact_bytes_per_second = config->compact_bytes_per_second;
	out->merge_bytes_max = config->merge_bytes_max;
	out->batch_bytes_max = config->batch_bytes_max;
	out->gather_us_max = config->gather_us_max;
	out->map_bytes_max = config->map_bytes_max;
	out->checkpoint_bytes_min = config->checkpoint_bytes_min;
}

static void show_replay(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
	(void)context;
	ary_console_progress("reading the log", done_bytes, total_bytes);
}

enum ary_exit ary_local_open(const struct ary_config *config, enum ary_local_use use,
			     struct ary_store **out)
{
	struct ary_store_options options;
	struct ary_error err;

	ary_local_options(config, &options);
	options.create = use == ARY_LOCAL_CREATE;
	options.progress = show_replay;
	options.leave_ended = use == ARY_LOCAL_READ;
	/* Few values are read, and then the process ends. */
	options.map_bytes_max = 0;
	options.prove_logs = false;
	if (use == ARY_LOCAL_READ || use == ARY_LOCAL_COMPACT)
		options.compact_stale_bytes = 0;
	switch (ary_store_open(&options, out, &err)) {
	case ARY_OK:
		return ARY_EXIT_OK;
	case ARY_NOT_FOUND:
		return ary_complain(ARY_EXIT_STORE, "no store at %s", config->dir);
	default:
		return ary_complain(ARY_EXIT_STORE, "%s", err.text);
	}
}

enum ary_exit ary_local_close(struct ary_store *store, enum ary_exit code)
{
	struct ary_error err;

	if (ary_store_close(store, &err) == ARY_OK)
		return code;
	return ary_complain(ARY_EXIT_STORE, "%s", err.text);
}

enum ary_exit ary_local_refused(const struct ary_error *err)
{
	bool asked_wrongly = err->status == ARY_INVALID || err->status == ARY_TOO_LARGE;

	return ary_complain(asked_wrongly ? ARY_EXIT_USAGE : ARY_EXIT_STORE, "%s", err->text);
}

/* Where the end of a compaction is waited for. */
struct latch {
	struct ary_mutex mutex;
	struct ary_cond cond;
	bool open;
};

static void compaction_done(struct ary_compaction_request *request)
{
	struct latch *latch = request->context;

	ary_mutex_lock(&latch->mutex);
	latch->open = true;
	ary_cond_signal(&latch->cond);
	ary_mutex_unlock(&latch->mutex);
}

static void show_compaction(struct ary_store *store)
{
	struct ary_compaction_report report;

	ary_store_compaction_report(store, &report);
	if (report.state == ARY_COMPACTION_RUNNING)
		ary_console_progress("compacting", report.scanned_bytes, report.selected_bytes);
}

enum ary_status ary_local_compact(struct ary_store *store, bool full,
				  struct ary_compaction_report *out)
{
	struct latch latch = { .open = false };
	struct ary_compaction_request request = { .full = full, .done = compaction_done,
						  .context = &latch };

	ary_mutex_init(&latch.mutex);
	ary_cond_init(&latch.cond);
	ary_store_compact(store, &request);
	ary_mutex_lock(&latch.mutex);
	while (!latch.open) {
		if (ary_cond_wait_ms(&latch.cond, &latch.mutex, PROGRESS_MS))
			continue;
		/* The store answers under locks of its own, so ours is not held meanwhile. */
		ary_mutex_unlock(&latch.mutex);
		show_compaction(store);
		ary_mutex_lock(&latch.mutex);
	}
	ary_mutex_unlock(&latch.mutex);
	ary_cond_release(&latch.cond);
	ary_mutex_release(&latch.mutex);
	ary_console_progress("compacting", request.report.selected_bytes,
			     request.report.selected_bytes);
	*out = request.report;
	return out->status;
}

void ary_local_settle(struct ary_store *store, const struct ary_config *config)
{
	struct ary_compaction_report report;
	struct ary_stats stats;
	char quoted[ARY_DIAG_QUOTED_BYTES];

	ary_store_compaction_report(store, &report);
	ary_store_stats(store, &stats);
	if (report.state != ARY_COMPACTION_RUNNING &&
	    (config->compact_stale_bytes == 0 || stats.stale_bytes < config->compact_stale_bytes))
		return;
	if (ary_local_compact(store, false, &report) != ARY_OK)
		ary_diag(ARY_DIAG_WARN, "compaction_failed", "error=%s",
			 ary_diag_quote(report.error.text, quoted));
}
