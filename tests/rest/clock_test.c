/* SPDX-License-Identifier: MIT */
/* Promise: however the machine's clock is set, forwards or back by hours, while the server runs or
 * not: no value is answered after its end, none that was over comes back, and the store's time does
 * not go back behind what it has written; and nobody's connection ends for that.
 *
 * The server's clock is set by libfaketime. Without that it is skipped; so it is under a sanitizer,
 * which must be the first library of a process, as libfaketime must. ARYAVARTH_SEED sets the random
 * choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/life.h"
#include "lib/rest.h"
#include "lib/sanitizer.h"

enum {
	SKIPPED = 77,
	KEYS = 12,
	STEPS = 60,
	TRIES = 6000,
	HOUR = 3600,
	/* Lives end at half hours, and the clock is set by hours: what the test takes itself makes
	 * no difference. */
	HALF_HOUR = 1800,
	SOME_SECONDS = 600,
	TEXT_BYTES = 96,
};

static char offset_path[NODE_PATH_BYTES];
static long offset_s; /* of the server's clock */

/* Sets the server's clock ahead of the machine's, by what may be negative. */
static void set_clock(long offset)
{
	char path[NODE_PATH_BYTES + 4];
	FILE *file;

	/* It is read at each look at the clock, and must be whole then. */
	(void)snprintf(path, sizeof(path), "%s.new", offset_path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fprintf(file, "%+ld\n", offset) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(path, offset_path), 0);
	offset_s = offset;
}

static unsigned long long server_now_ms(void)
{
	return life_now_ms() + (unsigned long long)(long long)offset_s * 1000;
}

/* PUT of VALUE, that lives for so many SECONDS (0: it does not end). Answers the end told. */
static unsigned long long put(struct rest *rest, const char *target, const char *value,
			      unsigned seconds)
{
	struct client_reply reply;
	char header[TEXT_BYTES];
	bool wrong = false;

	(void)snprintf(header, sizeof(header), "Aryavarth-TTL: %u", seconds);
	long status = client_put(rest->client, target, value, strlen(value),
				 seconds > 0 ? header : NULL, &reply);

	assert_true(status == 201 || status == 204);
	unsigned long long expires_ms = life_expires_ms(&reply, &wrong);

	assert_false(wrong);
	assert_int_equal(expires_ms != 0, seconds != 0);
	client_reply_release(&reply);
	return expires_ms;
}

/* How many values the server has ended since it was started. */
static long long expired(struct rest *rest)
{
	struct client_reply reply;

	assert_int_equal(client_ask(rest->client, "GET", "/stats", NULL, &reply), 200);
	json_t *root = json_loadb((const char *)reply.body, reply.body_size, 0, NULL);
	json_t *number = json_object_get(root, "expired");

	assert_true(json_is_integer(number));
	long long count = json_integer_value(number);

	json_decref(root);
	client_reply_release(&reply);
	return count;
}

static void await_expired(struct rest *rest, long long count)
{
	for (int i = 0; i < TRIES && expired(rest) < count; i++)
		node_sleep_ms(10);
	assert_int_equal(expired(rest), count);
}

static void restart(struct rest *rest, bool kill)
{
	if (kill)
		node_kill(rest->node);
	else
		assert_int_equal(node_stop(rest->node), 0);
	node_restart(rest->node);
	rest_reconnect(rest);
}

static void test_a_clock_that_is_set_reaches_the_server(void **state)
{
	struct rest *rest = *state;
	unsigned long long before_ms = server_now_ms();
	unsigned long long expires_ms = put(rest, "/keys/k", "v", HOUR);

	assert_in_range(expires_ms, before_ms + HOUR * 1000, server_now_ms() + HOUR * 1000);
	set_clock(5 * HOUR);
	before_ms = server_now_ms();
	expires_ms = put(rest, "/keys/k", "v", HOUR);
	assert_in_range(expires_ms, before_ms + HOUR * 1000, server_now_ms() + HOUR * 1000);
}

