/* SPDX-License-Identifier: MIT */
/* Promise: whatever is asked, the answer is one that openapi/aryavarth.yaml knows, errors are
 * problems that say what their status says, a 5xx means an unknown method or a server that is not
 * serving, a write that was answered is read back, and a restart changes
 * nothing.
 *
 * The first byte is a set of enum option. The rest are requests with 0x1e between them: a line of
 * method and target, a line for each header, an empty line, the body. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/problem.h"
#include "api/route.h"
#include "base/base64.h"
#include "base/diag.h"
#include "base/sha2.h"
#include "env/thread.h"
#include "fuzz/fuzz.h"
#include "lib/api_rules.h"
#include "lib/memory_env.h"

const char fuzz_name[] = "api";
const unsigned long fuzz_runs = 2000;

enum option {
	OPTION_STARTING = 1,   /* there is no store yet */
	OPTION_REOPEN = 2,     /* in the end the store is closed and opened again */
	OPTION_ORIGINS = 4,    /* CORS for a list */
	OPTION_ANY_ORIGIN = 8, /* CORS for all */
	OPTION_DRAINING = 16,
	OPTION_SMALL_LOGS = 32, /* a few lines each, compacted soon */
};

enum {
	KEY_BYTES_MAX = 32,
	VALUE_BYTES_MAX = 1000,
	TARGET_BYTES_MAX = 200,
	HEADER_BYTES_MAX = 2000,
	FIELDS_MAX = 24,
	REQUESTS_MAX = 24,
	SMALL_LOG_BYTES = 300,
	PATIENCE_MS = 20000,
	SEPARATOR = 0x1e,
};

struct service {
	struct memory_env *memory;
	struct ary_store *store;
	struct ary_replica *replica;
	struct ary_api *api;
	unsigned options;
};

/* A call, and what it needs to wait for its end. */
struct exchange {
	struct ary_call call;
	struct ary_field fields[FIELDS_MAX];
	struct ary_bytes body;
	struct ary_mutex mutex;
	struct ary_cond cond;
	bool awake;
};

/* ---- A service ---- */

static void open_store(struct service *service)
{
	struct ary_store_options options;
	struct ary_error err = {0};

	ary_store_options_default(&options);
	options.env = memory_env_env(service->memory);
	options.path = "store";
	options.create = true;
	options.key_bytes_max = KEY_BYTES_MAX;
	options.value_bytes_max = VALUE_BYTES_MAX;
	if (service->options & OPTION_SMALL_LOGS) {
		options.rotate_bytes = SMALL_LOG_BYTES;
		options.compact_stale_bytes = SMALL_LOG_BYTES;
	}
	ARY_CHECK(ary_store_open(&options, &service->store, &err) == ARY_OK);
}

static void start(struct service *service, unsigned chosen)
{
	struct ary_api_options options = {
		.key_bytes_max = KEY_BYTES_MAX,
		.value_bytes_max = VALUE_BYTES_MAX,
		.target_bytes_max = TARGET_BYTES_MAX,
		.header_bytes_max = HEADER_BYTES_MAX,
		.header_fields_max = FIELDS_MAX,
		.gzip_bytes_min = 100,
		.version = "1.2.3",
	};

	ary_diag_set_level(ARY_DIAG_ERROR);
	memset(service, 0, sizeof(*service));
	service->options = chosen;
	service->memory = memory_env_create();
	options.env = memory_env_env(service->memory);
	if (chosen & OPTION_ORIGINS)
		options.cors_origin = "http://a.example, https://b.example";
	if (chosen & OPTION_ANY_ORIGIN)
		options.cors_origin = "*";
	service->api = ary_api_create(&options);
	if (!(chosen & OPTION_STARTING)) {
		open_store(service);
		service->replica = ary_replica_solo(service->store);
		ary_api_set_serving(service->api, service->replica);
	}
	if (chosen & OPTION_DRAINING)
		ary_api_set_draining(service->api);
}

/* Everything that the store holds, folded into one number. */
struct digest {
	uint64_t number;
};

