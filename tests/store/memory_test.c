/* SPDX-License-Identifier: MIT */
/* Promise: memory that runs out at any moment is told as that, never as damage, and costs no data.
 * A store with several logs, a line longer than what is read at once, lines that only the JSON
 * library can read, and a torn tail, is opened, verified, read, written to, compacted and closed,
 * each time with another try to allocate failing, the JSON library's own among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "lib/large.h"
#include "lib/lines.h"
#include "lib/one_in.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "store/verify.h"

enum { LARGE_BYTES = 550000, PART_BYTES = 300, TRIES_MIN = 30, TRIES_MAX = 3000 };

static struct tmpdir made_dir;
static char made_path[TMPDIR_PATH_BYTES];
static char *large;

/* Logs of a merge and after it, the last with lines from a later version of this program. */
static int make_store(void **state)
{
	struct store_test made;
	struct ary_buf lines = {0};

	(void)state;
	ary_diag_set_level(ARY_DIAG_ERROR);
	large = ary_alloc(LARGE_BYTES + 1);
	memset(large, 'x', LARGE_BYTES);
	store_test_begin(&made);
	made.options.rotate_bytes = 1000;
	made.options.part_bytes = PART_BYTES;
	store_test_open(&made);
	large_set(made.store, "parts", 1, 3 * PART_BYTES + 1);
	large_set(made.store, "k0", 2, PART_BYTES);
	store_test_fill(&made, 20);
	store_test_set(&made, "large", large);
	assert_int_equal(store_test_compact(&made).status, ARY_OK);
	store_test_fill(&made, 10);
	uint64_t seq = store_test_set(&made, "k3", "last");
	store_test_kill(&made);
	lines_sealf(&lines, "{\"seq\":%d,\"time\":1,\"cmd\":\"Set\",\"later\":[1,{\"a\":\"b\"}],"
			    "\"key\":\"json\",\"value\":\"line\"", (int)seq + 1);
	lines_sealf(&lines, "{ \"seq\":%d,\"time\":1,\"cmd\":\"Set\",\"key\":\"sp\\u0061ce\","
			    "\"value\":\"line\"", (int)seq + 2);
	assert_true(ary_buf_append(&lines, ary_bytes_of("{\"seq\":")));
	char name[16];
	for (int log = 0; log < 100; log++) {
		char next[16];
		snprintf(next, sizeof(next), "%d.log", log);
		if (file_exists(made.path, next) && file_bytes(made.path, next) > 0)
			memcpy(name, next, sizeof(name));
	}
	file_append(made.path, name, ary_buf_view(&lines));
	ary_buf_release(&lines);
	tmpdir_create(&made_dir);
	store_copy(made.path, tmpdir_join(&made_dir, "made", made_path));
	store_test_end(&made);
	return 0;
}

static int remove_store(void **state)
{
	(void)state;
	tmpdir_remove(&made_dir);
	free(large);
	return 0;
}

static void expect_made(struct store_test *test)
{
	store_test_expect(test, "json", "line");
	store_test_expect(test, "space", "line");
	store_test_expect(test, "k3", "last");
	store_test_expect(test, "k19", "k19");
	store_test_expect(test, "large", large);
	large_expect(test->store, "parts", 1, 3 * PART_BYTES + 1);
}

/* The answer of a call while memory is out. */
static bool works(const char *what, enum ary_status status)
{
	if (status != ARY_OK && status != ARY_NO_MEMORY)
		fail_msg("%s was answered %s", what, ary_status_name(status));
	return status == ARY_OK;
}

static void found(void *context, const struct ary_verified_log *log)
{
	(void)context;
	(void)works("verify of a log", log->status);
}

static void try_verify(const struct store_test *test)
{
	const struct ary_verify_options options = {
		.env = test->options.env, .path = test->path, .found = found};
	struct ary_verify_report report;

	(void)works("verify", ary_store_verify(&options, &report, NULL));
}

static void try_read(struct store_test *test, const char *key, const char *value)
{
	struct ary_value got;

	if (!works("get", ary_store_get(test->store, ary_bytes_of(key), &got, NULL)))
		return;
	assert_true(ary_bytes_equal(got.value, ary_bytes_of(value)));
	ary_value_release(&got);
}

