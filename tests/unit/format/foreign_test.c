/* SPDX-License-Identifier: MIT */
/* Promise: every form of line that a store of this kind ever wrote is read for what it says, what
 * is none of them is refused with a reason, and what is written is read back byte for byte. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "format/foreign.h"
#include "format/record.h"
#include "lib/lines.h"

struct row {
	const char *line; /* without its newline */
	enum ary_foreign_op op;
	const char *key;
	const char *value;
	const char *type;
};

static enum ary_status decode(struct ary_bytes body, struct ary_buf *line, struct ary_buf *scratch,
			      struct ary_foreign *out, struct ary_error *err)
{
	line->size = 0;
	assert_true(ary_buf_append(line, body));
	assert_true(ary_buf_append(line, ary_bytes_of("\n")));
	return ary_foreign_decode(ary_buf_view(line), scratch, out, err);
}

static void assert_bytes(struct ary_bytes bytes, const char *expected)
{
	struct ary_bytes wanted = ary_bytes_of(expected ? expected : "");

	if (!ary_bytes_equal(bytes, wanted))
		fail_msg("'%.*s' is not '%s'", (int)bytes.size, (const char *)bytes.data,
			 expected);
}

static void test_every_form_is_read(void **state)
{
	static const struct row rows[] = {
		/* As the article prints them. */
		{"{\"cmd\":\"set\",\"key\":\"key1\",\"value\":\"hello\"}", ARY_FOREIGN_SET, "key1",
		 "hello", NULL},
		{"{\"key\":\"username\",\"value\":\"john\",\"cmd\":\"Set\"}", ARY_FOREIGN_SET,
		 "username", "john", NULL},
		{"{\"key\":\"username\",\"cmd\":\"Rm\"}", ARY_FOREIGN_RM, "username", NULL, NULL},
		{"{\"cmd\":\"rm\",\"key\":\"k\"}", ARY_FOREIGN_RM, "k", NULL, NULL},
		{"{\"cmd\":\"Expire\",\"key\":\"k\",\"prev\":5}", ARY_FOREIGN_RM, "k", NULL, NULL},
		/* As its library writes them. */
		{"{\"Set\":{\"key\":\"k\",\"value\":\"v\"}}", ARY_FOREIGN_SET, "k", "v", NULL},
		{"{\"Set\":{\"value\":\"v\",\"key\":\"k\"}}", ARY_FOREIGN_SET, "k", "v", NULL},
		{"{\"Rm\":{\"key\":\"k\"}}", ARY_FOREIGN_RM, "k", NULL, NULL},
		{"{\"set\":{\"key\":\"k\",\"value\":\"\"}}", ARY_FOREIGN_SET, "k", "", NULL},
		{"{\"rm\":{\"key\":\"k\"}}", ARY_FOREIGN_RM, "k", NULL, NULL},
		/* A key may be called like a field. */
		{"{\"Set\":{\"key\":\"cmd\",\"value\":\"crc\"}}", ARY_FOREIGN_SET, "cmd", "crc",
		 NULL},
		/* Reading commands change nothing. */
		{"{\"cmd\":\"Get\",\"key\":\"k\"}", ARY_FOREIGN_NONE, NULL, NULL, NULL},
		{"{\"cmd\":\"get\"}", ARY_FOREIGN_NONE, NULL, NULL, NULL},
		{"{\"Get\":{\"key\":\"k\"}}", ARY_FOREIGN_NONE, NULL, NULL, NULL},
		/* Nor does what is not there, or has lost its checksum. */
		{"", ARY_FOREIGN_NONE, NULL, NULL, NULL},
		{" \t\r", ARY_FOREIGN_NONE, NULL, NULL, NULL},
		{"{\"cmd\":\"Log\",\"version\":1}", ARY_FOREIGN_NONE, NULL, NULL, NULL},
		{"{\"cmd\":\"Mark\"}", ARY_FOREIGN_NONE, NULL, NULL, NULL},
		/* What export adds, and what others may. */
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"type\":\"text/html\",\"value\":\"v\"}",
		 ARY_FOREIGN_SET, "k", "v", "text/html"},
		{"{\"cmd\":\"Set\",\"key_b64\":\"/w==\",\"value_b64\":\"gIE=\"}", ARY_FOREIGN_SET,
		 "\xff", "\x80\x81", NULL},
		{" { \"cmd\" : \"Set\", \"key\" : \"k\", \"value\" : \"v\", \"more\" : [1] } \r",
		 ARY_FOREIGN_SET, "k", "v", NULL},
		{"{\"cmd\":\"Set\",\"key\":\"a\\u00e4\\ud83d\\ude00\",\"value\":\"\\n\\/\"}",
		 ARY_FOREIGN_SET, "a\xc3\xa4\xf0\x9f\x98\x80", "\n/", NULL},
	};
	struct ary_buf line = {0};
	struct ary_buf scratch = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_foreign foreign;
		struct ary_error err;
		if (decode(ary_bytes_of(rows[i].line), &line, &scratch, &foreign, &err) != ARY_OK)
			fail_msg("%s: %s", rows[i].line, err.text);
		assert_int_equal(foreign.op, rows[i].op);
		assert_bytes(foreign.key, rows[i].key);
		assert_bytes(foreign.value, rows[i].value);
		assert_bytes(foreign.type, rows[i].type);
	}
	ary_buf_release(&line);
	ary_buf_release(&scratch);
}

