/* SPDX-License-Identifier: MIT */
/* Promise: a large value comes back byte for byte, whole and in ranges, however its store ended;
 * nothing of it is seen before its Set; what no present Set names is stale, and goes. Who reads a
 * value reads that one to its end, whatever becomes of its key. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "lib/large.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

enum { PART = 100 };

static int setup(void **state)
{
	store_test_setup(state);
	struct store_test *test = *state;
	test->options.part_bytes = PART;
	test->options.value_bytes_max = 5000;
	store_test_open(test);
	return 0;
}

static uint64_t stale_bytes(struct store_test *test)
{
	struct ary_stats stats = store_test_stats(test);

	return stats.stale_bytes;
}

/* Waits until the commit thread has dropped what was let go of before. */
static void settle(struct store_test *test)
{
	assert_int_equal(store_test_write(test, "no such key", NULL), ARY_NOT_FOUND);
	assert_int_equal(store_test_write(test, "no such key", NULL), ARY_NOT_FOUND);
}

/* How often WORD is in the logs. */
static unsigned count_in_logs(struct store_test *test, const char *word)
{
	unsigned count = 0;
	char name[32];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d.log", i);
		if (!file_exists(test->path, name))
			continue;
		struct ary_buf log = file_read(test->path, name);
		for (size_t at = 0; at + strlen(word) <= log.size; at++)
			count += memcmp(log.data + at, word, strlen(word)) == 0;
		ary_buf_release(&log);
	}
	return count;
}

static void test_every_size_comes_back_however_the_store_ended(void **state)
{
	static const uint64_t sizes[] = {1, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 7, 5000};
	enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
	struct store_test *test = *state;
	char key[16];

	for (int end = 0; end < 3; end++) {
		for (unsigned i = 0; end == 0 && i < SIZES; i++) {
			snprintf(key, sizeof(key), "k%u", i);
			large_set(test->store, key, i, sizes[i]);
		}
		for (unsigned i = 0; i < SIZES; i++) {
			snprintf(key, sizeof(key), "k%u", i);
			large_expect(test->store, key, i, sizes[i]);
		}
		if (end == 0)
			store_test_reopen(test);
		if (end == 1) {
			store_test_kill(test);
			store_test_open(test);
		}
	}
	assert_int_equal(stale_bytes(test) > 0, 1); /* the marks of the ends */
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	for (unsigned i = 0; i < SIZES; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		large_expect(test->store, key, i, sizes[i]);
	}
	assert_int_equal(store_test_stats(test).keys, SIZES);
}

static void test_a_range_reads_its_parts_only(void **state)
{
	struct store_test *test = *state;
	struct ary_value value;
	struct ary_bytes bytes;

	large_set(test->store, "k", 1, 3 * PART + 7);
	assert_int_equal(ary_store_get(test->store, ary_bytes_of("k"), &value, NULL), ARY_OK);
	for (uint64_t from = 0; from < value.size; from++) {
		unsigned long before = fault_env_calls(test->faults, FAULT_FILE_READ);
		assert_int_equal(ary_value_read(&value, from, &bytes, NULL), ARY_OK);
		assert_int_equal(fault_env_calls(test->faults, FAULT_FILE_READ), before + 1);
		uint64_t end = (from / PART + 1) * PART;
		assert_int_equal(bytes.size, (end < value.size ? end : value.size) - from);
		assert_null(large_check(&value, 1, 3 * PART + 7, from));
	}
	ary_value_release(&value);
}

/* A short value is read by the same call. */
static void test_a_value_of_one_line_is_read_in_ranges_too(void **state)
{
	struct store_test *test = *state;
	struct ary_value value;
	struct ary_bytes bytes;

	store_test_set(test, "k", "short");
	assert_int_equal(ary_store_get(test->store, ary_bytes_of("k"), &value, NULL), ARY_OK);
	assert_false(ary_value_is_large(&value));
	assert_int_equal(value.size, 5);
	assert_int_equal(ary_value_read(&value, 2, &bytes, NULL), ARY_OK);
	assert_true(ary_bytes_equal(bytes, ary_bytes_of("ort")));
	ary_value_release(&value);
}

