/* SPDX-License-Identifier: MIT */
/* Promise: uploads, readers, small writes and compactions go on beside each other; whoever reads a
 * large value reads one that was written, whole, and at the end nothing stale is left behind.
 * Parts that wait neither hold small writes up nor take their room, and none is turned away. Of
 * parts that wait at a time none is stored without the one before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "env/thread.h"
#include "lib/large.h"
#include "lib/one_in.h"
#include "lib/recorder.h"
#include "lib/store_helper.h"
#include "lib/write_batch.h"

enum { WRITERS = 4, READERS = 2, ROUNDS = 40, KEYS = 3, PART = 500, PARTS_MAX = 12 };

struct worker {
	struct ary_thread thread;
	uint32_t number;
	const char *failure;
};

static struct store_test store;
static struct recorder recorder;
static _Atomic bool ending;

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	store.options.durability = ARY_DURABILITY_NEVER;
	store.options.rotate_bytes = 8000;
	store.options.part_bytes = PART;
	store_test_open(&store);
	atomic_store(&ending, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	return 0;
}

/* Each seed has a size of its own, so that a reader knows the value by it. */
static uint64_t size_of(uint32_t seed)
{
	return 1 + seed % (PARTS_MAX * PART);
}

static void key_of(uint32_t number, char out[16])
{
	snprintf(out, 16, "k%u", number % KEYS);
}

/* Each of what an upload may come to is in eight rounds. */
static uint32_t rounds(void)
{
	enum { ROUNDS_MIN = 8 };
	uint32_t part = ROUNDS / one_in();

	return part > ROUNDS_MIN ? part : ROUNDS_MIN;
}

/* Uploads, gives up one in four, removes one in eight. */
static void upload_all(void *context)
{
	struct worker *worker = context;
	const uint32_t end = rounds();
	char key[16];

	for (uint32_t round = 0; round < end && worker->failure == NULL; round++) {
		uint32_t seed = worker->number * 1000 + round * 7;
		struct ary_upload *upload = NULL;
		key_of(round + worker->number, key);
		if (ary_upload_begin(store.store, &upload, NULL) != ARY_OK ||
		    large_parts(store.store, upload, seed, size_of(seed)) != ARY_OK)
			worker->failure = "a part is refused";
		else if (round % 4 != 3 && large_name(store.store, upload, key) != ARY_OK)
			worker->failure = "a Set is refused";
		ary_upload_close(upload);
		if (round % 8 == 5)
			(void)store_test_write(&store, key, NULL);
		if (store_test_write(&store, "small", "value") != ARY_OK)
			worker->failure = "a small write is refused";
	}
}

/* The seed of a value of SIZE bytes that some worker writes. */
static const char *check(struct ary_value *value)
{
	const char *wrong = "no value of such a size was written";

	for (uint32_t number = 0; number < WRITERS; number++) {
		for (uint32_t round = 0; round < ROUNDS; round++) {
			uint32_t seed = number * 1000 + round * 7;
			if (size_of(seed) != value->size)
				continue;
			wrong = large_check(value, seed, value->size, 0);
			if (wrong == NULL)
				return NULL;
		}
	}
	return wrong;
}

static void read_all(void *context)
{
	struct worker *worker = context;
	char key[16];

	for (uint32_t round = 0; !atomic_load(&ending) && worker->failure == NULL; round++) {
		struct ary_value value;
		key_of(round, key);
		enum ary_status status =
			ary_store_get(store.store, ary_bytes_of(key), &value, NULL);
		if (status == ARY_NOT_FOUND)
			continue;
		if (status != ARY_OK) {
			worker->failure = "a value cannot be read";
			continue;
		}
		worker->failure = check(&value);
		ary_value_release(&value);
	}
}

static void compact_all(void *context)
{
	struct worker *worker = context;

	while (!atomic_load(&ending) && worker->failure == NULL) {
		if (store_test_compact_full(&store).status != ARY_OK)
			worker->failure = "a compaction fails";
	}
}

