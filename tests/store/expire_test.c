/* SPDX-License-Identifier: MIT */
/* Promise: a value whose time is over is ended by a line of the log, by itself or in the next group
 * of writes, and from its millisecond on counts as gone in every way: for reads, lists and
 * conditions, before that line is there, when it cannot be written, and after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "env/thread.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

static const uint64_t NOW_MS = 4000000000000; /* after the machine's own clock */

enum { WAIT_TRIES = 12000, WAIT_MS = 5, MANY = 1000 };

static struct ary_write set_until(const char *key, uint64_t expires_ms)
{
	return (struct ary_write){.op = ARY_WRITE_SET,
				  .key = ary_bytes_of(key),
				  .value = ary_bytes_of(key),
				  .expires_ms = expires_ms};
}

static uint64_t must_set_until(struct store_test *test, const char *key, uint64_t expires_ms)
{
	struct ary_write write = set_until(key, expires_ms);

	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	return write.seq;
}

/* Waits until COUNT values were ended since the store was opened. */
static void await_expired(struct store_test *test, uint64_t count)
{
	for (int i = 0; i < WAIT_TRIES; i++) {
		if (store_test_stats(test).expired >= count)
			break;
		ary_thread_pause(WAIT_MS);
	}
	assert_int_equal(store_test_stats(test).expired, count);
}

static bool count_key(void *context, struct ary_bytes key, uint64_t seq)
{
	(void)key;
	(void)seq;
	++*(size_t *)context;
	return true;
}

static size_t listed(struct store_test *test, uint64_t limit)
{
	const struct ary_bytes all = {NULL, 0};
	size_t count = 0;

	ary_store_list(test->store, all, all, limit, count_key, &count);
	return count;
}

static void test_value_ends_without_any_write(void **state)
{
	struct store_test *test = *state;
	struct ary_write write = set_until("k", 0);
	char line[64];

	store_test_open(test);
	write.ttl_ms = 20;
	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	await_expired(test, 1);
	struct ary_stats stats = store_test_stats(test);
	assert_int_equal(stats.keys, 0);
	assert_int_equal(stats.keys_with_expiry, 0);
	assert_int_equal(stats.live_bytes, 0);
	assert_true(stats.stale_bytes > 0);
	store_test_expect(test, "k", NULL);
	store_test_kill(test);
	/* The log says so, and of which value. */
	struct ary_buf bytes = file_read(test->path, "0.log");
	snprintf(line, sizeof(line), "\"key\":\"k\",\"prev\":%llu,", (unsigned long long)write.seq);
	assert_true(ary_buf_append(&bytes, (struct ary_bytes){(const uint8_t *)"", 1}));
	assert_non_null(strstr((const char *)bytes.data, "\"cmd\":\"Expire\""));
	assert_non_null(strstr((const char *)bytes.data, line));
	ary_buf_release(&bytes);
	store_test_open(test);
	assert_int_equal(store_test_stats(test).keys, 0);
	store_test_expect(test, "k", NULL);
}

/* More than one group ends, so that some have no line yet when they are asked for. */
static void test_what_is_over_is_gone_before_its_line(void **state)
{
	struct store_test *test = *state;
	char key[16];

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	store_test_set(test, "stays", "here");
	for (int i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		must_set_until(test, key, NOW_MS + 10000 + (uint64_t)i);
	}
	assert_int_equal(store_test_stats(test).keys_with_expiry, MANY);
	assert_int_equal(listed(test, UINT64_MAX), MANY + 1);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10000 + MANY - 2);
	store_test_expect(test, "k999", "k999");
	store_test_expect(test, "k998", NULL);
	assert_int_equal(listed(test, UINT64_MAX), 2);
	/* A limit is of those that are there. */
	assert_int_equal(listed(test, 1), 1);
	await_expired(test, MANY - 1);
	assert_int_equal(listed(test, UINT64_MAX), 2);
	assert_int_equal(store_test_stats(test).keys, 2);
	assert_int_equal(store_test_stats(test).keys_with_expiry, 1);
}

