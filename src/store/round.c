/* SPDX-License-Identifier: MIT */
#include "store/round.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "store/commit.h"
#include "store/merge.h"
#include "store/plan.h"
#include "store/rotate.h"

/* Who asks for a compaction is content with less: this part of what pays otherwise. */
enum { ASKED_PART = 4 };

/* A compaction leaves for deletes this part of the disk's reserve, or of what is left of it. */
enum { RESERVE_PART = 4, REST_PART = 2 };

struct round {
	struct ary_store *store;
	enum ary_compaction_effort effort;
	uint64_t room_bytes;
	/* What was chosen from: logs of the table, oldest first. */
	struct ary_log **logs;
	struct ary_plan_log *figures;
	size_t count;
	uint64_t seq;           /* of the last line; all writes up to it are in the index */
	struct ary_plan plan;
	enum ary_status status; /* of the job */
	struct ary_error *err;
};

static struct ary_plan_rules rules_of(const struct ary_store *store,
				      enum ary_compaction_effort effort, uint64_t room_bytes)
{
	uint64_t percent = store->options.compact_percent;
	if (effort == ARY_EFFORT_ASKED)
		percent /= ASKED_PART;
	return (struct ary_plan_rules){
		.percent = effort == ARY_EFFORT_FULL ? 0 : percent,
		.bytes_max = store->options.merge_bytes_max,
		.room_bytes = room_bytes,
	};
}

/* Makes the plan from the table as it is now. */
static void make_plan(struct round *round)
{
	const struct ary_logs *logs = &round->store->logs;
	const struct ary_plan_rules rules =
		rules_of(round->store, round->effort, round->room_bytes);
	round->logs = ary_alloc((logs->count + 1) * sizeof(struct ary_log *));
	round->figures = ary_alloc((logs->count + 1) * sizeof(*round->figures));
	round->count = logs->count;
	if (round->count > 0 && !logs->ordered[round->count - 1]->sealed &&
	    ary_log_stale_bytes(logs->ordered[round->count - 1]) == 0)
		round->count--;
	for (size_t i = 0; i < round->count; i++) {
		round->logs[i] = logs->ordered[i];
		round->figures[i] = ary_plan_log_of(round->logs[i]);
	}
	ary_plan_make(round->figures, round->count, &rules, &round->plan);
}

static void release(struct round *round)
{
	ary_plan_release(&round->plan);
	free(round->logs);
	free(round->figures);
	round->logs = NULL;
	round->figures = NULL;
	round->count = 0;
}

bool ary_round_pays(struct ary_store *store)
{
	struct round round = {
		.store = store,
		.effort = ARY_EFFORT_AUTOMATIC,
		.room_bytes = UINT64_MAX,
	};
	make_plan(&round);
	bool pays = round.plan.count > 0;
	release(&round);
	return pays;
}

static bool takes_active(const struct round *round)
{
	if (round->plan.count == 0 || !round->figures[round->count - 1].active)
		return false;
	const struct ary_plan_step *last = &round->plan.steps[round->plan.count - 1];
	return last->first + last->count == round->count;
}

/* Job: chooses, and seals the active log if it is chosen. */
static void choose(struct ary_store *store, struct ary_job *job)
{
	struct round *round = job->context;
	round->status = atomic_load(&store->read_only) ? ary_store_ready(store, round->err)
						       : ARY_OK;
	if (round->status != ARY_OK)
		return;
	make_plan(round);
	if (takes_active(round))
		round->status = ary_rotate_now(store, round->err);
	/* Not one that was only jumped to, or cut off: after a crash, writes to come could have
	 * lower ones, and the merges would pass for clean of them. */
	round->seq = store->committer.seq_stored;
}

/* What of the disk a compaction may fill. */
static uint64_t find_room(struct ary_store *store)
{
	uint64_t kept_bytes = store->options.disk_reserve_bytes / RESERVE_PART;
	uint64_t free_bytes;
	uint64_t total_bytes;
	/* A system that cannot tell will say so when the disk is full. */
	if (ary_dir_space(store->dir, &free_bytes, &total_bytes, NULL) != ARY_OK)
		return UINT64_MAX;
	if (kept_bytes > free_bytes / REST_PART)
		kept_bytes = free_bytes / REST_PART;
	return free_bytes - kept_bytes;
}

