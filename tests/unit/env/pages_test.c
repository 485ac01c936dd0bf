/* SPDX-License-Identifier: MIT */
/* Promise: memory by the page is zero, begins at a large page, and is the taker's alone until he
 * gives it back; a try for it can be made to fail as any other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "env/pages.h"

enum { COUNT = 8, BYTES = 2 * ARY_PAGES_LARGE_BYTES };

static void check_filled(const uint8_t *bytes, uint8_t with)
{
	for (size_t i = 0; i < BYTES; i += 64)
		assert_int_equal(bytes[i], with);
	assert_int_equal(bytes[BYTES - 1], with);
}

static void test_pages_are_zero_and_overlap_no_others(void **state)
{
	uint8_t *pages[COUNT];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < COUNT; i++) {
			pages[i] = ary_pages_try_take(BYTES);
			assert_non_null(pages[i]);
			assert_int_equal((uintptr_t)pages[i] % ARY_PAGES_LARGE_BYTES, 0);
			if (i % 2 == 0)
				ary_pages_prefer_large(pages[i], BYTES);
			check_filled(pages[i], 0);
			memset(pages[i], (int)i + 1, BYTES);
		}
		for (unsigned i = 0; i < COUNT; i++)
			check_filled(pages[i], (uint8_t)(i + 1));
		for (unsigned i = 0; i < COUNT; i++)
			ary_pages_give(pages[(i * 3 + 1) % COUNT], BYTES);
	}
}

static void test_try_fails_when_told_to(void **state)
{
	(void)state;
	ary_alloc_fail_at(2, 0);
	void *pages = ary_pages_try_take(BYTES);

	assert_non_null(pages);
	assert_null(ary_pages_try_take(BYTES));
	assert_true(ary_alloc_failed());
	ary_pages_give(pages, BYTES);
	ary_alloc_fail_at(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_are_zero_and_overlap_no_others),
		cmocka_unit_test(test_try_fails_when_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
