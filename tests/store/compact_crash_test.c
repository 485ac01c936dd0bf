/* SPDX-License-Identifier: MIT */
/* A compaction, or a recovery, can be cut off before any of its calls, by a crash or by a power
 * failure, and the store opens with the same contents: nothing lost, nothing come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "env/thread.h"
#include "format/name.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

enum { SNAPSHOTS_MAX = 200, FILES_MAX = 32, NAME_BYTES = 64 };

/* A file and how much of it the disk has for sure. */
struct known_file {
	char name[NAME_BYTES];
	uint64_t durable_bytes;
};

/* Copies the store before each call that changes something on disk, as a crash would leave it: with
 * all that was written, or (`power`) with what was synced only. Names count at once. */
struct camera {
	struct store_test *test;
	struct ary_mutex lock;
	bool power;
	int count;
	struct known_file files[FILES_MAX];
	int file_count;
	/* When set, called before a compaction's file is created, on the compaction's thread. */
	void (*on_merge)(struct store_test *test);
};

static struct store_test store;
static struct camera camera;

static struct known_file *file_known(const char *name)
{
	for (int i = 0; i < camera.file_count; i++) {
		if (strcmp(camera.files[i].name, name) == 0)
			return &camera.files[i];
	}
	assert_true(camera.file_count < FILES_MAX);
	struct known_file *file = &camera.files[camera.file_count++];
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->durable_bytes = 0;
	return file;
}

static const char *snapshot_path(int index, char out[TMPDIR_PATH_BYTES])
{
	char name[32];

	snprintf(name, sizeof(name), "snapshot-%d", index);
	return tmpdir_join(&store.tmpdir, name, out);
}

static void take_snapshot(void)
{
	char path[TMPDIR_PATH_BYTES];

	assert_true(camera.count < SNAPSHOTS_MAX);
	store_copy(store.path, snapshot_path(camera.count++, path));
	for (int i = 0; camera.power && i < camera.file_count; i++) {
		const struct known_file *file = &camera.files[i];
		if (file_exists(path, file->name) &&
		    file_bytes(path, file->name) > file->durable_bytes)
			file_truncate(path, file->name, file->durable_bytes);
	}
}

/* What the call, which is about to be made, will have made sure of. */
static void note_call(enum fault_kind kind, const char *name)
{
	/* The logs do not rest on it, and snapshots are without it. */
	if (name == NULL || strcmp(name, ARY_NAME_WATERMARK) == 0)
		return;
	if (kind == FAULT_FILE_CREATE) {
		file_known(name)->durable_bytes = 0;
	} else if (kind == FAULT_FILE_SYNC) {
		file_known(name)->durable_bytes = file_bytes(store.path, name);
	} else if (kind == FAULT_DIR_RENAME) {
		char to[NAME_BYTES];
		snprintf(to, sizeof(to), "%.*s", (int)(strlen(name) - strlen(".tmp")), name);
		file_known(to)->durable_bytes = file_known(name)->durable_bytes;
	}
}

static bool is_change(enum fault_kind kind)
{
	return kind == FAULT_FILE_CREATE || kind == FAULT_FILE_WRITE || kind == FAULT_FILE_SYNC ||
	       kind == FAULT_FILE_TRUNCATE || kind == FAULT_DIR_RENAME ||
	       kind == FAULT_DIR_UNLINK || kind == FAULT_DIR_SYNC;
}

static void before_call(void *context, enum fault_kind kind, const char *name)
{
	(void)context;
	if (!is_change(kind))
		return;
	bool is_merge = kind == FAULT_FILE_CREATE && strstr(name, ".tmp") != NULL;
	if (is_merge && camera.on_merge)
		camera.on_merge(&store);
	ary_mutex_lock(&camera.lock);
	take_snapshot();
	note_call(kind, name);
	ary_mutex_unlock(&camera.lock);
}

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	memset(&camera, 0, sizeof(camera));
	ary_mutex_init(&camera.lock);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	ary_mutex_release(&camera.lock);
	return 0;
}

