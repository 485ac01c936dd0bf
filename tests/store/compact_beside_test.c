/* SPDX-License-Identifier: MIT */
/* A compaction runs beside traffic: readers never see a wrong or missing value, writers are not
 * lost, who asks meanwhile joins, and a close ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <time.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

enum { KEYS = 40, READERS = 2, ROUNDS = 12 };

static struct store_test store;

/* Stops the merge, when it creates its file, until it is let go on. */
struct gate {
	struct ary_mutex lock;
	struct ary_cond cond;
	bool closed;
	bool reached;
	int answered;
	enum ary_status status;
};

static struct gate gate;

static void before_call(void *context, enum fault_kind kind, const char *name)
{
	(void)context;
	if (kind != FAULT_FILE_CREATE || !strstr(name, ".tmp"))
		return;
	ary_mutex_lock(&gate.lock);
	gate.reached = true;
	ary_cond_broadcast(&gate.cond);
	while (gate.closed)
		ary_cond_wait(&gate.cond, &gate.lock);
	ary_mutex_unlock(&gate.lock);
}

static void note_answer(struct ary_compaction_request *request)
{
	ary_mutex_lock(&gate.lock);
	gate.answered++;
	gate.status = request->report.status;
	ary_cond_broadcast(&gate.cond);
	ary_mutex_unlock(&gate.lock);
}

static void await_merge(void)
{
	ary_mutex_lock(&gate.lock);
	while (!gate.reached)
		ary_cond_wait(&gate.cond, &gate.lock);
	ary_mutex_unlock(&gate.lock);
}

static void open_gate(void)
{
	ary_mutex_lock(&gate.lock);
	gate.closed = false;
	ary_cond_broadcast(&gate.cond);
	ary_mutex_unlock(&gate.lock);
}

static void await_answers(int count)
{
	ary_mutex_lock(&gate.lock);
	while (gate.answered < count)
		ary_cond_wait(&gate.cond, &gate.lock);
	ary_mutex_unlock(&gate.lock);
}

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	memset(&gate, 0, sizeof(gate));
	ary_mutex_init(&gate.lock);
	ary_cond_init(&gate.cond);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	ary_cond_release(&gate.cond);
	ary_mutex_release(&gate.lock);
	return 0;
}

/* Starts a compaction that waits at the gate. */
static void start_compaction(struct ary_compaction_request *request)
{
	gate.closed = true;
	fault_env_set_hook(store.faults, before_call, NULL);
	*request = (struct ary_compaction_request){.done = note_answer};
	ary_store_compact(store.store, request);
	await_merge();
}

static void test_writes_during_a_merge_are_kept(void **state)
{
	struct ary_compaction_request request;

	(void)state;
	store.options.rotate_bytes = 700;
	store_test_open(&store);
	store_test_fill(&store, 20);
	store_test_fill(&store, 20);
	start_compaction(&request);
	store_test_set(&store, "k1", "during");
	store_test_remove(&store, "k2");
	store_test_set(&store, "new", "during");
	store_test_remove(&store, "k4");
	store_test_set(&store, "k4", "back");
	store_test_fill(&store, 1);
	open_gate();
	await_answers(1);
	assert_int_equal(gate.status, ARY_OK);
	for (int reopened = 0; reopened < 2; reopened++) {
		store_test_expect(&store, "k0", "k0");
		store_test_expect(&store, "k1", "during");
		store_test_expect(&store, "k2", NULL);
		store_test_expect(&store, "k3", "k3");
		store_test_expect(&store, "k4", "back");
		store_test_expect(&store, "new", "during");
		uint64_t live = store_test_stats(&store).live_bytes;
		store_test_reopen(&store);
		assert_int_equal(store_test_stats(&store).live_bytes, live);
	}
}

static void test_running_compaction_can_be_watched(void **state)
{
	struct ary_compaction_request request;
	struct ary_compaction_report report;

	(void)state;
	store_test_open(&store);
	store_test_fill(&store, 20);
	store_test_fill(&store, 20);
	start_compaction(&request);
	ary_store_compaction_report(store.store, &report);
	assert_int_equal(report.state, ARY_COMPACTION_RUNNING);
	assert_int_equal(report.runs, 0);
	assert_true(report.bytes_before > 0);
	open_gate();
	await_answers(1);
	ary_store_compaction_report(store.store, &report);
	assert_int_equal(report.runs, 1);
	assert_true(report.bytes_after < report.bytes_before);
}

static void test_second_caller_joins(void **state)
{
	struct ary_compaction_request requests[3];

	(void)state;
	store_test_open(&store);
	store_test_fill(&store, 20);
	store_test_fill(&store, 20);
	start_compaction(&requests[0]);
	for (int i = 1; i < 3; i++) {
		requests[i] = (struct ary_compaction_request){.done = note_answer};
		ary_store_compact(store.store, &requests[i]);
	}
	ary_store_compact_start(store.store, false);
	open_gate();
	await_answers(3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(requests[i].report.status, ARY_OK);
		assert_int_equal(requests[i].report.runs, 1);
	}
}

