/* SPDX-License-Identifier: MIT */
#include "http/reply.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/diag.h"

/* What holds a body while the library sends it. */
struct held {
	struct ary_buf owned;
	struct ary_value value;
	bool has_value;
};

static void let_go(void *context)
{
	struct held *held = context;

	if (held->has_value)
		ary_value_release(&held->value);
	ary_buf_release(&held->owned);
	free(held);
}

static void keep(void *context)
{
	(void)context;
}

/* The body of RESPONSE as the library's; whatever holds it has moved into it. */
static struct MHD_Response *make_body(struct ary_response *response)
{
	union {
		const void *constant;
		void *data;
	} body = { .constant = response->body.data };
	bool is_literal = !response->has_value && !response->owned.data;
	struct MHD_Response *made;
	struct held *held;

	if (is_literal)
		return MHD_create_response_from_buffer_with_free_callback_cls(
			response->body.size, body.data, keep, NULL);
	held = ary_try_alloc(sizeof(*held));
	if (!held)
		return NULL;
	*held = (struct held){ .owned = response->owned, .value = response->value,
			       .has_value = response->has_value };
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
		const struct ary_response_field *field = &response->fields[i];
		const char *value = ary_response_value(response, field);

		if (MHD_add_response_header(made, field->name, value) != MHD_YES)
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

enum MHD_Result ary_reply_queue(struct MHD_Connection *connection, struct ary_response *response)
{
	unsigned status = response->status;
	struct MHD_Response *made = status ? make_body(response) : NULL;

	if (made && !add_fields(made, response)) {
		MHD_destroy_response(made);
		made = NULL;
	}
	ary_response_release(response);
	if (!made) {
		ary_diag(ARY_DIAG_ERROR, "reply_failed", "status=%u", status);
		return queue_bare(connection);
	}
	return queue_made(connection, status, made);
}
