/* SPDX-License-Identifier: MIT */
/* Wires the floors in order, and takes them down in reverse.
 *
 * The port listens before the store is open, so that probes are answered while a long log is read.
 * Down: no new write enters, those inside are answered, then connections end, then the store
 * closes. The library of the http floor must not be stopped while a request waits for its write. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "app/command.h"
#include "app/console.h"
#include "app/local.h"
#include "app/signals.h"
#include "base/diag.h"
#include "env/net.h"
#include "env/system.h"
#include "env/thread.h"
#include "http/server.h"
#include "replica/replica.h"
#include "store/store.h"

enum {
	THREADS_MAX = 8,
	CONNECTIONS_MIN = 16,
	/* Connections beyond --connections-max, so that probes are answered all the same. */
	SURPLUS_MAX = 64,
	/* Kept for logs and for what the libraries open. */
	FILES_RESERVED = 256,
};

struct serve {
	const struct ary_config *config;
	struct ary_signals signals;
	struct ary_api *api;
	struct ary_server *server;
	struct ary_thread opener;
	enum ary_status opened;        /* the opener's answer; read after it has posted */
	struct ary_error open_error;
	struct ary_store *store;
	struct ary_replica *replica;
};

static enum ary_exit fail(const char *event, const struct ary_error *err)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];

	ary_diag(ARY_DIAG_ERROR, event, "status=%s error=%s", ary_status_name(err->status),
		 ary_diag_quote(err->text, quoted));
	return ARY_EXIT_STORE;
}

/* Fewer connections where the process may not have so many files open: a server that runs out of
 * descriptors could not even rotate its log. */
static void limit_connections(const struct ary_config *config, struct ary_server_options *options)
{
	uint64_t files = ary_fd_limit_raise();
	bool has_surplus = files >= FILES_RESERVED + SURPLUS_MAX + CONNECTIONS_MIN;
	uint64_t reserved = FILES_RESERVED + (has_surplus ? SURPLUS_MAX : 0);
	uint64_t most = files > reserved + CONNECTIONS_MIN ? files - reserved : CONNECTIONS_MIN;

	options->surplus_max = has_surplus ? SURPLUS_MAX : 0;
	options->connections_max = (unsigned)config->connections_max;
	if (config->connections_max <= most)
		return;
	ary_diag(ARY_DIAG_WARN, "connections_limited",
		 "wanted=%" PRIu64 " connections=%" PRIu64 " files=%" PRIu64,
		 config->connections_max, most, files);
	options->connections_max = (unsigned)most;
}

static unsigned thread_count(const struct ary_config *config)
{
	unsigned cpus = ary_cpu_count();

	if (config->threads > 0)
		return (unsigned)config->threads;
	return cpus < THREADS_MAX ? cpus : THREADS_MAX;
}

static struct ary_api *create_api(const struct ary_config *config)
{
	struct ary_api_options options = {
		.env = ary_env_posix(),
		.key_bytes_max = config->max_key_bytes,
		.value_bytes_max = config->max_value_bytes,
		.target_bytes_max = config->max_target_bytes,
		.header_bytes_max = config->max_header_bytes,
		.header_fields_max = config->max_header_fields,
		.flight_bytes_max = config->flight_bytes_max,
		.gzip_bytes_min = config->gzip_bytes_min,
		.cors_origin = *config->cors_origin ? config->cors_origin : NULL,
		.version = ary_version(),
	};

	return ary_api_create(&options);
}

static enum ary_status start_server(struct serve *serve, struct ary_error *err)
{
	const struct ary_config *config = serve->config;
	struct ary_server_options options = {
		.listen = config->listen,
		.loops = thread_count(config),
		.hot_bytes_max = config->hot_bytes,
		.header_timeout_ms = config->header_timeout_ms,
		.body_timeout_ms = config->body_timeout_ms,
		.reply_timeout_ms = config->reply_timeout_ms,
		.idle_timeout_ms = config->idle_timeout_ms,
		.target_bytes_max = config->max_target_bytes,
		.header_bytes_max = config->max_header_bytes,
		.key_bytes_max = config->max_key_bytes,
		.header_fields_max = config->max_header_fields,
	};
	struct ary_address bound;
	enum ary_status status;

	limit_connections(config, &options);
	status = ary_server_start(&options, serve->api, &bound, &serve->server, err);
	if (status != ARY_OK)
		return status;
	ary_diag(ARY_DIAG_INFO, "listening", "address=%s%s%s:%u threads=%u connections_max=%u",
		 strchr(bound.host, ':') ? "[" : "", bound.host, strchr(bound.host, ':') ? "]" : "",
		 (unsigned)bound.port, options.loops, options.connections_max);
	return ARY_OK;
}

static void show_replay(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
	struct serve *serve = context;

	ary_api_set_progress(serve->api, done_bytes, total_bytes);
}

/* The opener's thread: a signal must be able to end the program while a long log is read. */
static void open_store(void *context)
{
	struct serve *serve = context;
	struct ary_store_options options;

	ary_local_options(serve->config, &options);
	options.create = true;
	options.progress = show_replay;
	options.progress_context = serve;
	serve->opened = ary_store_open(&options, &serve->store, &serve->open_error);
	ary_signals_post(&serve->signals);
}

