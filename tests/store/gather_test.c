/* SPDX-License-Identifier: MIT */
/* A group waits for as many writes as the last one had, where a sync takes so long that it pays;
 * never for longer than it may, nor when there is something else to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/large.h"
#include "lib/recorder.h"
#include "lib/store_helper.h"
#include "lib/write_batch.h"

enum { PEERS = 4, LONG_BYTES = 5000 };

/* By the store's clock each sync takes so long; who then waits in vain does for half of it. */
static const uint64_t SYNC_NS = UINT64_C(7200) * 1000000000;
static const uint64_t FOR_EVER_US = UINT64_C(3600) * 1000000;

static struct store_test store;
static struct recorder recorder;
static struct write_batch *batch;

static void take_time(void *context, enum fault_kind kind, const char *name)
{
	recorder_hook(context, kind, name);
	if (kind == FAULT_FILE_SYNC)
		fault_env_pass_time(store.faults, SYNC_NS);
}

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	store.options.gather_us_max = FOR_EVER_US;
	recorder_init(&recorder);
	batch = write_batch_create();
	fault_env_set_hook(store.faults, take_time, &recorder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	write_batch_destroy(batch);
	recorder_release(&recorder);
	return 0;
}

/* Opens the store and stores two groups: one write, and PEERS that waited for its sync. */
static void store_peers(void)
{
	store_test_open(&store);
	for (int i = 0; i < 1 + PEERS; i++)
		write_batch_add(batch, "k", "value");
	recorder_submit_behind(&recorder, store.store, batch, 0);
	assert_int_equal(store_test_stats(&store).groups, 2);
}

static struct ary_write *submit_one(void)
{
	struct ary_write *write = write_batch_add(batch, "k", "value");

	ary_store_submit(store.store, write);
	return write;
}

static void test_as_many_as_before_are_waited_for(void **state)
{
	(void)state;
	store_peers();
	for (int i = 0; i < PEERS; i++) {
		ary_thread_pause(20);
		assert_int_equal(store_test_stats(&store).groups, 2);
		(void)submit_one();
	}
	write_batch_wait(batch);
	assert_int_equal(store_test_stats(&store).groups, 3);
	assert_int_equal(store_test_stats(&store).sets, 1 + 2 * PEERS);
}

static void test_a_lone_writer_never_waits(void **state)
{
	(void)state;
	store_test_open(&store);
	for (int i = 0; i < 3; i++)
		store_test_set(&store, "k", "value");
	assert_int_equal(store_test_stats(&store).groups, 3);
}

static void test_a_wait_in_vain_ends(void **state)
{
	(void)state;
	store.options.gather_us_max = 1000;
	store_peers();
	store_test_set(&store, "k", "alone");
	store_test_expect(&store, "k", "alone");
	assert_int_equal(store_test_stats(&store).groups, 3);
}

static void test_no_more_is_waited_for_than_a_group_takes(void **state)
{
	char value[LONG_BYTES + 1];

	(void)state;
	store.options.batch_bytes_max = LONG_BYTES;
	store_peers();
	memset(value, 'v', LONG_BYTES);
	value[LONG_BYTES] = '\0';
	store_test_set(&store, "long", value);
	store_test_expect(&store, "long", value);
}

static void test_a_job_ends_the_wait(void **state)
{
	(void)state;
	store_peers();
	const struct ary_write *write = submit_one();
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	write_batch_wait(batch);
	assert_int_equal(write->status, ARY_OK);
}

static void test_a_close_ends_the_wait(void **state)
{
	(void)state;
	store_peers();
	const struct ary_write *write = submit_one();
	store_test_close(&store);
	write_batch_wait(batch);
	assert_int_equal(write->status, ARY_OK);
	store_test_open(&store);
	assert_int_equal(store_test_seq(&store, "k"), write->seq);
}

/* They would not be in its group. */
static void test_no_write_waits_for_parts(void **state)
{
	static const uint8_t part[4] = "part";

	(void)state;
	store.options.part_bytes = sizeof(part);
	store_test_open(&store);
	struct ary_upload *upload = large_begin(store.store);
	for (uint64_t i = 0; i < 1 + PEERS; i++)
		write_batch_add_part(batch, upload, i, (struct ary_bytes){part, sizeof(part)});
	recorder_submit_behind(&recorder, store.store, batch, 0);
	assert_int_equal(store_test_stats(&store).groups, 2);
	assert_int_equal(large_name(store.store, upload, "large"), ARY_OK);
	ary_upload_close(upload);
	store_test_set(&store, "k", "value");
	assert_int_equal(store_test_stats(&store).groups, 4);
}

static void test_what_is_not_synced_is_not_waited_with(void **state)
{
	(void)state;
	store.options.durability = ARY_DURABILITY_NEVER;
	store_peers();
	store_test_set(&store, "k", "alone");
	store_test_expect(&store, "k", "alone");
}

static void test_nothing_is_waited_for_where_that_is_off(void **state)
{
	(void)state;
	store.options.gather_us_max = 0;
	store_peers();
	store_test_set(&store, "k", "alone");
	store_test_expect(&store, "k", "alone");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_as_many_as_before_are_waited_for),
		TEST(test_a_lone_writer_never_waits),
		TEST(test_a_wait_in_vain_ends),
		TEST(test_no_more_is_waited_for_than_a_group_takes),
		TEST(test_a_job_ends_the_wait),
		TEST(test_a_close_ends_the_wait),
		TEST(test_no_write_waits_for_parts),
		TEST(test_what_is_not_synced_is_not_waited_with),
		TEST(test_nothing_is_waited_for_where_that_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
