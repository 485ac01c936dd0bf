/* SPDX-License-Identifier: MIT */
/* Promise: whatever a listing asks for, followed through its pages it has exactly what a sorted
 * array of all keys has, however many keys whose time is over lie between them; and while a writer
 * adds and removes other keys, it has all that stay, each once and in order, and nothing that
 * cannot be.
 *
 * ARYAVARTH_SEED sets the random choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/target.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "env/thread.h"
#include "list_support.h"

enum { KEYS = 300, KEY_BYTES_MAX = 6, QUERIES = 400, ITEMS_MAX = KEYS + 1 };
enum { KEYS_OVER = 12000, QUERIES_OVER = 60 };

static const uint64_t NOW_MS = 4000000000000; /* after the machine's own clock */

struct key {
	uint8_t data[KEY_BYTES_MAX];
	size_t size;
	bool stays; /* else the writer adds and removes it */
	bool present;
};

/* What one listing is to answer. */
struct query {
	struct ary_bytes prefix, from, end, delimiter;
	bool after, reverse;
	size_t limit; /* of a page; 0: any */
};

struct item {
	struct ary_bytes key;
	bool is_prefix;
};

static struct key keys[KEYS]; /* sorted, all different */
static size_t key_count;
static uint64_t random_state;

static size_t draw(size_t below)
{
	assert_true(below > 0);
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)((random_state * UINT64_C(0x2545f4914f6cdd1d) >> 20) % below);
}

static struct ary_bytes view(const struct key *key)
{
	return (struct ary_bytes){key->data, key->size};
}

static int compare_keys(const void *a, const void *b)
{
	return ary_bytes_compare(view(a), view(b));
}

static struct key draw_key(void)
{
	static const uint8_t few[] = {'a', 'b', '/', '/', 0, 0xff, '+', 0xfe};
	struct key key = {.size = 1 + draw(KEY_BYTES_MAX)};

	for (size_t i = 0; i < key.size; i++)
		key.data[i] = few[draw(sizeof(few))];
	key.stays = draw(2) == 0;
	return key;
}

static void make_keys(void)
{
	struct key all[KEYS];

	for (size_t i = 0; i < KEYS; i++)
		all[i] = draw_key();
	qsort(all, KEYS, sizeof(all[0]), compare_keys);
	key_count = 0;
	for (size_t i = 0; i < KEYS; i++)
		if (key_count == 0 ||
		    !ary_bytes_equal(view(&all[i]), view(&keys[key_count - 1])))
			keys[key_count++] = all[i];
}

static void put(struct api_fixture *fixture, struct key *key)
{
	struct ary_write write = {.op = ARY_WRITE_SET, .key = view(key), .value = view(key)};

	assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
	key->present = true;
}

static void drop(struct api_fixture *fixture, struct key *key)
{
	struct ary_write write = {.op = ARY_WRITE_REMOVE, .key = view(key)};
	enum ary_status status = ary_store_write(fixture->store, &write);

	assert_int_equal(status, key->present ? ARY_OK : ARY_NOT_FOUND);
	key->present = false;
}

/* ---- What is to be answered ---- */

static bool is_asked_for(const struct query *query, struct ary_bytes key)
{
	int order = ary_bytes_compare(key, query->from);

	return ary_bytes_start_with(key, query->prefix) &&
	       (order > 0 || (order == 0 && !query->after)) &&
	       (query->end.size == 0 || ary_bytes_compare(key, query->end) < 0);
}

static struct item fold(const struct query *query, struct ary_bytes key)
{
	size_t skipped = query->prefix.size;
	size_t size = query->delimiter.size;

	for (size_t at = skipped; size > 0 && at + size <= key.size; at++)
		if (memcmp(key.data + at, query->delimiter.data, size) == 0)
			return (struct item){{key.data, at + size}, true};
	return (struct item){key, false};
}

static bool are_equal(struct item a, struct item b)
{
	return a.is_prefix == b.is_prefix && ary_bytes_equal(a.key, b.key);
}

/* The items of QUERY in order, of the keys that are there, or only of those that stay. */
static size_t expect_items(const struct query *query, bool staying_only, struct item *out)
{
	size_t count = 0;

	for (size_t i = 0; i < key_count; i++) {
		const struct key *key = &keys[query->reverse ? key_count - 1 - i : i];
		struct item item = fold(query, view(key));

		if (!is_asked_for(query, view(key)) || !(staying_only ? key->stays : key->present))
			continue;
		if (count == 0 || !are_equal(out[count - 1], item))
			out[count++] = item;
	}
	return count;
}

