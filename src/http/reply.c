/* SPDX-License-Identifier: MIT */
#include "http/reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "store/upload.h"

/* An answer that was composed is refused for want of room only when it takes more than this. */
enum { COMPOSED_BYTES = 64 * 1024 };

/* What holds a body while the library sends it. */
struct held {
	struct ary_buf owned;
	struct ary_value value;
	bool has_value;
	struct ary_budget *flight;
	uint64_t charged_bytes;
	/* Of a large value: where in it the body begins; what was read last, and from where. */
	uint64_t body_offset;
	struct ary_bytes part;
	uint64_t part_offset;
	struct ary_reply_progress progress;
};

/* What the library asks for of a large value at a time, and has a buffer for. */
enum { BLOCK_BYTES = 64 * 1024 };

static void let_go(void *context)
{
	struct held *held = context;

	if (held->has_value)
		ary_value_release(&held->value);
	ary_buf_release(&held->owned);
	ary_budget_give(held->flight, held->charged_bytes);
	free(held);
}

static void keep(void *context)
{
	(void)context;
}

/* The memory that holds the body, all of it: a value's line as it was read, too. */
static uint64_t held_bytes(const struct ary_response *response)
{
	uint64_t bytes = response->owned.capacity;

	if (response->has_value)
		bytes += ary_value_memory_bytes(&response->value);
	if (response->has_value && ary_value_is_large(&response->value))
		bytes += BLOCK_BYTES;
	return bytes;
}

void ary_reply_drop_body(struct ary_response *response)
{
	if (!response->has_value && !response->owned.data)
		return;
	if (response->has_value)
		ary_value_release(&response->value);
	response->has_value = false;
	ary_buf_release(&response->owned);
	response->body.data = NULL;
}

bool ary_reply_charge(const struct ary_response *response, struct ary_budget *flight)
{
	uint64_t bytes = held_bytes(response);

	if (response->has_value || bytes > COMPOSED_BYTES)
		return ary_budget_take(flight, bytes) || ary_budget_take_alone(flight, bytes);
	ary_budget_charge(flight, bytes);
	return true;
}

/* The library asks for no byte of a body that it does not send. */
static ssize_t refuse_to_read(void *context, uint64_t position, char *data, size_t size)
{
	(void)context;
	(void)position;
	(void)data;
	(void)size;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* RESPONSE's body as the library's, when nothing has to be freed after it. */
static struct MHD_Response *make_plain_body(const struct ary_response *response)
{
	union {
		const void *constant;
		void *data;
	} body = { .constant = response->body.data };

	if (!body.data && response->body.size > 0)
		return MHD_create_response_from_callback(response->body.size, 1, refuse_to_read,
							 NULL, NULL);
	return MHD_create_response_from_buffer_with_free_callback_cls(response->body.size,
								      body.data, keep, NULL);
}

/* Brings the part of HELD's value that has the byte at OFFSET. */
static bool bring_part(struct held *held, uint64_t offset)
{
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];

	if (offset >= held->part_offset && offset - held->part_offset < held->part.size)
		return true;
	held->progress.next_part(held->progress.context);
	held->part.size = 0;
	if (ary_value_read(&held->value, offset, &held->part, &err) == ARY_OK) {
		held->part_offset = offset;
		return true;
	}
	ary_diag(ARY_DIAG_ERROR, "value_cut_off", "error=%s", ary_diag_quote(err.text, quoted));
	return false;
}

/* The library takes the next bytes of a large value. One that cannot be read to its end is cut off:
 * the client was told how long it is. */
static ssize_t read_large(void *context, uint64_t position, char *data, size_t size)
{
	struct held *held = context;
	uint64_t offset = held->body_offset + position;

	if (!bring_part(held, offset))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	held->progress.next_block(held->progress.context);
	size_t skipped = (size_t)(offset - held->part_offset);
	size_t left = held->part.size - skipped;

	if (size > left)
		size = left;
	memcpy(data, held->part.data + skipped, size);
	return (ssize_t)size;
}

/* The body that HELD holds, BODY, as the library's. */
static struct MHD_Response *make_held_body(struct held *held, struct ary_bytes body)
{
	union {
		const void *constant;
		void *data;
	} bytes = { .constant = body.data };

	if (held->has_value && ary_value_is_large(&held->value))
		return MHD_create_response_from_callback(body.size, BLOCK_BYTES, read_large, held,
							 let_go);
	return MHD_create_response_from_buffer_with_free_callback_cls(body.size, bytes.data, let_go,
								      held);
}