/* Opens each snapshot twice and holds it against CHECK, the second time after a write. */
static void check_snapshots(void (*check)(struct store_test *test))
{
	struct store_test copy = store;
	char path[TMPDIR_PATH_BYTES];

	copy.options.env = ary_env_posix();
	copy.options.path = path;
	copy.store = NULL;
	for (int i = 0; i < camera.count; i++) {
		snapshot_path(i, path);
		store_test_open(&copy);
		check(&copy);
		store_test_set(&copy, "after", "the crash");
		store_test_reopen(&copy);
		check(&copy);
		store_test_expect(&copy, "after", "the crash");
		assert_int_equal(store_test_compact(&copy).status, ARY_OK);
		check(&copy);
		store_test_reopen(&copy);
		check(&copy);
		store_test_close(&copy);
	}
}

/* Some logs with values that were overwritten, removed, and removed and set again. */
static void write_history(void)
{
	char key[16];

	store.options.rotate_bytes = 800;
	store_test_open(&store);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 12; i++) {
			snprintf(key, sizeof(key), "k%d", i);
			store_test_set(&store, key, round ? "new" : "old");
		}
		store_test_set(&store, "gone", "once");
	}
	store_test_remove(&store, "gone");
	store_test_remove(&store, "k3");
	store_test_remove(&store, "k4");
	store_test_set(&store, "k4", "back");
	assert_true(store_test_stats(&store).logs > 3);
}

static void check_history(struct store_test *test)
{
	char key[16];

	for (int i = 0; i < 12; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		store_test_expect(test, key, i == 3 ? NULL : i == 4 ? "back" : "new");
	}
	store_test_expect(test, "gone", NULL);
}

static void compact_before_the_camera(void)
{
	fault_env_set_hook(store.faults, before_call, NULL);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	fault_env_set_hook(store.faults, NULL, NULL);
	assert_true(camera.count > 8);
	check_history(&store);
}

static void test_crash_before_any_call_of_a_compaction_changes_nothing(void **state)
{
	(void)state;
	write_history();
	compact_before_the_camera();
	store_test_close(&store);
	check_snapshots(check_history);
}

/* Everything that was acknowledged before was synced, by `always`. */
static void test_power_failure_before_any_call_of_a_compaction_changes_nothing(void **state)
{
	(void)state;
	write_history();
	char name[NAME_BYTES];
	for (int i = 0; i < FILES_MAX; i++) {
		snprintf(name, sizeof(name), "%d.log", i);
		if (file_exists(store.path, name))
			file_known(name)->durable_bytes = file_bytes(store.path, name);
	}
	camera.power = true;
	compact_before_the_camera();
	store_test_close(&store);
	check_snapshots(check_history);
}

static void test_crash_in_a_second_compaction_changes_nothing(void **state)
{
	(void)state;
	write_history();
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	for (int i = 0; i < 12; i++)
		store_test_set(&store, "k5", "new");
	store_test_set(&store, "gone", "again");
	store_test_remove(&store, "gone");
	compact_before_the_camera();
	store_test_close(&store);
	check_snapshots(check_history);
}

static void overwrite_meanwhile(struct store_test *test)
{
	camera.on_merge = NULL;
	/* The first group of a log is synced with its Log line; what comes after it is not. */
	store_test_set(test, "first", "of its log");
	store_test_set(test, "overwritten", "2");
	store_test_remove(test, "removed");
	store_test_set(test, "last", "2");
}

/* The state after some number of writes, and none that never was. */
static void check_prefix(struct store_test *test)
{
	struct ary_value got;
	bool second = ary_store_get(test->store, ary_bytes_of("overwritten"), &got, NULL) == ARY_OK;

	assert_true(second);
	second = got.value.data[0] == '2';
	ary_value_release(&got);
	bool removed = ary_store_get(test->store, ary_bytes_of("removed"), &got, NULL) != ARY_OK;
	if (!removed)
		ary_value_release(&got);
	assert_true(second || !removed);
}

