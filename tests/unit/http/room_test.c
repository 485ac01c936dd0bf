/* SPDX-License-Identifier: MIT */
/* Promise: heads at their limits leave room for the answers that may follow, in no more memory than
 * the library takes from the heap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/respond.h"
#include "http/room.h"

/* More is rounded up to pages of the system's. */
enum { HEAP_BYTES_MAX = 32 * 1024 };

static const struct ary_server_options defaults = {
	.target_bytes_max = 8192,
	.header_bytes_max = 16384,
	.header_fields_max = 80,
	.key_bytes_max = 1024,
};

/* What the library has taken when all but a target of TARGET_BYTES is at its limit. */
static size_t taken(const struct ary_server_options *options, size_t target_bytes)
{
	size_t fields = (size_t)options->header_fields_max;
	size_t line = sizeof("OPTIONS  HTTP/1.1\r\n\r\n");

	return line + target_bytes + (size_t)options->header_bytes_max +
	       fields * (sizeof(": \r\n") - 1 + 64);
}

static void expect_room_for_writes(const struct ary_server_options *options)
{
	size_t key = (size_t)options->key_bytes_max;
	size_t total = ary_room_total(options);
	struct ary_call call = { .method = ARY_PUT, .tail = { .size = key } };

	assert_true(ary_room_fits_write(&call, total - taken(options, 6 + 3 * key)));
	call.tail.size = 0;
	assert_true(ary_room_fits_write(&call, total - taken(options, (size_t)
								options->target_bytes_max)));
	call.method = ARY_DELETE;
	assert_true(ary_room_fits_write(&call, total - taken(options, 6 + 3 * key)));
}

static void test_heads_at_their_limits_leave_room_for_writes(void **state)
{
	static const struct ary_server_options smallest = {
		.target_bytes_max = 256,
		.header_bytes_max = 1024,
		.header_fields_max = 1,
		.key_bytes_max = 1,
	};
	static const struct ary_server_options largest = {
		.target_bytes_max = 65536,
		.header_bytes_max = 262144,
		.header_fields_max = 1000,
		.key_bytes_max = 4096,
	};
	struct ary_server_options long_keys = defaults;

	(void)state;
	long_keys.key_bytes_max = 4096;
	expect_room_for_writes(&defaults);
	expect_room_for_writes(&long_keys);
	expect_room_for_writes(&smallest);
	expect_room_for_writes(&largest);
}

/* 4 KiB in the form in which they are stored, in which a name takes 13 bytes less. */
static void test_heads_at_their_limits_leave_room_for_metadata(void **state)
{
	size_t left = ary_room_total(&defaults) - taken(&defaults, 6 + 3 * 1024);

	(void)state;
	assert_true(left >= 2048 + 4096 + 64 * 16);
}

static void test_defaults_stay_on_the_heap(void **state)
{
	(void)state;
	assert_in_range(ary_room_total(&defaults), HEAP_BYTES_MAX - 1024, HEAP_BYTES_MAX);
}

static void test_reads_always_pass_at_first(void **state)
{
	const enum ary_method methods[] = { ARY_GET, ARY_HEAD, ARY_OPTIONS };

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct ary_call call = { .method = methods[i] };

		assert_true(ary_room_fits_write(&call, 0));
	}
}

static void test_location_is_counted_encoded(void **state)
{
	struct ary_call call = { .method = ARY_PUT, .tail = { .size = 100 } };
	size_t bytes = 0;

	(void)state;
	while (!ary_room_fits_write(&call, bytes))
		bytes++;
	assert_true(bytes >= 300 + sizeof("Location: /keys/\r\n"));
	call.tail.size++;
	assert_false(ary_room_fits_write(&call, bytes + 2));
	assert_true(ary_room_fits_write(&call, bytes + 3));
}

static void test_head_of_a_response_is_measured(void **state)
{
	struct ary_response response = { .status = 200 };
	size_t bytes = ARY_ROOM_LIBRARY_BYTES;

	(void)state;
	assert_true(ary_room_fits(&response, bytes));
	assert_false(ary_room_fits(&response, bytes - 1));
	ary_response_constant(&response, "Vary", "Origin");
	ary_response_field(&response, "ETag", "\"%d\"", 12345);
	bytes += sizeof("Vary: Origin\r\n") - 1 + sizeof("ETag: \"12345\"\r\n") - 1;
	assert_true(ary_room_fits(&response, bytes));
	assert_false(ary_room_fits(&response, bytes - 1));
	ary_response_release(&response);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads_at_their_limits_leave_room_for_writes),
		cmocka_unit_test(test_heads_at_their_limits_leave_room_for_metadata),
		cmocka_unit_test(test_defaults_stay_on_the_heap),
		cmocka_unit_test(test_reads_always_pass_at_first),
		cmocka_unit_test(test_location_is_counted_encoded),
		cmocka_unit_test(test_head_of_a_response_is_measured),
	};

	return cmocka_run_group_tests_name("http/room", tests, NULL, NULL);
}
