/* SPDX-License-Identifier: MIT */
/* Promise: a value whose digest is not what the client says is not stored, and who asks for a
 * digest of what is read gets the right one (RFC 9530). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "lib/api_fixture.h"

/* Of "hello", of its bytes 1 to 3, of nothing, and of another text. */
#define HELLO_256 "=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"
#define HELLO_512 \
	"=:m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG" \
	"4UuMXaDEZjR1wuXDre9G9zvN7AQw==:"
#define PART_256 "=:uuqWUAmX/1zWz9Jlkql41rc9SAtK0z0AJJnPAEGsmZY=:"
#define EMPTY_256 "=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
#define OTHER_256 "=:2SmKENGwc1g33EvYXaxkGw887yekfl1TpU8vP1svz/o=:"
#define OTHER_512 \
	"=:4lrDhF+MvhKAGi36WonUxV3EeQDztu3Jqe5ZDzwrkxL2ZdADnJOCi3tY8z" \
	"lQvIF6CVWpxQAKjT4oBWnwh0XKaA==:"

struct header {
	const char *name; /* NULL: none */
	const char *value;
};

/* ---- Writing ---- */

#define TEN(x) x x x x x x x x x x
#define TENS(x) TEN(x) TEN(x) TEN(x) TEN(x)

static const struct {
	struct header headers[2];
	const char *problem; /* NULL: it is stored */
} puts_of_hello[] = {
	{{{"Content-Digest", "sha-256" HELLO_256}}, NULL},
	{{{"Repr-Digest", "sha-256" HELLO_256}}, NULL},
	{{{"Content-Digest", "sha-512" HELLO_512}}, NULL},
	{{{"Content-Digest", "sha-256" HELLO_256 ", sha-512" HELLO_512}}, NULL},
	{{{"Content-Digest", "sha-256" HELLO_256}, {"Repr-Digest", "sha-512" HELLO_512}}, NULL},
	{{{"Content-Digest", "sha-256" HELLO_256}, {"Content-Digest", "md5=:AA==:"}}, NULL},
	{{{"Content-Digest", "md5=:AA==:, unixsum=1, x"}}, NULL},
	{{{"Content-Digest", "sha-256" HELLO_256 ";from=me, adler=(1 2)"}}, NULL},
	{{{"Content-Digest", ""}}, NULL},
	{{{"Content-Digest", "sha-256" OTHER_256}}, "digest-mismatch"},
	{{{"Repr-Digest", "sha-256" OTHER_256}}, "digest-mismatch"},
	{{{"Repr-Digest", "sha-512" OTHER_512}}, "digest-mismatch"},
	{{{"Repr-Digest", "sha-256" EMPTY_256}}, "digest-mismatch"},
	{{{"Content-Digest", "sha-256" HELLO_256 ", sha-512" OTHER_512}}, "digest-mismatch"},
	{{{"Content-Digest", "sha-256" HELLO_256}, {"Repr-Digest", "sha-256" OTHER_256}},
	 "digest-mismatch"},
	{{{"Content-Digest", "sha-256=:AAAA:"}}, "bad-digest"},
	{{{"Content-Digest", "sha-512" HELLO_256}}, "bad-digest"},
	{{{"Content-Digest", "sha-256"}}, "bad-digest"},
	{{{"Content-Digest", "sha-256=1"}}, "bad-digest"},
	{{{"Content-Digest", "sha-256=\"x\""}}, "bad-digest"},
	/* As long as a digest, without being one. */
	{{{"Content-Digest", "sha-256=:" TENS("A") "AAAA:"}}, "bad-digest"},
	{{{"Content-Digest", "sha-256=:" TENS("A") "AA==:"}}, "bad-digest"},
	{{{"Content-Digest", "sha-256=:" TENS("A") "A=A=:"}}, "bad-digest"},
	{{{"Content-Digest", "sha-256=:" TENS("=") "AAAA:"}}, "bad-digest"},
	{{{"Content-Digest", "SHA-256" HELLO_256}}, "bad-digest"},
	{{{"Content-Digest", "sha-256" HELLO_256 ","}}, "bad-digest"},
	{{{"Repr-Digest", "sha-256 " HELLO_256}}, "bad-digest"},
	{{{"Repr-Digest", "sha-256" HELLO_256}, {"Content-Digest", "\xc3\xbc"}}, "bad-digest"},
};

static void put_hello(struct api_fixture *fixture, size_t i, struct api_request *put)
{
	api_request_init(put, "PUT", "/keys/k");
	api_request_body(put, ary_bytes_of("hello"));
	for (size_t j = 0; j < 2 && puts_of_hello[i].headers[j].name != NULL; j++)
		api_request_header(put, puts_of_hello[i].headers[j].name,
				   puts_of_hello[i].headers[j].value);
	(void)api_request_send(fixture, put);
}

static void test_only_what_was_meant_is_stored(void **state)
{
	for (size_t i = 0; i < sizeof(puts_of_hello) / sizeof(puts_of_hello[0]); i++) {
		const char *problem = puts_of_hello[i].problem;
		struct api_request put;

		put_hello(*state, i, &put);
		if (put.call.response.status != (problem != NULL ? 400 : 201))
			fail_msg("row %zu: %u", i, put.call.response.status);
		if (problem != NULL)
			api_request_expect_problem(&put, problem);
		/* What no body could make right is refused before one is sent. */
		assert_int_equal(put.refused,
				 problem != NULL && strcmp(problem, "bad-digest") == 0);
		api_request_release(&put);
		assert_int_equal(api_send(*state, "DELETE", "/keys/k"),
				 problem != NULL ? 404 : 204);
	}
}

