/* SPDX-License-Identifier: MIT */
/* Promise: what is packed is unpacked to the same bytes by another's code, the same bytes are
 * packed the same, and memory that runs out meanwhile leaves the buffer as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/gzip.h"
#include "lib/gunzip.h"

enum { LARGE_BYTES = 300000 };

static uint8_t large[LARGE_BYTES];

/* Half text that repeats itself, half noise. */
static int setup(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < LARGE_BYTES; i++) {
		random = random * 1664525u + 1013904223u;
		large[i] = i < LARGE_BYTES / 2 ? (uint8_t)('a' + i % 23) : (uint8_t)(random >> 24);
	}
	return 0;
}

static void expect_round_trip(struct ary_bytes bytes)
{
	static const enum ary_gzip_effort efforts[] = {ARY_GZIP_FAST, ARY_GZIP_BEST};

	for (unsigned i = 0; i < 2; i++) {
		struct ary_buf first = {0}, second = {0};

		assert_true(ary_gzip(bytes, efforts[i], &first));
		assert_true(ary_gzip(bytes, efforts[i], &second));
		assert_true(ary_bytes_equal(ary_buf_view(&first), ary_buf_view(&second)));
		struct ary_buf unpacked = gunzip(ary_buf_view(&first));
		assert_true(ary_bytes_equal(ary_buf_view(&unpacked), bytes));
		ary_buf_release(&unpacked);
		ary_buf_release(&first);
		ary_buf_release(&second);
	}
}

static void test_bytes_come_back(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 4095, 4096, 4097, 65536, LARGE_BYTES};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		expect_round_trip((struct ary_bytes){large, sizes[i]});
		expect_round_trip((struct ary_bytes){large + LARGE_BYTES - sizes[i], sizes[i]});
	}
}

static void test_what_repeats_itself_becomes_small(void **state)
{
	struct ary_buf packed = {0};

	(void)state;
	assert_true(ary_gzip((struct ary_bytes){large, LARGE_BYTES / 2}, ARY_GZIP_FAST, &packed));
	assert_true(packed.size < LARGE_BYTES / 100);
	/* Nor does it hold much more than that. */
	assert_true(packed.capacity < LARGE_BYTES / 20);
	ary_buf_release(&packed);
}

static void test_memory_that_runs_out_leaves_the_buffer_as_it_was(void **state)
{
	unsigned long nth = 0;
	bool ran_out = true;

	(void)state;
	while (ran_out) {
		struct ary_buf out = {0};

		assert_true(ary_buf_append(&out, ary_bytes_of("before")));
		ary_alloc_fail_at(++nth, 0);
		bool packed = ary_gzip((struct ary_bytes){large, LARGE_BYTES}, ARY_GZIP_FAST, &out);
		ran_out = ary_alloc_failed();
		ary_alloc_fail_at(0, 0);
		assert_int_equal(packed, !ran_out);
		assert_true(ary_bytes_start_with(ary_buf_view(&out), ary_bytes_of("before")));
		assert_true(packed || out.size == strlen("before"));
		ary_buf_release(&out);
	}
	assert_true(nth > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_come_back),
		cmocka_unit_test(test_what_repeats_itself_becomes_small),
		cmocka_unit_test(test_memory_that_runs_out_leaves_the_buffer_as_it_was),
	};

	return cmocka_run_group_tests_name("base/gzip", tests, setup, NULL);
}