static void test_conditions_find_no_value(void **state)
{
	struct store_test *test = *state;
	struct ary_write first = set_until("k", NOW_MS + 10);
	struct ary_write match = set_until("k", 0);
	struct ary_write remove = {.op = ARY_WRITE_REMOVE, .key = ary_bytes_of("k")};
	struct ary_write create = set_until("k", NOW_MS + 20);
	struct ary_write again = set_until("k", 0);

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	assert_int_equal(ary_store_write(test->store, &first), ARY_OK);
	match.if_match = (struct ary_match_set){
		.kind = ARY_MATCH_LIST, .seqs = &first.seq, .count = 1};
	create.if_none_match.kind = ARY_MATCH_ANY;
	again.if_none_match.kind = ARY_MATCH_ANY;
	fault_env_set_wall_ms(test->faults, NOW_MS + 9);
	assert_int_equal(ary_store_write(test->store, &create), ARY_CONFLICT);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	assert_int_equal(ary_store_write(test->store, &match), ARY_CONFLICT);
	assert_int_equal(ary_store_write(test->store, &remove), ARY_NOT_FOUND);
	assert_int_equal(ary_store_write(test->store, &create), ARY_OK);
	assert_false(create.replaced);
	store_test_expect(test, "k", "k");
	assert_int_equal(ary_store_write(test->store, &again), ARY_CONFLICT);
	/* What was written in its place does not end with it, nor is it ended twice. */
	fault_env_set_wall_ms(test->faults, NOW_MS + 20);
	assert_int_equal(ary_store_write(test->store, &again), ARY_OK);
	assert_false(again.replaced);
	fault_env_set_wall_ms(test->faults, NOW_MS + 100000);
	store_test_set(test, "other", "x");
	store_test_expect(test, "k", "k");
	assert_int_equal(store_test_stats(test).expired, 2);
	assert_int_equal(store_test_stats(test).keys_with_expiry, 0);
}

/* A value that is over when it is written is as good as a removal. */
static void test_value_of_the_past_was_never_there(void **state)
{
	struct store_test *test = *state;
	struct ary_write late = set_until("k", 1);

	store_test_open(test);
	store_test_set(test, "k", "before");
	assert_int_equal(ary_store_write(test->store, &late), ARY_OK);
	assert_true(late.replaced);
	store_test_expect(test, "k", NULL);
	await_expired(test, 1);
	assert_int_equal(store_test_stats(test).keys, 0);
	store_test_reopen(test);
	store_test_expect(test, "k", NULL);
}

static void test_what_ended_while_closed_is_gone_at_once(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	must_set_until(test, "k", NOW_MS + 10);
	must_set_until(test, "l", NOW_MS + 20);
	must_set_until(test, "replaced", NOW_MS + 10);
	store_test_set(test, "replaced", "stays");
	must_set_until(test, "removed", NOW_MS + 10);
	store_test_remove(test, "removed");
	store_test_kill(test);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	store_test_open(test);
	store_test_expect(test, "k", NULL);
	store_test_expect(test, "l", "l");
	store_test_expect(test, "replaced", "stays");
	assert_int_equal(listed(test, UINT64_MAX), 2);
	await_expired(test, 1);
	assert_int_equal(store_test_stats(test).keys, 2);
	assert_int_equal(store_test_stats(test).keys_with_expiry, 1);
	store_test_reopen(test);
	assert_int_equal(store_test_stats(test).keys, 2);
	store_test_expect(test, "l", "l");
}

/* The line that ends a value hides what lies below it, in whichever log that is. */
static void test_nothing_comes_back_by_a_compaction(void **state)
{
	struct store_test *test = *state;

	test->options.rotate_bytes = 512;
	test->options.compact_percent = 100;
	store_test_open(test);
	store_test_set(test, "k", "old, and without an end");
	store_test_fill(test, 20);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	must_set_until(test, "k", NOW_MS + 10);
	store_test_fill(test, 3);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	store_test_fill(test, 3);
	await_expired(test, 1);
	for (int i = 0; i < 4; i++) {
		assert_int_equal((i < 2 ? store_test_compact(test) : store_test_compact_full(test))
					 .status, ARY_OK);
		store_test_expect(test, "k", NULL);
		fault_env_set_wall_ms(test->faults, 1);
		store_test_reopen(test);
		store_test_expect(test, "k", NULL);
		store_test_fill(test, 20);
	}
	store_test_expect_filled(test, 20);
}

