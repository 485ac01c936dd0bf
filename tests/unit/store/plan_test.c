/* SPDX-License-Identifier: MIT */
/* A compaction merges the logs that pay, and leaves the others alone; tombstones count as won only
 * where they can go; small logs become fewer; what does not fit on the disk waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/plan.h"

enum { LOGS_MAX = 8, TEXT_BYTES = 128 };

/* Logs of live, dead and tombstone bytes; with a merge of several below BYTES_MAX. */
struct row {
	const char *name;
	struct ary_plan_rules rules;
	struct ary_plan_log logs[LOGS_MAX];
	const char *steps; /* "first+count", and "too large: n" where logs do not fit */
};

#define PERCENT(n) {.percent = (n), .bytes_max = 1000, .room_bytes = UINT64_MAX}
#define LOG(l, d) {.bytes = (l) + (d), .live = (l), .dead = (d)}
#define TOMBSTONES(l, d, t) \
	{.bytes = (l) + (d) + (t), .live = (l), .dead = (d), .tombstones = (t)}

static const struct row rows[] = {
	{"no logs", PERCENT(25), {{0}}, ""},
	{"nothing stale", PERCENT(0), {LOG(500, 0), LOG(600, 0)}, ""},
	{"one of many pays", PERCENT(25),
	 {LOG(900, 100), LOG(900, 100), LOG(700, 300), LOG(900, 100)}, "2+1"},
	{"anything pays", PERCENT(0), {LOG(900, 100), LOG(900, 0), LOG(700, 1)}, "0+1 2+1"},
	{"a little too little", PERCENT(25), {LOG(751, 249), LOG(749, 251)}, "1+1"},
	{"neighbours that pay become one", PERCENT(25),
	 {LOG(900, 0), LOG(300, 700), LOG(300, 700), LOG(300, 700), LOG(900, 0)}, "1+3"},
	{"but not a larger one than may be", PERCENT(25),
	 {LOG(400, 600), LOG(400, 600), LOG(400, 600)}, "0+2 2+1"},
	{"one may be as large as it is", PERCENT(25), {LOG(5000, 5000), LOG(5000, 5000)},
	 "0+1 1+1"},
	{"small neighbours go along", PERCENT(25),
	 {LOG(900, 0), LOG(40, 0), LOG(40, 0), LOG(100, 900), LOG(40, 0), LOG(900, 0)}, "1+4"},
	{"as far as a quarter of what is won", PERCENT(25),
	 {LOG(40, 0), LOG(90, 0), LOG(120, 0), LOG(100, 800)}, "2+2"},
	{"all is merged when all is small", {.percent = 90, .bytes_max = 1000000,
					     .room_bytes = UINT64_MAX},
	 {LOG(1000, 1), LOG(1000, 0), LOG(1000, 0)}, "0+3"},
	{"and only when there is something to win", {.percent = 0, .bytes_max = 1000000,
						     .room_bytes = UINT64_MAX},
	 {LOG(1000, 0), LOG(1000, 0), LOG(1000, 0)}, ""},
	{"tombstones of the lowest log can go", PERCENT(25), {TOMBSTONES(100, 0, 900)}, "0+1"},
	{"those above clean logs, too", PERCENT(25),
	 {LOG(900, 0), TOMBSTONES(100, 0, 900)}, "1+1"},
	{"and above logs that will be", PERCENT(25),
	 {LOG(500, 500), LOG(900, 0), TOMBSTONES(300, 0, 900)}, "0+1 2+1"},
	{"others stay", PERCENT(25), {LOG(900, 100), TOMBSTONES(100, 0, 900)}, ""},
	{"a log with more to win than tombstones pays anyway", PERCENT(25),
	 {LOG(900, 100), TOMBSTONES(100, 500, 400)}, "1+1"},
	{"marks can go", PERCENT(25), {{.bytes = 100, .live = 50, .marks = 50}}, "0+1"},
	{"the active log pays for itself", PERCENT(25),
	 {LOG(900, 0), {.bytes = 1000, .live = 100, .dead = 900, .active = true}}, "1+1"},
	{"but does not go along", PERCENT(25),
	 {LOG(100, 900), {.bytes = 101, .live = 100, .dead = 1, .active = true}}, "0+1"},
	{"no room for one", {.percent = 25, .bytes_max = 1000, .room_bytes = 299},
	 {LOG(900, 0), LOG(300, 700), LOG(900, 0), LOG(299, 700)}, "3+1 too large: 1"},
	{"no room for any", {.percent = 25, .bytes_max = 1000, .room_bytes = 10},
	 {LOG(300, 700), LOG(900, 0), LOG(299, 700)}, " too large: 2"},
	{"tombstones above a log that cannot be cleaned stay",
	 {.percent = 25, .bytes_max = 1000, .room_bytes = 200},
	 {LOG(300, 700), TOMBSTONES(100, 0, 900)}, " too large: 1"},
	{"room for each, not for both", {.percent = 25, .bytes_max = 1000, .room_bytes = 350},
	 {LOG(300, 700), LOG(300, 700)}, "0+1 1+1"},
};

static void write_steps(const struct ary_plan *plan, char out[TEXT_BYTES])
{
	size_t size = 0;

	out[0] = '\0';
	for (size_t i = 0; i < plan->count; i++)
		size += (size_t)snprintf(out + size, TEXT_BYTES - size, "%s%zu+%zu",
					 i > 0 ? " " : "", plan->steps[i].first,
					 plan->steps[i].count);
	if (plan->too_large > 0)
		snprintf(out + size, TEXT_BYTES - size, " too large: %zu", plan->too_large);
}

static void test_logs_that_pay_are_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_plan plan;
		char steps[TEXT_BYTES];
		size_t count = 0;

		while (count < LOGS_MAX && rows[i].logs[count].bytes > 0)
			count++;
		ary_plan_make(rows[i].logs, count, &rows[i].rules, &plan);
		write_steps(&plan, steps);
		if (strcmp(steps, rows[i].steps) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].name, steps, rows[i].steps);
		ary_plan_release(&plan);
	}
}

static void test_step_tells_what_it_keeps(void **state)
{
	static const struct ary_plan_log logs[] = {
		LOG(900, 100), TOMBSTONES(100, 500, 50), TOMBSTONES(10, 90, 5),
	};
	const struct ary_plan_rules rules = PERCENT(25);
	struct ary_plan plan;

	(void)state;
	ary_plan_make(logs, 3, &rules, &plan);
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.steps[0].first, 1);
	assert_int_equal(plan.steps[0].count, 2);
	/* The lowest log is left as it is, so that the tombstones stay. */
	assert_int_equal(plan.steps[0].kept_bytes, 100 + 50 + 10 + 5);
	ary_plan_release(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logs_that_pay_are_chosen),
		cmocka_unit_test(test_step_tells_what_it_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