static void test_nothing_is_seen_before_the_set(void **state)
{
	struct store_test *test = *state;

	store_test_set(test, "k", "old");
	struct ary_upload *upload = large_begin(test->store);
	assert_int_equal(large_parts(test->store, upload, 1, 250), ARY_OK);
	store_test_expect(test, "k", "old");
	assert_int_equal(store_test_stats(test).keys, 1);
	/* Under way, it counts: only what "k" had before can become stale. */
	assert_int_equal(stale_bytes(test), 0);
	assert_int_equal(large_name(test->store, upload, "k"), ARY_OK);
	ary_upload_close(upload);
	large_expect(test->store, "k", 1, 250);
	assert_int_equal(store_test_stats(test).keys, 1);
}

/* A precondition that does not hold leaves the upload as it was, so that it may be tried again. */
static void test_conditions_are_decided_at_the_set(void **state)
{
	struct store_test *test = *state;
	struct ary_upload *upload = large_begin(test->store);

	assert_int_equal(large_parts(test->store, upload, 1, 250), ARY_OK);
	uint64_t seq = store_test_set(test, "k", "old");
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of("k"),
		.type = ary_bytes_of("large/seed"),
		.upload = upload,
		.if_none_match = {.kind = ARY_MATCH_ANY},
	};
	assert_int_equal(ary_store_write(test->store, &write), ARY_CONFLICT);
	store_test_expect(test, "k", "old");
	write.if_none_match.kind = ARY_MATCH_NONE;
	write.if_match = (struct ary_match_set){ARY_MATCH_LIST, &seq, 1};
	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	assert_true(write.replaced);
	ary_upload_close(upload);
	large_expect(test->store, "k", 1, 250);
}

static void test_what_is_not_in_order_is_refused(void **state)
{
	struct store_test *test = *state;
	struct ary_upload *upload = large_begin(test->store);

	assert_int_equal(large_name(test->store, upload, "k"), ARY_INVALID);
	assert_int_equal(large_part(test->store, upload, 1, 0, 0), ARY_INVALID);
	assert_int_equal(large_part(test->store, upload, 1, 0, PART + 1), ARY_INVALID);
	assert_int_equal(large_part(test->store, upload, 1, 0, PART), ARY_OK);
	assert_int_equal(large_part(test->store, upload, 1, PART, PART + 3), ARY_OK);
	assert_int_equal(large_part(test->store, upload, 1, PART + 3, PART + 4), ARY_INVALID);
	assert_int_equal(large_name(test->store, upload, ""), ARY_INVALID);
	assert_int_equal(large_name(test->store, upload, "k"), ARY_OK);
	assert_int_equal(large_name(test->store, upload, "l"), ARY_INVALID);
	ary_upload_close(upload);
	large_expect(test->store, "k", 1, PART + 3);
	store_test_expect(test, "l", NULL);
	upload = large_begin(test->store);
	assert_int_equal(large_parts(test->store, upload, 2, 5001), ARY_TOO_LARGE);
	assert_int_equal(large_name(test->store, upload, "k"), ARY_OK);
	ary_upload_close(upload);
	large_expect(test->store, "k", 2, 5000);
	ary_upload_close(NULL);
	ary_upload_close(large_begin(test->store));
}

static void expect_all_stale(struct store_test *test, uint64_t live_bytes)
{
	settle(test);
	assert_int_equal(store_test_stats(test).live_bytes, live_bytes);
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	assert_int_equal(stale_bytes(test), 0);
	assert_int_equal(store_test_stats(test).live_bytes, live_bytes);
	assert_int_equal(count_in_logs(test, "\"Part\""), 0);
}

/* What becomes of a value that was uploaded. */
enum way { NEVER_NAMED, REMOVED, REPLACED, REMOVED_UNDER_ITS_UPLOAD };