static void tell_selection(const struct round *round)
{
	struct ary_compactor *compactor = &round->store->compactor;
	uint64_t logs = 0;
	uint64_t bytes = 0;
	for (size_t i = 0; i < round->plan.count; i++) {
		const struct ary_plan_step *step = &round->plan.steps[i];
		logs += step->count;
		for (size_t j = 0; j < step->count; j++)
			bytes += atomic_load(&round->logs[step->first + j]->bytes);
	}
	ary_mutex_lock(&compactor->lock);
	compactor->report.selected_logs += logs;
	compactor->report.selected_bytes += bytes;
	ary_mutex_unlock(&compactor->lock);
}

/* Up to which seq log I, which is left alone, is clean. */
static uint64_t clean_seq(const struct round *round, size_t i)
{
	return round->figures[i].dead == 0 ? round->seq : round->logs[i]->cleaned;
}

/* Lowers *CLEAN to what logs FIRST to END - 1, which stay as they are, are clean up to. */
static void lower_clean(const struct round *round, size_t first, size_t end, uint64_t *clean)
{
	for (size_t i = first; i < end; i++) {
		uint64_t seq = clean_seq(round, i);
		*clean = seq < *clean ? seq : *clean;
	}
}

/* Merges what was chosen, the lowest first: what is clean then lets go of tombstones above it. One
 * that does not fit on the disk after all keeps no other from trying. */
static enum ary_status run_plan(struct round *round, struct ary_error *err)
{
	uint64_t clean = round->seq;
	size_t next = 0;
	enum ary_status status = ARY_OK;
	struct ary_error failure = {.status = ARY_OK};
	for (size_t i = 0; status == ARY_OK && i < round->plan.count; i++) {
		const struct ary_plan_step *step = &round->plan.steps[i];
		size_t end = step->first + step->count;
		lower_clean(round, next, step->first, &clean);
		const struct ary_merge merge = {
			.logs = round->logs + step->first,
			.count = step->count,
			.lowest = step->first == 0,
			.clean_seq = clean,
			.seq = round->seq,
		};
		status = ary_merge_run(round->store, &merge, err);
		if (status == ARY_NO_SPACE) {
			failure = *err;
			status = ARY_OK;
			lower_clean(round, step->first, end, &clean);
		}
		next = end;
	}
	if (status != ARY_OK || failure.status == ARY_OK)
		return status;
	*err = failure;
	return ARY_NO_SPACE;
}

/* One pass: chooses and merges. */
static enum ary_status run_pass(struct round *round, struct ary_error *err)
{
	if (atomic_load(&round->store->compactor.cancel))
		return ary_fail(err, ARY_CANCELLED, "the compaction was cancelled");
	round->room_bytes = find_room(round->store);
	struct ary_job job = {.run = choose, .context = round};
	ary_commit_run_job(round->store, &job);
	if (round->status != ARY_OK)
		return round->status;
	tell_selection(round);
	return run_plan(round, err);
}

enum ary_status ary_round_run(struct ary_store *store, enum ary_compaction_effort effort,
			      bool *selected_out, struct ary_error *err)
{
	struct round round = {.store = store, .effort = effort, .err = err};
	size_t too_large = SIZE_MAX;
	enum ary_status status;
	bool goes_on;
	do {
		status = run_pass(&round, err);
		*selected_out = *selected_out || round.plan.count > 0;
		/* What was won may be room for a log that was too large; without an end where it
		 * is not, and writes go on that make others pay again. */
		goes_on = status == ARY_OK && round.plan.count > 0 && round.plan.too_large > 0 &&
			  round.plan.too_large < too_large;
		too_large = round.plan.too_large;
		release(&round);
	} while (goes_on);
	if (status == ARY_OK && too_large > 0)
		return ary_fail(err, ARY_NO_SPACE, "%zu logs could be smaller, but there is no "
				"room for the new ones", too_large);
	return status;
}
