/* SPDX-License-Identifier: MIT */
/* The fields of a request's head (RFC 9110 section 5), told apart once. */
#ifndef ARY_API_FIELD_H
#define ARY_API_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* The names that this program knows; all others are of no consequence. */
enum ary_field_id {
	ARY_FIELD_OTHER,
	ARY_FIELD_ACCEPT,
	ARY_FIELD_ACCEPT_ENCODING,
	ARY_FIELD_ACCESS_CONTROL_REQUEST_HEADERS,
	ARY_FIELD_ACCESS_CONTROL_REQUEST_METHOD,
	ARY_FIELD_ARYAVARTH_DURABILITY,
	ARY_FIELD_AUTHORIZATION,
	ARY_FIELD_CONTENT_DIGEST,
	ARY_FIELD_CONTENT_ENCODING,
	ARY_FIELD_CONTENT_LENGTH,
	ARY_FIELD_CONTENT_RANGE,
	ARY_FIELD_CONTENT_TYPE,
	ARY_FIELD_EXPECT,
	ARY_FIELD_HOST,
	ARY_FIELD_IF_MATCH,
	ARY_FIELD_IF_MODIFIED_SINCE,
	ARY_FIELD_IF_NONE_MATCH,
	ARY_FIELD_IF_RANGE,
	ARY_FIELD_IF_UNMODIFIED_SINCE,
	ARY_FIELD_ORIGIN,
	ARY_FIELD_PREFER,
	ARY_FIELD_RANGE,
	ARY_FIELD_REPR_DIGEST,
	ARY_FIELD_SEC_FETCH_SITE,
	ARY_FIELD_TRANSFER_ENCODING,
	ARY_FIELD_TTL,
	ARY_FIELD_WANT_CONTENT_DIGEST,
	ARY_FIELD_WANT_REPR_DIGEST,
	ARY_FIELD_X_REQUEST_ID,
	ARY_FIELD_NAMED_COUNT,
	/* Any name that begins with ARY_META_PREFIX and goes on. */
	ARY_FIELD_META = ARY_FIELD_NAMED_COUNT,
	ARY_FIELD_ID_COUNT,
};

#define ARY_META_PREFIX "Aryavarth-Meta-"

struct ary_field {
	struct ary_bytes name;
	struct ary_bytes value;
	enum ary_field_id id;
};

/* The field NAME (compared without case) with VALUE; borrows both. */
struct ary_field ary_field_of(struct ary_bytes name, struct ary_bytes value);

/* Whether TEXT is a token, as names of fields and methods are (RFC 9110 section 5.6.2). */
bool ary_field_is_token(struct ary_bytes text);

/* The first of COUNT FIELDS that has ID, or NULL; returns borrowed. FIELDS may be NULL when COUNT
 * is 0. */
const struct ary_field *ary_field_find(const struct ary_field *fields, size_t count,
				       enum ary_field_id id);

#endif