static void start(struct worker *worker, uint32_t number, void (*function)(void *context))
{
	*worker = (struct worker){.number = number};
	assert_int_equal(ary_thread_start(&worker->thread, "worker", function, worker, NULL),
			 ARY_OK);
}

static void join(struct worker *worker)
{
	ary_thread_join(&worker->thread);
	if (worker->failure)
		fail_msg("worker %u: %s", worker->number, worker->failure);
}

static void test_all_go_on_beside_each_other(void **state)
{
	static struct worker writers[WRITERS];
	static struct worker readers[READERS];
	static struct worker compactor;
	char key[16];

	(void)state;
	for (uint32_t i = 0; i < READERS; i++)
		start(&readers[i], i, read_all);
	start(&compactor, 0, compact_all);
	for (uint32_t i = 0; i < WRITERS; i++)
		start(&writers[i], i, upload_all);
	for (uint32_t i = 0; i < WRITERS; i++)
		join(&writers[i]);
	atomic_store(&ending, true);
	for (uint32_t i = 0; i < READERS; i++)
		join(&readers[i]);
	join(&compactor);
	for (uint32_t i = 0; i < KEYS; i++) {
		key_of(i, key);
		(void)store_test_write(&store, key, NULL);
	}
	store_test_remove(&store, "small");
	/* Twice, so that what was let go of before the first is dropped before the second. */
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_int_equal(store_test_stats(&store).live_bytes, 0);
	assert_int_equal(store_test_stats(&store).stale_bytes, 0);
	store_test_reopen(&store);
}

/* Holds the commit thread in the sync of a first write. */
static void hold_behind_first(struct write_batch *batch)
{
	recorder_init(&recorder);
	fault_env_set_hook(store.faults, recorder_hook, &recorder);
	recorder_submit_held(&recorder, store.store, write_batch_add(batch, "first", "held"));
}

/* A group takes a part and half of SMALL, and the next one the other half. */
enum { SMALL = 10, GROUP_BYTES = SMALL / 2 * 530, UPLOADS = 100, QUEUE_BYTES = 20000 };

static struct ary_write *add_to(struct write_batch *batch, struct ary_upload *upload)
{
	struct ary_write *write = write_batch_add(batch, "large", "");

	write->upload = upload;
	return write;
}

static void add_part(struct write_batch *batch, struct ary_upload *upload, uint64_t number)
{
	static const uint8_t bytes[PART];

	write_batch_add_part(batch, upload, number, (struct ary_bytes){bytes, sizeof(bytes)});
}

/* A part each of UPLOADS, together far more than the queue may hold. */
static void add_parts(struct write_batch *batch, struct ary_upload *uploads[UPLOADS])
{
	for (int i = 0; i < UPLOADS; i++) {
		uploads[i] = large_begin(store.store);
		add_part(batch, uploads[i], 0);
	}
}