static void fold(struct digest *digest, struct ary_bytes bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		digest->number = (digest->number ^ bytes.data[i]) * UINT64_C(0x100000001b3);
	digest->number = (digest->number ^ bytes.size) * UINT64_C(0x100000001b3);
}

/* One key a time, as a visit must not read values. */
struct next {
	struct ary_buf key;
	uint64_t seq;
	bool found;
};

static bool note_next(void *context, struct ary_bytes key, uint64_t seq)
{
	struct next *next = context;

	next->key.size = 0;
	ARY_CHECK(ary_buf_append(&next->key, key));
	next->seq = seq;
	next->found = true;
	return false;
}

/* What ends may be over when it is looked at next. */
static void fold_value(struct digest *digest, struct ary_store *store, const struct next *next)
{
	struct ary_value value;
	enum ary_status status = ary_store_get(store, ary_buf_view(&next->key), &value, NULL);

	if (status == ARY_NOT_FOUND)
		return;
	ARY_CHECK(status == ARY_OK && value.seq == next->seq);
	if (value.expires_ms == 0) {
		fold(digest, ary_buf_view(&next->key));
		fold(digest, value.value);
		fold(digest, value.type);
		fold(digest, value.encoding);
		fold(digest, value.meta);
		fold(digest, value.sha256);
		digest->number += next->seq;
	}
	ary_value_release(&value);
}

static uint64_t digest_of(struct ary_store *store)
{
	struct digest digest = {0};
	struct ary_buf after = {0};
	struct next next = {0};

	for (;;) {
		next.found = false;
		ary_store_list(store, (struct ary_bytes){NULL, 0}, ary_buf_view(&after), 1,
			       note_next, &next);
		if (!next.found)
			break;
		ARY_CHECK(ary_bytes_compare(ary_buf_view(&next.key), ary_buf_view(&after)) > 0);
		fold_value(&digest, store, &next);
		after.size = 0;
		ARY_CHECK(ary_buf_append(&after, ary_buf_view(&next.key)));
	}
	ary_buf_release(&after);
	ary_buf_release(&next.key);
	return digest.number;
}

static void reopen(struct service *service)
{
	uint64_t before = digest_of(service->store);

	ARY_CHECK(ary_store_close(service->store, NULL) == ARY_OK);
	open_store(service);
	ARY_CHECK(digest_of(service->store) == before);
}

static void stop(struct service *service)
{
	ary_api_destroy(service->api);
	if (service->replica) {
		ary_replica_close_gate(service->replica);
		ARY_CHECK(ary_replica_drain(service->replica, PATIENCE_MS) == ARY_OK);
		ary_replica_destroy(service->replica);
	}
	if (service->store && (service->options & OPTION_REOPEN))
		reopen(service);
	ARY_CHECK(ary_store_close(service->store, NULL) == ARY_OK);
	memory_env_destroy(service->memory);
}

/* ---- One call ---- */

static void exchange_init(struct exchange *exchange)
{
	memset(exchange, 0, sizeof(*exchange));
	ary_call_init(&exchange->call);
	exchange->call.request.fields = exchange->fields;
	ary_mutex_init(&exchange->mutex);
	ary_cond_init(&exchange->cond);
}

static void exchange_release(struct exchange *exchange)
{
	ary_call_release(&exchange->call);
	ary_cond_release(&exchange->cond);
	ary_mutex_release(&exchange->mutex);
}

static void wake(struct ary_call *call)
{
	struct exchange *exchange = call->host;

	ary_mutex_lock(&exchange->mutex);
	ARY_CHECK(!exchange->awake);
	exchange->awake = true;
	ary_cond_signal(&exchange->cond);
	ary_mutex_unlock(&exchange->mutex);
}

static void wait_for_wake(struct exchange *exchange)
{
	ary_mutex_lock(&exchange->mutex);
	while (!exchange->awake)
		ARY_CHECK(ary_cond_wait_ms(&exchange->cond, &exchange->mutex, PATIENCE_MS));
	ary_mutex_unlock(&exchange->mutex);
}

