/* SPDX-License-Identifier: MIT */
/* Promise: WATERMARK is read for what was written into it; whatever is not a watermark, be it one
 * bit away from one, is none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "format/record.h"
#include "format/watermark.h"
#include "lib/lines.h"

static const struct ary_watermark example = {
	.seq = 17, .time_ms = UINT64_C(1763796000123), .log = 3, .durable_bytes = 4096,
};

static void assert_same(const struct ary_watermark *a, const struct ary_watermark *b)
{
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->time_ms, b->time_ms);
	assert_int_equal(a->log, b->log);
	assert_int_equal(a->durable_bytes, b->durable_bytes);
}

/* docs/FORMAT.md shows this file. */
static void test_file_is_as_described(void **state)
{
	static const char line[] = "{\"seq\":17,\"time\":1763796000123,\"cmd\":\"Watermark\","
				   "\"log\":3,\"durable\":4096,\"crc\":\"30bfafef\"}\n";
	uint8_t file[ARY_WATERMARK_BYTES];

	(void)state;
	ary_watermark_encode(&example, file);
	assert_memory_equal(file, line, sizeof(line) - 1);
	for (size_t i = sizeof(line) - 1; i + 1 < sizeof(file); i++)
		assert_int_equal(file[i], ' ');
	assert_int_equal(file[sizeof(file) - 1], '\n');
}

static void test_what_was_written_is_read(void **state)
{
	static const struct ary_watermark marks[] = {
		{.seq = 1, .log = 0, .durable_bytes = 1},
		{.seq = ARY_SEQ_MAX, .time_ms = ARY_SEQ_MAX, .log = ARY_SEQ_MAX,
		 .durable_bytes = ARY_SEQ_MAX},
	};
	uint8_t file[ARY_WATERMARK_BYTES];
	struct ary_watermark read;

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		ary_watermark_encode(&marks[i], file);
		struct ary_bytes bytes = {file, sizeof(file)};
		assert_int_equal(ary_watermark_decode(bytes, &read, NULL), ARY_OK);
		assert_same(&read, &marks[i]);
	}
}

static void test_clock_out_of_range_makes_a_line_that_can_be_read(void **state)
{
	struct ary_watermark mark = example;
	uint8_t file[ARY_WATERMARK_BYTES];
	struct ary_watermark read;

	(void)state;
	mark.time_ms = UINT64_MAX;
	ary_watermark_encode(&mark, file);
	struct ary_bytes bytes = {file, sizeof(file)};
	assert_int_equal(ary_watermark_decode(bytes, &read, NULL), ARY_OK);
	assert_int_equal(read.time_ms, ARY_SEQ_MAX);
}

/* A flipped bit is seen, or lies behind the line, where it says nothing. */
static void test_each_flipped_bit_is_seen(void **state)
{
	uint8_t file[ARY_WATERMARK_BYTES];
	struct ary_watermark read;
	struct ary_error err;

	(void)state;
	ary_watermark_encode(&example, file);
	struct ary_bytes bytes = {file, sizeof(file)};
	size_t line = (size_t)((uint8_t *)memchr(file, '\n', sizeof(file)) - file) + 1;
	for (size_t bit = 0; bit < sizeof(file) * 8; bit++) {
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		enum ary_status status = ary_watermark_decode(bytes, &read, &err);
		if (bit / 8 < line) {
			assert_int_equal(status, ARY_CORRUPT);
			assert_true(err.text[0] != '\0');
		} else {
			assert_int_equal(status, ARY_OK);
			assert_same(&read, &example);
		}
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void test_each_shorter_line_is_none(void **state)
{
	uint8_t file[ARY_WATERMARK_BYTES];
	struct ary_watermark read;

	(void)state;
	ary_watermark_encode(&example, file);
	size_t line = (size_t)((uint8_t *)memchr(file, '\n', sizeof(file)) - file) + 1;
	for (size_t size = 0; size < line; size++) {
		struct ary_bytes bytes = {file, size};
		assert_int_equal(ary_watermark_decode(bytes, &read, NULL), ARY_CORRUPT);
	}
}

static enum ary_status decode_body(const char *body, struct ary_watermark *out)
{
	struct ary_buf line = {0};

	lines_seal(&line, ary_bytes_of(body));
	enum ary_status status = ary_watermark_decode(ary_buf_view(&line), out, NULL);
	ary_buf_release(&line);
	return status;
}

static void test_unknown_fields_and_another_order_are_read(void **state)
{
	struct ary_watermark read;

	(void)state;
	assert_int_equal(decode_body("{\"cmd\":\"Watermark\",\"durable\":4096,\"later\":[{}],"
				     "\"log\":3,\"time\":1763796000123,\"seq\":17", &read),
			 ARY_OK);
	assert_same(&read, &example);
}

static void test_what_is_no_watermark_is_refused(void **state)
{
	static const char two_to_53[] = "{\"seq\":1,\"time\":1,\"cmd\":\"Watermark\",\"log\":0,"
					"\"durable\":9007199254740992";
	static const char *const bodies[] = {
		"{\"seq\":1,\"time\":1,\"cmd\":\"Mark\",\"log\":0,\"durable\":1",
		"{\"seq\":1,\"time\":1,\"log\":0,\"durable\":1",
		"{\"seq\":0,\"time\":1,\"cmd\":\"Watermark\",\"log\":0,\"durable\":1",
		"{\"seq\":1,\"time\":1,\"cmd\":\"Watermark\",\"log\":0,\"durable\":0",
		"{\"seq\":1,\"time\":1,\"cmd\":\"Watermark\",\"log\":-1,\"durable\":1",
		two_to_53,
		"{\"seq\":1,\"time\":1,\"cmd\":\"Watermark\",\"log\":\"0\",\"durable\":1",
		"{\"seq\":1,\"time\":1,\"cmd\":\"Watermark\",\"log\":0,\"durable\":1,\"log\":0",
		"{\"seq\":1,\"time\":1,\"cmd\":\"Watermark\",\"durable\":1",
		"{\"seq\":1,\"cmd\":\"Watermark\",\"log\":0,\"durable\":1",
		"[1",
	};
	struct ary_watermark read;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (decode_body(bodies[i], &read) != ARY_CORRUPT)
			fail_msg("not refused: %s", bodies[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_is_as_described),
		cmocka_unit_test(test_what_was_written_is_read),
		cmocka_unit_test(test_clock_out_of_range_makes_a_line_that_can_be_read),
		cmocka_unit_test(test_each_flipped_bit_is_seen),
		cmocka_unit_test(test_each_shorter_line_is_none),
		cmocka_unit_test(test_unknown_fields_and_another_order_are_read),
		cmocka_unit_test(test_what_is_no_watermark_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