/* The upload may be closed before its value goes, or after. */
static void end_upload(struct store_test *test, struct ary_upload *upload, enum way way,
		       uint64_t live_bytes)
{
	if (way != REMOVED_UNDER_ITS_UPLOAD)
		ary_upload_close(upload);
	if (way == REPLACED)
		store_test_set(test, "k", "small");
	if (way != NEVER_NAMED)
		store_test_remove(test, "k");
	if (way != REMOVED_UNDER_ITS_UPLOAD)
		return;
	settle(test);
	assert_true(store_test_stats(test).live_bytes > live_bytes);
	ary_upload_close(upload);
}

static void test_parts_without_a_value_are_stale(void **state)
{
	static const enum way ways[] = {NEVER_NAMED, REMOVED, REPLACED, REMOVED_UNDER_ITS_UPLOAD};
	struct store_test *test = *state;

	store_test_set(test, "other", "stays");
	uint64_t live_bytes = store_test_stats(test).live_bytes;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct ary_upload *upload = large_begin(test->store);
		assert_int_equal(large_parts(test->store, upload, 1, 450), ARY_OK);
		if (ways[i] != NEVER_NAMED)
			assert_int_equal(large_name(test->store, upload, "k"), ARY_OK);
		end_upload(test, upload, ways[i], live_bytes);
		expect_all_stale(test, live_bytes);
	}
	store_test_expect(test, "other", "stays");
}

static void test_a_large_value_replaces_a_large_one(void **state)
{
	struct store_test *test = *state;

	large_set(test->store, "k", 1, 450);
	large_set(test->store, "k", 2, 333);
	large_expect(test->store, "k", 2, 333);
	store_test_kill(test);
	store_test_open(test);
	large_expect(test->store, "k", 2, 333);
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	assert_int_equal(count_in_logs(test, "\"Part\""), 4);
	large_expect(test->store, "k", 2, 333);
	store_test_reopen(test);
	large_expect(test->store, "k", 2, 333);
}

/* However far an upload was when the process ended, nothing of it is left but stale bytes. */
static void test_an_upload_ends_with_its_process(void **state)
{
	struct store_test *test = *state;

	store_test_set(test, "other", "stays");
	uint64_t live_bytes = store_test_stats(test).live_bytes;
	for (uint64_t size = PART / 2; size < 4 * PART; size += PART) {
		struct ary_upload *upload = large_begin(test->store);
		assert_int_equal(large_parts(test->store, upload, 1, size), ARY_OK);
		ary_upload_close(upload);
		store_test_kill(test);
		store_test_open(test);
		assert_true(count_in_logs(test, "\"Part\"") > 0);
		expect_all_stale(test, live_bytes);
	}
}

static void test_an_upload_goes_on_over_compactions(void **state)
{
	struct store_test *test = *state;

	store_test_close(test);
	test->options.rotate_bytes = 300;
	store_test_open(test);
	struct ary_upload *upload = large_begin(test->store);
	for (uint64_t from = 0; from < 10 * PART; from += PART) {
		assert_int_equal(large_part(test->store, upload, 7, from, from + PART), ARY_OK);
		store_test_set(test, "k", "makes something stale");
		assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	}
	assert_int_equal(large_name(test->store, upload, "k"), ARY_OK);
	ary_upload_close(upload);
	large_expect(test->store, "k", 7, 10 * PART);
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	large_expect(test->store, "k", 7, 10 * PART);
	store_test_kill(test);
	store_test_open(test);
	large_expect(test->store, "k", 7, 10 * PART);
}

