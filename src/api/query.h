/* SPDX-License-Identifier: MIT */
/* The query of a request target: `name=value` between ampersands, each value percent-decoded once
 * and by length; a plus is a plus.
 *
 * That a call's parameters are known ones, each given once, is checked at its admission: the route
 * table says which ones an action knows. The functions that read a parameter of a call answer
 * ARY_STEP_BODY, with *OUT untouched where it was not given, so that *OUT may hold a default; or
 * ARY_STEP_RESPOND, with the problem composed. Threads: any. */
#ifndef ARY_API_QUERY_H
#define ARY_API_QUERY_H

#include "api/api.h"

/* Takes the next `name` or `name=value` from *QUERY, both still encoded. False: no more. */
bool ary_query_next(struct ary_bytes *query, struct ary_bytes *name_out,
		    struct ary_bytes *value_out);

/* Whether QUERY has a parameter NAME; *VALUE_OUT, still encoded, borrows from QUERY then. */
bool ary_query_find(struct ary_bytes query, struct ary_bytes name, struct ary_bytes *value_out);

/* Whether CALL gives parameter NAME, with a value or without one. */
bool ary_query_has(const struct ary_call *call, const char *name);

/* Reads parameter NAME as a flag: given without a value, as 1 or as true it is set; 0 and false
 * are no. */
enum ary_step ary_query_flag(struct ary_call *call, const char *name, bool *out);

/* Reads parameter NAME as a decimal number from MIN to MAX. */
enum ary_step ary_query_number(struct ary_call *call, const char *name, uint64_t min, uint64_t max,
			       uint64_t *out);

/* Reads parameter NAME as bytes, any of them, also none. *OUT borrows from the target where there
 * was nothing to decode, or else from STORAGE, which is emptied first. */
enum ary_step ary_query_text(struct ary_call *call, const char *name, struct ary_buf *storage,
			     struct ary_bytes *out);

#endif
