/* SPDX-License-Identifier: MIT */
/* Promise: who accepts gzip gets what the server composes packed, where that is worth it, and the
 * same as everybody else once it is unpacked; values go out as they were stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/encoding.h"
#include "api/respond.h"
#include "base/alloc.h"
#include "lib/api_fixture.h"
#include "lib/gunzip.h"

enum { KEYS = 40 };

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	api_fixture_serve(fixture);
	for (unsigned i = 0; i < KEYS; i++) {
		char target[32];

		(void)snprintf(target, sizeof(target), "/keys/key-%u", i);
		assert_int_equal(api_put(fixture, target, "value"), 201);
	}
	*state = fixture;
	return 0;
}

static void ask(struct api_fixture *fixture, struct api_request *request, const char *method,
		const char *target, const char *accepted)
{
	api_request_init(request, method, target);
	if (accepted != NULL)
		api_request_header(request, "Accept-Encoding", accepted);
	assert_int_equal(api_request_send(fixture, request), 200);
}

static bool response_has(const struct ary_response *response, const char *name, const char *value)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		if (strcasecmp(ary_response_name(response, field), name) == 0 &&
		    (value == NULL || strstr(ary_response_value(response, field), value) != NULL))
			return true;
	}
	return false;
}

static bool has_field(const struct api_request *request, const char *name, const char *value)
{
	return response_has(&request->call.response, name, value);
}

static void test_what_we_compose_is_packed_for_who_accepts_it(void **state)
{
	static const char *const targets[] = {"/keys", "/openapi.yaml", "/"};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct api_request plain, packed, head;

		ask(*state, &plain, "GET", targets[i], NULL);
		ask(*state, &packed, "GET", targets[i], "br, gzip;q=0.5");
		ask(*state, &head, "HEAD", targets[i], "gzip");
		assert_false(has_field(&plain, "Content-Encoding", NULL));
		assert_true(has_field(&plain, "Vary", "Accept-Encoding"));
		assert_true(has_field(&packed, "Content-Encoding", "gzip"));
		assert_true(has_field(&packed, "Vary", "Accept-Encoding"));
		assert_true(packed.call.response.body.size < plain.call.response.body.size);
		assert_int_equal(head.call.response.body.size, packed.call.response.body.size);
		struct ary_buf unpacked = gunzip(packed.call.response.body);
		assert_true(ary_bytes_equal(ary_buf_view(&unpacked), plain.call.response.body));
		ary_buf_release(&unpacked);
		api_request_release(&plain);
		api_request_release(&packed);
		api_request_release(&head);
	}
}

static void test_a_literal_is_packed_once(void **state)
{
	struct api_request first, second;

	ask(*state, &first, "GET", "/openapi.yaml", "gzip");
	ask(*state, &second, "GET", "/openapi.yaml", "gzip");
	assert_ptr_equal(first.call.response.body.data, second.call.response.body.data);
	assert_null(first.call.response.owned.data);
	api_request_release(&first);
	api_request_release(&second);
}

static void expect_as_it_is(struct api_fixture *fixture, const char *target, const char *accepted,
			    bool varies)
{
	struct api_request request;

	ask(fixture, &request, "GET", target, accepted);
	assert_false(has_field(&request, "Content-Encoding", NULL));
	assert_int_equal(has_field(&request, "Vary", "Accept-Encoding"), varies);
	api_request_release(&request);
}

static void test_what_is_short_or_not_wanted_goes_out_as_it_is(void **state)
{
	expect_as_it_is(*state, "/keys?limit=1", "gzip", false);
	expect_as_it_is(*state, "/livez", "gzip", false);
	expect_as_it_is(*state, "/keys", "br", true);
	expect_as_it_is(*state, "/keys", "gzip;q=0", true);
	expect_as_it_is(*state, "/keys", "identity, gzip;q=0.9", true);
	expect_as_it_is(*state, "/keys", "", true);
}

static void test_values_go_out_as_they_were_stored(void **state)
{
	char value[API_VALUE_BYTES_MAX + 1];
	struct api_request request;

	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(api_put(*state, "/keys/large", value), 201);
	expect_as_it_is(*state, "/keys/large", "gzip", false);
	ask(*state, &request, "GET", "/keys/large", "gzip");
	assert_true(ary_bytes_equal(request.call.response.body, ary_bytes_of(value)));
	api_request_release(&request);
}

/* A response of our own with an entity tag, as ACCEPTED (or NULL) gets it. */
static void expect_etag(unsigned status, const char *accepted, const char *wanted)
{
	static const char body[] = "............................................................";
	struct ary_encoding encoding;
	struct ary_field field = ary_field_of(ary_bytes_of("Accept-Encoding"),
					      ary_bytes_of(accepted != NULL ? accepted : ""));
	struct ary_call call;

	ary_encoding_init(&encoding, 10);
	ary_call_init(&call);
	call.request.fields = &field;
	call.request.field_count = accepted != NULL;
	ary_call_note_fields(&call);
	ary_respond_literal(&call.response, status, "text/plain", ary_bytes_of(body));
	ary_response_constant(&call.response, "ETag", "\"17\"");
	ary_encoding_apply(&encoding, &call);
	assert_string_equal(ary_response_value(&call.response, &call.response.fields[2]), wanted);
	/* Of a 304 it is only the size. */
	assert_true((call.response.body.size < strlen(body)) == (wanted[0] == 'W'));
	assert_int_equal(response_has(&call.response, "Content-Encoding", NULL),
			 status == 200 && wanted[0] == 'W');
	assert_false(call.response.incomplete);
	ary_call_release(&call);
	ary_encoding_release(&encoding);
}

