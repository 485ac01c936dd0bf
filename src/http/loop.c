/* SPDX-License-Identifier: MIT */
#include "http/loop.h"

#include <limits.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/diag.h"
#include "env/env.h"
#include "env/net.h"
#include "http/room.h"

struct ary_loop {
	struct ary_exchanges exchanges;
	struct ary_hot hot;
	struct MHD_Daemon *daemon;
	int epoll_fd;
	struct ary_wake wake;
	struct ary_thread thread;
	bool has_thread;

	struct ary_mutex mutex; /* guards what follows */
	struct ary_cond changed;
	bool wants_quiesce;
	bool wants_stop;
	bool is_quiesced;
};

/* ---- The library ---- */

static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	size_t size = 0;

	(void)context;
	(void)connection;
	while (text[size])
		size++;
	return size;
}

/* Much of what the library says was caused by strangers, so it is for debugging only. */
__attribute__((format(printf, 2, 0))) static void tell(void *context, const char *format,
						       va_list values)
{
	char text[ARY_ERROR_TEXT_BYTES];
	char quoted[ARY_DIAG_QUOTED_BYTES];

	(void)context;
	vsnprintf(text, sizeof(text), format, values);
	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '\n')
			text[i] = ' ';
	}
	ary_diag(ARY_DIAG_DEBUG, "http_library", "text=%s", ary_diag_quote(text, quoted));
}

static enum ary_status start_daemon(struct ary_loop *loop, const struct ary_loop_options *options,
				    struct ary_error *err)
{
	const union MHD_DaemonInfo *info;
	struct ary_exchanges *exchanges = &loop->exchanges;
	bool listens = options->listen_fd >= 0;
	struct MHD_OptionItem listening[] = {
		{ listens ? MHD_OPTION_LISTEN_SOCKET : MHD_OPTION_END, options->listen_fd, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	loop->is_quiesced = !listens;
	loop->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			(listens ? MHD_NO_FLAG : MHD_USE_NO_LISTEN_SOCKET),
		0, NULL, NULL,
		ary_exchange_on_request, exchanges,
		MHD_OPTION_EXTERNAL_LOGGER, tell, NULL,
		MHD_OPTION_ARRAY, listening,
		MHD_OPTION_CONNECTION_LIMIT, options->connections_max,
		MHD_OPTION_CONNECTION_TIMEOUT, 0U,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, exchanges->room_bytes,
		MHD_OPTION_STRICT_FOR_CLIENT, 0,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
		MHD_OPTION_URI_LOG_CALLBACK, ary_exchange_on_target, exchanges,
		MHD_OPTION_NOTIFY_COMPLETED, ary_exchange_on_completed, exchanges,
		MHD_OPTION_NOTIFY_CONNECTION, ary_exchange_on_connection, exchanges,
		MHD_OPTION_END);
	if (!loop->daemon)
		return ary_fail(err, ARY_IO, "cannot start the HTTP library");
	info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	ARY_CHECK(info);
	loop->epoll_fd = info->epoll_fd;
	return ARY_OK;
}

/* The library closes the listening socket unless it was told to let go of it. */
static void stop_daemon(struct ary_loop *loop)
{
	if (!loop->is_quiesced)
		MHD_quiesce_daemon(loop->daemon);
	ary_parking_settle(&loop->exchanges.parking);
	MHD_stop_daemon(loop->daemon);
}

/* ---- The thread ---- */

/* Milliseconds until something must be done without an event; -1: never. When a connection has
 * ended, the library must run once more: only at the start of a run does it listen again after its
 * limit was reached, and it does not ask for that run. */
static int wait_ms(struct ary_loop *loop)
{
	MHD_UNSIGNED_LONG_LONG library_ms;
	int64_t deadline_ms =
		ary_deadlines_wait_ms(&loop->exchanges.deadlines, loop->exchanges.now_ms);

	if (loop->exchanges.has_closed)
		return 0;
	if (MHD_get_timeout(loop->daemon, &library_ms) == MHD_YES) {
		library_ms = ary_parking_wait_ms(&loop->exchanges.parking, library_ms);
		if (deadline_ms < 0 || library_ms < (uint64_t)deadline_ms)
			deadline_ms = library_ms < INT_MAX ? (int64_t)library_ms : INT_MAX;
	}
	return deadline_ms < INT_MAX ? (int)deadline_ms : INT_MAX;
}

/* Does what other threads asked for. False: the loop is to end. */
static bool heed(struct ary_loop *loop)
{
	bool goes_on;

	ary_mutex_lock(&loop->mutex);
	if (loop->wants_quiesce && !loop->is_quiesced) {
		MHD_quiesce_daemon(loop->daemon);
		loop->is_quiesced = true;
		ary_cond_broadcast(&loop->changed);
	}
	loop->exchanges.is_closing = loop->wants_stop;
	goes_on = !loop->wants_stop || loop->exchanges.parking.count > 0;
	ary_mutex_unlock(&loop->mutex);
	return goes_on;
}

/* What there is to do at once needs no look at the events: the library takes them by itself. */
static void turn(struct ary_loop *loop, int wait_ms)
{
	struct ary_exchanges *exchanges = &loop->exchanges;

	if (wait_ms != 0 && ary_parking_may_wait(&exchanges->parking))
		ary_net_wait(loop->epoll_fd, &loop->wake, wait_ms);
	exchanges->now_ms = ary_monotonic_ms(ary_env_posix());
	exchanges->has_closed = false;
	ary_deadlines_expire(&exchanges->deadlines, exchanges->now_ms);
	ary_parking_resume(&exchanges->parking);
	ARY_CHECK(MHD_run(loop->daemon) == MHD_YES);
	ary_deadlines_drop_gone(&exchanges->deadlines, exchanges->now_ms);
}

static void run(void *context)
{
	struct ary_loop *loop = context;

	while (heed(loop))
		turn(loop, wait_ms(loop));
}

/* ---- From outside ---- */

static void release(struct ary_loop *loop)
{
	ary_cond_release(&loop->changed);
	ary_mutex_release(&loop->mutex);
	ary_parking_release(&loop->exchanges.parking);
	ary_wake_release(&loop->wake);
	ary_hot_release(&loop->hot);
	ary_desks_release(&loop->exchanges.desks);
	free(loop);
}

enum ary_status ary_loop_create(const struct ary_loop_options *options, struct ary_loop **out,
				struct ary_error *err)
{
	struct ary_loop *loop = ARY_NEW(struct ary_loop);
	enum ary_status status = ary_wake_init(&loop->wake, err);