static void tell_serving(const struct serve *serve)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];
	struct ary_stats stats;

	ary_store_stats(serve->store, &stats);
	ary_diag(stats.recovered_torn_bytes > 0 ? ARY_DIAG_WARN : ARY_DIAG_INFO, "serving",
		 "dir=%s keys=%" PRIu64 " logs=%" PRIu64 " records=%" PRIu64
		 " torn_bytes_cut=%" PRIu64 " recovery_ms=%" PRIu64 " durability=%s",
		 ary_diag_quote(serve->config->dir, quoted), stats.keys, stats.logs,
		 stats.recovered_records, stats.recovered_torn_bytes, stats.recovery_ms,
		 ary_durability_name(stats.durability));
}

static enum ary_exit tell_stopped(const struct serve *serve, bool closed)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];

	ary_diag(ARY_DIAG_INFO, "stopped", "dir=%s closed=%s",
		 ary_diag_quote(serve->config->dir, quoted), closed ? "true" : "false");
	return ARY_EXIT_OK;
}

/* Ends the connections; nothing may be parked. */
static void stop_server(struct serve *serve)
{
	uint64_t timeout_ms = serve->config->shutdown_timeout_ms;

	if (ary_server_drain(serve->server, timeout_ms) != ARY_OK)
		ary_diag(ARY_DIAG_WARN, "requests_cut", "timeout_ms=%" PRIu64, timeout_ms);
	ary_server_stop(serve->server);
	serve->server = NULL;
}

/* A signal came while the log was read. Ending in the middle is as safe as any crash, but an
 * orderly close is better when it comes in time. */
static enum ary_exit stop_opening(struct serve *serve)
{
	struct ary_error err;

	ary_api_set_draining(serve->api);
	ary_server_quiesce(serve->server);
	stop_server(serve);
	if (!ary_signals_wait_post(&serve->signals, serve->config->shutdown_timeout_ms)) {
		_Exit((int)tell_stopped(serve, false));
	}
	ary_thread_join(&serve->opener);
	if (serve->opened != ARY_OK)
		return fail("open_failed", &serve->open_error);
	if (ary_store_close(serve->store, &err) != ARY_OK)
		return fail("close_failed", &err);
	return tell_stopped(serve, true);
}

static enum ary_exit refuse_to_serve(struct serve *serve)
{
	enum ary_exit code = fail("open_failed", &serve->open_error);

	ary_api_set_draining(serve->api);
	ary_server_quiesce(serve->server);
	stop_server(serve);
	return code;
}

static enum ary_exit stop_serving(struct serve *serve)
{
	uint64_t timeout_ms = serve->config->shutdown_timeout_ms;
	struct ary_error err;
	enum ary_status status;

	ary_api_set_draining(serve->api);
	ary_signals_pause(&serve->signals, serve->config->shutdown_delay_ms);
	ary_replica_close_gate(serve->replica);
	ary_server_quiesce(serve->server);
	/* Every write is answered in the end, and until then its connection is parked. */
	while (ary_replica_drain(serve->replica, timeout_ms) != ARY_OK)
		ary_diag(ARY_DIAG_WARN, "drain_slow", "waited_ms=%" PRIu64, timeout_ms);
	stop_server(serve);
	status = ary_store_close(serve->store, &err);
	ary_replica_destroy(serve->replica);
	if (status != ARY_OK)
		return fail("close_failed", &err);
	return tell_stopped(serve, true);
}

static enum ary_exit run_store(struct serve *serve)
{
	struct ary_error err;

	if (ary_thread_start(&serve->opener, "ary-opener", open_store, serve, &err) != ARY_OK) {
		ary_server_quiesce(serve->server);
		stop_server(serve);
		return fail("open_failed", &err);
	}
	if (ary_signals_wait(&serve->signals))
		return stop_opening(serve);
	ary_thread_join(&serve->opener);
	if (serve->opened != ARY_OK)
		return refuse_to_serve(serve);
	serve->replica = ary_replica_solo(serve->store);
	ary_api_set_serving(serve->api, serve->replica);
	tell_serving(serve);
	while (!ary_signals_wait(&serve->signals))
		continue;
	return stop_serving(serve);
}

static enum ary_exit run_server(struct serve *serve)
{
	struct ary_error err;
	enum ary_exit code;

	if (ary_signals_start(&serve->signals, &err) != ARY_OK)
		return fail("start_failed", &err);
	serve->api = create_api(serve->config);
	if (start_server(serve, &err) == ARY_OK)
		code = run_store(serve);
	else
		code = fail("listen_failed", &err);
	ary_api_destroy(serve->api);
	ary_signals_stop(&serve->signals);
	return code;
}

enum ary_exit ary_cmd_serve(const struct ary_config *config)
{
	struct serve serve = { .config = config };

	if (!ary_address_is_loopback(&config->listen) && !config->insecure)
		return ary_complain(ARY_EXIT_USAGE,
				    "--listen %s: anyone who can reach this address could read and "
				    "change everything, as there is no authentication yet; "
				    "add --insecure if that is meant",
				    config->listen.host);
	return run_server(&serve);
}
