/* SPDX-License-Identifier: MIT */
#include "lib/crash_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "lib/crash_writes.h"
#include "store/commit.h"

enum {
	SYNC_INTERVAL_MS = 2000,
	WATERMARK_INTERVAL_MS = 1000,
};

static bool ends_with(const struct sim_call *call, const char *end)
{
	size_t size = call->name != NULL ? strlen(call->name) : 0;

	return size > 4 && strcmp(call->name + size - 4, end) == 0;
}

static bool is_log(const struct sim_call *call)
{
	return ends_with(call, ".log");
}

static bool is_merge(const struct sim_call *call)
{
	return ends_with(call, ".tmp");
}
static void do_nothing(struct ary_store *store, struct ary_job *job)
{
	(void)store;
	(void)job;
}

/* Waits until the commit thread has nothing to do: a job comes before a group of its own, and so is
 * the second one after it. */
static void rest(struct script *script)
{
	struct ary_job job = {.run = do_nothing};

	ary_commit_run_job(script->store, &job);
	ary_commit_run_job(script->store, &job);
}

static bool count_key(void *context, struct ary_bytes key, uint64_t seq)
{
	(void)key;
	(void)seq;
	++*(uint64_t *)context;
	return true;
}

/* Lets the store end what is over. If that was refused, it tries again after a while, which must
 * not be beside another step. */
static void settle(struct script *script)
{
	const struct ary_bytes all = {NULL, 0};
	uint64_t count = 0;
	struct ary_stats stats;

	rest(script);
	ary_store_list(script->store, all, all, UINT64_MAX, count_key, &count);
	ary_store_stats(script->store, &stats);
	if (stats.keys == count || stats.read_only)
		return;
	atomic_fetch_add(&script->sim.monotonic_ns, UINT64_C(2000000000));
	rest(script);
}

/* Writes COUNT keys: one, and then the others as a group; waits until the commit thread rests. */
static void write_some(struct script *script, size_t count)
{
	struct step *step = ARY_NEW(struct step);

	ary_mutex_init(&step->lock);
	ary_cond_init(&step->cond);
	script->step = step;
	step->gated = count - 1;
	crash_writes_submit(script);
	ary_mutex_lock(&step->lock);
	/* Where the first is refused before it is written, the others never come. */
	while (step->done < step->submitted)
		ary_cond_wait(&step->cond, &step->lock);
	ary_mutex_unlock(&step->lock);
	rest(script);
	script->step = NULL;
	ary_cond_release(&step->cond);
	ary_mutex_release(&step->lock);
	free(step);
}

/* Submits what waits for the first write of the step to be under way. */
static void open_gate(struct script *script)
{
	struct step *step = script->step;

	while (step != NULL && step->gated > 0) {
		step->gated--;
		crash_writes_submit(script);
	}
}

static bool is_due(unsigned *countdown)
{
	if (*countdown == 0)
		return false;
	return --*countdown == 0;
}

static void write_beside(struct script *script, const struct sim_call *call)
{
	bool now = (script->beside == BESIDE_CREATE && call->op == SIM_OP_CREATE &&
		    is_merge(call)) ||
		   (script->beside == BESIDE_RENAME && call->op == SIM_OP_RENAME) ||
		   (script->beside == BESIDE_UNLINK && call->op == SIM_OP_UNLINK);

	if (!now || !script->compacting)
		return;
	script->beside = BESIDE_NOTHING;
	write_some(script, 1 + sim_draw(&script->random, 3));
}

/* The faults of the machine itself. */
static enum sim_verdict fail_call(struct script *script, struct sim_call *call)
{
	if (call->op == SIM_OP_SYNC && is_due(&script->fail_sync))
		return SIM_FAIL_IO;
	bool fails = call->op == SIM_OP_WRITE && is_log(call) && script->step != NULL &&
		     script->step->gated == 0 && is_due(&script->fail_write);
	if (!fails)
		return SIM_DO;
	call->short_bytes = sim_draw(&script->random, call->data.size + 1);
	return SIM_FAIL_SPACE;
}

static void cut_here(struct script *script, const struct sim_call *call)
{
	crash_check_power(&script->check, call->disk);
	if (!script->check.failed && sim_draw(&script->random, 2) == 0)
		crash_check_kill(&script->check, call->disk);
}

/* Before every call that changes something. */
static enum sim_verdict hook(void *context, struct sim_call *call)
{
	struct script *script = context;

