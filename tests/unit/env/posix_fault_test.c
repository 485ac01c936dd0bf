/* SPDX-License-Identifier: MIT */
/* Promise: a read or write that the system cuts short is gone on with; one that a signal interrupts
 * is made again, but not for ever; one that takes nothing fails; and what a failed write says of
 * how much was taken is true. A sync is made once, whatever it answers.
 *
 * The calls of the system are those of this file, which make the real ones, or do not. */
#undef _FORTIFY_SOURCE /* which would give the calls other names */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "env/env.h"
#include "lib/tmpdir.h"

enum { FOR_EVER = 1 << 30 };

/* How the next calls go. */
struct plan {
	int good;         /* calls that work before others fail */
	int failures;     /* how many fail then */
	int os_errno;     /* with what; 0: they transfer nothing */
	size_t bytes_max; /* that a call transfers; 0: all it is asked for */
	int calls;        /* that were made */
};

static struct plan plan;

/* Whether this call has to fail; *RESULT is what it answers then. */
static bool fails(ssize_t *result)
{
	plan.calls++;
	if (plan.good > 0) {
		plan.good--;
		return false;
	}
	if (plan.failures == 0)
		return false;
	plan.failures--;
	errno = plan.os_errno;
	*result = plan.os_errno != 0 ? -1 : 0;
	return true;
}

static size_t cut(size_t size)
{
	return plan.bytes_max > 0 && plan.bytes_max < size ? plan.bytes_max : size;
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	struct iovec part = {data, cut(size)};
	ssize_t result;

	return fails(&result) ? result : preadv(fd, &part, 1, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	uint8_t copy[64];
	struct iovec part = {copy, cut(size)};
	ssize_t result;

	assert_in_range(size, 1, sizeof(copy));
	memcpy(copy, data, part.iov_len);
	return fails(&result) ? result : pwritev(fd, &part, 1, offset);
}

int fdatasync(int fd)
{
	ssize_t result;

	return fails(&result) ? (int)result : fsync(fd);
}

static struct tmpdir tmpdir;
static struct ary_dir *dir;
static struct ary_file *file; /* holds "0123456789" */

static int setup(void **state)
{
	size_t written;

	(void)state;
	plan = (struct plan){0};
	tmpdir_create(&tmpdir);
	assert_int_equal(ary_dir_open(ary_env_posix(), tmpdir.path, false, &dir, NULL), ARY_OK);
	assert_int_equal(ary_file_open(dir, "file", ARY_OPEN_CREATE_NEW, &file, NULL), ARY_OK);
	assert_int_equal(ary_file_write_at(file, 0, "0123456789", 10, &written, NULL), ARY_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plan = (struct plan){0};
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
	ary_dir_close(dir);
	tmpdir_remove(&tmpdir);
	return 0;
}

static void expect_file(const char *text)
{
	char got[32];
	size_t size;

	plan = (struct plan){0};
	assert_int_equal(ary_file_read_at(file, 0, got, sizeof(got), &size, NULL), ARY_OK);
	assert_int_equal(size, strlen(text));
	assert_memory_equal(got, text, size);
}

static void test_short_reads_are_gone_on_with(void **state)
{
	char got[20];
	size_t size;

	(void)state;
	for (size_t bytes = 1; bytes <= 11; bytes++) {
		plan = (struct plan){.bytes_max = bytes};
		assert_int_equal(ary_file_read_at(file, 2, got, sizeof(got), &size, NULL), ARY_OK);
		assert_int_equal(size, 8);
		assert_memory_equal(got, "23456789", 8);
	}
}

static void test_short_writes_are_gone_on_with(void **state)
{
	size_t written;

	(void)state;
	for (size_t bytes = 1; bytes <= 5; bytes++) {
		char text[] = "abcd";
		text[0] = (char)('0' + bytes);
		plan = (struct plan){.bytes_max = bytes};
		assert_int_equal(ary_file_write_at(file, 8, text, 4, &written, NULL), ARY_OK);
		assert_int_equal(written, 4);
		assert_int_equal(plan.calls, (4 + bytes - 1) / bytes);
		char whole[] = "01234567?bcd";
		whole[8] = text[0];
		expect_file(whole);
	}
}

static void test_interrupted_calls_are_made_again(void **state)
{
	char got[10];
	size_t size;

	(void)state;
	for (int good = 0; good < 4; good++) {
		plan = (struct plan){.bytes_max = 3, .good = good, .failures = 5,
				     .os_errno = EINTR};
		assert_int_equal(ary_file_read_at(file, 0, got, 10, &size, NULL), ARY_OK);
		assert_int_equal(size, 10);
		assert_memory_equal(got, "0123456789", 10);
		assert_int_equal(plan.calls, 9);
		plan = (struct plan){.bytes_max = 3, .good = good, .failures = 5,
				     .os_errno = EINTR};
		assert_int_equal(ary_file_write_at(file, 0, "0123456789", 10, &size, NULL),
				 ARY_OK);
		assert_int_equal(size, 10);
		assert_int_equal(plan.calls, 9);
		expect_file("0123456789");
	}
}

static void test_calls_that_are_always_interrupted_end(void **state)
{
	struct ary_error error;
	char got[10];
	size_t size = 77;

	(void)state;
	plan = (struct plan){.good = 1, .bytes_max = 4, .failures = FOR_EVER, .os_errno = EINTR};
	assert_int_equal(ary_file_read_at(file, 0, got, 10, &size, &error), ARY_IO);
	assert_int_equal(error.os_errno, EINTR);
	assert_int_equal(size, 77);
	plan = (struct plan){.good = 1, .bytes_max = 4, .failures = FOR_EVER, .os_errno = EINTR};
	assert_int_equal(ary_file_write_at(file, 0, "abcdefghij", 10, &size, &error), ARY_IO);
	assert_int_equal(error.os_errno, EINTR);
	assert_int_equal(size, 4);
	expect_file("abcd456789");
}

static void test_failed_write_says_what_was_taken(void **state)
{
	static const struct {
		int os_errno;
		enum ary_status status;
	} rows[] = {{EIO, ARY_IO}, {ENOSPC, ARY_NO_SPACE}, {EDQUOT, ARY_NO_SPACE},
		    {EFBIG, ARY_NO_SPACE}, {0, ARY_IO}};
	size_t written;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int good = 0; good < 3; good++) {
			plan = (struct plan){.good = good, .bytes_max = 4, .failures = 1,
					     .os_errno = rows[i].os_errno};
			assert_int_equal(ary_file_write_at(file, 0, "ABCDEFGHIJ", 10, &written,
							   NULL), rows[i].status);
			assert_int_equal(written, good * 4);
			assert_int_equal(plan.calls, good + 1);
		}
	}
}

