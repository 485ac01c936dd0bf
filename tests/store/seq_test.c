/* SPDX-License-Identifier: MIT */
/* No seq is used twice, whatever a crash took back; none is wasted where nothing can be lost. */
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

static const uint64_t SEQ_JUMP = UINT64_C(1) << 32;

static void run_seq_after(struct store_test *test, enum ary_durability mode, bool clean)
{
	test->options.durability = mode;
	store_test_open(test);
	uint64_t last = 0;
	for (int i = 0; i < 3; i++)
		last = store_test_set(test, "a", "1");
	if (clean)
		store_test_close(test);
	else
		store_test_kill(test);
	bool jumps = !clean && mode != ARY_DURABILITY_ALWAYS;
	store_test_open(test);
	uint64_t next = store_test_set(test, "b", "2");
	if (jumps)
		assert_true(next > last + SEQ_JUMP);
	else
		assert_in_range(next, last + 1, last + 3);
	store_test_kill(test);
	if (!jumps)
		return;
	/* The first line with a number from behind the jump is a Mark. */
	struct ary_buf log = file_read(test->path, "0.log");
	char start[48];
	snprintf(start, sizeof(start), "{\"seq\":%llu,", (unsigned long long)next - 1);
	assert_true(ary_buf_append(&log, (struct ary_bytes){(const uint8_t *)"", 1}));
	const char *line = memmem(log.data, log.size, start, strlen(start));
	assert_non_null(line);
	const char *mark = strstr(line, "\"cmd\":\"Mark\"");
	assert_true(mark && mark < strchr(line, '\n'));
	assert_non_null(strstr(mark, "\"durability\""));
	ary_buf_release(&log);
}

static void test_seq_jumps_after_an_unclean_run_that_did_not_sync(void **state)
{
	run_seq_after(*state, ARY_DURABILITY_NEVER, false);
}

static void test_seq_jumps_after_an_unclean_run_that_synced_late(void **state)
{
	struct store_test *test = *state;

	test->options.sync_interval_ms = 1000000;
	run_seq_after(test, ARY_DURABILITY_INTERVAL, false);
}

static void test_seq_goes_on_after_a_clean_run(void **state)
{
	run_seq_after(*state, ARY_DURABILITY_NEVER, true);
}

static void test_seq_goes_on_after_an_unclean_run_that_synced_always(void **state)
{
	run_seq_after(*state, ARY_DURABILITY_ALWAYS, false);
}

/* What a power failure takes back under `never` may have been handed out. */
static void test_seq_lost_with_the_tail_is_never_used_again(void **state)
{
	struct store_test *test = *state;

	test->options.durability = ARY_DURABILITY_NEVER;
	store_test_open(test);
	store_test_set(test, "a", "1");
	uint64_t kept = file_bytes(test->path, "0.log");
	uint64_t lost = 0;
	for (int i = 0; i < 10; i++)
		lost = store_test_set(test, "a", "lost");
	store_test_kill(test);
	file_truncate(test->path, "0.log", kept);
	test->options.durability = ARY_DURABILITY_ALWAYS;
	store_test_open(test);
	store_test_kill(test);
	store_test_open(test);
	assert_true(store_test_set(test, "b", "2") > lost);
	store_test_expect(test, "a", "1");
}

static void test_mode_of_a_lost_run_is_known_even_if_only_its_first_group_stayed(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_set(test, "a", "1");
	store_test_close(test);
	test->options.durability = ARY_DURABILITY_NEVER;
	store_test_open(test);
	store_test_set(test, "a", "2");
	uint64_t kept = file_bytes(test->path, "0.log");
	uint64_t lost = store_test_set(test, "a", "lost");
	store_test_kill(test);
	file_truncate(test->path, "0.log", kept);
	test->options.durability = ARY_DURABILITY_ALWAYS;
	store_test_open(test);
	store_test_expect(test, "a", "2");
	assert_true(store_test_set(test, "b", "2") > lost);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_seq_jumps_after_an_unclean_run_that_did_not_sync),
		TEST(test_seq_jumps_after_an_unclean_run_that_synced_late),
		TEST(test_seq_goes_on_after_a_clean_run),
		TEST(test_seq_goes_on_after_an_unclean_run_that_synced_always),
		TEST(test_seq_lost_with_the_tail_is_never_used_again),
		TEST(test_mode_of_a_lost_run_is_known_even_if_only_its_first_group_stayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
