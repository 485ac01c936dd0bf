/* SPDX-License-Identifier: MIT */
#include "lib/portrait.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct portrait {
	struct ary_store *store;
	struct ary_buf text;
};

static bool draw_key(void *context, struct ary_bytes key, uint64_t seq)
{
	struct portrait *portrait = context;

	return ary_buf_append(&portrait->text, key) &&
	       ary_buf_printf(&portrait->text, " %llu\n", (unsigned long long)seq);
}

/* Adds what the key of the line that begins at AT has; answers where the next one begins. */
static size_t draw_value(struct portrait *portrait, struct ary_buf *values, size_t at)
{
	const char *line = (const char *)portrait->text.data + at;
	size_t key_bytes = (size_t)(strchr(line, ' ') - line);
	struct ary_value value;

	assert_int_equal(ary_store_get(portrait->store,
				       (struct ary_bytes){(const uint8_t *)line, key_bytes},
				       &value, NULL), ARY_OK);
	assert_true(ary_buf_append(values, value.value));
	assert_true(ary_buf_printf(values, " %llu %llu\n", (unsigned long long)value.size,
				   (unsigned long long)value.expires_ms));
	ary_value_release(&value);
	return at + (size_t)(strchr(line, '\n') - line) + 1;
}

struct ary_buf store_portrait(struct ary_store *store)
{
	const struct ary_bytes all = {NULL, 0};
	struct portrait portrait = {.store = store};
	struct ary_buf values = {0};
	struct ary_stats stats;

	ary_store_stats(store, &stats);
	ary_store_list(store, all, all, UINT64_MAX, draw_key, &portrait);
	assert_true(ary_buf_append(&portrait.text, (struct ary_bytes){(const uint8_t *)"", 1}));
	for (size_t at = 0; at + 1 < portrait.text.size;)
		at = draw_value(&portrait, &values, at);
	portrait.text.size--;
	assert_true(ary_buf_append(&portrait.text, ary_buf_view(&values)));
	assert_true(ary_buf_printf(&portrait.text, "%llu %llu %llu %llu %llu %llu %llu%c",
				   (unsigned long long)stats.keys,
				   (unsigned long long)stats.keys_with_expiry,
				   (unsigned long long)stats.logs,
				   (unsigned long long)stats.log_bytes,
				   (unsigned long long)stats.live_bytes,
				   (unsigned long long)stats.stale_bytes,
				   (unsigned long long)stats.seq, '\0'));
	ary_buf_release(&values);
	return portrait.text;
}
