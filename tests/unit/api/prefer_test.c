/* SPDX-License-Identifier: MIT */
/* Promise: a preference is found wherever RFC 7240 lets it stand and nowhere else; browsers get
 * HTML, and a client that takes anything gets text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/prefer.h"

static struct ary_field field;

static const struct ary_call *call_with(const char *name, const char *value)
{
	static struct ary_call call;

	ary_call_init(&call);
	field = ary_field_of(ary_bytes_of(name), ary_bytes_of(value));
	call.request.fields = &field;
	call.request.field_count = 1;
	return &call;
}

static void test_preference_is_found_in_its_list(void **state)
{
	static const char *const with[] = {
		"respond-async",	     "Respond-Async",	    " respond-async ",
		"wait=10, respond-async",    "respond-async; x=1",  "return=minimal,respond-async",
		", respond-async",	     "respond-async=1",	    "a=\"b,c\", respond-async",
		"a=\"\\\"\", respond-async"};
	static const char *const without[] = {"",
					      ",",
					      ";",
					      "respond",
					      "respond-asyncs",
					      "x=respond-async",
					      "a; respond-async",
					      "a=\"b, respond-async\"",
					      "a=\"b, respond-async",
					      "a=\"\\"};

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		if (!ary_prefer_has(call_with("prefer", with[i]), "respond-async"))
			fail_msg("%s", with[i]);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (ary_prefer_has(call_with("Prefer", without[i]), "respond-async"))
			fail_msg("%s", without[i]);
	assert_false(ary_prefer_has(call_with("Accept", "respond-async"), "respond-async"));
}

static void test_html_is_for_those_who_prefer_it(void **state)
{
	static const char *const html[] = {
		"text/html",
		"TEXT/HTML;charset=utf-8",
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"text/plain;q=0.5, text/html;q=0.6",
		"text/*;q=0.4, text/html;q=0.401",
		"*/*, text/plain;q=0",
	};
	static const char *const text[] = {
		"",
		"*/*",
		"text/*",
		"text/plain",
		"image/png",
		"text/html;q=0",
		"text/plain, text/html",
		"text/html;q=0.8, */*",
		"text/html;q=2",
		"text/html;q=x",
		"text/html;q=0.0001",
		"application/json",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(html) / sizeof(html[0]); i++)
		if (!ary_accept_html(call_with("Accept", html[i])))
			fail_msg("%s", html[i]);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if (ary_accept_html(call_with("Accept", text[i])))
			fail_msg("%s", text[i]);
	assert_false(ary_accept_html(call_with("Host", "text/html")));
}

static void test_the_type_that_is_liked_best_is_found(void **state)
{
	static const char *const types[] = {"application/json", "application/x-ndjson",
					    "text/plain", NULL};
	static const struct {
		const char *accept;
		size_t best;
	} rows[] = {
		{"", 0},
		{"*/*", 0},
		{"image/png", 0},
		{"application/*", 0},
		{"application/json", 0},
		{"application/x-ndjson", 1},
		{"APPLICATION/x-ndjson;q=0.1", 1},
		{"application/x-ndjson, application/json", 0},
		{"application/json;q=0.5, application/x-ndjson", 1},
		{"text/plain", 2},
		{"text/*", 2},
		{"text", 0},
		{"text/plai*", 0},
		{"application/json;q=0.5, */*;q=0.6", 1},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 0},
		{"application/json;q=0, application/x-ndjson;q=0, text/plain;q=0.001", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (ary_accept_best(call_with("Accept", rows[i].accept), types) != rows[i].best)
			fail_msg("%s", rows[i].accept);
	assert_int_equal(ary_accept_best(call_with("Host", "text/plain"), types), 0);
}

static void test_what_is_said_first_counts(void **state)
{
	static const struct {
		const char *prefer;
		bool is_minimal;
	} rows[] = {
		{"return=minimal", true},
		{"RETURN=Minimal", true},
		{" return = minimal ", true},
		{"return=\"minimal\"", true},
		{"wait=5,,return=minimal;x=y", true},
		{"x=\"return=a\", return=minimal", true},
		{"return=minimal, return=other", true},
		{"return=other, return=minimal", false},
		{"return", false},
		{"return=", false},
		{"return=\"", false},
		{"return=\"minimal", false},
		{"minimal=return", false},
		{"x; return=minimal", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (ary_prefer_is(call_with("Prefer", rows[i].prefer), "return", "minimal") !=
		    rows[i].is_minimal)
			fail_msg("%s", rows[i].prefer);
}

static void test_gzip_is_taken_where_it_is_liked_as_much(void **state)
{
	static const char *const yes[] = {
		"gzip", "GZIP", "x-gzip", "*", "br, gzip", "gzip;q=0.001", "gzip, identity",
		"deflate, *;q=0.5", "identity;q=0.5, gzip;q=0.5", " gzip ; q=1 ",
		"identity;q=0, *"};
	static const char *const no[] = {
		"", ",", "br", "gzip;q=0", "gzip;q=0.0", "*;q=0", "gzip;q=0, *", "gzips", "xgzip",
		"gzip;q=0.4, identity;q=0.5", "identity", "identity, *;q=0.9", "identity;q=0",
		"gzip;q=x", "x=gzip", "\"gzip\""};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!ary_accept_gzip(call_with("Accept-Encoding", yes[i])))
			fail_msg("not taken: %s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (ary_accept_gzip(call_with("Accept-Encoding", no[i])))
			fail_msg("taken: %s", no[i]);
	assert_false(ary_accept_gzip(call_with("Accept", "gzip")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preference_is_found_in_its_list),
		cmocka_unit_test(test_what_is_said_first_counts),
		cmocka_unit_test(test_the_type_that_is_liked_best_is_found),
		cmocka_unit_test(test_html_is_for_those_who_prefer_it),
		cmocka_unit_test(test_gzip_is_taken_where_it_is_liked_as_much),
	};

	return cmocka_run_group_tests_name("api/prefer", tests, NULL, NULL);
}
