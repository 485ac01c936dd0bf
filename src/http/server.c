/* SPDX-License-Identifier: MIT */
#include "http/server.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"
#include "http/flight.h"
#include "http/loop.h"

struct ary_server {
	struct ary_flight flight;
	struct ary_budget places; /* of connections that are served */
	int listen_fd; /* -1 once it is closed */
	unsigned loop_count;
	struct ary_loop *loops[];
};

/* The library counts for each loop: one that is full accepts no more, another one does. */
static unsigned connections_of_loop(const struct ary_server_options *options)
{
	unsigned connections = options->connections_max + options->surplus_max;

	return (connections + options->loops - 1) / options->loops;
}

static enum ary_status start_loop(const struct ary_loop_options *options, struct ary_loop **out,
				  struct ary_error *err)
{
	enum ary_status status = ary_loop_create(options, out, err);

	if (status != ARY_OK)
		return status;
	status = ary_loop_start(*out, err);
	if (status != ARY_OK)
		ary_loop_stop(*out);
	return status;
}

static enum ary_status start_loops(struct ary_server *server, struct ary_loop_options *options,
				   struct ary_error *err)
{
	for (unsigned i = 0; i < options->server->loops; i++) {
		enum ary_status status = start_loop(options, &server->loops[i], err);

		if (status != ARY_OK)
			return status;
		server->loop_count++;
	}
	return ARY_OK;
}

enum ary_status ary_server_start(const struct ary_server_options *options, struct ary_api *api,
				 struct ary_address *bound_out, struct ary_server **out,
				 struct ary_error *err)
{
	struct ary_server *server;
	struct ary_loop_options loop_options = { .server = options, .api = api };
	enum ary_status status;
	int listen_fd;

	ARY_CHECK(options->loops > 0 && options->connections_max > 0);
	status = ary_net_listen(&options->listen, &listen_fd, bound_out, err);
	if (status != ARY_OK)
		return status;
	server = ary_alloc(sizeof(*server) + options->loops * sizeof(server->loops[0]));
	ary_flight_init(&server->flight);
	server->listen_fd = listen_fd;
	ary_budget_init(&server->places, options->connections_max);
	loop_options.flight = &server->flight;
	loop_options.places = &server->places;
	loop_options.listen_fd = listen_fd;
	loop_options.connections_max = connections_of_loop(options);
	status = start_loops(server, &loop_options, err);
	if (status != ARY_OK) {
		ary_server_stop(server);
		return status;
	}
	*out = server;
	return ARY_OK;
}

void ary_server_quiesce(struct ary_server *server)
{
	if (server->listen_fd < 0)
		return;
	for (unsigned i = 0; i < server->loop_count; i++)
		ary_loop_quiesce(server->loops[i]);
	for (unsigned i = 0; i < server->loop_count; i++)
		ary_loop_quiesced(server->loops[i]);
	ary_net_close(server->listen_fd);
	server->listen_fd = -1;
}

enum ary_status ary_server_drain(struct ary_server *server, uint64_t timeout_ms)
{
	return ary_flight_wait(&server->flight, timeout_ms) ? ARY_OK : ARY_BUSY;
}

void ary_server_stop(struct ary_server *server)
{
	if (!server)
		return;
	ary_server_quiesce(server);
	for (unsigned i = 0; i < server->loop_count; i++)
		ary_loop_stop(server->loops[i]);
	ary_flight_release(&server->flight);
	free(server);
}