/* As http does it. */
static void carry_out(struct ary_api *api, struct exchange *exchange)
{
	struct ary_call *call = &exchange->call;

	if (ary_api_admit(api, call) == ARY_STEP_RESPOND)
		return;
	if (exchange->body.size > call->body_bytes_max) {
		ary_api_refuse_body(api, call, ARY_TOO_LARGE);
		return;
	}
	ARY_CHECK(ary_buf_append(&call->body, exchange->body));
	if (ary_api_begin(api, call) == ARY_STEP_RESPOND)
		return;
	call->wake = wake;
	call->host = exchange;
	do {
		exchange->awake = false;
		ary_api_launch(api, call);
		wait_for_wake(exchange);
	} while (ary_api_finish(api, call) == ARY_STEP_PARK);
}

/* ---- What holds for every answer ---- */

static bool is_documented(unsigned status)
{
	static const unsigned documented[] = {200, 201, 202, 204, 206, 304, 400, 404, 405,
					      412, 413, 414, 416, 431, 501, 503};

	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
		if (documented[i] == status)
			return true;
	return false;
}

static const char *field_of(const struct ary_response *response, const char *name)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		if (strcasecmp(ary_response_name(response, field), name) == 0)
			return ary_response_value(response, field);
	}
	return NULL;
}

/* A field is there once, unless it is a list by its nature. */
static void check_fields(const struct ary_response *response)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);
		const char *name = ary_response_name(response, field);
		const char *value = ary_response_value(response, field);

		ARY_CHECK(!strpbrk(value, "\r\n") && !strpbrk(name, ": \r\n"));
		ARY_CHECK(field_of(response, name) == value || strcmp(name, "Vary") == 0);
	}
}

static void check_instance(const struct ary_response *response, const json_t *instance)
{
	static const char prefix[] = "urn:request:";
	const char *text = json_string_value(instance);

	ARY_CHECK(text && strncmp(text, prefix, sizeof(prefix) - 1) == 0);
	ARY_CHECK(strcmp(text + sizeof(prefix) - 1, field_of(response, "X-Request-Id")) == 0);
}

static void check_problem(const struct ary_response *response)
{
	const char *content_type = field_of(response, "Content-Type");
	enum ary_problem_kind kind;

	ARY_CHECK(content_type && strcmp(content_type, "application/problem+json") == 0);
	json_t *root = json_loadb((const char *)response->body.data, response->body.size,
				  JSON_REJECT_DUPLICATES, NULL);
	ARY_CHECK(root);
	const char *type = json_string_value(json_object_get(root, "type"));
	ARY_CHECK(type && strncmp(type, "/problems/", 10) == 0);
	ARY_CHECK(ary_problem_find(ary_bytes_of(type + 10), &kind));
	ARY_CHECK(ary_problem(kind)->status == response->status);
	ARY_CHECK(json_integer_value(json_object_get(root, "status")) == response->status);
	ARY_CHECK(json_string_length(json_object_get(root, "title")) > 0);
	check_instance(response, json_object_get(root, "instance"));
	json_decref(root);
}

/* Readiness answers 503 with a report of its own. */
static bool is_report(const struct ary_call *call)
{
	return call->response.status == 503 && call->route &&
	       (strcmp(call->route->path, "/readyz") == 0 ||
		strcmp(call->route->path, "/healthz") == 0);
}

/* A part says where it lies in the whole, and has as many bytes as that. */
static void check_part(const struct ary_call *call)
{
	const char *range = field_of(&call->response, "Content-Range");
	unsigned long long first, last, whole;

	ARY_CHECK(call->method == ARY_GET && range);
	ARY_CHECK(sscanf(range, "bytes %llu-%llu/%llu", &first, &last, &whole) == 3);
	ARY_CHECK(first <= last && last < whole);
	ARY_CHECK(call->response.body.size == last - first + 1);
}

static void check_answer(const struct service *service, const struct ary_call *call)
{
	const struct ary_response *response = &call->response;
	bool unready = (service->options & (OPTION_STARTING | OPTION_DRAINING)) != 0;

	ARY_CHECK(is_documented(response->status) && !response->incomplete);
	ARY_CHECK(response->status != 503 || unready);
	ARY_CHECK(response->status != 204 || response->body.size == 0);
	ARY_CHECK(response->status != 304 || call->method == ARY_GET || call->method == ARY_HEAD);
	ARY_CHECK(response->close || !(service->options & OPTION_DRAINING));
	check_fields(response);
	if (response->status == 206)
		check_part(call);
	api_rules_check(call);
	if (response->status >= 400 && !is_report(call))
		check_problem(response);
}

