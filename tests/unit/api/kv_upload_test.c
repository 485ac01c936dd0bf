/* SPDX-License-Identifier: MIT */
/* Promise: a body that comes in pieces is the value that it would be in one, with all that its
 * request says of it; nothing is seen of it before, nor ever where it fails, wherever that is, and
 * its failure is told as what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/sha2.h"
#include "lib/api_fixture.h"
#include "store/upload.h"

enum { PART = 30, PIECE = 4 * PART, SIZE_MAX_BYTES = API_VALUE_BYTES_MAX };

static uint8_t bytes[SIZE_MAX_BYTES + 1];

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	fixture->part_bytes = PART;
	api_fixture_serve(fixture);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / PART);
	*state = fixture;
	return 0;
}

static void begin(struct api_request *request, const char *method, const char *target, size_t size)
{
	api_request_init(request, method, target);
	api_request_body(request, (struct ary_bytes){bytes, size});
}

static void expect_bytes(struct api_fixture *fixture, const char *target, size_t size)
{
	struct api_request get;
	struct ary_value *value = &get.call.response.value;
	struct ary_bytes read;

	api_request_init(&get, "GET", target);
	assert_int_equal(api_request_send(fixture, &get), 200);
	assert_int_equal(get.call.response.body.size, size);
	assert_int_equal(ary_value_is_large(value), size > PIECE);
	for (uint64_t at = 0; at < size; at += read.size) {
		assert_int_equal(ary_value_read(value, at, &read, NULL), ARY_OK);
		assert_memory_equal(read.data, bytes + at, read.size);
	}
	api_request_release(&get);
}

static void test_every_size_is_the_value_that_was_sent(void **state)
{
	static const size_t sizes[] = {0, 1, PART, PIECE - 1, PIECE, PIECE + 1, PIECE + PART,
				       PIECE + PART + 1, 2 * PIECE, 2 * PIECE + 1,
				       SIZE_MAX_BYTES - 1, SIZE_MAX_BYTES};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct api_request put;

		begin(&put, "PUT", "/keys/k", sizes[i]);
		assert_int_equal(api_request_send(*state, &put), i == 0 ? 201 : 204);
		api_request_release(&put);
		expect_bytes(*state, "/keys/k", sizes[i]);
	}
}

static void test_what_is_said_of_it_is_kept(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request put, get;

	begin(&put, "PUT", "/keys/k?ttl=1000", 350);
	api_request_header(&put, "Content-Type", "image/x");
	api_request_header(&put, "Content-Encoding", "br");
	api_request_header(&put, "Aryavarth-Meta-Of", "me");
	api_request_header(&put, "Aryavarth-Durability", "always");
	api_request_header(&put, "Prefer", "return=representation");
	assert_int_equal(api_request_send(fixture, &put), 201);
	assert_non_null(strstr((const char *)put.call.response.body.data, "\"size\":350,"));
	assert_string_equal(api_request_field(&put, "Location"), "/keys/k");
	assert_string_equal(api_request_field(&put, "Aryavarth-Durability"), "always");
	assert_non_null(api_request_field(&put, "Aryavarth-Expires"));
	api_request_init(&get, "HEAD", "/keys/k");
	assert_int_equal(api_request_send(fixture, &get), 200);
	assert_string_equal(api_request_field(&get, "ETag"), api_request_field(&put, "ETag"));
	assert_string_equal(api_request_field(&get, "Content-Type"), "image/x");
	assert_string_equal(api_request_field(&get, "Content-Encoding"), "br");
	assert_string_equal(api_request_field(&get, "Aryavarth-Meta-Of"), "me");
	assert_non_null(api_request_field(&get, "Aryavarth-Expires"));
	api_request_release(&get);
	api_request_release(&put);
}

static void digest_field(size_t size, bool is_512, char out[160])
{
	uint8_t digest[ARY_SHA512_BYTES];
	char text[120] = "";
	size_t digest_bytes = is_512 ? ARY_SHA512_BYTES : ARY_SHA256_BYTES;
	struct ary_bytes all = {bytes, size};

	if (is_512)
		ary_sha512(all, digest);
	else
		ary_sha256(all, digest);
	ary_base64_encode((struct ary_bytes){digest, digest_bytes}, (uint8_t *)text);
	(void)snprintf(out, 160, "%s=:%.*s:", is_512 ? "sha-512" : "sha-256",
		       (int)ary_base64_size(digest_bytes), text);
}

/* Over all pieces, and told to who reads the value. */
static void test_digest_is_that_of_the_whole(void **state)
{
	struct api_request put, get;
	char of_256[160], of_512[160], wrong[160];

	digest_field(333, false, of_256);
	digest_field(333, true, of_512);
	digest_field(332, true, wrong);
	begin(&put, "PUT", "/keys/k", 333);
	api_request_header(&put, "Content-Digest", of_512);
	api_request_header(&put, "Repr-Digest", of_256);
	api_request_header(&put, "Repr-Digest", of_512);
	assert_int_equal(api_request_send(*state, &put), 201);
	api_request_release(&put);
	api_request_init(&get, "GET", "/keys/k");
	assert_int_equal(api_request_send(*state, &get), 200);
	assert_string_equal(api_request_field(&get, "Repr-Digest"), of_256);
	api_request_release(&get);
	begin(&put, "PUT", "/keys/k", 350);
	api_request_header(&put, "Content-Digest", wrong);
	assert_int_equal(api_request_send(*state, &put), 400);
	api_request_expect_problem(&put, "digest-mismatch");
	assert_non_null(strstr((const char *)put.call.response.body.data, "the 350 bytes"));
	api_request_release(&put);
	expect_bytes(*state, "/keys/k", 333);
}

