/* SPDX-License-Identifier: MIT */
/* Promise: a line is read for exactly what it says, in whatever order and with whatever escapes it
 * says it; whatever is not a line is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "format/record.h"
#include "format/record_private.h"
#include "lib/lines.h"

#define BYTES(literal) ((struct ary_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_bytes(struct ary_bytes actual, struct ary_bytes expected)
{
	assert_int_equal(actual.size, expected.size);
	if (expected.size > 0)
		assert_memory_equal(actual.data, expected.data, expected.size);
}

static void assert_same(const struct ary_record *a, const struct ary_record *b)
{
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->time_ms, b->time_ms);
	assert_int_equal(a->op, b->op);
	assert_bytes(a->key, b->key);
	assert_bytes(a->value, b->value);
	assert_bytes(a->type, b->type);
	assert_bytes(a->encoding, b->encoding);
	assert_bytes(a->meta, b->meta);
	assert_bytes(a->sha256, b->sha256);
	assert_int_equal(a->expires_ms, b->expires_ms);
	assert_bytes(a->durability, b->durability);
	assert_int_equal(a->prev, b->prev);
	assert_int_equal(a->has_durable, b->has_durable);
	assert_int_equal(a->durable_bytes, b->durable_bytes);
	assert_int_equal(a->log, b->log);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->base, b->base);
	assert_int_equal(a->cleaned, b->cleaned);
	assert_int_equal(a->lines, b->lines);
	assert_int_equal(a->clean, b->clean);
	assert_int_equal(a->upload, b->upload);
	assert_int_equal(a->part, b->part);
	assert_int_equal(a->large.upload, b->large.upload);
	assert_int_equal(a->large.count, b->large.count);
	assert_int_equal(a->large.part_bytes, b->large.part_bytes);
	assert_int_equal(a->large.size, b->large.size);
}

/* Reads the line of BODY, with its right checksum, in both ways, which must say the same. */
static enum ary_status decode_body(const char *body, struct ary_buf *line, struct ary_buf *scratch,
				   struct ary_record *out)
{
	struct ary_buf other_scratch = {0};
	struct ary_record other;
	struct ary_error error;

	line->size = 0;
	lines_seal(line, ary_bytes_of(body));
	struct ary_bytes view = ary_buf_view(line);
	enum ary_status status = ary_record_decode(view, scratch, out, &error);
	enum ary_status by_library =
		ary_record_decode_json(view, true, &other_scratch, &other, NULL);
	assert_int_equal(status, by_library);
	if (status == ARY_OK)
		assert_same(out, &other);
	else
		assert_true(error.text[0] != '\0');
	ary_buf_release(&other_scratch);
	return status;
}

struct reading {
	struct ary_buf line;
	struct ary_buf scratch;
	struct ary_record record;
};

static void read_ok(struct reading *reading, const char *body)
{
	enum ary_status status =
		decode_body(body, &reading->line, &reading->scratch, &reading->record);
	if (status != ARY_OK)
		fail_msg("refused: %s", body);
}

static void release(struct reading *reading)
{
	ary_buf_release(&reading->line);
	ary_buf_release(&reading->scratch);
}

/* ---- What is read ---- */

static void test_unescaped_fields_borrow_from_the_line(void **state)
{
	struct reading r = {0};

	(void)state;
	read_ok(&r, "{\"seq\":5,\"time\":6,\"cmd\":\"Set\",\"durable\":7,\"key\":\"kk\","
	            "\"type\":\"t/t\","
		    "\"prev\":4,\"value\":\"vv\"");
	assert_int_equal(r.record.op, ARY_OP_SET);
	assert_int_equal(r.record.durable_bytes, 7);
	assert_bytes(r.record.key, BYTES("kk"));
	assert_bytes(r.record.value, BYTES("vv"));
	assert_true(r.record.key.data > r.line.data);
	assert_true(r.record.key.data < r.line.data + r.line.size);
	assert_ptr_equal(r.record.value.data, r.line.data + r.line.size - 22);
	assert_null(r.scratch.data);
	release(&r);
}

