/* SPDX-License-Identifier: MIT */
/* What a listing asks for: the parameters of GET /keys, and how far an earlier page came. */
#ifndef ARY_API_LIST_QUERY_H
#define ARY_API_LIST_QUERY_H

#include "api/api.h"

enum { ARY_LIST_LIMIT_MAX = 1000, ARY_LIST_LIMIT_DEFAULT = 100 };

/* Texts that are parameters: decoded, empty where not given. */
enum ary_list_text {
	ARY_LIST_PREFIX,
	ARY_LIST_START,
	ARY_LIST_AFTER,
	ARY_LIST_END,
	ARY_LIST_DELIMITER,
	ARY_LIST_NEXT,
	ARY_LIST_INCLUDE,
	ARY_LIST_TEXT_COUNT,
};

struct ary_list_query {
	struct ary_bytes texts[ARY_LIST_TEXT_COUNT];
	uint64_t limit;
	bool reverse;
	bool count;        /* only how many keys there are is wanted */
	bool with_meta;
	bool with_value;
	/* The keys that are left: what the parameters leave, and behind all that was passed. */
	struct ary_key_range range;
	bool is_at_end;    /* nothing is behind what was passed */
	/* Private: what the views borrow from, but for the target. */
	struct ary_buf storage[ARY_LIST_TEXT_COUNT];
	struct ary_buf behind_prefix;
	struct ary_buf edge; /* of what was passed */
};

/* Reads the parameters of CALL into OUT; release it whatever the answer is. RESPOND: one of them is
 * wrong, or two contradict each other, and the problem is composed. */
enum ary_step ary_list_query_parse(struct ary_call *call, uint64_t key_bytes_max,
				   struct ary_list_query *out);
void ary_list_query_release(struct ary_list_query *query);

/* Leaves KEY and all that comes before it in the listing behind; where IS_PREFIX, all keys that
 * begin with it. False: out of memory. */
ARY_MUST_CHECK bool ary_list_query_pass(struct ary_list_query *query, struct ary_bytes key,
					bool is_prefix);

/* Appends a token to OUT that, as the parameter `next`, passes KEY in another request with the same
 * parameters. False: out of memory. */
ARY_MUST_CHECK bool ary_list_query_token(const struct ary_list_query *query, struct ary_bytes key,
					 bool is_prefix, struct ary_buf *out);

#endif
