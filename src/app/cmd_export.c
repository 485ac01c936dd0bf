/* SPDX-License-Identifier: MIT */
#include "app/command.h"

#include <string.h>

#include "app/console.h"
#include "app/local.h"
#include "env/system.h"
#include "format/foreign.h"
#include "store/upload.h"

enum { PAGE_KEYS = 1000 };

/* The keys of one page, one behind the other, and the last one of them. */
struct page {
	struct ary_buf keys;
	struct ary_buf sizes; /* of each key, a size_t */
	struct ary_buf last;
	uint64_t count;
	bool failed;
};

struct export {
	const struct ary_config *config;
	struct ary_store *store;
	struct page page;
	struct ary_buf line;
	uint64_t done_bytes;
	uint64_t total_bytes;
};

static bool take_key(void *context, struct ary_bytes key, uint64_t seq)
{
	struct page *page = context;
	const struct ary_bytes size = { (const uint8_t *)&key.size, sizeof(key.size) };

	(void)seq;
	page->last.size = 0;
	page->failed = !ary_buf_append(&page->keys, key) || !ary_buf_append(&page->sizes, size) ||
		       !ary_buf_append(&page->last, key);
	page->count++;
	return !page->failed;
}

/* Fetches the keys after those of the last page. */
static enum ary_status next_page(struct export *export, struct ary_error *err)
{
	struct page *page = &export->page;

	page->keys.size = 0;
	page->sizes.size = 0;
	page->count = 0;
	ary_store_list(export->store, ary_bytes_of(export->config->prefix),
		       ary_buf_view(&page->last), PAGE_KEYS, take_key, page);
	if (page->failed)
		return ary_fail(err, ARY_NO_MEMORY, "no memory to list the keys");
	return ARY_OK;
}

static enum ary_status print_line(struct export *export, const struct ary_foreign *foreign,
				  struct ary_error *err)
{
	export->line.size = 0;
	if (!ary_foreign_encode(foreign, &export->line))
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a line");
	ary_console_write(ary_buf_view(&export->line));
	return ARY_OK;
}

/* The parts of VALUE, which is large, each in a line. */
static enum ary_status print_parts(struct export *export, struct ary_value *value,
				   struct ary_error *err)
{
	struct ary_foreign foreign = { .op = ARY_FOREIGN_PART, .upload = value->large.upload };
	enum ary_status status = ARY_OK;

	for (uint64_t at = 0; status == ARY_OK && at < value->size; at += foreign.value.size) {
		status = ary_value_read(value, at, &foreign.value, err);
		if (status == ARY_OK)
			status = print_line(export, &foreign, err);
		foreign.part++;
		export->done_bytes += export->line.size;
	}
	return status;
}

static enum ary_status print_key(struct export *export, struct ary_bytes key,
				 struct ary_error *err)
{
	struct ary_value value;
	enum ary_status status = ary_store_get(export->store, key, &value, err);

	/* Its time was over when its turn came. */
	if (status == ARY_NOT_FOUND)
		return ARY_OK;
	if (status != ARY_OK)
		return status;
	const struct ary_foreign foreign = {
		.op = ARY_FOREIGN_SET,
		.key = key,
		.value = value.value,
		.type = value.type,
		.encoding = value.encoding,
		.expires_ms = value.expires_ms,
		.meta = value.meta,
		.sha256 = value.sha256,
		.large = value.large,
	};
	export->done_bytes += value.line.size;
	if (ary_value_is_large(&value))
		status = print_parts(export, &value, err);
	if (status == ARY_OK)
		status = print_line(export, &foreign, err);
	ary_value_release(&value);
	return status;
}

static enum ary_status print_page(struct export *export, struct ary_error *err)
{
	const struct page *page = &export->page;
	const uint8_t *key = page->keys.data;
	size_t size;

	for (uint64_t i = 0; i < page->count && ary_console_good(); i++) {
		memcpy(&size, page->sizes.data + i * sizeof(size), sizeof(size));
		enum ary_status status = print_key(export, (struct ary_bytes){ key, size }, err);
		if (status != ARY_OK)
			return status;
		key += size;
	}
	/* Lines that run over the same terminal show how far it is. */
	if (!ary_is_terminal(1))
		ary_console_progress("exporting", export->done_bytes, export->total_bytes);
	return ARY_OK;
}

static enum ary_exit print_all(struct export *export)
{
	enum ary_status status;
	struct ary_error err;

	do {
		status = next_page(export, &err);
		if (status == ARY_OK)
			status = print_page(export, &err);
	} while (status == ARY_OK && export->page.count == PAGE_KEYS && ary_console_good());
	if (!ary_is_terminal(1))
		ary_console_progress("exporting", export->total_bytes, export->total_bytes);
	return status == ARY_OK ? ARY_EXIT_OK : ary_complain(ARY_EXIT_STORE, "%s", err.text);
}

enum ary_exit ary_cmd_export(const struct ary_config *config)
{
	struct export export = { .config = config };
	struct ary_stats stats;
	enum ary_exit code = ary_local_open(config, ARY_LOCAL_READ, &export.store);

	if (code != ARY_EXIT_OK)
		return code;
	ary_store_stats(export.store, &stats);
	export.total_bytes = stats.live_bytes;
	code = print_all(&export);
	ary_buf_release(&export.page.keys);
	ary_buf_release(&export.page.sizes);
	ary_buf_release(&export.page.last);
	ary_buf_release(&export.line);
	return ary_local_close(export.store, code);
}
