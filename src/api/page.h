/* SPDX-License-Identifier: MIT */
/* What the pages that people read have in common. */
#ifndef ARY_API_PAGE_H
#define ARY_API_PAGE_H

#include "api/respond.h"

#define ARY_TYPE_HTML "text/html; charset=utf-8"

/* A page may load our style sheet, and nothing else from anywhere; nobody may frame it. */
#define ARY_PAGE_POLICY                                                                            \
	"default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "                   \
	"form-action 'none'; frame-ancestors 'none'"

/* Adds the header fields of a page to RESPONSE. */
void ary_page_fields(struct ary_response *response, bool is_html);

#endif
