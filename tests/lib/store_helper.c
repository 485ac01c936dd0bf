/* SPDX-License-Identifier: MIT */
#include "lib/store_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/store_files.h"
#include "store/verify.h"


void store_test_begin(struct store_test *test)
{
	*test = (struct store_test){.store = NULL};
	tmpdir_create(&test->tmpdir);
	tmpdir_join(&test->tmpdir, "store", test->path);
	test->faults = fault_env_create(ary_env_posix());
	ary_store_options_default(&test->options);
	test->options.env = fault_env_env(test->faults);
	test->options.path = test->path;
	test->options.create = true;
	test->options.disk_reserve_bytes = 0;
	test->options.compact_stale_bytes = 0;
	test->options.watermark_interval_ms = UINT32_MAX;
}

void store_test_end(struct store_test *test)
{
	ary_store_close(test->store, NULL);
	fault_env_destroy(test->faults);
	tmpdir_remove(&test->tmpdir);
}

int store_test_setup(void **state)
{
	static struct store_test test;

	store_test_begin(&test);
	*state = &test;
	return 0;
}

int store_test_teardown(void **state)
{
	store_test_end(*state);
	return 0;
}

enum ary_status store_test_try_open(struct store_test *test, struct ary_error *err)
{
	assert_null(test->store);
	return ary_store_open(&test->options, &test->store, err);
}

void store_test_open(struct store_test *test)
{
	struct ary_error err;

	if (store_test_try_open(test, &err) != ARY_OK)
		fail_msg("open: %s", err.text);
}

void store_test_close(struct store_test *test)
{
	struct ary_error err;

	enum ary_status status = ary_store_close(test->store, &err);
	test->store = NULL;
	if (status != ARY_OK)
		fail_msg("close: %s", err.text);
}

void store_test_reopen(struct store_test *test)
{
	store_test_close(test);
	store_test_open(test);
}

void store_test_kill(struct store_test *test)
{
	char copy[TMPDIR_PATH_BYTES];

	store_copy(test->path, tmpdir_join(&test->tmpdir, "killed", copy));
	fault_env_reset(test->faults);
	ary_store_close(test->store, NULL);
	test->store = NULL;
	store_erase(test->path);
	if (rename(copy, test->path) != 0)
		fail_msg("cannot rename %s", copy);
}

enum ary_status store_test_write(struct store_test *test, const char *key, const char *value)
{
	struct ary_write write = {
		.op = value ? ARY_WRITE_SET : ARY_WRITE_REMOVE,
		.key = ary_bytes_of(key),
		.value = ary_bytes_of(value ? value : ""),
	};

	return ary_store_write(test->store, &write);
}

static uint64_t must_write(struct store_test *test, const char *key, const char *value)
{
	struct ary_write write = {
		.op = value ? ARY_WRITE_SET : ARY_WRITE_REMOVE,
		.key = ary_bytes_of(key),
		.value = ary_bytes_of(value ? value : ""),
	};

	if (ary_store_write(test->store, &write) != ARY_OK)
		fail_msg("write of %s: %s", key, write.error.text);
	assert_true(write.seq > 0);
	return write.seq;
}

uint64_t store_test_set(struct store_test *test, const char *key, const char *value)
{
	return must_write(test, key, value);
}

uint64_t store_test_remove(struct store_test *test, const char *key)
{
	return must_write(test, key, NULL);
}

void store_test_expect(struct store_test *test, const char *key, const char *value)
{
	struct ary_error err = {.text = ""};
	struct ary_value got;

	enum ary_status status = ary_store_get(test->store, ary_bytes_of(key), &got, &err);
	if (!value) {
		if (status == ARY_OK)
			fail_msg("%s has the value %.*s, and should have none", key,
				 (int)got.value.size, (const char *)got.value.data);
		if (status != ARY_NOT_FOUND)
			fail_msg("get of %s: %s", key, err.text);
		return;
	}
	if (status != ARY_OK)
		fail_msg("get of %s: %s", key, err.text);
	if (!ary_bytes_equal(got.value, ary_bytes_of(value)))
		fail_msg("%s has the value %.*s, and should have %s", key, (int)got.value.size,
			 (const char *)got.value.data, value);
	ary_value_release(&got);
}

