/* SPDX-License-Identifier: MIT */
/* Promise: the id that a request came with is in its answer, and in its problem; one that could do
 * harm there is replaced; every error has an id, no two the same; whoever runs the server is told
 * of a failure under that id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/request_id.h"
#include "base/alloc.h"
#include "lib/api_fixture.h"

#define CHARS_64 "0123456789012345678901234567890123456789012345678901234567890123"
#define EVERY_CHAR "abcxyz-ABCXYZ.0189_~:@+="

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	api_fixture_serve(fixture);
	assert_int_equal(api_put(fixture, "/keys/a", "value"), 201);
	*state = fixture;
	return 0;
}

/* The id in the answer to METHOD of TARGET, which is STATUS, sent with ID (NULL: without); empty
 * where there is none. */
static void ask(struct api_fixture *fixture, const char *method, const char *target,
		const char *id, unsigned status, char out[256])
{
	struct api_request request;
	const char *found;

	api_request_init(&request, method, target);
	if (id != NULL)
		api_request_header(&request, "x-request-id", id);
	assert_int_equal(api_request_send(fixture, &request), status);
	found = api_request_field(&request, "X-Request-Id");
	(void)snprintf(out, 256, "%s", found != NULL ? found : "");
	api_request_release(&request);
}

/* The routes and methods of which each answers in a way of its own. */
static const struct {
	const char *method;
	const char *target;
	unsigned status;
} requests[] = {
	{"GET", "/keys/a", 200},	  {"HEAD", "/keys/a", 200},  {"PUT", "/keys/a", 204},
	{"PUT", "/keys/b", 201},	  {"DELETE", "/keys/b", 204}, {"GET", "/keys/none", 404},
	{"DELETE", "/keys/none", 404},	  {"OPTIONS", "/keys/a", 204}, {"POST", "/keys/a", 405},
	{"BREW", "/keys/a", 501},	  {"GET", "/nothing", 404},  {"GET", "/keys/%zz", 400},
	{"GET", "/stats", 200},		  {"GET", "/compact", 200},  {"POST", "/compact", 200},
	{"GET", "/livez", 200},		  {"GET", "/readyz", 200},   {"GET", "/", 200},
	{"GET", "/problems/starting", 200}, {"GET", "/openapi.yaml", 200},
};

enum { REQUESTS = sizeof(requests) / sizeof(requests[0]) };

static void test_an_id_comes_back_from_everywhere(void **state)
{
	for (size_t i = 0; i < REQUESTS; i++) {
		char id[256];

		ask(*state, requests[i].method, requests[i].target, EVERY_CHAR, requests[i].status,
		    id);
		assert_string_equal(id, EVERY_CHAR);
	}
}

static void test_without_an_id_errors_get_one_of_their_own(void **state)
{
	char before[256] = "";

	for (size_t i = 0; i < REQUESTS; i++) {
		char id[256];

		ask(*state, requests[i].method, requests[i].target, NULL, requests[i].status, id);
		assert_int_equal(id[0] != '\0', requests[i].status >= 400);
		if (id[0] == '\0')
			continue;
		assert_int_equal(strspn(id, "0123456789abcdef"), ARY_RUN_ID_BYTES);
		assert_int_equal(id[ARY_RUN_ID_BYTES], '-');
		assert_string_not_equal(id, before);
		(void)snprintf(before, sizeof(before), "%s", id);
	}
}

/* Two servers, or one that was started again, must not give the same one. */
static void test_another_run_has_other_ids(void **state)
{
	struct api_fixture other;
	char here[256], there[256];

	api_fixture_create(&other, NULL);
	ask(*state, "GET", "/nothing", NULL, 404, here);
	ask(&other, "GET", "/nothing", NULL, 404, there);
	assert_memory_not_equal(here, there, ARY_RUN_ID_BYTES);
	api_fixture_destroy(&other);
}

static void test_without_random_bytes_there_are_ids(void **state)
{
	struct api_fixture *fixture = *state;
	struct ary_env *env = fault_env_env(fixture->faults);
	struct ary_request_ids ids;
	struct ary_call call;

	fault_env_fail(fixture->faults,
		       (struct fault){.kind = FAULT_RANDOM, .nth = 1, .os_errno = EIO});
	ary_request_ids_init(&ids, env);
	assert_int_equal(fault_env_fired(fixture->faults), 1);
	ary_call_init(&call);
	ary_request_id_take(&ids, &call);
	assert_int_equal(call.request_id.size, 0);
	assert_int_equal(ary_request_id(&call).size, ARY_RUN_ID_BYTES + 2);
	assert_int_equal(call.request_id.data[ARY_RUN_ID_BYTES + 1], '1');
	ary_call_release(&call);
}