/* ---- Requests ---- */

static struct ary_bytes take_until(struct ary_bytes *input, char end)
{
	const uint8_t *at = input->size > 0 ? memchr(input->data, end, input->size) : NULL;
	struct ary_bytes taken = fuzz_take(input, at ? (size_t)(at - input->data) : input->size);

	(void)fuzz_take_byte(input);
	return taken;
}

static void take_field(struct ary_bytes line, struct ary_request *request,
		       struct ary_field *fields)
{
	struct ary_bytes name = take_until(&line, ':');

	while (line.size > 0 && line.data[0] == ' ')
		(void)fuzz_take_byte(&line);
	fields[request->field_count++] = ary_field_of(name, line);
}

static void read_request(struct ary_bytes text, struct exchange *exchange)
{
	struct ary_request *request = &exchange->call.request;
	struct ary_bytes line = take_until(&text, '\n');

	request->method = take_until(&line, ' ');
	request->target = line;
	while (text.size > 0) {
		line = take_until(&text, '\n');
		if (line.size == 0)
			break;
		if (request->field_count < FIELDS_MAX)
			take_field(line, request, exchange->fields);
	}
	exchange->body = text;
	bool chunked = ary_call_field(&exchange->call, ARY_FIELD_TRANSFER_ENCODING) != NULL;
	request->has_body = chunked || text.size > 0;
	request->has_length = !chunked;
	request->length = chunked ? 0 : text.size;
}

/* A GET of TARGET, with field NAME unless that is NULL. */
static void get(struct service *service, struct ary_bytes target, const char *name,
		const char *value, struct exchange *out)
{
	exchange_init(out);
	out->call.request.method = ary_bytes_of("GET");
	out->call.request.target = target;
	if (name) {
		out->fields[0] = ary_field_of(ary_bytes_of(name), ary_bytes_of(value));
		out->call.request.field_count = 1;
	}
	carry_out(service->api, out);
	check_answer(service, &out->call);
}

/* What a PUT said of its value is said with it. */
static void check_said(const struct ary_call *put, const struct ary_response *whole)
{
	char name[HEADER_BYTES_MAX + 1];

	for (size_t i = 0; i < put->request.field_count; i++) {
		const struct ary_field *field = &put->request.fields[i];
		struct ary_bytes value = ary_bytes_trim(field->value);

		if (field->id != ARY_FIELD_META)
			continue;
		ARY_CHECK(field->name.size < sizeof(name));
		memcpy(name, field->name.data, field->name.size);
		name[field->name.size] = '\0';
		const char *read = field_of(whole, name);
		ARY_CHECK(read && ary_bytes_equal(ary_bytes_of(read), value));
	}
}

static void check_digest(struct ary_bytes body, const char *field)
{
	uint8_t digest[ARY_SHA256_BYTES];
	char text[64] = "sha-256=:";

	ary_sha256(body, digest);
	ary_base64_encode((struct ary_bytes){digest, sizeof(digest)}, (uint8_t *)text + 9);
	text[9 + 44] = ':';
	ARY_CHECK(field && strcmp(field, text) == 0);
}

/* The target of EXCHANGE without its query, which is of the method. */
static struct ary_bytes path_of(const struct exchange *exchange)
{
	struct ary_bytes query;

	return ary_bytes_cut(exchange->call.request.target, '?', &query);
}

/* The store gives all there is, whatever was asked for. */
static void check_durability(const struct ary_call *call)
{
	const char *got = field_of(&call->response, "Aryavarth-Durability");

	ARY_CHECK(!got || strcmp(got, "always") == 0);
	ARY_CHECK(got || !ary_call_field(call, ARY_FIELD_ARYAVARTH_DURABILITY));
}

