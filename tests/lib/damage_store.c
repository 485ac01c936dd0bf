/* SPDX-License-Identifier: MIT */
#include "lib/damage_store.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"
#include "format/name.h"
#include "lib/crash_check.h"
#include "lib/damage.h"
#include "lib/large.h"
#include "store/commit.h"

enum { GROUP_MAX = 20, STEPS_MAX = 24 };

/* Writes that become one group: the commit thread finds all of them when it looks. */
struct group {
	struct damage_store *self;
	struct group_write {
		struct ary_write write;
		struct group *group;
		size_t number;
		char key[ORACLE_KEY_BYTES];
		uint8_t value[ORACLE_VALUE_BYTES_MAX];
	} writes[GROUP_MAX];
	size_t count;
	size_t done;
	struct ary_mutex lock;
	struct ary_cond cond;
};

static void note_done(struct ary_write *write)
{
	struct group_write *own = write->context;
	struct group *group = own->group;

	ARY_CHECK(write->status == ARY_OK);
	group->self->seqs[own->number] = write->seq;
	ary_mutex_lock(&group->lock);
	group->done++;
	ary_cond_signal(&group->cond);
	ary_mutex_unlock(&group->lock);
}

static void submit(struct damage_store *self, struct group_write *own)
{
	struct oracle *oracle = &self->oracle;
	unsigned number = (unsigned)sim_draw(&self->random, ORACLE_KEYS);
	bool remove = oracle_has(oracle, number) && sim_draw(&self->random, 5) == 0;
	uint32_t serial = oracle_issue(oracle, number, remove);
	/* Some are removed by a value whose time is over: its line, and then that which ends it. */
	bool over = remove && sim_draw(&self->random, 2) == 0;

	own->number = oracle->issued;
	own->write = (struct ary_write){
		.op = remove && !over ? ARY_WRITE_REMOVE : ARY_WRITE_SET,
		.expires_ms = over ? 1 : 0,
		.key = oracle_key(number, own->key),
		.done = note_done,
		.context = own,
	};
	if (!remove)
		own->write.value = oracle_value(oracle, serial, own->value);
	ary_store_submit(self->store, &own->write);
}

static void submit_all(struct ary_store *store, struct ary_job *job)
{
	struct group *group = job->context;

	(void)store;
	for (size_t i = 0; i < group->count; i++) {
		group->writes[i].group = group;
		submit(group->self, &group->writes[i]);
	}
}

static void do_nothing(struct ary_store *store, struct ary_job *job)
{
	(void)store;
	(void)job;
}

/* Writes a group of COUNT, and waits until the commit thread rests. */
static void write_group(struct damage_store *self, size_t count)
{
	struct group *group = ARY_NEW(struct group);
	struct ary_job fill = {.run = submit_all, .context = group};
	struct ary_job rest = {.run = do_nothing};

	group->self = self;
	group->count = count;
	ary_mutex_init(&group->lock);
	ary_cond_init(&group->cond);
	self->group_start = self->oracle.issued;
	ary_commit_run_job(self->store, &fill);
	ary_mutex_lock(&group->lock);
	while (group->done < count)
		ary_cond_wait(&group->cond, &group->lock);
	ary_mutex_unlock(&group->lock);
	/* What the first job finds left to do is done before the second. */
	ary_commit_run_job(self->store, &rest);
	ary_commit_run_job(self->store, &rest);
	ary_cond_release(&group->cond);
	ary_mutex_release(&group->lock);
	free(group);
}

/* Writes a value in parts, each a group of its own, and in one of four times leaves it at that. */
static void write_large(struct damage_store *self)
{
	struct oracle *oracle = &self->oracle;
	unsigned number = (unsigned)sim_draw(&self->random, ORACLE_KEYS);
	uint32_t serial = oracle_reserve(oracle);
	uint8_t bytes[ORACLE_VALUE_BYTES_MAX];
	struct ary_bytes value = oracle_value(oracle, serial, bytes);
	char key[ORACLE_KEY_BYTES];
	struct ary_upload *upload;

	ARY_CHECK(ary_upload_begin(self->store, &upload, NULL) == ARY_OK);
	/* What is lost of it is no write. */
	self->group_start = oracle->issued;
	ARY_CHECK(large_cut(self->store, upload, value) == ARY_OK);
	if (sim_draw(&self->random, 4) > 0) {
		struct ary_write set = {.op = ARY_WRITE_SET, .key = oracle_key(number, key),
					.upload = upload};
		oracle_issue_as(oracle, number, serial);
		ARY_CHECK(ary_store_write(self->store, &set) == ARY_OK);
		self->seqs[oracle->issued] = set.seq;
	}
	ary_upload_close(upload);
	struct ary_job rest = {.run = do_nothing};
	ary_commit_run_job(self->store, &rest);
}

static void open_store(struct damage_store *self)
{
	self->options.env = memory_env_env(self->env);
	ARY_CHECK(ary_store_open(&self->options, &self->store, NULL) == ARY_OK);
}

static void close_store(struct damage_store *self)
{
	ARY_CHECK(ary_store_close(self->store, NULL) == ARY_OK);
	self->store = NULL;
}

/* The lock's file, which says which process has it, is empty in this environment. */
static void fill_lock(struct image *image)
{
	struct image_file *lock = image_find(image, ARY_NAME_LOCK);

	ARY_CHECK(lock != NULL);
	if (lock->bytes.size == 0)
		ARY_CHECK(ary_buf_append(&lock->bytes, ary_bytes_of("4711\n")));
}