/* No line says yet that the value is over when the clock is set back. */
static void test_what_was_gone_once_stays_gone(void **state)
{
	struct rest *rest = *state;

	(void)put(rest, "/keys/short", "v", HOUR);
	(void)put(rest, "/keys/long", "v", 10 * HOUR);
	(void)put(rest, "/keys/ever", "v", 0);
	set_clock(2 * HOUR);
	rest_expect(rest, "GET", "/keys/short", 404);
	set_clock(0);
	rest_expect(rest, "GET", "/keys/short", 404);
	rest_expect(rest, "GET", "/keys/long", 200);
	rest_expect(rest, "GET", "/keys/ever", 200);
	/* And then one does, at whatever time that is looked at. */
	await_expired(rest, 1);
	set_clock(-5 * HOUR);
	for (int kill = 0; kill < 2; kill++) {
		restart(rest, kill == 1);
		rest_expect(rest, "GET", "/keys/short", 404);
		rest_expect(rest, "POST", "/compact?full", 200);
		rest_expect(rest, "GET", "/keys/short", 404);
		rest_expect(rest, "GET", "/keys/long", 200);
	}
	set_clock(9 * HOUR);
	rest_expect(rest, "GET", "/keys/long", 200);
	set_clock(11 * HOUR);
	restart(rest, true);
	rest_expect(rest, "GET", "/keys/long", 404);
	set_clock(0);
	restart(rest, false);
	rest_expect(rest, "GET", "/keys/long", 404);
	rest_expect(rest, "GET", "/keys/ever", 200);
}

/* Lines are written at a time that never goes back, and lives are counted from it. */
static void test_time_does_not_go_back_behind_the_log(void **state)
{
	struct rest *rest = *state;
	unsigned long long last_ms;

	set_clock(2 * HOUR);
	last_ms = put(rest, "/keys/a", "v", HOUR);
	for (int i = 0; i < 4; i++) {
		set_clock((-3 - i) * HOUR);
		if (i > 0)
			restart(rest, i % 2 == 0);
		if (i == 3)
			rest_expect(rest, "POST", "/compact?full", 200);
		unsigned long long expires_ms = put(rest, "/keys/b", "v", HOUR);

		assert_true(expires_ms >= last_ms);
		last_ms = expires_ms;
	}
	rest_expect(rest, "GET", "/keys/a", 200);
	rest_expect(rest, "GET", "/keys/b", 200);
	/* Once the clock has caught up, it goes on. */
	set_clock(4 * HOUR);
	rest_expect(rest, "GET", "/keys/a", 404);
	rest_expect(rest, "GET", "/keys/b", 404);
}

/* Deadlines are not by that clock. */
static void test_connections_outlive_a_clock_that_is_set(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;

	rest_expect(rest, "GET", "/livez", 200);
	for (int i = 0; i < 6; i++) {
		set_clock((i % 2 == 0 ? 1 : -1) * (i + 1) * 5 * HOUR);
		node_sleep_ms(50);
		assert_int_equal(client_put(rest->client, "/keys/k", "v", 1, NULL, &reply),
				 i == 0 ? 201 : 204);
		assert_int_equal(reply.connections_opened, 0);
		client_reply_release(&reply);
	}
}

/* ---- Chance: a model that knows the store's time ---- */

struct model {
	struct life keys[KEYS];
	unsigned random;
	unsigned version;
	unsigned long long noted_ms; /* the time of the last line, or later */
};

static unsigned draw(struct model *model, unsigned below)
{
	model->random = model->random * 1664525u + 1013904223u;
	return (model->random >> 8) % below;
}

static unsigned long long store_now_ms(const struct model *model)
{
	unsigned long long now_ms = server_now_ms();

	return now_ms > model->noted_ms ? now_ms : model->noted_ms;
}

static void step_put(struct rest *rest, struct model *model)
{
	struct life *life = &model->keys[draw(model, KEYS)];
	unsigned hours = draw(model, 8);
	unsigned seconds = hours == 0 ? 0 : hours * HOUR - HALF_HOUR;
	char target[TEXT_BYTES];
	char value[TEXT_BYTES];
	unsigned long long before_ms = store_now_ms(model);

	life->version = ++model->version;
	(void)snprintf(target, sizeof(target), "/keys/k%d", (int)(life - model->keys));
	(void)snprintf(value, sizeof(value), "%u", life->version);
	life->expires_ms = put(rest, target, value, seconds);
	/* The last line's time is not known to the millisecond. */
	if (seconds > 0)
		assert_in_range(life->expires_ms, before_ms + (seconds - SOME_SECONDS) * 1000ull,
				store_now_ms(model) + (seconds + SOME_SECONDS) * 1000ull);
	model->noted_ms = store_now_ms(model);
}

