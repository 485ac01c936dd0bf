/* SPDX-License-Identifier: MIT */
/* Promise: a request for which there is no memory, at whatever moment, is answered 503 as just that
 * and changes nothing, or is answered as ever and whole; the next one works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "lib/api_fixture.h"

#define ORIGIN "https://example.org"

enum { TRIES_MAX = 400 };

/* A request, and its answer where there is memory. */
struct row {
	const char *method;
	const char *target;
	unsigned status;
	const char *body; /* NULL: none */
	const char *name; /* of a header, or NULL */
	const char *value;
	/* What the key /keys/k holds afterwards, when it was answered so; NULL: nothing. */
	const char *leaves;
	const char *member; /* that the JSON of the answer must have, or NULL */
};

static const struct row rows[] = {
	{"PUT", "/keys/k", 204, "new", NULL, NULL, "new", NULL},
	{"PUT", "/keys/k", 204, "new", "Content-Type", "text/plain", "new", NULL},
	{"PUT", "/keys/k?durability=%61lways", 204, "new", NULL, NULL, "new", NULL},
	{"DELETE", "/keys/k", 204, NULL, "Aryavarth-Durability", "always", NULL, NULL},
	{"PUT", "/keys/k", 204, "new", "Prefer", "server-timing", "new", NULL},
	{"PUT", "/keys/k?durability=more", 400, "new", NULL, NULL, "old", "detail"},
	{"PUT", "/keys/k", 412, "new", "If-Match", "\"1\", \"777\"", "old", "detail"},
	{"PUT", "/keys/k", 412, "new", "If-None-Match", "*", "old", "key"},
	{"PUT", "/keys/k", 400, "new", "Content-Range", "bytes 0-1/2", "old", "detail"},
	{"PUT", "/keys/k", 400, "new", "Content-Encoding", "g zip", "old", "detail"},
	{"PUT", "/keys/k", 204, "new", "Aryavarth-Meta-Name", "value", "new", NULL},
	{"PUT", "/keys/k", 204, "new", "X-Request-Id", "id", "new", NULL},
	{"PUT", "/keys/k", 204, "new", "X-Request-Id", "\"", "new", NULL},
	{"DELETE", "/keys/k", 204, NULL, NULL, NULL, NULL, NULL},
	{"DELETE", "/keys/none", 404, NULL, NULL, NULL, "old", "key"},
	{"GET", "/keys/k", 200, NULL, NULL, NULL, "old", NULL},
	{"GET", "/keys/%6b", 200, NULL, NULL, NULL, "old", NULL},
	{"HEAD", "/keys/k", 200, NULL, NULL, NULL, "old", NULL},
	{"GET", "/keys/k", 304, NULL, "If-None-Match", "*", "old", NULL},
	{"GET", "/keys/none%2F%20", 404, NULL, NULL, NULL, "old", "key"},
	{"GET", "/keys/none", 404, NULL, "X-Request-Id", "id", "old", "instance"},
	{"GET", "/keys/%ff", 404, NULL, NULL, NULL, "old", "key_b64"},
	{"POST", "/keys?prefix=%61", 201, "new", NULL, NULL, "old", NULL},
	{"GET", "/keys-b64/aw", 200, NULL, NULL, NULL, "old", NULL},
	{"PUT", "/keys-b64/aw==", 204, "new", NULL, NULL, "new", NULL},
	{"GET", "/keys-b64/_w", 404, NULL, NULL, NULL, "old", "key_b64"},
	{"GET", "/keys/k?x=y", 400, NULL, NULL, NULL, "old", "detail"},
	{"GET", "/keys/%zz", 400, NULL, NULL, NULL, "old", NULL},
	{"OPTIONS", "/keys/k", 204, NULL, NULL, NULL, "old", NULL},
	{"OPTIONS", "/keys/k", 204, NULL, "Access-Control-Request-Method", "PUT", "old", NULL},
	{"POST", "/keys/k", 405, NULL, NULL, NULL, "old", NULL},
	{"GET", "/keys", 200, NULL, NULL, NULL, "old", "next"},
	{"GET", "/keys?prefix=%6b&delimiter=%2F&reverse", 200, NULL, NULL, NULL, "old", "keys"},
	{"GET", "/keys?start=%6b", 200, NULL, "Accept", "application/x-ndjson", "old", "next"},
	{"GET", "/keys?include=meta,value", 200, NULL, NULL, NULL, "old", "modified"},
	{"GET", "/keys?count&after=%6a", 200, NULL, NULL, NULL, "old", "count"},
	{"GET", "/keys?next=AAAAAAA", 400, NULL, NULL, NULL, "old", "detail"},
	{"GET", "/nothing", 404, NULL, NULL, NULL, "old", "title"},
	{"GET", "/stats", 200, NULL, NULL, NULL, "old", "recovery_seconds"},
	{"GET", "/compact", 200, NULL, NULL, NULL, "old", "duration_seconds"},
	{"POST", "/compact", 200, NULL, NULL, NULL, "old", "result"},
	{"POST", "/compact", 202, NULL, "Prefer", "respond-async", "old", "state"},
	{"GET", "/readyz?verbose", 200, NULL, NULL, NULL, "old", NULL},
	{"GET", "/livez", 200, NULL, NULL, NULL, "old", NULL},
	{"GET", "/", 200, NULL, NULL, NULL, "old", NULL},
	{"GET", "/problems/no-space", 200, NULL, NULL, NULL, "old", NULL},
	{"GET", "/problems/no-space", 200, NULL, "Accept", "application/json", "old", "remedy"},
	{"GET", "/problems", 200, NULL, "Accept", "text/html", "old", NULL},
	{"GET", "/docs", 200, NULL, NULL, NULL, "old", NULL},
	{"GET", "/openapi.yaml", 200, NULL, NULL, NULL, "old", NULL},
	{"GET", "/openapi.yaml", 200, NULL, "Accept-Encoding", "gzip", "old", NULL},
	{"GET", "/stats", 200, NULL, "Accept-Encoding", "gzip", "old", NULL},
};

