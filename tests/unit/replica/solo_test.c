/* SPDX-License-Identifier: MIT */
/* A cluster of one passes writes and compactions on to its store; once its gate is closed nothing
 * enters, and a drain waits for what is inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/store_helper.h"
#include "lib/write_batch.h"
#include "replica/replica.h"

static struct store_test store;
static struct ary_replica *replica;
static struct write_batch *batch;

/* Holds the thread that makes the next call of a kind. */
struct hold {
	struct ary_mutex lock;
	struct ary_cond cond;
	enum fault_kind kind;
	bool hold;
	bool holding;
};

static struct hold hold;

static void before_call(void *context, enum fault_kind kind, const char *name)
{
	(void)context;
	(void)name;
	if (kind != hold.kind)
		return;
	ary_mutex_lock(&hold.lock);
	while (hold.hold) {
		hold.holding = true;
		ary_cond_broadcast(&hold.cond);
		ary_cond_wait(&hold.cond, &hold.lock);
	}
	ary_mutex_unlock(&hold.lock);
}

static void set_hold(bool wanted)
{
	ary_mutex_lock(&hold.lock);
	hold.hold = wanted;
	hold.holding = false;
	ary_cond_broadcast(&hold.cond);
	ary_mutex_unlock(&hold.lock);
}

static void await_holding(void)
{
	ary_mutex_lock(&hold.lock);
	while (!hold.holding)
		ary_cond_wait(&hold.cond, &hold.lock);
	ary_mutex_unlock(&hold.lock);
}

static int setup(void **state)
{
	(void)state;
	hold = (struct hold){.kind = FAULT_FILE_SYNC};
	ary_mutex_init(&hold.lock);
	ary_cond_init(&hold.cond);
	store_test_begin(&store);
	fault_env_set_hook(store.faults, before_call, NULL);
	store_test_open(&store);
	replica = ary_replica_solo(store.store);
	batch = write_batch_create();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ary_replica_close_gate(replica);
	assert_int_equal(ary_replica_drain(replica, 60000), ARY_OK);
	write_batch_destroy(batch);
	store_test_end(&store);
	ary_replica_destroy(replica);
	ary_cond_release(&hold.cond);
	ary_mutex_release(&hold.lock);
	return 0;
}

static void test_write_reaches_the_store(void **state)
{
	(void)state;
	struct ary_write *set = write_batch_add(batch, "k", "v");
	ary_replica_propose(replica, set);
	write_batch_wait(batch);
	assert_int_equal(set->status, ARY_OK);
	assert_true(set->seq > 0);
	assert_ptr_equal(ary_replica_store(replica), store.store);
	store_test_expect(&store, "k", "v");
	struct ary_write *missing = write_batch_add(batch, "none", NULL);
	ary_replica_propose(replica, missing);
	write_batch_wait(batch);
	assert_int_equal(missing->status, ARY_NOT_FOUND);
}

/* Whose write it is may propose it again as it is. */
static void test_write_can_be_proposed_again(void **state)
{
	(void)state;
	struct ary_write *set = write_batch_add(batch, "k", "v");
	ary_replica_propose(replica, set);
	write_batch_wait(batch);
	uint64_t first = set->seq;
	batch->done_count = 0;
	ary_replica_propose(replica, set);
	write_batch_wait(batch);
	assert_int_equal(set->status, ARY_OK);
	assert_true(set->seq > first);
	assert_true(set->replaced);
	assert_int_equal(store_test_stats(&store).sets, 2);
}

static void test_refused_write_is_answered(void **state)
{
	(void)state;
	struct ary_write *set = write_batch_add(batch, "", "v");
	ary_replica_propose(replica, set);
	write_batch_wait(batch);
	assert_int_equal(set->status, ARY_INVALID);
	ary_replica_close_gate(replica);
	assert_int_equal(ary_replica_drain(replica, 1000), ARY_OK);
}

static void test_closed_gate_answers_shutdown(void **state)
{
	(void)state;
	ary_replica_close_gate(replica);
	struct ary_write *set = write_batch_add(batch, "k", "v");
	ary_replica_propose(replica, set);
	write_batch_wait(batch);
	assert_int_equal(set->status, ARY_SHUTDOWN);
	assert_true(strlen(set->error.text) > 0);
	store_test_expect(&store, "k", NULL);
	assert_int_equal(ary_replica_drain(replica, 0), ARY_OK);
}

static void test_drain_waits_for_what_is_inside(void **state)
{
	(void)state;
	set_hold(true);
	ary_replica_propose(replica, write_batch_add(batch, "a", "1"));
	await_holding();
	ary_replica_propose(replica, write_batch_add(batch, "b", "2"));
	ary_replica_close_gate(replica);
	assert_int_equal(ary_replica_drain(replica, 20), ARY_BUSY);
	set_hold(false);
	assert_int_equal(ary_replica_drain(replica, 60000), ARY_OK);
	/* Everybody has been answered by then. */
	ary_mutex_lock(&batch->lock);
	assert_int_equal(batch->done_count, 2);
	ary_mutex_unlock(&batch->lock);
	assert_int_equal(batch->writes[0].status, ARY_OK);
	assert_int_equal(batch->writes[1].status, ARY_OK);
}

