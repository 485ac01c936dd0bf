/* SPDX-License-Identifier: MIT */
/* If-Match and If-None-Match (RFC 9110 section 13.1), as sets of seqs: our entity tags are seqs in
 * quotes, so a tag that is not one can match nothing. Threads: any. */
#ifndef ARY_API_CONDITION_H
#define ARY_API_CONDITION_H

#include "api/call.h"

/* Parses both headers of CALL into its match sets. Weak tags are left out of If-Match, which
 * compares strongly. INVALID: neither `*` nor a list of entity tags. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_conditions_parse(struct ary_call *call);

/* Whether the present value with SEQ is in SET. */
bool ary_match_set_has(const struct ary_match_set *set, uint64_t seq);

#endif
