/* SPDX-License-Identifier: MIT */
/* Promise: exactly the connections whose time is over are shut down, each once, in whatever order
 * deadlines were set, changed and cleared; so are those that wait for bytes which nobody will send;
 * and the loop is told when the next one is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/deadline.h"

enum { COUNT = 40, STEPS = 4000, LOOK_MS = 1000 };

struct model {
	struct ary_deadline deadline;
	int far_end;
	uint64_t at_ms; /* 0: none */
	bool is_down;
};

static const struct ary_server_options lengths = {
	.header_timeout_ms = 10, .body_timeout_ms = 50, .reply_timeout_ms = 30,
	.idle_timeout_ms = 100,
};

static const struct ary_server_options long_lengths = {
	.header_timeout_ms = 60000, .body_timeout_ms = 60000, .reply_timeout_ms = 60000,
	.idle_timeout_ms = 60000,
};

static const uint64_t length_of[ARY_DEADLINE_KINDS] = {
	[ARY_DEADLINE_HEADER] = 10, [ARY_DEADLINE_BODY] = 50,
	[ARY_DEADLINE_REPLY] = 30, [ARY_DEADLINE_IDLE] = 100,
};

static void make(struct model *model)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	ary_deadline_init(&model->deadline, ends[0]);
	model->far_end = ends[1];
	model->at_ms = 0;
	model->is_down = false;
}

static void drop(struct model *model)
{
	close(model->deadline.fd);
	close(model->far_end);
}

static bool is_shut_down(const struct model *model)
{
	char byte;

	return recv(model->far_end, &byte, 1, 0) == 0;
}

static void test_nothing_set_is_nothing_due(void **state)
{
	struct ary_deadlines deadlines;

	(void)state;
	ary_deadlines_init(&deadlines, &lengths);
	assert_int_equal(ary_deadlines_wait_ms(&deadlines, 1000), -1);
	ary_deadlines_expire(&deadlines, 1000);
}

static void test_deadline_shuts_down_in_time(void **state)
{
	struct ary_deadlines deadlines;
	struct model model;

	(void)state;
	ary_deadlines_init(&deadlines, &lengths);
	make(&model);
	ary_deadline_set(&deadlines, &model.deadline, ARY_DEADLINE_IDLE, 1000);
	ary_deadline_set(&deadlines, &model.deadline, ARY_DEADLINE_HEADER, 1000);
	ary_deadlines_drop_gone(&deadlines, 1000);
	assert_int_equal(ary_deadlines_wait_ms(&deadlines, 1004), 6);
	ary_deadlines_expire(&deadlines, 1009);
	assert_false(is_shut_down(&model));
	assert_int_equal(ary_deadlines_wait_ms(&deadlines, 1020), 0);
	ary_deadlines_expire(&deadlines, 1010);
	assert_true(is_shut_down(&model));
	assert_int_equal(ary_deadlines_wait_ms(&deadlines, 1010), -1);
	ary_deadline_clear(&deadlines, &model.deadline);
	drop(&model);
}

/* The same numbers on every machine. */
static int draw(int below)
{
	static uint32_t state = 7;

	state = state * 1664525u + 1013904223u;
	return (int)((state >> 16) % (uint32_t)below);
}

static int64_t expected_wait(const struct ary_deadlines *deadlines,
			     const struct model models[COUNT], uint64_t now_ms)
{
	int64_t look_ms = (int64_t)(deadlines->looked_ms + LOOK_MS - now_ms);
	int64_t wait_ms = -1;
	bool waits = false;

	for (int i = 0; i < COUNT; i++) {
		int64_t rest_ms = (int64_t)(models[i].at_ms - now_ms);

		if (models[i].at_ms && (wait_ms < 0 || rest_ms < wait_ms))
			wait_ms = rest_ms > 0 ? rest_ms : 0;
		waits = waits ||
			(models[i].at_ms && models[i].deadline.kind != ARY_DEADLINE_REPLY);
	}
	return waits && look_ms < wait_ms ? look_ms : wait_ms;
}

static void expire(struct ary_deadlines *deadlines, struct model models[COUNT], uint64_t now_ms)
{
	ary_deadlines_expire(deadlines, now_ms);
	for (int i = 0; i < COUNT; i++) {
		if (models[i].at_ms && models[i].at_ms <= now_ms) {
			models[i].at_ms = 0;
			models[i].is_down = true;
		}
		assert_int_equal(is_shut_down(&models[i]), models[i].is_down);
	}
}

