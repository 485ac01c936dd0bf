/* SPDX-License-Identifier: MIT */
/* The probe of container engines. */
#include "app/command.h"
#include "app/console.h"
#include "app/transfer.h"

static enum ary_exit ask(const struct ary_server *server)
{
	const struct ary_transfer_request request = { .method = ARY_GET, .path = "/readyz" };
	struct ary_transfer transfer = { .curl = NULL };
	struct ary_error err;
	enum ary_exit code = ARY_EXIT_OK;

	if (ary_transfer_run(&transfer, server, &request, &err) != ARY_OK) {
		/* A probe says why in plain text. Made one line by this. */
		if (transfer.body.size > 0)
			(void)ary_fail(&err, err.status, "%.100s/readyz answers %u: %.*s",
				       server->url.base, transfer.status, (int)transfer.body.size,
				       (const char *)transfer.body.data);
		code = ary_complain(ARY_EXIT_MISS, "not ready: %s", err.text);
	}
	ary_transfer_release(&transfer);
	return code;
}

enum ary_exit ary_cmd_health(const struct ary_config *config)
{
	struct ary_server server;
	struct ary_error err;
	enum ary_exit code;

	if (ary_server_open(config->health_server, config->health_timeout_ms, &server, &err) !=
	    ARY_OK)
		return ary_complain(ARY_EXIT_MISS, "not ready: %s", err.text);
	/* The question is whether this server answers, not whether a proxy does. */
	server.direct = true;
	code = ask(&server);
	ary_server_close(&server);
	return code;
}