/* Under `never`, a merge may not drop a value for the sake of one that the disk does not have. */
static void lose_power_while_merging(enum ary_durability mode)
{
	store.options.durability = mode;
	store.options.sync_interval_ms = 1000000;
	camera.power = true;
	fault_env_set_hook(store.faults, before_call, NULL);
	store_test_open(&store);
	store_test_set(&store, "overwritten", "0");
	store_test_set(&store, "overwritten", "1");
	store_test_set(&store, "removed", "1");
	/* The crashes from here on are those of the compaction. */
	fault_env_set_hook(store.faults, NULL, NULL);
	for (int i = 0; i < camera.count; i++) {
		char path[TMPDIR_PATH_BYTES];
		store_erase(snapshot_path(i, path));
	}
	camera.count = 0;
	file_known("0.log")->durable_bytes = file_bytes(store.path, "0.log");
	fault_env_set_hook(store.faults, before_call, NULL);
	camera.on_merge = overwrite_meanwhile;
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	fault_env_set_hook(store.faults, NULL, NULL);
	store_test_close(&store);
	check_snapshots(check_prefix);
}

static void test_power_failure_under_never_shows_no_state_that_never_was(void **state)
{
	(void)state;
	lose_power_while_merging(ARY_DURABILITY_NEVER);
}

static void test_power_failure_under_interval_shows_no_state_that_never_was(void **state)
{
	(void)state;
	lose_power_while_merging(ARY_DURABILITY_INTERVAL);
}

static void fail_active_sync(struct store_test *test)
{
	camera.on_merge = NULL;
	store_test_set(test, "first", "of its log");
	store_test_set(test, "overwritten", "2");
	fault_env_fail(test->faults, (struct fault){
		.kind = FAULT_FILE_SYNC, .name = "1.log", .nth = 1, .forever = true});
}

/* What the merge drops for the sake of later writes must be on disk first. */
static void test_merge_does_not_count_when_what_it_rests_on_cannot_be_synced(void **state)
{
	(void)state;
	store.options.durability = ARY_DURABILITY_NEVER;
	store_test_open(&store);
	store_test_set(&store, "overwritten", "0");
	store_test_set(&store, "overwritten", "1");
	fault_env_set_hook(store.faults, before_call, NULL);
	camera.on_merge = fail_active_sync;
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_not_equal(report.status, ARY_OK);
	assert_true(store_test_stats(&store).read_only);
	fault_env_set_hook(store.faults, NULL, NULL);
	struct ary_buf log = file_read(store.path, "0.log");
	assert_non_null(memmem(log.data, log.size, "\"value\":\"1\"", 11));
	ary_buf_release(&log);
	assert_int_not_equal(ary_store_close(store.store, NULL), ARY_OK);
	store.store = NULL;
}

/* All that a crash can leave at once: old logs below a merge, a temporary file, a torn end. */
static void test_crash_before_any_call_of_a_recovery_changes_nothing(void **state)
{
	(void)state;
	write_history();
	struct ary_buf old = file_read(store.path, "0.log");
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_set(&store, "last", "whole");
	store_test_kill(&store);
	file_write(store.path, "0.log", ary_buf_view(&old));
	file_write(store.path, "1.log", ary_bytes_of("of a crash in between"));
	file_write(store.path, "99.log.tmp", ary_buf_view(&old));
	ary_buf_release(&old);
	int last = 0;
	char name[NAME_BYTES];
	for (int i = 0; i < FILES_MAX; i++) {
		snprintf(name, sizeof(name), "%d.log", i);
		last = file_exists(store.path, name) ? i : last;
	}
	snprintf(name, sizeof(name), "%d.log", last);
	file_append(store.path, name, ary_bytes_of("{\"seq\":99999,\"torn"));
	fault_env_set_hook(store.faults, before_call, NULL);
	store_test_open(&store);
	fault_env_set_hook(store.faults, NULL, NULL);
	assert_true(camera.count > 4);
	check_history(&store);
	store_test_expect(&store, "last", "whole");
	store_test_close(&store);
	check_snapshots(check_history);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_crash_before_any_call_of_a_compaction_changes_nothing),
		TEST(test_power_failure_before_any_call_of_a_compaction_changes_nothing),
		TEST(test_crash_in_a_second_compaction_changes_nothing),
		TEST(test_power_failure_under_never_shows_no_state_that_never_was),
		TEST(test_power_failure_under_interval_shows_no_state_that_never_was),
		TEST(test_crash_before_any_call_of_a_recovery_changes_nothing),
		TEST(test_merge_does_not_count_when_what_it_rests_on_cannot_be_synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
