/* SPDX-License-Identifier: MIT */
/* A page of a listing as it is written: as JSON, as one JSON object a line, or as one key a line.
 *
 * None of these can fail: where memory runs out, `failed` is set. */
#ifndef ARY_API_LIST_TEXT_H
#define ARY_API_LIST_TEXT_H

#include "api/list_query.h"

enum ary_list_form { ARY_LIST_JSON, ARY_LIST_NDJSON, ARY_LIST_PLAIN };

/* Values longer than this are in no listing. */
enum { ARY_LIST_VALUE_BYTES_MAX = 1024 * 1024 };

/* Begins all zero but for the first three. */
struct ary_list_writer {
	enum ary_list_form form;
	bool with_meta;
	bool with_value;
	struct ary_buf text;
	struct ary_buf prefixes; /* of ARY_LIST_JSON, where they follow all keys */
	bool failed;
};

/* The Content-Type of FORM; returns borrowed until for ever. */
const char *ary_list_type(enum ary_list_form form);

/* Which form CALL's Accept likes best. */
enum ary_list_form ary_list_form_of(const struct ary_call *call);

void ary_list_write_key(struct ary_list_writer *writer, struct ary_bytes key,
			const struct ary_value *value);
void ary_list_write_prefix(struct ary_list_writer *writer, struct ary_bytes prefix);

/* Ends the page: `text` is all of it then. NEXT is the token of the page behind it, or empty. */
void ary_list_write_end(struct ary_list_writer *writer, struct ary_bytes next);

/* Writes that there are COUNT keys, instead of a page. */
void ary_list_write_count(struct ary_list_writer *writer, uint64_t count);

/* Makes what WRITER wrote the answer of CALL, and takes it. */
void ary_list_respond(struct ary_call *call, struct ary_list_writer *writer);

void ary_list_writer_release(struct ary_list_writer *writer);

#endif
