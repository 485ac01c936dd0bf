/* SPDX-License-Identifier: MIT */
/* Verifying reads what recovery does not, goes on where recovery stops, leaves no trace, and never
 * calls a store fine that a process changed meanwhile. That it agrees with recovery on what is
 * damage is for damage_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/lines.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "store/verify.h"

enum { LOGS_MAX = 64 };

/* What was told, in order. */
struct told {
	struct ary_verified_log logs[LOGS_MAX];
	size_t count;
};

static void take_log(void *context, const struct ary_verified_log *log)
{
	struct told *told = context;

	assert_true(told->count < LOGS_MAX);
	told->logs[told->count++] = *log;
}

static enum ary_status verify(struct store_test *test, struct told *told,
			      struct ary_verify_report *report, struct ary_error *err)
{
	const struct ary_verify_options options = {
		.env = test->options.env,
		.path = test->path,
		.found = take_log,
		.context = told,
	};

	told->count = 0;
	return ary_store_verify(&options, report, err);
}

/* Verifies; it must be possible, and change nothing. */
static struct ary_verify_report verify_told(struct store_test *test, struct told *told)
{
	struct ary_verify_report report;
	struct ary_error err;
	uint64_t before = store_sum(test->path);

	if (verify(test, told, &report, &err) != ARY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(store_sum(test->path), before);
	return report;
}

/* Makes 0.log of a Log line, BODY with a right checksum, and a Set that confirms both. */
static void make_log_with(struct store_test *test, const char *body)
{
	struct ary_buf lines = {0};

	store_test_open(test);
	store_test_close(test);
	lines_sealf(&lines, "{\"seq\":1,\"time\":1,\"cmd\":\"Log\",\"version\":1,\"log\":0,"
		    "\"durability\":\"always\"");
	lines_sealf(&lines, "%s", body);
	lines_set(&lines, 9, (int64_t)lines.size, "after", "value");
	file_write(test->path, "0.log", ary_buf_view(&lines));
	ary_buf_release(&lines);
}

static void test_value_that_cannot_be_read_is_found(void **state)
{
	static const char *const bodies[] = {
		"{\"seq\":2,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"\\ud800\"",
		"{\"seq\":2,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value_b64\":\"====\"",
		"{\"seq\":2,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"\xff\"",
	};
	struct store_test *test = *state;
	struct told told;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		make_log_with(test, bodies[i]);
		struct ary_verify_report report = verify_told(test, &told);
		assert_int_equal(report.bad_logs, 1);
		assert_int_equal(told.count, 1);
		assert_int_equal(told.logs[0].status, ARY_CORRUPT);
		assert_int_equal(told.logs[0].lines, 1);
		assert_int_equal(told.logs[0].sets, 0);
		assert_non_null(strstr(told.logs[0].error.text, "0.log: damaged at offset"));
		assert_non_null(strstr(told.logs[0].error.text, "seq 2"));
		store_erase(test->path);
	}
	make_log_with(test, "{\"seq\":2,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"\"");
	struct ary_verify_report report = verify_told(test, &told);
	assert_int_equal(report.bad_logs, 0);
	assert_int_equal(report.sets, 2);
}

static void test_later_version_is_no_damage_and_not_fine(void **state)
{
	struct store_test *test = *state;
	struct told told;

	make_log_with(test, "{\"seq\":2,\"time\":1,\"cmd\":\"Batch\",\"ops\":[]");
	struct ary_verify_report report = verify_told(test, &told);
	assert_int_equal(report.bad_logs, 1);
	assert_int_equal(told.logs[0].status, ARY_UNSUPPORTED);
}

/* Each log in turn is the one that cannot be read; the others are, with the same counts. */
static void test_log_that_cannot_be_read_does_not_stop_it(void **state)
{
	struct store_test *test = *state;
	struct told whole;
	struct told told;

	store_test_make_logs(test, 30);
	struct ary_verify_report all = verify_told(test, &whole);
	assert_int_equal(all.bad_logs, 0);
	assert_true(whole.count >= 3);
	for (size_t i = 0; i < whole.count; i++) {
		struct fault fault = {
			.kind = FAULT_FILE_READ,
			.name = whole.logs[i].name,
			/* The first read looks for a Base line. */
			.nth = 2,
			.forever = true,
		};
		if (whole.logs[i].bytes == 0)
			continue;
		fault_env_fail(test->faults, fault);
		struct ary_verify_report report = verify_told(test, &told);
		fault_env_reset(test->faults);
		assert_int_equal(report.bad_logs, 1);
		assert_int_equal(told.count, whole.count);
		for (size_t j = 0; j < told.count; j++) {
			assert_string_equal(told.logs[j].name, whole.logs[j].name);
			assert_int_equal(told.logs[j].status, j == i ? ARY_IO : ARY_OK);
			assert_int_equal(told.logs[j].lines, j == i ? 0 : whole.logs[j].lines);
		}
		assert_string_equal(report.first.text, told.logs[i].error.text);
	}
}