static void test_the_tag_of_two_codings_is_weak(void **state)
{
	(void)state;
	expect_etag(200, "gzip", "W/\"17\"");
	expect_etag(304, "gzip", "W/\"17\"");
	expect_etag(200, "br", "\"17\"");
	expect_etag(304, NULL, "\"17\"");
}

/* Its tag is the new value's: a weak one could not be held against it (RFC 9110 section 13.1.1). */
static void test_the_description_of_a_put_is_not_packed(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;
	char metadata[1500];

	memset(metadata, 'm', sizeof(metadata) - 1);
	metadata[sizeof(metadata) - 1] = '\0';
	api_request_init(&request, "PUT", "/keys/key-1");
	api_request_header(&request, "Prefer", "return=representation");
	api_request_header(&request, "Aryavarth-Meta-A", metadata);
	api_request_header(&request, "Accept-Encoding", "gzip");
	api_request_body(&request, ary_bytes_of("v"));
	assert_int_equal(api_request_send(fixture, &request), 200);
	assert_true(request.call.response.body.size > sizeof(metadata));
	assert_null(api_request_field(&request, "Content-Encoding"));
	assert_int_equal(api_request_field(&request, "ETag")[0], '"');
	api_request_release(&request);
}

static void test_nothing_is_packed_when_it_is_switched_off(void **state)
{
	struct ary_encoding encoding;
	struct ary_field field =
		ary_field_of(ary_bytes_of("Accept-Encoding"), ary_bytes_of("gzip"));
	struct ary_call call;

	(void)state;
	ary_encoding_init(&encoding, 0);
	ary_call_init(&call);
	call.request.fields = &field;
	call.request.field_count = 1;
	ary_call_note_fields(&call);
	ary_respond_literal(&call.response, 200, "text/plain", ary_bytes_of("some text"));
	ary_encoding_apply(&encoding, &call);
	assert_null(call.response.text.data);
	assert_int_equal(call.response.body.size, strlen("some text"));
	ary_call_release(&call);
	ary_encoding_release(&encoding);
}

/* More literals than there are places for: those go out as they are. */
static void test_more_literals_than_places(void **state)
{
	static char bodies[ARY_PACKED_LITERALS_MAX + 2][100];
	struct ary_encoding encoding;
	struct ary_field field =
		ary_field_of(ary_bytes_of("Accept-Encoding"), ary_bytes_of("gzip"));
	unsigned packed = 0;

	(void)state;
	ary_encoding_init(&encoding, 10);
	for (size_t i = 0; i < ARY_PACKED_LITERALS_MAX + 2; i++) {
		struct ary_call call;

		memset(bodies[i], 'a' + (int)i, sizeof(bodies[i]));
		ary_call_init(&call);
		call.request.fields = &field;
		call.request.field_count = 1;
		ary_call_note_fields(&call);
		ary_respond_literal(&call.response, 200, "text/plain",
				    (struct ary_bytes){(uint8_t *)bodies[i], sizeof(bodies[i])});
		ary_encoding_apply(&encoding, &call);
		packed += call.response.body.data != (uint8_t *)bodies[i];
		ary_call_release(&call);
	}
	assert_int_equal(packed, ARY_PACKED_LITERALS_MAX);
	ary_encoding_release(&encoding);
}

int main(void)
{
#define WITH_KEYS(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_KEYS(test_what_we_compose_is_packed_for_who_accepts_it),
		WITH_KEYS(test_a_literal_is_packed_once),
		WITH_KEYS(test_what_is_short_or_not_wanted_goes_out_as_it_is),
		WITH_KEYS(test_values_go_out_as_they_were_stored),
		cmocka_unit_test(test_the_tag_of_two_codings_is_weak),
		WITH_KEYS(test_the_description_of_a_put_is_not_packed),
		cmocka_unit_test(test_nothing_is_packed_when_it_is_switched_off),
		cmocka_unit_test(test_more_literals_than_places),
	};

	return cmocka_run_group_tests_name("api/encoding", tests, NULL, NULL);
}
