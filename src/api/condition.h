/* SPDX-License-Identifier: MIT */
/* Conditions (RFC 9110 section 13). If-Match and If-None-Match are sets of seqs: our entity tags
 * are seqs in quotes, so a tag that is not one can match nothing. A date counts only where the
 * field with entity tags that goes before it is missing, and what is no date is ignored.
 *
 * A date has whole seconds, so it cannot tell two values of one second apart. Threads: any. */
#ifndef ARY_API_CONDITION_H
#define ARY_API_CONDITION_H

#include "api/call.h"

/* Parses both headers of CALL into its match sets. Weak tags are left out of If-Match, which
 * compares strongly. INVALID: neither `*` nor a list of entity tags. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_conditions_parse(struct ary_call *call);

/* Whether the present value with SEQ is in SET. */
bool ary_match_set_has(const struct ary_match_set *set, uint64_t seq);

/* The fields that make a request conditional. */
#define ARY_CONDITION_BITS                                                                         \
	(ARY_FIELD_BIT(ARY_FIELD_IF_MATCH) | ARY_FIELD_BIT(ARY_FIELD_IF_NONE_MATCH) |              \
	 ARY_FIELD_BIT(ARY_FIELD_IF_MODIFIED_SINCE) |                                              \
	 ARY_FIELD_BIT(ARY_FIELD_IF_UNMODIFIED_SINCE))

/* What the conditions of a request come to. */
enum ary_verdict {
	ARY_VERDICT_GO_ON,
	ARY_VERDICT_UNCHANGED, /* 304: only of GET and HEAD */
	ARY_VERDICT_FAILED,    /* 412 */
};

/* Holds the conditions of CALL, which was admitted and has parsed sets, against the present value
 * with SEQ of TIME_MS (0: not known), in the order of RFC 9110 section 13.2.2. NOW_MS: a value is
 * never said to be later. */
enum ary_verdict ary_conditions_judge(const struct ary_call *call, uint64_t seq, uint64_t time_ms,
				      uint64_t now_ms);

/* Whether CALL, a write, depends on a date: it has If-Unmodified-Since, without If-Match, and that
 * is a date. */
bool ary_conditions_need_time(const struct ary_call *call, uint64_t now_ms);

#endif
