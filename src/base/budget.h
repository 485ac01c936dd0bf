/* SPDX-License-Identifier: MIT */
/* How much is taken of something of which there is only so much: bytes, places.
 *
 * Threads: any; what all have taken together passes the bound only where a function says so. */
#ifndef ARY_BASE_BUDGET_H
#define ARY_BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct ary_budget {
	_Atomic uint64_t used;
	uint64_t max; /* constant */
};

void ary_budget_init(struct ary_budget *budget, uint64_t max);

/* Takes AMOUNT. False: it does not fit beside what is taken, and nothing was. */
ARY_MUST_CHECK bool ary_budget_take(struct ary_budget *budget, uint64_t amount);

/* Takes AMOUNT, however much it is, if nothing else is taken: so that what is larger than the bound
 * can be had at all. */
ARY_MUST_CHECK bool ary_budget_take_alone(struct ary_budget *budget, uint64_t amount);

/* Whether AMOUNT would fit now; takes nothing. */
bool ary_budget_fits(const struct ary_budget *budget, uint64_t amount);

/* Takes AMOUNT, even past the bound: for what cannot be refused, and is small. */
void ary_budget_charge(struct ary_budget *budget, uint64_t amount);

/* Gives back AMOUNT of what was taken. */
void ary_budget_give(struct ary_budget *budget, uint64_t amount);

uint64_t ary_budget_used(const struct ary_budget *budget);

#endif