static void put_with(struct api_fixture *fixture, const char *name, const char *value,
		     unsigned status)
{
	struct api_request put;

	begin(&put, "PUT", "/keys/k", 250);
	api_request_header(&put, name, value);
	assert_int_equal(api_request_send(fixture, &put), status);
	api_request_release(&put);
}

static void test_conditions_are_those_of_the_last_write(void **state)
{
	put_with(*state, "If-Match", "*", 412);
	put_with(*state, "If-None-Match", "*", 201);
	put_with(*state, "If-None-Match", "*", 412);
	put_with(*state, "If-Match", "\"999\"", 412);
	put_with(*state, "If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 412);
	put_with(*state, "If-Match", "*", 204);
	expect_bytes(*state, "/keys/k", 250);
}

static void test_the_server_may_choose_the_key(void **state)
{
	struct api_request post;
	char target[64];

	begin(&post, "POST", "/keys?prefix=p-", 450);
	assert_int_equal(api_request_send(*state, &post), 201);
	(void)snprintf(target, sizeof(target), "%s", api_request_field(&post, "Location"));
	api_request_release(&post);
	expect_bytes(*state, target, 450);
}

/* ---- What goes wrong ---- */

static void put_fails(struct api_fixture *fixture, unsigned status, const char *slug)
{
	struct api_request put;

	begin(&put, "PUT", "/keys/k", 450);
	assert_int_equal(api_request_send(fixture, &put), status);
	api_request_expect_problem(&put, slug);
	api_request_release(&put);
	assert_int_equal(api_send(fixture, "GET", "/keys/k"), 404);
}

static void expect_all_gone(struct api_fixture *fixture)
{
	struct ary_stats stats;

	/* Parts that were let go of are dropped before the write that follows is decided. */
	assert_int_equal(api_send(fixture, "DELETE", "/keys/none"), 404);
	assert_int_equal(api_send(fixture, "DELETE", "/keys/none"), 404);
	ary_store_stats(fixture->store, &stats);
	assert_int_equal(stats.live_bytes, 0);
}

/* At any of its fifteen parts, and at the write that names them. */
static void test_full_disk_is_told_in_the_middle(void **state)
{
	struct api_fixture *fixture = *state;

	for (unsigned long nth = 1; nth <= 16; nth++) {
		fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_WRITE,
							       .name = "0.log",
							       .nth = nth,
							       .os_errno = ENOSPC});
		put_fails(fixture, 507, "no-space");
		expect_all_gone(fixture);
		/* What is long would be refused at once now; a write that works ends that. */
		assert_int_equal(api_put(fixture, "/keys/small", "v"), 201);
		assert_int_equal(api_send(fixture, "DELETE", "/keys/small"), 204);
	}
}