static void test_what_is_none_of_them_is_refused(void **state)
{
	/* The line, and a word of the reason. */
	static const char *const rows[][2] = {
		{"x", "JSON"},
		{"{", "JSON"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\"", "JSON"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\"}{}", "JSON"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"key\":\"l\",\"value\":\"v\"}", "JSON"},
		{"{\"cmd\":\"Set\",\"key\":\"\xff\",\"value\":\"v\"}", "JSON"},
		{"{\"cmd\":\"Set\",\"key\":\"\\ud800\",\"value\":\"v\"}", "JSON"},
		{"[]", "object"},
		{"null", ""},
		{"{}", "cmd"},
		{"{\"key\":\"k\",\"value\":\"v\"}", "cmd"},
		{"{\"cmd\":1}", "cmd"},
		{"{\"cmd\":\"SET\",\"key\":\"k\",\"value\":\"v\"}", "command"},
		{"{\"cmd\":\"Batch\",\"ops\":[]}", "command"},
		{"{\"cmd\":\"Expire\",\"prev\":1}", "key"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\",\"expires\":0}", "expires"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\",\"encoding\":1}", "encoding"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\",\"meta\":{\"a\":1}}", "meta"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\",\"meta\":{\"a b\":\"\"}}",
		 "token"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\",\"sha256\":\"00\"}", "sha256"},
		{"{\"cmd\":\"Set\",\"value\":\"v\"}", "key"},
		{"{\"cmd\":\"Set\",\"key\":\"\",\"value\":\"v\"}", "key"},
		{"{\"cmd\":\"Set\",\"key_b64\":\"\",\"value\":\"v\"}", "key"},
		{"{\"cmd\":\"Set\",\"key\":1,\"value\":\"v\"}", "key"},
		{"{\"cmd\":\"Set\",\"key\":\"k\"}", "value"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":null}", "value"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":5}", "value"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\",\"value_b64\":\"\"}", "value"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value_b64\":\"a\"}", "base64"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"key_b64\":\"aw==\",\"value\":\"v\"}", "key"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"type\":\"\\u0001\",\"value\":\"v\"}", "type"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"type\":7,\"value\":\"v\"}", "type"},
		{"{\"cmd\":\"Rm\"}", "key"},
		{"{\"Set\":{\"key\":\"k\",\"value\":\"v\"},\"Rm\":{\"key\":\"k\"}}", "cmd"},
		{"{\"Set\":\"k\"}", "Set"},
		{"{\"Set\":{\"key\":\"k\"}}", "value"},
		{"{\"Rm\":{}}", "key"},
		{"{\"Put\":{\"key\":\"k\",\"value\":\"v\"}}", "command"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\",\"crc\":\"00000000\"}",
		 "checksum"},
		{"{\"seq\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\"}", "checksum"},
		{"{\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"v\",\"crc\":1}", "checksum"},
	};
	struct ary_buf line = {0};
	struct ary_buf scratch = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_foreign foreign = {.op = ARY_FOREIGN_RM};
		struct ary_error err = {.text = ""};
		enum ary_status status =
			decode(ary_bytes_of(rows[i][0]), &line, &scratch, &foreign, &err);
		if (status != ARY_CORRUPT)
			fail_msg("%s: %s", rows[i][0], ary_status_name(status));
		if (!strstr(err.text, rows[i][1]))
			fail_msg("%s: '%s' says nothing of '%s'", rows[i][0], err.text,
				 rows[i][1]);
		assert_int_equal(foreign.op, ARY_FOREIGN_RM);
	}
	ary_buf_release(&line);
	ary_buf_release(&scratch);
}

