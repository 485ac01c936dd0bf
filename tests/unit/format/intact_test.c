/* SPDX-License-Identifier: MIT */
/* Promise: what is one bit away from a line, or has a byte more or less, is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "format/record.h"
#include "lib/lines.h"

#define BYTES(literal) ((struct ary_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

static void assert_refused(struct ary_bytes line)
{
	struct ary_buf scratch = {0};
	struct ary_record record;

	assert_false(ary_record_intact(line));
	assert_int_equal(ary_record_decode(line, &scratch, &record, NULL), ARY_CORRUPT);
	assert_int_equal(ary_record_decode_head(line, &scratch, &record, NULL), ARY_CORRUPT);
	ary_buf_release(&scratch);
}

static const char flipped[] =
	"{\"seq\":17,\"time\":1763796000123,\"cmd\":\"Set\",\"durable\":0,\"key\":\"username\","
	"\"type\":\"a/b\",\"encoding\":\"gzip\",\"expires\":1763796009999,"
	"\"meta\":{\"a\":\"\\\\\"},"
	"\"sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
	"\"value\":\"john and jane \\n\"";

static void test_every_flipped_bit_is_refused(void **state)
{
	struct ary_buf line = {0};

	(void)state;
	lines_seal(&line, BYTES(flipped));
	assert_true(line.size > 110);
	assert_true(ary_record_intact(ary_buf_view(&line)));
	for (size_t bit = 0; bit < line.size * 8; bit++) {
		line.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(ary_buf_view(&line));
		line.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(ary_record_intact(ary_buf_view(&line)));
	ary_buf_release(&line);
}

static void test_every_truncation_is_refused(void **state)
{
	struct ary_buf line = {0};

	(void)state;
	lines_seal(&line, BYTES(flipped));
	for (size_t size = 0; size < line.size; size++) {
		assert_refused((struct ary_bytes){line.data, size});
		assert_refused((struct ary_bytes){line.data + line.size - size, size});
	}
	/* A byte too many is as wrong as one too few. */
	lines_fill(&line, '\n', 1);
	assert_refused(ary_buf_view(&line));
	assert_refused((struct ary_bytes){NULL, 0});
	ary_buf_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_flipped_bit_is_refused),
		cmocka_unit_test(test_every_truncation_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
