/* SPDX-License-Identifier: MIT */
/* Promise: a field is known by its whole name, in whatever case, and by nothing less. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/field.h"

static const struct {
	const char *name;
	enum ary_field_id id;
} rows[] = {
	{"Accept", ARY_FIELD_ACCEPT},
	{"Accept-Encoding", ARY_FIELD_ACCEPT_ENCODING},
	{"Access-Control-Request-Headers", ARY_FIELD_ACCESS_CONTROL_REQUEST_HEADERS},
	{"Access-Control-Request-Method", ARY_FIELD_ACCESS_CONTROL_REQUEST_METHOD},
	{"Aryavarth-Durability", ARY_FIELD_ARYAVARTH_DURABILITY},
	{"Authorization", ARY_FIELD_AUTHORIZATION},
	{"Content-Digest", ARY_FIELD_CONTENT_DIGEST},
	{"Content-Encoding", ARY_FIELD_CONTENT_ENCODING},
	{"Content-Length", ARY_FIELD_CONTENT_LENGTH},
	{"Content-Range", ARY_FIELD_CONTENT_RANGE},
	{"Content-Type", ARY_FIELD_CONTENT_TYPE},
	{"Expect", ARY_FIELD_EXPECT},
	{"Host", ARY_FIELD_HOST},
	{"If-Match", ARY_FIELD_IF_MATCH},
	{"If-Modified-Since", ARY_FIELD_IF_MODIFIED_SINCE},
	{"If-None-Match", ARY_FIELD_IF_NONE_MATCH},
	{"If-Range", ARY_FIELD_IF_RANGE},
	{"If-Unmodified-Since", ARY_FIELD_IF_UNMODIFIED_SINCE},
	{"Origin", ARY_FIELD_ORIGIN},
	{"Prefer", ARY_FIELD_PREFER},
	{"Range", ARY_FIELD_RANGE},
	{"Repr-Digest", ARY_FIELD_REPR_DIGEST},
	{"Sec-Fetch-Site", ARY_FIELD_SEC_FETCH_SITE},
	{"Transfer-Encoding", ARY_FIELD_TRANSFER_ENCODING},
	{"Aryavarth-TTL", ARY_FIELD_TTL},
	{"Want-Content-Digest", ARY_FIELD_WANT_CONTENT_DIGEST},
	{"Want-Repr-Digest", ARY_FIELD_WANT_REPR_DIGEST},
	{"X-Request-Id", ARY_FIELD_X_REQUEST_ID},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static enum ary_field_id id_of(const char *name)
{
	return ary_field_of(ary_bytes_of(name), ary_bytes_of("")).id;
}

static void copy_in_other_case(const char *text, char *out)
{
	do {
		*out = *text;
		if (isalpha((unsigned char)*text))
			*out = (char)(*text ^ 0x20);
		out++;
	} while (*text++ != '\0');
}

static void test_every_name_is_known_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(ROWS, ARY_FIELD_NAMED_COUNT - 1);
	for (size_t i = 0; i < ROWS; i++) {
		char name[64];

		assert_int_equal(id_of(rows[i].name), rows[i].id);
		copy_in_other_case(rows[i].name, name);
		assert_int_equal(id_of(name), rows[i].id);
	}
}

/* A byte more, a byte less, a byte changed. */
static void test_other_names_are_not_known(void **state)
{
	(void)state;
	assert_int_equal(id_of(""), ARY_FIELD_OTHER);
	for (size_t i = 0; i < ROWS; i++) {
		size_t size = strlen(rows[i].name);
		char name[64];

		memcpy(name, rows[i].name, size);
		memcpy(name + size, "s", 2);
		assert_int_equal(id_of(name), ARY_FIELD_OTHER);
		name[size] = '\0';
		name[size - 1] = '_';
		assert_int_equal(id_of(name), ARY_FIELD_OTHER);
		name[size - 1] = '\0';
		assert_int_equal(id_of(name), ARY_FIELD_OTHER);
	}
}

static void test_the_first_one_is_found(void **state)
{
	struct ary_field fields[] = {
		ary_field_of(ary_bytes_of("X-Host"), ary_bytes_of("x")),
		ary_field_of(ary_bytes_of("host"), ary_bytes_of("a")),
		ary_field_of(ary_bytes_of("Host"), ary_bytes_of("b")),
	};

	(void)state;
	assert_ptr_equal(ary_field_find(fields, 3, ARY_FIELD_HOST), &fields[1]);
	assert_null(ary_field_find(fields, 3, ARY_FIELD_ORIGIN));
	assert_null(ary_field_find(NULL, 0, ARY_FIELD_HOST));
	assert_true(ary_bytes_equal(fields[1].value, ary_bytes_of("a")));
}

static void test_metadata_is_known_by_its_prefix(void **state)
{
	(void)state;
	assert_int_equal(id_of("Aryavarth-Meta-a"), ARY_FIELD_META);
	assert_int_equal(id_of("aryaVARTH-meta-Content-Type"), ARY_FIELD_META);
	assert_int_equal(id_of("Aryavarth-Meta-"), ARY_FIELD_OTHER);
	assert_int_equal(id_of("Aryavarth-Meta"), ARY_FIELD_OTHER);
	assert_int_equal(id_of("Aryavarth-Metb-a"), ARY_FIELD_OTHER);
	assert_int_equal(id_of("XAryavarth-Meta-a"), ARY_FIELD_OTHER);
}

static void test_a_token_is_what_rfc_9110_says(void **state)
{
	static const uint8_t with_nul[] = {'a', 0};

	(void)state;
	assert_true(ary_field_is_token(ary_bytes_of("aZ09!#$%&'*+-.^_`|~")));
	assert_false(ary_field_is_token(ary_bytes_of("")));
	assert_false(ary_field_is_token((struct ary_bytes){with_nul, 2}));
	for (unsigned byte = 1; byte < 256; byte++) {
		char text[3] = {'a', (char)byte, '\0'};
		bool is_delimiter = strchr("\"(),/:;<=>?@[\\]{}", (int)byte) != NULL;

		assert_int_equal(ary_field_is_token(ary_bytes_of(text)),
				 byte > 0x20 && byte < 0x7f && !is_delimiter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_name_is_known_in_any_case),
		cmocka_unit_test(test_other_names_are_not_known),
		cmocka_unit_test(test_the_first_one_is_found),
		cmocka_unit_test(test_metadata_is_known_by_its_prefix),
		cmocka_unit_test(test_a_token_is_what_rfc_9110_says),
	};

	return cmocka_run_group_tests_name("api/field", tests, NULL, NULL);
}