static void test_ids_that_could_do_harm_are_replaced(void **state)
{
	static const char too_long[] = CHARS_64 CHARS_64 "0";
	static const char *const bad[] = {
		"", " ", "a b", "a\"b", "a\\b", "<script>", "a,b", "a;b", "a/b", "100%", "a#b",
		"a?b", "\x7f", "\xc3\xa9", "a\tb", too_long,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char id[256];

		ask(*state, "GET", "/keys/a", bad[i], 200, id);
		assert_string_not_equal(id, bad[i]);
		assert_int_equal(strspn(id, "0123456789abcdef"), ARY_RUN_ID_BYTES);
	}
}

static void test_the_longest_id_is_kept(void **state)
{
	char id[256];

	ask(*state, "GET", "/keys/none", CHARS_64 CHARS_64, 404, id);
	assert_string_equal(id, CHARS_64 CHARS_64);
	ask(*state, "PUT", "/keys/12345678901234567890123456789012", CHARS_64 CHARS_64, 201, id);
	assert_string_equal(id, CHARS_64 CHARS_64);
}

static void test_of_several_ids_none_counts(void **state)
{
	struct api_request request;
	const char *id;

	api_request_init(&request, "GET", "/keys/a");
	api_request_header(&request, "X-Request-Id", "one");
	api_request_header(&request, "X-Request-Id", "two");
	assert_int_equal(api_request_send(*state, &request), 200);
	id = api_request_field(&request, "X-Request-Id");
	assert_non_null(id);
	assert_int_equal(strspn(id, "0123456789abcdef"), ARY_RUN_ID_BYTES);
	api_request_release(&request);
}

static void test_a_problem_names_its_request(void **state)
{
	struct api_request request;

	api_request_init(&request, "GET", "/keys/none");
	api_request_header(&request, "X-Request-Id", "trace-1");
	assert_int_equal(api_request_send(*state, &request), 404);
	assert_string_equal(api_request_field(&request, "X-Request-Id"), "trace-1");
	api_request_expect_problem(&request, "key-not-found");
	api_request_release(&request);
}

/* Sends a GET that fails, and answers what was said about it on standard error. */
static void said_about(struct api_fixture *fixture, const char *target, unsigned status,
		       char *out, size_t size)
{
	struct api_request request;
	FILE *file = tmpfile();
	int error_fd = dup(STDERR_FILENO);

	assert_non_null(file);
	assert_true(error_fd >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
	api_request_init(&request, "GET", target);
	api_request_header(&request, "X-Request-Id", "the-one");
	assert_int_equal(api_request_send(fixture, &request), status);
	assert_true(dup2(error_fd, STDERR_FILENO) >= 0);
	assert_int_equal(close(error_fd), 0);
	rewind(file);
	out[fread(out, 1, size - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	api_request_release(&request);
}

static void test_a_failure_is_told_under_its_id(void **state)
{
	struct api_fixture *fixture = *state;
	char said[1024];

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_READ, .nth = 1,
						       .os_errno = EIO, .forever = true});
	said_about(fixture, "/keys/a", 500, said, sizeof(said));
	assert_non_null(strstr(said, "event=request_failed request_id=the-one problem=io-error"));
	/* What is the client's doing is not worth a line. */
	said_about(fixture, "/keys/none", 404, said, sizeof(said));
	assert_string_equal(said, "");
}

int main(void)
{
#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_SERVICE(test_an_id_comes_back_from_everywhere),
		WITH_SERVICE(test_without_an_id_errors_get_one_of_their_own),
		WITH_SERVICE(test_another_run_has_other_ids),
		WITH_SERVICE(test_without_random_bytes_there_are_ids),
		WITH_SERVICE(test_ids_that_could_do_harm_are_replaced),
		WITH_SERVICE(test_the_longest_id_is_kept),
		WITH_SERVICE(test_of_several_ids_none_counts),
		WITH_SERVICE(test_a_problem_names_its_request),
		WITH_SERVICE(test_a_failure_is_told_under_its_id),
	};

	return cmocka_run_group_tests_name("api/request_id", tests, NULL, NULL);
}
