/* SPDX-License-Identifier: MIT */
/* Every error this server answers: one table of slugs, statuses, titles and explanations, and one
 * mapping from ary_status to it. The bodies are application/problem+json (RFC 9457), and
 * /problems/{slug} explains each from the same table.
 *
 * Threads: any. */
#ifndef ARY_API_PROBLEM_H
#define ARY_API_PROBLEM_H

#include "api/api.h"

enum ary_problem_kind {
	/* 400 */
	ARY_PROBLEM_BAD_REQUEST,
	ARY_PROBLEM_BAD_TARGET,
	ARY_PROBLEM_BAD_PERCENT_ENCODING,
	ARY_PROBLEM_BAD_KEY_ENCODING,
	ARY_PROBLEM_DOT_SEGMENT,
	ARY_PROBLEM_UNKNOWN_PARAMETER,
	ARY_PROBLEM_REPEATED_PARAMETER,
	ARY_PROBLEM_INVALID_PARAMETER,
	ARY_PROBLEM_UNEXPECTED_BODY,
	ARY_PROBLEM_BAD_CONDITION,
	ARY_PROBLEM_BAD_CONTENT_TYPE,
	ARY_PROBLEM_BAD_CONTENT_ENCODING,
	ARY_PROBLEM_BAD_METADATA,
	ARY_PROBLEM_BAD_TTL,
	ARY_PROBLEM_BAD_DURABILITY,
	ARY_PROBLEM_CONTENT_RANGE,
	ARY_PROBLEM_BAD_DIGEST,
	ARY_PROBLEM_DIGEST_MISMATCH,
	/* 403 to 431 */
	ARY_PROBLEM_FOREIGN_ORIGIN,
	ARY_PROBLEM_KEY_NOT_FOUND,
	ARY_PROBLEM_NO_SUCH_RESOURCE,
	ARY_PROBLEM_METHOD_NOT_ALLOWED,
	ARY_PROBLEM_COMPACTION_CANCELLED,
	ARY_PROBLEM_PRECONDITION_FAILED,
	ARY_PROBLEM_VALUE_TOO_LARGE,
	ARY_PROBLEM_TARGET_TOO_LONG,
	ARY_PROBLEM_KEY_TOO_LONG,
	ARY_PROBLEM_RANGE_NOT_SATISFIABLE,
	ARY_PROBLEM_EXPECTATION_FAILED,
	ARY_PROBLEM_HEADERS_TOO_LARGE,
	ARY_PROBLEM_METADATA_TOO_LARGE,
	/* 500 and up */
	ARY_PROBLEM_OUTCOME_UNKNOWN,
	ARY_PROBLEM_RECORD_CORRUPT,
	ARY_PROBLEM_IO_ERROR,
	ARY_PROBLEM_INTERNAL_ERROR,
	ARY_PROBLEM_UNKNOWN_METHOD,
	ARY_PROBLEM_TRANSFER_CODING,
	ARY_PROBLEM_STARTING,
	ARY_PROBLEM_SHUTTING_DOWN,
	ARY_PROBLEM_OVERLOADED,
	ARY_PROBLEM_TOO_MANY_BYTES,
	ARY_PROBLEM_TOO_MANY_CONNECTIONS,
	ARY_PROBLEM_READ_ONLY,
	ARY_PROBLEM_OUT_OF_MEMORY,
	ARY_PROBLEM_NO_SPACE,
	ARY_PROBLEM_COUNT,
};

/* One row. All texts are literals. */
struct ary_problem {
	const char *slug;
	unsigned status;
	unsigned retry_after_seconds; /* 0: no Retry-After */
	const char *title;
	const char *cause;            /* one sentence */
	const char *fix;              /* one sentence */
};

/* The row of KIND; returns borrowed until for ever. */
const struct ary_problem *ary_problem(enum ary_problem_kind kind);

/* Finds SLUG; false: there is none. */
ARY_MUST_CHECK bool ary_problem_find(struct ary_bytes slug, enum ary_problem_kind *out);

/* What a failure of the store is called over HTTP. */
enum ary_problem_kind ary_problem_of(enum ary_status status);

/* What problem KIND is to a client of the store. INVALID, TOO_LARGE: it asked for what cannot be.
 * UNSUPPORTED: it does not speak to what it takes this server for. Never OK. */
enum ary_status ary_problem_status(enum ary_problem_kind kind);

/* Makes CALL's response problem KIND, with a detail made from FORMAT. Where CALL is about a key,
 * the problem names it. Answers ARY_STEP_RESPOND, so that `return ary_problem_respond(...)` is
 * one statement. */
ARY_COLD enum ary_step ary_problem_respond(struct ary_call *call, enum ary_problem_kind kind,
					   const char *format, ...) ARY_PRINTF(3, 4);

/* As ary_problem_respond, for a STATUS of the store and the text of its ERR (may be NULL). */
ARY_COLD enum ary_step ary_problem_respond_status(struct ary_call *call, enum ary_status status,
						  const struct ary_error *err);

/* As ary_problem_respond_status; the problem is about KEY, which it names. */
enum ary_step ary_problem_respond_about(struct ary_call *call, enum ary_status status,
					struct ary_bytes key, const struct ary_error *err);

/* As ary_problem_respond_status, of a removal of many keys that had DELETED some when it failed. */
enum ary_step ary_problem_respond_deleted(struct ary_call *call, enum ary_status status,
					  uint64_t deleted, const struct ary_error *err);

/* As ary_problem_respond_status, for the STATUS of ary_conditions_parse, which is not OK. */
ARY_COLD enum ary_step ary_problem_respond_condition(struct ary_call *call, enum ary_status status);

#endif
