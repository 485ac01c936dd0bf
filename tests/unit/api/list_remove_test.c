/* SPDX-License-Identifier: MIT */
/* Promise: DELETE /keys removes what begins with a prefix, each key once however many ask, and
 * nothing else: not what somebody put meanwhile; and where it fails in the middle it says how far
 * it came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env/thread.h"
#include "list_support.h"

/* More than are removed in one step. */
enum { MANY = 300 };

static int setup_without_syncs(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	fault_env_skip_syncs(fixture->faults);
	api_fixture_serve(fixture);
	*state = fixture;
	return 0;
}

static void put_many(struct api_fixture *fixture, const char *prefix, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char key[32];
		struct ary_write write = {.op = ARY_WRITE_SET, .value = ary_bytes_of("v")};

		(void)snprintf(key, sizeof(key), "%s%04u", prefix, i);
		write.key = ary_bytes_of(key);
		assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
	}
}

static uint64_t count_keys(struct api_fixture *fixture)
{
	struct ary_stats stats;

	ary_store_stats(fixture->store, &stats);
	return stats.keys;
}

/* The member "deleted" of REQUEST's answer, which must be there. */
static uint64_t deleted_of(const struct api_request *request)
{
	struct ary_bytes body = request->call.response.body;
	json_t *root = json_loadb((const char *)body.data, body.size, 0, NULL);
	json_t *deleted = json_object_get(root, "deleted");
	uint64_t number;

	assert_true(json_is_integer(deleted));
	number = (uint64_t)json_integer_value(deleted);
	json_decref(root);
	return number;
}

static void expect_deleted(struct api_fixture *fixture, const char *target, uint64_t deleted)
{
	struct api_request request;

	api_request_init(&request, "DELETE", target);
	assert_int_equal(api_request_send(fixture, &request), 200);
	assert_int_equal(deleted_of(&request), deleted);
	assert_string_equal(api_request_field(&request, "Content-Type"), "application/json");
	api_request_release(&request);
}

static void test_what_begins_with_the_prefix_is_removed(void **state)
{
	struct api_fixture *fixture = *state;

	put_many(fixture, "a/", MANY);
	put_many(fixture, "a", 2);
	put_many(fixture, "a0", 2);
	put_many(fixture, "b", 1);
	expect_deleted(fixture, "/keys?prefix=a%2F", MANY);
	assert_int_equal(count_keys(fixture), 5);
	expect_deleted(fixture, "/keys/?prefix=a/", 0);
	expect_deleted(fixture, "/keys?prefix=none", 0);
	expect_deleted(fixture, "/keys?prefix=a0", 4);
	expect_deleted(fixture, "/keys?prefix=b0000", 1);
	put_many(fixture, "\xff\xff", 3);
	put_many(fixture, "\xfe", 3);
	expect_deleted(fixture, "/keys?prefix=%ff", 3);
	expect_deleted(fixture, "/keys?prefix=&confirm", 3);
	assert_int_equal(count_keys(fixture), 0);
	expect_deleted(fixture, "/keys?confirm&prefix=", 0);
}

static void test_removals_are_as_durable_as_was_asked(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;

	put_many(fixture, "a", 3);
	api_request_init(&request, "DELETE", "/keys?prefix=a");
	api_request_header(&request, "Aryavarth-Durability", "always");
	assert_int_equal(api_request_send(fixture, &request), 200);
	assert_int_equal(deleted_of(&request), 3);
	assert_string_equal(api_request_field(&request, "Aryavarth-Durability"), "always");
	api_request_release(&request);
	assert_int_equal(api_send(fixture, "DELETE", "/keys?prefix=a&durability=often"), 400);
}

static void test_a_mistake_removes_nothing(void **state)
{
	static const struct {
		const char *target;
		const char *slug;
	} rows[] = {
		{"/keys", "invalid-parameter"},
		{"/keys?", "invalid-parameter"},
		{"/keys?confirm", "invalid-parameter"},
		{"/keys?prefix", "invalid-parameter"},
		{"/keys?prefix=", "invalid-parameter"},
		{"/keys?prefix=&confirm=0", "invalid-parameter"},
		{"/keys?prefix=&confirm=yes", "invalid-parameter"},
		{"/keys?prefix=%", "bad-percent-encoding"},
		{"/keys?prefix=a&limit=1", "unknown-parameter"},
		{"/keys?prefix=a&prefix=b", "repeated-parameter"},
	};
	struct api_fixture *fixture = *state;

	put_many(fixture, "a", 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_request request;

		api_request_init(&request, "DELETE", rows[i].target);
		if (api_request_send(fixture, &request) != 400)
			fail_msg("%s", rows[i].target);
		api_request_expect_problem(&request, rows[i].slug);
		api_request_release(&request);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct api_request request;

		api_request_init(&request, "DELETE", "/keys?prefix=a");
		api_request_header(&request, i == 0 ? "If-Match" : "If-None-Match", "*");
		assert_int_equal(api_request_send(fixture, &request), 400);
		api_request_expect_problem(&request, "bad-condition");
		api_request_release(&request);
	}
	assert_int_equal(count_keys(fixture), 1);
}

static void change_two(void *context)
{
	struct api_fixture *fixture = context;
	struct ary_write put = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of("a0001"),
		.value = ary_bytes_of("new"),
	};
	struct ary_write drop = {.op = ARY_WRITE_REMOVE, .key = ary_bytes_of("a0002")};

	assert_int_equal(ary_store_write(fixture->store, &put), ARY_OK);
	assert_int_equal(ary_store_write(fixture->store, &drop), ARY_OK);
}

