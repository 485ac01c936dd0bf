/* SPDX-License-Identifier: MIT */
/* Whatever call fails, whenever, once or for ever: no crash and no hang; what was acknowledged is
 * there after the next open, what was refused is not, and what was uncertain is the one or the
 * other. Each call of the store is answered with a status that lib/fault_rows.c foresees for the
 * operation that failed, and with no other.
 *
 * One fixed script runs again and again, each time with another call failing: every operation of
 * the seam, each of its calls, as a broken disk (EIO), as a full one (ENOSPC), as a sync or a call
 * that a signal cut short (EINTR; the seam lets no other through, but one that did must do no
 * harm), and by halves. It begins with an empty folder, or with a store that a crash left: old
 * logs that a merge has replaced, a merge that never counted, a torn tail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "lib/fault_rows.h"
#include "lib/large.h"
#include "lib/one_in.h"
#include "lib/sanitizer.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "store/upload.h"
#include "store/verify.h"

/* Values that are longer than a part are written in parts. */
enum { KEYS = 4, PART_BYTES = 4, TEXT_BYTES = 32, ALLOCS_MAX = 400, SECONDS_MAX = 1000 };

/* What fails in this run; NULL: nothing. */
static const struct fault_row *failing;
static enum ary_status failing_status;
static unsigned long faults_fired;

/* Whether the script begins with an empty folder, or with what a crash left. */
enum start { EMPTY, CRASHED, STARTS };
static enum start start;
static struct tmpdir crashed_dir;
static char crashed_path[TMPDIR_PATH_BYTES];

/* What one key may hold: NULL is nothing. */
struct expected {
	const char *certain;
	const char *maybe; /* of the last uncertain write */
	bool uncertain;
};

static struct store_test store;
static struct expected keys[KEYS];

static const char *key_name(int key)
{
	static const char *const names[KEYS] = {"a", "b", "c", "d"};

	return names[key];
}

/* STATUS answers a call that may fail as ALLOWED says. */
static void expect_answer(const char *what, enum ary_status status, unsigned allowed)
{
	if (status == ARY_OK)
		return;
	if (allowed & FAULT_SELF)
		allowed |= 1U << failing_status;
	if (!failing || !(allowed & (1U << status)))
		fail_msg("%s was answered %s while %s failed with %s", what,
			 ary_status_name(status), failing ? failing->name : "nothing",
			 ary_status_name(failing_status));
}

#define EXPECT(what, status) expect_answer(#what, status, failing ? failing->what : 0)

static enum ary_status write_long(int key, const char *value)
{
	struct ary_upload *upload;
	struct ary_write set = {.op = ARY_WRITE_SET, .key = ary_bytes_of(key_name(key))};
	enum ary_status status = ary_upload_begin(store.store, &upload, NULL);

	if (status != ARY_OK)
		return status;
	status = large_cut(store.store, upload, ary_bytes_of(value));
	/* Whether the part is on the disk is unknown; that nobody sees it is not. */
	if (status == ARY_UNCERTAIN)
		status = ARY_READ_ONLY;
	set.upload = upload;
	if (status == ARY_OK)
		status = ary_store_write(store.store, &set);
	ary_upload_close(upload);
	return status;
}

static void write_key(int key, const char *value)
{
	struct expected *expected = &keys[key];
	bool is_long = value && strlen(value) > PART_BYTES;

	if (!store.store)
		return;
	enum ary_status status = is_long ? write_long(key, value)
					 : store_test_write(&store, key_name(key), value);
	if (status == ARY_NOT_FOUND) {
		assert_null(value);
		assert_null(expected->certain);
		return;
	}
	EXPECT(write, status);
	if (status == ARY_OK) {
		assert_false(expected->uncertain);
		expected->certain = value;
	} else if (status == ARY_UNCERTAIN) {
		expected->uncertain = true;
		expected->maybe = value;
	}
}

/* What a key was found to have; empty: nothing. */
struct found {
	char text[TEXT_BYTES];
};

/* Reads all of KEY's value. NOT_FOUND: it has none. */
static enum ary_status read_key(int key, struct found *out)
{
	struct ary_value value;
	struct ary_bytes piece = {0};
	enum ary_status status =
		ary_store_get(store.store, ary_bytes_of(key_name(key)), &value, NULL);

