/* SPDX-License-Identifier: MIT */
#include "api/cors.h"

#include <string.h>

#include "api/respond.h"
#include "api/timing.h"

/* The request headers that mean something here and that a page may not just send. */
#define REQUEST_HEADERS                                                                            \
	"Aryavarth-Durability, Aryavarth-TTL, Content-Digest, Content-Encoding, Content-Type, "    \
	"If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Prefer, "      \
	"Range, Repr-Digest, Want-Content-Digest, Want-Repr-Digest, X-Request-Id"

/* And these, of which a page makes the names: what it asks for is allowed, as far as that is short
 * enough for the head of an answer. */
#define META_PREFIX "aryavarth-meta-"
enum { META_NAMES_BYTES_MAX = 512 };

/* All there are: `*` does that as long as no credentials are sent, and none are allowed. The names
 * are for browsers that do not know it, and for proxies that do allow credentials. */
#define RESPONSE_HEADERS                                                                           \
	"*, Accept-Ranges, Aryavarth-Durability, Aryavarth-Expires, Content-Digest, "              \
	"Content-Location, Content-Range, ETag, Link, Location, Preference-Applied, "              \
	"Repr-Digest, Retry-After, Server-Timing, X-Request-Id"

/* What a preflight's answer depends on. */
#define PREFLIGHT_VARY "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"

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

static bool is_allowed(const char *origins, struct ary_bytes origin)
{
	return origins != NULL && (strcmp(origins, "*") == 0 || is_listed(origins, origin));
}

/* Whether ORIGIN is the host that CALL was sent to, as a browser writes both. The scheme is not
 * known here: a proxy in front may speak TLS. */
static bool is_own(const struct ary_call *call, struct ary_bytes origin)
{
	const struct ary_bytes *host = ary_call_field(call, ARY_FIELD_HOST);
	struct ary_bytes rest = origin;

	(void)ary_bytes_cut(rest, ':', &rest);
	if (host == NULL || rest.size < 2 || memcmp(rest.data, "//", 2) != 0)
		return false;
	rest.data += 2;
	rest.size -= 2;
	return ary_bytes_equal(rest, *host);
}

/* What the browser says itself about the page (Fetch Metadata) holds even behind a proxy that
 * changes Host; older browsers say only where the page is from. */
bool ary_cors_is_foreign(const char *origins, const struct ary_call *call)
{
	const struct ary_bytes *origin, *site;

	if (call->method != ARY_POST)
		return false;
	origin = ary_call_field(call, ARY_FIELD_ORIGIN);
	site = ary_call_field(call, ARY_FIELD_SEC_FETCH_SITE);
	if (origin == NULL && site == NULL)
		return false;
	if (origin != NULL && is_allowed(origins, *origin))
		return false;
	if (site != NULL)
		return !ary_bytes_equal(*site, ary_bytes_of("same-origin")) &&
		       !ary_bytes_equal(*site, ary_bytes_of("none"));
	return !is_own(call, *origin);
}

bool ary_cors_is_preflight(const struct ary_call *call)
{
	return call->response.status == 204 && call->method == ARY_OPTIONS &&
	       ary_call_has(call, ARY_FIELD_ORIGIN) &&
	       ary_call_has(call, ARY_FIELD_ACCESS_CONTROL_REQUEST_METHOD);
}

static bool is_meta_name(struct ary_bytes name)
{
	struct ary_bytes prefix = {name.data, sizeof(META_PREFIX) - 1};

	return name.size > prefix.size && ary_bytes_are_caseless(prefix, META_PREFIX) &&
	       ary_field_is_token(name);
}

/* Appends the names of metadata in LIST, of which *LEFT bytes fit, behind others. */
static bool allow_meta(struct ary_bytes list, size_t *left, struct ary_buf *text)
{
	while (list.size > 0) {
		struct ary_bytes name = ary_bytes_trim(ary_bytes_cut(list, ',', &list));

		if (!is_meta_name(name) || name.size + 2 > *left)
			continue;
		*left -= name.size + 2;
		if (!ary_buf_append(text, ary_bytes_of(", ")) || !ary_buf_append(text, name))
			return false;
	}
	return true;
}

static void allow_headers(struct ary_call *call)
{
	struct ary_response *response = &call->response;
	size_t left = META_NAMES_BYTES_MAX;
	bool written;

	ary_response_begin_field(response, "Access-Control-Allow-Headers");
	written = ary_buf_append(&response->text, ary_bytes_of(REQUEST_HEADERS));
	for (size_t i = 0; i < call->request.field_count && written; i++) {
		const struct ary_field *field = &call->request.fields[i];

		if (field->id == ARY_FIELD_ACCESS_CONTROL_REQUEST_HEADERS)
			written = allow_meta(field->value, &left, &response->text);
	}
	ary_response_end_field(response, written);
}

static void apply_preflight(struct ary_call *call, const char *methods)
{
	struct ary_response *response = &call->response;

	ary_response_plain(response, "Access-Control-Allow-Methods", ary_bytes_of(methods));
	allow_headers(call);
	ary_response_constant(response, "Access-Control-Max-Age", "7200");
}

void ary_cors_apply(const char *origins, struct ary_call *call, const char *methods)
{
	struct ary_response *response = &call->response;
	const struct ary_bytes *origin;
	struct ary_bytes allowed;
	bool any;

	if (origins == NULL)
		return;
	any = strcmp(origins, "*") == 0;
	if (call->method == ARY_OPTIONS)
		ary_response_constant(response, "Vary", PREFLIGHT_VARY);
	else if (!any)
		ary_response_constant(response, "Vary", "Origin");
	if (!ary_call_has(call, ARY_FIELD_ORIGIN))
		return;
	origin = ary_call_field(call, ARY_FIELD_ORIGIN);
	if (!any && !is_listed(origins, *origin))
		return;
	allowed = any ? ary_bytes_of("*") : *origin;
	ary_response_plain(response, "Access-Control-Allow-Origin", allowed);
	if (ary_timing_wanted(call))
		ary_response_plain(response, "Timing-Allow-Origin", allowed);
	if (ary_cors_is_preflight(call))
		apply_preflight(call, methods);
	else
		ary_response_constant(response, "Access-Control-Expose-Headers", RESPONSE_HEADERS);
}