static void expect_key(struct api_fixture *fixture, const char *value)
{
	struct api_request request;

	api_request_init(&request, "GET", "/keys/k");
	assert_int_equal(api_request_send(fixture, &request), value ? 200 : 404);
	if (value)
		assert_true(ary_bytes_equal(request.call.response.body, ary_bytes_of(value)));
	api_request_release(&request);
}

/* The answer is whole: no member was left out for want of memory. */
static void expect_whole(const struct row *row, const struct api_request *request)
{
	char wanted[64];
	struct ary_bytes body = request->call.response.body;

	if (request->call.response.status != row->status)
		fail_msg("%s %s: %u", row->method, row->target, request->call.response.status);
	if (!row->member)
		return;
	if (strstr(api_request_field(request, "Content-Type"), "json") &&
	    !strstr(api_request_field(request, "Content-Type"), "ndjson")) {
		json_t *root = json_loadb((const char *)body.data, body.size, 0, NULL);

		if (!root)
			fail_msg("%s %s: no JSON: %.*s", row->method, row->target, (int)body.size,
				 (const char *)body.data);
		json_decref(root);
	}
	int size = snprintf(wanted, sizeof(wanted), "\"%s\":", row->member);
	if (!memmem(body.data, body.size, wanted, (size_t)size))
		fail_msg("%s %s: %s is missing in %.*s", row->method, row->target, wanted,
			 (int)body.size, (const char *)body.data);
}

/* The answer says that memory was out. Where it is for ever, not even a header has any. */
static void expect_refusal(const struct api_request *request, bool forever)
{
	static const char slug[] = "\"/problems/out-of-memory\"";
	struct ary_bytes body = request->call.response.body;

	assert_int_equal(request->call.response.status, 503);
	assert_non_null(memmem(body.data, body.size, slug, sizeof(slug) - 1));
	if (forever)
		return;
	api_request_expect_problem(request, "out-of-memory");
	assert_string_equal(api_request_field(request, "Access-Control-Allow-Origin"), ORIGIN);
	assert_string_equal(api_request_field(request, "Retry-After"), "1");
	assert_string_equal(api_request_field(request, "Cache-Control"), "no-store");
}

/* Whether the NTH try of ROW's request had to fail. */
static bool run_out_at(struct api_fixture *fixture, const struct row *row, unsigned long nth,
		       bool forever)
{
	struct api_request request;

	assert_in_range(api_put(fixture, "/keys/k", "old"), 201, 204);
	api_request_init(&request, row->method, row->target);
	api_request_header(&request, "Origin", ORIGIN);
	if (row->name)
		api_request_header(&request, row->name, row->value);
	if (row->body)
		api_request_body(&request, ary_bytes_of(row->body));
	ary_alloc_fail_at(nth, forever);
	unsigned status = api_request_send(fixture, &request);
	bool ran_out = ary_alloc_failed();
	ary_alloc_fail_at(0, 0);
	if (ran_out && status != row->status) {
		expect_refusal(&request, forever);
		expect_key(fixture, "old");
	} else {
		expect_whole(row, &request);
		expect_key(fixture, row->leaves);
	}
	api_request_release(&request);
	return ran_out;
}

static unsigned long run_out_everywhere(const struct row *row, bool forever)
{
	unsigned long nth = 0;
	bool ran_out = true;

	while (ran_out) {
		/* A compaction that could not be taken over is the last one of its store. */
		struct api_fixture fixture;
		api_fixture_create(&fixture, ORIGIN);
		api_fixture_serve(&fixture);
		assert_int_equal(api_put(&fixture, "/keys/k", "stale"), 201);
		ran_out = run_out_at(&fixture, row, ++nth, forever);
		assert_in_range(api_put(&fixture, "/keys/k", "after"), 201, 204);
		expect_key(&fixture, "after");
		api_fixture_destroy(&fixture);
		assert_in_range(nth, 1, TRIES_MAX);
	}
	return nth - 1;
}

static void test_request_without_memory_is_answered_503_or_whole(void **state)
{
	unsigned long failed = 0;

	(void)state;
	ary_diag_set_level(ARY_DIAG_ERROR);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		failed += run_out_everywhere(&rows[i], false);
		failed += run_out_everywhere(&rows[i], true);
	}
	print_message("%lu tries failed\n", failed);
	assert_true(failed > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_without_memory_is_answered_503_or_whole),
	};

	return cmocka_run_group_tests_name("api/memory", tests, NULL, NULL);
}