	if (script->sync_under_way)
		crash_writes_note_durable(script, script->sync_covers);
	script->sync_under_way = false;
	if (!script->check.failed && call->op != SIM_OP_OPEN)
		cut_here(script, call);
	if (script->check.failed)
		script->sim.frozen = true;
	if (script->sim.frozen)
		return SIM_SKIP;
	write_beside(script, call);
	enum sim_verdict verdict = fail_call(script, call);
	if (call->op == SIM_OP_WRITE && is_log(call) && !call->recovering) {
		open_gate(script);
		/* Under `interval`, the sync is then due right after the group, and so is WATERMARK
		 * in some runs; not after a job of a compaction, which goes on beside it. */
		if (script->step != NULL && sim_draw(&script->random, 3) == 0)
			atomic_fetch_add(&script->sim.monotonic_ns, UINT64_C(3000000000));
	}
	call->fails = verdict != SIM_DO;
	enum sim_verdict bug = script->check.bug != NULL ? script->check.bug(call) : SIM_DO;
	verdict = bug != SIM_DO ? bug : verdict;
	if (call->op == SIM_OP_SYNC && is_log(call)) {
		script->sync_under_way = verdict == SIM_DO || verdict == SIM_SKIP;
		script->sync_covers = script->oracle.acked;
	}
	return verdict;
}

/* Opens the store; it must hold a state of at least LOW writes, which is from then on the one. */
static bool open_store(struct script *script, size_t low)
{
	struct oracle *oracle = &script->oracle;
	char why[ORACLE_WHY_BYTES];
	struct oracle_state state;
	size_t found = 0;

	if (!crash_check_open(&script->check, &script->sim, &script->options, &script->store))
		return false;
	rest(script);
	if (!oracle_read(oracle, script->store, &state, why))
		crash_check_fail(&script->check, "%s", why);
	else if (!oracle_find(oracle, low, oracle->issued, &state, &found))
		crash_check_fail(&script->check, "after a restart: not the state after %zu to %zu "
				 "writes", low, oracle->issued);
	if (script->check.failed)
		return false;
	oracle_forget(oracle, found);
	oracle->acked = found;
	/* What is served may not be lost any more. */
	oracle->durable = found;
	return true;
}

static void draw_options(struct script *script)
{
	uint64_t mode = sim_draw(&script->random, 10);

	script->options.durability = mode < 7 ? ARY_DURABILITY_ALWAYS
				   : mode < 9 ? ARY_DURABILITY_NEVER : ARY_DURABILITY_INTERVAL;
	script->options.part_bytes = 20 + sim_draw(&script->random, 400);
	script->options.rotate_bytes = 400 + sim_draw(&script->random, 2000);
	/* Mostly so little that some logs are left alone, and others merged one by one. */
	script->options.merge_bytes_max =
		sim_draw(&script->random, 4) == 0 ? UINT64_C(1) << 30
						  : 512 + sim_draw(&script->random, 4000);
	/* A quarter of it counts when a compaction is asked for. */
	script->options.compact_percent = 20 + sim_draw(&script->random, 380);
	/* Else WATERMARK is written at closes and merges only: its versions, none of which is ever
	 * to matter, would be most of the states. */
	bool witnessed = sim_draw(&script->random, 8) == 0;
	script->options.watermark_interval_ms = witnessed ? WATERMARK_INTERVAL_MS : UINT32_MAX;
}

/* What the power failure that happens now leaves is the disk from here on. */
static void cut_power(struct script *script)
{
	struct sim_disk left = {.inode_count = 0};

	sim_crash_draw(&script->sim.disk, &script->random, &left);
	sim_disk_release(&script->sim.disk);
	script->sim.disk = left;
	script->oracle.acked = script->oracle.durable;
}

static bool kill_and_open(struct script *script)
{
	bool cuts = sim_draw(&script->random, 2) == 0;

	crash_writes_close_upload(script);
	crash_abandon(&script->sim, script->store);
	script->store = NULL;
	if (script->sync_under_way)
		crash_writes_note_durable(script, script->sync_covers);
	script->sync_under_way = false;
	if (cuts)
		cut_power(script);
	draw_options(script);
	return open_store(script, script->oracle.acked);
}

static bool close_and_open(struct script *script)
{
	struct ary_error err = {.status = ARY_OK};

	crash_writes_close_upload(script);
	enum ary_status status = ary_store_close(script->store, &err);

	script->store = NULL;
	if (status != ARY_OK)
		crash_check_fail(&script->check, "the store does not close: %s", err.text);
	script->sync_under_way = false;
	crash_writes_note_durable(script, script->oracle.acked);
	draw_options(script);
	return !script->check.failed && open_store(script, script->oracle.acked);
}

/* Somebody who reads a large value while it may be replaced, and its lines be moved. */
struct reader {
	struct ary_value value;
	uint8_t before[ORACLE_VALUE_BYTES_MAX];
	uint8_t after[ORACLE_VALUE_BYTES_MAX];
	size_t size; /* 0: nothing is read */
};

