/* SPDX-License-Identifier: MIT */
/* A count of keys, of GET /keys?count, under way. */
#ifndef ARY_API_LIST_COUNT_H
#define ARY_API_LIST_COUNT_H

#include "api/list_query.h"

struct ary_counting;

/* Takes COUNTING (NULL is fine). */
void ary_counting_destroy(struct ary_counting *counting);

/* Counts what QUERY, which is taken, asks for: RESPOND, or PARK where there is more than may be
 * counted at once. */
enum ary_step ary_list_count(struct ary_api *api, struct ary_call *call,
			     struct ary_list_query *query);

#endif