/* Reads back what EXCHANGE has put. */
static void check_put(struct service *service, const struct exchange *exchange)
{
	struct ary_bytes target = path_of(exchange);
	const char *etag = field_of(&exchange->call.response, "ETag");
	struct exchange whole, unchanged, part;

	/* The clock may end it before it is read. */
	ARY_CHECK(etag);
	check_durability(&exchange->call);
	if (field_of(&exchange->call.response, "Aryavarth-Expires"))
		return;
	get(service, target, NULL, NULL, &whole);
	const char *read_etag = field_of(&whole.call.response, "ETag");
	ARY_CHECK(whole.call.response.status == 200);
	ARY_CHECK(ary_bytes_equal(whole.call.response.body, exchange->body));
	ARY_CHECK(read_etag && strcmp(etag, read_etag) == 0);
	check_said(&exchange->call, &whole.call.response);
	get(service, target, "If-None-Match", etag, &unchanged);
	ARY_CHECK(unchanged.call.response.status == 304);
	get(service, target, "Range", "bytes=1-3", &part);
	ARY_CHECK(part.call.response.status == (exchange->body.size > 1 ? 206 : 416));
	if (part.call.response.status == 206)
		ARY_CHECK(memcmp(part.call.response.body.data, exchange->body.data + 1,
				 part.call.response.body.size) == 0);
	exchange_release(&part);
	get(service, target, "Want-Repr-Digest", "sha-256=1", &part);
	check_digest(exchange->body, field_of(&part.call.response, "Repr-Digest"));
	exchange_release(&part);
	exchange_release(&whole);
	exchange_release(&unchanged);
}

static void check_deleted(struct service *service, const struct exchange *exchange)
{
	struct exchange missing;

	get(service, path_of(exchange), NULL, NULL, &missing);
	ARY_CHECK(missing.call.response.status == 404);
	exchange_release(&missing);
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* A page as JSON is whole, and its keys that are text are in order. */
static void check_page(const struct exchange *exchange)
{
	const struct ary_bytes body = exchange->call.response.body;
	bool reverse = memmem(exchange->call.query.data, exchange->call.query.size, "reverse", 7);
	const json_t *object, *keys;
	const char *before = NULL;
	size_t i;

	json_t *root = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
	ARY_CHECK(root);
	keys = json_object_get(root, "keys");
	ARY_CHECK(keys || json_is_integer(json_object_get(root, "count")));
	ARY_CHECK(!keys || json_is_array(json_object_get(root, "prefixes")));
	ARY_CHECK(!keys || text_of(root, "next") || json_is_null(json_object_get(root, "next")));
	json_array_foreach(keys, i, object) {
		const char *key = text_of(object, "key");

		ARY_CHECK(key || text_of(object, "key_b64"));
		ARY_CHECK(json_integer_value(json_object_get(object, "seq")) > 0);
		ARY_CHECK(json_is_integer(json_object_get(object, "size")));
		ARY_CHECK(!key || !before || reverse || strcmp(before, key) < 0);
		before = key ? key : before;
	}
	json_decref(root);
}

static bool is_page(const struct ary_call *call)
{
	const char *type = field_of(&call->response, "Content-Type");

	return call->response.status == 200 && call->method == ARY_GET && call->route &&
	       ary_bytes_start_with(ary_bytes_of(call->route->path), ary_bytes_of("/keys")) &&
	       !call->route->has_tail && strcmp(type, "application/json") == 0;
}

static void try_request(struct service *service, struct ary_bytes text)
{
	struct exchange exchange;

	exchange_init(&exchange);
	read_request(text, &exchange);
	carry_out(service->api, &exchange);
	check_answer(service, &exchange.call);
	if (exchange.call.response.status < 300 && exchange.call.method == ARY_PUT)
		check_put(service, &exchange);
	if (exchange.call.response.status == 204 && exchange.call.method == ARY_DELETE)
		check_deleted(service, &exchange);
	if (is_page(&exchange.call))
		check_page(&exchange);
	exchange_release(&exchange);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ary_bytes input = {data, size};
	struct service service;

	start(&service, fuzz_take_byte(&input));
	for (unsigned i = 0; i < REQUESTS_MAX && input.size > 0; i++)
		try_request(&service, take_until(&input, SEPARATOR));
	stop(&service);
	return 0;
}