static void test_read_only_store_ends_nothing_and_rests(void **state)
{
	struct store_test *test = *state;
	struct ary_write failed = set_until("other", 0);

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	must_set_until(test, "k", NOW_MS + 10);
	fault_env_fail(test->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1});
	assert_int_equal(ary_store_write(test->store, &failed), ARY_UNCERTAIN);
	store_test_expect(test, "k", "k");
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	store_test_expect(test, "k", NULL);
	assert_int_equal(listed(test, UINT64_MAX), 0);
	unsigned long writes = fault_env_calls(test->faults, FAULT_FILE_WRITE);
	assert_int_equal(ary_store_write(test->store, &failed), ARY_READ_ONLY);
	ary_thread_pause(20);
	assert_int_equal(fault_env_calls(test->faults, FAULT_FILE_WRITE), writes);
	assert_int_equal(store_test_stats(test).expired, 0);
	store_test_kill(test);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	store_test_open(test);
	store_test_expect(test, "k", NULL);
	await_expired(test, 1);
}

/* Waits until the commit thread has looked at the clock anew, while nobody else does. */
static void await_look(struct store_test *test)
{
	unsigned long looks = fault_env_calls(test->faults, FAULT_WALL_MS);

	for (int i = 0; i < WAIT_TRIES && fault_env_calls(test->faults, FAULT_WALL_MS) < looks + 4;
	     i++)
		ary_thread_pause(WAIT_MS);
	assert_true(fault_env_calls(test->faults, FAULT_WALL_MS) >= looks + 4);
}

/* Values that end one after the other, while the clock by which the store waits stands still: they
 * share one group, and one sync, once it goes on. */
static void test_ends_share_a_group(void **state)
{
	struct store_test *test = *state;
	char key[16];

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	for (int i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		must_set_until(test, key, NOW_MS + 10 + (uint64_t)i);
	}
	fault_env_hold_clock(test->faults, true);
	uint64_t groups = store_test_stats(test).groups;
	uint64_t syncs = store_test_stats(test).syncs;
	for (int i = 0; i < 10; i += 3) {
		fault_env_set_wall_ms(test->faults, NOW_MS + 10 + (uint64_t)i);
		await_look(test);
		assert_int_equal(store_test_stats(test).expired, 0);
	}
	/* They are gone all the same. */
	assert_int_equal(listed(test, UINT64_MAX), 0);
	fault_env_hold_clock(test->faults, false);
	await_expired(test, 10);
	assert_int_equal(store_test_stats(test).groups, groups + 1);
	assert_int_equal(store_test_stats(test).syncs, syncs + 1);
}

/* While the line of k0 is synced, k1 is over too, and the clock stands still from then on. */
static void end_another(void *context, enum fault_kind kind, const char *name)
{
	struct store_test *test = context;

	(void)name;
	if (kind != FAULT_FILE_SYNC)
		return;
	fault_env_set_hook(test->faults, NULL, NULL);
	fault_env_hold_clock(test->faults, true);
	fault_env_set_wall_ms(test->faults, NOW_MS + 20);
}

/* What ends during the sync of the group before waits for others as that did. */
static void test_what_ends_during_a_sync_waits_too(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	must_set_until(test, "k0", NOW_MS + 10);
	must_set_until(test, "k1", NOW_MS + 20);
	fault_env_set_hook(test->faults, end_another, test);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	await_expired(test, 1);
	await_look(test);
	assert_int_equal(store_test_stats(test).expired, 1);
	fault_env_hold_clock(test->faults, false);
	await_expired(test, 2);
}

/* A group that comes anyway takes along what is over, and what is over when the store is opened
 * waits for nothing. */
static void test_ends_wait_for_no_group_that_comes_anyway(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	must_set_until(test, "k", NOW_MS + 10);
	must_set_until(test, "l", NOW_MS + 20);
	fault_env_hold_clock(test->faults, true);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	await_look(test);
	assert_int_equal(store_test_stats(test).expired, 0);
	uint64_t syncs = store_test_stats(test).syncs;
	store_test_set(test, "other", "x");
	assert_int_equal(store_test_stats(test).expired, 1);
	assert_int_equal(store_test_stats(test).syncs, syncs + 1);
	store_test_close(test);
	fault_env_set_wall_ms(test->faults, NOW_MS + 20);
	store_test_open(test);
	await_expired(test, 1);
}

