/* SPDX-License-Identifier: MIT */
/* Groups of items that share DEPTH bytes are sorted by the 8 bytes that follow; where those are
 * the same too, the group they form is sorted in its turn by the next 8. A key that ends before 8
 * bytes is filled up with zeros, and so may tie with one that goes on with real ones. */
#include "index/sort.h"

#include <stdbool.h>

#include "env/thread.h"
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
	/* Fewer are sorted before a thread has begun. */
	HALVES_ITEMS_MIN = 1 << 16,
};

struct group {
	struct ary_sort_item *items;
	size_t count;
	size_t depth;
	uint16_t diff; /* of its first item, once sorted */
};

/* Written out: of a loop gcc makes no single load. */
static uint64_t load_big(const uint8_t *bytes)
{
	return (uint64_t)bytes[0] << 56 | (uint64_t)bytes[1] << 48 | (uint64_t)bytes[2] << 40 |
	       (uint64_t)bytes[3] << 32 | (uint64_t)bytes[4] << 24 | (uint64_t)bytes[5] << 16 |
	       (uint64_t)bytes[6] << 8 | (uint64_t)bytes[7];
}

/* BYTES are of a key, REST of them up to its end. */
static uint64_t word_of(const uint8_t *bytes, size_t rest)
{
	uint64_t word = 0;

	if (rest >= WORD_BYTES)
		return load_big(bytes);
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

		item->word = word_of(blob->key + group->depth, blob->key_size - group->depth);
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

/* Distributes by the highest bits in which the words differ: keys of few letters leave much of each
 * byte unused. False: all words are the same. *SHIFT_OUT: so many bits are left to sort by. */
static bool distribute_highest(struct ary_sort_item *items, size_t count, size_t ends_out[DIGITS],
			       unsigned *shift_out)
{
	uint64_t differing = 0;

	for (size_t i = 1; i < count; i++)
		differing |= items[i].word ^ items[0].word;
	if (differing == 0)
		return false;
	unsigned top = WORD_BITS - (unsigned)__builtin_clzll(differing);

	*shift_out = top > DIGIT_BITS ? top - DIGIT_BITS : 0;
	distribute(items, count, *shift_out, ends_out);
	return true;
}

/* Sorts by words alone. Each call does away with 8 bits, so there are at most 9 at a time. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than that */
static void sort_words(struct ary_sort_item *items, size_t count)
{
	size_t ends[DIGITS];
	size_t start = 0;
	unsigned shift;

	if (count <= SMALL_ITEMS) {
		sort_small(items, count);
		return;
	}
	if (!distribute_highest(items, count, ends, &shift))
		return;
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
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than that */
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

/* Sorts GROUP, whose words are loaded. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than sort_ties says */
static void sort_loaded(const struct ary_arena *arena, struct group group)
{
	sort_words(group.items, group.count);
	sort_group(arena, sort_ties(arena, group));
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than sort_ties says */
static void sort_group(const struct ary_arena *arena, struct group group)
{
	while (group.count > 0) {
		load_words(arena, &group);
		sort_words(group.items, group.count);
		group = sort_ties(arena, group);
	}
}

/* ---- With two threads ---- */

struct half {
	const struct ary_arena *arena;
	struct group group;
};

/* Does WORK for both halves at a time; where there is no thread left, for one after the other. */
static void do_both(struct half halves[2], void (*work)(void *half))
{
	struct ary_thread thread = { .running = false };

	if (ary_thread_start(&thread, "sort", work, &halves[0], NULL) != ARY_OK)
		work(&halves[0]);
	work(&halves[1]);
	ary_thread_join(&thread);
}

static void load_half(void *context)
{
	const struct half *half = context;

	load_words(half->arena, &half->group);
}

static void sort_half(void *context)
{
	const struct half *half = context;

	sort_loaded(half->arena, half->group);
}

/* How many items, which stand in the order of their highest bits, come before a place where those
 * change: about a half of COUNT; 0 or COUNT when there is no such place. */
static size_t split_of(const size_t ends[DIGITS], size_t count)
{
	unsigned digit = 0;

	while (ends[digit] < count / 2)
		digit++;
	return ends[digit] < count || digit == 0 ? ends[digit] : ends[digit - 1];
}

/* Where the last of the first LESSER items, once they are sorted, differs from the one after. */
static uint16_t diff_between(const struct ary_sort_item *items, size_t lesser, size_t count)
{
	uint64_t last = 0;
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < lesser; i++)
		last = items[i].word > last ? items[i].word : last;
	for (size_t i = lesser; i < count; i++)
		next = items[i].word < next ? items[i].word : next;
	return diff_of(0, last, next);
}

static void sort_in_halves(const struct ary_arena *arena, struct ary_sort_item *items,
			   size_t count)
{
	size_t ends[DIGITS];
	unsigned shift;
	size_t lesser = distribute_highest(items, count, ends, &shift) ? split_of(ends, count) : 0;

	if (lesser == 0 || lesser == count) {
		sort_loaded(arena, (struct group){ items, count, 0, 0 });
		return;
	}
	struct half halves[2] = {
		{ arena, { items, lesser, 0, 0 } },
		{ arena, { items + lesser, count - lesser, 0,
			   diff_between(items, lesser, count) } },
	};

	do_both(halves, sort_half);
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

void ary_sort_fill(struct ary_sort_item *item, uint32_t handle, struct ary_bytes key)
{
	item->word = word_of(key.data, key.size);
	item->handle = handle;
	item->key_size = (uint16_t)key.size;
}

void ary_sort_fill_all(const struct ary_arena *arena, struct ary_sort_item *items, size_t count)
{
	size_t first = count < HALVES_ITEMS_MIN ? count : count / 2;
	struct half halves[2] = {
		{ arena, { items, first, 0, 0 } },
		{ arena, { items + first, count - first, 0, 0 } },
	};

	if (first < count)
		do_both(halves, load_half);
	else
		load_half(&halves[0]);
}

void ary_sort_items(const struct ary_arena *arena, struct ary_sort_item *items, size_t count)
{
	if (count == 0)
		return;
	if (count < HALVES_ITEMS_MIN)
		sort_loaded(arena, (struct group){ items, count, 0, 0 });
	else
		sort_in_halves(arena, items, count);
	settle_ends(items, count);
}
