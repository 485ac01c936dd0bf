/* SPDX-License-Identifier: MIT */
/* Whatever call fails, whenever, once or for ever: no crash and no hang; what was acknowledged is
 * there after the next open, what was refused is not, and what was uncertain is the one or the
 * other.
 *
 * One fixed script runs again and again, each time with another call failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "lib/store_helper.h"

enum { KEYS = 4, ALLOCS_MAX = 60, SECONDS_MAX = 300 };

/* What one key may hold: NULL is nothing. */
struct expected {
	const char *certain;
	const char *maybe; /* of the last uncertain write */
	bool uncertain;
};

static struct store_test store;
static struct expected keys[KEYS];

static int setup(void **state)
{
	(void)state;
	/* A hang ends the program. */
	alarm(SECONDS_MAX);
	return 0;
}

static const char *key_name(int key)
{
	static const char *const names[KEYS] = {"a", "b", "c", "d"};

	return names[key];
}

static void write_key(int key, const char *value)
{
	struct expected *expected = &keys[key];

	if (!store.store)
		return;
	enum ary_status status = store_test_write(&store, key_name(key), value);
	switch (status) {
	case ARY_OK:
		assert_false(expected->uncertain);
		expected->certain = value;
		break;
	case ARY_UNCERTAIN:
		expected->uncertain = true;
		expected->maybe = value;
		break;
	case ARY_NOT_FOUND:
		assert_null(value);
		assert_null(expected->certain);
		break;
	case ARY_NO_SPACE:
	case ARY_IO:
	case ARY_READ_ONLY:
	case ARY_NO_MEMORY:
	case ARY_BUSY:
	case ARY_EXISTS:
		break;
	default:
		fail_msg("a write was answered %s", ary_status_name(status));
	}
}

static bool is_value(const struct ary_value *got, const char *value)
{
	if (!got)
		return !value;
	return value && ary_bytes_equal(got->value, ary_bytes_of(value));
}

/* Readers see what was acknowledged, and nothing else. */
static void read_keys(void)
{
	for (int key = 0; store.store && key < KEYS; key++) {
		struct ary_value got;
		enum ary_status status =
			ary_store_get(store.store, ary_bytes_of(key_name(key)), &got, NULL);
		if (status == ARY_OK) {
			assert_true(is_value(&got, keys[key].certain));
			ary_value_release(&got);
		} else if (status == ARY_NOT_FOUND) {
			assert_null(keys[key].certain);
		} else {
			assert_true(status == ARY_IO || status == ARY_NO_MEMORY ||
				    status == ARY_CORRUPT);
		}
	}
}

static void forgive_faults(void)
{
	fault_env_reset(store.faults);
	ary_alloc_fail_at(0, 0);
}

/* Whether KEY has a value. A fault that is still waiting may hit the first try. */
static bool read_key(int key, struct ary_value *out)
{
	struct ary_bytes name = ary_bytes_of(key_name(key));

	enum ary_status status = ary_store_get(store.store, name, out, NULL);
	if (status != ARY_OK && status != ARY_NOT_FOUND) {
		forgive_faults();
		status = ary_store_get(store.store, name, out, NULL);
		assert_true(status == ARY_OK || status == ARY_NOT_FOUND);
	}
	return status == ARY_OK;
}

/* After an open the store has decided: each key holds one of what it may. */
static void settle_keys(void)
{
	for (int key = 0; key < KEYS; key++) {
		struct expected *expected = &keys[key];
		struct ary_value got;
		bool there = read_key(key, &got);
		if (expected->uncertain && is_value(there ? &got : NULL, expected->maybe))
			expected->certain = expected->maybe;
		else if (!is_value(there ? &got : NULL, expected->certain))
			fail_msg("%s is %.*s, and should be %s", key_name(key),
				 there ? (int)got.value.size : 4,
				 there ? (const char *)got.value.data : "gone",
				 expected->certain ? expected->certain : "gone");
		expected->uncertain = false;
		if (there)
			ary_value_release(&got);
	}
}

