/* SPDX-License-Identifier: MIT */
#include "lib/api_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/problem.h"
#include "base/alloc.h"
#include "lib/exchange.h"

enum { PATIENCE_MS = 20000 };

void api_fixture_create(struct api_fixture *fixture, const char *origins)
{
	struct ary_api_options options = {
		.key_bytes_max = API_KEY_BYTES_MAX,
		.value_bytes_max = API_VALUE_BYTES_MAX,
		.target_bytes_max = API_TARGET_BYTES_MAX,
		.header_bytes_max = API_HEADER_BYTES_MAX,
		.header_fields_max = API_FIELDS_MAX,
		.gzip_bytes_min = API_GZIP_BYTES_MIN,
		.cors_origin = origins,
		.version = "1.2.3",
	};

	memset(fixture, 0, sizeof(*fixture));
	tmpdir_create(&fixture->dir);
	fixture->faults = fault_env_create(ary_env_posix());
	options.env = fault_env_env(fixture->faults);
	fixture->api = ary_api_create(&options);
}

void api_fixture_serve(struct api_fixture *fixture)
{
	api_fixture_serve_with(fixture, ARY_DURABILITY_ALWAYS);
}

void api_fixture_serve_with(struct api_fixture *fixture, enum ary_durability durability)
{
	struct ary_store_options options;
	struct ary_error err = {0};
	enum ary_status status;

	ary_store_options_default(&options);
	options.env = fault_env_env(fixture->faults);
	options.path = fixture->dir.path;
	options.create = true;
	options.durability = durability;
	options.key_bytes_max = API_KEY_BYTES_MAX;
	if (fixture->part_bytes > 0) {
		options.part_bytes = fixture->part_bytes;
		/* Each write is a group of its own, so that each can fail by itself. */
		options.batch_bytes_max = 1;
	}
	if (fixture->queue_bytes_max > 0)
		options.queue_bytes_max = fixture->queue_bytes_max;
	options.value_bytes_max = API_VALUE_BYTES_MAX;
	options.disk_reserve_bytes = 0;
	/* Tests count and fail calls: WATERMARK, which is written by the clock, is at the close. */
	options.watermark_interval_ms = UINT32_MAX;
	status = ary_store_open(&options, &fixture->store, &err);
	if (status != ARY_OK)
		fail_msg("open: %s", err.text);
	fixture->replica = ary_replica_solo(fixture->store);
	ary_api_set_serving(fixture->api, fixture->replica);
}

void api_fixture_destroy(struct api_fixture *fixture)
{
	ary_api_destroy(fixture->api);
	if (fixture->replica != NULL) {
		ary_replica_close_gate(fixture->replica);
		assert_int_equal(ary_replica_drain(fixture->replica, PATIENCE_MS), ARY_OK);
	}
	/* A store that a fault made read-only says so once more. */
	if (ary_store_close(fixture->store, NULL) != ARY_OK)
		assert_true(fault_env_fired(fixture->faults) > 0);
	ary_replica_destroy(fixture->replica);
	fault_env_destroy(fixture->faults);
	tmpdir_remove(&fixture->dir);
}

int api_fixture_setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	api_fixture_serve(fixture);
	*state = fixture;
	return 0;
}

int api_fixture_teardown(void **state)
{
	api_fixture_destroy(*state);
	free(*state);
	return 0;
}

void api_request_init(struct api_request *request, const char *method, const char *target)
{
	memset(request, 0, sizeof(*request));
	ary_call_init(&request->call);
	request->call.request.method = ary_bytes_of(method);
	request->call.request.target = ary_bytes_of(target);
	ary_mutex_init(&request->mutex);
	ary_cond_init(&request->cond);
}

void api_request_header(struct api_request *request, const char *name, const char *value)
{
	assert_true(request->field_count < API_FIELDS_MAX);
	request->fields[request->field_count++] =
		ary_field_of(ary_bytes_of(name), ary_bytes_of(value));
}

void api_request_body(struct api_request *request, struct ary_bytes body)
{
	request->body = body;
	request->call.request.has_length = !request->chunked;
	request->call.request.length = request->chunked ? 0 : body.size;
	request->call.request.has_body = request->chunked || body.size > 0;
}

static void wake(struct ary_call *call)
{
	struct api_request *request = call->host;

	ary_mutex_lock(&request->mutex);
	assert_false(request->awake);
	request->awake = true;
	ary_cond_signal(&request->cond);
	ary_mutex_unlock(&request->mutex);
}

