/* SPDX-License-Identifier: MIT */
#include "lib/crash_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "store/commit.h"

enum {
	BATCH_MAX = 6,
	SYNC_INTERVAL_MS = 2000,
	WATERMARK_INTERVAL_MS = 1000,
	LIFETIME_MS_MAX = 1000, /* of values that end; nor does more time pass at once */
};

/* When a compaction, seen from its calls, has other writes beside it. */
enum beside { BESIDE_NOTHING, BESIDE_CREATE, BESIDE_RENAME, BESIDE_UNLINK };

struct script;

/* A write under way. */
struct step_write {
	struct ary_write write;
	struct script *script;
	size_t number; /* in the order of all writes: the state after it */
	char key[ORACLE_KEY_BYTES];
	uint8_t value[ORACLE_VALUE_BYTES_MAX];
};

/* A value on its way to the store in parts, over many steps. */
struct script_upload {
	struct ary_upload *upload; /* NULL: there is none */
	uint32_t serial;
	struct ary_bytes value;
	uint8_t bytes[ORACLE_VALUE_BYTES_MAX];
	size_t sent;               /* of it, and stored */
	size_t part_bytes;         /* of the part that is under way; 0: none is */
	bool naming;               /* the Set is under way */
};

/* Writes that are waited for together. */
struct step {
	struct step_write writes[BATCH_MAX];
	size_t submitted;
	size_t gated;        /* still to submit, while the first is being written: the next group */
	size_t done;
	struct ary_mutex lock;
	struct ary_cond cond;
};

