/* SPDX-License-Identifier: MIT */
#include "http/reply.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/diag.h"

/* An answer that was composed is refused for want of room only when it takes more than this. */
enum { COMPOSED_BYTES = 64 * 1024 };

/* What holds a body while the library sends it. */
struct held {
	struct ary_buf owned;
	struct ary_value value;
	bool has_value;
	struct ary_budget *flight;
	uint64_t charged_bytes;
};

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
		bytes += response->value.line.capacity + response->value.scratch.capacity;
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

/* RESPONSE's body as the library's; whatever holds it has moved into it, and CHARGED_BYTES will be
 * given back to FLIGHT with it. */
static struct MHD_Response *make_body(struct ary_response *response, struct ary_budget *flight,
				      uint64_t charged_bytes)
{
	union {
		const void *constant;
		void *data;
	} body = { .constant = response->body.data };
	struct MHD_Response *made;
	struct held *held;

	if (!response->has_value && !response->owned.data)
		return make_plain_body(response);
	held = ary_try_alloc(sizeof(*held));
	if (!held)
		return NULL;
	*held = (struct held){ .owned = response->owned, .value = response->value,
			       .has_value = response->has_value, .flight = flight,
			       .charged_bytes = charged_bytes };
	made = MHD_create_response_from_buffer_with_free_callback_cls(response->body.size,
								      body.data, let_go, held);
	if (!made) {
		free(held);
		return NULL;
	}
	response->owned = (struct ary_buf){ 0 };
	response->has_value = false;
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

/* RESPONSE as the library's; NULL: it cannot be made. RESPONSE is empty afterwards. */
static struct MHD_Response *make(struct ary_response *response, struct ary_budget *flight,
				 bool is_charged)
{
	uint64_t charged_bytes = is_charged ? held_bytes(response) : 0;
	struct MHD_Response *made = NULL;

	if (response->status)
		made = make_body(response, flight, charged_bytes);
	/* What did not move into the library's response is freed here. */
	if (is_charged)
		ary_budget_give(flight, held_bytes(response));
	if (made && !add_fields(made, response)) {
		MHD_destroy_response(made);
		made = NULL;
	}
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
				struct ary_budget *flight, struct ary_hot *hot)
{
	unsigned status = response->status;
	uint64_t seq = response->value_seq;
	uint64_t time_ms = response->value_time_ms;
	bool keeps = is_to_be_kept(response, hot);
	struct MHD_Response *made;
	enum MHD_Result result;

	if (keeps)
		ary_budget_give(flight, held_bytes(response));
	made = make(response, flight, !keeps);
	if (!made) {
		ary_diag(ARY_DIAG_ERROR, "reply_failed", "status=%u", status);
		return queue_bare(connection);
	}
	if (!keeps)
		return queue_made(connection, status, made);
	result = MHD_queue_response(connection, status, made);
	ary_hot_keep(hot, seq, time_ms, made);
	return result;
}

enum MHD_Result ary_reply_queue_kept(struct MHD_Connection *connection,
				     struct ary_response *response, struct MHD_Response *kept)
{
	unsigned status = response->status;

	ary_response_release(response);
	return MHD_queue_response(connection, status, kept);
}