/* Nothing is created, written, cut or removed: not one such call is made. */
static void test_verifying_only_reads(void **state)
{
	static const enum fault_kind kinds[] = {
		FAULT_DIR_SYNC, FAULT_DIR_RENAME, FAULT_DIR_UNLINK, FAULT_FILE_CREATE,
		FAULT_FILE_WRITE, FAULT_FILE_TRUNCATE, FAULT_FILE_SYNC,
	};
	struct store_test *test = *state;
	struct ary_bytes torn = ary_bytes_of("{\"torn");
	struct told told;

	store_test_open(test);
	store_test_fill(test, 5);
	store_test_kill(test);
	file_append(test->path, "0.log", torn);
	fault_env_reset(test->faults);
	struct ary_verify_report report = verify_told(test, &told);
	assert_int_equal(report.bad_logs, 0);
	assert_int_equal(report.torn_bytes, torn.size);
	assert_int_equal(told.logs[0].end + torn.size, told.logs[0].bytes);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_int_equal(fault_env_calls(test->faults, kinds[i]), 0);
}

static void test_open_store_is_refused(void **state)
{
	struct store_test *test = *state;
	struct ary_verify_report report;
	struct ary_error err;
	struct told told;

	store_test_open(test);
	assert_int_equal(verify(test, &told, &report, &err), ARY_LOCKED);
	assert_non_null(strstr(err.text, "process"));
	assert_int_equal(told.count, 0);
	store_test_close(test);
	assert_int_equal(verify(test, &told, &report, &err), ARY_OK);
}

/* Opens the store in the middle of a verification that found no lock to take. */
static void open_meanwhile(void *context, enum fault_kind kind, const char *name)
{
	struct store_test *test = context;

	if (kind != FAULT_FILE_READ || strcmp(name, "0.log") != 0 || test->store)
		return;
	fault_env_set_hook(test->faults, NULL, NULL);
	store_test_open(test);
}

static void test_store_opened_meanwhile_is_not_called_fine(void **state)
{
	struct store_test *test = *state;
	struct ary_verify_report report;
	struct ary_error err;
	struct told told;
	char lock[TMPDIR_PATH_BYTES];

	store_test_open(test);
	store_test_fill(test, 3);
	store_test_close(test);
	assert_int_equal(remove(tmpdir_join(&test->tmpdir, "store/LOCK", lock)), 0);
	assert_int_equal(verify(test, &told, &report, &err), ARY_OK);
	fault_env_set_hook(test->faults, open_meanwhile, test);
	assert_int_equal(verify(test, &told, &report, &err), ARY_LOCKED);
	/* Also when it has been closed again. */
	store_test_close(test);
	assert_int_equal(verify(test, &told, &report, &err), ARY_OK);
}

static void test_what_is_no_store_is_not_found(void **state)
{
	struct store_test *test = *state;
	struct ary_verify_report report;
	struct ary_error err;
	struct told told;

	assert_int_equal(verify(test, &told, &report, &err), ARY_NOT_FOUND);
	/* A store of no log at all is one, and fine. */
	store_test_open(test);
	store_test_close(test);
	assert_int_equal(verify(test, &told, &report, &err), ARY_OK);
	assert_int_equal(report.bad_logs, 0);
	assert_int_equal(told.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_value_that_cannot_be_read_is_found),
		TEST(test_later_version_is_no_damage_and_not_fine),
		TEST(test_log_that_cannot_be_read_does_not_stop_it),
		TEST(test_verifying_only_reads),
		TEST(test_open_store_is_refused),
		TEST(test_store_opened_meanwhile_is_not_called_fine),
		TEST(test_what_is_no_store_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
