/* SPDX-License-Identifier: MIT */
/* A position counts 16 to a byte of the key: 0 says whether the byte is there at all (a key that
 * ends sorts before those that go on), 1 to 8 are its bits from the highest. Positions beyond
 * 16 bits are all written as ARY_RUN_UNKNOWN; a run that ever had one is searched by comparing
 * keys. */
#include "index/run.h"

#include <string.h>

#include "base/check.h"
#include "index/blob.h"

struct difference {
	uint16_t position;
	bool equal;
	bool less; /* the first key is the lesser one */
};

static size_t common_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
	size_t at = 0;

	while (at + sizeof(uint64_t) <= size && memcmp(a + at, b + at, sizeof(uint64_t)) == 0)
		at += sizeof(uint64_t);
	while (at < size && a[at] == b[at])
		at++;
	return at;
}

static struct difference compare(struct ary_bytes a, struct ary_bytes b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	size_t at = common_bytes(a.data, b.data, size);
	size_t position = at * ARY_RUN_POSITIONS_PER_BYTE;
	struct difference difference = { .less = a.size < b.size };

	if (at == size && a.size == b.size)
		return (struct difference){ .equal = true };
	if (at < size) {
		unsigned bits = (unsigned)(a.data[at] ^ b.data[at]);

		/* The highest bit of the byte is position 1; clz counts from bit 31. */
		position += (size_t)__builtin_clz(bits) - 23;
		difference.less = a.data[at] < b.data[at];
	}
	difference.position = position < ARY_RUN_UNKNOWN ? (uint16_t)position : ARY_RUN_UNKNOWN;
	return difference;
}

/* The bit of KEY, which must not be empty, at POSITION, which is in KEY if INSIDE. Without
 * branches: half of the bits are 1, and no processor could predict which. */
static inline unsigned bit_at(struct ary_bytes key, unsigned position, bool inside)
{
	size_t at = position / ARY_RUN_POSITIONS_PER_BYTE;
	unsigned place = position % ARY_RUN_POSITIONS_PER_BYTE;
	unsigned present = inside || at < key.size;
	unsigned bits = present << 8 | (key.data[present ? at : 0] & (0U - present));

	return bits << 7 >> (ARY_RUN_POSITIONS_PER_BYTE - 1 - place) & 1;
}

/* Walks the positions as if they were the branches of a binary trie. A position counts when it is
 * at most LIMIT: after a bit of 0, those behind a later bit are in the other branch. Choices
 * are made by masks, as compilers make branches of conditional expressions here. */
static inline unsigned walk(const struct ary_run *run, struct ary_bytes key, bool inside)
{
	unsigned best = 0;
	unsigned limit = ARY_RUN_UNKNOWN;

	for (unsigned i = 1; i < run->count; i++) {
		unsigned position = run->diffs[i];
		unsigned ones = 0U - bit_at(key, position, inside);
		unsigned next = (position | ones) & ARY_RUN_UNKNOWN;
		unsigned counts = 0U - (position <= limit);

		best ^= (best ^ i) & ones & counts;
		limit ^= (limit ^ next) & counts;
	}
	return best;
}

unsigned ary_run_guess(const struct ary_run *run, struct ary_bytes key)
{
	if (key.size == 0 || run->farthest == ARY_RUN_UNKNOWN)
		return 0;
	if (run->farthest / ARY_RUN_POSITIONS_PER_BYTE < key.size)
		return walk(run, key, true);
	return walk(run, key, false);
}

/* From the best match at INDEX to KEY's own place: all keys that share more with the match than
 * KEY does stand on the same side of KEY as the match. */
static void find_from(const struct ary_arena *arena, const struct ary_run *run,
		      struct ary_bytes key, struct ary_spot *spot)
{
	struct difference difference =
		compare(key, ary_blob_key(arena, run->handles[spot->index]));

	spot->found = difference.equal;
	if (spot->found)
		return;
	if (difference.less) {
		while (spot->index > 0 && run->diffs[spot->index] > difference.position)
			spot->index--;
		spot->before = run->diffs[spot->index];
		spot->after = difference.position;
		return;
	}
	spot->index++;
	while (spot->index < run->count && run->diffs[spot->index] > difference.position)
		spot->index++;
	spot->before = difference.position;
	spot->after = spot->index < run->count ? run->diffs[spot->index] : 0;
}