static void test_escapes_are_read_as_json_means_them(void **state)
{
	static const struct {
		const char *escaped;
		const char *meaning;
	} rows[] = {
		{"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
		{"\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac"},
		{"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
		{"\\uD800\\uDC00\\uDBFF\\uDFFF", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
		{"\\u007f\\u0080\\u07ff\\u0800\\uffff",
		 "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
		{"12345678\\n12345678\\n", "12345678\n12345678\n"},
		{"\xe2\x80\xa8\xf0\x9f\x98\x80", "\xe2\x80\xa8\xf0\x9f\x98\x80"},
	};
	struct reading r = {0};
	char body[256];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(body, sizeof(body),
			 "{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"%s\",\"value\":\"%s\"",
			 rows[i].escaped, rows[i].escaped);
		read_ok(&r, body);
		assert_bytes(r.record.key, ary_bytes_of(rows[i].meaning));
		assert_bytes(r.record.value, ary_bytes_of(rows[i].meaning));
	}
	release(&r);
}

#define DIGITS16 "0123456789abcdef"
#define SHA256 "\"sha256\":\"" DIGITS16 DIGITS16 DIGITS16 DIGITS16 "\""

static void test_what_a_set_says_of_its_value_is_read(void **state)
{
	static const char *const bodies[] = {
		"{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"type\":\"t/t\","
		"\"encoding\":\"gzip\",\"expires\":77,"
		"\"meta\":{\"a\":\"\\\\\",\"b\":\"\"}," SHA256
		",\"prev\":3,\"value\":\"v\"",
		/* The same in another order, with other escapes, and names in capitals. */
		"{\"seq\":1,\"time\":1,\"cmd\":\"Set\","
		"\"meta\":{\"B\":\"\",\"a\":\"\\u005c\"}," SHA256
		",\"encoding\":\"gz\\u0069p\",\"prev\":3,\"key\":\"k\",\"expires\":77,"
		"\"type\":\"t\\/t\",\"value\":\"v\"",
	};
	struct reading r = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		read_ok(&r, bodies[i]);
		assert_bytes(r.record.type, BYTES("t/t"));
		assert_bytes(r.record.encoding, BYTES("gzip"));
		assert_int_equal(r.record.expires_ms, 77);
		assert_bytes(r.record.meta, BYTES("{\"a\":\"\\\\\",\"b\":\"\"}"));
		assert_bytes(r.record.sha256, BYTES("\x01\x23\x45\x67\x89\xab\xcd\xef"
						    "\x01\x23\x45\x67\x89\xab\xcd\xef"
						    "\x01\x23\x45\x67\x89\xab\xcd\xef"
						    "\x01\x23\x45\x67\x89\xab\xcd\xef"));
		assert_int_equal(r.record.prev, 3);
		assert_bytes(r.record.value, BYTES("v"));
	}
	/* No metadata is the same as none at all. */
	read_ok(&r, "{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"meta\":{},"
		    "\"value\":\"v\"");
	assert_int_equal(r.record.meta.size, 0);
	/* An Rm has none of these, as other commands have not. */
	read_ok(&r, "{\"seq\":1,\"time\":1,\"cmd\":\"Rm\",\"key\":\"k\",\"expires\":\"x\","
		    "\"meta\":7,\"sha256\":[]");
	assert_int_equal(r.record.expires_ms, 0);
	read_ok(&r, "{\"seq\":2,\"time\":1,\"cmd\":\"Expire\",\"key\":\"k\",\"prev\":1");
	assert_int_equal(r.record.op, ARY_OP_EXPIRE);
	assert_int_equal(r.record.prev, 1);
	release(&r);
}

static void test_views_in_scratch_stand_together(void **state)
{
	struct reading r = {0};

	(void)state;
	read_ok(&r, "{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key_b64\":\"/wD/\","
	            "\"type\":\"a\\/\\\"b\\\"\","
		    "\"value_b64\":\"AAECAwQFBgcICQ==\"");
	assert_bytes(r.record.key, BYTES("\xff\x00\xff"));
	assert_bytes(r.record.type, BYTES("a/\"b\""));
	assert_bytes(r.record.value, BYTES("\0\1\2\3\4\5\6\7\x8\x9"));
	/* An empty value in base64 has nothing to decode, and a place all the same. */
	read_ok(&r, "{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value_b64\":\"\"");
	assert_bytes(r.record.value, BYTES(""));
	assert_non_null(r.record.value.data);
	release(&r);
}

static void test_other_forms_of_json_are_read(void **state)
{
	static const char *const bodies[] = {
		"{\"time\":1,\"key\":\"k\",\"value\":\"v\",\"cmd\":\"Set\",\"seq\":9",
		"{ \"seq\": 9, \"time\": 1, \"cmd\": \"Set\",\t\"key\": \"k\", \"value\": \"v\"",
		"{\"seq\":9,\"time\":1,\"cmd\":\"\\u0053et\",\"key\":\"\\u006b\",\"value\":\"v\"",
		"{\"seq\":9,\"time\":1,\"cmd\":\"Set\",\"k\\u0065y\":\"k\",\"value\":\"v\"",
		"{\"seq\":9,\"time\":1,\"cmd\":\"Set\",\"key_b64\":\"aw==\",\"value_b64\":\"dg==\"",
		("{\"seq\":9,\"time\":1,\"cmd\":\"Set\",\"key_b64\":\"aw==\","
		 "\"value_b64\":\"d\\u0067==\""),
	};
	struct reading r = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		read_ok(&r, bodies[i]);
		assert_int_equal(r.record.seq, 9);
		assert_int_equal(r.record.op, ARY_OP_SET);
		assert_bytes(r.record.key, BYTES("k"));
		assert_bytes(r.record.value, BYTES("v"));
	}
	release(&r);
}

static void test_numbers_of_every_length_are_read(void **state)
{
	struct reading reading = {0};

	(void)state;
	for (uint64_t number = 1; number < ARY_SEQ_MAX; number = number * 10 + number % 10 + 1) {
		char body[128];

		snprintf(body, sizeof(body), "{\"seq\":%" PRIu64 ",\"time\":%" PRIu64
			 ",\"cmd\":\"Seal\",\"lines\":%" PRIu64, number, number - 1, number / 3);
		read_ok(&reading, body);
		assert_int_equal(reading.record.seq, number);
		assert_int_equal(reading.record.time_ms, number - 1);
		assert_int_equal(reading.record.lines, number / 3);
	}
	release(&reading);
}

static void test_unknown_fields_are_ignored(void **state)
{
	struct reading r = {0};

	(void)state;
	read_ok(&r, "{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"expiry\":99,"
		    "\"more\":{\"a\":\"b\",\"seq\":[1.5,null,true]},\"value\":\"v\"");
	assert_bytes(r.record.value, BYTES("v"));
	read_ok(&r, "{\"new\":\"a\\u0000b\",\"seq\":2,\"time\":1,\"cmd\":\"Rm\",\"key\":\"k\"");
	assert_int_equal(r.record.seq, 2);
	/* A field of another command is as good as unknown. */
	read_ok(&r, "{\"seq\":3,\"time\":1,\"cmd\":\"Seal\",\"lines\":4,\"key\":5,\"prev\":\"x\"");
	assert_int_equal(r.record.lines, 4);
	assert_int_equal(r.record.prev, 0);
	read_ok(&r, "{\"seq\":4,\"time\":1,\"cmd\":\"Mark\",\"clean\":false");
	assert_false(r.record.clean);
	release(&r);
}

static void test_unknown_commands_are_told_as_such(void **state)
{
	static const char *const cmds[] = {
		"Parts", "Batch", "expire", "set", "SET", "Sets", "Se", "", "Set\\\"",
	};
	struct reading r = {0};
	char body[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cmds); i++) {
		snprintf(body, sizeof(body),
			 "{\"seq\":3,\"time\":4,\"cmd\":\"%s\",\"durable\":5,\"key\":[]", cmds[i]);
		read_ok(&r, body);
		assert_int_equal(r.record.op, ARY_OP_UNKNOWN);
		assert_int_equal(r.record.seq, 3);
		assert_int_equal(r.record.durable_bytes, 5);
		assert_int_equal(r.record.key.size, 0);
	}
	release(&r);
}