/* What of RESPONSE is to be held, and moves into *OUT. */
static void hold(struct ary_response *response, struct held *out)
{
	out->owned = response->owned;
	out->value = response->value;
	out->has_value = response->has_value;
	out->body_offset = response->body_offset;
	response->owned = (struct ary_buf){ 0 };
	response->has_value = false;
}

/* RESPONSE's body as the library's; whatever holds it has moved into it, and what TERMS says was
 * charged will be given back with it. */
static struct MHD_Response *make_body(struct ary_response *response, const struct held *terms)
{
	struct MHD_Response *made;
	struct held *held;

	if (!response->has_value && !response->owned.data)
		return make_plain_body(response);
	held = ary_try_alloc(sizeof(*held));
	if (!held)
		return NULL;
	*held = *terms;
	hold(response, held);
	made = make_held_body(held, response->body);
	if (!made)
		let_go(held);
	return made;
}

static bool add_fields(struct MHD_Response *made, const struct ary_response *response)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);
		const char *name = ary_response_name(response, field);

		if (MHD_add_response_header(made, name, ary_response_value(response, field)) !=
		    MHD_YES)
			return false;
	}
	return !response->close ||
	       MHD_add_response_header(made, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
}

static enum MHD_Result queue_made(struct MHD_Connection *connection, unsigned status,
				  struct MHD_Response *made)
{
	enum MHD_Result result = MHD_queue_response(connection, status, made);

	MHD_destroy_response(made);
	return result;
}

/* For a response that could not be made. */
static enum MHD_Result queue_bare(struct MHD_Connection *connection)
{
	struct MHD_Response *made =
		MHD_create_response_from_buffer_with_free_callback_cls(0, NULL, keep, NULL);

	if (!made)
		return MHD_NO;
	if (MHD_add_response_header(made, MHD_HTTP_HEADER_CONNECTION, "close") != MHD_YES) {
		MHD_destroy_response(made);
		return MHD_NO;
	}
	return queue_made(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, made);
}

/* What the answer calls its request, or "-". */
static const char *request_id(const struct ary_response *response)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		if (strcmp(ary_response_name(response, field), "X-Request-Id") == 0)
			return ary_response_value(response, field);
	}
	return "-";
}

/* RESPONSE as the library's; NULL: it cannot be made. RESPONSE is empty afterwards. */
static struct MHD_Response *make(struct ary_response *response, const struct held *terms)
{
	struct MHD_Response *made = NULL;

	if (response->status)
		made = make_body(response, terms);
	/* What did not move into the library's response is freed here. */
	if (terms->charged_bytes > 0)
		ary_budget_give(terms->flight, held_bytes(response));
	if (made && !add_fields(made, response)) {
		MHD_destroy_response(made);
		made = NULL;
	}
	if (!made)
		ary_diag(ARY_DIAG_ERROR, "reply_failed", "request_id=%s status=%u",
			 request_id(response), response->status);
	ary_response_release(response);
	return made;
}

/* An answer that ends its connection says so, and is no answer for another one. */
static bool is_to_be_kept(const struct ary_response *response, const struct ary_hot *hot)
{
	return response->value_seq != 0 && !response->close &&
	       ary_hot_fits(hot, held_bytes(response) + response->text.size,
			    response->field_count);
}

enum MHD_Result ary_reply_queue(struct MHD_Connection *connection, struct ary_response *response,
				struct ary_budget *flight, struct ary_hot *hot,
				struct ary_reply_progress progress)
{
	unsigned status = response->status;
	uint64_t seq = response->value_seq;
	uint64_t time_ms = response->value_time_ms;
	bool keeps = is_to_be_kept(response, hot);
	struct held terms = { .flight = flight, .progress = progress };
	struct MHD_Response *made;
	enum MHD_Result result;

	if (keeps)
		ary_budget_give(flight, held_bytes(response));
	terms.charged_bytes = keeps ? 0 : held_bytes(response);
	made = make(response, &terms);
	if (!made)
		return queue_bare(connection);
	if (!keeps)
		return queue_made(connection, status, made);
	result = MHD_queue_response(connection, status, made);
	ary_hot_keep(hot, seq, time_ms, made);
	return result;
}

enum MHD_Result ary_reply_queue_kept(struct MHD_Connection *connection,
				     struct ary_response *response, struct MHD_Response *kept)
{
	return MHD_queue_response(connection, response->status, kept);
}