/* ---- What is answered ---- */

struct answer {
	struct item items[ITEMS_MAX];
	size_t count;
	struct ary_buf bytes; /* of all items, so that none may move: reserved ahead */
	unsigned short_pages; /* that had a next one all the same */
};

static void take_bytes(struct answer *answer, const json_t *object, const char *name,
		       bool is_prefix)
{
	char b64[32];
	const json_t *text = json_object_get(object, name);
	size_t before = answer->bytes.size;
	struct ary_bytes encoded;

	(void)snprintf(b64, sizeof(b64), "%s_b64", name);
	if (text != NULL) {
		encoded = (struct ary_bytes){(const uint8_t *)json_string_value(text),
					     json_string_length(text)};
		assert_true(ary_buf_append(&answer->bytes, encoded));
	} else {
		text = json_object_get(object, b64);
		assert_non_null(text);
		encoded = ary_bytes_of(json_string_value(text));
		assert_int_equal(ary_base64_decode(encoded, &answer->bytes), ARY_OK);
	}
	assert_true(answer->count < ITEMS_MAX);
	answer->items[answer->count++] = (struct item){
		{answer->bytes.data + before, answer->bytes.size - before}, is_prefix,
	};
}

/* Takes the items of one page's BODY; answers its token (owned), or NULL. */
static char *take_page(struct answer *answer, struct ary_bytes body, size_t limit)
{
	size_t before = answer->count;
	char *next = NULL;

	while (body.size > 0) {
		struct ary_bytes line = ary_bytes_cut(body, '\n', &body);
		json_t *object = json_loadb((const char *)line.data, line.size, 0, NULL);

		assert_non_null(object);
		if (json_object_get(object, "next") != NULL) {
			assert_int_equal(body.size, 0);
			if (json_is_string(json_object_get(object, "next")))
				next = ary_strdup(json_string_value(json_object_get(object,
										    "next")));
		} else if (json_object_get(object, "seq") != NULL) {
			take_bytes(answer, object, "key", false);
		} else {
			take_bytes(answer, object, "prefix", true);
		}
		json_decref(object);
	}
	assert_true(answer->count - before <= limit);
	answer->short_pages += answer->count - before < limit && next != NULL;
	return next;
}

static void append(struct ary_buf *out, const char *name, struct ary_bytes value)
{
	assert_true(ary_buf_append(out, ary_bytes_of(name)) && ary_percent_encode(value, out));
}

/* The target of QUERY, with LIMIT, terminated. */
static void make_target(const struct query *query, size_t limit, struct ary_buf *out)
{
	static const uint8_t terminator;

	out->size = 0;
	assert_true(ary_buf_printf(out, "/keys?limit=%zu%s", limit,
				   query->reverse ? "&reverse" : ""));
	append(out, "&prefix=", query->prefix);
	append(out, query->after ? "&after=" : "&start=", query->from);
	append(out, "&end=", query->end);
	if (query->delimiter.size > 0)
		append(out, "&delimiter=", query->delimiter);
	assert_true(ary_buf_append(out, (struct ary_bytes){&terminator, 1}));
}

/* Follows the pages of QUERY to the end. */
static void ask(struct api_fixture *fixture, const struct query *query, struct answer *answer)
{
	size_t limit = query->limit > 0 ? query->limit : draw(3) == 0 ? 1000 : 1 + draw(20);
	struct ary_buf target = {0};
	char *next = NULL;

	answer->count = 0;
	answer->bytes.size = 0;
	make_target(query, limit, &target);
	do {
		char link[API_TARGET_BYTES_MAX];
		struct api_request request;

		(void)snprintf(link, sizeof(link), "%s&next=%s", (const char *)target.data,
			       next != NULL ? next : "");
		free(next);
		assert_int_equal(get(fixture, link, "application/x-ndjson", &request), 200);
		next = take_page(answer, request.call.response.body, limit);
		api_request_release(&request);
	} while (next != NULL);
	ary_buf_release(&target);
}