static void close_store(void *context)
{
	enum ary_status *status = context;

	*status = ary_store_close(store.store, NULL);
}

/* Asks for compactions until one is refused: the close is under way then. The merge stands at the
 * gate, so the close cannot end meanwhile. */
static int ask_until_refused(struct ary_compaction_request *requests, int count)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	for (int asked = 0; asked < count; asked++) {
		requests[asked] = (struct ary_compaction_request){.done = note_answer};
		ary_store_compact(store.store, &requests[asked]);
		ary_mutex_lock(&gate.lock);
		bool refused = gate.answered > 0;
		ary_mutex_unlock(&gate.lock);
		if (refused)
			return asked + 1;
		nanosleep(&pause, NULL);
	}
	fail_msg("the close did not begin");
	return 0;
}

static void test_close_ends_a_compaction(void **state)
{
	static struct ary_compaction_request requests[2000];
	struct ary_thread closer = {.running = false};
	enum ary_status status = ARY_IO;

	(void)state;
	store.options.rotate_bytes = 100000;
	store_test_open(&store);
	for (int i = 0; i < 5; i++)
		store_test_fill(&store, KEYS);
	start_compaction(&requests[0]);
	assert_int_equal(ary_thread_start(&closer, "closer", close_store, &status, NULL), ARY_OK);
	int asked = ask_until_refused(requests + 1, 1999);
	open_gate();
	ary_thread_join(&closer);
	store.store = NULL;
	assert_int_equal(status, ARY_OK);
	assert_int_equal(gate.answered, asked + 1);
	for (int i = 0; i <= asked; i++)
		assert_int_equal(requests[i].report.status, ARY_SHUTDOWN);
	fault_env_reset(store.faults);
	store_test_open(&store);
	store_test_expect_filled(&store, KEYS);
	assert_true(store_test_stats(&store).stale_bytes > 0);
}

struct traffic {
	struct ary_thread thread;
	_Atomic bool *stop;
	uint64_t reads;
	bool wrong;
};

/* Every key always has a value, which begins with the key's name. */
static void read_all_the_time(void *context)
{
	struct traffic *traffic = context;
	char key[16];

	while (!atomic_load(traffic->stop) && !traffic->wrong) {
		for (int i = 0; i < KEYS; i++) {
			struct ary_value got;
			snprintf(key, sizeof(key), "k%d", i);
			enum ary_status status =
				ary_store_get(store.store, ary_bytes_of(key), &got, NULL);
			traffic->wrong = traffic->wrong || status != ARY_OK ||
					 !ary_bytes_start_with(got.value, ary_bytes_of(key));
			if (status == ARY_OK)
				ary_value_release(&got);
			traffic->reads++;
		}
	}
}

static void write_round(int round)
{
	char key[16];
	char value[32];

	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		snprintf(value, sizeof(value), "%s of %d", key, round);
		store_test_set(&store, key, value);
		snprintf(key, sizeof(key), "gone%d", i);
		store_test_set(&store, key, "soon");
		store_test_remove(&store, key);
	}
}

static void test_readers_see_no_wrong_value(void **state)
{
	struct traffic readers[READERS];
	_Atomic bool stop = false;

	(void)state;
	store.options.rotate_bytes = 2000;
	store.options.compact_stale_bytes = 3000;
	store.options.durability = ARY_DURABILITY_NEVER;
	store_test_open(&store);
	write_round(0);
	for (int i = 0; i < READERS; i++) {
		readers[i] = (struct traffic){.stop = &stop};
		assert_int_equal(ary_thread_start(&readers[i].thread, "reader", read_all_the_time,
						  &readers[i], NULL), ARY_OK);
	}
	for (int round = 1; round <= ROUNDS; round++) {
		write_round(round);
		assert_int_equal(store_test_compact(&store).status, ARY_OK);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++) {
		ary_thread_join(&readers[i].thread);
		assert_false(readers[i].wrong);
		assert_true(readers[i].reads > 0);
	}
	store_test_reopen(&store);
	char value[32];
	snprintf(value, sizeof(value), "k7 of %d", ROUNDS);
	store_test_expect(&store, "k7", value);
	store_test_expect(&store, "gone7", NULL);
	assert_int_equal(store_test_stats(&store).keys, KEYS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_writes_during_a_merge_are_kept),
		TEST(test_running_compaction_can_be_watched),
		TEST(test_second_caller_joins),
		TEST(test_close_ends_a_compaction),
		TEST(test_readers_see_no_wrong_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
