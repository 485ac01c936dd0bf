/* SPDX-License-Identifier: MIT */
/* Whatever call fails, whenever, once or for ever: no crash and no hang; what was acknowledged is
 * there after the next open, what was refused is not, and what was uncertain is the one or the
 * other. Each call of the store is answered with a status that the table below foresees for the
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
#include "lib/sanitizer.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "store/verify.h"

enum { KEYS = 4, ALLOCS_MAX = 400, SECONDS_MAX = 1000 };

/* Sets of statuses. SELF: the one that the errno of the fault stands for. */
#define BIT(status) (1U << ARY_##status)
#define SELF (1U << 31)

/* Which faults a row is about: the errno, or HALVED: a read that hands out less than there is. */
enum sort { ANY, FULL, BROKEN, HALVED };

/* What may be answered, beside OK, while an operation fails. What is not named works. */
struct row {
	const char *name;
	size_t operation; /* its place in the seam */
	enum fault_kind kind;
	enum sort sort;
	unsigned open;
	unsigned write;
	unsigned read;
	unsigned compact;
	unsigned close;
	unsigned verify; /* of the whole, or of one log */
};

#define OPERATION(field) .name = #field, .operation = offsetof(struct ary_env_ops, field)

static const struct row rows[] = {
	{OPERATION(dir_open), .kind = FAULT_DIR_OPEN, .open = SELF, .verify = SELF},
	{OPERATION(dir_close), .kind = FAULT_DIR_CLOSE},
	{OPERATION(dir_list), .kind = FAULT_DIR_LIST, .open = SELF, .verify = SELF},
	/* Not knowing which names are on the disk ends writing. */
	{OPERATION(dir_sync), .kind = FAULT_DIR_SYNC, .open = SELF, .write = BIT(READ_ONLY),
	 .compact = BIT(READ_ONLY), .close = BIT(READ_ONLY)},
	{OPERATION(dir_rename), .kind = FAULT_DIR_RENAME, .write = BIT(READ_ONLY),
	 .compact = BIT(READ_ONLY), .close = BIT(READ_ONLY)},
	/* What cannot be removed only takes space. */
	{OPERATION(dir_unlink), .kind = FAULT_DIR_UNLINK, .open = SELF},
	{OPERATION(dir_lock), .kind = FAULT_DIR_LOCK, .open = SELF},
	{OPERATION(dir_lock_shared), .kind = FAULT_DIR_LOCK_SHARED, .verify = SELF},
	{OPERATION(dir_space), .kind = FAULT_DIR_SPACE},
	{OPERATION(file_open), .kind = FAULT_FILE_OPEN, .open = SELF, .verify = SELF},
	/* A log goes on growing while there can be no next one. */
	{OPERATION(file_open), .kind = FAULT_FILE_CREATE, .write = SELF | BIT(EXISTS),
	 .compact = SELF | BIT(EXISTS)},
	{OPERATION(file_close), .kind = FAULT_FILE_CLOSE},
	{OPERATION(file_size), .kind = FAULT_FILE_SIZE, .open = SELF, .compact = SELF | BIT(IO),
	 .verify = SELF},
	{OPERATION(file_read_at), .kind = FAULT_FILE_READ, .open = SELF, .read = BIT(IO),
	 .compact = SELF | BIT(IO), .verify = SELF},
	/* Where a line was, there is nothing now. */
	{OPERATION(file_read_at), .kind = FAULT_FILE_READ, .sort = HALVED,
	 .open = BIT(IO) | BIT(CORRUPT), .read = BIT(CORRUPT), .compact = BIT(IO),
	 .verify = BIT(IO)},
	/* A full disk passes; a broken one ends writing. */
	{OPERATION(file_write_at), .kind = FAULT_FILE_WRITE, .sort = FULL, .open = SELF,
	 .write = SELF, .compact = SELF},
	{OPERATION(file_write_at), .kind = FAULT_FILE_WRITE, .sort = BROKEN, .open = SELF,
	 .write = SELF | BIT(READ_ONLY), .compact = SELF | BIT(READ_ONLY),
	 .close = SELF | BIT(READ_ONLY)},
	{OPERATION(file_truncate), .kind = FAULT_FILE_TRUNCATE, .open = BIT(IO)},
	/* Whether it is on the disk is not known, and never asked again. */
	{OPERATION(file_sync), .kind = FAULT_FILE_SYNC, .open = BIT(IO),
	 .write = BIT(UNCERTAIN) | BIT(READ_ONLY),
	 .compact = BIT(UNCERTAIN) | BIT(READ_ONLY) | BIT(IO),
	 .close = BIT(UNCERTAIN) | BIT(READ_ONLY)},
	{OPERATION(wall_ms), .kind = FAULT_WALL_MS},
	{OPERATION(monotonic_ns), .kind = FAULT_MONOTONIC_NS},
	{OPERATION(random), .kind = FAULT_RANDOM, .open = SELF, .verify = SELF},
};

/* One has no row: file_map is a hint, which the stand-in does not take. */
enum { ROWS = sizeof(rows) / sizeof(rows[0]), OPERATIONS = 20, HINT = 16 };

_Static_assert(sizeof(struct ary_env_ops) == OPERATIONS * sizeof(void (*)(void)),
	       "an operation has come to the seam, or gone: the table must say how it fails");

