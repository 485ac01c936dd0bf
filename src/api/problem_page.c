/* SPDX-License-Identifier: MIT */
/* /problems and /problems/{slug}: every error with its cause and remedy, as text, as a page, or as
 * JSON. */
#include "api/handler.h"

#include "api/page.h"
#include "api/prefer.h"
#include "api/problem.h"

/* The forms a problem has, the one for whoever does not say first. */
enum form { TEXT, HTML, JSON };

static const char *const types[] = {
	[TEXT] = "text/plain", [HTML] = "text/html", [JSON] = "application/json", NULL,
};

static const char page_head[] =
	"<!doctype html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<link rel=\"icon\" href=\"data:,\">\n"
	"<link rel=\"stylesheet\" href=\"/style.css\">\n";

static const char page_end[] =
	"<p><a href=\"/problems\">Every error</a>, <a href=\"/docs\">every operation</a></p>\n"
	"</body>\n"
	"</html>\n";

static bool append_escaped(struct ary_buf *page, const char *text)
{
	bool written = true;

	for (; *text != '\0' && written; text++) {
		if (*text == '<')
			written = ary_buf_append(page, ary_bytes_of("&lt;"));
		else if (*text == '>')
			written = ary_buf_append(page, ary_bytes_of("&gt;"));
		else if (*text == '&')
			written = ary_buf_append(page, ary_bytes_of("&amp;"));
		else
			written = ary_buf_printf(page, "%c", *text);
	}
	return written;
}

static bool write_text(struct ary_buf *text, const struct ary_problem *problem)
{
	return ary_buf_printf(text, "%s (%s, status %u)\n\nCause: %s\nRemedy: %s\n",
			      problem->title, problem->slug, problem->status, problem->cause,
			      problem->fix);
}

static bool write_html(struct ary_buf *page, const struct ary_problem *problem)
{
	return ary_buf_printf(page, "%s<title>%s</title>\n</head>\n<body>\n<h1>%s</h1>\n",
			      page_head, problem->title, problem->title) &&
	       ary_buf_printf(page, "<p><code>%s</code>, status %u</p>\n<h2>Cause</h2>\n<p>",
			      problem->slug, problem->status) &&
	       append_escaped(page, problem->cause) &&
	       ary_buf_append(page, ary_bytes_of("</p>\n<h2>Remedy</h2>\n<p>")) &&
	       append_escaped(page, problem->fix) &&
	       ary_buf_printf(page, "</p>\n%s", page_end);
}

static json_t *as_json(const struct ary_problem *problem)
{
	json_t *row = json_pack("{s:s+, s:s, s:i, s:s, s:s}", "type", "/problems/", problem->slug,
				"title", problem->title, "status", (int)problem->status, "cause",
				problem->cause, "remedy", problem->fix);

	if (problem->retry_after_seconds > 0)
		ary_json_number(&row, "retry_after_seconds", problem->retry_after_seconds);
	return row;
}

static bool write_list_text(struct ary_buf *text)
{
	bool written = true;

	for (unsigned kind = 0; kind < ARY_PROBLEM_COUNT && written; kind++) {
		const struct ary_problem *problem = ary_problem((enum ary_problem_kind)kind);

		written = ary_buf_printf(text, "%u /problems/%s\n    %s\n", problem->status,
					 problem->slug, problem->title);
	}
	return written;
}

static bool write_list_html(struct ary_buf *page)
{
	bool written = ary_buf_printf(page,
				      "%s<title>Every error</title>\n</head>\n<body>\n"
				      "<h1>Every error</h1>\n<table>\n<thead><tr><th>status</th>"
				      "<th>error</th><th>cause</th></tr></thead>\n",
				      page_head);

	for (unsigned kind = 0; kind < ARY_PROBLEM_COUNT && written; kind++) {
		const struct ary_problem *problem = ary_problem((enum ary_problem_kind)kind);

		written = ary_buf_printf(page,
					 "<tr><td>%u</td><td><a href=\"/problems/%s\">%s</a></td>"
					 "<td>",
					 problem->status, problem->slug, problem->title) &&
			  append_escaped(page, problem->cause) &&
			  ary_buf_append(page, ary_bytes_of("</td></tr>\n"));
	}
	return written && ary_buf_printf(page, "</table>\n%s", page_end);
}

static json_t *list_as_json(void)
{
	json_t *rows = json_array();

	for (unsigned kind = 0; kind < ARY_PROBLEM_COUNT && rows != NULL; kind++) {
		json_t *row = as_json(ary_problem((enum ary_problem_kind)kind));

		if (json_array_append_new(rows, row) == 0)
			continue;
		json_decref(rows);
		rows = NULL;
	}
	return rows != NULL ? json_pack("{s:o}", "problems", rows) : NULL;
}

/* PROBLEM, or all of them for NULL. */
static void respond(struct ary_call *call, const struct ary_problem *problem)
{
	struct ary_response *response = &call->response;
	size_t form = ary_accept_best(call, types);
	struct ary_buf body = {0};
	bool written;

	if (form == JSON) {
		ary_respond_json(response, 200, ARY_TYPE_JSON,
				 problem != NULL ? as_json(problem) : list_as_json());
	} else if (form == HTML) {
		written = problem != NULL ? write_html(&body, problem) : write_list_html(&body);
		ary_respond_owned(response, 200, ARY_TYPE_HTML, &body);
		response->incomplete = response->incomplete || !written;
	} else {
		written = problem != NULL ? write_text(&body, problem) : write_list_text(&body);
		ary_respond_owned(response, 200, ARY_TYPE_TEXT, &body);
		response->incomplete = response->incomplete || !written;
	}
	ary_page_fields(response, form == HTML);
	ary_response_constant(response, "Vary", "Accept");
}

enum ary_step ary_pages_problem(struct ary_api *api, struct ary_call *call)
{
	enum ary_problem_kind kind;

	(void)api;
	if (!ary_problem_find(call->tail, &kind))
		return ary_problem_respond(call, ARY_PROBLEM_NO_SUCH_RESOURCE, "%s",
					   "no problem has this name");
	respond(call, ary_problem(kind));
	return ARY_STEP_RESPOND;
}

enum ary_step ary_pages_problems(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	respond(call, NULL);
	return ARY_STEP_RESPOND;
}
