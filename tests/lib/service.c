/* SPDX-License-Identifier: MIT */
#include "lib/service.h"

#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/diag.h"

enum {
	KEY_BYTES_MAX = 32,
	VALUE_BYTES_MAX = 1000,
	TARGET_BYTES_MAX = 200,
	HEADER_BYTES_MAX = 2000,
	HEADER_FIELDS_MAX = 24,
	CONNECTIONS_MAX = 4,
	TIMEOUT_MS = 600000,
};

static void open_store(struct service *service)
{
	struct ary_store_options options;

	ary_store_options_default(&options);
	options.env = memory_env_env(service->memory);
	options.path = "store";
	options.create = true;
	options.key_bytes_max = KEY_BYTES_MAX;
	options.value_bytes_max = VALUE_BYTES_MAX;
	ARY_CHECK(ary_store_open(&options, &service->store, NULL) == ARY_OK);
	service->replica = ary_replica_solo(service->store);
}

static void open_api(struct service *service, uint64_t flight_bytes_max)
{
	const struct ary_api_options options = {
		.env = memory_env_env(service->memory),
		.key_bytes_max = KEY_BYTES_MAX,
		.value_bytes_max = VALUE_BYTES_MAX,
		.target_bytes_max = TARGET_BYTES_MAX,
		.header_bytes_max = HEADER_BYTES_MAX,
		.header_fields_max = HEADER_FIELDS_MAX,
		.flight_bytes_max = flight_bytes_max,
		.version = "1.2.3",
	};

	service->api = ary_api_create(&options);
	ary_api_set_serving(service->api, service->replica);
}

static void open_loop(struct service *service, uint64_t hot_bytes_max)
{
	struct ary_server_options server = {
		.loops = 1,
		.connections_max = CONNECTIONS_MAX,
		.hot_bytes_max = hot_bytes_max,
		.header_timeout_ms = TIMEOUT_MS,
		.body_timeout_ms = TIMEOUT_MS,
		.reply_timeout_ms = TIMEOUT_MS,
		.idle_timeout_ms = TIMEOUT_MS,
		.target_bytes_max = TARGET_BYTES_MAX,
		.header_bytes_max = HEADER_BYTES_MAX,
		.header_fields_max = HEADER_FIELDS_MAX,
		.key_bytes_max = KEY_BYTES_MAX,
	};
	struct ary_loop_options options = {
		.server = &server,
		.api = service->api,
		.flight = &service->flight,
		.places = &service->places,
		.listen_fd = -1,
		.connections_max = CONNECTIONS_MAX,
	};

	ARY_CHECK(ary_loop_create(&options, &service->loop, NULL) == ARY_OK);
}

void service_start(struct service *service, const struct service_options *options)
{
	ary_diag_set_level(ARY_DIAG_ERROR);
	memset(service, 0, sizeof(*service));
	service->memory = memory_env_create();
	open_store(service);
	open_api(service, options->flight_bytes_max);
	ary_flight_init(&service->flight);
	ary_budget_init(&service->places, options->places);
	open_loop(service, options->hot_bytes_max);
}

void service_stop(struct service *service)
{
	ary_loop_stop(service->loop);
	ARY_CHECK(ary_flight_wait(&service->flight, 0));
	ARY_CHECK(ary_budget_used(ary_api_flight_bytes(service->api)) == 0);
	ARY_CHECK(ary_budget_used(&service->places) == 0);
	ary_flight_release(&service->flight);
	ary_api_destroy(service->api);
	ary_replica_close_gate(service->replica);
	ARY_CHECK(ary_replica_drain(service->replica, SERVICE_PATIENCE_MS) == ARY_OK);
	ary_replica_destroy(service->replica);
	ARY_CHECK(ary_store_close(service->store, NULL) == ARY_OK);
	memory_env_destroy(service->memory);
}

int service_connect(struct service *service)
{
	int ends[2];

	ARY_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	ARY_CHECK(ary_loop_take(service->loop, ends[0]));
	return ends[1];
}
