/* SPDX-License-Identifier: MIT */
/* What the server says about itself. */
#include "api/handler.h"

#include "api/openapi.h"
#include "api/prefer.h"
#include "api/problem.h"
#include "api/respond.h"

static const char root_text[] =
	"Aryavarth, a key-value store. A key is the rest of the path behind /keys/,\n"
	"percent-encoded; a value is bytes.\n"
	"\n"
	"  curl -X PUT --data-binary hello http://HOST/keys/greeting\n"
	"  curl -T FILE http://HOST/keys/a%2Fb\n"
	"  curl http://HOST/keys/greeting\n"
	"  curl -I http://HOST/keys/greeting\n"
	"  curl -X DELETE http://HOST/keys/greeting\n"
	"\n"
	"Only create, or only replace what you have seen (ETag):\n"
	"\n"
	"  curl -X PUT -H 'If-None-Match: *' --data-binary hello http://HOST/keys/greeting\n"
	"  curl -X PUT -H 'If-Match: \"17\"' --data-binary hello http://HOST/keys/greeting\n"
	"\n"
	"List keys (prefix, start, after, end, limit, reverse, delimiter, include, count):\n"
	"\n"
	"  curl 'http://HOST/keys?prefix=a/&limit=10'\n"
	"\n"
	"Let the server choose a key; remove all below a prefix:\n"
	"\n"
	"  curl --data-binary hello 'http://HOST/keys?prefix=queue/'\n"
	"  curl -X DELETE 'http://HOST/keys?prefix=queue/'\n"
	"\n"
	"Running it:\n"
	"\n"
	"  curl http://HOST/stats                 figures\n"
	"  curl -X POST http://HOST/compact       drop what is outdated; GET: progress\n"
	"  curl http://HOST/livez                 is the process alive\n"
	"  curl http://HOST/readyz?verbose        does it serve (also /healthz)\n"
	"  curl http://HOST/openapi.yaml          everything in detail\n"
	"\n"
	"Errors are JSON; their type, /problems/..., is a page with cause and remedy.\n";

static const char root_html[] =
	"<!doctype html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Aryavarth</title>\n"
	"</head>\n"
	"<body>\n"
	"<h1>Aryavarth</h1>\n"
	"<p>A key-value store. A key is the rest of the path behind <code>/keys/</code>,\n"
	"percent-encoded; a value is bytes.</p>\n"
	"<pre>\n"
	"curl -X PUT --data-binary hello http://HOST/keys/greeting\n"
	"curl http://HOST/keys/greeting\n"
	"curl -X DELETE http://HOST/keys/greeting\n"
	"</pre>\n"
	"<ul>\n"
	"<li><a href=\"/keys\">Keys</a></li>\n"
	"<li><a href=\"/stats\">Figures</a></li>\n"
	"<li><a href=\"/compact\">Compaction</a></li>\n"
	"<li><a href=\"/readyz?verbose\">Readiness</a></li>\n"
	"<li><a href=\"/openapi.yaml\">The contract (OpenAPI)</a></li>\n"
	"</ul>\n"
	"</body>\n"
	"</html>\n";

static void add_page_fields(struct ary_response *response)
{
	ary_response_constant(response, "Cache-Control", "no-cache");
}

enum ary_step ary_pages_root(struct ary_api *api, struct ary_call *call)
{
	struct ary_response *response = &call->response;

	(void)api;
	if (ary_accept_html(call))
		ary_respond_literal(response, 200, "text/html; charset=utf-8",
				    ary_bytes_of(root_html));
	else
		ary_respond_literal(response, 200, ARY_TYPE_TEXT, ary_bytes_of(root_text));
	add_page_fields(response);
	ary_response_constant(response, "Content-Security-Policy",
			      "default-src 'none'; frame-ancestors 'none'");
	ary_response_constant(response, "Link", "</openapi.yaml>; rel=\"service-desc\"");
	ary_response_constant(response, "Vary", "Accept");
	return ARY_STEP_RESPOND;
}

enum ary_step ary_pages_openapi(struct ary_api *api, struct ary_call *call)
{
	struct ary_bytes body = {ary_openapi_yaml, ary_openapi_yaml_size};

	(void)api;
	ary_respond_literal(&call->response, 200, "application/yaml", body);
	add_page_fields(&call->response);
	return ARY_STEP_RESPOND;
}

enum ary_step ary_pages_problem(struct ary_api *api, struct ary_call *call)
{
	const struct ary_problem *problem;
	struct ary_buf text = {0};
	enum ary_problem_kind kind;
	bool written;

	(void)api;
	if (!ary_problem_find(call->tail, &kind))
		return ary_problem_respond(call, ARY_PROBLEM_NO_SUCH_RESOURCE, "%s",
					   "no problem has this name");
	problem = ary_problem(kind);
	written = ary_buf_printf(&text, "%s (%s, status %u)\n\nCause: %s\nRemedy: %s\n",
				 problem->title, problem->slug, problem->status, problem->cause,
				 problem->fix);
	ary_respond_owned(&call->response, 200, ARY_TYPE_TEXT, &text);
	call->response.incomplete = call->response.incomplete || !written;
	add_page_fields(&call->response);
	return ARY_STEP_RESPOND;
}
