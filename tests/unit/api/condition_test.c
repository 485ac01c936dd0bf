/* SPDX-License-Identifier: MIT */
/* Promise: If-Match and If-None-Match mean what RFC 9110 says, whatever list they are: foreign tags
 * match nothing, weak ones nothing in If-Match, and what is no list is refused, not ignored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/condition.h"
#include "base/alloc.h"

enum { SEQS_MAX = 4 };

/* Two fields of one header (NULL: not there), and what they come to. */
struct row {
	const char *first;
	const char *second;
	bool valid;
	enum ary_match kind;
	size_t match_count;
	uint64_t match[SEQS_MAX];
	size_t none_match_count;
	uint64_t none_match[SEQS_MAX];
};

#define LIST ARY_MATCH_LIST

static const struct row rows[] = {
	{NULL, NULL, true, ARY_MATCH_NONE, 0, {0}, 0, {0}},
	{"*", NULL, true, ARY_MATCH_ANY, 0, {0}, 0, {0}},
	{" * ", NULL, true, ARY_MATCH_ANY, 0, {0}, 0, {0}},
	{"\"17\"", NULL, true, LIST, 1, {17}, 1, {17}},
	{" \"17\"\t", NULL, true, LIST, 1, {17}, 1, {17}},
	{"\"1\",\"2\"", NULL, true, LIST, 2, {1, 2}, 2, {1, 2}},
	{"\"1\" , \"2\"", NULL, true, LIST, 2, {1, 2}, 2, {1, 2}},
	{"\"1\"", "\"2\", \"3\"", true, LIST, 3, {1, 2, 3}, 3, {1, 2, 3}},
	{", ,\"1\",,", NULL, true, LIST, 1, {1}, 1, {1}},
	{"\"1\"", "", true, LIST, 1, {1}, 1, {1}},
	{"W/\"17\"", NULL, true, LIST, 0, {0}, 1, {17}},
	{"W/\"1\", \"2\"", NULL, true, LIST, 1, {2}, 2, {1, 2}},
	{"\"\"", NULL, true, LIST, 0, {0}, 0, {0}},
	{"\"*\"", NULL, true, LIST, 0, {0}, 0, {0}},
	{"\"abc\"", NULL, true, LIST, 0, {0}, 0, {0}},
	{"\"017\"", NULL, true, LIST, 0, {0}, 0, {0}},
	{"\"+17\"", NULL, true, LIST, 0, {0}, 0, {0}},
	{"\"17-gz\"", NULL, true, LIST, 0, {0}, 0, {0}},
	{"\"a,b\", \"3\"", NULL, true, LIST, 1, {3}, 1, {3}},
	{"\"a\\\", \"3\"", NULL, true, LIST, 1, {3}, 1, {3}},
	{"\"\xc3\xbc\"", NULL, true, LIST, 0, {0}, 0, {0}},
	{"\"18446744073709551616\"", NULL, true, LIST, 0, {0}, 0, {0}},
	{"\"18446744073709551615\"", NULL, true, LIST, 1, {UINT64_MAX}, 1, {UINT64_MAX}},
	{"", NULL, false, 0, 0, {0}, 0, {0}},
	{",", NULL, false, 0, 0, {0}, 0, {0}},
	{"17", NULL, false, 0, 0, {0}, 0, {0}},
	{"\"17", NULL, false, 0, 0, {0}, 0, {0}},
	{"17\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"\"1\" \"2\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"\"1\";q=1", NULL, false, 0, 0, {0}, 0, {0}},
	{"w/\"1\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"W/ \"1\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"W/", NULL, false, 0, 0, {0}, 0, {0}},
	{"W/\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"W", NULL, false, 0, 0, {0}, 0, {0}},
	{"\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"\"a b\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"\"a\x7f\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"*, \"1\"", NULL, false, 0, 0, {0}, 0, {0}},
	{"\"1\", *", NULL, false, 0, 0, {0}, 0, {0}},
	{"*, *", NULL, false, 0, 0, {0}, 0, {0}},
	{"*", "*", false, 0, 0, {0}, 0, {0}},
	{"*", "\"1\"", false, 0, 0, {0}, 0, {0}},
	{"\"1\"", "x", false, 0, 0, {0}, 0, {0}},
};

static void expect_set(const struct ary_match_set *set, const struct row *row, size_t count,
		       const uint64_t *seqs)
{
	if (set->kind != row->kind || set->count != count)
		fail_msg("%s: kind %d, %zu seqs", row->first, (int)set->kind, set->count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(set->seqs[i], seqs[i]);
}

/* Parses ROW as the two fields NAME, among others. */
static enum ary_status parse(struct ary_call *call, const char *name, const struct row *row)
{
	static const char other[] = "\"99\"";
	struct ary_field fields[3];
	enum ary_status status;
	size_t count = 0;

	fields[count++] = ary_field_of(ary_bytes_of("If-Range"), ary_bytes_of(other));
	if (row->first != NULL)
		fields[count++] =
			ary_field_of(ary_bytes_of(name), ary_bytes_of(row->first));
	if (row->second != NULL)
		fields[count++] =
			ary_field_of(ary_bytes_of(name), ary_bytes_of(row->second));
	ary_call_init(call);
	call->request.fields = fields;
	call->request.field_count = count;
	status = ary_conditions_parse(call);
	call->request.field_count = 0;
	return status;
}

static void test_if_match_is_strong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_call call;
		enum ary_status status = parse(&call, "if-MATCH", &rows[i]);

		if (status != (rows[i].valid ? ARY_OK : ARY_INVALID))
			fail_msg("%s: %s", rows[i].first, ary_status_name(status));
		if (status == ARY_OK) {
			expect_set(&call.if_match, &rows[i], rows[i].match_count, rows[i].match);
			assert_int_equal(call.if_none_match.kind, ARY_MATCH_NONE);
		}
		ary_call_release(&call);
	}
}

static void test_if_none_match_is_weak(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_call call;
		enum ary_status status = parse(&call, "If-None-Match", &rows[i]);

		if (status != (rows[i].valid ? ARY_OK : ARY_INVALID))
			fail_msg("%s: %s", rows[i].first, ary_status_name(status));
		if (status == ARY_OK) {
			expect_set(&call.if_none_match, &rows[i], rows[i].none_match_count,
				   rows[i].none_match);
			assert_int_equal(call.if_match.kind, ARY_MATCH_NONE);
		}
		ary_call_release(&call);
	}
}

