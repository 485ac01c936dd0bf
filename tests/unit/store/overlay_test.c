/* SPDX-License-Identifier: MIT */
/* The overlay finds a group's latest write of a key, in a full group too, and forgets all of them
 * at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/overlay.h"

static struct ary_overlay overlay;
static struct ary_write writes[ARY_GROUP_WRITES_MAX];
static char keys[ARY_GROUP_WRITES_MAX][16];

static int setup(void **state)
{
	(void)state;
	memset(&overlay, 0, sizeof(overlay));
	ary_overlay_clear(&overlay);
	return 0;
}

/* Many keys share theirs, so that the keys themselves have to tell. */
static uint64_t hash_of(const char *key)
{
	return (uint8_t)key[0];
}

/* Adds a write of KEY as number I, with seq 1000 + I. */
static void add(size_t i, const char *key)
{
	snprintf(keys[i], sizeof(keys[i]), "%s", key);
	writes[i] = (struct ary_write){
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of(keys[i]),
		.key_hash = hash_of(key),
	};
	ary_overlay_add(&overlay, &(struct ary_pending){.write = &writes[i], .seq = 1000 + i});
}

static uint64_t find(const char *key)
{
	const struct ary_pending *pending = ary_overlay_find(&overlay, ary_bytes_of(key),
								     hash_of(key));

	return pending ? pending->seq : 0;
}

static void test_empty_overlay_finds_nothing(void **state)
{
	(void)state;
	assert_int_equal(find("a"), 0);
	assert_int_equal(find(""), 0);
}

static void test_latest_write_is_found(void **state)
{
	(void)state;
	add(0, "a");
	add(1, "b");
	add(2, "a");
	assert_int_equal(find("a"), 1002);
	assert_int_equal(find("b"), 1001);
	assert_int_equal(find("c"), 0);
	assert_int_equal(overlay.count, 3);
}

static void test_full_group_is_found_whole(void **state)
{
	char key[16];

	(void)state;
	for (size_t i = 0; i < ARY_GROUP_WRITES_MAX; i++) {
		snprintf(key, sizeof(key), "k%zu", i);
		add(i, key);
	}
	for (size_t i = 0; i < ARY_GROUP_WRITES_MAX; i++) {
		snprintf(key, sizeof(key), "k%zu", i);
		assert_int_equal(find(key), 1000 + i);
		snprintf(key, sizeof(key), "other%zu", i);
		assert_int_equal(find(key), 0);
	}
}

static void test_clear_forgets_everything(void **state)
{
	(void)state;
	add(0, "a");
	ary_overlay_clear(&overlay);
	assert_int_equal(find("a"), 0);
	add(0, "b");
	assert_int_equal(find("a"), 0);
	assert_int_equal(find("b"), 1000);
}

/* The count of the groups begins again after 2^32 of them. */
static void test_groups_are_told_apart_for_ever(void **state)
{
	(void)state;
	overlay.generation = UINT32_MAX - 1;
	ary_overlay_clear(&overlay);
	add(0, "last before");
	ary_overlay_clear(&overlay);
	assert_int_equal(find("last before"), 0);
	add(0, "first after");
	assert_int_equal(find("last before"), 0);
	assert_int_equal(find("first after"), 1000);
	assert_true(overlay.generation > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty_overlay_finds_nothing, setup),
		cmocka_unit_test_setup(test_latest_write_is_found, setup),
		cmocka_unit_test_setup(test_full_group_is_found_whole, setup),
		cmocka_unit_test_setup(test_clear_forgets_everything, setup),
		cmocka_unit_test_setup(test_groups_are_told_apart_for_ever, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
