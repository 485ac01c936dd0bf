/* SPDX-License-Identifier: MIT */
#include "base/budget.h"

#include "base/check.h"

void ary_budget_init(struct ary_budget *budget, uint64_t max)
{
	atomic_init(&budget->used, 0);
	budget->max = max;
}

static bool fits_beside(const struct ary_budget *budget, uint64_t used, uint64_t amount)
{
	return used <= budget->max && amount <= budget->max - used;
}

bool ary_budget_take(struct ary_budget *budget, uint64_t amount)
{
	uint64_t used = atomic_load(&budget->used);

	do {
		if (!fits_beside(budget, used, amount))
			return false;
	} while (!atomic_compare_exchange_weak(&budget->used, &used, used + amount));
	return true;
}

bool ary_budget_take_alone(struct ary_budget *budget, uint64_t amount)
{
	uint64_t nothing = 0;

	return atomic_compare_exchange_strong(&budget->used, &nothing, amount);
}

bool ary_budget_fits(const struct ary_budget *budget, uint64_t amount)
{
	return fits_beside(budget, ary_budget_used(budget), amount);
}

void ary_budget_charge(struct ary_budget *budget, uint64_t amount)
{
	atomic_fetch_add(&budget->used, amount);
}

/* Most give back nothing, and leave what all threads share alone. */
void ary_budget_give(struct ary_budget *budget, uint64_t amount)
{
	uint64_t before;

	if (amount == 0)
		return;
	before = atomic_fetch_sub(&budget->used, amount);
	ARY_CHECK(before >= amount);
}

uint64_t ary_budget_used(const struct ary_budget *budget)
{
	return atomic_load(&budget->used);
}
