/* SPDX-License-Identifier: MIT */
/* The address of a server, as people give it: http://HOST[:PORT][/PATH] or https://..., with
 * USER:PASSWORD@ before the host where something in front of the server asks for them.
 *
 * Threads: any. */
#ifndef ARY_APP_SERVER_URL_H
#define ARY_APP_SERVER_URL_H

#include "base/bytes.h"
#include "base/status.h"

/* All owned. */
struct ary_server_url {
	char *base;     /* scheme to path, no slash at its end; without credentials */
	char *user;     /* decoded; NULL: none */
	char *password; /* decoded; NULL: none */
};

/* Reads TEXT. Release OUT after OK only. INVALID: it is no such address; the text says how, but
 * not what TEXT is, which may hold a password. */
ARY_MUST_CHECK enum ary_status ary_server_url_parse(const char *text, struct ary_server_url *out,
						    struct ary_error *err);

void ary_server_url_release(struct ary_server_url *url);

/* Whether KEY can be asked for over HTTP. INVALID: it has a part that is '.' or '..'. Servers
 * refuse it, and what stands before a server may make another key of it, so it is not sent. */
ARY_MUST_CHECK enum ary_status ary_server_url_check_key(struct ary_bytes key,
							struct ary_error *err);

/* Makes OUT the path of KEY behind the base, percent-encoded, with its terminator. INVALID: as
 * ary_server_url_check_key. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_server_url_key_path(struct ary_bytes key, struct ary_buf *out,
						       struct ary_error *err);

#endif