/* Decodes BODY with the trailer of our log. */
static enum ary_status decode_sealed(const char *body, struct ary_buf *line,
				     struct ary_buf *scratch, struct ary_foreign *out)
{
	line->size = 0;
	lines_sealf(line, "%s", body);
	return ary_foreign_decode(ary_buf_view(line), scratch, out, NULL);
}

static void test_lines_of_our_log_are_read(void **state)
{
	struct ary_buf line = {0};
	struct ary_buf scratch = {0};
	struct ary_foreign foreign;

	(void)state;
	assert_int_equal(decode_sealed("{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\","
				       "\"type\":\"t\",\"prev\":7,\"value\":\"v\"",
				       &line, &scratch, &foreign), ARY_OK);
	assert_int_equal(foreign.op, ARY_FOREIGN_SET);
	assert_bytes(foreign.key, "k");
	assert_bytes(foreign.value, "v");
	assert_bytes(foreign.type, "t");
	assert_int_equal(decode_sealed("{\"seq\":1,\"time\":1,\"cmd\":\"Rm\",\"key\":\"k\"", &line,
				       &scratch, &foreign), ARY_OK);
	assert_int_equal(foreign.op, ARY_FOREIGN_RM);
	assert_bytes(foreign.key, "k");
	assert_int_equal(decode_sealed("{\"seq\":1,\"time\":1,\"cmd\":\"Expire\",\"key\":\"k\","
				       "\"prev\":7", &line, &scratch, &foreign), ARY_OK);
	assert_int_equal(foreign.op, ARY_FOREIGN_RM);
	assert_bytes(foreign.key, "k");
	assert_int_equal(decode_sealed("{\"seq\":1,\"time\":1,\"cmd\":\"Set\",\"key\":\"k\","
				       "\"encoding\":\"br\",\"expires\":9,"
				       "\"meta\":{\"a\":\"b\"},\"value\":\"v\"",
				       &line, &scratch, &foreign), ARY_OK);
	assert_bytes(foreign.encoding, "br");
	assert_int_equal(foreign.expires_ms, 9);
	assert_bytes(foreign.meta, "{\"a\":\"b\"}");
	assert_int_equal(foreign.sha256.size, 0);
	assert_int_equal(decode_sealed("{\"seq\":1,\"time\":1,\"cmd\":\"Seal\",\"lines\":3", &line,
				       &scratch, &foreign), ARY_OK);
	assert_int_equal(foreign.op, ARY_FOREIGN_NONE);
	assert_int_equal(decode_sealed("{\"seq\":1,\"time\":1,\"cmd\":\"Batch\",\"ops\":[]", &line,
				       &scratch, &foreign), ARY_UNSUPPORTED);
	assert_int_equal(decode_sealed("{\"seq\":1,\"time\":1,\"cmd\":\"Log\",\"version\":2,"
				       "\"log\":0,\"durability\":\"always\"",
				       &line, &scratch, &foreign), ARY_UNSUPPORTED);
	ary_buf_release(&line);
	ary_buf_release(&scratch);
}

