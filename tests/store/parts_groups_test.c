/* SPDX-License-Identifier: MIT */
/* Promise: parts that wait share a sync where nobody else writes; where somebody does, or did a
 * moment ago, few of them go at a time: the more the slower the disk is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/large.h"
#include "lib/recorder.h"
#include "lib/store_helper.h"
#include "lib/write_batch.h"

enum { PART = 100, PARTS = 8, LEARN = 100 };

/* In the first all parts fit, and not in a sixteenth of it. */
static const uint64_t SLOW_NS = 100000;
static const uint64_t QUIET_NS = 200000000;

static struct store_test store;
static struct recorder recorder;
static struct write_batch *batch;
static struct ary_upload *upload;
static uint64_t sync_ns; /* by the store's clock, which stands still but for that */

static void take_time(void *context, enum fault_kind kind, const char *name)
{
	recorder_hook(context, kind, name);
	if (kind == FAULT_FILE_SYNC)
		fault_env_pass_time(store.faults, sync_ns);
}

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	store.options.part_bytes = PART;
	store.options.gather_us_max = 0;
	recorder_init(&recorder);
	batch = write_batch_create();
	sync_ns = 0;
	fault_env_set_hook(store.faults, take_time, &recorder);
	fault_env_hold_clock(store.faults, true);
	store_test_open(&store);
	upload = large_begin(store.store);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ary_upload_close(upload);
	store_test_end(&store);
	write_batch_destroy(batch);
	recorder_release(&recorder);
	return 0;
}

static void add_parts(uint64_t first, uint64_t count)
{
	static const uint8_t bytes[PART];

	for (uint64_t i = 0; i < count; i++)
		write_batch_add_part(batch, upload, first + i,
				     (struct ary_bytes){bytes, sizeof(bytes)});
}

/* How many groups the writes of the batch from number FROM on take, that of the first included:
 * the others come while it is synced. */
static uint64_t groups_of(size_t from)
{
	uint64_t before = store_test_stats(&store).groups;

	recorder_submit_behind(&recorder, store.store, batch, from);
	for (size_t i = from; i < batch->count; i++)
		assert_int_equal(batch->writes[i].status, ARY_OK);
	return store_test_stats(&store).groups - before;
}

/* The Set that names an upload is no small write that others may follow. */
static void test_parts_behind_another_upload_share_a_sync(void **state)
{
	struct ary_upload *named = large_begin(store.store);

	(void)state;
	assert_int_equal(large_parts(store.store, named, 1, PART), ARY_OK);
	write_batch_add(batch, "named", "")->upload = named;
	add_parts(0, PARTS);
	assert_int_equal(groups_of(0), 2);
	ary_upload_close(named);
}

static void test_parts_behind_small_writes_go_one_at_a_time(void **state)
{
	(void)state;
	write_batch_add(batch, "small", "value");
	add_parts(0, PARTS);
	assert_int_equal(groups_of(0), 1 + PARTS);
	/* Until a while has passed. */
	fault_env_pass_time(store.faults, QUIET_NS);
	add_parts(PARTS, 1 + PARTS);
	assert_int_equal(groups_of(batch->count - 1 - PARTS), 2);
}

static void test_more_go_where_a_sync_takes_long(void **state)
{
	(void)state;
	sync_ns = SLOW_NS;
	for (int i = 0; i < LEARN; i++)
		store_test_set(&store, "small", "value");
	/* What comes to nothing has no sync, and tells nothing of it. */
	assert_int_equal(store_test_write(&store, "none", NULL), ARY_NOT_FOUND);
	write_batch_add(batch, "small", "value");
	add_parts(0, PARTS);
	write_batch_add(batch, "small", "value");
	assert_int_equal(groups_of(0), 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_parts_behind_another_upload_share_a_sync),
		TEST(test_parts_behind_small_writes_go_one_at_a_time),
		TEST(test_more_go_where_a_sync_takes_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