	*out = (struct found){""};
	if (status != ARY_OK)
		return status;
	assert_in_range(value.size, 1, TEXT_BYTES - 1);
	for (uint64_t at = 0; at < value.size && status == ARY_OK; at += piece.size) {
		status = ary_value_read(&value, at, &piece, NULL);
		if (status == ARY_OK)
			memcpy(out->text + at, piece.data, piece.size);
	}
	ary_value_release(&value);
	return status;
}

static bool is_value(const struct found *found, const char *value)
{
	return strcmp(found->text, value ? value : "") == 0;
}

/* Readers see what was acknowledged, and nothing else. */
static void read_keys(void)
{
	for (int key = 0; store.store && key < KEYS; key++) {
		struct found found;
		enum ary_status status = read_key(key, &found);
		if (status == ARY_OK || status == ARY_NOT_FOUND)
			assert_true(is_value(&found, keys[key].certain));
		else
			EXPECT(read, status);
	}
}

static void compact(void)
{
	if (store.store)
		EXPECT(compact, store_test_compact(&store).status);
}

static void verify_log(void *context, const struct ary_verified_log *log)
{
	(void)context;
	EXPECT(verify, log->status);
}

static void verify(void)
{
	const struct ary_verify_options options = {
		.env = store.options.env,
		.path = store.path,
		.found = verify_log,
	};
	struct ary_verify_report report;

	EXPECT(verify, ary_store_verify(&options, &report, NULL));
}

static void forgive_faults(void)
{
	faults_fired += fault_env_fired(store.faults);
	fault_env_reset(store.faults);
	ary_alloc_fail_at(0, 0);
}

/* As read_key, which must work; but a fault that is still waiting may hit the first try. */
static void find_key(int key, struct found *out)
{
	enum ary_status status = read_key(key, out);

	if (status != ARY_OK && status != ARY_NOT_FOUND) {
		forgive_faults();
		status = read_key(key, out);
		assert_true(status == ARY_OK || status == ARY_NOT_FOUND);
	}
}

/* After an open the store has decided: each key holds one of what it may. */
static void settle_keys(void)
{
	for (int key = 0; key < KEYS; key++) {
		struct expected *expected = &keys[key];
		struct found found;
		find_key(key, &found);
		if (expected->uncertain && is_value(&found, expected->maybe))
			expected->certain = expected->maybe;
		else if (!is_value(&found, expected->certain))
			fail_msg("%s is '%s', and should be '%s'", key_name(key), found.text,
				 expected->certain ? expected->certain : "");
		expected->uncertain = false;
	}
}

/* Opens the store; when that fails by the fault, it must work without. */
static void open_store(void)
{
	struct ary_error err;
	enum ary_status status = store_test_try_open(&store, &err);

	if (status == ARY_OK)
		return;
	EXPECT(open, status);
	assert_int_equal(err.status, status);
	forgive_faults();
	store_test_open(&store);
}

static void close_store(void)
{
	if (store.store)
		EXPECT(close, ary_store_close(store.store, NULL));
	store.store = NULL;
}

static void run_script(void)
{
	open_store();
	settle_keys();
	write_key(0, "a1");
	write_key(1, "b1");
	write_key(0, "a2");
	write_key(1, NULL);
	write_key(2, "c1, of parts");
	read_keys();
	write_key(0, "a3");
	write_key(2, "c2 of others");
	compact();
	read_keys();
	write_key(3, "d1");
	write_key(0, "a4");
	write_key(3, NULL);
	close_store();
	verify();
	open_store();
	settle_keys();
	write_key(1, "b2, long");
	write_key(2, NULL);
	compact();
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
	store.options.part_bytes = PART_BYTES;
	store.options.checkpoint_bytes_min = 1;
	store.options.prove_logs = false;
	if (start == EMPTY)
		return;
	store_copy(crashed_path, store.path);
	keys[0].certain = "a0";
	keys[3].certain = "d0";
}

