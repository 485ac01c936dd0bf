/* SPDX-License-Identifier: MIT */
/* Readers see whole entries and whole pages, in order, while a writer puts, removes and moves:
 * keys that stay are always found, and what is found was written as one. Most telling when built
 * with --enable-tsan. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "env/thread.h"
#include "index/index.h"
#include "index_support.h"

enum { KEYS = 3000, STEPS = 60000, READERS = 3, PAGE_KEYS = 200, FACTOR = 1000003 };

struct shared {
	struct ary_index *index;
	atomic_bool stop;
	atomic_uint faults;
	atomic_uint rounds; /* finished by readers */
};

struct reader {
	struct shared *shared;
	struct random random;
	struct ary_thread thread;
};

static struct ary_bytes key_of(char text[32], size_t number)
{
	size_t size = (size_t)snprintf(text, 32, "key/%06zu", number);

	return (struct ary_bytes){ (const uint8_t *)text, size };
}

/* Every third key is put at the start and never removed. */
static bool stays(size_t number)
{
	return number % 3 == 0;
}

/* All fields of a location follow from the key and from one changing number, so that a mixture of
 * two writes shows. */
static struct ary_location location_of(size_t number, uint32_t version)
{
	return (struct ary_location){ .offset = (uint64_t)version * FACTOR + number,
				      .size = version * 5,
				      .slot = version };
}

static bool is_whole(size_t number, const struct ary_entry *entry)
{
	struct ary_location should = location_of(number, entry->location.slot);

	return entry->location.offset == should.offset && entry->location.size == should.size &&
	       entry->seq % KEYS == number;
}

static void expect(struct shared *shared, bool holds)
{
	if (!holds)
		atomic_fetch_add(&shared->faults, 1);
}

struct page {
	struct shared *shared;
	size_t next; /* no key below this number may come */
	size_t visits;
};

static bool check_visit(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	struct page *page = context;
	char text[32];

	while (page->next < KEYS && !ary_bytes_equal(key_of(text, page->next), key)) {
		expect(page->shared, !stays(page->next));
		page->next++;
	}
	expect(page->shared, page->next < KEYS && is_whole(page->next, entry));
	page->next++;
	return ++page->visits < PAGE_KEYS;
}

static void read_page(struct reader *reader)
{
	size_t from = random_below(&reader->random, KEYS);
	struct page page = { reader->shared, from, 0 };
	char text[32];
	struct ary_key_range range = { .from = key_of(text, from) };

	ary_index_page(reader->shared->index, &range, check_visit, &page);
	while (page.visits < PAGE_KEYS && page.next < KEYS)
		expect(reader->shared, !stays(page.next++));
}

static bool check_visit_back(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	struct page *page = context;
	char text[32];

	while (page->next > 0 && !ary_bytes_equal(key_of(text, page->next - 1), key)) {
		expect(page->shared, !stays(page->next - 1));
		page->next--;
	}
	expect(page->shared, page->next > 0 && is_whole(page->next - 1, entry));
	page->next -= page->next > 0;
	return ++page->visits < PAGE_KEYS;
}

static void read_page_back(struct reader *reader)
{
	size_t to = random_below(&reader->random, KEYS) + 1;
	struct page page = { reader->shared, to, 0 };
	char text[32];
	struct ary_key_range range = { .to = to < KEYS ? key_of(text, to) : (struct ary_bytes){ 0 },
				   .reverse = true };

	ary_index_page(reader->shared->index, &range, check_visit_back, &page);
	while (page.visits < PAGE_KEYS && page.next > 0)
		expect(reader->shared, !stays(--page.next));
}

/* What stays is counted whatever comes and goes beside it. */
static void count_keys(struct reader *reader)
{
	size_t from = random_below(&reader->random, KEYS);
	size_t to = from + random_below(&reader->random, KEYS - from);
	char from_text[32], to_text[32];
	struct ary_key_range range = { .from = key_of(from_text, from), .to = key_of(to_text, to) };
	struct ary_buf from_key = { 0 };
	uint64_t staying = 0, count = 0;

	for (size_t number = from; number < to; number++)
		staying += stays(number);
	do {
		expect(reader->shared,
		       ary_index_count_some(reader->shared->index, &range, &from_key, &count) ==
			       ARY_OK);
		range.from = ary_buf_view(&from_key);
	} while (from_key.size > 0);
	ary_buf_release(&from_key);
	expect(reader->shared, count >= staying && count <= to - from);
}

static void read_key(struct reader *reader)
{
	size_t number = random_below(&reader->random, KEYS);
	struct ary_entry entry;
	char text[32];
	bool there = ary_index_get(reader->shared->index, key_of(text, number), &entry);

	expect(reader->shared, there || !stays(number));
	expect(reader->shared, !there || is_whole(number, &entry));
	expect(reader->shared, ary_index_count(reader->shared->index) <= KEYS);
	expect(reader->shared, ary_index_memory_bytes(reader->shared->index) > 0);
}

static void read_until_stopped(void *context)
{
	struct reader *reader = context;

	do {
		for (unsigned i = 0; i < 50; i++)
			read_key(reader);
		read_page(reader);
		read_page_back(reader);
		count_keys(reader);
		atomic_fetch_add(&reader->shared->rounds, 1);
	} while (!atomic_load(&reader->shared->stop));
}

static void put(struct ary_index *index, size_t number, uint32_t version)
{
	struct ary_entry entry = { (uint64_t)version * KEYS + number,
				   location_of(number, version), false };
	struct ary_entry old;
	char text[32];
	bool had;

	assert_int_equal(ary_index_put(index, key_of(text, number), &entry, &had, &old), ARY_OK);
	assert_true(!had || is_whole(number, &old));
}

static void relocate(struct ary_index *index, size_t number, uint32_t version)
{
	struct ary_location location = location_of(number, version);
	struct ary_entry entry;
	char text[32];

	if (ary_index_get(index, key_of(text, number), &entry))
		assert_true(ary_index_relocate(index, key_of(text, number), entry.seq, &location));
}

/* Waves of puts and of removals, so that nodes split and join and tables grow under readers. */
static void write_steps(struct ary_index *index, struct random *random)
{
	struct ary_entry old;
	char text[32];

	for (uint32_t version = 1; version <= STEPS; version++) {
		size_t number = random_below(random, KEYS);
		size_t puts = version / (STEPS / 6) % 2 == 0 ? 6 : 1;
		size_t what = random_below(random, 10);

		if (what < puts)
			put(index, number, version);
		else if (what < 7 && !stays(number))
			ary_index_remove(index, key_of(text, number), &old);
		else
			relocate(index, number, version);
	}
}

static void test_readers_beside_a_writer_see_whole_entries(void **state)
{
	struct ary_hash_secret secret = fixed_secret();
	struct shared shared = { .index = ary_index_create(&secret) };
	struct reader readers[READERS];
	struct random random = { 99 };

	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		if (stays(i))
			put(shared.index, i, 1);
	}
	for (unsigned i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ .shared = &shared, .random = { i + 1 } };
		assert_int_equal(ary_thread_start(&readers[i].thread, "reader",
						  read_until_stopped, &readers[i], NULL),
				 ARY_OK);
	}
	write_steps(shared.index, &random);
	atomic_store(&shared.stop, true);
	for (unsigned i = 0; i < READERS; i++)
		ary_thread_join(&readers[i].thread);
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_true(atomic_load(&shared.rounds) >= READERS);
	ary_index_destroy(shared.index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_beside_a_writer_see_whole_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
