/* SPDX-License-Identifier: MIT */
/* Whether a write may happen follows from its conditions and its key's present seq alone, and the
 * writes of one group count before they are on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "store/apply.h"

static const uint64_t other_seqs[] = {3, 9};
static const uint64_t seqs_with_7[] = {3, 7, 9};

static const struct ary_match_set no_set = {.kind = ARY_MATCH_NONE};
static const struct ary_match_set any = {.kind = ARY_MATCH_ANY};
static const struct ary_match_set empty = {.kind = ARY_MATCH_LIST};
static const struct ary_match_set others = {
	.kind = ARY_MATCH_LIST, .seqs = other_seqs, .count = 2};
static const struct ary_match_set with_7 = {
	.kind = ARY_MATCH_LIST, .seqs = seqs_with_7, .count = 3};
static const uint64_t zero_seq[] = {0};
static const struct ary_match_set with_0 = {
	.kind = ARY_MATCH_LIST, .seqs = zero_seq, .count = 1};

/* A row of the table: what a set and a removal are answered when the key is missing, and when
 * its seq is 7. */
struct row {
	const struct ary_match_set *if_match;
	const struct ary_match_set *if_none_match;
	enum ary_status set_missing, set_present, remove_missing, remove_present;
};

static const struct row rows[] = {
	{&no_set, &no_set, ARY_OK, ARY_OK, ARY_NOT_FOUND, ARY_OK},
	{&any, &no_set, ARY_CONFLICT, ARY_OK, ARY_CONFLICT, ARY_OK},
	{&empty, &no_set, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT},
	{&others, &no_set, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT},
	{&with_7, &no_set, ARY_CONFLICT, ARY_OK, ARY_CONFLICT, ARY_OK},
	{&with_0, &no_set, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT},
	{&no_set, &any, ARY_OK, ARY_CONFLICT, ARY_NOT_FOUND, ARY_CONFLICT},
	{&no_set, &empty, ARY_OK, ARY_OK, ARY_NOT_FOUND, ARY_OK},
	{&no_set, &others, ARY_OK, ARY_OK, ARY_NOT_FOUND, ARY_OK},
	{&no_set, &with_7, ARY_OK, ARY_CONFLICT, ARY_NOT_FOUND, ARY_CONFLICT},
	{&no_set, &with_0, ARY_OK, ARY_OK, ARY_NOT_FOUND, ARY_OK},
	{&with_7, &others, ARY_CONFLICT, ARY_OK, ARY_CONFLICT, ARY_OK},
	{&with_7, &with_7, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT},
	{&any, &any, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT, ARY_CONFLICT},
};

static void test_conditions_decide(void **state)
{
	static const struct ary_present missing = {.exists = false};
	static const struct ary_present present = {.exists = true, .seq = 7};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_write write = {
			.op = ARY_WRITE_SET,
			.if_match = *rows[i].if_match,
			.if_none_match = *rows[i].if_none_match,
		};
		assert_int_equal(ary_apply_check(&write, missing), rows[i].set_missing);
		assert_int_equal(ary_apply_check(&write, present), rows[i].set_present);
		write.op = ARY_WRITE_REMOVE;
		assert_int_equal(ary_apply_check(&write, missing), rows[i].remove_missing);
		assert_int_equal(ary_apply_check(&write, present), rows[i].remove_present);
	}
}

/* A store of an index and an overlay only: what deciding needs. */
static int setup(void **state)
{
	struct ary_store *store = ARY_NEW(struct ary_store);
	static const struct ary_hash_secret secret;

	store->index = ary_index_create(&secret);
	ary_overlay_clear(&store->committer.overlay);
	ary_expiry_init(&store->expiry);
	*state = store;
	return 0;
}

static int teardown(void **state)
{
	struct ary_store *store = *state;

	ary_index_destroy(store->index);
	ary_expiry_release(&store->expiry);
	free(store);
	return 0;
}

static void put(struct ary_store *store, const char *key, uint64_t seq)
{
	const struct ary_entry entry = {.seq = seq};
	struct ary_entry old;
	bool had;

	assert_int_equal(ary_index_put(store->index, ary_bytes_of(key), &entry, &had, &old),
			 ARY_OK);
}

enum { NOW_MS = 1000 };

/* A write as it is once it is submitted. */
static struct ary_write write_of(struct ary_store *store, enum ary_write_op op, const char *key)
{
	return (struct ary_write){
		.op = op,
		.key = ary_bytes_of(key),
		.key_hash = ary_index_hash(store->index, ary_bytes_of(key)),
	};
}

static void expect_present(struct ary_store *store, const char *key, uint64_t seq)
{
	const struct ary_write write = write_of(store, ARY_WRITE_SET, key);
	struct ary_present present = ary_apply_present(store, &write, NOW_MS);

	assert_int_equal(present.exists, seq != 0);
	if (seq != 0)
		assert_int_equal(present.seq, seq);
}

static void test_present_is_what_the_index_says(void **state)
{
	put(*state, "a", 7);
	expect_present(*state, "a", 7);
	expect_present(*state, "b", 0);
	expect_present(*state, "", 0);
}

static void test_group_counts_before_the_index(void **state)
{
	struct ary_store *store = *state;
	struct ary_overlay *overlay = &store->committer.overlay;
	struct ary_write set = write_of(store, ARY_WRITE_SET, "a");
	struct ary_write create = write_of(store, ARY_WRITE_SET, "b");
	struct ary_write remove = write_of(store, ARY_WRITE_REMOVE, "a");

	put(store, "a", 7);
	put(store, "c", 8);
	ary_overlay_add(overlay, &(struct ary_pending){.write = &set, .seq = 20});
	expect_present(store, "a", 20);
	ary_overlay_add(overlay, &(struct ary_pending){.write = &create, .seq = 21});
	expect_present(store, "b", 21);
	ary_overlay_add(overlay, &(struct ary_pending){.write = &remove, .seq = 22});
	expect_present(store, "a", 0);
	ary_overlay_add(overlay, &(struct ary_pending){.write = &set, .seq = 23});
	expect_present(store, "a", 23);
	expect_present(store, "c", 8);
	ary_overlay_clear(overlay);
	expect_present(store, "a", 7);
	expect_present(store, "b", 0);
}

/* At its millisecond, whether it is in the index or in the group. */
static void test_value_that_is_over_is_none(void **state)
{
	struct ary_store *store = *state;
	struct ary_overlay *overlay = &store->committer.overlay;
	struct ary_write set = write_of(store, ARY_WRITE_SET, "a");

	for (uint64_t expires_ms = NOW_MS - 1; expires_ms <= NOW_MS + 1; expires_ms++) {
		const struct ary_entry entry = {.seq = expires_ms, .ends = true};
		struct ary_ending *ending =
			ary_expiry_make(&store->expiry, set.key, expires_ms);
		struct ary_entry old;
		bool had;
		assert_non_null(ending);
		ary_expiry_add(&store->expiry, ending, entry.seq);
		assert_int_equal(ary_index_put(store->index, set.key, &entry, &had, &old), ARY_OK);
		expect_present(store, "a", expires_ms > NOW_MS ? expires_ms : 0);
		ary_overlay_add(overlay, &(struct ary_pending){
			.write = &set, .seq = 20, .expires_ms = expires_ms});
		expect_present(store, "a", expires_ms > NOW_MS ? 20 : 0);
		ary_overlay_clear(overlay);
		ary_expiry_remove(&store->expiry, entry.seq);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions_decide),
		cmocka_unit_test_setup_teardown(test_present_is_what_the_index_says, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_group_counts_before_the_index, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_value_that_is_over_is_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
