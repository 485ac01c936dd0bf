/* SPDX-License-Identifier: MIT */
/* Whatever is asked of it in whatever order, the store answers as the obvious map would; values
 * that end are in it up to their last millisecond, and never after, however the clock is set.
 *
 * The commands are drawn at random; a failure prints the seed, and ARYAVARTH_SEED repeats it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <time.h>

#include <cmocka.h>

#include "lib/model.h"
#include "lib/store_helper.h"

enum { STEPS = 4000, KEYS = 60, KEY_BYTES_MAX = 40, VALUE_BYTES_MAX = 200 * 1024 };

static struct store_test store;
static struct model model;
static uint64_t random_state;
static uint64_t seed;
static uint64_t seq_last;
static uint64_t wall_ms = 4000000000000; /* after the machine's own clock */
static uint64_t noted_ms;                /* the time of the last write: the store's, or before it */
static uint8_t value_bytes[VALUE_BYTES_MAX];

/* A generator of its own (splitmix64), so that a seed means the same everywhere. */
static uint64_t draw(uint64_t below)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t mixed = random_state;
	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (mixed ^ (mixed >> 31)) % below;
}

static void read_seed(void)
{
	const char *text = getenv("ARYAVARTH_SEED");

	seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
	random_state = seed;
	print_message("ARYAVARTH_SEED=%llu\n", (unsigned long long)seed);
}

static uint64_t now_ms(void)
{
	return wall_ms > noted_ms ? wall_ms : noted_ms;
}

static void set_wall(uint64_t to_ms)
{
	wall_ms = to_ms;
	fault_env_set_wall_ms(store.faults, wall_ms);
	model_expire(&model, now_ms());
}

/* Key NUMBER: some text, some not; some the beginning of others. */
static struct ary_bytes make_key(uint64_t number, uint8_t out[KEY_BYTES_MAX])
{
	static const uint8_t binary[] = {0x00, 0xff, '"', '\\', 0x80, '\n'};
	int size = snprintf((char *)out, KEY_BYTES_MAX, "%c/%llu", (char)('a' + number % 3),
			    (unsigned long long)number / 3);

	if (number % 4 == 0) {
		memcpy(out + size, binary, sizeof(binary));
		size += (int)sizeof(binary);
	} else if (number % 5 == 0) {
		size += snprintf((char *)out + size, KEY_BYTES_MAX - (size_t)size, "/\xc3\xa9");
	}
	return (struct ary_bytes){out, (size_t)size};
}

/* Mostly small, now and then large; text or any bytes. */
static struct ary_bytes make_value(void)
{
	uint64_t size = draw(100);
	bool is_text = draw(2) == 0;

	if (draw(50) == 0)
		size = draw(VALUE_BYTES_MAX);
	for (uint64_t i = 0; i < size; i++)
		value_bytes[i] = is_text ? (uint8_t)(' ' + draw(95)) : (uint8_t)draw(256);
	return (struct ary_bytes){value_bytes, size};
}

/* A set that the present seq is in, or is not; answers whether it is. */
static bool make_match(struct ary_match_set *set, uint64_t seqs[2], uint64_t present)
{
	set->seqs = seqs;
	switch (draw(4)) {
	case 0:
		set->kind = ARY_MATCH_ANY;
		return present > 0;
	case 1:
		set->kind = ARY_MATCH_LIST;
		set->count = 0;
		return false;
	case 2:
		set->kind = ARY_MATCH_LIST;
		set->count = 1;
		seqs[0] = seq_last + 1000;
		return false;
	default:
		set->kind = ARY_MATCH_LIST;
		set->count = 2;
		seqs[0] = seq_last + 1000;
		seqs[1] = present;
		return present > 0;
	}
}

static enum ary_status expected_status(const struct ary_write *write, bool exists, bool matches,
				       bool none_matches)
{
	if (write->if_match.kind != ARY_MATCH_NONE && !matches)
		return ARY_CONFLICT;
	if (write->if_none_match.kind != ARY_MATCH_NONE && none_matches)
		return ARY_CONFLICT;
	return write->op == ARY_WRITE_REMOVE && !exists ? ARY_NOT_FOUND : ARY_OK;
}

