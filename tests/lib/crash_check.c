/* SPDX-License-Identifier: MIT */
#include "lib/crash_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

enum {
	EXHAUSTIVE_MAX = 200,
	MIXES = 40,
	/* One state in so many is also compacted, which reads all of it again. */
	COMPACT_EVERY = 8,
	/* One state in so many also has its recovery cut off. */
	RECOVERY_CUT_EVERY = 64,
	/* Likewise, of the kills. */
	KILL_CUT_EVERY = 16,
	RECOVERY_EXHAUSTIVE_MAX = 16,
	RECOVERY_MIXES = 8,
};

/* Finds HASH's slot. */
static uint64_t *slot_of(struct crash_set *set, uint64_t hash)
{
	size_t i = hash & (set->capacity - 1);

	while (set->slots[i] != 0 && set->slots[i] != hash)
		i = (i + 1) & (set->capacity - 1);
	return &set->slots[i];
}

static void grow(struct crash_set *set)
{
	struct crash_set bigger = {.capacity = set->capacity == 0 ? 4096 : set->capacity * 2};

	bigger.slots = ary_alloc(bigger.capacity * sizeof(*bigger.slots));
	for (size_t i = 0; i < set->capacity; i++) {
		if (set->slots[i] != 0)
			*slot_of(&bigger, set->slots[i]) = set->slots[i];
	}
	bigger.count = set->count;
	free(set->slots);
	*set = bigger;
}

bool crash_set_add(struct crash_set *set, uint64_t hash)
{
	if (hash == 0)
		hash = 1;
	if (set->count * 2 >= set->capacity)
		grow(set);
	uint64_t *slot = slot_of(set, hash);
	if (*slot == hash)
		return false;
	*slot = hash;
	set->count++;
	return true;
}

void crash_set_release(struct crash_set *set)
{
	free(set->slots);
	*set = (struct crash_set){.capacity = 0};
}

void crash_check_fail(struct crash_check *check, const char *format, ...)
{
	va_list values;

	if (check->failed)
		return;
	check->failed = true;
	va_start(values, format);
	vsnprintf(check->why, sizeof(check->why), format, values);
	va_end(values);
}

static enum sim_verdict hook_bug(void *context, struct sim_call *call)
{
	const struct crash_check *check = context;

	return check->bug(call);
}

/* A machine on DISK (taken), with the bug and nothing else. */
static void start(struct crash_check *check, struct sim_env *sim, struct sim_disk *disk)
{
	sim_env_init(sim);
	sim->disk = *disk;
	atomic_store(&sim->wall_ms, check->oracle->now_ms);
	memset(disk, 0, sizeof(*disk));
	sim->random_state = sim_draw(&check->random, UINT64_MAX);
	if (check->bug != NULL) {
		sim->hook = hook_bug;
		sim->hook_context = check;
	}
}

bool crash_check_open(struct crash_check *check, struct sim_env *sim,
		      const struct ary_store_options *options, struct ary_store **out)
{
	struct ary_store_options own = *options;
	struct ary_error err;

	own.env = &sim->env;
	check->figures->opens++;
	sim->recovering = true;
	enum ary_status status = ary_store_open(&own, out, &err);
	sim->recovering = false;
	if (status != ARY_OK) {
		crash_check_fail(check, "the store does not open: %s", err.text);
		return false;
	}
	struct ary_stats stats;

	ary_store_stats(*out, &stats);
	check->figures->by_checkpoint += stats.keys > 0 && stats.recovered_records == 0;
	return true;
}

struct compaction {
	struct ary_mutex lock;
	struct ary_cond cond;
	bool done;
};

static void wake(struct ary_compaction_request *request)
{
	struct compaction *compaction = request->context;

	ary_mutex_lock(&compaction->lock);
	compaction->done = true;
	ary_cond_signal(&compaction->cond);
	ary_mutex_unlock(&compaction->lock);
}

struct ary_compaction_report crash_compact(struct ary_store *store, bool full)
{
	struct compaction compaction = {.done = false};
	struct ary_compaction_request request = {
		.full = full, .done = wake, .context = &compaction};

	ary_mutex_init(&compaction.lock);
	ary_cond_init(&compaction.cond);
	ary_store_compact(store, &request);
	ary_mutex_lock(&compaction.lock);
	while (!compaction.done)
		ary_cond_wait(&compaction.cond, &compaction.lock);
	ary_mutex_unlock(&compaction.lock);
	ary_cond_release(&compaction.cond);
	ary_mutex_release(&compaction.lock);
	return request.report;
}