static uint16_t position_between(const struct ary_arena *arena, struct ary_bytes key,
				 const struct ary_run *run, unsigned index)
{
	return compare(key, ary_blob_key(arena, run->handles[index])).position;
}

/* Sets where KEY, which belongs at SPOT's index, differs from its neighbours. */
static void compare_neighbours(const struct ary_arena *arena, const struct ary_run *run,
			       struct ary_bytes key, struct ary_spot *spot)
{
	spot->before = 0;
	spot->after = 0;
	if (spot->index > 0)
		spot->before = position_between(arena, key, run, spot->index - 1);
	if (spot->index < run->count)
		spot->after = position_between(arena, key, run, spot->index);
}

static void find_by_keys(const struct ary_arena *arena, const struct ary_run *run,
			 struct ary_bytes key, struct ary_spot *spot)
{
	unsigned low = 0;
	unsigned high = run->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		struct difference difference =
			compare(ary_blob_key(arena, run->handles[middle]), key);

		if (difference.equal) {
			spot->index = middle;
			spot->found = true;
			return;
		}
		if (difference.less)
			low = middle + 1;
		else
			high = middle;
	}
	spot->index = low;
	compare_neighbours(arena, run, key, spot);
}

void ary_run_find_near(const struct ary_arena *arena, const struct ary_run *run,
		       struct ary_bytes key, unsigned guess, struct ary_spot *out)
{
	*out = (struct ary_spot){ .index = guess };
	if (run->count == 0)
		return;
	if (run->farthest == ARY_RUN_UNKNOWN)
		find_by_keys(arena, run, key, out);
	else
		find_from(arena, run, key, out);
}

void ary_run_find(const struct ary_arena *arena, const struct ary_run *run, struct ary_bytes key,
		  struct ary_spot *out)
{
	ary_run_find_near(arena, run, key, ary_run_guess(run, key), out);
}

static void set_diff(struct ary_run *run, unsigned index, uint16_t position)
{
	run->diffs[index] = position;
	if (position > run->farthest)
		run->farthest = position;
}

void ary_run_insert(struct ary_run *run, const struct ary_spot *spot, uint32_t handle)
{
	unsigned index = spot->index;
	size_t behind = (size_t)run->count - index;

	ARY_CHECK(run->count < ARY_RUN_KEYS_MAX && index <= run->count);
	memmove(run->handles + index + 1, run->handles + index, behind * sizeof(run->handles[0]));
	memmove(run->diffs + index + 1, run->diffs + index, behind * sizeof(run->diffs[0]));
	run->handles[index] = handle;
	set_diff(run, index, spot->before);
	if (behind > 0)
		set_diff(run, index + 1, spot->after);
	run->count++;
}

void ary_run_insert_at(const struct ary_arena *arena, struct ary_run *run, unsigned index,
		       uint32_t handle)
{
	struct ary_spot spot = { .index = index };

	compare_neighbours(arena, run, ary_blob_key(arena, handle), &spot);
	ary_run_insert(run, &spot, handle);
}

void ary_run_remove(struct ary_run *run, unsigned index)
{
	size_t behind = (size_t)run->count - index - 1;

	/* What stood before and behind now differ where the first of the two differences was. */
	if (behind > 0 && run->diffs[index] < run->diffs[index + 1])
		run->diffs[index + 1] = run->diffs[index];
	memmove(run->handles + index, run->handles + index + 1, behind * sizeof(run->handles[0]));
	memmove(run->diffs + index, run->diffs + index + 1, behind * sizeof(run->diffs[0]));
	run->count--;
}

void ary_run_split(struct ary_run *run, unsigned index, struct ary_run *empty)
{
	size_t moved = (size_t)run->count - index;

	memcpy(empty->handles, run->handles + index, moved * sizeof(run->handles[0]));
	memcpy(empty->diffs, run->diffs + index, moved * sizeof(run->diffs[0]));
	empty->count = (uint16_t)moved;
	empty->farthest = run->farthest;
	run->count = (uint16_t)index;
}