struct script {
	struct crash_check check;
	struct oracle oracle;
	struct sim_env sim;
	struct ary_store_options options;
	struct ary_store *store;
	struct sim_random random;
	struct step *step;          /* under way; NULL: none */
	bool sync_under_way;        /* a log's; all that was acknowledged before is durable after */
	size_t sync_covers;
	unsigned fail_sync;         /* the how manieth from now fails; 0: none */
	unsigned fail_write;        /* likewise, for want of space */
	enum beside beside;
	bool compacting;
	struct script_upload large;
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

static bool is_always(const struct script *script)
{
	return script->options.durability == ARY_DURABILITY_ALWAYS;
}

static void note_durable(struct script *script, size_t count)
{
	if (count > script->oracle.durable)
		script->oracle.durable = count;
}

/* A write's answer, on the commit thread. Writes are answered in order. */
static void note_done(struct ary_write *write)
{
	struct step_write *own = write->context;
	struct script *script = own->script;
	struct oracle *oracle = &script->oracle;
	struct step *step = script->step;

	switch (write->status) {
	case ARY_OK:
		oracle->acked = own->number;
		if (write->seq <= oracle->seq_max)
			crash_check_fail(&script->check, "seq %llu was given twice",
					 (unsigned long long)write->seq);
		oracle->seq_max = write->seq;
		if (is_always(script))
			note_durable(script, own->number);
		break;
	case ARY_UNCERTAIN:
		break;
	case ARY_NO_SPACE:
	case ARY_READ_ONLY:
		oracle_forget(oracle, own->number - 1);
		break;
	default:
		crash_check_fail(&script->check, "a write is answered: %s", write->error.text);
	}
	ary_mutex_lock(&step->lock);
	step->done++;
	ary_cond_signal(&step->cond);
	ary_mutex_unlock(&step->lock);
}

/* The upload, of which nothing is under way, ends here, whatever became of it. */
static void close_upload(struct script *script)
{
	ary_upload_close(script->large.upload);
	script->large = (struct script_upload){.upload = NULL};
}

static void note_part(struct ary_write *write)
{
	struct step_write *own = write->context;
	struct script *script = own->script;
	struct script_upload *large = &script->large;
	struct oracle *oracle = &script->oracle;

	if (write->status == ARY_OK) {
		if (write->seq <= oracle->seq_max)
			crash_check_fail(&script->check, "seq %llu was given twice",
					 (unsigned long long)write->seq);
		oracle->seq_max = write->seq;
		large->sent += large->part_bytes;
	} else if (write->status != ARY_NO_SPACE && write->status != ARY_READ_ONLY &&
		   write->status != ARY_UNCERTAIN) {
		crash_check_fail(&script->check, "a part is answered: %s", write->error.text);
	}
	large->part_bytes = 0;
	ary_mutex_lock(&script->step->lock);
	script->step->done++;
	ary_cond_signal(&script->step->cond);
	ary_mutex_unlock(&script->step->lock);
}

static void note_named(struct ary_write *write)
{
	struct step_write *own = write->context;
	struct script *script = own->script;

	script->large.naming = false;
	if (write->status == ARY_OK)
		close_upload(script);
	note_done(write);
}

static void begin_upload(struct script *script)
{
	struct script_upload *large = &script->large;
	struct ary_error err;

	large->serial = oracle_reserve(&script->oracle);
	large->value = oracle_value(&script->oracle, large->serial, large->bytes);
	if (ary_upload_begin(script->store, &large->upload, &err) != ARY_OK)
		crash_check_fail(&script->check, "no upload begins: %s", err.text);
}

/* Makes OWN the next step of the upload: a part, or, after the last, the Set. */
static void go_on_with_upload(struct script *script, struct step_write *own)
{
	struct script_upload *large = &script->large;
	size_t part_bytes = (size_t)script->options.part_bytes;

	if (large->upload == NULL)
		begin_upload(script);
	size_t left = large->value.size - large->sent;
	own->write = (struct ary_write){.upload = large->upload, .context = own};
	if (left > 0) {
		large->part_bytes = left < part_bytes ? left : part_bytes;
		own->write.op = ARY_WRITE_PART;
		own->write.value = (struct ary_bytes){large->bytes + large->sent,
						      large->part_bytes};
		own->write.done = note_part;
		return;
	}
	unsigned number = (unsigned)sim_draw(&script->random, ORACLE_KEYS);
	oracle_issue_as(&script->oracle, number, large->serial);
	own->number = script->oracle.issued;
	large->naming = true;
	own->write.op = ARY_WRITE_SET;
	own->write.key = oracle_key(number, own->key);
	own->write.done = note_named;
}

/* Some values end, after a while or at a time. */
static void draw_end(struct script *script, unsigned number, struct ary_write *write)
{
	struct oracle *oracle = &script->oracle;
	uint64_t lifetime_ms = 1 + sim_draw(&script->random, LIFETIME_MS_MAX);
	uint64_t kind = sim_draw(&script->random, 6);

	if (kind == 0)
		write->ttl_ms = lifetime_ms;
	else if (kind == 1)
		write->expires_ms = oracle->now_ms + lifetime_ms;
	if (kind < 2)
		oracle_end(oracle, number, oracle->now_ms + lifetime_ms);
}

static void write_key(struct script *script, struct step_write *own)
{
	struct oracle *oracle = &script->oracle;
	unsigned number = (unsigned)sim_draw(&script->random, ORACLE_KEYS);
	bool remove = oracle_has(oracle, number) && sim_draw(&script->random, 4) == 0;
	uint32_t serial = oracle_issue(oracle, number, remove);

	own->number = oracle->issued;
	own->write = (struct ary_write){
		.op = remove ? ARY_WRITE_REMOVE : ARY_WRITE_SET,
		.key = oracle_key(number, own->key),
		.done = note_done,
		.context = own,
	};
	if (!remove) {
		own->write.value = oracle_value(oracle, serial, own->value);
		draw_end(script, number, &own->write);
	}
}

static void submit_one(struct script *script)
{
	struct step *step = script->step;
	bool uploading = script->large.part_bytes > 0 || script->large.naming;

	ary_mutex_lock(&step->lock);
	struct step_write *own = &step->writes[step->submitted++];
	ary_mutex_unlock(&step->lock);
	own->script = script;
	if (!uploading && sim_draw(&script->random, 3) == 0)
		go_on_with_upload(script, own);
	else
		write_key(script, own);
	script->check.figures->writes++;
	ary_store_submit(script->store, &own->write);
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
	submit_one(script);
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
		submit_one(script);
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
		note_durable(script, script->sync_covers);
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

	close_upload(script);
	crash_abandon(&script->sim, script->store);
	script->store = NULL;
	if (script->sync_under_way)
		note_durable(script, script->sync_covers);
	script->sync_under_way = false;
	if (cuts)
		cut_power(script);
	draw_options(script);
	return open_store(script, script->oracle.acked);
}

static bool close_and_open(struct script *script)
{
	struct ary_error err = {.status = ARY_OK};

	close_upload(script);
	enum ary_status status = ary_store_close(script->store, &err);

	script->store = NULL;
	if (status != ARY_OK)
		crash_check_fail(&script->check, "the store does not close: %s", err.text);
	script->sync_under_way = false;
	note_durable(script, script->oracle.acked);
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
		close_upload(script);
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
	close_upload(script);
	if (script->store != NULL)
		crash_abandon(&script->sim, script->store);
	figures->scripts++;
	snprintf(why, ORACLE_WHY_BYTES, "%s", script->check.why);
	right = !script->check.failed;
	sim_env_release(&script->sim);
	free(script);
	return right;
}