static uint64_t ask_count(struct api_fixture *fixture, const struct query *query)
{
	struct query counted = *query;
	struct ary_buf target = {0};
	struct api_request request;
	uint64_t count = UINT64_MAX;
	char *text;

	counted.reverse = false;
	counted.delimiter.size = 0;
	make_target(&counted, 1, &target);
	/* A limit has no meaning for a count. */
	text = (char *)target.data;
	memcpy(text, "/keys?count=1", 13);
	assert_int_equal(get(fixture, text, "text/plain", &request), 200);
	assert_int_equal(sscanf((const char *)request.call.response.body.data, "%" SCNu64, &count),
			 1);
	api_request_release(&request);
	ary_buf_release(&target);
	return count;
}

/* ---- Holding one against the other ---- */

/* A part of some key, or nothing. */
static struct ary_bytes draw_bound(void)
{
	const struct key *key = &keys[draw(key_count)];
	size_t size = draw(key->size + 1);

	return draw(2) == 0 ? (struct ary_bytes){key->data, size} : (struct ary_bytes){NULL, 0};
}

static struct query draw_query(void)
{
	static const char *const delimiters[] = {"/", "/", "a", "\xff", "b/", "//"};
	struct query query = {.reverse = draw(2) == 0, .after = draw(2) == 0};

	query.prefix = draw_bound();
	query.from = draw_bound();
	query.end = draw_bound();
	if (query.end.size > 0 && ary_bytes_compare(query.from, query.end) > 0) {
		struct ary_bytes from = query.from;

		query.from = query.end;
		query.end = from;
	}
	if (query.from.size == 0)
		query.after = false;
	if (draw(3) > 0)
		query.delimiter = ary_bytes_of(delimiters[draw(6)]);
	return query;
}

static void expect_exactly(const struct answer *answer, const struct item *items, size_t count)
{
	assert_int_equal(answer->count, count);
	for (size_t i = 0; i < count; i++)
		assert_true(are_equal(answer->items[i], items[i]));
}

/* Whether some key that there may be comes out of QUERY as ITEM. */
static bool can_be(const struct query *query, struct item item)
{
	for (size_t i = 0; i < key_count; i++)
		if (is_asked_for(query, view(&keys[i])) &&
		    are_equal(fold(query, view(&keys[i])), item))
			return true;
	return false;
}

/* ANSWER is in order, has all of ITEMS, and else only what can be. */
static void expect_at_least(const struct query *query, const struct answer *answer,
			    const struct item *items, size_t count)
{
	size_t found = 0;

	for (size_t i = 0; i < answer->count; i++) {
		struct item item = answer->items[i];
		int order = i > 0 ? ary_bytes_compare(answer->items[i - 1].key, item.key) : -1;

		if (i > 0)
			assert_true(query->reverse ? order > 0 : order < 0);
		if (found < count && are_equal(items[found], item))
			found++;
		else
			assert_true(can_be(query, item));
	}
	assert_int_equal(found, count);
}

struct writer {
	struct api_fixture *fixture;
	atomic_bool stop;
	unsigned failed;
	unsigned long changes;
	uint64_t state;
};

static void change_until_stopped(void *context)
{
	struct writer *writer = context;

	while (!atomic_load(&writer->stop)) {
		writer->state = writer->state * UINT64_C(6364136223846793005) + 1442695040888963407;
		struct key *key = &keys[(writer->state >> 33) % key_count];
		struct ary_write write = {
			.op = writer->state >> 63 ? ARY_WRITE_SET : ARY_WRITE_REMOVE,
			.key = view(key),
			.value = view(key),
		};

		if (key->stays)
			write.op = ARY_WRITE_SET; /* another value of the same key */
		enum ary_status status = ary_store_write(writer->fixture->store, &write);
		if (status != ARY_OK &&
		    (status != ARY_NOT_FOUND || write.op != ARY_WRITE_REMOVE))
			writer->failed++;
		writer->changes++;
	}
}

static void ask_beside_a_writer(struct api_fixture *fixture, struct answer *answer)
{
	struct writer writer = {.fixture = fixture, .state = random_state};
	struct item items[ITEMS_MAX];
	struct ary_thread thread;

	assert_int_equal(ary_thread_start(&thread, "writer", change_until_stopped, &writer, NULL),
			 ARY_OK);
	for (unsigned i = 0; i < QUERIES; i++) {
		struct query query = draw_query();
		size_t count = expect_items(&query, true, items);

		ask(fixture, &query, answer);
		expect_at_least(&query, answer, items, count);
		if (query.delimiter.size == 0)
			assert_true(ask_count(fixture, &query) >= count);
	}
	atomic_store(&writer.stop, true);
	ary_thread_join(&thread);
	assert_int_equal(writer.failed, 0);
	assert_true(writer.changes > 0);
}