/* While memory is out. A merge that could not be taken over ends compacting (IO). */
static const struct row no_memory = {
	.name = "memory",
	.open = BIT(NO_MEMORY), .write = BIT(NO_MEMORY), .read = BIT(NO_MEMORY),
	.compact = BIT(NO_MEMORY) | BIT(IO), .close = BIT(NO_MEMORY), .verify = BIT(NO_MEMORY),
};

/* A write fails, and so does the cut that should undo it. */
static const struct row no_cut = {
	.name = "file_write_at and file_truncate", .sort = FULL,
	.open = SELF | BIT(IO), .write = SELF | BIT(UNCERTAIN) | BIT(READ_ONLY),
	.compact = SELF | BIT(UNCERTAIN) | BIT(READ_ONLY) | BIT(IO),
	.close = BIT(UNCERTAIN) | BIT(READ_ONLY),
};

/* What fails in this run; NULL: nothing. */
static const struct row *failing;
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
	if (allowed & SELF)
		allowed |= 1U << failing_status;
	if (!failing || !(allowed & (1U << status)))
		fail_msg("%s was answered %s while %s failed with %s", what,
			 ary_status_name(status), failing ? failing->name : "nothing",
			 ary_status_name(failing_status));
}

#define EXPECT(what, status) expect_answer(#what, status, failing ? failing->what : 0)

static void write_key(int key, const char *value)
{
	struct expected *expected = &keys[key];

	if (!store.store)
		return;
	enum ary_status status = store_test_write(&store, key_name(key), value);
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
			EXPECT(read, status);
		}
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
	write_key(2, "c1");
	read_keys();
	write_key(0, "a3");
	write_key(2, "c2");
	compact();
	read_keys();
	write_key(3, "d1");
	write_key(0, "a4");
	write_key(3, NULL);
	close_store();
	verify();
	open_store();
	settle_keys();
	write_key(1, "b2");
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
enum { STEP = SANITIZED ? 3 : 1 };

/* Each call of ROW's operation fails as FAULT says, in a run of its own. */
static void fail_row(const struct row *row, struct fault fault)
{
	fault.kind = row->kind;
	unsigned long calls = count_calls(row->kind);
	for (unsigned long nth = 1; nth <= calls; nth += STEP) {
		failing = row;
		begin_run();
		fault.nth = nth;
		fault_env_fail(store.faults, fault);
		unsigned long fired = faults_fired;
		run_script();
		end_run(nth % 2 == 0);
		failing = NULL;
		/* How often free space is looked at is a matter of time. */
		if (faults_fired == fired && row->kind != FAULT_DIR_SPACE)
			fail_msg("call %lu of %s was not made", nth, row->name);
	}
}

static bool is_about(const struct row *row, const struct fault *fault)
{
	if (row->kind >= FAULT_KINDS || row->sort == HALVED)
		return false;
	return row->sort == ANY || (row->sort == FULL) == (fault->os_errno == ENOSPC);
}

/* Every operation fails as FAULT says, once, and then for ever. */
static void fail_all(struct fault fault)
{
	failing_status = ary_fail_errno(NULL, fault.os_errno, "%s", "");
	for (start = EMPTY; start < STARTS; start++) {
		for (size_t i = 0; i < ROWS; i++) {
			if (!is_about(&rows[i], &fault))
				continue;
			fault.forever = false;
			fail_row(&rows[i], fault);
			fault.forever = true;
			fail_row(&rows[i], fault);
		}
	}
}

static void test_script_makes_every_call_of_the_seam(void **state)
{
	bool seen[OPERATIONS] = {false};
	unsigned long calls[FAULT_COUNTS];

	(void)state;
	start = CRASHED;
	begin_run();
	run_script();
	for (int kind = 0; kind < FAULT_COUNTS; kind++)
		calls[kind] = fault_env_calls(store.faults, (enum fault_kind)kind);
	end_run(false);
	for (size_t i = 0; i < ROWS; i++) {
		seen[rows[i].operation / sizeof(void (*)(void))] = true;
		if (calls[rows[i].kind] == 0)
			fail_msg("%s is never called", rows[i].name);
		print_message("%s: %lu calls\n", rows[i].name, calls[rows[i].kind]);
	}
	for (size_t i = 0; i < OPERATIONS; i++)
		assert_true(seen[i] != (i == HINT));
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
		for (size_t row = 0; row < ROWS; row++) {
			struct fault fault = {.short_bytes = sizes[i], .forever = i == 1};
			fault.short_read = rows[row].sort == HALVED;
			if (!fault.short_read && rows[row].kind != FAULT_FILE_WRITE)
				continue;
			fault.os_errno = rows[row].sort == FULL ? ENOSPC : EIO;
			failing_status = ary_fail_errno(NULL, fault.os_errno, "%s", "");
			for (start = EMPTY; start < STARTS; start++)
				fail_row(&rows[row], fault);
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
		for (size_t row = 0; row < ROWS; row++) {
			struct fault fault = {.os_errno = EIO, .after = true};
			if (rows[row].kind == changes[i])
				fail_row(&rows[row], fault);
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
		failing = &no_cut;
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
	failing = &no_memory;
	begin_run();
	ary_alloc_fail_at(nth, forever);
	run_script();
	bool ran_out = ary_alloc_failed();
	end_run(nth % 2 == 0);
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
				nth++;
			print_message("%lu allocations failed\n", nth - 1);
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
