/* SPDX-License-Identifier: MIT */
/* Promise: a write is as durable as it asks for when that is more than its store gives, and no less
 * than that ever; what it asks for costs its group one sync, and others nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/recorder.h"
#include "lib/store_helper.h"
#include "lib/write_batch.h"

enum { WAITS_MAX = 1000 };

static struct store_test store;
static struct recorder recorder;
static struct write_batch *batch;

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	recorder_init(&recorder);
	batch = write_batch_create();
	batch->on_done = recorder_note_done;
	batch->on_done_context = &recorder;
	fault_env_set_hook(store.faults, recorder_hook, &recorder);
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

/* Writes K with the wish for DURABILITY; answers what it got. */
static enum ary_durability write_with(enum ary_durability durability)
{
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of("k"),
		.value = ary_bytes_of("v"),
		.durability = durability,
	};

	assert_int_equal(ary_store_write(store.store, &write), ARY_OK);
	return write.durability;
}

/* Opens a store of MODE whose first groups, which are synced in any case, are behind it. */
static void open_in(enum ary_durability mode)
{
	store.options.durability = mode;
	store_test_open(&store);
	store_test_set(&store, "first", "of the run");
	recorder_forget(&recorder);
}

static void test_a_write_may_ask_for_more(void **state)
{
	(void)state;
	open_in(ARY_DURABILITY_NEVER);
	assert_int_equal(write_with(ARY_DURABILITY_NEVER), ARY_DURABILITY_NEVER);
	assert_int_equal(recorder_count(&recorder, 's'), 0);
	assert_int_equal(write_with(ARY_DURABILITY_ALWAYS), ARY_DURABILITY_ALWAYS);
	assert_string_equal(recorder.events, "wws");
	assert_int_equal(write_with(ARY_DURABILITY_NEVER), ARY_DURABILITY_NEVER);
	assert_int_equal(recorder_count(&recorder, 's'), 1);
}

static void test_a_write_gets_no_less_than_its_store_gives(void **state)
{
	(void)state;
	open_in(ARY_DURABILITY_ALWAYS);
	assert_int_equal(write_with(ARY_DURABILITY_NEVER), ARY_DURABILITY_ALWAYS);
	assert_int_equal(write_with(ARY_DURABILITY_INTERVAL), ARY_DURABILITY_ALWAYS);
	assert_string_equal(recorder.events, "wsws");
}

/* While the sync of the first is held, the others become one group. */
static void test_a_write_that_asks_for_more_shares_the_sync_with_its_group(void **state)
{
	(void)state;
	open_in(ARY_DURABILITY_NEVER);
	for (int i = 0; i < 5; i++)
		write_batch_add(batch, "k", "v");
	batch->writes[0].durability = ARY_DURABILITY_ALWAYS;
	batch->writes[2].durability = ARY_DURABILITY_ALWAYS;
	batch->writes[4].durability = ARY_DURABILITY_INTERVAL;
	recorder_submit_behind(&recorder, store.store, batch, 0);
	assert_string_equal(recorder.events, "wsdwsdddd");
	assert_int_equal(batch->writes[1].durability, ARY_DURABILITY_NEVER);
	assert_int_equal(batch->writes[2].durability, ARY_DURABILITY_ALWAYS);
	assert_int_equal(batch->writes[4].durability, ARY_DURABILITY_INTERVAL);
}

static void test_what_is_refused_asks_for_no_sync(void **state)
{
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of("none"),
		.if_match.kind = ARY_MATCH_ANY,
		.durability = ARY_DURABILITY_ALWAYS,
	};

	(void)state;
	open_in(ARY_DURABILITY_NEVER);
	assert_int_equal(ary_store_write(store.store, &write), ARY_CONFLICT);
	write.op = ARY_WRITE_REMOVE;
	write.if_match.kind = ARY_MATCH_NONE;
	assert_int_equal(ary_store_write(store.store, &write), ARY_NOT_FOUND);
	assert_string_equal(recorder.events, "");
}

static void test_a_write_may_ask_to_be_synced_in_time(void **state)
{
	(void)state;
	store.options.sync_interval_ms = 30;
	open_in(ARY_DURABILITY_NEVER);
	assert_int_equal(write_with(ARY_DURABILITY_NEVER), ARY_DURABILITY_NEVER);
	for (int i = 0; i < 10; i++)
		ary_thread_pause(10);
	assert_int_equal(recorder_count(&recorder, 's'), 0);
	assert_int_equal(write_with(ARY_DURABILITY_INTERVAL), ARY_DURABILITY_INTERVAL);
	for (int i = 0; i < WAITS_MAX && recorder_count(&recorder, 's') == 0; i++)
		ary_thread_pause(10);
	assert_string_equal(recorder.events, "wws");
	/* That was kept: nothing more is due. */
	assert_int_equal(write_with(ARY_DURABILITY_NEVER), ARY_DURABILITY_NEVER);
	for (int i = 0; i < 10; i++)
		ary_thread_pause(10);
	assert_int_equal(recorder_count(&recorder, 's'), 1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_write_may_ask_for_more),
		TEST(test_a_write_gets_no_less_than_its_store_gives),
		TEST(test_a_write_that_asks_for_more_shares_the_sync_with_its_group),
		TEST(test_what_is_refused_asks_for_no_sync),
		TEST(test_a_write_may_ask_to_be_synced_in_time),
	};

	return cmocka_run_group_tests_name("store/wish", tests, NULL, NULL);
}
