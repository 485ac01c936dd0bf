/* SPDX-License-Identifier: MIT */
/* Promise: a log that loses its pages under a server costs the values in them and nothing else: who
 * asks for one is told, the server goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/store_files.h"

enum {
	KEYS = 20,
	VALUE_BYTES = 4000,
	KEPT_BYTES = 8192, /* of the log: a key, and some of the third at most */
	FIRST_LOST = 3,
};

static void name_key(int n, char target[32])
{
	snprintf(target, 32, "/keys/k%02d", n);
}

static void test_lost_pages_cost_their_values_only(void **state)
{
	struct rest *rest = *state;
	char value[VALUE_BYTES];
	char target[32];

	memset(value, 'v', sizeof(value));
	for (int i = 0; i < KEYS; i++) {
		name_key(i, target);
		rest_expect_put(rest, target, value, sizeof(value), 201);
	}
	/* The last one is read before, so that its page is there when it goes. */
	rest_expect_value(rest, target, value, sizeof(value));
	file_truncate(rest->node->store, "0.log", KEPT_BYTES);
	/* HEAD reads the log each time, where GET may have the answer that it has sent before. */
	for (int round = 0; round < 2; round++) {
		rest_expect(rest, "HEAD", "/keys/k00", 200);
		for (int i = FIRST_LOST; i < KEYS; i++) {
			name_key(i, target);
			rest_expect(rest, "HEAD", target, 500);
		}
	}
	rest_expect(rest, "GET", "/readyz", 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lost_pages_cost_their_values_only, rest_setup,
						rest_teardown),
	};

	return cmocka_run_group_tests_name("rest/lost_page", tests, NULL, NULL);
}