static void test_a_reader_keeps_its_value(void **state)
{
	struct store_test *test = *state;
	struct ary_value value;

	store_test_close(test);
	test->options.rotate_bytes = 300;
	store_test_open(test);
	large_set(test->store, "k", 1, 10 * PART + 1);
	assert_int_equal(ary_store_get(test->store, ary_bytes_of("k"), &value, NULL), ARY_OK);
	large_set(test->store, "k", 2, 50);
	for (int round = 0; round < 3; round++) {
		store_test_set(test, "l", "makes something stale");
		store_test_set(test, "l", "makes something stale");
		assert_int_equal(store_test_compact_full(test).status, ARY_OK);
		assert_null(large_check(&value, 1, 10 * PART + 1, 0));
	}
	store_test_remove(test, "k");
	store_test_remove(test, "l");
	assert_null(large_check(&value, 1, 10 * PART + 1, 0));
	ary_value_release(&value);
	expect_all_stale(test, 0);
}

/* A full disk in the middle: the part is not stored, may come again, and the value is right. */
static void test_a_part_that_finds_no_space_can_come_again(void **state)
{
	struct store_test *test = *state;
	struct ary_upload *upload = large_begin(test->store);

	for (uint64_t from = 0; from < 6 * PART; from += PART) {
		fault_env_fail(test->faults, (struct fault){.kind = FAULT_FILE_WRITE, .nth = 1,
							    .os_errno = ENOSPC});
		assert_int_equal(large_part(test->store, upload, 3, from, from + PART),
				 ARY_NO_SPACE);
		fault_env_reset(test->faults);
		assert_int_equal(large_part(test->store, upload, 3, from, from + PART), ARY_OK);
	}
	fault_env_fail(test->faults, (struct fault){.kind = FAULT_FILE_WRITE, .nth = 1,
						    .os_errno = ENOSPC});
	assert_int_equal(large_name(test->store, upload, "k"), ARY_NO_SPACE);
	fault_env_reset(test->faults);
	store_test_expect(test, "k", NULL);
	assert_int_equal(large_name(test->store, upload, "k"), ARY_OK);
	ary_upload_close(upload);
	large_expect(test->store, "k", 3, 6 * PART);
	store_test_kill(test);
	store_test_open(test);
	large_expect(test->store, "k", 3, 6 * PART);
}

/* What of a store on a failing disk may be answered. */
static bool may_be(enum ary_status status)
{
	return status == ARY_OK || status == ARY_NO_SPACE || status == ARY_IO ||
	       status == ARY_UNCERTAIN || status == ARY_READ_ONLY;
}

/* Replaces "k", compacts, and replaces it again, while a call fails; answers how often the value
 * was set for certain. *UNSURE_OUT: the next one may be set, too. */
static uint32_t work_on(struct store_test *test, bool *unsure_out)
{
	uint32_t certain = 1;

	*unsure_out = false;
	for (uint32_t seed = 2; seed < 4; seed++) {
		struct ary_upload *upload = large_begin(test->store);
		enum ary_status status = large_parts(test->store, upload, seed, 3 * PART + seed);
		assert_true(may_be(status));
		if (status == ARY_OK)
			status = large_name(test->store, upload, "k");
		assert_true(may_be(status));
		ary_upload_close(upload);
		*unsure_out = *unsure_out || status == ARY_UNCERTAIN;
		if (status == ARY_OK)
			certain = seed;
		assert_true(may_be(store_test_compact_full(test).status));
	}
	return certain;
}

/* Whichever call fails, once or for ever: the value is one of those that were set, and whole. */
static void test_a_call_that_fails_leaves_a_whole_value(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_FILE_WRITE, FAULT_FILE_SYNC, FAULT_DIR_SYNC,
						FAULT_FILE_CREATE, FAULT_DIR_RENAME,
						FAULT_DIR_UNLINK, FAULT_FILE_TRUNCATE};
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	struct store_test *test = *state;
	unsigned long fired = 0;

	store_test_close(test);
	test->options.rotate_bytes = 600;
	for (unsigned way = 0; way < 4 * KINDS; way++) {
		bool fires = true;
		for (unsigned long nth = 1; fires; nth++) {
			bool unsure;
			store_erase(test->path);
			store_test_open(test);
			large_set(test->store, "k", 1, 3 * PART + 1);
			fault_env_fail(test->faults, (struct fault){
				.kind = kinds[way / 4], .nth = nth, .forever = way % 2 == 1,
				.os_errno = way % 4 < 2 ? EIO : ENOSPC});
			uint32_t seed = work_on(test, &unsure);
			fires = fault_env_fired(test->faults) > 0;
			fired += fires;
			store_test_kill(test);
			store_test_open(test);
			struct ary_value value;
			assert_int_equal(ary_store_get(test->store, ary_bytes_of("k"), &value,
						       NULL), ARY_OK);
			if (unsure && value.size == 3 * PART + seed + 1)
				seed++;
			assert_null(large_check(&value, seed, 3 * PART + seed, 0));
			ary_value_release(&value);
			store_test_close(test);
		}
	}
	assert_true(fired > 100);
}

