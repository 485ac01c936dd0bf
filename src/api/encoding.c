/* SPDX-License-Identifier: MIT */
#include "api/encoding.h"

#include <string.h>

#include "api/prefer.h"
#include "api/respond.h"
#include "base/gzip.h"

void ary_encoding_init(struct ary_encoding *encoding, uint64_t bytes_min)
{
	memset(encoding, 0, sizeof(*encoding));
	encoding->bytes_min = bytes_min;
	ary_mutex_init(&encoding->lock);
}

void ary_encoding_release(struct ary_encoding *encoding)
{
	for (size_t i = 0; i < ARY_PACKED_LITERALS_MAX; i++)
		ary_buf_release(&encoding->literals[i].packed);
	ary_mutex_release(&encoding->lock);
}

/* The answers that may be packed: to reads, whole ones of our own, and that one of them is
 * unchanged, which has its tag and its size. A write's answer has the tag of a value. */
static bool is_composed(const struct ary_encoding *encoding, const struct ary_call *call)
{
	const struct ary_response *response = &call->response;

	if (encoding->bytes_min == 0 || response->has_value ||
	    (call->method != ARY_GET && call->method != ARY_HEAD))
		return false;
	return (response->status == 200 || response->status == 304) &&
	       response->body.size >= encoding->bytes_min && response->body.data != NULL;
}

/* The place of the literal at DATA, or a free one, or NULL. */
static struct ary_packed_literal *find_literal_locked(struct ary_encoding *encoding,
						      const uint8_t *data)
	ARY_REQUIRES(&encoding->lock)
{
	for (size_t i = 0; i < ARY_PACKED_LITERALS_MAX; i++) {
		struct ary_packed_literal *literal = &encoding->literals[i];

		if (literal->data == data || literal->data == NULL)
			return literal;
	}
	return NULL;
}

static bool pack_literal(struct ary_encoding *encoding, struct ary_response *response)
{
	struct ary_packed_literal *literal;
	bool packed = false;

	ary_mutex_lock(&encoding->lock);
	literal = find_literal_locked(encoding, response->body.data);
	if (literal != NULL && literal->data == NULL &&
	    ary_gzip(response->body, ARY_GZIP_BEST, &literal->packed))
		literal->data = response->body.data;
	if (literal != NULL && literal->data != NULL) {
		response->body = ary_buf_view(&literal->packed);
		packed = true;
	}
	ary_mutex_unlock(&encoding->lock);
	return packed;
}

static bool pack_owned(struct ary_response *response)
{
	struct ary_buf packed = {0};

	if (!ary_gzip(response->body, ARY_GZIP_FAST, &packed)) {
		ary_buf_release(&packed);
		return false;
	}
	ary_buf_release(&response->owned);
	response->owned = packed;
	response->body = ary_buf_view(&packed);
	return true;
}

/* Two codings of the same are not the same bytes, so a strong tag of both would be wrong (RFC 9110
 * section 8.8.3.3); a weak one is right, and its condition holds for either. */
static void weaken_etag(struct ary_response *response)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		if (strcmp(ary_response_name(response, field), "ETag") == 0 &&
		    ary_response_value(response, field)[0] == '"')
			ary_response_prefix(response, i, "W/");
	}
}

void ary_encoding_apply(struct ary_encoding *encoding, struct ary_call *call)
{
	struct ary_response *response = &call->response;
	bool packed;

	if (!is_composed(encoding, call))
		return;
	ary_response_constant(response, "Vary", "Accept-Encoding");
	if (!ary_call_has(call, ARY_FIELD_ACCEPT_ENCODING) || !ary_accept_gzip(call))
		return;
	packed = response->owned.data != NULL ? pack_owned(response)
					      : pack_literal(encoding, response);
	if (!packed)
		return;
	if (response->status == 200)
		ary_response_constant(response, "Content-Encoding", "gzip");
	weaken_etag(response);
}
