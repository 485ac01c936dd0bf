/* SPDX-License-Identifier: MIT */
/* Promise: a line whose checksum is right is refused all the same where no log has such a line, in
 * words that say what is wrong; and a write that no line could hold is refused before it is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "index/index.h"
#include "lib/lines.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

#define FIRST \
	"{\"seq\":1,\"time\":1,\"cmd\":\"Log\",\"version\":1,\"log\":0,\"durability\":\"always\""

/* The bodies of a log's lines, one per string; NULL ends them. */
struct row {
	const char *bodies[4];
	const char *what;
};

static const struct row rows[] = {
	{{"{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"a\",\"value\":\"b\""},
	 "offset 0, seq 1: not the first line of a log"},
	{{"{\"seq\":1,\"time\":1,\"cmd\":\"Mark\""}, "not the first line of a log"},
	{{"{\"seq\":1,\"time\":1,\"cmd\":\"Log\",\"version\":1,\"log\":3,"
	  "\"durability\":\"always\""},
	 "another log's first line"},
	{{"{\"seq\":1,\"time\":1,\"cmd\":\"Base\",\"version\":1,\"log\":0,\"base\":1"},
	 "a merge of logs that come after it"},
	{{FIRST, "{\"seq\":2,\"time\":1,\"cmd\":\"Log\",\"version\":1,\"log\":0,"
		 "\"durability\":\"always\""},
	 "seq 2: a first line in the middle"},
	{{FIRST, "{\"seq\":2,\"time\":1,\"cmd\":\"Base\",\"version\":1,\"log\":0,\"base\":0"},
	 "a first line in the middle"},
	{{FIRST, "{\"seq\":2,\"time\":1,\"cmd\":\"Seal\",\"lines\":2"},
	 "lines are missing before this Seal"},
	{{FIRST, "{\"seq\":2,\"time\":1,\"cmd\":\"Seal\",\"lines\":1",
	  "{\"seq\":3,\"time\":1,\"cmd\":\"Set\",\"key\":\"a\",\"value\":\"b\""},
	 "seq 3: a line follows the Seal"},
};

/* A store of one log, which holds LINES. */
static void make_log(struct store_test *test, const struct ary_buf *lines)
{
	store_test_open(test);
	store_test_kill(test);
	file_write(test->path, "0.log", ary_buf_view(lines));
}

static void test_lines_out_of_place_are_refused(void **state)
{
	struct store_test *test = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *words[3] = {"0.log", rows[i].what, NULL};
		struct ary_buf lines = {0};

		for (size_t line = 0; line < 4 && rows[i].bodies[line]; line++)
			lines_sealf(&lines, "%s", rows[i].bodies[line]);
		make_log(test, &lines);
		store_test_expect_refusal(test, ARY_CORRUPT, words);
		ary_buf_release(&lines);
		store_erase(test->path);
	}
}

/* A log with one key, of SIZE bytes. */
static void make_log_of_key(struct store_test *test, const char *key, size_t size)
{
	struct ary_buf lines = {0};
	struct ary_buf body = {0};

	assert_true(ary_buf_append(&body, ary_bytes_of("{\"seq\":2,\"time\":1,\"cmd\":\"Set\","
						       "\"value\":\"v\",\"key\":\"")));
	assert_true(ary_buf_append(&body, (struct ary_bytes){(const uint8_t *)key, size}));
	assert_true(ary_buf_append(&body, ary_bytes_of("\"")));
	lines_sealf(&lines, "%s", FIRST);
	lines_seal(&lines, ary_buf_view(&body));
	make_log(test, &lines);
	ary_buf_release(&body);
	ary_buf_release(&lines);
}

/* The longest key that the index holds is read, one byte more is refused. */
static void test_key_beyond_the_index_is_refused(void **state)
{
	static char key[ARY_INDEX_KEY_BYTES_MAX + 2];
	const char *words[3] = {"0.log", "seq 2: the key is too long", NULL};
	struct store_test *test = *state;

	memset(key, 'k', ARY_INDEX_KEY_BYTES_MAX);
	make_log_of_key(test, key, ARY_INDEX_KEY_BYTES_MAX);
	store_test_open(test);
	store_test_expect(test, key, "v");
	store_test_kill(test);
	store_erase(test->path);
	key[ARY_INDEX_KEY_BYTES_MAX] = 'k';
	make_log_of_key(test, key, ARY_INDEX_KEY_BYTES_MAX + 1);
	store_test_expect_refusal(test, ARY_CORRUPT, words);
}

static void expect_refused(struct store_test *test, struct ary_write *write,
			   enum ary_status expected, const char *what)
{
	uint64_t bytes = file_bytes(test->path, "0.log");

	write->op = ARY_WRITE_SET;
	assert_int_equal(ary_store_write(test->store, write), expected);
	assert_int_equal(write->error.status, expected);
	assert_non_null(strstr(write->error.text, what));
	assert_int_equal(file_bytes(test->path, "0.log"), bytes);
}

static void test_writes_beyond_the_limits_are_refused(void **state)
{
	static const uint8_t text[300] = {'x'};
	struct store_test *test = *state;
	struct ary_bytes key = ary_bytes_of("k");

	test->options.key_bytes_max = 10;
	test->options.value_bytes_max = 20;
	store_test_open(test);
	store_test_set(test, "k", "value");
	expect_refused(test, &(struct ary_write){.key = {text, 0}}, ARY_INVALID, "empty");
	expect_refused(test, &(struct ary_write){.key = {text, 11}}, ARY_TOO_LARGE,
		       "the key has 11 bytes, more than 10");
	expect_refused(test, &(struct ary_write){.key = key, .value = {text, 21}}, ARY_TOO_LARGE,
		       "the value has 21 bytes, more than 20");
	expect_refused(test, &(struct ary_write){.key = key, .type = ary_bytes_of("a\nb")},
		       ARY_INVALID, "the content type");
	expect_refused(test, &(struct ary_write){.key = key, .type = {text, sizeof(text)}},
		       ARY_INVALID, "the content type");
	store_test_expect(test, "k", "value");
	store_test_set(test, "0123456789", "01234567890123456789");
	store_test_reopen(test);
	store_test_expect(test, "0123456789", "01234567890123456789");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines_out_of_place_are_refused),
		TEST(test_key_beyond_the_index_is_refused),
		TEST(test_writes_beyond_the_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
