/* SPDX-License-Identifier: MIT */
/* What a kind of pipeline brings along. */
#ifndef ARY_APP_PIPELINE_PRIVATE_H
#define ARY_APP_PIPELINE_PRIVATE_H

#include "app/pipeline.h"

/* As the functions of pipeline.h that are called so. */
struct ary_pipeline_ops {
	enum ary_status (*put)(struct ary_pipeline *pipeline, const struct ary_pipeline_item *item,
			       struct ary_error *err);
	enum ary_status (*drain)(struct ary_pipeline *pipeline, uint64_t *done_out,
				 struct ary_error *err);
	enum ary_exit (*close)(struct ary_pipeline *pipeline, enum ary_exit code);
};

/* Every pipeline begins with this. */
struct ary_pipeline {
	const struct ary_pipeline_ops *ops;
	struct ary_store *store; /* NULL: it is a server's */
};

/* As ary_pipeline_open, for a directory and for a server. */
enum ary_exit ary_pipeline_open_local(const struct ary_config *config, struct ary_pipeline **out);
enum ary_exit ary_pipeline_open_remote(const struct ary_config *config, struct ary_pipeline **out);

#endif