static const char *const set_fields[] = {
	"\"seq\":77",       "\"time\":5",    "\"cmd\":\"Set\"",      "\"durable\":11",
	"\"key\":\"k\\n\"", "\"prev\":3",    "\"value_b64\":\"AA==\"",
};

/* Reads the fields in the order of ORDER. */
static void read_shuffled(struct reading *reading, const size_t *order, struct ary_record *head)
{
	char body[256];
	int size = 0;

	for (size_t i = 0; i < COUNT(set_fields); i++)
		size += snprintf(body + size, sizeof(body) - (size_t)size, "%c%s",
				 i > 0 ? ',' : '{', set_fields[order[i]]);
	read_ok(reading, body);
	assert_int_equal(reading->record.seq, 77);
	assert_int_equal(reading->record.time_ms, 5);
	assert_int_equal(reading->record.durable_bytes, 11);
	assert_int_equal(reading->record.prev, 3);
	assert_bytes(reading->record.key, BYTES("k\n"));
	assert_bytes(reading->record.value, BYTES("\0"));

	struct ary_buf scratch = {0};
	struct ary_bytes line = ary_buf_view(&reading->line);
	assert_int_equal(ary_record_decode_head(line, &scratch, head, NULL), ARY_OK);
	assert_bytes(head->key, BYTES("k\n"));
	assert_int_equal(head->durable_bytes, 11);
	assert_int_equal(head->value.size, 0);
	ary_buf_release(&scratch);
}