static void test_an_empty_value_has_a_digest(void **state)
{
	struct api_request put;

	api_request_init(&put, "PUT", "/keys/k");
	api_request_header(&put, "Repr-Digest", "sha-256" EMPTY_256);
	assert_int_equal(api_request_send(*state, &put), 201);
	api_request_release(&put);
}

/* ---- Reading ---- */

static const struct {
	const char *method;
	struct header headers[3];
	unsigned status;
	const char *repr;    /* or NULL: none */
	const char *content;
} reads[] = {
	{"GET", {{NULL, NULL}}, 200, NULL, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-256=1"}}, 200, "sha-256" HELLO_256, NULL},
	{"HEAD", {{"Want-Repr-Digest", "sha-256=1"}}, 200, "sha-256" HELLO_256, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-512=1"}}, 200, "sha-512" HELLO_512, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-512=2, sha-256=1"}}, 200, "sha-512" HELLO_512, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-512=2, sha-256=3"}}, 200, "sha-256" HELLO_256, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-256=5, sha-512=5"}}, 200, "sha-256" HELLO_256, NULL},
	{"GET", {{"Want-Repr-Digest", "md5=10, sha-256=1"}}, 200, "sha-256" HELLO_256, NULL},
	{"GET",
	 {{"Want-Repr-Digest", "sha-512=1"}, {"Want-Repr-Digest", "sha-256=9"}},
	 200, "sha-256" HELLO_256, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-256=0"}}, 200, NULL, NULL},
	{"GET", {{"Want-Repr-Digest", "md5=10"}}, 200, NULL, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-256"}}, 200, NULL, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-256=11"}}, 200, NULL, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-256=-1"}}, 200, NULL, NULL},
	{"GET", {{"Want-Repr-Digest", "sha-256=1,,"}}, 200, NULL, NULL},
	{"GET", {{"Want-Content-Digest", "sha-256=1"}}, 200, NULL, "sha-256" HELLO_256},
	{"HEAD", {{"Want-Content-Digest", "sha-256=1"}}, 200, NULL, "sha-256" HELLO_256},
	{"GET",
	 {{"Range", "bytes=1-3"}, {"Want-Content-Digest", "sha-256=1"}},
	 206, NULL, "sha-256" PART_256},
	{"GET",
	 {{"Range", "bytes=1-3"},
	  {"Want-Content-Digest", "sha-256=1"},
	  {"Want-Repr-Digest", "sha-512=1"}},
	 206, "sha-512" HELLO_512, "sha-256" PART_256},
	{"GET", {{"Range", "bytes=1-3"}}, 206, NULL, NULL},
	{"GET", {{"Range", "bytes=9-"}, {"Want-Repr-Digest", "sha-256=1"}}, 416, NULL, NULL},
	{"GET", {{"If-None-Match", "*"}, {"Want-Repr-Digest", "sha-256=1"}}, 304, NULL, NULL},
};

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void test_who_asks_gets_the_digest(void **state)
{
	assert_int_equal(api_put(*state, "/keys/k", "hello"), 201);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		struct api_request request;

		api_request_init(&request, reads[i].method, "/keys/k");
		for (size_t j = 0; j < 3 && reads[i].headers[j].name != NULL; j++)
			api_request_header(&request, reads[i].headers[j].name,
					   reads[i].headers[j].value);
		if (api_request_send(*state, &request) != reads[i].status ||
		    !is_same(api_request_field(&request, "Repr-Digest"), reads[i].repr) ||
		    !is_same(api_request_field(&request, "Content-Digest"), reads[i].content))
			fail_msg("row %zu: %u", i, request.call.response.status);
		/* An answer with a digest that was asked for is not the one for all. */
		if (reads[i].repr != NULL || reads[i].content != NULL)
			assert_int_equal(request.call.response.value_seq, 0);
		api_request_release(&request);
	}
}

static void test_memory_running_out_is_answered(void **state)
{
	unsigned status = 503;

	for (uint64_t nth = 1; status == 503; nth++) {
		struct api_request put;

		put_hello(*state, 0, &put);
		api_request_release(&put);
		api_request_init(&put, "PUT", "/keys/k");
		api_request_body(&put, ary_bytes_of("hello"));
		api_request_header(&put, "Repr-Digest", "sha-256" HELLO_256);
		ary_alloc_fail_at(nth, 1);
		status = api_request_send(*state, &put);
		ary_alloc_fail_at(0, 0);
		assert_true(status == 503 || status == 204);
		assert_true(status == 503 || nth > 2);
		api_request_release(&put);
	}
}

int main(void)
{
#define WITH_STORE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_only_what_was_meant_is_stored),
		WITH_STORE(test_an_empty_value_has_a_digest),
		WITH_STORE(test_who_asks_gets_the_digest),
		WITH_STORE(test_memory_running_out_is_answered),
	};

	return cmocka_run_group_tests_name("api/digest", tests, NULL, NULL);
}
