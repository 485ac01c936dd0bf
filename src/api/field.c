/* SPDX-License-Identifier: MIT */
#include "api/field.h"

#include "base/byte_class.h"

static const struct {
	const char *name;
	size_t size;
} known[ARY_FIELD_NAMED_COUNT] = {
#define KNOWN(text) { text, sizeof(text) - 1 }
	[ARY_FIELD_ACCEPT] = KNOWN("Accept"),
	[ARY_FIELD_ACCEPT_ENCODING] = KNOWN("Accept-Encoding"),
	[ARY_FIELD_ACCESS_CONTROL_REQUEST_HEADERS] = KNOWN("Access-Control-Request-Headers"),
	[ARY_FIELD_ACCESS_CONTROL_REQUEST_METHOD] = KNOWN("Access-Control-Request-Method"),
	[ARY_FIELD_ARYAVARTH_DURABILITY] = KNOWN("Aryavarth-Durability"),
	[ARY_FIELD_AUTHORIZATION] = KNOWN("Authorization"),
	[ARY_FIELD_CONTENT_DIGEST] = KNOWN("Content-Digest"),
	[ARY_FIELD_CONTENT_ENCODING] = KNOWN("Content-Encoding"),
	[ARY_FIELD_CONTENT_LENGTH] = KNOWN("Content-Length"),
	[ARY_FIELD_CONTENT_RANGE] = KNOWN("Content-Range"),
	[ARY_FIELD_CONTENT_TYPE] = KNOWN("Content-Type"),
	[ARY_FIELD_EXPECT] = KNOWN("Expect"),
	[ARY_FIELD_HOST] = KNOWN("Host"),
	[ARY_FIELD_IF_MATCH] = KNOWN("If-Match"),
	[ARY_FIELD_IF_MODIFIED_SINCE] = KNOWN("If-Modified-Since"),
	[ARY_FIELD_IF_NONE_MATCH] = KNOWN("If-None-Match"),
	[ARY_FIELD_IF_RANGE] = KNOWN("If-Range"),
	[ARY_FIELD_IF_UNMODIFIED_SINCE] = KNOWN("If-Unmodified-Since"),
	[ARY_FIELD_ORIGIN] = KNOWN("Origin"),
	[ARY_FIELD_PREFER] = KNOWN("Prefer"),
	[ARY_FIELD_RANGE] = KNOWN("Range"),
	[ARY_FIELD_REPR_DIGEST] = KNOWN("Repr-Digest"),
	[ARY_FIELD_SEC_FETCH_SITE] = KNOWN("Sec-Fetch-Site"),
	[ARY_FIELD_TRANSFER_ENCODING] = KNOWN("Transfer-Encoding"),
	[ARY_FIELD_TTL] = KNOWN("Aryavarth-TTL"),
	[ARY_FIELD_WANT_CONTENT_DIGEST] = KNOWN("Want-Content-Digest"),
	[ARY_FIELD_WANT_REPR_DIGEST] = KNOWN("Want-Repr-Digest"),
	[ARY_FIELD_X_REQUEST_ID] = KNOWN("X-Request-Id"),
#undef KNOWN
};

/* Most names differ in their size already, so hardly any is compared. */
static enum ary_field_id identify(struct ary_bytes name)
{
	const size_t prefix_bytes = sizeof(ARY_META_PREFIX) - 1;

	for (unsigned id = ARY_FIELD_OTHER + 1; id < ARY_FIELD_NAMED_COUNT; id++) {
		if (known[id].size == name.size && ary_bytes_are_caseless(name, known[id].name))
			return (enum ary_field_id)id;
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
