/* SPDX-License-Identifier: MIT */
/* set, get and rm on a directory or on a server, and list. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/console.h"
#include "app/large.h"
#include "app/local.h"
#include "app/remote.h"
#include "format/record.h"
#include "format/text.h"

enum { LIST_PAGE_KEYS = 1000 };

static enum ary_exit check_key(const struct ary_config *config, struct ary_bytes key)
{
	if (key.size == 0)
		return ary_complain(ARY_EXIT_USAGE, "a key has at least one byte");
	if (!config->on_server && key.size > config->max_key_bytes)
		return ary_complain(ARY_EXIT_USAGE,
				    "the key has %zu bytes, and --max-key-bytes is %" PRIu64,
				    key.size, config->max_key_bytes);
	return ARY_EXIT_OK;
}

static enum ary_status fail_size(const struct ary_config *config, struct ary_error *err)
{
	return ary_fail(err, ARY_TOO_LARGE, "standard input has more than %" PRIu64 " bytes",
			config->max_value_bytes);
}

/* Adds to LARGE what is left of standard input, by way of BUF. */
static enum ary_status add_input(const struct ary_config *config, struct ary_large *large,
				 struct ary_buf *buf, struct ary_error *err)
{
	enum ary_status status;

	do {
		status = ary_console_read_some(ARY_LARGE_BYTES_MIN, buf, err);
		if (status == ARY_OK && large->size + buf->size > config->max_value_bytes)
			status = fail_size(config, err);
		if (status == ARY_OK)
			status = ary_large_add(large, ary_buf_view(buf), err);
	} while (status == ARY_OK && buf->size > 0);
	return status;
}

/* Writes WRITE, of whose value standard input has more than WRITE holds. */
static enum ary_status write_input(const struct ary_config *config, struct ary_store *store,
				   struct ary_write *write)
{
	struct ary_bytes first = write->value;
	struct ary_buf buf = { .size = 0 };
	struct ary_large large;

	write->value = (struct ary_bytes){ NULL, 0 };
	write->status = ary_large_begin(store, &large, &write->error);
	if (write->status != ARY_OK)
		return write->status;
	write->status = ary_large_add(&large, first, &write->error);
	if (write->status == ARY_OK)
		write->status = add_input(config, &large, &buf, &write->error);
	if (write->status == ARY_OK)
		write->status = ary_large_finish(&large, write);
	ary_large_end(&large);
	ary_buf_release(&buf);
	return write->status;
}

/* IS_LONGER: standard input has more of the value. */
static enum ary_exit write_locally(const struct ary_config *config, struct ary_write *write,
				   bool is_longer)
{
	enum ary_local_use use = write->op == ARY_WRITE_SET ? ARY_LOCAL_CREATE : ARY_LOCAL_WRITE;
	struct ary_store *store;
	enum ary_exit code = ary_local_open(config, use, &store);

	if (code != ARY_EXIT_OK)
		return code;
	switch (is_longer ? write_input(config, store, write) : ary_store_write(store, write)) {
	case ARY_OK:
		ary_local_settle(store, config);
		break;
	case ARY_NOT_FOUND:
		fputs("Key not found\n", stderr);
		code = ARY_EXIT_MISS;
		break;
	default:
		code = ary_local_refused(&write->error);
	}
	return ary_local_close(store, code);
}

static enum ary_exit write_one(const struct ary_config *config, struct ary_write *write,
			       bool is_longer)
{
	return config->on_server ? ary_remote_write(config, write, is_longer) :
				   write_locally(config, write, is_longer);
}

/* Reads as much of standard input into BUF as is written in one piece, and one byte more. */
static enum ary_status read_input(const struct ary_config *config, struct ary_buf *buf,
				  struct ary_error *err)
{
	size_t size = ARY_LARGE_BYTES_MIN;
	enum ary_status status;

	if (!config->on_server && config->max_value_bytes < size)
		size = (size_t)config->max_value_bytes;
	status = ary_console_read_some(size + 1, buf, err);
	if (!config->on_server && status == ARY_OK && buf->size > config->max_value_bytes)
		status = fail_size(config, err);
	return status;
}

/* The value of `set`: the word, or standard input, held by BUF; *LONGER_OUT: it has more. */
static enum ary_exit take_value(const struct ary_config *config, struct ary_buf *buf,
				struct ary_bytes *out, bool *longer_out)
{
	const char *word = config->arguments[1];
	struct ary_error err;

	*longer_out = false;
	if (strcmp(word, "-") != 0) {
		*out = ary_bytes_of(word);
	} else {
		if (read_input(config, buf, &err) != ARY_OK)
			return ary_local_refused(&err);
		*out = ary_buf_view(buf);
		*longer_out = buf->size > ARY_LARGE_BYTES_MIN;
	}
	if (!config->on_server && out->size > config->max_value_bytes)
		return ary_complain(ARY_EXIT_USAGE,
				    "the value has %zu bytes, and --max-value-bytes is %" PRIu64,
				    out->size, config->max_value_bytes);
	return ARY_EXIT_OK;
}

