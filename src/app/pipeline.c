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

enum ary_status ary_pipeline_check(const struct ary_config *config,
				   const struct ary_pipeline_item *item, struct ary_error *err)
{
	return config->on_server ? ary_server_url_check_key(item->key, err) :
				   check_sizes(config, item, err);
}

enum ary_exit ary_pipeline_open(const struct ary_config *config, struct ary_pipeline **out)
{
	return config->on_server ? ary_pipeline_open_remote(config, out) :
				   ary_pipeline_open_local(config, out);
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
