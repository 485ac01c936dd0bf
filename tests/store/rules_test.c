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
#include "store/upload.h"
#include "store/verify.h"

#define FIRST \
	"{\"seq\":1,\"time\":1,\"cmd\":\"Log\",\"version\":1,\"log\":0,\"durability\":\"always\""

#define PART(seq, upload, part) \
	"{\"seq\":" seq ",\"time\":1,\"cmd\":\"Part\",\"upload\":" upload ",\"part\":" part \
	",\"value_b64\":\"dg==\""
#define LARGE(seq, count, size) \
	"{\"seq\":" seq ",\"time\":1,\"cmd\":\"Set\",\"key\":\"a\",\"parts\":{\"upload\":2," \
	"\"count\":" count ",\"part_bytes\":1,\"size\":" size "}"

/* The bodies of a log's lines, one per string; NULL ends them. */
struct row {
	const char *bodies[5];
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
	{{FIRST, PART("2", "2", "0"), LARGE("4", "2", "2")},
	 "seq 4: the value lacks part 1"},
	{{FIRST, PART("3", "2", "1"), LARGE("4", "2", "2")},
	 "seq 4: the value lacks part 0"},
	{{FIRST, LARGE("4", "1", "1")},
	 "seq 4: the value lacks part 0"},
	{{FIRST, PART("2", "2", "0"), PART("3", "2", "2"), LARGE("4", "3", "3")},
	 "seq 4: the value lacks part 1"},
	{{FIRST, PART("2", "2", "0"), PART("3", "2", "1"), PART("4", "2", "1")},
	 "seq 4: the same part twice"},
	{{FIRST, PART("2", "2", "0"), PART("3", "2", "1"), LARGE("4", "1", "1")},
	 "seq 4: there are more parts than it names"},
	{{FIRST, PART("2", "2", "0"), LARGE("4", "1", "1"), PART("5", "2", "1")},
	 "seq 5: a part behind the Set that names it"},
	{{FIRST, PART("2", "2", "0"), LARGE("4", "1", "1"), LARGE("5", "1", "1")},
	 "seq 5: its parts are another value's"},
};

/* Logs in which a Set lacks parts, and may, because it is not its key's value any more. */
static const char *const lacking[][5] = {
	{FIRST, PART("3", "2", "1"), LARGE("4", "2", "2"),
	 "{\"seq\":5,\"time\":1,\"cmd\":\"Set\",\"key\":\"a\",\"value\":\"b\""},
	{FIRST, LARGE("4", "2", "2"), "{\"seq\":5,\"time\":1,\"cmd\":\"Rm\",\"key\":\"a\""},
	{FIRST, PART("2", "2", "0"), PART("3", "2", "7")},
};

/* A store of one log, which holds LINES. */
static void make_log(struct store_test *test, const struct ary_buf *lines)
{
	store_test_open(test);
	store_test_kill(test);
	file_write(test->path, "0.log", ary_buf_view(lines));
}

static void ignore_log(void *context, const struct ary_verified_log *log)
{
	(void)context;
	(void)log;
}

static void test_lines_out_of_place_are_refused(void **state)
{
	struct store_test *test = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *words[3] = {"0.log", rows[i].what, NULL};
		struct ary_buf lines = {0};

		for (size_t line = 0; line < 5 && rows[i].bodies[line]; line++)
			lines_sealf(&lines, "%s", rows[i].bodies[line]);
		make_log(test, &lines);
		store_test_expect_refusal(test, ARY_CORRUPT, words);
		ary_buf_release(&lines);
		store_erase(test->path);
	}
}

static void test_a_value_that_was_replaced_may_lack_parts(void **state)
{
	struct store_test *test = *state;

	for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
		struct ary_buf lines = {0};
		struct ary_verify_report report;
		struct ary_verify_options options = {.env = test->options.env,
						     .path = test->path,
						     .found = ignore_log};

		for (size_t line = 0; line < 5 && lacking[i][line]; line++)
			lines_sealf(&lines, "%s", lacking[i][line]);
		make_log(test, &lines);
		assert_int_equal(ary_store_verify(&options, &report, NULL), ARY_OK);
		assert_int_equal(report.bad_logs, 0);
		store_test_open(test);
		store_test_expect(test, "a", i == 0 ? "b" : NULL);
		assert_int_equal(store_test_compact_full(test).status, ARY_OK);
		assert_int_equal(store_test_stats(test).stale_bytes, 0);
		store_test_close(test);
		ary_buf_release(&lines);
		store_erase(test->path);
	}
}