static void step_clock(struct rest *rest, struct model *model)
{
	set_clock(((long)draw(model, 25) - 12) * HOUR);
	/* A write notes that time, unless it is earlier: then it is not. */
	(void)put(rest, "/keys/aside", "x", 0);
	model->noted_ms = store_now_ms(model);
}

static void check_all(struct rest *rest, struct model *model)
{
	for (int i = 0; i < KEYS; i++) {
		struct life *life = &model->keys[i];
		struct life_span span = {store_now_ms(model), store_now_ms(model)};
		char target[TEXT_BYTES];
		char value[TEXT_BYTES];

		if (life_may_be_over(life, span))
			life->version = 0;
		(void)snprintf(target, sizeof(target), "/keys/k%d", i);
		(void)snprintf(value, sizeof(value), "%u", life->version);
		if (life->version == 0)
			rest_expect(rest, "GET", target, 404);
		else
			rest_expect_value(rest, target, value, strlen(value));
	}
}

static void step(struct rest *rest, struct model *model)
{
	char target[TEXT_BYTES];
	unsigned number = draw(model, KEYS);

	switch (draw(model, 12)) {
	case 0:
	case 1:
	case 2:
		step_clock(rest, model);
		break;
	case 3:
		/* Sometimes the clock is set while nobody looks. */
		restart(rest, draw(model, 2) == 0);
		break;
	case 4:
		rest_expect(rest, "POST", "/compact?full", 200);
		break;
	case 5:
		(void)snprintf(target, sizeof(target), "/keys/k%u", number);
		(void)client_status(rest->client, "DELETE", target);
		model->keys[number].version = 0;
		break;
	default:
		step_put(rest, model);
	}
	check_all(rest, model);
}

static void test_any_settings_of_the_clock(void **state)
{
	const char *seed = getenv("ARYAVARTH_SEED");
	struct rest *rest = *state;
	struct model model = {.noted_ms = 0};

	model.random = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)node_now_ms();
	print_message("ARYAVARTH_SEED=%u\n", model.random);
	for (int i = 0; i < STEPS; i++)
		step(rest, &model);
}

/* ---- A server whose clock can be set ---- */

static int setup(void **state)
{
	static const char *const options[] = {"--rotate-bytes", "4096", NULL};

	set_clock(0);
	*state = rest_start(options);
	return 0;
}

/* Whether this machine has libfaketime; then all that is started from here on has its clock. */
static bool prepare(void)
{
	static const char pattern[] = "/usr/{lib,lib/*,local/lib}/faketime/libfaketimeMT.so.1";
	const char *base = getenv("TMPDIR");
	glob_t found;

	if (glob(pattern, GLOB_BRACE, NULL, &found) != 0)
		return false;
	(void)snprintf(offset_path, sizeof(offset_path), "%s/aryavarth-clock.%ld",
		       base != NULL && *base != '\0' ? base : "/tmp", (long)getpid());
	/* Timed waits and the times of files stay real. */
	setenv("FAKETIME_TIMESTAMP_FILE", offset_path, 1);
	setenv("FAKETIME_NO_CACHE", "1", 1);
	setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
	setenv("DONT_FAKE_MONOTONIC", "1", 1);
	setenv("NO_FAKE_STAT", "1", 1);
	setenv("LD_PRELOAD", found.gl_pathv[0], 1);
	globfree(&found);
	return true;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rest_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_clock_that_is_set_reaches_the_server),
		TEST(test_what_was_gone_once_stays_gone),
		TEST(test_time_does_not_go_back_behind_the_log),
		TEST(test_connections_outlive_a_clock_that_is_set),
		TEST(test_any_settings_of_the_clock),
	};

	if (SANITIZED) {
		puts("skipped: a sanitizer and libfaketime do not go together");
		return SKIPPED;
	}
	if (!prepare()) {
		puts("skipped: no libfaketime here: script/bootstrap installs it");
		return SKIPPED;
	}
	int failed = cmocka_run_group_tests_name("rest/clock", tests, NULL, NULL);

	(void)remove(offset_path);
	return failed;
}