static void test_memory_that_is_out_costs_no_part(void **state)
{
	struct store_test *test = *state;
	unsigned refused = 0;

	for (unsigned long n = 1; n < 40; n++) {
		struct ary_upload *upload = large_begin(test->store);
		for (uint64_t from = 0; from < 9 * PART; from += PART) {
			ary_alloc_fail_at(n, 0);
			enum ary_status status =
				large_part(test->store, upload, 3, from, from + PART);
			ary_alloc_fail_at(0, 0);
			if (status == ARY_OK)
				continue;
			assert_int_equal(status, ARY_NO_MEMORY);
			refused++;
			assert_int_equal(large_part(test->store, upload, 3, from, from + PART),
					 ARY_OK);
		}
		assert_int_equal(large_name(test->store, upload, "k"), ARY_OK);
		ary_upload_close(upload);
		large_expect(test->store, "k", 3, 9 * PART);
	}
	assert_true(refused > 0);
}

/* A part that the disk has damaged is never given out, and verifying finds it. */
static void test_a_damaged_part_is_told(void **state)
{
	struct store_test *test = *state;
	struct ary_value value;
	struct ary_bytes bytes;
	struct ary_error err;

	large_set(test->store, "k", 1, 3 * PART);
	struct ary_buf log = file_read(test->path, "0.log");
	uint64_t middle = line_start(ary_buf_view(&log), 2) + 90;
	ary_buf_release(&log);
	file_flip(test->path, "0.log", middle, 1);
	assert_int_equal(ary_store_get(test->store, ary_bytes_of("k"), &value, NULL), ARY_OK);
	assert_int_equal(ary_value_read(&value, 0, &bytes, &err), ARY_OK);
	assert_int_equal(ary_value_read(&value, PART, &bytes, &err), ARY_CORRUPT);
	assert_non_null(strstr(err.text, "0.log"));
	assert_non_null(strstr(err.text, "part 1"));
	assert_int_equal(ary_value_read(&value, 2 * PART, &bytes, &err), ARY_OK);
	ary_value_release(&value);
	store_test_close(test);
	const char *words[3] = {"0.log", "damaged", NULL};
	store_test_expect_refusal(test, ARY_CORRUPT, words);
	file_flip(test->path, "0.log", middle, 1);
	store_test_open(test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, store_test_teardown)
		TEST(test_every_size_comes_back_however_the_store_ended),
		TEST(test_a_range_reads_its_parts_only),
		TEST(test_a_value_of_one_line_is_read_in_ranges_too),
		TEST(test_nothing_is_seen_before_the_set),
		TEST(test_conditions_are_decided_at_the_set),
		TEST(test_what_is_not_in_order_is_refused),
		TEST(test_parts_without_a_value_are_stale),
		TEST(test_a_large_value_replaces_a_large_one),
		TEST(test_an_upload_ends_with_its_process),
		TEST(test_an_upload_goes_on_over_compactions),
		TEST(test_a_reader_keeps_its_value),
		TEST(test_a_part_that_finds_no_space_can_come_again),
		TEST(test_a_call_that_fails_leaves_a_whole_value),
		TEST(test_memory_that_is_out_costs_no_part),
		TEST(test_a_damaged_part_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
