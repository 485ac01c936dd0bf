/* SPDX-License-Identifier: MIT */
/* What a client would rather have: Prefer (RFC 7240), Accept and Accept-Encoding (RFC
 * 9110 sections 12.5.1 and 12.5.3). */
#ifndef ARY_API_PREFER_H
#define ARY_API_PREFER_H

#include "api/call.h"

/* Whether CALL prefers TOKEN. */
bool ary_prefer_has(const struct ary_call *call, const char *token);

/* Whether CALL prefers TOKEN to be VALUE, as in `return=representation`; what it says first
 * counts. */
bool ary_prefer_is(const struct ary_call *call, const char *token, const char *value);

/* Whether CALL's Accept wants HTML rather than plain text; a client that takes anything gets
 * text. */
bool ary_accept_html(const struct ary_call *call);

/* Which of TYPES (NULL at the end, at least one) CALL's Accept likes best: the number of the first
 * of those, 0 where it likes none, or says nothing. */
size_t ary_accept_best(const struct ary_call *call, const char *const *types);

/* Whether CALL's Accept-Encoding takes gzip, and does not like the bytes as they are better. */
bool ary_accept_gzip(const struct ary_call *call);

#endif