static void step_write(enum ary_write_op op)
{
	uint8_t key[KEY_BYTES_MAX];
	uint64_t seqs[4];
	bool matches = false;
	bool none_matches = false;
	struct ary_write write = {.op = op, .key = make_key(draw(KEYS), key)};

	if (op == ARY_WRITE_SET)
		write.value = make_value();
	if (op == ARY_WRITE_SET && draw(3) == 0)
		write.type = ary_bytes_of("text/plain; charset=utf-8");
	if (op == ARY_WRITE_SET && draw(3) == 0)
		write.ttl_ms = 1 + draw(2000);
	else if (op == ARY_WRITE_SET && draw(6) == 0)
		write.expires_ms = now_ms() - 100 + draw(1000);
	uint64_t expires_ms = write.ttl_ms > 0 ? now_ms() + write.ttl_ms : write.expires_ms;
	const struct model_entry *there = model_find(&model, write.key);
	bool exists = there != NULL;
	uint64_t present = there ? there->seq : 0;
	if (draw(4) == 0)
		matches = make_match(&write.if_match, seqs, present);
	if (draw(4) == 0)
		none_matches = make_match(&write.if_none_match, seqs + 2, present);
	assert_int_equal(ary_store_write(store.store, &write),
			 expected_status(&write, exists, matches, none_matches));
	if (write.status != ARY_OK)
		return;
	assert_true(write.seq > seq_last);
	assert_int_equal(write.replaced, exists);
	assert_int_equal(write.expires_ms, expires_ms);
	seq_last = write.seq;
	noted_ms = now_ms();
	if (op == ARY_WRITE_SET)
		model_set(&model, write.key, write.value, write.seq)->expires_ms = expires_ms;
	else
		model_remove(&model, write.key);
	model_expire(&model, now_ms());
}

/* A write that changes nothing else: what is over is ended by it, and its time is noted. */
static void write_aside(void)
{
	seq_last = store_test_set(&store, "aside", "x");
	seq_last = store_test_remove(&store, "aside");
	noted_ms = now_ms();
	model_expire(&model, noted_ms);
}

static void check_key(uint64_t number)
{
	uint8_t bytes[KEY_BYTES_MAX];
	struct ary_bytes key = make_key(number, bytes);
	const struct model_entry *expected = model_find(&model, key);
	struct ary_value got;

	enum ary_status status = ary_store_get(store.store, key, &got, NULL);
	assert_int_equal(status, expected ? ARY_OK : ARY_NOT_FOUND);
	if (!expected)
		return;
	assert_int_equal(got.seq, expected->seq);
	assert_int_equal(got.value.size, expected->value.size);
	assert_true(ary_bytes_equal(got.value, ary_buf_view(&expected->value)));
	ary_value_release(&got);
}

/* A listing that is held against the model, entry by entry. */
struct expected_list {
	size_t next;
	struct ary_bytes prefix;
	uint64_t visited;
	uint64_t end_after; /* the visitor ends the listing after this many */
};

static bool check_entry(void *context, struct ary_bytes key, uint64_t seq)
{
	struct expected_list *list = context;

	assert_true(list->next < model.count);
	const struct model_entry *entry = &model.entries[list->next++];
	assert_true(ary_bytes_equal(key, ary_buf_view(&entry->key)));
	assert_int_equal(seq, entry->seq);
	return ++list->visited < list->end_after;
}

static void step_list(void)
{
	uint8_t after_bytes[KEY_BYTES_MAX];
	struct ary_bytes after = {NULL, 0};
	struct expected_list list = {.end_after = draw(5) == 0 ? 1 + draw(3) : UINT64_MAX};
	uint64_t limit = draw(3) == 0 ? draw(6) : UINT64_MAX;
	static const char *const prefixes[] = {"", "a", "a/1", "b/", "c/2", "zz"};

	list.prefix = ary_bytes_of(prefixes[draw(6)]);
	if (draw(2) == 0)
		after = make_key(draw(KEYS), after_bytes);
	while (list.next < model.count) {
		struct ary_bytes key = ary_buf_view(&model.entries[list.next].key);
		if (ary_bytes_compare(key, after) > 0 && ary_bytes_compare(key, list.prefix) >= 0)
			break;
		list.next++;
	}
	uint64_t expected = 0;
	for (size_t i = list.next; i < model.count && expected < limit &&
	     expected < list.end_after; i++, expected++) {
		if (!ary_bytes_start_with(ary_buf_view(&model.entries[i].key), list.prefix))
			break;
	}
	ary_store_list(store.store, list.prefix, after, limit, check_entry, &list);
	assert_int_equal(list.visited, expected);
}

