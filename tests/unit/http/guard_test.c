/* SPDX-License-Identifier: MIT */
/* Promise: a head that is in order passes with its framing read; each kind of doubt about where a
 * message ends, or whom it is for, is refused with the status that names it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/guard.h"

enum { FIELDS_MAX = 4 };

struct head {
	const char *method;
	const char *target;
	const char *version;
	const char *fields[2 * FIELDS_MAX]; /* name, value, ... */
};

static unsigned check(const struct head *head, struct ary_guard_framing *framing)
{
	struct ary_guard_finding finding = { 0 };
	struct ary_field fields[FIELDS_MAX];
	struct ary_request request = { .method = ary_bytes_of(head->method),
				       .target = ary_bytes_of(head->target), .fields = fields };

	for (size_t i = 0; i < FIELDS_MAX && head->fields[2 * i]; i++) {
		fields[i] = ary_field_of(ary_bytes_of(head->fields[2 * i]),
					 ary_bytes_of(head->fields[2 * i + 1]));
		request.field_count++;
	}
	if (ary_guard_check(&request, ary_bytes_of(head->version), framing, &finding))
		return 200;
	assert_non_null(finding.slug);
	assert_non_null(finding.detail);
	return finding.status;
}

static void test_head_in_order_passes(void **state)
{
	static const struct head heads[] = {
		{ "GET", "/", "HTTP/1.1", { "Host", "h" } },
		{ "GET", "/", "HTTP/1.1", { "host", "[::1]:8080" } },
		{ "GET", "/keys/%00?x", "HTTP/1.0", { 0 } },
		{ "M-SEARCH", "*", "HTTP/1.1", { "Host", "" } },
		{ "GET", "/", "HTTP/1.1", { "Host", "a.b-c:8080" } },
		{ "GET", "/", "HTTP/1.1", { "Host", "h:" } },
		{ "GET", "/", "HTTP/1.1", { "Host", "h", "X-Any", "tab\tand \xc3\xa9" } },
		{ "GET", "/", "HTTP/1.1", { "Host", "h", "Accept", "a/b", "Accept", "c/d" } },
	};
	struct ary_guard_framing framing;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		assert_int_equal(check(&heads[i], &framing), 200);
		assert_false(framing.is_chunked || framing.has_length || framing.expects_continue);
	}
}

static void test_framing_is_read(void **state)
{
	static const struct head sized = { "PUT", "/", "HTTP/1.1",
		{ "Host", "h", "Content-Length", "0017", "Expect", "100-Continue" } };
	static const struct head largest = { "PUT", "/", "HTTP/1.1",
		{ "Host", "h", "content-length", "18446744073709551615" } };
	static const struct head chunked = { "PUT", "/", "HTTP/1.1",
		{ "Host", "h", "Transfer-Encoding", "Chunked" } };
	static const struct head old = { "PUT", "/", "HTTP/1.0",
		{ "Content-Length", "1", "Expect", "100-continue" } };
	struct ary_guard_framing framing;

	(void)state;
	assert_int_equal(check(&sized, &framing), 200);
	assert_true(framing.has_length && framing.expects_continue && !framing.is_chunked);
	assert_int_equal(framing.length, 17);
	assert_int_equal(check(&largest, &framing), 200);
	assert_true(framing.length == UINT64_MAX);
	assert_int_equal(check(&chunked, &framing), 200);
	assert_true(framing.is_chunked && !framing.has_length);
	/* A client of HTTP/1.0 never waits (RFC 9110 section 10.1.1). */
	assert_int_equal(check(&old, &framing), 200);
	assert_false(framing.expects_continue);
}

