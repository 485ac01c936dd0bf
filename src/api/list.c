/* SPDX-License-Identifier: MIT */
/* The collection: GET /keys. A page is put together in steps: some keys are copied out of the
 * index, then each one's line is read, as for a GET. So it is not one moment's state, and no writer
 * waits for it longer than a step takes; but each key that is there all the time comes once. */
#include "api/handler.h"

#include <string.h>

#include "api/api_private.h"
#include "api/list_count.h"
#include "api/list_query.h"
#include "api/list_text.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/respond.h"
#include "api/target.h"

enum {
	STEP_KEYS = 128,
	/* A page ends when it has become so long, or so much was read for it: who holds a loop for
	 * longer than some milliseconds keeps others waiting. */
	PAGE_TEXT_BYTES = 1024 * 1024,
	PAGE_READ_BYTES = 4 * 1024 * 1024,
	/* Or when so many keys were looked at: those whose time is over are not in it, however many
	 * of them no line has ended yet. */
	PAGE_KEYS = 8 * ARY_SCAN_KEYS_MAX,
	/* Of a link, beside three times the bytes of a key. */
	LINK_BYTES = 256,
};

/* A key, or a prefix behind which keys are folded, as it was in the index. */
struct item {
	size_t size; /* of its bytes, which lie behind those of the items before */
	bool is_prefix;
};

struct page {
	struct ary_store *store;
	struct ary_list_query *query;
	struct ary_list_writer writer;
	uint64_t items_left;
	uint64_t read_bytes;
	uint64_t keys_seen;
	/* What was passed last, and is in the answer or gone. */
	struct ary_buf last;
	bool last_is_prefix;
	/* A step. */
	struct ary_scanned scanned;
	struct ary_buf keys;
	struct item items[STEP_KEYS];
	size_t count;
	size_t wanted;
	bool failed;
};

/* How much of KEY is a prefix that is listed in its place; 0: none, it is listed itself. */
static size_t folded_size(const struct ary_list_query *query, struct ary_bytes key)
{
	struct ary_bytes delimiter = query->texts[ARY_LIST_DELIMITER];
	size_t prefix_size = query->texts[ARY_LIST_PREFIX].size;
	const uint8_t *at;

	if (delimiter.size == 0 || key.size == prefix_size)
		return 0;
	at = memmem(key.data + prefix_size, key.size - prefix_size, delimiter.data,
		    delimiter.size);
	return at != NULL ? (size_t)(at - key.data) + delimiter.size : 0;
}

/* Behind a prefix the step ends: what it folds is not walked through, but passed by. */
static bool take_item(void *context, struct ary_bytes key, uint64_t seq)
{
	struct page *page = context;
	size_t folded = folded_size(page->query, key);
	struct item *item = &page->items[page->count];

	(void)seq;
	*item = (struct item){ folded > 0 ? folded : key.size, folded > 0 };
	page->failed = !ary_buf_append(&page->keys, (struct ary_bytes){ key.data, item->size });
	if (page->failed)
		return false;
	return ++page->count < page->wanted && !item->is_prefix;
}

/* Copies the next keys, at most WANTED, out of the index. */
static enum ary_status take_step(struct page *page, size_t wanted)
{
	enum ary_status status = ARY_OK;

	page->keys.size = 0;
	page->count = 0;
	page->wanted = wanted < STEP_KEYS ? wanted : STEP_KEYS;
	page->scanned.keys = 0;
	page->scanned.is_cut = false;
	if (!page->query->is_at_end)
		status = ary_store_scan(page->store, &page->query->range, take_item, page,
					&page->scanned);
	page->keys_seen += page->scanned.keys;
	return page->failed ? ARY_NO_MEMORY : status;
}

/* Whether there is, or may be, something behind what the step took. */
static bool has_more(const struct page *page)
{
	return page->count > 0 || page->scanned.is_cut;
}

static bool is_full(const struct page *page)
{
	return page->items_left == 0 || page->read_bytes >= PAGE_READ_BYTES ||
	       page->writer.text.size + page->writer.prefixes.size >= PAGE_TEXT_BYTES;
}

/* Reads KEY and writes it. One that is gone by now is left out; one that was replaced shows what it
 * is now. */
static enum ary_status write_key(struct page *page, struct ary_bytes key, struct ary_error *err)
{
	struct ary_value value;
	enum ary_status status = ary_store_get(page->store, key, &value, err);

	if (status == ARY_NOT_FOUND)
		return ARY_OK;
	if (status != ARY_OK)
		return status;
	page->read_bytes += value.line.size;
	page->items_left--;
	ary_list_write_key(&page->writer, key, &value);
	ary_value_release(&value);
	return ARY_OK;
}

/* Leaves KEY behind: the next page, or step, begins after it. */
static enum ary_status pass(struct page *page, struct ary_bytes key, bool is_prefix)
{
	page->last.size = 0;
	page->last_is_prefix = is_prefix;
	return ary_list_query_pass(page->query, key, is_prefix) &&
	       ary_buf_append(&page->last, key) ? ARY_OK : ARY_NO_MEMORY;
}

static enum ary_status write_item(struct page *page, struct ary_bytes key, bool is_prefix,
				  struct ary_error *err)
{
	enum ary_status status = ARY_OK;

	if (is_prefix) {
		page->items_left--;
		ary_list_write_prefix(&page->writer, key);
	} else {
		status = write_key(page, key, err);
	}
	return status == ARY_OK ? pass(page, key, is_prefix) : status;
}

/* Writes what the step took. Where that fails, *KEY_OUT (borrowed from it) is the key. */
static enum ary_status write_step(struct page *page, struct ary_bytes *key_out,
				  struct ary_error *err)
{
	enum ary_status status = ARY_OK;
	size_t offset = 0;