	if (status != ARY_OK) {
		free(loop);
		return status;
	}
	loop->exchanges.api = options->api;
	loop->exchanges.flight = options->flight;
	loop->exchanges.places = options->places;
	loop->exchanges.hot = &loop->hot;
	loop->exchanges.room_bytes = ary_room_total(options->server);
	ary_hot_init(&loop->hot, options->server->hot_bytes_max);
	loop->exchanges.now_ms = ary_monotonic_ms(ary_env_posix());
	ary_deadlines_init(&loop->exchanges.deadlines, options->server);
	ary_parking_init(&loop->exchanges.parking, &loop->wake, ary_exchange_on_orphan);
	ary_mutex_init(&loop->mutex);
	ary_cond_init(&loop->changed);
	status = start_daemon(loop, options, err);
	if (status != ARY_OK) {
		release(loop);
		return status;
	}
	*out = loop;
	return ARY_OK;
}

enum ary_status ary_loop_start(struct ary_loop *loop, struct ary_error *err)
{
	enum ary_status status = ary_thread_start(&loop->thread, "http", run, loop, err);

	loop->has_thread = status == ARY_OK;
	return status;
}

bool ary_loop_take(struct ary_loop *loop, int fd)
{
	static const struct sockaddr nowhere;

	return MHD_add_connection(loop->daemon, fd, &nowhere, sizeof(nowhere)) == MHD_YES;
}

void ary_loop_turn(struct ary_loop *loop, int wait_ms_max)
{
	int own_ms = wait_ms(loop);

	turn(loop, own_ms < 0 || own_ms > wait_ms_max ? wait_ms_max : own_ms);
}

void ary_loop_quiesce(struct ary_loop *loop)
{
	ary_mutex_lock(&loop->mutex);
	loop->wants_quiesce = true;
	ary_mutex_unlock(&loop->mutex);
	ary_wake_give(&loop->wake);
}

void ary_loop_quiesced(struct ary_loop *loop)
{
	ary_mutex_lock(&loop->mutex);
	while (!loop->is_quiesced)
		ary_cond_wait(&loop->changed, &loop->mutex);
	ary_mutex_unlock(&loop->mutex);
}

void ary_loop_stop(struct ary_loop *loop)
{
	if (!loop)
		return;
	ary_mutex_lock(&loop->mutex);
	loop->wants_stop = true;
	ary_mutex_unlock(&loop->mutex);
	ary_wake_give(&loop->wake);
	if (loop->has_thread)
		ary_thread_join(&loop->thread);
	stop_daemon(loop);
	release(loop);
}