/* Opens the store; when that fails by the fault, it must work without. */
static void open_store(void)
{
	struct ary_error err;

	if (store_test_try_open(&store, &err) == ARY_OK)
		return;
	forgive_faults();
	store_test_open(&store);
}

static void close_store(void)
{
	(void)ary_store_close(store.store, NULL);
	store.store = NULL;
}

static void run_script(void)
{
	open_store();
	write_key(0, "a1");
	write_key(1, "b1");
	write_key(0, "a2");
	write_key(1, NULL);
	write_key(2, "c1");
	read_keys();
	write_key(0, "a3");
	write_key(2, "c2");
	(void)store_test_compact(&store);
	read_keys();
	write_key(3, "d1");
	write_key(0, "a4");
	write_key(3, NULL);
	close_store();
	open_store();
	settle_keys();
	write_key(1, "b2");
	write_key(2, NULL);
	(void)store_test_compact(&store);
	write_key(0, "a5");
	write_key(1, "b3");
	read_keys();
}

static void begin_run(void)
{
	memset(keys, 0, sizeof(keys));
	store_test_begin(&store);
	fault_env_skip_syncs(store.faults);
	store.options.rotate_bytes = 350;
}

/* Ends a run with a kill or a close, and looks at what is left. */
static void end_run(bool kill)
{
	forgive_faults();
	if (kill)
		store_test_kill(&store);
	else
		close_store();
	for (int opens = 0; opens < 2; opens++) {
		store_test_open(&store);
		settle_keys();
		store_test_close(&store);
	}
	store_test_open(&store);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_reopen(&store);
	settle_keys();
	store_test_set(&store, "after", "all");
	store_test_reopen(&store);
	store_test_expect(&store, "after", "all");
	settle_keys();
	store_test_end(&store);
}

/* How many calls of KIND the script makes. */
static unsigned long count_calls(enum fault_kind kind)
{
	begin_run();
	run_script();
	unsigned long calls = fault_env_calls(store.faults, kind);
	for (int key = 0; key < KEYS; key++)
		assert_false(keys[key].uncertain);
	assert_string_equal(keys[0].certain, "a5");
	end_run(false);
	return calls;
}

static void fail_each(enum fault_kind kind, struct fault fault)
{
	unsigned long calls = count_calls(kind);

	assert_true(calls > 0);
	fault.kind = kind;
	for (unsigned long nth = 1; nth <= calls; nth++) {
		begin_run();
		fault.nth = nth;
		fault_env_fail(store.faults, fault);
		run_script();
		end_run(nth % 2 == 0);
	}
}

static const enum fault_kind name_kinds[] = {FAULT_DIR_SYNC, FAULT_DIR_RENAME, FAULT_DIR_UNLINK,
					     FAULT_FILE_CREATE};

static void fail_names(struct fault fault)
{
	for (size_t i = 0; i < sizeof(name_kinds) / sizeof(name_kinds[0]); i++)
		fail_each(name_kinds[i], fault);
}

static void test_failed_write_once_loses_nothing(void **state)
{
	(void)state;
	fail_each(FAULT_FILE_WRITE, (struct fault){.os_errno = EIO});
}

static void test_failed_write_for_ever_loses_nothing(void **state)
{
	(void)state;
	fail_each(FAULT_FILE_WRITE, (struct fault){.os_errno = EIO, .forever = true});
}

static void test_full_disk_once_loses_nothing(void **state)
{
	(void)state;
	fail_each(FAULT_FILE_WRITE, (struct fault){.os_errno = ENOSPC, .short_bytes = 40});
}

static void test_full_disk_for_ever_loses_nothing(void **state)
{
	(void)state;
	fail_each(FAULT_FILE_WRITE,
		  (struct fault){.os_errno = ENOSPC, .forever = true, .short_bytes = 7});
}