/* As api_fixture_setup, but without syncs: the writer makes very many. */
static int setup_without_syncs(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	fault_env_skip_syncs(fixture->faults);
	api_fixture_serve(fixture);
	*state = fixture;
	return 0;
}

/* Puts about half of some keys; answers room for an answer (owned). */
static struct answer *begin(struct api_fixture *fixture)
{
	const char *seed = getenv("ARYAVARTH_SEED");
	struct answer *answer = ARY_NEW(struct answer);

	random_state = seed != NULL ? strtoull(seed, NULL, 10) * 2 + 1 : 20261127;
	print_message("seed %" PRIu64 "\n", random_state / 2);
	make_keys();
	assert_true(ary_buf_reserve(&answer->bytes, ITEMS_MAX * KEY_BYTES_MAX + 64));
	for (size_t i = 0; i < key_count; i++)
		if (keys[i].stays || draw(2) == 0)
			put(fixture, &keys[i]);
	return answer;
}

static void end(struct answer *answer)
{
	ary_buf_release(&answer->bytes);
	free(answer);
}

static void test_listings_match_a_sorted_array(void **state)
{
	struct api_fixture *fixture = *state;
	struct answer *answer = begin(fixture);
	struct item items[ITEMS_MAX];

	for (unsigned i = 0; i < QUERIES; i++) {
		struct query query = draw_query();
		struct key *key = &keys[draw(key_count)];

		ask(fixture, &query, answer);
		expect_exactly(answer, items, expect_items(&query, false, items));
		query.delimiter.size = 0;
		assert_int_equal(ask_count(fixture, &query), expect_items(&query, false, items));
		if (!key->stays)
			(key->present ? drop : put)(fixture, key);
	}
	ask_beside_a_writer(fixture, answer);
	end(answer);
}

/* Puts keys that begin with others, and are over soon; then nothing more can be written, so that
 * they stay as they are when they are over. */
static void put_what_is_over(struct api_fixture *fixture)
{
	struct ary_write last = {.op = ARY_WRITE_SET, .key = ary_bytes_of("x")};

	fault_env_set_wall_ms(fixture->faults, NOW_MS);
	for (unsigned i = 0; i < KEYS_OVER; i++) {
		const struct key *key = &keys[draw(key_count)];
		uint8_t bytes[KEY_BYTES_MAX + 8];
		struct ary_write write = {.op = ARY_WRITE_SET, .key = {bytes, key->size + 8},
					  .expires_ms = NOW_MS + 10};

		memcpy(bytes, key->data, key->size);
		(void)snprintf((char *)bytes + key->size, 8, "%c%06u", draw(2) == 0 ? '/' : '!', i);
		bytes[key->size + 7] = 0xff;
		assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
	}
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1});
	assert_int_equal(ary_store_write(fixture->store, &last), ARY_UNCERTAIN);
	fault_env_set_wall_ms(fixture->faults, NOW_MS + 10);
}

static void test_listings_pass_over_what_is_over(void **state)
{
	struct api_fixture *fixture = *state;
	struct answer *answer = begin(fixture);
	struct item items[ITEMS_MAX];
	struct query all = {.limit = 1000};

	put_what_is_over(fixture);
	for (unsigned i = 0; i < QUERIES_OVER; i++) {
		struct query query = i < 2 ? all : draw_query();

		query.reverse = i < 2 ? i == 1 : query.reverse;
		ask(fixture, &query, answer);
		expect_exactly(answer, items, expect_items(&query, false, items));
	}
	/* They are there, as far as keys are counted. */
	assert_true(ask_count(fixture, &all) >= KEYS_OVER);
	assert_true(answer->short_pages >= 2);
	end(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_listings_match_a_sorted_array,
						setup_without_syncs, api_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_listings_pass_over_what_is_over,
						setup_without_syncs, api_fixture_teardown),
	};

	return cmocka_run_group_tests_name("api/list_model", tests, NULL, NULL);
}