void crash_abandon(struct sim_env *sim, struct ary_store *store)
{
	sim->frozen = true;
	(void)ary_store_close(store, NULL);
	sim->frozen = false;
}

/* Opens a store on SIM and reads what it holds, which must be after LOW to HIGH writes. */
static struct ary_store *open_and_read(struct crash_check *check, struct sim_env *sim, size_t low,
				       struct oracle_state *out)
{
	const struct oracle *oracle = check->oracle;
	struct ary_store_options options = *check->options;
	char why[ORACLE_WHY_BYTES];
	struct ary_store *store;
	size_t found;

	options.durability = ARY_DURABILITY_ALWAYS;
	if (!crash_check_open(check, sim, &options, &store))
		return NULL;
	if (!oracle_read(oracle, store, out, why))
		crash_check_fail(check, "%s", why);
	else if (!oracle_find(oracle, low, oracle->issued, out, &found))
		crash_check_fail(check, "not the state after %zu to %zu writes: %s", low,
				 oracle->issued,
				 oracle_find(oracle, 0, low, out, &found) ? "some are lost"
									  : "there never was such");
	return store;
}

/* Cuts the power of SIM, whose store has ended: what is then on disk must hold EXPECTED. */
static void expect_after_cut(struct crash_check *check, struct sim_env *sim,
			     const struct oracle_state *expected, const char *what)
{
	struct sim_disk left = {.inode_count = 0};
	struct oracle_state state;
	char why[ORACLE_WHY_BYTES];
	struct ary_store *store;
	struct sim_env again;

	sim_crash_draw(&sim->disk, &check->random, &left);
	start(check, &again, &left);
	if (crash_check_open(check, &again, check->options, &store)) {
		if (!oracle_read(check->oracle, store, &state, why))
			crash_check_fail(check, "%s: %s", what, why);
		else if (memcmp(&state, expected, sizeof(state)) != 0)
			crash_check_fail(check, "%s did not survive a cut", what);
		crash_abandon(&again, store);
	}
	sim_env_release(&again);
}

/* A write that is acknowledged after the crash, with a seq that nobody was given before. */
static void write_probe(struct crash_check *check, struct ary_store *store,
			struct oracle_state *state)
{
	uint8_t value[ORACLE_VALUE_BYTES_MAX];
	char key[ORACLE_KEY_BYTES];
	uint32_t serial = check->oracle->serial_last + 1;
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = oracle_key(ORACLE_PROBE, key),
		.value = oracle_value(check->oracle, serial, value),
	};

	if (ary_store_write(store, &write) != ARY_OK)
		crash_check_fail(check, "no write after the crash: %s", write.error.text);
	else if (write.seq <= check->oracle->seq_max)
		crash_check_fail(check, "seq %llu is used again", (unsigned long long)write.seq);
	state->serials[ORACLE_PROBE] = serial;
}

/* How many Part lines the logs of DISK hold. */
static size_t count_parts(const struct sim_disk *disk)
{
	static const char part[] = "\"cmd\":\"Part\"";
	size_t count = 0;

	for (size_t i = 0; i < disk->cache.count; i++) {
		const struct ary_buf *bytes = &disk->inodes[disk->cache.names[i].inode]->cache;
		for (size_t at = 0; at + sizeof(part) <= bytes->size; at++)
			count += memcmp(bytes->data + at, part, sizeof(part) - 1) == 0;
	}
	return count;
}

/* How many parts the values of STORE have. */
static size_t count_named(struct ary_store *store)
{
	size_t count = 0;

	for (unsigned number = 0; number <= ORACLE_KEYS; number++) {
		char key[ORACLE_KEY_BYTES];
		struct ary_value value;
		if (ary_store_get(store, oracle_key(number, key), &value, NULL) != ARY_OK)
			continue;
		count += value.large.count;
		ary_value_release(&value);
	}
	return count;
}

static void compact(struct crash_check *check, const struct sim_disk *disk,
		    struct ary_store *store)
{
	bool full = sim_draw(&check->random, 2) == 0;
	struct ary_compaction_report report = crash_compact(store, full);

	if (report.status != ARY_OK)
		crash_check_fail(check, "no compaction after the crash: %s", report.error.text);
	else if (full && count_parts(disk) != count_named(store))
		crash_check_fail(check, "parts that no value has stay for ever");
}