/* Who only reads leaves the log alone, and is answered as anybody else. */
static void test_who_reads_only_ends_nothing(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	must_set_until(test, "k", NOW_MS + 10);
	must_set_until(test, "l", NOW_MS + 20);
	store_test_close(test);
	struct ary_buf before = file_read(test->path, "0.log");
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	test->options.leave_ended = true;
	store_test_open(test);
	store_test_expect(test, "k", NULL);
	store_test_expect(test, "l", "l");
	assert_int_equal(listed(test, UINT64_MAX), 1);
	assert_int_equal(store_test_stats(test).keys, 2);
	store_test_close(test);
	struct ary_buf after = file_read(test->path, "0.log");
	assert_true(ary_bytes_equal(ary_buf_view(&before), ary_buf_view(&after)));
	/* What else is written does not bring it in. */
	store_test_open(test);
	store_test_set(test, "other", "x");
	assert_int_equal(store_test_stats(test).expired, 0);
	store_test_close(test);
	test->options.leave_ended = false;
	store_test_open(test);
	await_expired(test, 1);
	ary_buf_release(&before);
	ary_buf_release(&after);
}

/* Nothing can be written, and so no line says that they are over: who was told once is not told
 * otherwise, nor is anybody else, when the clock is set back. */
static void test_clock_set_back_brings_nothing_back(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	must_set_until(test, "k", NOW_MS + 10);
	must_set_until(test, "l", NOW_MS + 20);
	must_set_until(test, "m", NOW_MS + 30);
	fault_env_fail(test->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1});
	assert_int_equal(store_test_write(test, "other", "x"), ARY_UNCERTAIN);
	/* Nobody has been told anything yet. */
	fault_env_set_wall_ms(test->faults, NOW_MS + 15);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	store_test_expect(test, "k", "k");
	fault_env_set_wall_ms(test->faults, NOW_MS + 15);
	store_test_expect(test, "k", NULL);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	store_test_expect(test, "k", NULL);
	assert_int_equal(listed(test, UINT64_MAX), 2);
	/* A list tells, too. */
	fault_env_set_wall_ms(test->faults, NOW_MS + 25);
	assert_int_equal(listed(test, UINT64_MAX), 1);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	store_test_expect(test, "l", NULL);
	store_test_expect(test, "m", "m");
}

/* Where the lines do not fit, a removal may; they are tried again later. */
static void test_full_disk_takes_removals_first(void **state)
{
	struct store_test *test = *state;
	char key[16];

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	store_test_set(test, "a", "1");
	for (int i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		must_set_until(test, key, NOW_MS + 10);
	}
	fault_env_fail(test->faults,
		       (struct fault){.kind = FAULT_FILE_WRITE, .nth = 1, .os_errno = 28});
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	store_test_remove(test, "a");
	store_test_expect(test, "a", NULL);
	assert_int_equal(listed(test, UINT64_MAX), 0);
	await_expired(test, 10);
	assert_int_equal(store_test_stats(test).keys, 0);
	store_test_reopen(test);
	assert_int_equal(store_test_stats(test).keys, 0);
}

/* Each try for memory fails in turn: the write is refused as a whole, or stored with its end. */
static void test_memory_that_is_out_leaves_no_half(void **state)
{
	struct store_test *test = *state;
	enum ary_status status = ARY_NO_MEMORY;
	unsigned long nth = 0;

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	while (status == ARY_NO_MEMORY) {
		struct ary_write write = set_until("k", NOW_MS + 10);
		ary_alloc_fail_at(++nth, 0);
		status = ary_store_write(test->store, &write);
		ary_alloc_fail_at(0, 0);
		assert_int_equal(store_test_stats(test).keys_with_expiry, status == ARY_OK);
		store_test_expect(test, "k", status == ARY_OK ? "k" : NULL);
	}
	assert_int_equal(status, ARY_OK);
	assert_in_range(nth, 4, 50);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
	store_test_expect(test, "k", NULL);
	store_test_set(test, "other", "x");
	assert_int_equal(store_test_stats(test).keys_with_expiry, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_value_ends_without_any_write),
		TEST(test_what_is_over_is_gone_before_its_line),
		TEST(test_conditions_find_no_value),
		TEST(test_value_of_the_past_was_never_there),
		TEST(test_what_ended_while_closed_is_gone_at_once),
		TEST(test_nothing_comes_back_by_a_compaction),
		TEST(test_read_only_store_ends_nothing_and_rests),
		TEST(test_ends_share_a_group),
		TEST(test_what_ends_during_a_sync_waits_too),
		TEST(test_ends_wait_for_no_group_that_comes_anyway),
		TEST(test_who_reads_only_ends_nothing),
		TEST(test_clock_set_back_brings_nothing_back),
		TEST(test_full_disk_takes_removals_first),
		TEST(test_memory_that_is_out_leaves_no_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