static void test_every_order_of_fields_says_the_same(void **state)
{
	struct reading r = {0};
	struct ary_record head;
	size_t order[COUNT(set_fields)];
	size_t turns[COUNT(set_fields)] = {0};
	size_t seen = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++)
		order[i] = i;
	read_shuffled(&r, order, &head);
	/* All permutations, by Heap's algorithm. */
	for (size_t i = 0; i < COUNT(order);) {
		if (turns[i] == i) {
			turns[i++] = 0;
			continue;
		}
		size_t other = i % 2 ? turns[i] : 0;
		size_t held = order[other];
		order[other] = order[i];
		order[i] = held;
		read_shuffled(&r, order, &head);
		seen++;
		turns[i]++;
		i = 0;
	}
	assert_int_equal(seen, 5040);
	release(&r);
}

static void test_head_does_not_look_at_the_value(void **state)
{
	struct ary_buf line = {0};
	struct ary_buf scratch = {0};
	struct ary_record record;

	(void)state;
	lines_sealf(&line, "{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\","
			   "\"value\":\"\\x\"");
	assert_int_equal(ary_record_decode(ary_buf_view(&line), &scratch, &record, NULL),
			 ARY_CORRUPT);
	assert_int_equal(ary_record_decode_head(ary_buf_view(&line), &scratch, &record, NULL),
			 ARY_OK);
	assert_bytes(record.key, BYTES("k"));
	ary_buf_release(&line);
	ary_buf_release(&scratch);
}

/* A value that ends in escaped quotes and backslashes is one value; a field behind it counts. */
static void test_head_sees_fields_behind_the_value(void **state)
{
	static const char *const values[] = {"", "a", "\\\"", "\\\\", "\\\"q\\\\\\\""};
	struct ary_buf line = {0};
	struct ary_buf scratch = {0};
	struct ary_record record;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		line.size = 0;
		lines_sealf(&line, "{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\","
				   "\"value\":\"%s\",\"type\":\"t\"", values[i]);
		assert_int_equal(ary_record_decode_head(ary_buf_view(&line), &scratch, &record,
							NULL), ARY_OK);
		assert_bytes(record.type, BYTES("t"));
		line.size = 0;
		lines_sealf(&line, "{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\","
				   "\"value\":\"%s\"", values[i]);
		assert_int_equal(ary_record_decode_head(ary_buf_view(&line), &scratch, &record,
							NULL), ARY_OK);
		assert_int_equal(record.type.size, 0);
	}
	ary_buf_release(&line);
	ary_buf_release(&scratch);
}

/* ---- What is refused ---- */

#define HEAD "{\"seq\":1,\"time\":1,\"cmd\":"
#define SET HEAD "\"Set\","

