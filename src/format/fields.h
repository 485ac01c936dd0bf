/* SPDX-License-Identifier: MIT */
/* The fields of a line that the JSON library has read, inside this floor only.
 *
 * Threads: the caller's own memory. Limits: what is kept is never longer than the line. */
#ifndef ARY_FORMAT_FIELDS_H
#define ARY_FORMAT_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "format/record.h"

/* One line on its way. The functions below are steps: the first that fails fills `err`, answers
 * CORRUPT or NO_MEMORY, and names the field. Views go into `scratch`, which has room for as many
 * bytes as the line has, so that it never moves. */
struct ary_fields {
	const json_t *object;
	struct ary_buf *scratch;
	struct ary_error *err;
	bool allow_nul; /* U+0000 in keys and values that are text */
};

/* The two names that bytes may have. */
struct ary_field_names {
	const char *text;
	const char *base64;
};

extern const struct ary_field_names ary_field_key;
extern const struct ary_field_names ary_field_value;

/* Parses LINE; *OUT is owned (json_decref). CORRUPT: not JSON, or a field twice. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_fields_parse(struct ary_bytes line, json_t **out,
						struct ary_error *err);

/* Answers CORRUPT, because of WHY. */
enum ary_status ary_fields_refuse(const struct ary_fields *fields, const char *name,
				  const char *why);

bool ary_fields_has(const struct ary_fields *fields, const char *name);

/* The number NAME, which is at least MIN and at most ARY_SEQ_MAX. */
ARY_MUST_CHECK enum ary_status ary_fields_number(const struct ary_fields *fields, const char *name,
						 uint64_t min, uint64_t *out);

/* The string NAME; returns borrowed as long as the object. */
ARY_MUST_CHECK enum ary_status ary_fields_string(const struct ary_fields *fields, const char *name,
						 struct ary_bytes *out);

/* A content type, a coding or a durability, kept. */
ARY_MUST_CHECK enum ary_status ary_fields_word(const struct ary_fields *fields, const char *name,
					       struct ary_bytes *out);

/* A key or a value, under exactly one of its names, decoded and kept. */
ARY_MUST_CHECK enum ary_status ary_fields_bytes(const struct ary_fields *fields,
						struct ary_field_names names,
						struct ary_bytes *out);

/* The value. WITH_VALUE: else only that there is one, and *OUT is untouched. */
ARY_MUST_CHECK enum ary_status ary_fields_value(const struct ary_fields *fields, bool with_value,
						struct ary_bytes *out);

/* What a Set has beside its key: `type`, `encoding`, `expires`, `meta`, `sha256`, each of which may
 * be missing, and its value, or `parts` instead. WITH_VALUE: else only that there is one. Whether
 * an upload comes before the Set is not looked at. */
ARY_MUST_CHECK enum ary_status ary_fields_content(const struct ary_fields *fields, bool with_value,
						  struct ary_record *out);

#endif
