/* SPDX-License-Identifier: MIT */
#include "api/cors.h"

#include <string.h>

#include "api/respond.h"

/* Whether ORIGIN is one of the comma-separated ORIGINS. Origins are compared as bytes: browsers
 * send them in one form only. */
static bool is_listed(const char *origins, struct ary_bytes origin)
{
	while (*origins != '\0') {
		size_t size;

		origins += strspn(origins, ", ");
		size = strcspn(origins, ", ");
		if (size > 0 &&
		    ary_bytes_equal((struct ary_bytes){(const uint8_t *)origins, size}, origin))
			return true;
		origins += size;
	}
	return false;
}

bool ary_cors_is_preflight(const struct ary_call *call)
{
	return call->response.status == 204 && call->method == ARY_OPTIONS &&
	       ary_call_field(call, ARY_FIELD_ORIGIN) != NULL &&
	       ary_call_field(call, ARY_FIELD_ACCESS_CONTROL_REQUEST_METHOD) != NULL;
}

static void apply_preflight(struct ary_response *response, const char *methods)
{
	ary_response_plain(response, "Access-Control-Allow-Methods", ary_bytes_of(methods));
	ary_response_constant(response, "Access-Control-Allow-Headers",
			      "Content-Type, If-Match, If-None-Match, Prefer");
	ary_response_constant(response, "Access-Control-Max-Age", "7200");
}

void ary_cors_apply(const char *origins, struct ary_call *call, const char *methods)
{
	struct ary_response *response = &call->response;
	const struct ary_bytes *origin = ary_call_field(call, ARY_FIELD_ORIGIN);
	bool any;

	if (origins == NULL)
		return;
	any = strcmp(origins, "*") == 0;
	if (!any)
		ary_response_constant(response, "Vary", "Origin");
	if (origin == NULL || (!any && !is_listed(origins, *origin)))
		return;
	ary_response_plain(response, "Access-Control-Allow-Origin",
			   any ? ary_bytes_of("*") : *origin);
	if (ary_cors_is_preflight(call))
		apply_preflight(response, methods);
	else
		ary_response_constant(response, "Access-Control-Expose-Headers",
				      "ETag, Location, Retry-After");
}
