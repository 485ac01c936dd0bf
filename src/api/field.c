/* SPDX-License-Identifier: MIT */
#include "api/field.h"

#include "base/byte_class.h"

static const char *const known[ARY_FIELD_NAMED_COUNT] = {
	[ARY_FIELD_ACCEPT] = "Accept",
	[ARY_FIELD_ACCEPT_ENCODING] = "Accept-Encoding",
	[ARY_FIELD_ACCESS_CONTROL_REQUEST_HEADERS] = "Access-Control-Request-Headers",
	[ARY_FIELD_ACCESS_CONTROL_REQUEST_METHOD] = "Access-Control-Request-Method",
	[ARY_FIELD_ARYAVARTH_DURABILITY] = "Aryavarth-Durability",
	[ARY_FIELD_AUTHORIZATION] = "Authorization",
	[ARY_FIELD_CONTENT_DIGEST] = "Content-Digest",
	[ARY_FIELD_CONTENT_ENCODING] = "Content-Encoding",
	[ARY_FIELD_CONTENT_LENGTH] = "Content-Length",
	[ARY_FIELD_CONTENT_RANGE] = "Content-Range",
	[ARY_FIELD_CONTENT_TYPE] = "Content-Type",
	[ARY_FIELD_EXPECT] = "Expect",
	[ARY_FIELD_HOST] = "Host",
	[ARY_FIELD_IF_MATCH] = "If-Match",
	[ARY_FIELD_IF_MODIFIED_SINCE] = "If-Modified-Since",
	[ARY_FIELD_IF_NONE_MATCH] = "If-None-Match",
	[ARY_FIELD_IF_RANGE] = "If-Range",
	[ARY_FIELD_IF_UNMODIFIED_SINCE] = "If-Unmodified-Since",
	[ARY_FIELD_ORIGIN] = "Origin",
	[ARY_FIELD_PREFER] = "Prefer",
	[ARY_FIELD_RANGE] = "Range",
	[ARY_FIELD_REPR_DIGEST] = "Repr-Digest",
	[ARY_FIELD_SEC_FETCH_SITE] = "Sec-Fetch-Site",
	[ARY_FIELD_TRANSFER_ENCODING] = "Transfer-Encoding",
	[ARY_FIELD_TTL] = "Aryavarth-TTL",
	[ARY_FIELD_WANT_CONTENT_DIGEST] = "Want-Content-Digest",
	[ARY_FIELD_WANT_REPR_DIGEST] = "Want-Repr-Digest",
	[ARY_FIELD_X_REQUEST_ID] = "X-Request-Id",
};

/* The names of each size; ARY_FIELD_OTHER, which is 0, stands behind the last of them. */
enum { NAME_BYTES_MAX = 30, NAMES_OF_SIZE_MAX = 5 };
static const uint8_t ids_of_size[NAME_BYTES_MAX + 1][NAMES_OF_SIZE_MAX] = {
	[4] = { ARY_FIELD_HOST },
	[5] = { ARY_FIELD_RANGE },
	[6] = { ARY_FIELD_ACCEPT, ARY_FIELD_EXPECT, ARY_FIELD_ORIGIN, ARY_FIELD_PREFER },
	[8] = { ARY_FIELD_IF_MATCH, ARY_FIELD_IF_RANGE },
	[11] = { ARY_FIELD_REPR_DIGEST },
	[12] = { ARY_FIELD_CONTENT_TYPE, ARY_FIELD_X_REQUEST_ID },
	[13] = { ARY_FIELD_AUTHORIZATION, ARY_FIELD_CONTENT_RANGE, ARY_FIELD_IF_NONE_MATCH,
		 ARY_FIELD_TTL },
	[14] = { ARY_FIELD_CONTENT_DIGEST, ARY_FIELD_CONTENT_LENGTH, ARY_FIELD_SEC_FETCH_SITE },
	[15] = { ARY_FIELD_ACCEPT_ENCODING },
	[16] = { ARY_FIELD_CONTENT_ENCODING, ARY_FIELD_WANT_REPR_DIGEST },
	[17] = { ARY_FIELD_IF_MODIFIED_SINCE, ARY_FIELD_TRANSFER_ENCODING },
	[19] = { ARY_FIELD_IF_UNMODIFIED_SINCE, ARY_FIELD_WANT_CONTENT_DIGEST },
	[20] = { ARY_FIELD_ARYAVARTH_DURABILITY },
	[29] = { ARY_FIELD_ACCESS_CONTROL_REQUEST_METHOD },
	[30] = { ARY_FIELD_ACCESS_CONTROL_REQUEST_HEADERS },
};

/* Whether NAME is NAMED, which has as many bytes and none but letters and hyphens. */
static bool is_named(struct ary_bytes name, const char *named)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t differing = name.data[i] ^ (uint8_t)named[i];

		if (differing != 0 && (differing != 0x20 || named[i] == '-'))
			return false;
	}
	return true;
}

static enum ary_field_id identify(struct ary_bytes name)
{
	const size_t prefix_bytes = sizeof(ARY_META_PREFIX) - 1;
	const uint8_t *id = name.size <= NAME_BYTES_MAX ? ids_of_size[name.size] : NULL;

	for (; id != NULL && *id != ARY_FIELD_OTHER; id++) {
		if (is_named(name, known[*id]))
			return (enum ary_field_id)*id;
	}
	if (name.size > prefix_bytes &&
	    ary_bytes_are_caseless((struct ary_bytes){name.data, prefix_bytes}, ARY_META_PREFIX))
		return ARY_FIELD_META;
	return ARY_FIELD_OTHER;
}

struct ary_field ary_field_of(struct ary_bytes name, struct ary_bytes value)
{
	return (struct ary_field){ .name = name, .value = value, .id = identify(name) };
}

bool ary_field_is_token(struct ary_bytes text)
{
	return text.size > 0 && ary_bytes_are_all(text, ARY_BYTE_TOKEN);
}

const struct ary_field *ary_field_find(const struct ary_field *fields, size_t count,
				       enum ary_field_id id)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].id == id)
			return &fields[i];
	}
	return NULL;
}