static void wait_for_wake(struct api_request *request)
{
	ary_mutex_lock(&request->mutex);
	while (!request->awake)
		assert_true(ary_cond_wait_ms(&request->cond, &request->mutex, PATIENCE_MS));
	ary_mutex_unlock(&request->mutex);
}

static void launch(struct ary_api *api, struct api_request *request)
{
	request->awake = false;
	if (request->before_launch != NULL)
		request->before_launch(request->before_launch_context);
	ary_api_launch(api, &request->call);
	wait_for_wake(request);
}

/* Passes the front of the body on, as long as it is longer than a piece. False: refused. */
static bool pass_pieces(struct ary_api *api, struct api_request *request)
{
	struct ary_call *call = &request->call;
	struct ary_bytes *rest = &request->rest;

	while (call->piece_bytes > 0 && rest->size > call->piece_bytes) {
		struct ary_bytes piece = {rest->data, (size_t)call->piece_bytes};

		if (!ary_buf_append(&call->body, piece)) {
			ary_api_refuse_body(api, call, ARY_NO_MEMORY);
			return false;
		}
		*rest = (struct ary_bytes){rest->data + piece.size, rest->size - piece.size};
		if (ary_api_pass(api, call) == ARY_STEP_RESPOND)
			return false;
		launch(api, request);
		if (ary_api_passed(api, call) == ARY_STEP_RESPOND)
			return false;
		assert_int_equal(call->body.size, 0);
	}
	return true;
}

static void carry_out(struct ary_api *api, struct api_request *request)
{
	struct ary_call *call = &request->call;

	if (request->body.size > call->body_bytes_max) {
		ary_api_refuse_body(api, call, ARY_TOO_LARGE);
		return;
	}
	call->wake = wake;
	call->host = request;
	request->rest = request->body;
	if (!pass_pieces(api, request))
		return;
	if (!ary_buf_append(&call->body, request->rest)) {
		ary_api_refuse_body(api, call, ARY_NO_MEMORY);
		return;
	}
	if (ary_api_begin(api, call) == ARY_STEP_RESPOND)
		return;
	do
		launch(api, request);
	while (ary_api_finish(api, call) == ARY_STEP_PARK);
}

/* The first header NAME of RESPONSE, or an empty one. */
static const char *field_of(const struct ary_response *response, const char *name)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		if (strcasecmp(ary_response_name(response, field), name) == 0)
			return ary_response_value(response, field);
	}
	return "";
}

/* What holds for every response. */
static void check_response(const struct ary_response *response)
{
	bool bodyless = response->status == 204 || response->status == 304;

	assert_true(response->status >= 200);
	assert_false(response->incomplete);
	/* A 304's body is not sent; it gives the size that a 200 has. */
	if (response->status == 204)
		assert_int_equal(response->body.size, 0);
	if (!bodyless && response->body.size > 0 && !response->is_kept)
		assert_string_equal(field_of(response, "X-Content-Type-Options"), "nosniff");
	if (response->status >= 400)
		assert_string_equal(field_of(response, "Cache-Control"), "no-store");
	if (response->status == 503)
		assert_string_not_equal(field_of(response, "Retry-After"), "");
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);
		const char *name = ary_response_name(response, field);

		assert_null(strpbrk(ary_response_value(response, field), "\r\n"));
		assert_null(strpbrk(name, ": \r\n"));
		assert_true(!bodyless || strcmp(name, "Content-Type") != 0);
	}
}

static void put_line(FILE *lines, struct ary_bytes name, const void *value, size_t size)
{
	(void)fwrite(name.data, 1, name.size, lines);
	(void)fputs(": ", lines);
	(void)fwrite(value, 1, size, lines);
	(void)fputs("\r\n", lines);
}

static struct exchange_bytes recorded(struct ary_bytes bytes)
{
	return (struct exchange_bytes){bytes.data, bytes.size};
}

static struct exchange_bytes sent_lines(const struct api_request *request, char **text)
{
	struct exchange_bytes lines;
	FILE *into = open_memstream(text, &lines.size);

	assert_non_null(into);
	for (size_t i = 0; i < request->field_count; i++)
		put_line(into, request->fields[i].name, request->fields[i].value.data,
			 request->fields[i].value.size);
	assert_int_equal(fclose(into), 0);
	lines.data = *text;
	return lines;
}

static struct exchange_bytes head_lines(const struct ary_response *response, char **text)
{
	struct exchange_bytes lines;
	FILE *into = open_memstream(text, &lines.size);

