/* SPDX-License-Identifier: MIT */
/* Promise: a dictionary is read as RFC 8941 section 4.2.2 says, and what is none is not taken for
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/dictionary.h"

enum { MEMBERS_MAX = 4 };

struct expected {
	const char *name;
	enum ary_member_kind kind;
	const char *value; /* of BYTES and INTEGER */
};

#define OTHER ARY_MEMBER_OTHER
#define INTEGER ARY_MEMBER_INTEGER

static const struct {
	const char *text;
	struct expected members[MEMBERS_MAX];
} good[] = {
	{"", {{NULL, OTHER, NULL}}},
	{"  ", {{NULL, OTHER, NULL}}},
	{"a", {{"a", OTHER, NULL}}},
	{"a=1", {{"a", INTEGER, "1"}}},
	{" a=1 ", {{"a", INTEGER, "1"}}},
	{"a=1,b=-22", {{"a", INTEGER, "1"}, {"b", INTEGER, "-22"}}},
	{"a=1 \t,\t b", {{"a", INTEGER, "1"}, {"b", OTHER, NULL}}},
	{"a=999999999999999", {{"a", INTEGER, "999999999999999"}}},
	{"a=1.5, b=-0.123", {{"a", OTHER, NULL}, {"b", OTHER, NULL}}},
	{"a=123456789012.123", {{"a", OTHER, NULL}}},
	{"sha-256=:AAA=:", {{"sha-256", ARY_MEMBER_BYTES, "AAA="}}},
	{"a=::", {{"a", ARY_MEMBER_BYTES, ""}}},
	{"a=:+/9z:;p;q=1, b", {{"a", ARY_MEMBER_BYTES, "+/9z"}, {"b", OTHER, NULL}}},
	{"a=\"x, y=1\", b=2", {{"a", OTHER, NULL}, {"b", INTEGER, "2"}}},
	{"a=\"\\\"\\\\\", b=2", {{"a", OTHER, NULL}, {"b", INTEGER, "2"}}},
	{"a=tok/en:*, b=*t", {{"a", OTHER, NULL}, {"b", OTHER, NULL}}},
	{"a=?1, b=?0", {{"a", OTHER, NULL}, {"b", OTHER, NULL}}},
	{"*a_-.*9=1", {{"*a_-.*9", INTEGER, "1"}}},
	{"a;x=\"y\"; z=:AA==:, b=2", {{"a", OTHER, NULL}, {"b", INTEGER, "2"}}},
	{"a=(1 2;x  \"y\" ), b=()", {{"a", OTHER, NULL}, {"b", OTHER, NULL}}},
	{"a=( 1);p=?1,b=2", {{"a", OTHER, NULL}, {"b", INTEGER, "2"}}},
	{"a=1, a=2", {{"a", INTEGER, "1"}, {"a", INTEGER, "2"}}},
};

static const char *const bad[] = {
	"A=1", "1", "=1", ",", ",a", "a,", "a, ", "a,,b", "a b", "a=1 b", "a=", "a= 1", "a =1",
	"a=-", "a=--1", "a=1.", "a=.5", "a=1.2345", "a=1234567890123456", "a=1234567890123.1",
	"a=\"", "a=\"x", "a=\"\\x\"", "a=\"\\", "a=\"\x7f\"",
	"a=\"\xc3\xbc\"", "a=:", "a=:AA", "a=:A A:",
	"a=:A-A:", "a=?", "a=?2", "a=(", "a=(1", "a=(1(2))", "a=(1\"x\")", "a=(1,2)", "a=(1 2))",
	"a;", "a;X", "a;x=", "a; =1", "a=1;;b", "-a", "_a", "a=@1", "a=\x80", "\xc1=1", "a\t=1",
};

static void test_members_come_in_their_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ary_bytes text = ary_bytes_of(good[i].text);
		struct ary_member member;

		for (size_t j = 0; j < MEMBERS_MAX && good[i].members[j].name != NULL; j++) {
			const struct expected *expected = &good[i].members[j];

			if (ary_dictionary_take(&text, &member) != ARY_TAKE_ONE ||
			    !ary_bytes_equal(member.name, ary_bytes_of(expected->name)) ||
			    member.kind != expected->kind)
				fail_msg("%s, %s", good[i].text, expected->name);
			if (expected->value != NULL)
				assert_true(ary_bytes_equal(member.value,
							    ary_bytes_of(expected->value)));
		}
		if (ary_dictionary_take(&text, &member) != ARY_TAKE_END)
			fail_msg("%s: no end", good[i].text);
	}
}

static void test_what_is_no_dictionary_is_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ary_bytes text = ary_bytes_of(bad[i]);
		struct ary_member member;
		enum ary_take taken;

		do
			taken = ary_dictionary_take(&text, &member);
		while (taken == ARY_TAKE_ONE);
		if (taken != ARY_TAKE_BAD)
			fail_msg("%s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_come_in_their_order),
		cmocka_unit_test(test_what_is_no_dictionary_is_bad),
	};

	return cmocka_run_group_tests_name("api/dictionary", tests, NULL, NULL);
}