uint64_t store_test_seq(struct store_test *test, const char *key)
{
	struct ary_value got;

	assert_int_equal(ary_store_get(test->store, ary_bytes_of(key), &got, NULL), ARY_OK);
	uint64_t seq = got.seq;
	ary_value_release(&got);
	return seq;
}

struct compaction_waiter {
	struct ary_mutex lock;
	struct ary_cond cond;
	bool done;
};

static void wake(struct ary_compaction_request *request)
{
	struct compaction_waiter *waiter = request->context;

	ary_mutex_lock(&waiter->lock);
	waiter->done = true;
	ary_cond_signal(&waiter->cond);
	ary_mutex_unlock(&waiter->lock);
}

static struct ary_compaction_report compact(struct store_test *test, bool full)
{
	struct compaction_waiter waiter = {.done = false};
	struct ary_compaction_request request = {
		.full = full, .done = wake, .context = &waiter};

	ary_mutex_init(&waiter.lock);
	ary_cond_init(&waiter.cond);
	ary_store_compact(test->store, &request);
	ary_mutex_lock(&waiter.lock);
	while (!waiter.done)
		ary_cond_wait(&waiter.cond, &waiter.lock);
	ary_mutex_unlock(&waiter.lock);
	ary_cond_release(&waiter.cond);
	ary_mutex_release(&waiter.lock);
	return request.report;
}

struct ary_compaction_report store_test_compact(struct store_test *test)
{
	return compact(test, false);
}

struct ary_compaction_report store_test_compact_full(struct store_test *test)
{
	return compact(test, true);
}

struct ary_stats store_test_stats(struct store_test *test)
{
	struct ary_stats stats;

	ary_store_stats(test->store, &stats);
	return stats;
}

void store_test_fill(struct store_test *test, int count)
{
	char key[16];

	for (int i = 0; i < count; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		store_test_set(test, key, key);
	}
}

void store_test_expect_filled(struct store_test *test, int count)
{
	char key[16];

	for (int i = 0; i < count; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		store_test_expect(test, key, key);
	}
}

void store_test_make_logs(struct store_test *test, int count)
{
	test->options.rotate_bytes = 1000;
	store_test_open(test);
	store_test_fill(test, count);
	assert_true(store_test_stats(test).logs >= 4);
	store_test_kill(test);
}

static void ignore_log(void *context, const struct ary_verified_log *log)
{
	(void)context;
	(void)log;
}

/* Verifying says what opening said. */
static void expect_same_verdict(struct store_test *test, const struct ary_error *refusal)
{
	const struct ary_verify_options options = {
		.env = test->options.env,
		.path = test->path,
		.found = ignore_log,
	};
	struct ary_verify_report report;
	struct ary_error err;

	if (ary_store_verify(&options, &report, &err) != ARY_OK)
		fail_msg("%s", err.text);
	assert_true(report.bad_logs > 0);
	assert_int_equal(report.first.status, refusal->status);
	assert_string_equal(report.first.text, refusal->text);
}

void store_test_expect_refusal(struct store_test *test, enum ary_status expected,
			       const char *words[3])
{
	struct ary_error err = {.text = ""};
	uint64_t before = store_sum(test->path);

	enum ary_status status = store_test_try_open(test, &err);
	if (status != expected)
		fail_msg("opened with %s, not %s: %s", ary_status_name(status),
			 ary_status_name(expected), status == ARY_OK ? "" : err.text);
	for (int i = 0; i < 3 && words[i]; i++) {
		if (!strstr(err.text, words[i]))
			fail_msg("\"%s\" does not say \"%s\"", err.text, words[i]);
	}
	expect_same_verdict(test, &err);
	assert_int_equal(store_sum(test->path), before);
}
