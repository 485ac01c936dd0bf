/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "app/command.h"
#include "app/local.h"
#include "app/remote.h"

static void print_number(const char *name, uint64_t value)
{
	printf("%s %" PRIu64 "\n", name, value);
}

static void print_stats(const struct ary_stats *stats)
{
	print_number("keys", stats->keys);
	print_number("keys_with_expiry", stats->keys_with_expiry);
	print_number("logs", stats->logs);
	print_number("log_bytes", stats->log_bytes);
	print_number("live_bytes", stats->live_bytes);
	print_number("stale_bytes", stats->stale_bytes);
	print_number("seq", stats->seq);
	print_number("index_bytes", stats->index_bytes);
	print_number("disk_free_bytes", stats->disk_free_bytes);
	print_number("recovered_records", stats->recovered_records);
	print_number("recovered_torn_bytes", stats->recovered_torn_bytes);
	print_number("recovery_ms", stats->recovery_ms);
	printf("read_only %s\n", stats->read_only ? "true" : "false");
}

static enum ary_exit local_stats(const struct ary_config *config, struct ary_stats *out)
{
	struct ary_store *store;
	enum ary_exit code = ary_local_open(config, ARY_LOCAL_READ, &store);

	if (code != ARY_EXIT_OK)
		return code;
	ary_store_stats(store, out);
	return ary_local_close(store, code);
}

enum ary_exit ary_cmd_stats(const struct ary_config *config)
{
	struct ary_stats stats;
	enum ary_exit code = config->on_server ? ary_remote_stats(config, &stats) :
						 local_stats(config, &stats);

	if (code == ARY_EXIT_OK)
		print_stats(&stats);
	return code;
}