/* Ends a run with a kill or a close, and looks at what is left. */
static void end_run(bool kill)
{
	forgive_faults();
	if (kill)
		store_test_kill(&store);
	else
		close_store();
	store_test_open(&store);
	settle_keys();
	store_test_reopen(&store);
	settle_keys();
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

/* It takes long where a sanitizer watches. */
static unsigned long step_of_calls(void)
{
	return (SANITIZED ? 3UL : 1UL) * one_in();
}

/* Each call of ROW's operation fails as FAULT says, in a run of its own. */
static void fail_row(const struct fault_row *row, struct fault fault)
{
	fault.kind = row->kind;
	unsigned long calls = count_calls(row->kind);
	unsigned long step = step_of_calls();
	for (unsigned long nth = 1; nth <= calls; nth += step) {
		failing = row;
		begin_run();
		fault.nth = nth;
		fault_env_fail(store.faults, fault);
		unsigned long fired = faults_fired;
		run_script();
		end_run(nth / step % 2 == 1);
		failing = NULL;
		/* How often free space is looked at is a matter of time. */
		if (faults_fired == fired && row->kind != FAULT_DIR_SPACE)
			fail_msg("call %lu of %s was not made", nth, row->name);
	}
}

static bool is_about(const struct fault_row *row, const struct fault *fault)
{
	if (row->kind >= FAULT_KINDS || row->sort == FAULT_HALVED)
		return false;
	return row->sort == FAULT_ANY || (row->sort == FAULT_FULL) == (fault->os_errno == ENOSPC);
}

/* Every operation fails as FAULT says, once, and then for ever. */
static void fail_all(struct fault fault)
{
	failing_status = ary_fail_errno(NULL, fault.os_errno, "%s", "");
	for (start = EMPTY; start < STARTS; start++) {
		for (size_t i = 0; i < fault_row_count; i++) {
			if (!is_about(&fault_rows[i], &fault))
				continue;
			fault.forever = false;
			fail_row(&fault_rows[i], fault);
			fault.forever = true;
			fail_row(&fault_rows[i], fault);
		}
	}
}

static void test_script_makes_every_call_of_the_seam(void **state)
{
	bool seen[FAULT_OPERATIONS] = {false};
	unsigned long calls[FAULT_COUNTS];

	(void)state;
	start = CRASHED;
	begin_run();
	run_script();
	for (int kind = 0; kind < FAULT_COUNTS; kind++)
		calls[kind] = fault_env_calls(store.faults, (enum fault_kind)kind);
	end_run(false);
	for (size_t i = 0; i < fault_row_count; i++) {
		seen[fault_rows[i].operation / sizeof(void (*)(void))] = true;
		if (calls[fault_rows[i].kind] == 0)
			fail_msg("%s is never called", fault_rows[i].name);
		print_message("%s: %lu calls\n", fault_rows[i].name, calls[fault_rows[i].kind]);
	}
	for (size_t i = 0; i < FAULT_OPERATIONS; i++)
		assert_true(seen[i] != (i >= FAULT_OPERATION_HINT &&
					i < FAULT_OPERATION_HINT + FAULT_OPERATION_HINTS));
}

static void test_broken_disk_loses_nothing(void **state)
{
	(void)state;
	fail_all((struct fault){.os_errno = EIO});
}

static void test_full_disk_loses_nothing(void **state)
{
	(void)state;
	fail_all((struct fault){.os_errno = ENOSPC});
}

static void test_interrupted_call_loses_nothing(void **state)
{
	(void)state;
	fail_all((struct fault){.os_errno = EINTR});
}

/* By halves: a read hands out less than there is, a write takes less than it was given. */
static void test_short_call_loses_nothing(void **state)
{
	static const size_t sizes[] = {1, 40};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t row = 0; row < fault_row_count; row++) {
			struct fault fault = {.short_bytes = sizes[i], .forever = i == 1};
			fault.short_read = fault_rows[row].sort == FAULT_HALVED;
			if (!fault.short_read && fault_rows[row].kind != FAULT_FILE_WRITE)
				continue;
			fault.os_errno = fault_rows[row].sort == FAULT_FULL ? ENOSPC : EIO;
			failing_status = ary_fail_errno(NULL, fault.os_errno, "%s", "");
			for (start = EMPTY; start < STARTS; start++)
				fail_row(&fault_rows[row], fault);
		}
	}
}

