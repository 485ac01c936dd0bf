/* SPDX-License-Identifier: MIT */
/* Promise: large pages are aligned, empty and one's own until they are given back; and where there
 * is no room for them, that is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "env/pages.h"

enum { COUNT = 8 };

static void test_pages_are_aligned_empty_and_apart(void **state)
{
	uint8_t *pages[COUNT];

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		pages[i] = ary_pages_take();
		assert_non_null(pages[i]);
		assert_int_equal((uintptr_t)pages[i] % ARY_PAGES_BYTES, 0);
		for (size_t at = 0; at < ARY_PAGES_BYTES; at++)
			assert_true(pages[i][at] == 0);
		memset(pages[i], i + 1, ARY_PAGES_BYTES);
	}
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(pages[i][0], i + 1);
		assert_int_equal(pages[i][ARY_PAGES_BYTES - 1], i + 1);
	}
	for (int i = COUNT; i-- > 0;)
		ary_pages_give(pages[i]);
}

static void test_no_room_is_told(void **state)
{
	struct rlimit before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	/* Less than what is mapped already. */
	struct rlimit none = {.rlim_cur = ARY_PAGES_BYTES, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	void *pages = ary_pages_take();
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_null(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_are_aligned_empty_and_apart),
		cmocka_unit_test(test_no_room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
