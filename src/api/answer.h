/* SPDX-License-Identifier: MIT */
/* The other end of the contract: what a client takes out of the JSON of an answer. It stands beside
 * what writes it (problem.c, admin.c), so that one floor knows the names.
 *
 * The bytes are those of a stranger: a figure that is missing, or of another type, counts as 0.
 * Threads: any. Limits: none of its own; the caller bounds the bytes. */
#ifndef ARY_API_ANSWER_H
#define ARY_API_ANSWER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/store.h"

/* Why a request was not carried out, from the HTTP status and the body of its answer. Fills ERR
 * with title and detail of a problem, or else with the number, and answers its status: that of
 * ary_problem_status for a problem of ours; BUSY for any other 503; for any other 5xx UNCERTAIN if
 * it IS_WRITE (what stands between may have lost the answer only); else IO. Never OK. */
enum ary_status ary_answer_failure(unsigned http_status, struct ary_bytes body, bool is_write,
				   struct ary_error *err);

/* Reads a report of POST or GET /compact. CORRUPT: BODY is no JSON object. */
ARY_MUST_CHECK enum ary_status ary_answer_compaction(struct ary_bytes body,
						     struct ary_compaction_report *out,
						     struct ary_error *err);

/* Reads the figures of GET /stats. CORRUPT: BODY is no JSON object. */
ARY_MUST_CHECK enum ary_status ary_answer_stats(struct ary_bytes body, struct ary_stats *out,
						struct ary_error *err);

/* Reads BODY, a page of GET /keys as application/x-ndjson, and visits its keys. *NEXT_OUT, which is
 * emptied first, is the token of the page behind it, or empty at the end. CORRUPT: a line is none
 * of a page's, or the last one is missing. CANCELLED: VISIT wanted no more. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_answer_page(struct ary_bytes body, ary_store_visit visit,
					       void *context, struct ary_buf *next_out,
					       struct ary_error *err);

#endif
