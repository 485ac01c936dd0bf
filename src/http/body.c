/* SPDX-License-Identifier: MIT */
#include "http/body.h"

#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

/* Doubling, so that n bytes cost O(n); but no more than the whole body can need, and exactly what
 * has arrived where that is more. */
static size_t next_capacity(const struct ary_buf *body, size_t needed, uint64_t size_max)
{
	uint64_t capacity = 2 * (uint64_t)body->capacity;

	if (capacity > size_max)
		capacity = size_max;
	return capacity > needed ? (size_t)capacity : needed;
}

static enum ary_status grow(struct ary_buf *body, size_t capacity, struct ary_budget *flight)
{
	size_t more = capacity - body->capacity;
	uint8_t *data;

	if (!ary_budget_take(flight, more))
		return ARY_BUSY;
	data = ary_try_realloc(body->data, capacity);
	if (!data) {
		ary_budget_give(flight, more);
		return ARY_NO_MEMORY;
	}
	body->data = data;
	body->capacity = capacity;
	return ARY_OK;
}

enum ary_status ary_body_append(struct ary_buf *body, struct ary_bytes data, uint64_t size_max,
				struct ary_budget *flight)
{
	size_t needed = body->size + data.size;
	enum ary_status status = ARY_OK;

	ARY_CHECK(needed <= size_max);
	if (needed > body->capacity)
		status = grow(body, next_capacity(body, needed, size_max), flight);
	if (status != ARY_OK || data.size == 0)
		return status;
	memcpy(body->data + body->size, data.data, data.size);
	body->size = needed;
	return ARY_OK;
}

enum ary_status ary_body_reserve(struct ary_buf *body, size_t size, struct ary_budget *flight)
{
	ARY_CHECK(body->size == 0 && body->capacity == 0);
	return grow(body, size, flight);
}

void ary_body_release(struct ary_buf *body, struct ary_budget *flight)
{
	ary_budget_give(flight, body->capacity);
	ary_buf_release(body);
}