static void test_failed_read_is_not_the_end_of_the_file(void **state)
{
	char got[10];
	size_t size = 77;

	(void)state;
	plan = (struct plan){.good = 2, .bytes_max = 3, .failures = 1, .os_errno = EIO};
	assert_int_equal(ary_file_read_at(file, 0, got, 10, &size, NULL), ARY_IO);
	assert_int_equal(size, 77);
}

static void test_sync_is_made_once(void **state)
{
	static const int os_errnos[] = {EIO, ENOSPC, EINTR};

	(void)state;
	for (size_t i = 0; i < sizeof(os_errnos) / sizeof(os_errnos[0]); i++) {
		plan = (struct plan){.failures = 1, .os_errno = os_errnos[i]};
		assert_int_not_equal(ary_file_sync(file, NULL), ARY_OK);
		assert_int_equal(plan.calls, 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_short_reads_are_gone_on_with),
		TEST(test_short_writes_are_gone_on_with),
		TEST(test_interrupted_calls_are_made_again),
		TEST(test_calls_that_are_always_interrupted_end),
		TEST(test_failed_write_says_what_was_taken),
		TEST(test_failed_read_is_not_the_end_of_the_file),
		TEST(test_sync_is_made_once),
	};

	return cmocka_run_group_tests_name("env/posix_fault", tests, NULL, NULL);
}