static void try_read_parts(struct store_test *test)
{
	const struct ary_bytes key = ary_bytes_of("parts");
	struct ary_value value;
	struct ary_bytes bytes;

	if (!works("get", ary_store_get(test->store, key, &value, NULL)))
		return;
	if (works("reading a part", ary_value_read(&value, PART_BYTES + 1, &bytes, NULL)))
		assert_int_equal(bytes.data[0], large_byte(1, PART_BYTES + 1));
	ary_value_release(&value);
}

/* Uploads a value; whether it was acknowledged. */
static bool try_upload(struct store_test *test)
{
	static const uint8_t bytes[PART_BYTES] = {'x'};
	const struct ary_bytes part = {bytes, sizeof(bytes)};
	struct ary_upload *upload;
	bool fits = works("upload", ary_upload_begin(test->store, &upload, NULL));

	if (!fits)
		return false;
	for (uint64_t i = 0; fits && i < 5; i++) {
		struct ary_write write = {
			.op = ARY_WRITE_PART, .value = part, .upload = upload, .part = i,
		};
		fits = works("part", ary_store_write(test->store, &write));
	}
	fits = fits && works("name", large_name(test->store, upload, "uploaded"));
	ary_upload_close(upload);
	return fits;
}

/* What is done while memory is out; the flags say what was acknowledged. */
static void try_all(struct store_test *test, bool *set_out, bool *removed_out,
		    bool *uploaded_out)
{
	try_verify(test);
	if (!works("open", store_test_try_open(test, NULL)))
		return;
	try_read(test, "large", large);
	try_read(test, "json", "line");
	try_read_parts(test);
	*uploaded_out = try_upload(test);
	*set_out = works("set", store_test_write(test, "new", large));
	*removed_out = works("remove", store_test_write(test, "k0", NULL));
	enum ary_status status = store_test_compact(test).status;
	/* A merge that counts, and could not be taken over, is all that is left of it. */
	if (status != ARY_IO)
		(void)works("compaction", status);
	try_read(test, "space", "line");
	(void)works("close", ary_store_close(test->store, NULL));
	test->store = NULL;
}

/* Whether the NTH try had to fail. */
static bool run_out_at(unsigned long nth, bool forever)
{
	struct store_test test;
	bool set = false;
	bool removed = false;
	bool uploaded = false;
	struct ary_value value;

	store_test_begin(&test);
	fault_env_skip_syncs(test.faults);
	test.options.rotate_bytes = 1000;
	test.options.part_bytes = PART_BYTES;
	store_copy(made_path, test.path);
	ary_alloc_fail_at(nth, forever);
	try_all(&test, &set, &removed, &uploaded);
	bool ran_out = ary_alloc_failed();
	ary_alloc_fail_at(0, 0);
	store_test_open(&test);
	expect_made(&test);
	store_test_expect(&test, "new", set ? large : NULL);
	store_test_expect(&test, "k0", removed ? NULL : "k0");
	enum ary_status found_it =
		ary_store_get(test.store, ary_bytes_of("uploaded"), &value, NULL);
	assert_int_equal(found_it, uploaded ? ARY_OK : ARY_NOT_FOUND);
	if (uploaded) {
		assert_int_equal(value.size, 5 * PART_BYTES);
		ary_value_release(&value);
	}
	store_test_set(&test, "after", "all");
	assert_int_equal(store_test_compact(&test).status, ARY_OK);
	store_test_reopen(&test);
	expect_made(&test);
	store_test_expect(&test, "after", "all");
	store_test_end(&test);
	return ran_out;
}

/* From the first try on, until a run is through before the one that should fail. */
static void run_out_everywhere(bool forever, unsigned long step)
{
	unsigned long nth = 1;

	while (run_out_at(nth, forever))
		nth += step;
	print_message("the last try that failed was before number %lu\n", nth);
	assert_in_range(nth, TRIES_MIN, TRIES_MAX);
}

static void test_memory_that_runs_out_once_costs_no_data(void **state)
{
	(void)state;
	run_out_everywhere(false, one_in());
}

static void test_memory_that_is_out_for_ever_costs_no_data(void **state)
{
	(void)state;
	/* Most of what follows fails at once, and in the same way. */
	run_out_everywhere(true, 7UL * one_in());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_that_runs_out_once_costs_no_data),
		cmocka_unit_test(test_memory_that_is_out_for_ever_costs_no_data),
	};

	return cmocka_run_group_tests(tests, make_store, remove_store);
}