static void begin_reading(struct script *script, struct reader *reader)
{
	unsigned number = (unsigned)sim_draw(&script->random, ORACLE_KEYS);
	char key[ORACLE_KEY_BYTES];
	struct ary_error err;

	reader->size = 0;
	if (ary_store_get(script->store, oracle_key(number, key), &reader->value, NULL) != ARY_OK)
		return;
	reader->size = oracle_read_value(&reader->value, reader->before, &err);
	if (reader->size == 0)
		crash_check_fail(&script->check, "%s cannot be read: %s", key, err.text);
}

static void end_reading(struct script *script, struct reader *reader)
{
	struct ary_error err;

	if (reader->size == 0)
		return;
	size_t size = oracle_read_value(&reader->value, reader->after, &err);
	if (size == 0)
		crash_check_fail(&script->check, "a value that is being read is gone: %s",
				 err.text);
	else if (size != reader->size || memcmp(reader->before, reader->after, size) != 0)
		crash_check_fail(&script->check, "a value changed while it was read");
	ary_value_release(&reader->value);
}

/* Without a fault that was ordered, a compaction works; with one, it finds no damage. */
static void compact(struct script *script)
{
	bool may_fail = script->fail_sync > 0 || script->fail_write > 0;

	script->compacting = true;
	script->beside = (enum beside)sim_draw(&script->random, 4);
	bool full = sim_draw(&script->random, 3) == 0;
	struct reader *reader = ARY_NEW(struct reader);
	begin_reading(script, reader);
	struct ary_compaction_report report = crash_compact(script->store, full);
	script->compacting = false;
	end_reading(script, reader);
	free(reader);
	if (report.status == ARY_CORRUPT || (report.status != ARY_OK && !may_fail))
		crash_check_fail(&script->check, "a compaction: %s", report.error.text);
}

/* Time passes, and some values end. */
static void pass_time(struct script *script)
{
	script->oracle.now_ms += sim_draw(&script->random, LIFETIME_MS_MAX);
	atomic_store(&script->sim.wall_ms, script->oracle.now_ms);
	settle(script);
}

static bool do_step(struct script *script)
{
	uint64_t kind = sim_draw(&script->random, 100);

	if (sim_draw(&script->random, 16) == 0)
		crash_writes_close_upload(script);
	if (sim_draw(&script->random, 3) == 0)
		pass_time(script);
	if (kind < 8)
		script->fail_sync = 1 + (unsigned)sim_draw(&script->random, 3);
	else if (kind < 14)
		script->fail_write = 1 + (unsigned)sim_draw(&script->random, 2);
	if (kind >= 94)
		return close_and_open(script);
	if (kind >= 90)
		return kill_and_open(script);
	if (kind >= 82 || kind < 3)
		compact(script);
	else
		write_some(script, kind >= 66 ? 2 + sim_draw(&script->random, BATCH_MAX - 1) : 1);
	script->fail_sync = 0;
	script->fail_write = 0;
	settle(script);
	if (ary_store_ready(script->store, NULL) == ARY_READ_ONLY)
		return kill_and_open(script);
	return !script->check.failed;
}

static void begin(struct script *script, uint64_t seed, crash_bug bug,
		  struct crash_figures *figures)
{
	script->random.state = seed;
	script->oracle.seed = sim_draw(&script->random, UINT64_MAX);
	script->check = (struct crash_check){
		.options = &script->options,
		.oracle = &script->oracle,
		.bug = bug,
		.random = {sim_draw(&script->random, UINT64_MAX)},
		.figures = figures,
	};
	sim_env_init(&script->sim);
	script->sim.random_state = seed;
	script->oracle.now_ms = atomic_load(&script->sim.wall_ms);
	script->sim.hook = hook;
	script->sim.hook_context = script;
	ary_store_options_default(&script->options);
	script->options.env = &script->sim.env;
	script->options.path = "store";
	script->options.create = true;
	script->options.disk_reserve_bytes = 0;
	script->options.sync_interval_ms = SYNC_INTERVAL_MS;
	script->options.compact_stale_bytes = 0;
	script->options.prove_logs = false;
	/* It is large beside the logs, and its states many: not in every script. */
	script->options.checkpoint_bytes_min = seed % 4 == 0 ? 1 : 0;
	draw_options(script);
}

bool crash_script_run(uint64_t seed, crash_bug bug, struct crash_figures *figures,
		      char why[ORACLE_WHY_BYTES])
{
	struct script *script = ARY_NEW(struct script);

	begin(script, seed, bug, figures);
	uint64_t steps = 15 + sim_draw(&script->random, 30);
	bool right = open_store(script, 0);
	while (right && steps-- > 0)
		right = do_step(script);
	if (right)
		(void)close_and_open(script);
	crash_writes_close_upload(script);
	if (script->store != NULL)
		crash_abandon(&script->sim, script->store);
	figures->scripts++;
	snprintf(why, ORACLE_WHY_BYTES, "%s", script->check.why);
	right = !script->check.failed;
	sim_env_release(&script->sim);
	free(script);
	return right;
}
