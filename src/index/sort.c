/* SPDX-License-Identifier: MIT */
/* Groups of items that share DEPTH bytes are sorted by the 8 bytes that follow; where those are
 * the same too, the group they form is sorted in its turn by the next 8. A key that ends before 8
 * bytes is filled up with zeros, and so may tie with one that goes on with real ones. */
#include "index/sort.h"

#include <stdbool.h>

#include "index/blob.h"
#include "index/run.h"

enum {
	WORD_BYTES = 8,
	WORD_BITS = 64,
	DIGIT_BITS = 8,
	DIGITS = 1 << DIGIT_BITS,
	/* Up to here, moving one item after the other is quicker than counting digits. */
	SMALL_ITEMS = 40,
	PREFETCH_ITEMS = 16,
};

struct group {
	struct ary_sort_item *items;
	size_t count;
	size_t depth;
	uint16_t diff; /* of its first item, once sorted */
};

static uint64_t word_of(const struct ary_blob *blob, size_t depth)
{
	const uint8_t *bytes = blob->key + depth;
	size_t rest = blob->key_size - depth;
	uint64_t word = 0;

	if (rest >= WORD_BYTES) {
		for (unsigned i = 0; i < WORD_BYTES; i++)
			word = word << 8 | bytes[i];
		return word;
	}
	for (unsigned i = 0; i < rest; i++)
		word |= (uint64_t)bytes[i] << (WORD_BITS - 8 - 8 * i);
	return word;
}

static void load_words(const struct ary_arena *arena, const struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		struct ary_sort_item *item = &group->items[i];

		if (i + PREFETCH_ITEMS < group->count) {
			const struct ary_blob *ahead =
				ary_blob_at(arena, item[PREFETCH_ITEMS].handle);

			__builtin_prefetch(ahead);
			__builtin_prefetch(ahead->key + group->depth);
		}
		const struct ary_blob *blob = ary_blob_at(arena, item->handle);

		item->word = word_of(blob, group->depth);
		item->key_size = blob->key_size;
	}
}

static void swap_items(struct ary_sort_item *a, struct ary_sort_item *b)
{
	struct ary_sort_item item = *a;

	*a = *b;
	*b = item;
}

static void sort_small(struct ary_sort_item *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct ary_sort_item item = items[i];
		size_t at = i;

		for (; at > 0 && items[at - 1].word > item.word; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

static unsigned digit_of(const struct ary_sort_item *item, unsigned shift)
{
	return (unsigned)(item->word >> shift) & (DIGITS - 1);
}

/* Moves each item in place to the others with its digit. ENDS_OUT: where each digit's items end. */
static void distribute(struct ary_sort_item *items, size_t count, unsigned shift,
		       size_t ends_out[DIGITS])
{
	size_t counts[DIGITS] = { 0 };
	size_t next[DIGITS];
	size_t end = 0;

	for (size_t i = 0; i < count; i++)
		counts[digit_of(&items[i], shift)]++;
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		next[digit] = end;
		end += counts[digit];
		ends_out[digit] = end;
	}
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		while (next[digit] < ends_out[digit]) {
			struct ary_sort_item *item = &items[next[digit]];
			unsigned other = digit_of(item, shift);

			/* The item's own digit: swaps it with itself, and goes on. */
			swap_items(item, &items[next[other]++]);
		}
	}
}

/* Sorts by words alone. Digits start at the highest bit in which the words differ: keys of few
 * letters leave much of each byte unused. Each call does away with 8 bits, so there are at most 9
 * at a time. */
static void sort_words(struct ary_sort_item *items, size_t count)
{
	uint64_t differing = 0;
	size_t ends[DIGITS];
	size_t start = 0;

	if (count <= SMALL_ITEMS) {
		sort_small(items, count);
		return;
	}
	for (size_t i = 1; i < count; i++)
		differing |= items[i].word ^ items[0].word;
	if (differing == 0)
		return;
	unsigned top = WORD_BITS - (unsigned)__builtin_clzll(differing);
	unsigned shift = top > DIGIT_BITS ? top - DIGIT_BITS : 0;

	distribute(items, count, shift, ends);
	for (unsigned digit = 0; shift > 0 && digit < DIGITS; digit++) {
		sort_words(items + start, ends[digit] - start);
		start = ends[digit];
	}
}

/* Where keys differ whose words, both at DEPTH, are A and B, if neither ends before. */
static uint16_t diff_of(size_t depth, uint64_t a, uint64_t b)
{
	unsigned bit = (unsigned)__builtin_clzll(a ^ b);
	size_t position = (depth + bit / 8) * ARY_RUN_POSITIONS_PER_BYTE + bit % 8 + 1;

	return position < ARY_RUN_UNKNOWN ? (uint16_t)position : ARY_RUN_UNKNOWN;
}

/* TIES all have the same word. Keys that end in it or right behind it stand before the others, the
 * shorter ones first; what is left is the group to sort on. */
static struct group settle_ended(struct group ties)
{
	struct ary_sort_item *items = ties.items;
	size_t depth = ties.depth + WORD_BYTES;
	size_t ended = 0;

	for (size_t i = 0; i < ties.count; i++) {
		if (items[i].key_size > depth)
			continue;
		swap_items(&items[i], &items[ended]);
		for (size_t at = ended++; at > 0 && items[at].key_size < items[at - 1].key_size;
		     at--)
			swap_items(&items[at], &items[at - 1]);
	}
	for (size_t i = 0; i < ended; i++) {
		items[i].diff = ties.diff;
		/* Behind a key that ends, its size alone says where they differ. */
		ties.diff = ARY_RUN_UNKNOWN;
	}
	return (struct group){ items + ended, ties.count - ended, depth, ties.diff };
}

static void sort_group(const struct ary_arena *arena, struct group group);

/* Sorts the groups of GROUP, already sorted by words, that have the same word. All but the largest:
 * that one is answered, so that calls nest only as deep as halving a group can go. */
static struct group sort_ties(const struct ary_arena *arena, struct group group)
{
	struct group largest = { 0 };
	size_t end;

	for (size_t start = 0; start < group.count; start = end) {
		uint64_t word = group.items[start].word;
		struct group ties = { &group.items[start], 0, group.depth, group.diff };

		for (end = start + 1; end < group.count && group.items[end].word == word;)
			end++;
		ties.count = end - start;
		if (end < group.count)
			group.diff = diff_of(group.depth, word, group.items[end].word);
		if (ties.count == 1) {
			ties.items->diff = ties.diff;
			continue;
		}
		ties = settle_ended(ties);
		if (ties.count > largest.count) {
			struct group smaller = largest;

			largest = ties;
			ties = smaller;
		}
		sort_group(arena, ties);
	}
	return largest;
}

static void sort_group(const struct ary_arena *arena, struct group group)
{
	while (group.count > 0) {
		load_words(arena, &group);
		sort_words(group.items, group.count);
		group = sort_ties(arena, group);
	}
}

/* A key that ends before the bit that the words told differs from its successor where it ends. */
static void settle_ends(struct ary_sort_item *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		size_t position = (size_t)items[i - 1].key_size * ARY_RUN_POSITIONS_PER_BYTE;

		if (position < items[i].diff)
			items[i].diff = (uint16_t)position;
	}
}

void ary_sort_items(const struct ary_arena *arena, struct ary_sort_item *items, size_t count)
{
	sort_group(arena, (struct group){ items, count, 0, 0 });
	settle_ends(items, count);
}
