# SPDX-License-Identifier: MIT
# Written by build-aux/sources; run that after adding, moving or removing a file.
base_sources = \
	%D%/base/alloc.c \
	%D%/base/alloc.h \
	%D%/base/attr.h \
	%D%/base/base64.c \
	%D%/base/base64.h \
	%D%/base/budget.c \
	%D%/base/budget.h \
	%D%/base/bytes.c \
	%D%/base/bytes.h \
	%D%/base/check.c \
	%D%/base/check.h \
	%D%/base/crc32c.c \
	%D%/base/crc32c.h \
	%D%/base/diag.c \
	%D%/base/diag.h \
	%D%/base/hash.c \
	%D%/base/hash.h \
	%D%/base/number.c \
	%D%/base/number.h \
	%D%/base/status.c \
	%D%/base/status.h \
	%D%/base/utf8.c \
	%D%/base/utf8.h
env_sources = \
	%D%/env/env.c \
	%D%/env/env.h \
	%D%/env/input.c \
	%D%/env/input.h \
	%D%/env/net.c \
	%D%/env/net.h \
	%D%/env/posix.c \
	%D%/env/posix_dir.c \
	%D%/env/posix_file.c \
	%D%/env/posix_lock.c \
	%D%/env/posix_private.h \
	%D%/env/system.c \
	%D%/env/system.h \
	%D%/env/thread.c \
	%D%/env/thread.h \
	%D%/env/wake.c
format_sources = \
	%D%/format/decode.c \
	%D%/format/decode_json.c \
	%D%/format/encode.c \
	%D%/format/fields.c \
	%D%/format/fields.h \
	%D%/format/foreign.c \
	%D%/format/foreign.h \
	%D%/format/name.c \
	%D%/format/name.h \
	%D%/format/record.c \
	%D%/format/record.h \
	%D%/format/record_private.h \
	%D%/format/text.c \
	%D%/format/text.h \
	%D%/format/watermark.c \
	%D%/format/watermark.h
segment_sources = \
	%D%/segment/lines.c \
	%D%/segment/lines.h \
	%D%/segment/scan.c \
	%D%/segment/scan.h \
	%D%/segment/segment.c \
	%D%/segment/segment.h
index_sources = \
	%D%/index/arena.c \
	%D%/index/arena.h \
	%D%/index/blob.c \
	%D%/index/blob.h \
	%D%/index/index.c \
	%D%/index/index.h \
	%D%/index/run.c \
	%D%/index/run.h \
	%D%/index/sort.c \
	%D%/index/sort.h \
	%D%/index/table.c \
	%D%/index/table.h \
	%D%/index/tree.c \
	%D%/index/tree.h \
	%D%/index/tree_build.c \
	%D%/index/tree_private.h \
	%D%/index/tree_remove.c
store_sources = \
	%D%/store/appender.c \
	%D%/store/appender.h \
	%D%/store/apply.c \
	%D%/store/apply.h \
	%D%/store/commit.c \
	%D%/store/commit.h \
	%D%/store/compact.c \
	%D%/store/compact.h \
	%D%/store/group.c \
	%D%/store/group.h \
	%D%/store/inventory.c \
	%D%/store/inventory.h \
	%D%/store/loader.c \
	%D%/store/loader.h \
	%D%/store/logs.c \
	%D%/store/logs.h \
	%D%/store/merge.c \
	%D%/store/merge.h \
	%D%/store/overlay.c \
	%D%/store/overlay.h \
	%D%/store/pace.c \
	%D%/store/pace.h \
	%D%/store/plan.c \
	%D%/store/plan.h \
	%D%/store/read.c \
	%D%/store/recover.c \
	%D%/store/recover.h \
	%D%/store/replay.c \
	%D%/store/replay.h \
	%D%/store/rotate.c \
	%D%/store/rotate.h \
	%D%/store/round.c \
	%D%/store/round.h \
	%D%/store/rules.c \
	%D%/store/rules.h \
	%D%/store/store.c \
	%D%/store/store.h \
	%D%/store/store_private.h \
	%D%/store/takeover.c \
	%D%/store/takeover.h \
	%D%/store/verify.c \
	%D%/store/verify.h \
	%D%/store/witness.c \
	%D%/store/witness.h \
	%D%/store/write.c
replica_sources = \
	%D%/replica/replica.h \
	%D%/replica/solo.c
api_sources = \
	%D%/api/admin.c \
	%D%/api/answer.c \
	%D%/api/answer.h \
	%D%/api/api.c \
	%D%/api/api.h \
	%D%/api/api_private.h \
	%D%/api/call.c \
	%D%/api/call.h \
	%D%/api/condition.c \
	%D%/api/condition.h \
	%D%/api/cors.c \
	%D%/api/cors.h \
	%D%/api/date.c \
	%D%/api/date.h \
	%D%/api/field.c \
	%D%/api/field.h \
	%D%/api/handler.h \
	%D%/api/health.c \
	%D%/api/kv.c \
	%D%/api/openapi.h \
	%D%/api/pages.c \
	%D%/api/prefer.c \
	%D%/api/prefer.h \
	%D%/api/problem.c \
	%D%/api/problem.h \
	%D%/api/query.c \
	%D%/api/query.h \
	%D%/api/respond.h \
	%D%/api/response.c \
	%D%/api/route.c \
	%D%/api/route.h \
	%D%/api/target.c \
	%D%/api/target.h
http_sources = \
	%D%/http/body.c \
	%D%/http/body.h \
	%D%/http/deadline.c \
	%D%/http/deadline.h \
	%D%/http/exchange.c \
	%D%/http/exchange.h \
	%D%/http/flight.c \
	%D%/http/flight.h \
	%D%/http/guard.c \
	%D%/http/guard.h \
	%D%/http/hot.c \
	%D%/http/hot.h \
	%D%/http/loop.c \
	%D%/http/loop.h \
	%D%/http/reply.c \
	%D%/http/reply.h \
	%D%/http/server.c \
	%D%/http/server.h
app_sources = \
	%D%/app/backlog.c \
	%D%/app/backlog.h \
	%D%/app/cmd_compact.c \
	%D%/app/cmd_data.c \
	%D%/app/cmd_export.c \
	%D%/app/cmd_health.c \
	%D%/app/cmd_help.c \
	%D%/app/cmd_import.c \
	%D%/app/cmd_serve.c \
	%D%/app/cmd_stats.c \
	%D%/app/cmd_verify.c \
	%D%/app/command.c \
	%D%/app/command.h \
	%D%/app/config.c \
	%D%/app/config.def \
	%D%/app/config.h \
	%D%/app/console.c \
	%D%/app/console.h \
	%D%/app/feed.c \
	%D%/app/feed.h \
	%D%/app/help.c \
	%D%/app/help.h \
	%D%/app/local.c \
	%D%/app/local.h \
	%D%/app/manual.c \
	%D%/app/pipeline.c \
	%D%/app/pipeline.h \
	%D%/app/pipeline_local.c \
	%D%/app/pipeline_private.h \
	%D%/app/pipeline_remote.c \
	%D%/app/remote.c \
	%D%/app/remote.h \
	%D%/app/server_url.c \
	%D%/app/server_url.h \
	%D%/app/signals.c \
	%D%/app/signals.h \
	%D%/app/transfer.c \
	%D%/app/transfer.h