void damage_store_end(struct damage_store *self, enum damage_ending ending, struct image *out)
{
	if (ending == DAMAGE_CLOSED)
		close_store(self);
	image_take(memory_env_env(self->env), out);
	if (ending != DAMAGE_CLOSED)
		close_store(self);
	fill_lock(out);
	memory_env_destroy(self->env);
	self->env = NULL;
}

static void restart(struct damage_store *self, enum damage_ending ending)
{
	struct image image = {.count = 0};

	damage_store_end(self, ending, &image);
	self->env = image_put(&image);
	image_release(&image);
	open_store(self);
}

static void compact(struct damage_store *self)
{
	bool full = sim_draw(&self->random, 2) == 0;

	ARY_CHECK(crash_compact(self->store, full).status == ARY_OK);
}

/* A run of some steps, which leaves the store open. */
static void run(struct damage_store *self, uint64_t steps)
{
	for (; steps > 0; steps--) {
		uint64_t kind = sim_draw(&self->random, 20);
		if (kind < 2)
			compact(self);
		else if (kind < 5)
			write_large(self);
		else if (kind < 12)
			write_group(self, 1);
		else
			write_group(self, 1 + sim_draw(&self->random, kind == 19 ? GROUP_MAX : 6));
	}
}

/* Options of the last run, whose ending asks for some. */
static void set_last(struct damage_store *self, enum damage_ending ending)
{
	bool closes = ending == DAMAGE_CLOSED;
	uint64_t mode = sim_draw(&self->random, 10);

	self->options.durability = !closes || mode < 8 ? ARY_DURABILITY_ALWAYS
				   : mode < 9 ? ARY_DURABILITY_NEVER : ARY_DURABILITY_INTERVAL;
	self->options.watermark_interval_ms = ending == DAMAGE_WITNESSED ? 0 : UINT32_MAX;
}

void damage_store_begin(struct damage_store *self, uint64_t seed, enum damage_ending ending)
{
	*self = (struct damage_store){.random = {seed}};
	self->oracle.seed = sim_draw(&self->random, UINT64_MAX);
	self->env = memory_env_create();
	ary_store_options_default(&self->options);
	self->options.path = IMAGE_PATH;
	self->options.create = true;
	self->options.compact_stale_bytes = 0;
	self->options.part_bytes = 20 + sim_draw(&self->random, 400);
	self->options.rotate_bytes = sim_draw(&self->random, 4) == 0
					     ? UINT64_C(1) << 30
					     : 400 + sim_draw(&self->random, 4000);
	/* Mostly so little that some logs are left alone, and others merged one by one. */
	self->options.merge_bytes_max = sim_draw(&self->random, 4) == 0
						? UINT64_C(1) << 30
						: 512 + sim_draw(&self->random, 8000);
	self->options.compact_percent = 20 + sim_draw(&self->random, 380);
	if (sim_draw(&self->random, 2) == 0) {
		set_last(self, DAMAGE_KILLED);
		open_store(self);
		run(self, 1 + sim_draw(&self->random, STEPS_MAX / 2));
		restart(self, (enum damage_ending)sim_draw(&self->random, DAMAGE_ENDINGS));
		close_store(self);
	}
	set_last(self, ending);
	open_store(self);
	run(self, sim_draw(&self->random, STEPS_MAX));
	/* The state at the end is that of a write, not of a restart. */
	if (sim_draw(&self->random, 4) == 0)
		write_large(self);
	else
		write_group(self, 1 + sim_draw(&self->random, 6));
	if (sim_draw(&self->random, 8) == 0)
		compact(self);
}

/* A replay under way. */
struct replay {
	const struct damage_store *self;
	struct oracle_state *state;
};

/* The serial that RECORD, a Set, Rm or Expire, leaves its key KEY with. An Expire line counts even
 * where a merge has dropped what it ends: there may be older values below. */
static uint32_t serial_after(const struct damage_store *self, const struct ary_record *record,
			     unsigned key)
{
	size_t number = damage_store_writes(self, record->seq);

	if (record->op == ARY_OP_EXPIRE)
		return 0;
	ARY_CHECK(self->seqs[number] == record->seq);
	return self->oracle.states[number].serials[key];
}

static void replay_line(void *context, const struct ary_record *record)
{
	const struct replay *replay = context;

	if (record->op != ARY_OP_SET && record->op != ARY_OP_RM && record->op != ARY_OP_EXPIRE)
		return;
	for (unsigned key = 0; key < ORACLE_KEYS; key++) {
		char name[ORACLE_KEY_BYTES];
		if (ary_bytes_equal(oracle_key(key, name), record->key))
			replay->state->serials[key] = serial_after(replay->self, record, key);
	}
}

void damage_store_replay(const struct damage_store *self, const struct image *image, uint64_t seq,
			 struct oracle_state *out)
{
	struct replay replay = {.self = self, .state = out};

	*out = (struct oracle_state){.serials = {0}};
	damage_visit_lines(image, seq, replay_line, &replay);
}

size_t damage_store_writes(const struct damage_store *self, uint64_t seq)
{
	size_t count = 0;

	while (count < self->oracle.issued && self->seqs[count + 1] <= seq)
		count++;
	return count;
}
