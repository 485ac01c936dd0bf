/* SPDX-License-Identifier: MIT */
/* A removal of many keys under way. */
#ifndef ARY_API_LIST_REMOVE_H
#define ARY_API_LIST_REMOVE_H

struct ary_removal;

/* Takes REMOVAL (NULL is fine); none of its writes may be under way. */
void ary_removal_destroy(struct ary_removal *removal);

#endif
