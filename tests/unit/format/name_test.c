/* SPDX-License-Identifier: MIT */
/* Promise: exactly the names that this program writes are its own, and every other one is foreign,
 * however much it looks like one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "format/name.h"
#include "format/record.h"

struct row {
	const char *name;
	enum ary_name_kind kind;
	uint64_t log;
};

static void test_parse_knows_own_names(void **state)
{
	static const struct row rows[] = {
		{"0.log", ARY_NAME_LOG, 0},
		{"7.log", ARY_NAME_LOG, 7},
		{"10.log", ARY_NAME_LOG, 10},
		{"1.log.tmp", ARY_NAME_TEMPORARY, 1},
		{"0.log.tmp", ARY_NAME_TEMPORARY, 0},
		{"9007199254740991.log", ARY_NAME_LOG, ARY_SEQ_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t log = 12345;
		assert_int_equal(ary_name_parse(rows[i].name, &log), rows[i].kind);
		assert_int_equal(log, rows[i].log);
	}
}

static void test_parse_leaves_other_names_alone(void **state)
{
	static const char *const names[] = {
		"", ".", ".log", "log", "7", "3.log.log", "07.log", "00.log", "-1.log", "+1.log",
		" 1.log",
		"1.log ", "1.LOG", "1.lo", "1.logs", "1.log.tmp.tmp", "1.tmp", "1.log.", "1.log.tm",
		"1..log", "0x1.log", "1a.log", "a.log", "1.log~", "LOCK", "logs", "1.5.log",
		"9007199254740992.log", "18446744073709551615.log", "18446744073709551616.log",
		"99999999999999999999999999999999999999.log", "1\n.log",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t log = 12345;
		assert_int_equal(ary_name_parse(names[i], &log), ARY_NAME_FOREIGN);
		assert_int_equal(log, 12345);
	}
}

static void test_write_and_parse_agree(void **state)
{
	static const uint64_t logs[] = {0, 1, 9, 10, 4294967296, ARY_SEQ_MAX};
	char name[ARY_NAME_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		uint64_t log = 12345;
		ary_name_log(logs[i], name);
		assert_int_equal(ary_name_parse(name, &log), ARY_NAME_LOG);
		assert_int_equal(log, logs[i]);
		ary_name_temporary(logs[i], name);
		log = 12345;
		assert_int_equal(ary_name_parse(name, &log), ARY_NAME_TEMPORARY);
		assert_int_equal(log, logs[i]);
	}
	ary_name_log(3, name);
	assert_string_equal(name, "3.log");
	ary_name_temporary(3, name);
	assert_string_equal(name, "3.log.tmp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_knows_own_names),
		cmocka_unit_test(test_parse_leaves_other_names_alone),
		cmocka_unit_test(test_write_and_parse_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