/* One state (taken) that a power failure left. */
static void check_state(struct crash_check *check, struct sim_disk *disk)
{
	struct oracle_state state;
	struct sim_env sim;

	start(check, &sim, disk);
	struct ary_store *store =
		open_and_read(check, &sim, check->oracle->durable, &state);
	if (store != NULL) {
		if (!check->failed)
			write_probe(check, store, &state);
		if (!check->failed && sim_draw(&check->random, COMPACT_EVERY) == 0)
			compact(check, &sim.disk, store);
		crash_abandon(&sim, store);
	}
	if (!check->failed)
		expect_after_cut(check, &sim, &state, "a write after the crash");
	sim_env_release(&sim);
}

/* As check_state, without a write: for states of a recovery that was cut off. */
static bool check_opens(void *context, struct sim_disk *disk)
{
	struct crash_check *check = context;
	struct oracle_state state;
	struct sim_env sim;

	check->figures->recovery_cuts++;
	start(check, &sim, disk);
	struct ary_store *store =
		open_and_read(check, &sim, check->oracle->durable, &state);
	if (store != NULL)
		crash_abandon(&sim, store);
	sim_env_release(&sim);
	return !check->failed;
}

static enum sim_verdict hook_recovery(void *context, struct sim_call *call)
{
	struct crash_check *check = context;
	const struct sim_crash_options options = {
		.exhaustive_max = RECOVERY_EXHAUSTIVE_MAX,
		.mixes = RECOVERY_MIXES,
		.random = &check->random,
	};

	/* What the store does by itself once it is open is not its recovery. */
	if (call->op != SIM_OP_OPEN && call->recovering && !check->failed)
		sim_crash_states(call->disk, &options, check_opens, check);
	return check->bug != NULL ? check->bug(call) : SIM_DO;
}

/* Recovers from DISK, cutting the power before each call that changes something. */
static void cut_recovery(struct crash_check *check, const struct sim_disk *disk)
{
	struct sim_disk copy = {.inode_count = 0};
	struct ary_store *store;
	struct sim_env sim;

	sim_disk_copy(disk, &copy);
	start(check, &sim, &copy);
	sim.hook = hook_recovery;
	sim.hook_context = check;
	if (crash_check_open(check, &sim, check->options, &store))
		crash_abandon(&sim, store);
	sim_env_release(&sim);
}

/* Looks at one state, with chances of its own: which of them were seen before, in this script or
 * another, changes nothing for the others, so that a script repeats what it found among many. */
static void look_at(struct crash_check *check, struct sim_disk *disk, uint64_t hash)
{
	struct sim_random shared = check->random;

	check->random.state ^= hash;
	if (hash % RECOVERY_CUT_EVERY == 0)
		cut_recovery(check, disk);
	if (!check->failed)
		check_state(check, disk);
	check->random = shared;
}

static bool visit_state(void *context, struct sim_disk *disk)
{
	struct crash_check *check = context;
	uint64_t hash = sim_crash_hash(disk);

	check->figures->states++;
	(void)crash_set_add(&check->figures->images, hash);
	hash ^= (UINT64_C(0x9e3779b97f4a7c15) * (check->oracle->durable + 1)) ^
		(UINT64_C(0xc2b2ae3d27d4eb4f) * (check->oracle->issued + 1)) ^
		(UINT64_C(0x165667b19e3779f9) * check->oracle->now_ms);
	if (crash_set_add(&check->figures->checks, hash))
		look_at(check, disk, hash);
	return !check->failed;
}

void crash_check_power(struct crash_check *check, const struct sim_disk *disk)
{
	const struct sim_crash_options options = {
		.exhaustive_max = EXHAUSTIVE_MAX,
		.mixes = MIXES,
		.random = &check->random,
	};

	check->figures->points++;
	if (sim_crash_states(disk, &options, visit_state, check))
		check->figures->exhaustive++;
}

void crash_check_kill(struct crash_check *check, const struct sim_disk *disk)
{
	struct sim_disk copy = {.inode_count = 0};
	struct oracle_state state;
	struct sim_env sim;

	check->figures->kills++;
	/* The power may fail while what the system has cached is recovered, too. */
	if (sim_draw(&check->random, KILL_CUT_EVERY) == 0)
		cut_recovery(check, disk);
	sim_disk_copy(disk, &copy);
	start(check, &sim, &copy);
	struct ary_store *store = open_and_read(check, &sim, check->oracle->acked, &state);
	if (store != NULL)
		crash_abandon(&sim, store);
	if (!check->failed)
		expect_after_cut(check, &sim, &state, "what was served");
	sim_env_release(&sim);
}