static void test_parts_that_wait_leave_small_writes_alone(void **state)
{
	struct write_batch *batch = write_batch_create();
	struct ary_upload *uploads[UPLOADS];
	struct ary_upload *named = NULL;

	(void)state;
	store_test_close(&store);
	store.options.durability = ARY_DURABILITY_ALWAYS;
	store.options.queue_bytes_max = QUEUE_BYTES;
	store.options.batch_bytes_max = GROUP_BYTES;
	store.options.rotate_bytes = 1 << 30;
	store_test_open(&store);
	/* Where a sync takes long, a group may have more parts. */
	fault_env_hold_clock(store.faults, true);
	named = large_begin(store.store);
	assert_int_equal(large_parts(store.store, named, 1, PART), ARY_OK);
	hold_behind_first(batch);
	add_parts(batch, uploads);
	for (int i = 0; i < SMALL; i++)
		write_batch_add(batch, "small", "value");
	write_batch_submit(batch, store.store, 1);
	assert_true(store_test_stats(&store).queue_bytes > UPLOADS * PART);
	/* Now it is full of what is small, and the end of an upload comes in all the same. */
	size_t small = batch->count;
	for (int i = 0; i < 100; i++)
		write_batch_add(batch, "more", "value");
	add_to(batch, named)->type = ary_bytes_of("large/seed");
	write_batch_submit(batch, store.store, small);
	recorder_hold(&recorder, false);
	write_batch_wait(batch);
	const struct ary_write *parts = &batch->writes[1];
	for (size_t i = 0; i < UPLOADS + SMALL; i++)
		assert_int_equal(parts[i].status, ARY_OK);
	const struct ary_write *smalls = &parts[UPLOADS];
	for (size_t i = 0; i < SMALL; i++)
		assert_true(smalls[i].seq < parts[1].seq);
	/* They go on all the same: one of them in the first group, and one in the third. */
	assert_true(parts[0].seq < smalls[0].seq);
	assert_true(parts[1].seq < smalls[SMALL + SMALL / 2].seq);
	assert_int_equal(smalls[SMALL + SMALL / 2].status, ARY_OK);
	assert_int_equal(batch->writes[batch->count - 2].status, ARY_BUSY);
	assert_int_equal(batch->writes[batch->count - 1].status, ARY_OK);
	large_expect(store.store, "large", 1, PART);
	assert_int_equal(store_test_stats(&store).queue_bytes, 0);
	for (int i = 0; i < UPLOADS; i++)
		ary_upload_close(uploads[i]);
	ary_upload_close(named);
	write_batch_destroy(batch);
	store_test_close(&store);
	recorder_release(&recorder);
}

enum { PARTS = 5 };

/* Parts need not wait for each other; those behind one that failed are refused, and may come again
 * as that one may. */
static void test_parts_behind_one_that_failed_are_refused(void **state)
{
	struct write_batch *batch = write_batch_create();

	(void)state;
	store_test_close(&store);
	store.options.durability = ARY_DURABILITY_ALWAYS;
	store.options.batch_bytes_max = 1;
	store_test_open(&store);
	struct ary_upload *upload = large_begin(store.store);
	hold_behind_first(batch);
	for (uint64_t i = 0; i < PARTS; i++)
		add_part(batch, upload, i);
	write_batch_submit(batch, store.store, 1);
	fault_env_fail(store.faults, (struct fault){.kind = FAULT_FILE_WRITE, .nth = 3,
						    .os_errno = ENOSPC});
	recorder_hold(&recorder, false);
	write_batch_wait(batch);
	const struct ary_write *parts = &batch->writes[1];
	static const enum ary_status expected[PARTS] = {ARY_OK, ARY_OK, ARY_NO_SPACE, ARY_INVALID,
							ARY_INVALID};
	for (size_t i = 0; i < PARTS; i++)
		assert_int_equal(parts[i].status, expected[i]);
	size_t again = batch->count;
	for (uint64_t i = 2; i < PARTS; i++)
		add_part(batch, upload, i);
	write_batch_submit(batch, store.store, again);
	write_batch_wait(batch);
	for (size_t i = again; i < batch->count; i++)
		assert_int_equal(batch->writes[i].status, ARY_OK);
	assert_int_equal(large_name(store.store, upload, "large"), ARY_OK);
	ary_upload_close(upload);
	write_batch_destroy(batch);
	store_test_reopen(&store);
	struct ary_value value;
	assert_int_equal(ary_store_get(store.store, ary_bytes_of("large"), &value, NULL), ARY_OK);
	assert_int_equal(value.size, PARTS * PART);
	ary_value_release(&value);
	store_test_close(&store);
	recorder_release(&recorder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parts_behind_one_that_failed_are_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts_that_wait_leave_small_writes_alone,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_go_on_beside_each_other, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