/* Whichever bit of a line of ours is flipped: it is not read as another write. */
static void test_damaged_line_of_our_log_is_refused(void **state)
{
	struct ary_buf line = {0};
	struct ary_buf scratch = {0};
	struct ary_foreign foreign;

	(void)state;
	lines_set(&line, 5, -1, "key", "value");
	for (size_t i = 0; i < (line.size - 1) * 8; i++) {
		line.data[i / 8] ^= (uint8_t)(1 << i % 8);
		enum ary_status status =
			ary_foreign_decode(ary_buf_view(&line), &scratch, &foreign, NULL);
		assert_int_equal(status, ARY_CORRUPT);
		line.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(ary_foreign_decode(ary_buf_view(&line), &scratch, &foreign, NULL),
			 ARY_OK);
	ary_buf_release(&line);
	ary_buf_release(&scratch);
}

static void assert_round_trip(struct ary_bytes key, struct ary_bytes value, const char *type)
{
	const struct ary_foreign set = {
		.op = ARY_FOREIGN_SET,
		.key = key,
		.value = value,
		.type = ary_bytes_of(type),
		/* With a type, all that can be said of a value; else nothing. */
		.encoding = ary_bytes_of(*type != '\0' ? "a, b" : ""),
		.expires_ms = *type != '\0' ? ARY_SEQ_MAX : 0,
		.meta = ary_bytes_of(*type != '\0' ? "{\"a\":\"\\\"\",\"b\":\"%s\"}" : ""),
		.sha256 = ary_bytes_of(*type != '\0' ? "\x80" "1234567890123456789012345678901" :
							""),
	};
	struct ary_buf line = {0};
	struct ary_buf scratch = {0};
	struct ary_foreign foreign;

	assert_true(ary_foreign_encode(&set, &line));
	assert_true(line.size <= ARY_FOREIGN_LINE_BYTES_MAX);
	assert_ptr_equal(memchr(line.data, '\n', line.size), line.data + line.size - 1);
	assert_int_equal(ary_foreign_decode(ary_buf_view(&line), &scratch, &foreign, NULL),
			 ARY_OK);
	assert_int_equal(foreign.op, ARY_FOREIGN_SET);
	assert_true(ary_bytes_equal(foreign.key, key));
	assert_true(ary_bytes_equal(foreign.value, value));
	assert_bytes(foreign.type, type);
	assert_true(ary_bytes_equal(foreign.encoding, set.encoding));
	assert_int_equal(foreign.expires_ms, set.expires_ms);
	assert_true(ary_bytes_equal(foreign.meta, set.meta));
	assert_true(ary_bytes_equal(foreign.sha256, set.sha256));
	ary_buf_release(&line);
	ary_buf_release(&scratch);
}

static void test_what_is_written_is_read_back(void **state)
{
	static const char *const texts[] = {
		"k", "\"\\/\b\f\n\r\t\x01\x1f\x7f", "\xc3\xa4\xe2\x80\xa8", "\xff\xfe",
		"\xed\xa0\x80",
	};
	struct ary_buf big = {0};
	uint8_t bytes[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_round_trip(ary_bytes_of(texts[i]), ary_bytes_of(texts[i]), "");
		assert_round_trip(ary_bytes_of(texts[i]), (struct ary_bytes){NULL, 0}, "a \"b\"");
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_round_trip((struct ary_bytes){bytes + i, 1}, ary_bytes_of("v"), "");
	assert_round_trip((struct ary_bytes){bytes, 256}, (struct ary_bytes){bytes, 256}, "t");
	/* Every byte of the longest value takes the longest escape. */
	lines_fill(&big, 0x01, 4 * 1024 * 1024);
	assert_round_trip((struct ary_bytes){big.data, 4096}, ary_buf_view(&big), "t");
	ary_buf_release(&big);
}

static void test_forms_of_what_is_written(void **state)
{
	struct ary_foreign foreign = {
		.op = ARY_FOREIGN_SET,
		.key = ary_bytes_of("k"),
		.value = ary_bytes_of("\xff"),
		.type = ary_bytes_of("a/b"),
	};
	struct ary_buf line = {0};

	(void)state;
	assert_true(ary_foreign_encode(&foreign, &line));
	assert_bytes(ary_buf_view(&line), "{\"cmd\":\"Set\",\"key\":\"k\",\"type\":\"a/b\","
		     "\"value_b64\":\"/w==\"}\n");
	line.size = 0;
	foreign.encoding = ary_bytes_of("gzip");
	foreign.expires_ms = 5;
	foreign.meta = ary_bytes_of("{\"a\":\"b\"}");
	foreign.sha256 = ary_bytes_of("0123456789abcdef0123456789abcdef");
	assert_true(ary_foreign_encode(&foreign, &line));
	assert_bytes(ary_buf_view(&line), "{\"cmd\":\"Set\",\"key\":\"k\",\"type\":\"a/b\","
		     "\"encoding\":\"gzip\",\"expires\":5,\"meta\":{\"a\":\"b\"},"
		     "\"sha256\":\"30313233343536373839616263646566"
		     "30313233343536373839616263646566\",\"value_b64\":\"/w==\"}\n");
	line.size = 0;
	foreign.op = ARY_FOREIGN_RM;
	assert_true(ary_foreign_encode(&foreign, &line));
	assert_bytes(ary_buf_view(&line), "{\"cmd\":\"Rm\",\"key\":\"k\"}\n");
	ary_buf_release(&line);
}

/* Each try for memory fails in turn: it is told, and OUT is left alone. */
static void test_memory_that_is_out_is_told(void **state)
{
	const struct ary_bytes line =
		ary_bytes_of("{\"cmd\":\"Set\",\"key\":\"k\",\"value_b64\":\"gIE=\"}\n");
	const struct ary_foreign set = {.op = ARY_FOREIGN_SET, .key = ary_bytes_of("k")};
	struct ary_foreign foreign = {.op = ARY_FOREIGN_RM};
	struct ary_buf scratch = {0};
	struct ary_buf out = {0};

	(void)state;
	ary_alloc_fail_at(1, 1);
	assert_int_equal(ary_foreign_decode(line, &scratch, &foreign, NULL), ARY_NO_MEMORY);
	assert_false(ary_foreign_encode(&set, &out));
	ary_alloc_fail_at(0, 0);
	assert_int_equal(foreign.op, ARY_FOREIGN_RM);
	assert_int_equal(out.size, 0);
	ary_buf_release(&scratch);
	ary_buf_release(&out);
}

/* The JSON library's tries, too, none of which may make a good line a bad one. */
static void test_memory_that_is_out_is_never_a_bad_line(void **state)
{
	static const char *const texts[] = {
		"{\"cmd\":\"Set\",\"key\":\"k\",\"value_b64\":\"gIE=\"}\n",
		"{\"Set\":{\"key\":\"k\\u00e9\",\"value\":\"v\"}}\n",
		"{\"cmd\":\"rm\",\"key\":\"k\",\"more\":[1,2.5,null,{\"a\":true}]}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		enum ary_status status = ARY_NO_MEMORY;
		unsigned long nth = 0;
		while (status == ARY_NO_MEMORY) {
			struct ary_buf scratch = {0};
			struct ary_foreign foreign;
			nth++;
			ary_alloc_fail_at(nth, nth % 2 == 0);
			status = ary_foreign_decode(ary_bytes_of(texts[i]), &scratch, &foreign,
						    NULL);
			assert_true(ary_alloc_failed() == (status != ARY_OK));
			ary_alloc_fail_at(0, 0);
			ary_buf_release(&scratch);
		}
		assert_int_equal(status, ARY_OK);
		assert_in_range(nth, 8, 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_is_read),
		cmocka_unit_test(test_what_is_none_of_them_is_refused),
		cmocka_unit_test(test_lines_of_our_log_are_read),
		cmocka_unit_test(test_damaged_line_of_our_log_is_refused),
		cmocka_unit_test(test_what_is_written_is_read_back),
		cmocka_unit_test(test_forms_of_what_is_written),
		cmocka_unit_test(test_memory_that_is_out_is_told),
		cmocka_unit_test(test_memory_that_is_out_is_never_a_bad_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