struct compaction {
	struct ary_compaction_request request;
	struct ary_mutex lock;
	struct ary_cond cond;
	bool done;
};

static void note_done(struct ary_compaction_request *request)
{
	struct compaction *compaction = request->context;

	ary_mutex_lock(&compaction->lock);
	compaction->done = true;
	ary_cond_signal(&compaction->cond);
	ary_mutex_unlock(&compaction->lock);
}

static enum ary_status compact(struct compaction *compaction)
{
	ary_replica_compact(replica, &compaction->request);
	ary_mutex_lock(&compaction->lock);
	while (!compaction->done)
		ary_cond_wait(&compaction->cond, &compaction->lock);
	compaction->done = false;
	ary_mutex_unlock(&compaction->lock);
	return compaction->request.report.status;
}

static void test_compaction_passes_until_the_gate_is_closed(void **state)
{
	struct compaction compaction = {.request = {.done = note_done, .context = &compaction}};

	(void)state;
	ary_mutex_init(&compaction.lock);
	ary_cond_init(&compaction.cond);
	store_test_set(&store, "k", "1");
	store_test_set(&store, "k", "2");
	assert_int_equal(compact(&compaction), ARY_OK);
	assert_int_equal(compaction.request.report.runs, 1);
	/* The same request again. */
	assert_int_equal(compact(&compaction), ARY_OK);
	assert_int_equal(compaction.request.report.runs, 2);
	ary_replica_close_gate(replica);
	assert_int_equal(compact(&compaction), ARY_SHUTDOWN);
	assert_int_equal(ary_replica_drain(replica, 60000), ARY_OK);
	ary_cond_release(&compaction.cond);
	ary_mutex_release(&compaction.lock);
}

static void begin_compaction(struct compaction *compaction)
{
	*compaction = (struct compaction){.request = {.done = note_done, .context = compaction}};
	ary_mutex_init(&compaction->lock);
	ary_cond_init(&compaction->cond);
	ary_replica_compact(replica, &compaction->request);
}

/* It may go on for long, and the server has to end. */
static void test_closing_the_gate_keeps_nobody_who_waits_for_a_compaction(void **state)
{
	struct compaction compactions[2];

	(void)state;
	store_test_set(&store, "k", "1");
	store_test_set(&store, "k", "2");
	hold.kind = FAULT_DIR_RENAME;
	set_hold(true);
	begin_compaction(&compactions[0]);
	await_holding();
	begin_compaction(&compactions[1]);
	ary_replica_close_gate(replica);
	for (int i = 0; i < 2; i++) {
		assert_true(compactions[i].done);
		assert_int_equal(compactions[i].request.report.status, ARY_SHUTDOWN);
		ary_cond_release(&compactions[i].cond);
		ary_mutex_release(&compactions[i].lock);
	}
	assert_int_equal(ary_replica_drain(replica, 0), ARY_OK);
	set_hold(false);
}

/* Who wants all of it joins no compaction that leaves some; the next one is for him. */
static void test_full_compaction_follows_one_that_is_not(void **state)
{
	struct compaction partial;
	struct compaction full;

	(void)state;
	store_test_set(&store, "k", "1");
	store_test_set(&store, "k", "2");
	hold.kind = FAULT_DIR_RENAME;
	set_hold(true);
	begin_compaction(&partial);
	await_holding();
	full = (struct compaction){
		.request = {.full = true, .done = note_done, .context = &full}};
	ary_mutex_init(&full.lock);
	ary_cond_init(&full.cond);
	ary_replica_compact(replica, &full.request);
	set_hold(false);
	ary_mutex_lock(&full.lock);
	while (!full.done)
		ary_cond_wait(&full.cond, &full.lock);
	ary_mutex_unlock(&full.lock);
	assert_true(partial.done);
	assert_int_equal(partial.request.report.status, ARY_OK);
	assert_int_equal(partial.request.report.runs, 1);
	assert_int_equal(full.request.report.status, ARY_OK);
	assert_int_equal(full.request.report.runs, 2);
	ary_cond_release(&partial.cond);
	ary_mutex_release(&partial.lock);
	ary_cond_release(&full.cond);
	ary_mutex_release(&full.lock);
}

static void test_destroying_none_is_fine(void **state)
{
	(void)state;
	ary_replica_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_write_reaches_the_store),
		TEST(test_write_can_be_proposed_again),
		TEST(test_refused_write_is_answered),
		TEST(test_closed_gate_answers_shutdown),
		TEST(test_drain_waits_for_what_is_inside),
		TEST(test_compaction_passes_until_the_gate_is_closed),
		TEST(test_closing_the_gate_keeps_nobody_who_waits_for_a_compaction),
		TEST(test_full_compaction_follows_one_that_is_not),
		TEST(test_destroying_none_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