	assert_non_null(into);
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);
		const char *name = ary_response_name(response, field);
		const char *value = ary_response_value(response, field);

		put_line(into, ary_bytes_of(name), value, strlen(value));
	}
	assert_int_equal(fclose(into), 0);
	lines.data = *text;
	return lines;
}

/* Records what http would send: the answer to HEAD, and a 304, without their bodies. It takes no
 * memory that a test counts, or lets fail. What stands in for an answer that http has kept is none
 * itself. */
static void record(const struct api_request *request)
{
	const struct ary_response *response = &request->call.response;
	char *sent = NULL;
	char *head = NULL;
	struct exchange_record exchange = {
		.how = "api",
		.method = recorded(request->call.request.method),
		.target = recorded(request->call.request.target),
		.sent = sent_lines(request, &sent),
		.status = response->status,
		.head = head_lines(response, &head),
		.body = recorded(response->body),
	};

	if (response->status == 304 || request->call.method == ARY_HEAD)
		exchange.body.size = 0;
	/* What another answer stands for, or nobody has read yet, is no answer to be recorded. */
	if (!response->is_kept && (exchange.body.data != NULL || exchange.body.size == 0))
		exchange_write(&exchange);
	free(sent);
	free(head);
}

unsigned api_request_send(struct api_fixture *fixture, struct api_request *request)
{
	struct ary_call *call = &request->call;

	call->request.fields = request->fields;
	call->request.field_count = request->field_count;
	request->refused = ary_api_admit(fixture->api, call) == ARY_STEP_RESPOND;
	if (!request->refused)
		carry_out(fixture->api, request);
	check_response(&call->response);
	record(request);
	return call->response.status;
}

const char *api_request_field(const struct api_request *request, const char *name)
{
	const struct ary_response *response = &request->call.response;
	const char *value = NULL;

	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		if (strcasecmp(ary_response_name(response, field), name) != 0)
			continue;
		/* What an answer depends on is said by each who knows of something. */
		if (value != NULL && strcasecmp(name, "Vary") == 0)
			continue;
		assert_null(value);
		value = ary_response_value(response, field);
	}
	return value;
}

/* An error names its request, in its body too, unless there was no memory to write it anew. */
static void expect_instance(const struct api_request *request, const json_t *instance,
			    bool may_be_missing)
{
	const char *id = api_request_field(request, "X-Request-Id");
	char wanted[256];

	assert_non_null(id);
	if (instance == NULL && may_be_missing)
		return;
	(void)snprintf(wanted, sizeof(wanted), "urn:request:%s", id);
	assert_string_equal(json_string_value(instance), wanted);
}

void api_request_expect_problem(const struct api_request *request, const char *slug)
{
	const struct ary_response *response = &request->call.response;
	enum ary_problem_kind kind;
	char type[128];
	json_t *root;

	assert_true(ary_problem_find(ary_bytes_of(slug), &kind));
	assert_string_equal(api_request_field(request, "Content-Type"), "application/problem+json");
	root = json_loadb((const char *)response->body.data, response->body.size, 0, NULL);
	assert_non_null(root);
	(void)snprintf(type, sizeof(type), "/problems/%s", slug);
	assert_string_equal(json_string_value(json_object_get(root, "type")), type);
	assert_string_equal(json_string_value(json_object_get(root, "title")),
			    ary_problem(kind)->title);
	assert_int_equal(json_integer_value(json_object_get(root, "status")), response->status);
	expect_instance(request, json_object_get(root, "instance"),
			kind == ARY_PROBLEM_OUT_OF_MEMORY);
	assert_int_equal(ary_problem(kind)->status, response->status);
	assert_int_equal(response->body.data[response->body.size - 1], '\n');
	json_decref(root);
}

void api_request_release(struct api_request *request)
{
	ary_call_release(&request->call);
	ary_cond_release(&request->cond);
	ary_mutex_release(&request->mutex);
}

unsigned api_send(struct api_fixture *fixture, const char *method, const char *target)
{
	struct api_request request;
	unsigned status;

	api_request_init(&request, method, target);
	status = api_request_send(fixture, &request);
	api_request_release(&request);
	return status;
}

unsigned api_put(struct api_fixture *fixture, const char *target, const char *value)
{
	struct api_request request;
	unsigned status;

	api_request_init(&request, "PUT", target);
	api_request_body(&request, ary_bytes_of(value));
	status = api_request_send(fixture, &request);
	api_request_release(&request);
	return status;
}
