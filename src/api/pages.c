/* SPDX-License-Identifier: MIT */
/* What the server says about itself: its description, and pages for people. */
#include "api/handler.h"

#include <string.h>

#include "api/condition.h"
#include "api/embedded.h"
#include "api/head.h"
#include "api/page.h"
#include "api/prefer.h"
#include "api/problem.h"
#include "api/respond.h"

void ary_page_fields(struct ary_response *response, bool is_html)
{
	ary_response_constant(response, "Cache-Control", "no-cache");
	if (is_html)
		ary_response_constant(response, "Content-Security-Policy", ARY_PAGE_POLICY);
}

static void respond(struct ary_response *response, const struct ary_embedded *file,
		    const char *type)
{
	struct ary_bytes body = {file->data, file->size};

	ary_respond_literal(response, 200, type, body);
	ary_page_fields(response, strcmp(type, ARY_TYPE_HTML) == 0);
}

/* The page is left to the response although it is not sent: RFC 9110 section 8.6 wants the
 * Content-Length of a 304 to be that of the 200, and http's library always states one. */
static void respond_unchanged(struct ary_response *response, const struct ary_embedded *file)
{
	ary_response_release(response);
	response->status = 304;
	response->body = (struct ary_bytes){file->data, file->size};
	ary_response_constant(response, "Cache-Control", "no-cache");
}

/* Answers FILE as TYPE, unless a condition says otherwise: its entity tag is its checksum, which
 * changes with the program only. False: a problem was answered. */
static bool serve(struct ary_call *call, const struct ary_embedded *file, const char *type)
{
	enum ary_status status = ary_conditions_parse(call);
	enum ary_verdict verdict;

	if (status != ARY_OK) {
		(void)ary_problem_respond_condition(call, status);
		return false;
	}
	verdict = ary_conditions_judge(call, file->sum, 0, 0);
	if (verdict == ARY_VERDICT_FAILED) {
		(void)ary_problem_respond(call, ARY_PROBLEM_PRECONDITION_FAILED, "%s", "");
		return false;
	}
	if (verdict == ARY_VERDICT_UNCHANGED)
		respond_unchanged(&call->response, file);
	else
		respond(&call->response, file, type);
	ary_head_add_etag(&call->response, file->sum);
	return true;
}

enum ary_step ary_pages_root(struct ary_api *api, struct ary_call *call)
{
	bool as_html = ary_accept_html(call);

	(void)api;
	if (!serve(call, as_html ? &ary_root_html : &ary_root_text,
		   as_html ? ARY_TYPE_HTML : ARY_TYPE_TEXT))
		return ARY_STEP_RESPOND;
	if (call->response.status == 200)
		ary_response_constant(&call->response, "Link",
				      "</openapi.json>; rel=\"service-desc\", "
				      "</docs>; rel=\"service-doc\"");
	ary_response_constant(&call->response, "Vary", "Accept");
	return ARY_STEP_RESPOND;
}

enum ary_step ary_pages_openapi_yaml(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	(void)serve(call, &ary_openapi_yaml, "application/yaml");
	return ARY_STEP_RESPOND;
}

enum ary_step ary_pages_openapi_json(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	(void)serve(call, &ary_openapi_json, ARY_TYPE_JSON);
	return ARY_STEP_RESPOND;
}

enum ary_step ary_pages_docs(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	(void)serve(call, &ary_docs_html, ARY_TYPE_HTML);
	return ARY_STEP_RESPOND;
}

enum ary_step ary_pages_style(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	(void)serve(call, &ary_style_css, "text/css; charset=utf-8");
	return ARY_STEP_RESPOND;
}