/* Some value is there in its last millisecond, and gone in the next, unless it is gone already. */
static void step_end(void)
{
	uint8_t bytes[KEY_BYTES_MAX];

	for (size_t i = 0; i < model.count; i++) {
		/* A copy: the entry goes when the clock is set. */
		struct ary_bytes key = {bytes, model.entries[i].key.size};
		memcpy(bytes, model.entries[i].key.data, key.size);
		uint64_t expires_ms = model.entries[i].expires_ms;
		struct ary_value got;
		if (expires_ms == 0 || expires_ms - 1 < now_ms())
			continue;
		set_wall(expires_ms - 1);
		assert_int_equal(ary_store_get(store.store, key, &got, NULL), ARY_OK);
		ary_value_release(&got);
		set_wall(expires_ms);
		assert_int_equal(ary_store_get(store.store, key, &got, NULL), ARY_NOT_FOUND);
		break;
	}
	/* Whether a line was written at that time is not known else. */
	write_aside();
}

/* The clock goes on, or is set forwards or back. */
static void step_clock(void)
{
	uint64_t kind = draw(10);

	if (kind < 7)
		set_wall(wall_ms + draw(300));
	else if (kind < 9)
		set_wall(wall_ms - draw(5000));
	else
		set_wall(wall_ms + draw(5000));
	write_aside();
}

static size_t count_that_end(void)
{
	size_t count = 0;

	for (size_t i = 0; i < model.count; i++)
		count += model.entries[i].expires_ms != 0;
	return count;
}

static void check_all(void)
{
	write_aside();
	for (uint64_t number = 0; number < KEYS; number++)
		check_key(number);
	struct ary_stats stats = store_test_stats(&store);
	assert_int_equal(stats.keys, model.count);
	assert_int_equal(stats.keys_with_expiry, count_that_end());
	assert_true(stats.live_bytes + stats.stale_bytes <= stats.log_bytes);
}

/* Figures that no compaction is changing: the second one begins after all that was stale before. */
static uint64_t settled_live_bytes(void)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(store_test_compact(&store).status, ARY_OK);
	return store_test_stats(&store).live_bytes;
}

/* What counts as live does not depend on whether it was counted or replayed. */
static void step_reopen(bool kill)
{
	/* A copy of files that a compaction is changing is no state that a kill could leave. */
	bool settled = kill || draw(2) == 0;
	write_aside();
	uint64_t live_bytes = settled ? settled_live_bytes() : 0;
	size_t ending = count_that_end();

	if (kill)
		store_test_kill(&store);
	else
		store_test_close(&store);
	store.options.durability = (enum ary_durability)draw(3);
	/* The clock may have been set meanwhile, and a kill has forgotten it. */
	set_wall(draw(2) == 0 ? wall_ms : wall_ms + draw(3000) - 1500);
	store_test_open(&store);
	if (settled && count_that_end() == ending)
		assert_int_equal(store_test_stats(&store).live_bytes, live_bytes);
	check_all();
}

static void step(void)
{
	uint64_t choice = draw(1000);

	if (draw(8) == 0)
		step_clock();
	if (draw(40) == 0)
		step_end();
	if (choice < 500)
		step_write(ARY_WRITE_SET);
	else if (choice < 700)
		step_write(ARY_WRITE_REMOVE);
	else if (choice < 850)
		check_key(draw(KEYS));
	else if (choice < 980)
		step_list();
	else if (choice < 990)
		assert_int_equal(store_test_compact(&store).status, ARY_OK);
	else if (choice < 992)
		check_all();
	else
		step_reopen(choice < 995);
}

static void test_store_answers_as_a_map_would(void **state)
{
	(void)state;
	read_seed();
	store_test_begin(&store);
	fault_env_skip_syncs(store.faults);
	store.options.rotate_bytes = 20000;
	store.options.compact_stale_bytes = 60000;
	store.options.durability = ARY_DURABILITY_NEVER;
	store_test_open(&store);
	set_wall(wall_ms);
	for (int i = 0; i < STEPS; i++)
		step();
	check_all();
	step_reopen(false);
	store_test_end(&store);
	model_release(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store_answers_as_a_map_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