/* The call is made, and its success is not told. */
static void test_change_whose_answer_is_lost_loses_nothing(void **state)
{
	static const enum fault_kind changes[] = {FAULT_DIR_SYNC, FAULT_DIR_RENAME,
						  FAULT_DIR_UNLINK, FAULT_FILE_CREATE,
						  FAULT_FILE_TRUNCATE, FAULT_FILE_SYNC};

	(void)state;
	failing_status = ARY_IO;
	start = CRASHED;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		for (size_t row = 0; row < fault_row_count; row++) {
			struct fault fault = {.os_errno = EIO, .after = true};
			if (fault_rows[row].kind == changes[i])
				fail_row(&fault_rows[row], fault);
		}
	}
}

/* The write is cut back, and the cut fails. */
static void test_failed_cut_loses_nothing(void **state)
{
	(void)state;
	start = EMPTY;
	failing_status = ARY_NO_SPACE;
	unsigned long calls = count_calls(FAULT_FILE_WRITE);
	for (unsigned long nth = 1; nth <= calls; nth++) {
		failing = &fault_no_cut;
		begin_run();
		fault_env_fail(store.faults, (struct fault){
			.kind = FAULT_FILE_WRITE, .nth = nth, .os_errno = ENOSPC,
			.short_bytes = 60});
		fault_env_fail(store.faults, (struct fault){
			.kind = FAULT_FILE_TRUNCATE, .nth = 1, .os_errno = EIO,
			.forever = true});
		run_script();
		end_run(nth % 2 == 0);
		failing = NULL;
	}
}

/* Whether a try to allocate had to fail in this run. */
static bool memory_ran_out(unsigned long nth, bool forever)
{
	failing = &fault_no_memory;
	begin_run();
	ary_alloc_fail_at(nth, forever);
	run_script();
	bool ran_out = ary_alloc_failed();
	end_run(nth / one_in() % 2 == 1);
	failing = NULL;
	return ran_out;
}

static void test_memory_running_out_loses_nothing(void **state)
{
	(void)state;
	failing_status = ARY_NO_MEMORY;
	for (start = EMPTY; start < STARTS; start++) {
		for (int forever = 0; forever < 2; forever++) {
			unsigned long nth = 1;
			while (memory_ran_out(nth, forever))
				nth += one_in();
			print_message("the last allocation that failed was before number %lu\n",
				      nth);
			assert_in_range(nth, 10, ALLOCS_MAX);
		}
	}
}

/* What a crash left, once for all runs. */
static int setup_all(void **state)
{
	(void)state;
	/* A hang ends the program. */
	alarm(SECONDS_MAX);
	/* What is wrong is told by the thousand, and asserted on. */
	ary_diag_set_level(ARY_DIAG_ERROR);
	store_test_begin(&store);
	store.options.rotate_bytes = 350;
	store_test_open(&store);
	for (int i = 0; i < 5; i++)
		store_test_set(&store, "a", "old");
	struct ary_buf old = file_read(store.path, "0.log");
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_false(file_exists(store.path, "0.log"));
	store_test_set(&store, "a", "a0");
	store_test_set(&store, "b", "b0");
	store_test_remove(&store, "b");
	store_test_set(&store, "d", "d0");
	store_test_kill(&store);
	file_write(store.path, "0.log", ary_buf_view(&old));
	file_write(store.path, "9.log.tmp", ary_bytes_of("a merge that never counted\n"));
	ary_buf_release(&old);
	tmpdir_create(&crashed_dir);
	store_copy(store.path, tmpdir_join(&crashed_dir, "crashed", crashed_path));
	store_test_end(&store);
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	print_message("%lu faults fired\n", faults_fired);
	tmpdir_remove(&crashed_dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_script_makes_every_call_of_the_seam),
		cmocka_unit_test(test_broken_disk_loses_nothing),
		cmocka_unit_test(test_full_disk_loses_nothing),
		cmocka_unit_test(test_interrupted_call_loses_nothing),
		cmocka_unit_test(test_short_call_loses_nothing),
		cmocka_unit_test(test_change_whose_answer_is_lost_loses_nothing),
		cmocka_unit_test(test_failed_cut_loses_nothing),
		cmocka_unit_test(test_memory_running_out_loses_nothing),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