/* A Set of one part, which there is not. */
#define LACKING(seq, key, upload)                                                                  \
	"{\"seq\":" seq ",\"time\":1,\"cmd\":\"Set\",\"key\":\"" key "\",\"parts\":{"              \
	"\"upload\":" upload ",\"count\":1,\"part_bytes\":1,\"size\":1}"

static const char *const suspects[] = {
	FIRST,
	LACKING("3", "a", "2"),
	LACKING("5", "b", "4"),
	LACKING("7", "a", "6"),
	LACKING("9", "c", "8"),
	"{\"seq\":10,\"time\":1,\"cmd\":\"Set\",\"key\":\"b\",\"value\":\"x\"",
};

struct told {
	size_t count;
	char texts[4][ARY_ERROR_TEXT_BYTES];
};

static void note_bad_log(void *context, const struct ary_verified_log *log)
{
	struct told *told = context;

	if (log->status == ARY_OK)
		return;
	assert_true(told->count < 4);
	memcpy(told->texts[told->count++], log->error.text, ARY_ERROR_TEXT_BYTES);
}

/* Of several Sets that lack parts, those are told that are still their key's value, in order. */
static void test_each_value_that_lacks_parts_is_told(void **state)
{
	struct store_test *test = *state;
	struct ary_buf lines = {0};
	struct told told = {.count = 0};
	struct ary_verify_report report;
	struct ary_verify_options options = {.env = test->options.env, .path = test->path,
					     .found = note_bad_log, .context = &told};

	for (size_t i = 0; i < sizeof(suspects) / sizeof(suspects[0]); i++)
		lines_sealf(&lines, "%s", suspects[i]);
	make_log(test, &lines);
	assert_int_equal(ary_store_verify(&options, &report, NULL), ARY_OK);
	assert_int_equal(report.bad_logs, 2);
	assert_int_equal(told.count, 2);
	assert_non_null(strstr(told.texts[0], "seq 7: the value lacks part 0"));
	assert_non_null(strstr(told.texts[1], "seq 9: the value lacks part 0"));
	ary_buf_release(&lines);
}

/* The numbers add up, and a part is shorter: an open does not look, verifying and reading do. */
static void test_a_part_of_another_size_is_told(void **state)
{
	struct store_test *test = *state;
	struct ary_buf lines = {0};
	struct ary_verify_report report;
	struct ary_verify_options options = {.env = test->options.env, .path = test->path,
					     .found = ignore_log};
	struct ary_value value;
	struct ary_bytes bytes;

	lines_sealf(&lines, "%s", FIRST);
	lines_sealf(&lines, "%s", PART("2", "2", "0"));
	lines_sealf(&lines, "%s", "{\"seq\":3,\"time\":1,\"cmd\":\"Set\",\"key\":\"a\",\"parts\":{"
		    "\"upload\":2,\"count\":1,\"part_bytes\":2,\"size\":2}");
	make_log(test, &lines);
	assert_int_equal(ary_store_verify(&options, &report, NULL), ARY_OK);
	assert_int_equal(report.bad_logs, 1);
	assert_non_null(strstr(report.first.text, "lacks part 0"));
	store_test_open(test);
	assert_int_equal(ary_store_get(test->store, ary_bytes_of("a"), &value, NULL), ARY_OK);
	assert_int_equal(ary_value_read(&value, 0, &bytes, NULL), ARY_CORRUPT);
	ary_value_release(&value);
	ary_buf_release(&lines);
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
		TEST(test_a_value_that_was_replaced_may_lack_parts),
		TEST(test_each_value_that_lacks_parts_is_told),
		TEST(test_a_part_of_another_size_is_told),
		TEST(test_key_beyond_the_index_is_refused),
		TEST(test_writes_beyond_the_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
