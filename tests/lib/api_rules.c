/* SPDX-License-Identifier: MIT */
#include "lib/api_rules.h"

#include <string.h>
#include <strings.h>

#include "api/prefer.h"
#include "base/check.h"

static const char *field_of(const struct ary_response *response, const char *name)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		if (strcasecmp(ary_response_name(response, field), name) == 0)
			return ary_response_value(response, field);
	}
	return NULL;
}

/* An id that was sent comes back as it was, or is replaced by one of ours; errors have one. */
static void check_request_id(const struct ary_call *call)
{
	const char *id = field_of(&call->response, "X-Request-Id");
	const struct ary_bytes *sent = ary_call_field(call, ARY_FIELD_X_REQUEST_ID);

	ARY_CHECK(id || (!sent && call->response.status < 400));
	ARY_CHECK(!id || (id[0] && !strpbrk(id, " \"\\<>/%#?,;")));
	if (id && sent && !ary_bytes_equal(*sent, ary_bytes_of(id)))
		ARY_CHECK(strlen(id) > 17 && id[16] == '-');
}

/* What was packed was asked for so, and is ours: a value goes out as it is. */
static void check_encoding(const struct ary_call *call)
{
	const struct ary_response *response = &call->response;

	if (!field_of(response, "Content-Encoding") || response->has_value)
		return;
	ARY_CHECK(ary_accept_gzip(call) && response->status == 200);
	ARY_CHECK(response->body.size > 18 && memcmp(response->body.data, "\x1f\x8b", 2) == 0);
}

/* The times are there for who prefers them, and only then. */
static void check_timing(const struct ary_call *call)
{
	const char *times = field_of(&call->response, "Server-Timing");

	ARY_CHECK(!times == !ary_prefer_has(call, "server-timing"));
	ARY_CHECK(!times || strstr(times, "total;dur="));
}

void api_rules_check(const struct ary_call *call)
{
	check_request_id(call);
	check_encoding(call);
	check_timing(call);
}