static const char *const malformed[] = {
	/* Not JSON, or not an object. */
	"x", "{", "[1", "\"seq\"", "{\"seq\":1", "{\"seq\":1,\"time\":1,\"cmd\":Set,\"key\":\"k\"",
	SET "\"key\":\"k\",\"value\":\"v\"}", SET "\"key\":\"k\",\"value\":\"v\",",
	"[" SET "\"key\":\"k\",\"value\":\"v\"", SET "'key':\"k\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"value\":\"v\",\"more\":{\"a\":1",
	SET "\"key\":\"k\",\n\"value\":\"v\"",
	/* Fields that are missing. */
	"{\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\"",
	"{\"seq\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\"",
	"{\"seq\":1,\"time\":1,\"key\":\"k\",\"value\":\"v\"",
	SET "\"value\":\"v\"", SET "\"key\":\"k\"", HEAD "\"Rm\"", HEAD "\"Seal\"", HEAD "\"Log\"",
	HEAD "\"Log\",\"version\":1,\"log\":1",
	HEAD "\"Log\",\"version\":1,\"durability\":\"always\"",
	HEAD "\"Log\",\"log\":1,\"durability\":\"always\"", HEAD "\"Base\",\"version\":1,\"log\":1",
	HEAD "\"Base\",\"version\":1,\"base\":1", HEAD "\"Base\",\"log\":1,\"base\":1",
	HEAD "\"Merge\",\"version\":1,\"log\":1", HEAD "\"Merge\",\"version\":1,\"base\":1",
	/* Numbers. */
	"{\"seq\":0,\"time\":1,\"cmd\":\"Mark\"", "{\"seq\":-1,\"time\":1,\"cmd\":\"Mark\"",
	"{\"seq\":01,\"time\":1,\"cmd\":\"Mark\"", "{\"seq\":1.0,\"time\":1,\"cmd\":\"Mark\"",
	"{\"seq\":1e2,\"time\":1,\"cmd\":\"Mark\"", "{\"seq\":\"1\",\"time\":1,\"cmd\":\"Mark\"",
	"{\"seq\":9007199254740992,\"time\":1,\"cmd\":\"Mark\"",
	"{\"seq\":18446744073709551617,\"time\":1,\"cmd\":\"Mark\"",
	"{\"seq\":100000000000000000000000000000000001,\"time\":1,\"cmd\":\"Mark\"",
	"{\"seq\":,\"time\":1,\"cmd\":\"Mark\"", "{\"seq\":null,\"time\":1,\"cmd\":\"Mark\"",
	"{\"seq\":1,\"time\":-1,\"cmd\":\"Mark\"", "{\"seq\":1,\"time\":\"1\",\"cmd\":\"Mark\"",
	HEAD "\"Mark\",\"durable\":-1", HEAD "\"Mark\",\"durable\":\"1\"",
	HEAD "\"Mark\",\"durable\":1.5", HEAD "\"New\",\"durable\":null",
	HEAD "\"Merge\",\"version\":1,\"log\":1,\"base\":1,\"cleaned\":0",
	HEAD "\"Base\",\"version\":1,\"log\":1,\"base\":1,\"cleaned\":\"1\"",
	HEAD "\"Seal\",\"lines\":-1", HEAD "\"Seal\",\"lines\":null",
	SET "\"key\":\"k\",\"prev\":0,\"value\":\"v\"",
	SET "\"key\":\"k\",\"prev\":\"1\",\"value\":\"v\"",
	HEAD "\"Rm\",\"key\":\"k\",\"prev\":0",
	/* Commands and words. */
	HEAD "1", HEAD "null", HEAD "[\"Set\"],\"key\":\"k\",\"value\":\"v\"",
	HEAD "\"Mark\",\"clean\":1", HEAD "\"Mark\",\"clean\":\"true\"",
	HEAD "\"Mark\",\"durability\":\"\"", HEAD "\"Mark\",\"durability\":true",
	HEAD "\"Log\",\"version\":1,\"log\":1,\"durability\":\"\"",
	SET "\"key\":\"k\",\"type\":1,\"value\":\"v\"",
	SET "\"key\":\"k\",\"type\":\"a\\nb\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"type\":\"\xc3\xa9\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"type\":\"a\x7f\",\"value\":\"v\"",
	/* What is said of a value. */
	SET "\"key\":\"k\",\"encoding\":\"a\\tb\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"encoding\":null,\"value\":\"v\"",
	SET "\"key\":\"k\",\"expires\":0,\"value\":\"v\"",
	SET "\"key\":\"k\",\"expires\":-1,\"value\":\"v\"",
	SET "\"key\":\"k\",\"expires\":\"9\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"expires\":9007199254740992,\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":[],\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":\"\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a\":1},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a\":\"b\",\"a\":\"b\"},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a\":\"b\",\"A\":\"b\"},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"\":\"b\"},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a b\":\"c\"},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a\":\" b\"},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a\":\"b\\n\"},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a\":\"\\u0000\"},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a\":\"\xc3\xa9\"},\"value\":\"v\"",
	SET "\"key\":\"k\",\"meta\":{\"a\":\"b\"",
	SET "\"key\":\"k\",\"sha256\":\"\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"sha256\":5,\"value\":\"v\"",
	SET "\"key\":\"k\",\"sha256\":\"" DIGITS16 DIGITS16 DIGITS16 "0123456789ABCDEF\","
	    "\"value\":\"v\"",
	SET "\"key\":\"k\",\"sha256\":\"" DIGITS16 DIGITS16 DIGITS16 "0123456789abcde\","
	    "\"value\":\"v\"",
	SET "\"key\":\"k\"," SHA256 "," SHA256 ",\"value\":\"v\"",
	HEAD "\"Expire\",\"key\":\"k\"", HEAD "\"Expire\",\"prev\":1",
	HEAD "\"Expire\",\"key\":\"k\",\"prev\":0",
	HEAD "\"Expire\",\"key\":\"\",\"prev\":1",
	/* Keys and values. */
	SET "\"key\":\"\",\"value\":\"v\"", SET "\"key_b64\":\"\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"key_b64\":\"aw==\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"value\":\"v\",\"value_b64\":\"dg==\"",
	SET "\"key\":\"k\",\"value_b64\":\"dg==\",\"value\":\"v\"",
	SET "\"key\":1,\"value\":\"v\"", SET "\"key\":\"k\",\"value\":null",
	SET "\"key\":\"k\",\"value\":5",
	SET "\"key_b64\":7,\"value\":\"v\"", SET "\"key\":\"k\",\"value_b64\":{}",
	SET "\"key_b64\":\"aw=\",\"value\":\"v\"", SET "\"key_b64\":\"aw\",\"value\":\"v\"",
	SET "\"key_b64\":\"a===\",\"value\":\"v\"", SET "\"key_b64\":\"ax==\",\"value\":\"v\"",
	SET "\"key_b64\":\"a w==\",\"value\":\"v\"", SET "\"key\":\"k\",\"value_b64\":\"dg==dg==\"",
	SET "\"key\":\"k\",\"value_b64\":\"d-_=\"", SET "\"key\":\"k\",\"value_b64\":\"dg==\\n\"",
	/* Strings. */
	SET "\"key\":\"a\\x\",\"value\":\"v\"", SET "\"key\":\"a\\u12g4\",\"value\":\"v\"",
	SET "\"key\":\"a\\u123\",\"value\":\"v\"", SET "\"key\":\"a\\u0000b\",\"value\":\"v\"",
	SET "\"key\":\"\\ud83d\",\"value\":\"v\"", SET "\"key\":\"\\ude00\",\"value\":\"v\"",
	SET "\"key\":\"\\ude00\\ud83d\",\"value\":\"v\"",
	SET "\"key\":\"\\ud83dx\\ude00\",\"value\":\"v\"",
	SET "\"key\":\"\\ud83d\\n\",\"value\":\"v\"",
	SET "\"key\":\"\\ud83d\\ud83d\",\"value\":\"v\"",
	SET "\"key\":\"a\tb\",\"value\":\"v\"", SET "\"key\":\"a\x1f\",\"value\":\"v\"",
	SET "\"key\":\"a\x01\\n\",\"value\":\"v\"", SET "\"key\":\"\xff\",\"value\":\"v\"",
	SET "\"key\":\"\xc0\xaf\",\"value\":\"v\"", SET "\"key\":\"\xed\xa0\x80\",\"value\":\"v\"",
	SET "\"key\":\"\xc3\\u0029\",\"value\":\"v\"", SET "\"key\":\"k\",\"value\":\"\xe2\x80\"",
	SET "\"key\":\"k\",\"value\":\"a\nb\"", SET "\"key\":\"k\",\"value\":\"\\u0000\"",
	SET "\"key\":\"k\",\"value\":\"\\\"", SET "\"key\":\"k\",\"value\":\"\\ud800\"",
	SET "\"key\":\"k\",\"value\":\"v", SET "\"key\":\"k\",\"value\":\"v\"w\"",
	/* The same field twice. */
	"{\"seq\":1,\"seq\":1,\"time\":1,\"cmd\":\"Mark\"", HEAD "\"Mark\",\"cmd\":\"Mark\"",
	SET "\"key\":\"k\",\"key\":\"k\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"value\":\"v\",\"value\":\"v\"",
	SET "\"key\":\"k\",\"x\":1,\"x\":1,\"value\":\"v\"", HEAD "\"Mark\",\"crc\":\"00000000\"",
	HEAD "\"Mark\",\"durable\":1,\"durable\":1",
};

