/* SPDX-License-Identifier: MIT */
/* set, get and rm on a directory or on a server, and list. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/console.h"
#include "app/local.h"
#include "app/remote.h"
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

static enum ary_exit write_locally(const struct ary_config *config, struct ary_write *write)
{
	enum ary_local_use use = write->op == ARY_WRITE_SET ? ARY_LOCAL_CREATE : ARY_LOCAL_WRITE;
	struct ary_store *store;
	enum ary_exit code = ary_local_open(config, use, &store);

	if (code != ARY_EXIT_OK)
		return code;
	switch (ary_store_write(store, write)) {
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

static enum ary_exit write_one(const struct ary_config *config, struct ary_write *write)
{
	return config->on_server ? ary_remote_write(config, write) : write_locally(config, write);
}

/* The value of `set`: the word, or standard input, held by BUF. */
static enum ary_exit take_value(const struct ary_config *config, struct ary_buf *buf,
				struct ary_bytes *out)
{
	const char *word = config->arguments[1];
	uint64_t bytes_max = config->on_server ? ARY_REMOTE_VALUE_BYTES_MAX :
						 config->max_value_bytes;
	struct ary_error err;

	if (strcmp(word, "-") != 0) {
		*out = ary_bytes_of(word);
	} else {
		if (ary_console_read(bytes_max, buf, &err) != ARY_OK)
			return ary_local_refused(&err);
		*out = ary_buf_view(buf);
	}
	if (!config->on_server && out->size > bytes_max)
		return ary_complain(ARY_EXIT_USAGE,
				    "the value has %zu bytes, and --max-value-bytes is %" PRIu64,
				    out->size, bytes_max);
	return ARY_EXIT_OK;
}

enum ary_exit ary_cmd_set(const struct ary_config *config)
{
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of(config->arguments[0]),
	};
	struct ary_buf buf = { .size = 0 };
	enum ary_exit code = check_key(config, write.key);

	if (code == ARY_EXIT_OK)
		code = take_value(config, &buf, &write.value);
	if (code == ARY_EXIT_OK)
		code = write_one(config, &write);
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

	return code == ARY_EXIT_OK ? write_one(config, &write) : code;
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
		ary_console_write(value.value);
		ary_console_end_line();
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

static enum ary_exit print_keys(struct ary_store *store, const struct ary_config *config)
{
	struct page page = { .json = config->json };
	uint64_t left = config->limit > 0 ? config->limit : UINT64_MAX;
	uint64_t wanted;

	do {
		wanted = left < LIST_PAGE_KEYS ? left : LIST_PAGE_KEYS;
		page.keys = 0;
		page.text.size = 0;
		ary_store_list(store, ary_bytes_of(config->prefix), ary_buf_view(&page.last),
			       wanted, append_key, &page);
		ary_console_write(ary_buf_view(&page.text));
		left -= page.keys;
	} while (!page.failed && page.keys == wanted && left > 0 && ary_console_good());
	ary_buf_release(&page.text);
	ary_buf_release(&page.last);
	if (page.failed)
		return ary_complain(ARY_EXIT_STORE, "out of memory");
	return ARY_EXIT_OK;
}

enum ary_exit ary_cmd_list(const struct ary_config *config)
{
	struct ary_store *store;
	enum ary_exit code = ary_local_open(config, ARY_LOCAL_READ, &store);

	if (code != ARY_EXIT_OK)
		return code;
	code = print_keys(store, config);
	return ary_local_close(store, code);
}
