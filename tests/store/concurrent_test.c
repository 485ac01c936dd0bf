/* SPDX-License-Identifier: MIT */
/* Many threads may use one store: each sees its own writes, conditions are decided one after the
 * other, and a queue that is full says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "env/thread.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "lib/write_batch.h"

enum { THREADS = 8, ROUNDS = 60, KEYS = 5, RACES = 40 };

struct worker {
	struct ary_thread thread;
	int number;
	int won;
	int failed;
};

static struct store_test store;
static struct worker workers[THREADS];

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	store.options.durability = ARY_DURABILITY_NEVER;
	store.options.rotate_bytes = 8000;
	store.options.compact_stale_bytes = 20000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	return 0;
}

static void run_workers(void (*function)(void *context))
{
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.number = i};
		assert_int_equal(ary_thread_start(&workers[i].thread, "worker", function,
						  &workers[i], NULL), ARY_OK);
	}
	for (int i = 0; i < THREADS; i++) {
		ary_thread_join(&workers[i].thread);
		assert_int_equal(workers[i].failed, 0);
	}
}

/* Whether KEY has VALUE (NULL: none). */
static bool has(const char *key, const char *value)
{
	struct ary_value got;

	enum ary_status status = ary_store_get(store.store, ary_bytes_of(key), &got, NULL);
	if (status != ARY_OK)
		return status == ARY_NOT_FOUND && !value;
	bool same = value && ary_bytes_equal(got.value, ary_bytes_of(value));
	ary_value_release(&got);
	return same;
}

static void use_own_keys(void *context)
{
	struct worker *worker = context;
	char key[32];
	char value[32];

	for (int round = 0; round < ROUNDS; round++) {
		snprintf(key, sizeof(key), "%d/%d", worker->number, round % KEYS);
		snprintf(value, sizeof(value), "round %d", round);
		worker->failed += store_test_write(&store, key, value) != ARY_OK;
		worker->failed += !has(key, value);
		if (round % 3 == 0) {
			worker->failed += store_test_write(&store, key, NULL) != ARY_OK;
			worker->failed += !has(key, NULL);
		}
		/* A key that all share: whatever it holds, reading it works. */
		worker->failed += store_test_write(&store, "shared", value) != ARY_OK;
		worker->failed += has("shared", NULL);
	}
}

static void test_threads_see_their_own_writes(void **state)
{
	char key[32];
	char value[32];

	(void)state;
	store_test_open(&store);
	run_workers(use_own_keys);
	for (int reopened = 0; reopened < 2; reopened++) {
		for (int i = 0; i < THREADS * KEYS; i++) {
			int round = ROUNDS - 1 - i % KEYS;
			snprintf(key, sizeof(key), "%d/%d", i / KEYS, round % KEYS);
			snprintf(value, sizeof(value), "round %d", round);
			store_test_expect(&store, key, round % 3 == 0 ? NULL : value);
		}
		store_test_reopen(&store);
	}
}

static void race_to_create(void *context)
{
	struct worker *worker = context;
	char key[32];
	char value[32];

	snprintf(value, sizeof(value), "%d", worker->number);
	for (int race = 0; race < RACES; race++) {
		snprintf(key, sizeof(key), "race%d", race);
		struct ary_write write = {
			.op = ARY_WRITE_SET,
			.key = ary_bytes_of(key),
			.value = ary_bytes_of(value),
			.if_none_match = {.kind = ARY_MATCH_ANY},
		};
		enum ary_status status = ary_store_write(store.store, &write);
		worker->won += status == ARY_OK;
		worker->failed += status != ARY_OK && status != ARY_CONFLICT;
		worker->failed += status == ARY_OK && !has(key, value);
	}
}

static void test_create_only_has_one_winner(void **state)
{
	int won = 0;

	(void)state;
	store_test_open(&store);
	run_workers(race_to_create);
	for (int i = 0; i < THREADS; i++)
		won += workers[i].won;
	assert_int_equal(won, RACES);
	assert_int_equal(store_test_stats(&store).keys, RACES);
	assert_int_equal(store_test_stats(&store).sets, RACES);
}

/* Adds one to the counter, again until nobody came between. */
static bool increment(void)
{
	for (;;) {
		struct ary_value got;
		uint64_t count;
		char text[32];
		if (ary_store_get(store.store, ary_bytes_of("counter"), &got, NULL) != ARY_OK)
			return false;
		bool is_number = ary_parse_u64(got.value, &count);
		uint64_t seq = got.seq;
		ary_value_release(&got);
		if (!is_number)
			return false;
		snprintf(text, sizeof(text), "%llu", (unsigned long long)count + 1);
		struct ary_write write = {
			.op = ARY_WRITE_SET,
			.key = ary_bytes_of("counter"),
			.value = ary_bytes_of(text),
			.if_match = {.kind = ARY_MATCH_LIST, .seqs = &seq, .count = 1},
		};
		enum ary_status status = ary_store_write(store.store, &write);
		if (status != ARY_CONFLICT)
			return status == ARY_OK;
	}
}

static void count_up(void *context)
{
	struct worker *worker = context;

	for (int round = 0; round < ROUNDS; round++)
		worker->failed += !increment();
}

