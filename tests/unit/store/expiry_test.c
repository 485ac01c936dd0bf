/* SPDX-License-Identifier: MIT */
/* Promise: an array of all ends that is searched from its beginning would answer the same, however
 * they come, go, are taken and put back; and memory that runs out changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "store/expiry.h"

enum { ENTRIES = 3000, STEPS = 60000 };

enum state { ABSENT, WAITS, TAKEN };

/* What the heap and the table should hold, by seq. */
struct known {
	enum state state;
	uint64_t expires_ms;
	struct ary_ending *ending;
};

static struct known known[ENTRIES];
static struct ary_expiry expiry;
static uint64_t random_state = 2029;

static uint64_t draw(uint64_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (random_state >> 33) % below;
}

static struct ary_bytes key_of(uint64_t seq, char out[24])
{
	int size = snprintf(out, 24, "key %llu", (unsigned long long)seq);

	return (struct ary_bytes){(const uint8_t *)out, (size_t)size};
}

static void add(uint64_t seq, uint64_t expires_ms)
{
	char key[24];
	struct ary_ending *ending = ary_expiry_make(&expiry, key_of(seq, key), expires_ms);

	assert_non_null(ending);
	ary_expiry_add(&expiry, ending, seq);
	known[seq] = (struct known){.state = WAITS, .expires_ms = expires_ms};
}

static void expect_entry(uint64_t seq)
{
	uint64_t expires_ms;
	bool there = ary_expiry_get(&expiry, seq, &expires_ms);

	assert_int_equal(there, known[seq].state != ABSENT);
	if (there)
		assert_int_equal(expires_ms, known[seq].expires_ms);
}

static void expect_figures(void)
{
	uint64_t next_ms = UINT64_MAX;
	uint64_t count = 0;

	for (uint64_t seq = 0; seq < ENTRIES; seq++) {
		expect_entry(seq);
		count += known[seq].state != ABSENT;
		if (known[seq].state == WAITS && known[seq].expires_ms < next_ms)
			next_ms = known[seq].expires_ms;
	}
	assert_int_equal(ary_expiry_count(&expiry), count);
	assert_true(ary_expiry_next_ms(&expiry) == next_ms);
}

/* Takes one that is over at NOW_MS, if there is any; it must be of those that end first. */
static void take(uint64_t now_ms)
{
	char key[24];
	uint64_t next_ms = ary_expiry_next_ms(&expiry);
	struct ary_ending *ending = ary_expiry_take(&expiry, now_ms);

	assert_int_equal(ending != NULL, next_ms <= now_ms);
	if (ending == NULL)
		return;
	struct known *entry = &known[ending->seq];
	assert_int_equal(entry->state, WAITS);
	assert_int_equal(ending->expires_ms, next_ms);
	assert_true(ary_bytes_equal(ary_ending_key(ending), key_of(ending->seq, key)));
	entry->state = TAKEN;
	entry->ending = ending;
}

static void step(void)
{
	uint64_t seq = draw(ENTRIES);
	struct known *entry = &known[seq];

	if (entry->state == ABSENT && draw(3) > 0) {
		add(seq, draw(500));
	} else if (entry->state == TAKEN && draw(2) == 0) {
		ary_expiry_put_back(&expiry, entry->ending);
		entry->state = WAITS;
	} else if (entry->state != ABSENT && draw(2) == 0) {
		ary_expiry_remove(&expiry, seq);
		entry->state = ABSENT;
	} else {
		take(draw(300));
	}
	expect_entry(seq);
}

static int setup(void **state)
{
	(void)state;
	memset(known, 0, sizeof(known));
	ary_expiry_init(&expiry);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ary_expiry_release(&expiry);
	return 0;
}

static void test_any_order_is_as_an_array_would_have_it(void **state)
{
	(void)state;
	expect_figures();
	for (int i = 0; i < STEPS; i++) {
		step();
		if (i % 1000 == 0)
			expect_figures();
	}
	expect_figures();
}

static void test_ends_come_in_their_order(void **state)
{
	uint64_t last_ms = 0;

	(void)state;
	for (uint64_t seq = 0; seq < ENTRIES; seq++)
		add(seq, 1 + draw(1000));
	assert_null(ary_expiry_take(&expiry, 0));
	for (uint64_t i = 0; i < ENTRIES; i++) {
		struct ary_ending *ending = ary_expiry_take(&expiry, UINT64_MAX);
		assert_non_null(ending);
		assert_true(ending->expires_ms >= last_ms);
		last_ms = ending->expires_ms;
		ary_expiry_remove(&expiry, ending->seq);
	}
	assert_null(ary_expiry_take(&expiry, UINT64_MAX));
	assert_int_equal(ary_expiry_count(&expiry), 0);
}

/* What was made can be added whatever memory does afterwards. */
static void test_room_is_made_before(void **state)
{
	struct ary_ending *made[100];

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		made[i] = ary_expiry_make(&expiry, ary_bytes_of("key"), i);
		assert_non_null(made[i]);
	}
	ary_alloc_fail_at(1, 1);
	for (uint64_t i = 0; i < 100; i += 2)
		ary_expiry_forget(&expiry, made[i]);
	ary_expiry_forget(&expiry, NULL);
	for (uint64_t i = 1; i < 100; i += 2)
		ary_expiry_add(&expiry, made[i], i);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(ary_expiry_count(&expiry), 50);
	assert_int_equal(ary_expiry_next_ms(&expiry), 1);
}

static void test_memory_that_is_out_is_told(void **state)
{
	size_t made = 0;

	(void)state;
	for (unsigned long nth = 1; nth < 200; nth++) {
		ary_alloc_fail_at(nth % 3 + 1, 0);
		struct ary_ending *ending = ary_expiry_make(&expiry, ary_bytes_of("k"), nth);
		assert_true(ending == NULL || !ary_alloc_failed());
		ary_alloc_fail_at(0, 0);
		if (ending == NULL)
			continue;
		ary_expiry_add(&expiry, ending, nth);
		made++;
	}
	assert_in_range(made, 1, 198);
	assert_int_equal(ary_expiry_count(&expiry), made);
}

/* Memory follows what there is, but for the room of heap and table. */
static void test_memory_is_given_back(void **state)
{
	(void)state;
	for (uint64_t seq = 0; seq < ENTRIES; seq++)
		add(seq, seq);
	uint64_t full = ary_expiry_memory_bytes(&expiry);
	assert_true(full >= ENTRIES * sizeof(struct ary_ending));
	assert_true(full <= ENTRIES * (sizeof(struct ary_ending) + 60));
	for (uint64_t seq = 0; seq < ENTRIES; seq++)
		ary_expiry_remove(&expiry, seq);
	assert_true(ary_expiry_memory_bytes(&expiry) <= ENTRIES * 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any_order_is_as_an_array_would_have_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_ends_come_in_their_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room_is_made_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_that_is_out_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_is_given_back, setup, teardown),
	};

	return cmocka_run_group_tests_name("store/expiry", tests, NULL, NULL);
}