static void test_failed_sync_once_loses_nothing(void **state)
{
	(void)state;
	fail_each(FAULT_FILE_SYNC, (struct fault){.os_errno = EIO});
}

static void test_failed_sync_for_ever_loses_nothing(void **state)
{
	(void)state;
	fail_each(FAULT_FILE_SYNC, (struct fault){.os_errno = ENOSPC, .forever = true});
}

static void test_failed_change_of_names_once_loses_nothing(void **state)
{
	(void)state;
	fail_names((struct fault){.os_errno = EIO});
}

static void test_failed_change_of_names_for_ever_loses_nothing(void **state)
{
	(void)state;
	fail_names((struct fault){.os_errno = ENOSPC, .forever = true});
}

static void test_change_of_names_whose_answer_is_lost_loses_nothing(void **state)
{
	(void)state;
	fail_names((struct fault){.os_errno = EIO, .after = true});
}

static void test_failed_read_loses_nothing(void **state)
{
	(void)state;
	fail_each(FAULT_FILE_READ, (struct fault){.os_errno = EIO});
	fail_each(FAULT_FILE_OPEN, (struct fault){.os_errno = EMFILE});
	fail_each(FAULT_FILE_SIZE, (struct fault){.os_errno = EIO});
	fail_each(FAULT_FILE_CLOSE, (struct fault){.os_errno = EIO});
}

static void test_failed_look_at_the_directory_loses_nothing(void **state)
{
	(void)state;
	fail_each(FAULT_DIR_OPEN, (struct fault){.os_errno = EACCES});
	fail_each(FAULT_DIR_LIST, (struct fault){.os_errno = EIO});
	fail_each(FAULT_DIR_LOCK, (struct fault){.os_errno = EIO});
	fail_each(FAULT_DIR_SPACE, (struct fault){.os_errno = EIO});
	fail_each(FAULT_RANDOM, (struct fault){.os_errno = EIO});
}

/* The write is cut back, and the cut fails. */
static void test_failed_cut_loses_nothing(void **state)
{
	(void)state;
	unsigned long calls = count_calls(FAULT_FILE_WRITE);
	for (unsigned long nth = 1; nth <= calls; nth++) {
		begin_run();
		fault_env_fail(store.faults, (struct fault){
			.kind = FAULT_FILE_WRITE, .nth = nth, .os_errno = ENOSPC,
			.short_bytes = 60});
		/* The first truncation may be that of the lock's file. */
		fault_env_fail(store.faults, (struct fault){
			.kind = FAULT_FILE_TRUNCATE, .nth = 1, .os_errno = EIO,
			.forever = true});
		run_script();
		end_run(nth % 2 == 0);
	}
}

static void test_memory_running_out_loses_nothing(void **state)
{
	(void)state;
	for (int forever = 0; forever < 2; forever++) {
		for (unsigned long nth = 1; nth <= ALLOCS_MAX; nth++) {
			begin_run();
			ary_alloc_fail_at(nth, forever);
			run_script();
			end_run(nth % 2 == 0);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_failed_write_once_loses_nothing),
		TEST(test_failed_write_for_ever_loses_nothing),
		TEST(test_full_disk_once_loses_nothing),
		TEST(test_full_disk_for_ever_loses_nothing),
		TEST(test_failed_sync_once_loses_nothing),
		TEST(test_failed_sync_for_ever_loses_nothing),
		TEST(test_failed_change_of_names_once_loses_nothing),
		TEST(test_failed_change_of_names_for_ever_loses_nothing),
		TEST(test_change_of_names_whose_answer_is_lost_loses_nothing),
		TEST(test_failed_read_loses_nothing),
		TEST(test_failed_look_at_the_directory_loses_nothing),
		TEST(test_failed_cut_loses_nothing),
		TEST(test_memory_running_out_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