static void test_any_order_is_as_the_model_says(void **state)
{
	struct ary_deadlines deadlines;
	struct model models[COUNT];
	uint64_t now_ms = 5000;

	(void)state;
	ary_deadlines_init(&deadlines, &lengths);
	for (int i = 0; i < COUNT; i++)
		make(&models[i]);
	for (int step = 0; step < STEPS; step++) {
		struct model *model = &models[draw(COUNT)];
		int kind = draw(ARY_DEADLINE_KINDS + 1);

		if (kind == ARY_DEADLINE_KINDS) {
			ary_deadline_clear(&deadlines, &model->deadline);
			model->at_ms = 0;
		} else {
			ary_deadline_set(&deadlines, &model->deadline, (enum ary_deadline_kind)kind,
					 now_ms);
			model->at_ms = now_ms + length_of[kind];
		}
		if (model->is_down) {
			ary_deadline_clear(&deadlines, &model->deadline);
			drop(model);
			make(model);
		}
		now_ms += (uint64_t)draw(3);
		expire(&deadlines, models, now_ms);
		ary_deadlines_drop_gone(&deadlines, now_ms);
		assert_int_equal(ary_deadlines_wait_ms(&deadlines, now_ms),
				 expected_wait(&deadlines, models, now_ms));
	}
	for (int i = 0; i < COUNT; i++)
		drop(&models[i]);
}

/* Nobody will send the rest; what was sent is taken first, and one look alone does not tell. */
static void expect_dropped(enum ary_deadline_kind kind)
{
	struct ary_deadlines deadlines;
	struct model staying, leaving;
	char byte;

	ary_deadlines_init(&deadlines, &long_lengths);
	make(&staying);
	make(&leaving);
	ary_deadline_set(&deadlines, &leaving.deadline, kind, 5000);
	ary_deadline_set(&deadlines, &staying.deadline, kind, 5000);
	assert_int_equal(ary_deadlines_wait_ms(&deadlines, 5000), 0);
	ary_deadlines_drop_gone(&deadlines, 5000);
	assert_int_equal(ary_deadlines_wait_ms(&deadlines, 5100), LOOK_MS - 100);
	assert_int_equal(send(leaving.far_end, "x", 1, 0), 1);
	assert_int_equal(shutdown(leaving.far_end, SHUT_WR), 0);
	ary_deadlines_drop_gone(&deadlines, 6000);
	ary_deadlines_drop_gone(&deadlines, 7000);
	assert_false(is_shut_down(&leaving));
	assert_int_equal(recv(leaving.deadline.fd, &byte, 1, 0), 1);
	ary_deadlines_drop_gone(&deadlines, 8000);
	ary_deadlines_drop_gone(&deadlines, 8999);
	assert_false(is_shut_down(&leaving));
	ary_deadlines_drop_gone(&deadlines, 9000);
	assert_true(is_shut_down(&leaving));
	assert_false(is_shut_down(&staying));
	assert_int_equal(ary_deadlines_wait_ms(&deadlines, 9400), LOOK_MS - 400);
	ary_deadline_clear(&deadlines, &staying.deadline);
	assert_int_equal(ary_deadlines_wait_ms(&deadlines, 9400), -1);
	drop(&staying);
	drop(&leaving);
}

static void test_peer_that_left_is_not_waited_for(void **state)
{
	(void)state;
	expect_dropped(ARY_DEADLINE_HEADER);
	expect_dropped(ARY_DEADLINE_BODY);
	expect_dropped(ARY_DEADLINE_IDLE);
}

/* Who sent everything and ended its side waits for the reply; and a deadline that was set anew is
 * looked at anew. */
static void test_peer_that_waits_for_a_reply_is_let_be(void **state)
{
	struct ary_deadlines deadlines;
	struct model model;

	(void)state;
	ary_deadlines_init(&deadlines, &long_lengths);
	make(&model);
	assert_int_equal(shutdown(model.far_end, SHUT_WR), 0);
	ary_deadline_set(&deadlines, &model.deadline, ARY_DEADLINE_BODY, 5000);
	ary_deadlines_drop_gone(&deadlines, 5000);
	ary_deadline_set(&deadlines, &model.deadline, ARY_DEADLINE_REPLY, 5500);
	ary_deadlines_drop_gone(&deadlines, 6000);
	ary_deadlines_drop_gone(&deadlines, 7000);
	assert_false(is_shut_down(&model));
	ary_deadline_set(&deadlines, &model.deadline, ARY_DEADLINE_IDLE, 7500);
	ary_deadlines_drop_gone(&deadlines, 8000);
	assert_false(is_shut_down(&model));
	ary_deadlines_drop_gone(&deadlines, 9000);
	assert_true(is_shut_down(&model));
	drop(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_set_is_nothing_due),
		cmocka_unit_test(test_deadline_shuts_down_in_time),
		cmocka_unit_test(test_any_order_is_as_the_model_says),
		cmocka_unit_test(test_peer_that_left_is_not_waited_for),
		cmocka_unit_test(test_peer_that_waits_for_a_reply_is_let_be),
	};

	return cmocka_run_group_tests_name("http/deadline", tests, NULL, NULL);
}
