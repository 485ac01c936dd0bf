/* SPDX-License-Identifier: MIT */
/* How handlers compose a response: literal headers, literal bodies, JSON bodies.
 *
 * None of these can fail: where memory runs out the response is marked incomplete, and
 * ary_response_mend replaces it before it leaves the floor. */
#ifndef ARY_API_RESPOND_H
#define ARY_API_RESPOND_H

#include <jansson.h>

#include "api/call.h"

#define ARY_TYPE_JSON "application/json"
#define ARY_TYPE_TEXT "text/plain; charset=utf-8"

/* As ary_response_field, for a VALUE that lives for ever and is not copied. */
void ary_response_constant(struct ary_response *response, const char *name, const char *value);

/* As ary_response_field, for a value that needs no formatting; VALUE is copied. */
void ary_response_plain(struct ary_response *response, const char *name, struct ary_bytes value);

/* As ary_response_plain, with a name of PREFIX and NAME, which is copied too. */
void ary_response_named(struct ary_response *response, const char *prefix, struct ary_bytes name,
			struct ary_bytes value);

/* Begins a header whose value the caller then appends to the response's `text`, and ends it;
 * WRITTEN tells whether there was memory for the value. */
void ary_response_begin_field(struct ary_response *response, const char *name);
void ary_response_end_field(struct ary_response *response, bool written);

/* Puts PREFIX before the value of header I of RESPONSE, whose name is a literal. */
void ary_response_prefix(struct ary_response *response, size_t i, const char *prefix);

/* Makes RESPONSE a new one with STATUS, a Content-Type (not to be sniffed at) and BODY, which must
 * live for ever, as must TYPE. */
void ary_respond_literal(struct ary_response *response, unsigned status, const char *type,
			 struct ary_bytes body);

/* As ary_respond_literal, but takes BODY. */
void ary_respond_owned(struct ary_response *response, unsigned status, const char *type,
		       struct ary_buf *body);

/* As ary_respond_literal, with ROOT (taken; NULL is memory that ran out) as one line of JSON. */
void ary_respond_json(struct ary_response *response, unsigned status, const char *type,
		      json_t *root);

/* Sets NAME of *OBJECT to VALUE (taken; NULL is memory that ran out). Where that fails, *OBJECT is
 * given back and becomes NULL, and stays so: half an answer would be a wrong one. */
void ary_json_set(json_t **object, const char *name, json_t *value);

/* As ary_json_set, for a NUMBER; JSON numbers end at 2^63 - 1. */
void ary_json_number(json_t **object, const char *name, uint64_t number);

/* As ary_json_set, for the text of an error, which may name files of any bytes. */
void ary_json_text(json_t **object, const char *name, const char *text);

/* Replaces RESPONSE when it is incomplete by a 503 that needs hardly any memory. */
void ary_response_mend(struct ary_response *response);

#endif
