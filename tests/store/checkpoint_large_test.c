/* SPDX-License-Identifier: MIT */
/* Promise: a checkpoint that is large, which lies otherwise in its file than a small one, opens the
 * same store, goes on as any other, and is not used when a byte of it is another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "format/name.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "store/checkpoint_file.h"

#define CHECKPOINT "../" ARY_NAME_CHECKPOINT

/* Long keys make a large index of few. */
enum { KEY_BYTES = 6000, MIB = 1 << 20 };

struct long_key {
	char text[KEY_BYTES + 1];
};

static const char *key_of(struct long_key *key, int number)
{
	memset(key->text, 'x', KEY_BYTES);
	key->text[KEY_BYTES] = '\0';
	snprintf(key->text, sizeof(key->text), "%08d", number);
	key->text[8] = 'x';
	return key->text;
}

static void set_all(struct store_test *test, int from, int end, const char *value)
{
	struct long_key key;

	for (int i = from; i < end; i++)
		store_test_set(test, key_of(&key, i), value);
}

static void expect_all(struct store_test *test, int from, int end, const char *value)
{
	struct long_key key;

	for (int i = from; i < end; i++)
		store_test_expect(test, key_of(&key, i), value);
}

static bool was_used(struct store_test *test)
{
	return store_test_stats(test).recovered_records == 0;
}

static struct ary_checkpoint_head head_of(struct store_test *test)
{
	struct ary_checkpoint_head head;
	struct ary_buf bytes = file_read(test->path, CHECKPOINT);

	assert_true(bytes.size > sizeof(head));
	memcpy(&head, bytes.data, sizeof(head));
	assert_int_equal(ary_checkpoint_data_offset(&head) + head.data_bytes, bytes.size);
	ary_buf_release(&bytes);
	return head;
}

/* COUNT keys, closed with a checkpoint of them. */
static struct ary_checkpoint_head make(struct store_test *test, int count)
{
	test->options.checkpoint_bytes_min = 1;
	test->options.key_bytes_max = KEY_BYTES;
	test->options.durability = ARY_DURABILITY_NEVER;
	store_test_open(test);
	set_all(test, 0, count, "first");
	store_test_close(test);
	return head_of(test);
}

/* Opened by it, changed all over, and opened by the next one, and by all lines. */
static void expect_to_go_on(struct store_test *test, int count)
{
	store_test_open(test);
	assert_true(was_used(test));
	expect_all(test, 0, count, "first");
	set_all(test, count / 2, count + count / 2, "second");
	store_test_reopen(test);
	assert_true(was_used(test));
	expect_all(test, 0, count / 2, "first");
	expect_all(test, count / 2, count + count / 2, "second");
	store_test_close(test);
	file_remove(test->path, CHECKPOINT);
	store_test_open(test);
	assert_false(was_used(test));
	expect_all(test, 0, count / 2, "first");
	expect_all(test, count / 2, count + count / 2, "second");
}

static void test_one_that_begins_at_a_page(void **state)
{
	struct store_test *test = *state;
	struct ary_checkpoint_head head = make(test, 2300);

	assert_in_range(head.data_bytes, 13 * MIB, ARY_CHECKPOINT_ALIGNED_BYTES_MIN - 1);
	assert_int_not_equal(ary_checkpoint_data_offset(&head) % ARY_CHECKPOINT_BLOCK_BYTES, 0);
	expect_to_go_on(test, 2300);
}

static void test_one_that_begins_at_a_block(void **state)
{
	struct store_test *test = *state;
	struct ary_checkpoint_head head = make(test, 3500);

	assert_in_range(head.data_bytes, 18 * MIB, 30 * MIB);
	assert_int_equal(ary_checkpoint_data_offset(&head) % ARY_CHECKPOINT_BLOCK_BYTES, 0);
	expect_to_go_on(test, 3500);
}

static void test_damaged_one_is_ignored(void **state)
{
	struct store_test *test = *state;
	struct ary_checkpoint_head head = make(test, 3500);
	uint64_t data = ary_checkpoint_data_offset(&head);
	const uint64_t places[] = {sizeof(head) + ary_checkpoint_described_bytes(&head) - 1, data,
				   data + head.data_bytes / 2, data + head.data_bytes - 1};
	struct ary_buf whole = file_read(test->path, CHECKPOINT);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		file_flip(test->path, CHECKPOINT, places[i], 0x20);
		store_test_open(test);
		assert_false(was_used(test));
		expect_all(test, 0, 10, "first");
		store_test_close(test);
		/* The one that was left in its place is that of a replay, which is smaller. */
		file_write(test->path, CHECKPOINT, ary_buf_view(&whole));
	}
	store_test_open(test);
	assert_true(was_used(test));
	expect_all(test, 0, 3500, "first");
	ary_buf_release(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_that_begins_at_a_page, store_test_setup,
						store_test_teardown),
		cmocka_unit_test_setup_teardown(test_one_that_begins_at_a_block, store_test_setup,
						store_test_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_one_is_ignored, store_test_setup,
						store_test_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
