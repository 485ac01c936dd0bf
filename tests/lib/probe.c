/* SPDX-License-Identifier: MIT */
#include "lib/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/wire.h"

/* A target with a space may also be redirected to its right form (RFC 9112 section 3.2), as later
 * versions of the library do. */
static bool is_refusal(int status)
{
	return (status >= 400 && status < 500) || status == 501 || status == 505 || status == 301;
}

static void check_answer(const struct probe *probe, const struct wire_reply *reply)
{
	if (reply->status ? !is_refusal(reply->status) : !reply->is_closed)
		fail_msg("%s: answered %d, and not refused", probe->name, reply->status);
	if (probe->status && reply->status != probe->status)
		fail_msg("%s: answered %d, not %d", probe->name, reply->status, probe->status);
}

static void expect_nothing_done(struct rest *rest, const struct probe *probe)
{
	static const char *const targets[] = { "/keys/probe", "/keys/inner" };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (client_status(rest->client, "GET", targets[i]) != 404)
			fail_msg("%s: %s was changed", probe->name, targets[i]);
	if (client_status(rest->client, "GET", "/livez") != 200)
		fail_msg("%s: the server does not serve any more", probe->name);
}

void probe_refused(struct rest *rest, const struct probe *probe)
{
	struct wire_reply reply;
	int fd = wire_open(rest->node->port);

	assert_true(fd >= 0);
	/* The server may answer and close before it took everything. */
	(void)wire_send(fd, probe->bytes, probe->size);
	wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply);
	check_answer(probe, &reply);
	/* Nothing after it may be read as a request. */
	if (!probe->is_clear && !reply.is_closed && !wire_is_closed_within(fd, WIRE_TIMEOUT_MS))
		fail_msg("%s: the connection stays open", probe->name);
	wire_reply_release(&reply);
	wire_close(fd);
	expect_nothing_done(rest, probe);
}

static void expect_stored(struct rest *rest, const struct probe *probe, const char *target,
			  const char *value)
{
	struct client_reply stored;

	if (client_ask(rest->client, "GET", target, NULL, &stored) != 200 ||
	    stored.body_size != strlen(value) ||
	    memcmp(stored.body, value, stored.body_size) != 0)
		fail_msg("%s: not the value that was put at %s", probe->name, target);
	client_reply_release(&stored);
	rest_expect(rest, "DELETE", target, 204);
}

static int ask(struct rest *rest, const struct probe *probe)
{
	struct wire_reply reply;
	int status = wire_ask(rest->node->port, probe->bytes, probe->size, &reply);

	wire_reply_release(&reply);
	return status;
}

void probe_taken(struct rest *rest, const struct probe *probe, const char *target,
		 const char *value)
{
	int status = ask(rest, probe);

	if (status != probe->status)
		fail_msg("%s: answered %d, not %d", probe->name, status, probe->status);
	expect_stored(rest, probe, target, value);
}

void probe_settled(struct rest *rest, const struct probe *probe, const char *target,
		   const char *value)
{
	int status = ask(rest, probe);

	if (status == probe->status)
		expect_stored(rest, probe, target, value);
	else if (status == 0 || is_refusal(status))
		expect_nothing_done(rest, probe);
	else
		fail_msg("%s: answered %d", probe->name, status);
}
