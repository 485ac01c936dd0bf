/* SPDX-License-Identifier: MIT */
#include "app/pipeline_private.h"

#include <inttypes.h>

#include "app/server_url.h"

static enum ary_status check_sizes(const struct ary_config *config,
				   const struct ary_pipeline_item *item, struct ary_error *err)
{
	if (item->key.size > config->max_key_bytes)
		return ary_fail(err, ARY_TOO_LARGE,
				"the key has %zu bytes, and --max-key-bytes is %" PRIu64,
				item->key.size, config->max_key_bytes);
	if (item->value.size > config->max_value_bytes)
		return ary_fail(err, ARY_TOO_LARGE,
				"the value has %zu bytes, and --max-value-bytes is %" PRIu64,
				item->value.size, config->max_value_bytes);
	return ARY_OK;
}

/* A SHA-256 alone may be left out: it says nothing that the value does not. */
static enum ary_status check_for_server(const struct ary_pipeline_item *item,
					struct ary_error *err)
{
	if (item->encoding.size > 0 || item->meta.size > 0 || item->expires_ms > 0)
		return ary_fail(err, ARY_INVALID, "a server cannot be given a value's %s; import "
				"into a directory",
				item->encoding.size > 0 ? "encoding" :
				item->meta.size > 0 ? "meta" : "expires");
	return ary_server_url_check_key(item->key, err);
}

enum ary_status ary_pipeline_check(const struct ary_config *config,
				   const struct ary_pipeline_item *item, struct ary_error *err)
{
	return config->on_server ? check_for_server(item, err) : check_sizes(config, item, err);
}

uint64_t ary_pipeline_item_bytes(const struct ary_pipeline_item *item)
{
	return (uint64_t)item->key.size + item->value.size + item->type.size +
	       item->encoding.size + item->meta.size + item->sha256.size;
}

/* Appends VIEW to BUF, which has room for it, and makes it a view of the copy. */
static bool copy_view(struct ary_buf *buf, struct ary_bytes *view)
{
	size_t start = buf->size;

	if (!ary_buf_append(buf, *view))
		return false;
	view->data = buf->data + start;
	return true;
}

bool ary_pipeline_item_copy(const struct ary_pipeline_item *item, struct ary_buf *buf,
			    struct ary_pipeline_item *out)
{
	struct ary_pipeline_item copy = *item;

	buf->size = 0;
	if (!ary_buf_reserve(buf, (size_t)ary_pipeline_item_bytes(item)) ||
	    !copy_view(buf, &copy.key) || !copy_view(buf, &copy.value) ||
	    !copy_view(buf, &copy.type) || !copy_view(buf, &copy.encoding) ||
	    !copy_view(buf, &copy.meta) || !copy_view(buf, &copy.sha256))
		return false;
	*out = copy;
	return true;
}

enum ary_exit ary_pipeline_open(const struct ary_config *config, struct ary_pipeline **out)
{
	return config->on_server ? ary_pipeline_open_remote(config, out) :
				   ary_pipeline_open_local(config, out);
}

struct ary_store *ary_pipeline_store(const struct ary_pipeline *pipeline)
{
	return pipeline->store;
}

enum ary_status ary_pipeline_put(struct ary_pipeline *pipeline,
				 const struct ary_pipeline_item *item, struct ary_error *err)
{
	return pipeline->ops->put(pipeline, item, err);
}

enum ary_status ary_pipeline_drain(struct ary_pipeline *pipeline, uint64_t *done_out,
				   struct ary_error *err)
{
	return pipeline->ops->drain(pipeline, done_out, err);
}

enum ary_exit ary_pipeline_close(struct ary_pipeline *pipeline, enum ary_exit code)
{
	return pipeline->ops->close(pipeline, code);
}