static void test_both_headers_keep_apart(void **state)
{
	const struct ary_field fields[] = {
		ary_field_of(ary_bytes_of("If-None-Match"), ary_bytes_of("\"3\", W/\"4\"")),
		ary_field_of(ary_bytes_of("If-Match"), ary_bytes_of("\"1\", \"2\"")),
	};
	struct ary_call call;

	(void)state;
	ary_call_init(&call);
	call.request.fields = fields;
	call.request.field_count = 2;
	assert_int_equal(ary_conditions_parse(&call), ARY_OK);
	assert_int_equal(call.if_match.count, 2);
	assert_int_equal(call.if_none_match.count, 2);
	assert_true(ary_match_set_has(&call.if_match, 2));
	assert_false(ary_match_set_has(&call.if_match, 3));
	assert_true(ary_match_set_has(&call.if_none_match, 4));
	assert_false(ary_match_set_has(&call.if_none_match, 1));
	ary_call_release(&call);
}

static void test_star_has_every_seq_and_no_condition_none(void **state)
{
	const struct ary_match_set any = {.kind = ARY_MATCH_ANY};
	const struct ary_match_set none = {.kind = ARY_MATCH_NONE};

	(void)state;
	assert_true(ary_match_set_has(&any, 1));
	assert_false(ary_match_set_has(&none, 1));
}

static void test_memory_running_out_is_answered(void **state)
{
	struct ary_call call;
	enum ary_status status;

	(void)state;
	ary_alloc_fail_at(1, 1);
	status = parse(&call, "If-Match", &rows[3]);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(status, ARY_NO_MEMORY);
	ary_call_release(&call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_if_match_is_strong),
		cmocka_unit_test(test_if_none_match_is_weak),
		cmocka_unit_test(test_both_headers_keep_apart),
		cmocka_unit_test(test_star_has_every_seq_and_no_condition_none),
		cmocka_unit_test(test_memory_running_out_is_answered),
	};

	return cmocka_run_group_tests_name("api/condition", tests, NULL, NULL);
}