static void test_doubt_is_refused(void **state)
{
	static const struct {
		unsigned status;
		struct head head;
	} rows[] = {
		{ 400, { "", "/", "HTTP/1.1", { "Host", "h" } } },
		{ 400, { "G T", "/", "HTTP/1.1", { "Host", "h" } } },
		{ 400, { "GET", "", "HTTP/1.1", { "Host", "h" } } },
		{ 400, { "GET", "/a b", "HTTP/1.1", { "Host", "h" } } },
		{ 400, { "GET", "/a\tb", "HTTP/1.1", { "Host", "h" } } },
		{ 400, { "GET", "/a\x7f", "HTTP/1.1", { "Host", "h" } } },
		{ 400, { "GET", "/", "", { "Host", "h" } } },
		{ 400, { "GET", "/", "HTTP/2.0", { "Host", "h" } } },
		{ 400, { "GET", "/", "http/1.1", { "Host", "h" } } },
		{ 400, { "GET", "/", "HTTP/1.10", { "Host", "h" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { 0 } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "a", "Host", "a" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "a b" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "a@b" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "a:80b" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "a:80:80" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "[::1" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "[::1]:x" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "h", "", "x" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "h", "X ", "x" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "h", "X", "a\rb" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "h", "Content-Length", "" } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "h", "Content-Length", "1 " } } },
		{ 400, { "GET", "/", "HTTP/1.1", { "Host", "h", "Content-Length", "-0" } } },
		{ 400, { "GET", "/", "HTTP/1.1",
			 { "Host", "h", "Content-Length", "18446744073709551616" } } },
		{ 400, { "GET", "/", "HTTP/1.1",
			 { "Host", "h", "Content-Length", "1", "Content-Length", "1" } } },
		{ 400, { "GET", "/", "HTTP/1.1",
			 { "Host", "h", "Transfer-Encoding", "chunked", "Content-Length", "0" } } },
		{ 501, { "GET", "/", "HTTP/1.1", { "Host", "h", "Transfer-Encoding", "gzip" } } },
		{ 501, { "GET", "/", "HTTP/1.1", { "Host", "h", "Transfer-Encoding", "" } } },
		{ 400, { "GET", "/", "HTTP/1.1",
			 { "Host", "h", "Transfer-Encoding", "chunked",
			   "Transfer-Encoding", "chunked" } } },
		{ 400, { "GET", "/", "HTTP/1.0", { "Transfer-Encoding", "chunked" } } },
		{ 400, { "GET", "/", "HTTP/1.1",
			 { "Host", "h", "Content-Type", "a/b", "content-type", "a/b" } } },
		{ 417, { "GET", "/", "HTTP/1.1", { "Host", "h", "Expect", "more" } } },
		{ 417, { "GET", "/", "HTTP/1.1",
			 { "Host", "h", "Expect", "100-continue", "Expect", "x" } } },
	};
	struct ary_guard_framing framing;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned status = check(&rows[i].head, &framing);

		if (status != rows[i].status)
			fail_msg("row %zu: %u, not %u", i, status, rows[i].status);
	}
}

static void test_nul_is_a_control_byte(void **state)
{
	struct ary_field fields[] = {
		ary_field_of(ary_bytes_of("Host"),
			     (struct ary_bytes){ (const uint8_t *)"h\0i", 3 }),
	};
	struct ary_request request = { .method = ary_bytes_of("GET"), .target = ary_bytes_of("/"),
				       .fields = fields, .field_count = 1 };
	struct ary_guard_framing framing;
	struct ary_guard_finding finding;

	(void)state;
	assert_false(ary_guard_check(&request, ary_bytes_of("HTTP/1.1"), &framing, &finding));
	fields[0].value = ary_bytes_of("h");
	assert_true(ary_guard_check(&request, ary_bytes_of("HTTP/1.1"), &framing, &finding));
	request.target = (struct ary_bytes){ (const uint8_t *)"/\0", 2 };
	assert_false(ary_guard_check(&request, ary_bytes_of("HTTP/1.1"), &framing, &finding));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head_in_order_passes),
		cmocka_unit_test(test_framing_is_read),
		cmocka_unit_test(test_doubt_is_refused),
		cmocka_unit_test(test_nul_is_a_control_byte),
	};

	return cmocka_run_group_tests_name("http/guard", tests, NULL, NULL);
}