	for (size_t i = 0; i < page->count && status == ARY_OK && !is_full(page); i++) {
		const struct item *item = &page->items[i];

		*key_out = (struct ary_bytes){ page->keys.data + offset, item->size };
		offset += item->size;
		status = write_item(page, *key_out, item->is_prefix, err);
	}
	/* Behind what it took, the step came this far. */
	if (status == ARY_OK && page->scanned.is_cut && !is_full(page))
		status = pass(page, ary_buf_view(&page->scanned.last), false);
	return status;
}

/* Whether the page ends, whatever may follow. */
static bool is_over(const struct page *page)
{
	return is_full(page) || page->keys_seen >= PAGE_KEYS;
}

/* Ends the page with a token for the next one, where there is one; *NEXT_OUT is that, or empty. */
static enum ary_status end_page(struct page *page, struct ary_buf *next_out)
{
	/* Otherwise it ended because there was nothing more. */
	enum ary_status status = is_over(page) ? take_step(page, 1) : ARY_OK;

	if (status != ARY_OK)
		return status;
	if (has_more(page) &&
	    !ary_list_query_token(page->query, ary_buf_view(&page->last), page->last_is_prefix,
				  next_out))
		return ARY_NO_MEMORY;
	ary_list_write_end(&page->writer, ary_buf_view(next_out));
	return page->writer.failed ? ARY_NO_MEMORY : ARY_OK;
}

static enum ary_status fill_page(struct page *page, struct ary_bytes *key_out,
				 struct ary_error *err)
{
	enum ary_status status;

	do {
		status = take_step(page, page->items_left);
		if (status == ARY_OK)
			status = write_step(page, key_out, err);
		if (page->writer.failed)
			status = ARY_NO_MEMORY;
	} while (status == ARY_OK && has_more(page) && !is_over(page));
	return status;
}

/* Appends all parameters of CALL but `next`, and that with NEXT. */
static bool append_parameters(const struct ary_call *call, struct ary_bytes next,
			      struct ary_buf *out)
{
	struct ary_bytes query = call->query;
	struct ary_buf storage = { 0 };
	struct ary_bytes name, value;
	bool fits = true;

	while (fits && ary_query_next(&query, &name, &value)) {
		if (ary_bytes_equal(name, ary_bytes_of("next")))
			continue;
		/* Decoded and encoded again: whatever was sent, this is an URL. */
		fits = ary_percent_decode(value, &storage, &value) == ARY_OK &&
		       ary_buf_append(out, name) && ary_buf_append(out, ary_bytes_of("=")) &&
		       ary_percent_encode(value, out) && ary_buf_append(out, ary_bytes_of("&"));
	}
	ary_buf_release(&storage);
	return fits && ary_buf_append(out, ary_bytes_of("next=")) && ary_buf_append(out, next);
}

/* The room for a response's head is that of a Location, so a longer link is left out: what it says
 * is in the body too, unless that is plain text, which must not seem to be all there is. */
static void add_link(struct ary_api *api, struct ary_call *call, enum ary_list_form form,
		     struct ary_bytes next)
{
	struct ary_response *response = &call->response;
	struct ary_buf link = { 0 };
	bool fits;

	if (next.size == 0)
		return;
	fits = ary_buf_append(&link, ary_bytes_of("</keys?")) &&
	       append_parameters(call, next, &link) &&
	       ary_buf_append(&link, ary_bytes_of(">; rel=\"next\""));
	if (!fits)
		response->incomplete = true;
	else if (link.size <= 3 * api->options.key_bytes_max + LINK_BYTES)
		ary_response_plain(response, "Link", ary_buf_view(&link));
	else if (form == ARY_LIST_PLAIN)
		(void)ary_problem_respond(call, ARY_PROBLEM_TARGET_TOO_LONG, "%s",
					  "the link to the next page would be too long");
	ary_buf_release(&link);
}

static enum ary_step respond_page(struct ary_api *api, struct ary_call *call,
				  struct ary_list_query *query)
{
	struct page page = {
		.store = ary_api_store(api),
		.query = query,
		.writer = { .form = ary_list_form_of(call),
			    .with_meta = query->with_meta,
			    .with_value = query->with_value },
		.items_left = query->limit,
	};
	struct ary_error err = { 0 };
	struct ary_buf next = { 0 };
	struct ary_bytes key = { 0 };
	enum ary_status status = fill_page(&page, &key, &err);

	if (status == ARY_OK)
		status = end_page(&page, &next);
	if (status == ARY_OK) {
		ary_list_respond(call, &page.writer);
		add_link(api, call, page.writer.form, ary_buf_view(&next));
	} else if (status == ARY_NO_MEMORY) {
		(void)ary_problem_respond_status(call, status, NULL);
	} else {
		(void)ary_problem_respond_about(call, status, key, &err);
	}
	ary_buf_release(&next);
	ary_buf_release(&page.last);
	ary_buf_release(&page.keys);
	ary_buf_release(&page.scanned.last);
	ary_list_writer_release(&page.writer);
	return ARY_STEP_RESPOND;
}

enum ary_step ary_list_get(struct ary_api *api, struct ary_call *call)
{
	struct ary_list_query query;
	enum ary_step step = ary_list_query_parse(call, api->options.key_bytes_max, &query);

	if (step == ARY_STEP_BODY && query.count)
		return ary_list_count(api, call, &query);
	if (step == ARY_STEP_BODY)
		step = respond_page(api, call, &query);
	ary_list_query_release(&query);
	return step;
}