enum ary_exit ary_cmd_set(const struct ary_config *config)
{
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of(config->arguments[0]),
		.type = ary_bytes_of(config->type),
		.ttl_ms = config->ttl_seconds * 1000,
	};
	struct ary_buf buf = { .size = 0 };
	enum ary_exit code = check_key(config, write.key);
	bool is_longer = false;

	if (code == ARY_EXIT_OK && write.type.size > ARY_RECORD_TYPE_BYTES_MAX)
		code = ary_complain(ARY_EXIT_USAGE, "--type takes at most %d bytes",
				    ARY_RECORD_TYPE_BYTES_MAX);
	if (code == ARY_EXIT_OK)
		code = take_value(config, &buf, &write.value, &is_longer);
	if (code == ARY_EXIT_OK)
		code = write_one(config, &write, is_longer);
	ary_buf_release(&buf);
	return code;
}

enum ary_exit ary_cmd_rm(const struct ary_config *config)
{
	struct ary_write write = {
		.op = ARY_WRITE_REMOVE,
		.key = ary_bytes_of(config->arguments[0]),
	};
	enum ary_exit code = check_key(config, write.key);

	return code == ARY_EXIT_OK ? write_one(config, &write, false) : code;
}

/* Prints VALUE, a part at a time. */
static enum ary_exit print_value(struct ary_value *value)
{
	struct ary_bytes bytes;
	struct ary_error err;

	for (uint64_t at = 0; at < value->size && ary_console_good(); at += bytes.size) {
		if (ary_value_read(value, at, &bytes, &err) != ARY_OK)
			return ary_local_refused(&err);
		ary_console_write(bytes);
	}
	ary_console_end_line();
	return ARY_EXIT_OK;
}

static enum ary_exit local_get(const struct ary_config *config, struct ary_bytes key)
{
	struct ary_store *store;
	struct ary_value value;
	struct ary_error err;
	enum ary_exit code = ary_local_open(config, ARY_LOCAL_READ, &store);

	if (code != ARY_EXIT_OK)
		return code;
	switch (ary_store_get(store, key, &value, &err)) {
	case ARY_OK:
		code = print_value(&value);
		ary_value_release(&value);
		break;
	case ARY_NOT_FOUND:
		fputs("Key not found\n", stderr);
		code = ARY_EXIT_MISS;
		break;
	default:
		code = ary_local_refused(&err);
	}
	return ary_local_close(store, code);
}

enum ary_exit ary_cmd_get(const struct ary_config *config)
{
	struct ary_bytes key = ary_bytes_of(config->arguments[0]);

	return config->on_server ? ary_remote_get(config, key) : local_get(config, key);
}

/* A page of a listing: what to print, gathered while the index waits, and the last key of it. */
struct page {
	bool json;
	uint64_t keys;
	struct ary_buf text;
	struct ary_buf last;
	bool failed;
};

static bool append_key_json(struct ary_buf *out, struct ary_bytes key, uint64_t seq)
{
	return ary_buf_append(out, ary_bytes_of("{")) &&
	       ary_text_append_member(out, "key", key) &&
	       ary_buf_printf(out, ",\"seq\":%" PRIu64 "}\n", seq);
}

static bool append_key(void *context, struct ary_bytes key, uint64_t seq)
{
	struct page *page = context;
	bool fits;

	if (page->json)
		fits = append_key_json(&page->text, key, seq);
	else
		fits = ary_buf_append(&page->text, key) &&
		       ary_buf_append(&page->text, ary_bytes_of("\n"));
	page->last.size = 0;
	page->failed = !fits || !ary_buf_append(&page->last, key);
	page->keys++;
	return !page->failed;
}

static bool print_page(void *context)
{
	struct page *page = context;

	ary_console_write(ary_buf_view(&page->text));
	page->keys = 0;
	page->text.size = 0;
	return ary_console_good();
}

static void print_local_keys(struct ary_store *store, const struct ary_config *config,
			     struct page *page)
{
	uint64_t left = config->limit > 0 ? config->limit : UINT64_MAX;
	uint64_t wanted, listed;

	do {
		wanted = left < LIST_PAGE_KEYS ? left : LIST_PAGE_KEYS;
		ary_store_list(store, ary_bytes_of(config->prefix), ary_buf_view(&page->last),
			       wanted, append_key, page);
		listed = page->keys;
		left -= listed;
	} while (print_page(page) && !page->failed && listed == wanted && left > 0);
}

static enum ary_exit list_locally(const struct ary_config *config, struct page *page)
{
	struct ary_store *store;
	enum ary_exit code = ary_local_open(config, ARY_LOCAL_READ, &store);

	if (code != ARY_EXIT_OK)
		return code;
	print_local_keys(store, config, page);
	return ary_local_close(store, code);
}

enum ary_exit ary_cmd_list(const struct ary_config *config)
{
	struct page page = { .json = config->json };
	enum ary_exit code = config->on_server ?
				     ary_remote_list(config, append_key, print_page, &page) :
				     list_locally(config, &page);

	ary_buf_release(&page.text);
	ary_buf_release(&page.last);
	return page.failed ? ary_complain(ARY_EXIT_STORE, "out of memory") : code;
}