static void test_conditional_increments_sum_up(void **state)
{
	char sum[32];

	(void)state;
	store_test_open(&store);
	store_test_set(&store, "counter", "0");
	run_workers(count_up);
	snprintf(sum, sizeof(sum), "%d", THREADS * ROUNDS);
	store_test_expect(&store, "counter", sum);
	store_test_reopen(&store);
	store_test_expect(&store, "counter", sum);
}

static bool keep_seq(void *context, struct ary_bytes key, uint64_t seq)
{
	int *failed = context;

	*failed += key.size == 0 || seq == 0;
	return true;
}

static void list_and_write(void *context)
{
	struct worker *worker = context;
	char key[32];

	for (int round = 0; round < ROUNDS; round++) {
		snprintf(key, sizeof(key), "%d/%d", worker->number, round);
		worker->failed += store_test_write(&store, key, key) != ARY_OK;
		ary_store_list(store.store, ary_bytes_of(""), ary_bytes_of(""), 100, keep_seq,
			       &worker->failed);
		worker->failed += store_test_stats(&store).keys == 0;
		ary_store_compact_start(store.store, false);
	}
}

static void test_lists_figures_and_compactions_run_beside_writes(void **state)
{
	(void)state;
	store_test_open(&store);
	run_workers(list_and_write);
	assert_int_equal(store_test_stats(&store).keys, THREADS * ROUNDS);
}

/* Holds the commit thread in the sync of the first write. */
struct hold {
	struct ary_mutex lock;
	struct ary_cond cond;
	bool hold;
	bool holding;
};

static struct hold hold;

static void before_call(void *context, enum fault_kind kind, const char *name)
{
	(void)context;
	if (kind != FAULT_FILE_SYNC || !strstr(name, ".log"))
		return;
	ary_mutex_lock(&hold.lock);
	while (hold.hold) {
		hold.holding = true;
		ary_cond_broadcast(&hold.cond);
		ary_cond_wait(&hold.cond, &hold.lock);
	}
	ary_mutex_unlock(&hold.lock);
}

static void test_full_queue_is_busy_and_empties(void **state)
{
	struct write_batch *batch = write_batch_create();
	size_t counts[2] = {0, 0};

	(void)state;
	hold = (struct hold){.hold = true};
	ary_mutex_init(&hold.lock);
	ary_cond_init(&hold.cond);
	store.options.durability = ARY_DURABILITY_ALWAYS;
	store.options.queue_bytes_max = 50000;
	store_test_open(&store);
	fault_env_set_hook(store.faults, before_call, NULL);
	for (int i = 0; i < 500; i++)
		write_batch_add(batch, "k", "v");
	ary_store_submit(store.store, &batch->writes[0]);
	ary_mutex_lock(&hold.lock);
	while (!hold.holding)
		ary_cond_wait(&hold.cond, &hold.lock);
	ary_mutex_unlock(&hold.lock);
	write_batch_submit(batch, store.store, 1);
	assert_in_range(store_test_stats(&store).queue_bytes, 1, 50000);
	ary_mutex_lock(&hold.lock);
	hold.hold = false;
	ary_cond_broadcast(&hold.cond);
	ary_mutex_unlock(&hold.lock);
	write_batch_wait(batch);
	for (size_t i = 0; i < batch->count; i++) {
		enum ary_status status = batch->writes[i].status;
		assert_true(status == ARY_OK || status == ARY_BUSY);
		counts[status == ARY_BUSY]++;
	}
	assert_true(counts[0] > 1 && counts[1] > 1);
	assert_int_equal(store_test_stats(&store).sets, counts[0]);
	assert_int_equal(store_test_stats(&store).queue_bytes, 0);
	store_test_set(&store, "k", "after");
	write_batch_destroy(batch);
	store_test_close(&store);
	ary_cond_release(&hold.cond);
	ary_mutex_release(&hold.lock);
}

/* More than one group can hold, answered in order and none forgotten. */
static void test_long_queue_is_answered_in_order(void **state)
{
	struct write_batch *batch = write_batch_create();
	char text[16];

	(void)state;
	store_test_open(&store);
	for (int i = 0; i < WRITE_BATCH_MAX; i++) {
		snprintf(text, sizeof(text), "%d", i);
		write_batch_add(batch, i % 2 ? "odd" : "even", text);
	}
	write_batch_submit(batch, store.store, 0);
	write_batch_wait(batch);
	for (size_t i = 0; i < batch->count; i++) {
		assert_int_equal(batch->writes[i].status, ARY_OK);
		assert_int_equal(batch->writes[i].replaced, i > 1);
		if (i > 0)
			assert_true(batch->writes[i].seq > batch->writes[i - 1].seq);
	}
	store_test_expect(&store, "odd", "2999");
	store_test_expect(&store, "even", "2998");
	assert_true(store_test_stats(&store).groups >= 3);
	write_batch_destroy(batch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_threads_see_their_own_writes),
		TEST(test_create_only_has_one_winner),
		TEST(test_conditional_increments_sum_up),
		TEST(test_lists_figures_and_compactions_run_beside_writes),
		TEST(test_full_queue_is_busy_and_empties),
		TEST(test_long_queue_is_answered_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
