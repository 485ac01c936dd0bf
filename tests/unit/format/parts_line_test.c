/* SPDX-License-Identifier: MIT */
/* Promise: Part lines, and Sets that name them, are read for what they say, in any form of JSON, up
 * to their limits; numbers that no value has are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/record.h"
#include "format/record_private.h"
#include "lib/lines.h"

#define BYTES(literal) ((struct ary_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SET "{\"seq\":9,\"time\":1,\"cmd\":\"Set\","
#define LARGE "{\"seq\":9,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"parts\":"
#define PART "{\"seq\":9,\"time\":1,\"cmd\":\"Part\","
#define NAMED(upload, count, part_bytes, size) \
	"{\"upload\":" upload ",\"count\":" count ",\"part_bytes\":" part_bytes \
	",\"size\":" size "}"

struct reading {
	struct ary_buf line;
	struct ary_buf scratch;
	struct ary_record record;
};

/* Reads the line of BODY, with its right checksum, by hand and through the JSON library. */
static enum ary_status read_body(struct reading *reading, struct ary_bytes body)
{
	struct ary_buf scratch = {0};
	struct ary_record other;

	reading->line.size = 0;
	lines_seal(&reading->line, body);
	struct ary_bytes line = ary_buf_view(&reading->line);
	enum ary_status status =
		ary_record_decode(line, &reading->scratch, &reading->record, NULL);
	assert_int_equal(ary_record_decode_json(line, true, &scratch, &other, NULL), status);
	if (status == ARY_OK) {
		assert_true(ary_bytes_equal(other.value, reading->record.value));
		assert_int_equal(other.upload, reading->record.upload);
		assert_int_equal(other.part, reading->record.part);
		assert_memory_equal(&other.large, &reading->record.large, sizeof(other.large));
	}
	ary_buf_release(&scratch);
	return status;
}

static void read_ok(struct reading *reading, const char *body)
{
	if (read_body(reading, ary_bytes_of(body)) != ARY_OK)
		fail_msg("refused: %s", body);
}

static void release(struct reading *reading)
{
	ary_buf_release(&reading->line);
	ary_buf_release(&reading->scratch);
}

/* The numbers of a value in parts, and the part itself, at their limits. */
static void test_parts_are_read_in_any_form(void **state)
{
	static const char *const bodies[] = {
		"{\"seq\":9,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"parts\":{\"upload\":8,"
		"\"count\":65536,\"part_bytes\":1048576,\"size\":68718428161}",
		"{\"parts\":{ \"size\":68718428161,\"new\":[],\"part_bytes\":1048576,"
		"\"count\":65536,\"upload\":8},\"seq\":9,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\"",
	};
	struct reading r = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		read_ok(&r, bodies[i]);
		assert_int_equal(r.record.value.size, 0);
		assert_int_equal(r.record.large.upload, 8);
		assert_int_equal(r.record.large.count, 65536);
		assert_int_equal(ary_record_part_bytes(&r.record.large, 0), 1048576);
		assert_int_equal(ary_record_part_bytes(&r.record.large, 65535), 1);
	}
	read_ok(&r, "{\"seq\":9,\"time\":1,\"cmd\":\"Part\",\"value_b64\":\"dg==\",\"part\":0,"
		    "\"upload\":9");
	assert_int_equal(r.record.upload, 9);
	assert_true(ary_bytes_equal(r.record.value, BYTES("v")));
	release(&r);
}

/* A part may have a mebibyte, and not one byte more, whoever writes it. */
static void test_part_beyond_its_limit_is_refused(void **state)
{
	struct reading r = {0};
	struct ary_buf body = {0};

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		body.size = 0;
		assert_true(ary_buf_append(&body, BYTES(PART "\"upload\":9,\"part\":0,"
							"\"value\":\"")));
		lines_fill(&body, 'x', ARY_RECORD_PART_BYTES_MAX + more);
		assert_true(ary_buf_append(&body, BYTES("\"")));
		assert_int_equal(read_body(&r, ary_buf_view(&body)),
				 more == 0 ? ARY_OK : ARY_CORRUPT);
	}
	ary_buf_release(&body);
	release(&r);
}

static const char *const malformed[] = {
	SET "\"key\":\"k\",\"parts\":1", SET "\"key\":\"k\",\"parts\":{}",
	"{\"seq\":9,\"time\":1,\"cmd\":\"Set\",\"parts\":" NAMED("1", "1", "1", "1"),
	LARGE NAMED("0", "1", "1", "1"), LARGE NAMED("9", "1", "1", "1"),
	LARGE NAMED("1", "0", "1", "1"), LARGE NAMED("1", "1", "0", "1"),
	LARGE NAMED("1", "1", "1", "0"), LARGE NAMED("1", "1", "1048577", "1"),
	LARGE NAMED("1", "2", "5", "5"), LARGE NAMED("1", "2", "5", "11"),
	LARGE NAMED("1", "65537", "1", "65537"), LARGE NAMED("\"1\"", "1", "1", "1"),
	LARGE NAMED("1", "1", "1", "1") ",\"value\":\"v\"",
	LARGE NAMED("1", "1", "1", "1") ",\"value_b64\":\"dg==\"",
	LARGE NAMED("1", "1", "1", "1") ",\"parts\":" NAMED("1", "1", "1", "1"),
	PART "\"part\":0,\"value_b64\":\"dg==\"", PART "\"upload\":9,\"value_b64\":\"dg==\"",
	PART "\"upload\":9,\"part\":0", PART "\"upload\":8,\"part\":0,\"value_b64\":\"dg==\"",
	PART "\"upload\":9,\"part\":1,\"value_b64\":\"dg==\"",
	PART "\"upload\":10,\"part\":1,\"value_b64\":\"dg==\"",
	PART "\"upload\":0,\"part\":1,\"value_b64\":\"dg==\"",
	PART "\"upload\":1,\"part\":65536,\"value_b64\":\"dg==\"",
	PART "\"upload\":1,\"part\":1,\"value_b64\":\"dg=\"",
};

static void test_numbers_of_no_value_are_refused(void **state)
{
	struct reading r = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		if (read_body(&r, ary_bytes_of(malformed[i])) != ARY_CORRUPT)
			fail_msg("not refused: %s", malformed[i]);
	}
	release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_are_read_in_any_form),
		cmocka_unit_test(test_part_beyond_its_limit_is_refused),
		cmocka_unit_test(test_numbers_of_no_value_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
