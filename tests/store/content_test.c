/* SPDX-License-Identifier: MIT */
/* Promise: what is said of a value when it is written (type, coding, metadata, hash, end) comes
 * back with it, byte for byte, after a restart and a compaction too; what cannot be said is
 * refused; and a value whose time is over is not there from that very millisecond on, whoever sets
 * the clock back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/meta.h"
#include "format/record.h"
#include "lib/store_helper.h"

static const uint64_t NOW_MS = 1800000000000;

static const struct ary_write sample = {
	.op = ARY_WRITE_SET,
	.key = {(const uint8_t *)"k\n", 2},
	.value = {(const uint8_t *)"\0\xff", 2},
	.type = {(const uint8_t *)"text/\"x\"", 8},
	.encoding = {(const uint8_t *)"gzip, br", 8},
	.meta = {(const uint8_t *)"{\"a\":\"\\\"\",\"b\":\"\"}", 17},
	.sha256 = {(const uint8_t *)"\x80" "1234567890123456789012345678901", 32},
};

static void assert_bytes(struct ary_bytes actual, struct ary_bytes expected)
{
	assert_true(ary_bytes_equal(actual, expected));
}

/* The value of WRITE's key is what WRITE said. */
static void expect_content(struct store_test *test, const struct ary_write *write)
{
	struct ary_error err;
	struct ary_value value;

	if (ary_store_get(test->store, write->key, &value, &err) != ARY_OK)
		fail_msg("%s", err.text);
	assert_bytes(value.value, write->value);
	assert_bytes(value.type, write->type);
	assert_bytes(value.encoding, write->encoding);
	assert_bytes(value.meta, write->meta);
	assert_bytes(value.sha256, write->sha256);
	assert_int_equal(value.expires_ms, write->expires_ms);
	assert_int_equal(value.seq, write->seq);
	ary_value_release(&value);
}

static void test_all_that_is_said_comes_back(void **state)
{
	struct store_test *test = *state;
	struct ary_write write = sample;
	struct ary_write plain = {.op = ARY_WRITE_SET, .key = ary_bytes_of("plain")};

	test->options.rotate_bytes = 512;
	store_test_open(test);
	write.expires_ms = ARY_SEQ_MAX;
	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	assert_int_equal(ary_store_write(test->store, &plain), ARY_OK);
	assert_int_equal(plain.expires_ms, 0);
	expect_content(test, &write);
	expect_content(test, &plain);
	store_test_reopen(test);
	expect_content(test, &write);
	store_test_fill(test, 30);
	store_test_fill(test, 30);
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	expect_content(test, &write);
	expect_content(test, &plain);
	store_test_kill(test);
	store_test_open(test);
	expect_content(test, &write);
	expect_content(test, &plain);
	/* What replaces it says all anew. */
	plain.key = write.key;
	assert_int_equal(ary_store_write(test->store, &plain), ARY_OK);
	assert_true(plain.replaced);
	expect_content(test, &plain);
}

struct refusal {
	struct ary_write write;
	enum ary_status status;
	const char *word;
};

static void test_what_cannot_be_said_is_refused(void **state)
{
	static const uint8_t text[ARY_META_BYTES_MAX + 1] = {'{'};
	const struct refusal rows[] = {
		{{.type = ary_bytes_of("a\tb")}, ARY_INVALID, "type"},
		{{.encoding = ary_bytes_of("\xc3\xa9")}, ARY_INVALID, "coding"},
		{{.encoding = {text, 256}}, ARY_INVALID, "coding"},
		{{.meta = ary_bytes_of("{}")}, ARY_INVALID, "metadata"},
		{{.meta = ary_bytes_of("{\"b\":\"\",\"a\":\"\"}")}, ARY_INVALID, "metadata"},
		{{.meta = {text, sizeof(text)}}, ARY_TOO_LARGE, "4096"},
		{{.sha256 = {text, 31}}, ARY_INVALID, "31"},
		{{.expires_ms = 5, .ttl_ms = 5}, ARY_INVALID, "both"},
		{{.expires_ms = ARY_SEQ_MAX + 1}, ARY_INVALID, "range"},
		{{.ttl_ms = UINT64_MAX}, ARY_INVALID, "range"},
	};
	struct store_test *test = *state;

	store_test_open(test);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_write write = rows[i].write;
		write.key = ary_bytes_of("k");
		assert_int_equal(ary_store_write(test->store, &write), rows[i].status);
		if (strstr(write.error.text, rows[i].word) == NULL)
			fail_msg("row %zu: %s", i, write.error.text);
		store_test_expect(test, "k", NULL);
	}
}

static void test_lifetime_begins_at_the_commit(void **state)
{
	struct store_test *test = *state;
	struct ary_write write = {
		.op = ARY_WRITE_SET, .key = ary_bytes_of("k"), .ttl_ms = 1500};

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	assert_int_equal(write.expires_ms, NOW_MS + 1500);
	expect_content(test, &write);
	/* A lifetime beyond all times ends with them. */
	write.ttl_ms = ARY_SEQ_MAX;
	write.expires_ms = 0;
	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	assert_int_equal(write.expires_ms, ARY_SEQ_MAX);
	expect_content(test, &write);
}

static void test_value_is_gone_at_its_millisecond(void **state)
{
	struct store_test *test = *state;
	struct ary_write write = {.op = ARY_WRITE_SET,
				  .key = ary_bytes_of("k"),
				  .value = ary_bytes_of("v"),
				  .expires_ms = NOW_MS + 1};

	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	store_test_expect(test, "k", "v");
	fault_env_set_wall_ms(test->faults, NOW_MS + 1);
	store_test_expect(test, "k", NULL);
	/* A write at that time is the proof that it was so, whatever the clock says then. */
	store_test_set(test, "other", "x");
	fault_env_set_wall_ms(test->faults, NOW_MS - 5000);
	store_test_expect(test, "k", NULL);
	store_test_kill(test);
	fault_env_set_wall_ms(test->faults, NOW_MS - 5000);
	store_test_open(test);
	store_test_expect(test, "k", NULL);
	store_test_expect(test, "other", "x");
	/* Nor does a new lifetime begin before. */
	write.expires_ms = 0;
	write.ttl_ms = 1;
	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	assert_int_equal(write.expires_ms, NOW_MS + 2);
	store_test_expect(test, "k", "v");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_that_is_said_comes_back,
						store_test_setup, store_test_teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_said_is_refused,
						store_test_setup, store_test_teardown),
		cmocka_unit_test_setup_teardown(test_lifetime_begins_at_the_commit,
						store_test_setup, store_test_teardown),
		cmocka_unit_test_setup_teardown(test_value_is_gone_at_its_millisecond,
						store_test_setup, store_test_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