static void test_malformed_lines_are_refused(void **state)
{
	struct reading r = {0};

	(void)state;
	assert_true(COUNT(malformed) >= 90);
	for (size_t i = 0; i < COUNT(malformed); i++) {
		memset(&r.record, 0xaa, sizeof(r.record));
		struct ary_record before = r.record;
		if (decode_body(malformed[i], &r.line, &r.scratch, &r.record) != ARY_CORRUPT)
			fail_msg("not refused: %s", malformed[i]);
		assert_memory_equal(&r.record, &before, sizeof(before));
	}
	release(&r);
}

static void test_no_memory_is_told_from_damage(void **state)
{
	static const char *const bodies[] = {
		SET "\"key\":\"k\\n\",\"value\":\"v\"",
		SET "\"key\":\"k\",\"value_b64\":\"dg==\"",
		SET "\"key\":\"k\"," SHA256 ",\"value\":\"v\"",
		SET "\"key\":\"k\",\"meta\":{\"b\":\"\",\"a\":\"\"},\"value\":\"v\"",
		"{\"time\":1,\"seq\":1,\"cmd\":\"Rm\",\"key\":\"k\"",
	};
	struct ary_record record;

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct ary_buf line = {0};
		struct ary_buf scratch = {0};
		lines_seal(&line, ary_bytes_of(bodies[i]));
		ary_alloc_fail_at(1, 1);
		enum ary_status status =
			ary_record_decode(ary_buf_view(&line), &scratch, &record, NULL);
		ary_alloc_fail_at(0, 0);
		assert_int_equal(status, ARY_NO_MEMORY);
		assert_int_equal(ary_record_decode(ary_buf_view(&line), &scratch, &record, NULL),
				 ARY_OK);
		ary_buf_release(&line);
		ary_buf_release(&scratch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unescaped_fields_borrow_from_the_line),
		cmocka_unit_test(test_escapes_are_read_as_json_means_them),
		cmocka_unit_test(test_what_a_set_says_of_its_value_is_read),
		cmocka_unit_test(test_views_in_scratch_stand_together),
		cmocka_unit_test(test_other_forms_of_json_are_read),
		cmocka_unit_test(test_numbers_of_every_length_are_read),
		cmocka_unit_test(test_unknown_fields_are_ignored),
		cmocka_unit_test(test_unknown_commands_are_told_as_such),
		cmocka_unit_test(test_every_order_of_fields_says_the_same),
		cmocka_unit_test(test_head_does_not_look_at_the_value),
		cmocka_unit_test(test_head_sees_fields_behind_the_value),
		cmocka_unit_test(test_malformed_lines_are_refused),
		cmocka_unit_test(test_no_memory_is_told_from_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