/* What was put, or removed, after it was looked up is nobody's to remove any more. */
static void test_what_changes_meanwhile_is_left_alone(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;

	put_many(fixture, "a", 5);
	api_request_init(&request, "DELETE", "/keys?prefix=a");
	request.before_launch = change_two;
	request.before_launch_context = fixture;
	assert_int_equal(api_request_send(fixture, &request), 200);
	assert_int_equal(deleted_of(&request), 3);
	api_request_release(&request);
	assert_int_equal(count_keys(fixture), 1);
	assert_int_equal(api_send(fixture, "GET", "/keys/a0001"), 200);
}

static void test_a_failure_in_the_middle_says_how_far_it_came(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;
	uint64_t deleted;

	put_many(fixture, "a", MANY);
	/* The first step is one or two groups. */
	fault_env_fail(fixture->faults,
		       (struct fault){.kind = FAULT_FILE_WRITE, .nth = 3, .forever = true});
	api_request_init(&request, "DELETE", "/keys?prefix=a");
	assert_int_equal(api_request_send(fixture, &request), 500);
	deleted = deleted_of(&request);
	api_request_release(&request);
	assert_in_range(deleted, 1, MANY - 1);
	assert_int_equal(count_keys(fixture), MANY - deleted);
}

static void close_gate(void *context)
{
	struct api_fixture *fixture = context;

	ary_replica_close_gate(fixture->replica);
}

static void test_an_end_in_the_middle_is_told(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;

	put_many(fixture, "a", 3);
	api_request_init(&request, "DELETE", "/keys?prefix=a");
	request.before_launch = close_gate;
	request.before_launch_context = fixture;
	assert_int_equal(api_request_send(fixture, &request), 503);
	api_request_expect_problem(&request, "shutting-down");
	assert_int_equal(deleted_of(&request), 0);
	api_request_release(&request);
	assert_int_equal(count_keys(fixture), 3);
}

/* A queue that takes no whole step: what finds no room is proposed again. */
static void test_a_full_queue_only_takes_longer(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	fault_env_skip_syncs(fixture->faults);
	fixture->queue_bytes_max = 4096;
	api_fixture_serve(fixture);
	put_many(fixture, "a", MANY);
	expect_deleted(fixture, "/keys?prefix=a", MANY);
	assert_int_equal(count_keys(fixture), 0);
	*state = fixture;
	(void)api_fixture_teardown(state);
}

/* Whenever memory runs out, that is the answer; the same request again does what is left. */
static void test_what_had_no_memory_can_be_asked_again(void **state)
{
	struct api_fixture *fixture = *state;
	unsigned refused = 0;
	bool ran_out = true;

	for (unsigned nth = 1; ran_out; nth++) {
		struct api_request request;
		unsigned status;

		put_many(fixture, "a", 3);
		api_request_init(&request, "DELETE", "/keys?prefix=%61");
		ary_alloc_fail_at(nth, false);
		status = api_request_send(fixture, &request);
		ran_out = ary_alloc_failed();
		ary_alloc_fail_at(0, false);
		assert_true(status == 200 || (status == 503 && ran_out));
		if (status == 200)
			assert_int_equal(deleted_of(&request), 3);
		refused += status == 503;
		api_request_release(&request);
		expect_deleted(fixture, "/keys?prefix=a", count_keys(fixture));
		assert_true(nth < 400);
	}
	assert_true(refused > 5);
	assert_int_equal(count_keys(fixture), 0);
}

struct remover {
	struct api_fixture *fixture;
	struct ary_thread thread;
	uint64_t deleted;
	unsigned status;
};

static void remove_all(void *context)
{
	struct remover *remover = context;
	struct api_request request;

	api_request_init(&request, "DELETE", "/keys?prefix=a");
	remover->status = api_request_send(remover->fixture, &request);
	remover->deleted = deleted_of(&request);
	api_request_release(&request);
}

static void test_several_at_once_remove_each_key_once(void **state)
{
	struct api_fixture *fixture = *state;
	struct remover removers[4] = {{.deleted = 0}};
	uint64_t deleted = 0;

	put_many(fixture, "a", 3 * MANY);
	put_many(fixture, "b", 1);
	for (unsigned i = 0; i < 4; i++) {
		removers[i].fixture = fixture;
		assert_int_equal(ary_thread_start(&removers[i].thread, "remover", remove_all,
						  &removers[i], NULL),
				 ARY_OK);
	}
	for (unsigned i = 0; i < 4; i++) {
		ary_thread_join(&removers[i].thread);
		assert_int_equal(removers[i].status, 200);
		deleted += removers[i].deleted;
	}
	assert_int_equal(deleted, 3 * MANY);
	assert_int_equal(count_keys(fixture), 1);
}

int main(void)
{
#define ON_A_SERVICE(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, setup_without_syncs, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_A_SERVICE(test_what_begins_with_the_prefix_is_removed),
		ON_A_SERVICE(test_removals_are_as_durable_as_was_asked),
		ON_A_SERVICE(test_a_mistake_removes_nothing),
		ON_A_SERVICE(test_what_changes_meanwhile_is_left_alone),
		ON_A_SERVICE(test_a_failure_in_the_middle_says_how_far_it_came),
		ON_A_SERVICE(test_an_end_in_the_middle_is_told),
		ON_A_SERVICE(test_what_had_no_memory_can_be_asked_again),
		cmocka_unit_test(test_a_full_queue_only_takes_longer),
		ON_A_SERVICE(test_several_at_once_remove_each_key_once),
	};

	return cmocka_run_group_tests_name("api/list_remove", tests, NULL, NULL);
}