/* A sync that fails leaves it unknown what is on the disk, but not that there is no such value. */
static void test_failed_sync_of_a_piece_changes_nothing(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request put;

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 3});
	put_fails(fixture, 503, "read-only");
	/* From here on it is refused by its head alone. */
	begin(&put, "PUT", "/keys/k", 450);
	assert_int_equal(api_request_send(fixture, &put), 503);
	assert_true(put.refused);
	api_request_release(&put);
}

static void test_failed_sync_of_the_last_write_is_an_unknown_outcome(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_put(fixture, "/keys/small", "v"), 201);
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 16});
	put_fails(fixture, 500, "outcome-unknown");
}

/* Closes the gate before launch NTH. */
struct gate_closer {
	struct api_fixture *fixture;
	unsigned nth;
};

static void close_gate(void *context)
{
	struct gate_closer *closer = context;

	if (--closer->nth == 0)
		ary_replica_close_gate(closer->fixture->replica);
}

/* Before any of its four pieces, or before the write that names them. */
static void shut_down_before(unsigned nth)
{
	struct api_fixture *fixture;
	struct api_request put;

	(void)setup((void **)&fixture);
	struct gate_closer closer = {fixture, nth};
	begin(&put, "PUT", "/keys/k", 450);
	put.before_launch = close_gate;
	put.before_launch_context = &closer;
	assert_int_equal(api_request_send(fixture, &put), 503);
	api_request_expect_problem(&put, "shutting-down");
	assert_int_equal(closer.nth, 0);
	api_request_release(&put);
	assert_int_equal(api_send(fixture, "GET", "/keys/k"), 404);
	(void)api_fixture_teardown((void **)&fixture);
}

static void test_shutdown_ends_it(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth <= 5; nth++)
		shut_down_before(nth);
}

static void test_memory_running_out_is_answered(void **state)
{
	struct api_fixture *fixture = *state;
	unsigned status = 503;
	char digest[160];

	digest_field(250, true, digest);
	for (uint64_t nth = 1; status == 503; nth++) {
		struct api_request put;

		begin(&put, "PUT", "/keys/k", 250);
		api_request_header(&put, "Content-Digest", digest);
		ary_alloc_fail_at(nth, 1);
		status = api_request_send(fixture, &put);
		ary_alloc_fail_at(0, 0);
		assert_true(status == 503 || status == 201);
		assert_true(status == 503 || nth > 5);
		api_request_release(&put);
		if (status == 503)
			assert_int_equal(api_send(fixture, "GET", "/keys/k"), 404);
	}
	expect_bytes(fixture, "/keys/k", 250);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_every_size_is_the_value_that_was_sent),
		WITH_STORE(test_what_is_said_of_it_is_kept),
		WITH_STORE(test_digest_is_that_of_the_whole),
		WITH_STORE(test_conditions_are_those_of_the_last_write),
		WITH_STORE(test_the_server_may_choose_the_key),
		WITH_STORE(test_full_disk_is_told_in_the_middle),
		WITH_STORE(test_failed_sync_of_a_piece_changes_nothing),
		WITH_STORE(test_failed_sync_of_the_last_write_is_an_unknown_outcome),
		cmocka_unit_test(test_shutdown_ends_it),
		WITH_STORE(test_memory_running_out_is_answered),
	};

	return cmocka_run_group_tests_name("api/kv_upload", tests, NULL, NULL);
}
