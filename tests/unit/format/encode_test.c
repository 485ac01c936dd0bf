/* SPDX-License-Identifier: MIT */
/* Promise: the writer's bytes are those of docs/FORMAT.md, whatever a key or a value holds comes
 * back as it was, and a write that cannot be made leaves no trace. The checksums in the table were
 * computed by another program. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/meta.h"
#include "format/record.h"

#define BYTES(literal) ((struct ary_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

struct golden {
	struct ary_record record;
	const char *line;
};

static const struct golden goldens[] = {
	{{.seq = 17, .time_ms = 1763796000123, .op = ARY_OP_SET, .key = BYTES("username"),
	  .value = BYTES("john")},
	 "{\"seq\":17,\"time\":1763796000123,\"cmd\":\"Set\",\"key\":\"username\","
	 "\"value\":\"john\","
	 "\"crc\":\"698a9262\"}\n"},
	{{.seq = 1, .time_ms = 2, .op = ARY_OP_SET, .has_durable = true, .durable_bytes = 345,
	  .key = BYTES("\x00\xff"), .type = BYTES("text/plain; charset=\"utf-8\""), .prev = 9,
	  .value = BYTES("\x80\x81")},
	 "{\"seq\":1,\"time\":2,\"cmd\":\"Set\",\"durable\":345,\"key_b64\":\"AP8=\","
	 "\"type\":\"text/plain; charset=\\\"utf-8\\\"\",\"prev\":9,\"value_b64\":\"gIE=\","
	 "\"crc\":\"07a78bda\"}\n"},
	{{.seq = 18, .time_ms = 1763796000124, .op = ARY_OP_RM, .key = BYTES("username"),
	  .prev = 17},
	 "{\"seq\":18,\"time\":1763796000124,\"cmd\":\"Rm\",\"key\":\"username\",\"prev\":17,"
	 "\"crc\":\"ad8d03f0\"}\n"},
	{{.seq = 19, .op = ARY_OP_RM, .has_durable = true, .key = BYTES("\0")},
	 "{\"seq\":19,\"time\":0,\"cmd\":\"Rm\",\"durable\":0,\"key_b64\":\"AA==\","
	 "\"crc\":\"98b5459a\"}\n"},
	{{.seq = 20, .time_ms = 3, .op = ARY_OP_EXPIRE, .key = BYTES("username"), .prev = 17},
	 "{\"seq\":20,\"time\":3,\"cmd\":\"Expire\",\"key\":\"username\",\"prev\":17,"
	 "\"crc\":\"436c5195\"}\n"},
	{{.seq = 21, .time_ms = 3, .op = ARY_OP_SET, .key = BYTES("k"), .type = BYTES("a/b"),
	  .encoding = BYTES("gzip, \"br\""), .expires_ms = 1763796000999,
	  .meta = BYTES("{\"a\":\"x \\\"y\\\\\",\"b\":\"\"}"),
	  .sha256 = BYTES("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
			  "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"),
	  .prev = 20, .value = BYTES("v")},
	 "{\"seq\":21,\"time\":3,\"cmd\":\"Set\",\"key\":\"k\",\"type\":\"a/b\","
	 "\"encoding\":\"gzip, \\\"br\\\"\",\"expires\":1763796000999,"
	 "\"meta\":{\"a\":\"x \\\"y\\\\\",\"b\":\"\"},"
	 "\"sha256\":\"000102030405060708090a0b0c0d0e0f"
	 "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\","
	 "\"prev\":20,\"value\":\"v\",\"crc\":\"2c06ab31\"}\n"},
	{{.seq = 1, .time_ms = 5, .op = ARY_OP_LOG, .version = 1, .log = 0,
	  .durability = BYTES("always")},
	 "{\"seq\":1,\"time\":5,\"cmd\":\"Log\",\"version\":1,\"log\":0,\"durability\":\"always\","
	 "\"crc\":\"ab77a10f\"}\n"},
	{{.seq = 2, .time_ms = 5, .op = ARY_OP_BASE, .has_durable = true, .durable_bytes = 7,
	  .version = 1, .log = 12, .base = 3},
	 "{\"seq\":2,\"time\":5,\"cmd\":\"Base\",\"durable\":7,\"version\":1,\"log\":12,\"base\":3,"
	 "\"crc\":\"81fc5971\"}\n"},
	{{.seq = 2, .time_ms = 5, .op = ARY_OP_BASE, .version = 1, .log = 12, .cleaned = 40},
	 "{\"seq\":2,\"time\":5,\"cmd\":\"Base\",\"version\":1,\"log\":12,\"base\":0,"
	 "\"cleaned\":40,\"crc\":\"692e2b0e\"}\n"},
	{{.seq = 2, .time_ms = 5, .op = ARY_OP_MERGE, .version = 1, .log = 12, .base = 12},
	 "{\"seq\":2,\"time\":5,\"cmd\":\"Merge\",\"version\":1,\"log\":12,\"base\":12,"
	 "\"crc\":\"4cfab8b4\"}\n"},
	{{.seq = 2, .time_ms = 5, .op = ARY_OP_MERGE, .version = 1, .log = 12, .base = 3,
	  .cleaned = ARY_SEQ_MAX},
	 "{\"seq\":2,\"time\":5,\"cmd\":\"Merge\",\"version\":1,\"log\":12,\"base\":3,"
	 "\"cleaned\":9007199254740991,\"crc\":\"f4b8439a\"}\n"},
	{{.seq = ARY_SEQ_MAX, .time_ms = UINT64_MAX, .op = ARY_OP_SEAL, .lines = 1000000},
	 "{\"seq\":9007199254740991,\"time\":9007199254740991,\"cmd\":\"Seal\",\"lines\":1000000,"
	 "\"crc\":\"8b5ec628\"}\n"},
	{{.seq = 3, .time_ms = 6, .op = ARY_OP_MARK},
	 "{\"seq\":3,\"time\":6,\"cmd\":\"Mark\",\"crc\":\"4ac6aaea\"}\n"},
	{{.seq = 3, .time_ms = 6, .op = ARY_OP_MARK, .has_durable = true, .durable_bytes = 90,
	  .clean = true},
	 "{\"seq\":3,\"time\":6,\"cmd\":\"Mark\",\"durable\":90,\"clean\":true,"
	 "\"crc\":\"3a46d421\"}\n"},
	{{.seq = 3, .time_ms = 6, .op = ARY_OP_MARK, .durability = BYTES("interval")},
	 "{\"seq\":3,\"time\":6,\"cmd\":\"Mark\",\"durability\":\"interval\","
	 "\"crc\":\"92b4ebfc\"}\n"},
	{{.seq = 4, .time_ms = 7, .op = ARY_OP_SET,
	  .key = BYTES("\"\\\b\f\n\r\t\x01\x1f/\x7f"
		       "\xe2\x80\xa8\xe2\x80\xa9\xc3\xa9\xf0\x9f\x98\x80"),
	  .value = BYTES("")},
	 "{\"seq\":4,\"time\":7,\"cmd\":\"Set\","
	 "\"key\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f"
	 "\xe2\x80\xa8\xe2\x80\xa9\xc3\xa9\xf0\x9f\x98\x80\",\"value\":\"\","
	 "\"crc\":\"c0806ed1\"}\n"},
	{{.seq = 20, .time_ms = 8, .op = ARY_OP_PART, .has_durable = true, .durable_bytes = 5,
	  .upload = 20, .value = BYTES("john")},
	 "{\"seq\":20,\"time\":8,\"cmd\":\"Part\",\"durable\":5,\"upload\":20,\"part\":0,"
	 "\"value_b64\":\"am9obg==\",\"crc\":\"30449742\"}\n"},
	{{.seq = 21, .time_ms = 8, .op = ARY_OP_PART, .upload = 20, .part = 1,
	  .value = BYTES("jo")},
	 "{\"seq\":21,\"time\":8,\"cmd\":\"Part\",\"upload\":20,\"part\":1,"
	 "\"value_b64\":\"am8=\",\"crc\":\"53188ab3\"}\n"},
	{{.seq = 22, .time_ms = 8, .op = ARY_OP_SET, .key = BYTES("username"),
	  .type = BYTES("t/t"), .prev = 17,
	  .large = {.upload = 20, .count = 2, .part_bytes = 4, .size = 6}},
	 "{\"seq\":22,\"time\":8,\"cmd\":\"Set\",\"key\":\"username\",\"type\":\"t/t\",\"prev\":17,"
	 "\"parts\":{\"upload\":20,\"count\":2,\"part_bytes\":4,\"size\":6},"
	 "\"crc\":\"efb7e016\"}\n"},
};

static void assert_bytes(struct ary_bytes actual, struct ary_bytes expected)
{
	assert_int_equal(actual.size, expected.size);
	if (expected.size > 0)
		assert_memory_equal(actual.data, expected.data, expected.size);
}

static void assert_record(const struct ary_record *actual, const struct ary_record *expected)
{
	uint64_t time_ms = expected->time_ms < ARY_SEQ_MAX ? expected->time_ms : ARY_SEQ_MAX;

	assert_int_equal(actual->seq, expected->seq);
	assert_int_equal(actual->time_ms, time_ms);
	assert_int_equal(actual->op, expected->op);
	assert_bytes(actual->key, expected->key);
	assert_bytes(actual->value, expected->value);
	assert_bytes(actual->type, expected->type);
	assert_bytes(actual->encoding, expected->encoding);
	assert_bytes(actual->meta, expected->meta);
	assert_bytes(actual->sha256, expected->sha256);
	assert_int_equal(actual->expires_ms, expected->expires_ms);
	assert_bytes(actual->durability, expected->durability);
	assert_int_equal(actual->prev, expected->prev);
	assert_int_equal(actual->has_durable, expected->has_durable);
	assert_int_equal(actual->durable_bytes, expected->durable_bytes);
	assert_int_equal(actual->log, expected->log);
	assert_int_equal(actual->version, expected->version);
	assert_int_equal(actual->base, expected->base);
	assert_int_equal(actual->cleaned, expected->cleaned);
	assert_int_equal(actual->lines, expected->lines);
	assert_int_equal(actual->clean, expected->clean);
	assert_int_equal(actual->upload, expected->upload);
	assert_int_equal(actual->part, expected->part);
	assert_int_equal(actual->large.upload, expected->large.upload);
	assert_int_equal(actual->large.count, expected->large.count);
	assert_int_equal(actual->large.part_bytes, expected->large.part_bytes);
	assert_int_equal(actual->large.size, expected->large.size);
}

/* Writes RECORD behind some bytes, reads it back, and holds it against itself. */
static void assert_round_trip(const struct ary_record *record)
{
	struct ary_buf buf = {0};
	struct ary_buf scratch = {0};
	struct ary_record back;
	struct ary_record head;

	assert_true(ary_buf_append(&buf, BYTES("before\n")));
	assert_int_equal(ary_record_encode(record, &buf), ARY_OK);
	assert_memory_equal(buf.data, "before\n", 7);
	struct ary_bytes line = {buf.data + 7, buf.size - 7};
	assert_true(line.size <= ary_record_line_bytes_max(record));
	assert_ptr_equal(memchr(line.data, '\n', line.size), line.data + line.size - 1);
	assert_int_equal(ary_record_decode(line, &scratch, &back, NULL), ARY_OK);
	assert_record(&back, record);
	assert_int_equal(ary_record_decode_head(line, &scratch, &head, NULL), ARY_OK);
	assert_bytes(head.value, BYTES(""));
	head.value = record->value;
	assert_record(&head, record);
	ary_buf_release(&buf);
	ary_buf_release(&scratch);
}

static void assert_set_round_trip(struct ary_bytes key, struct ary_bytes value)
{
	struct ary_record record = {.seq = 7, .time_ms = 8, .op = ARY_OP_SET, .key = key,
				    .value = value};

	assert_round_trip(&record);
}

static void test_lines_are_the_documented_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		struct ary_buf buf = {0};
		assert_int_equal(ary_record_encode(&goldens[i].record, &buf), ARY_OK);
		assert_bytes(ary_buf_view(&buf), ary_bytes_of(goldens[i].line));
		assert_round_trip(&goldens[i].record);
		ary_buf_release(&buf);
	}
}

static void test_every_byte_comes_back(void **state)
{
	uint8_t all[256];

	(void)state;
	for (int i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;
		uint8_t inside[20];
		all[i] = byte;
		memset(inside, 'x', sizeof(inside));
		inside[i % 20] = byte;
		struct ary_bytes alone = {&byte, 1};
		struct ary_bytes among = {inside, sizeof(inside)};
		assert_set_round_trip(alone, alone);
		assert_set_round_trip(among, among);
	}
	assert_set_round_trip((struct ary_bytes){all, 256}, (struct ary_bytes){all, 256});
	assert_set_round_trip((struct ary_bytes){all + 1, 127}, (struct ary_bytes){all + 1, 127});
}

static void test_random_bytes_come_back(void **state)
{
	uint32_t random = 2026;
	uint8_t data[400];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		/* Every second round is ASCII only: text, with many escapes. */
		uint8_t mask = round % 2 ? 0x7f : 0xff;
		for (size_t i = 0; i < sizeof(data); i++) {
			random = random * 1664525 + 1013904223;
			data[i] = (uint8_t)(random >> 24 & mask);
		}
		size_t key_bytes = 1 + random % 100;
		size_t value_bytes = (random >> 8) % 300;
		assert_set_round_trip((struct ary_bytes){data, key_bytes},
				      (struct ary_bytes){data + 100, value_bytes});
	}
}

/* What the line of KEY = "k" and VALUE says its value is, up to the closing quote. */
static void assert_value_field(struct ary_bytes value, const char *field, size_t encoded_bytes)
{
	struct ary_record record = {.seq = 1, .time_ms = 1, .op = ARY_OP_SET, .key = BYTES("k"),
				    .value = value};
	struct ary_buf buf = {0};

	assert_int_equal(ary_record_encode(&record, &buf), ARY_OK);
	size_t field_bytes = strlen(field);
	/* The closing quote and the trailer: 20 bytes. */
	assert_true(buf.size > 20 + encoded_bytes + field_bytes);
	assert_int_equal(buf.data[buf.size - 20], '"');
	assert_memory_equal(buf.data + buf.size - 20 - encoded_bytes - field_bytes, field,
			    field_bytes);
	ary_buf_release(&buf);
	assert_set_round_trip(BYTES("k"), value);
}

static void test_value_ends_twenty_bytes_before_the_line(void **state)
{
	(void)state;
	assert_value_field(BYTES(""), ",\"value\":\"", 0);
	assert_value_field(BYTES("plain"), ",\"value\":\"", 5);
	assert_value_field(BYTES("a\nb"), ",\"value\":\"", 4);
	assert_value_field(BYTES("\x02"), ",\"value\":\"", 6);
	assert_value_field(BYTES("\xff"), ",\"value_b64\":\"", 4);
	assert_value_field(BYTES("\xff\xfe\xfd"), ",\"value_b64\":\"", 4);
	assert_value_field(BYTES("\xff\xfe\xfd\xfc"), ",\"value_b64\":\"", 8);
}

static void test_value_is_base64_beyond_64_kib(void **state)
{
	size_t edge = 65536;
	uint8_t *text = malloc(edge + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'v', edge + 1);
	assert_value_field((struct ary_bytes){text, edge}, ",\"value\":\"", edge);
	assert_value_field((struct ary_bytes){text, edge + 1}, ",\"value_b64\":\"",
			   (edge + 1 + 2) / 3 * 4);
	memset(text, 1, edge);
	assert_value_field((struct ary_bytes){text, edge}, ",\"value\":\"", edge * 6);
	/* A long key of text stays text: only values have the limit. */
	memset(text, 'k', edge + 1);
	assert_set_round_trip((struct ary_bytes){text, edge + 1}, BYTES(""));
	free(text);
}

static void test_text_is_only_utf8_without_zero(void **state)
{
	(void)state;
	assert_value_field(BYTES("\xf0\x9f\x98\x80"), ",\"value\":\"", 4);
	assert_value_field(BYTES("\xe2\x80\xa8"), ",\"value\":\"", 3);
	assert_value_field(BYTES("\x7f"), ",\"value\":\"", 1);
	assert_value_field(BYTES("a\0b"), ",\"value_b64\":\"", 4);
	assert_value_field(BYTES("\xed\xa0\x80"), ",\"value_b64\":\"", 4);
	assert_value_field(BYTES("\xc0\x80"), ",\"value_b64\":\"", 4);
	assert_value_field(BYTES("\xf4\x90\x80\x80"), ",\"value_b64\":\"", 8);
	assert_value_field(BYTES("abcdefg\xc3"), ",\"value_b64\":\"", 12);
}

/* Any bytes as a hash, and any word as a coding; with everything at its largest. */
static void test_what_is_said_of_a_value_comes_back(void **state)
{
	uint8_t words[ARY_RECORD_TYPE_BYTES_MAX];
	uint8_t sha256[ARY_RECORD_SHA256_BYTES];
	uint8_t text[ARY_META_BYTES_MAX];
	struct ary_buf meta = {0};
	uint32_t random = 2027;

	(void)state;
	memset(text, '"', sizeof(text));
	assert_int_equal(ary_meta_add(&meta, 0, BYTES("n"),
				      (struct ary_bytes){text, (ARY_META_BYTES_MAX - 8) / 2}, NULL),
			 ARY_OK);
	for (int round = 0; round < 1000; round++) {
		for (size_t i = 0; i < sizeof(words); i++) {
			random = random * 1664525 + 1013904223;
			words[i] = (uint8_t)(0x20 + (random >> 24) % 0x5f);
			sha256[i % sizeof(sha256)] = (uint8_t)(random >> 16);
		}
		struct ary_record record = {
			.seq = 7,
			.op = ARY_OP_SET,
			.key = BYTES("k\n"),
			.type = {words, random % 256},
			.encoding = {words + (random >> 8) % 128, 127},
			.expires_ms = (random >> 16) % 3 == 0 ? ARY_SEQ_MAX : random,
			.meta = random % 2 == 0 ? ary_buf_view(&meta) : BYTES(""),
			.sha256 = {sha256, random % 5 == 0 ? 0 : sizeof(sha256)},
			.prev = random % 7,
		};
		assert_round_trip(&record);
	}
	ary_buf_release(&meta);
}

static void test_no_memory_leaves_the_buffer(void **state)
{
	struct ary_buf buf = {0};

	(void)state;
	assert_true(ary_buf_append(&buf, BYTES("kept")));
	uint8_t *data = buf.data;
	size_t capacity = buf.capacity;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		ary_alloc_fail_at(1, 1);
		enum ary_status status = ary_record_encode(&goldens[i].record, &buf);
		ary_alloc_fail_at(0, 0);
		assert_int_equal(status, ARY_NO_MEMORY);
		assert_ptr_equal(buf.data, data);
		assert_int_equal(buf.capacity, capacity);
		assert_bytes(ary_buf_view(&buf), BYTES("kept"));
	}
	assert_int_equal(ary_record_encode(&goldens[0].record, &buf), ARY_OK);
	ary_buf_release(&buf);
}

static void test_line_that_could_not_be_read_is_not_written(void **state)
{
	struct ary_buf buf = {0};
	size_t size = ARY_RECORD_LINE_BYTES_MAX;
	uint8_t *data = calloc(1, size + 1);
	struct ary_record record = {.seq = 1, .op = ARY_OP_SET, .key = BYTES("k")};

	(void)state;
	assert_non_null(data);
	assert_true(ary_buf_append(&buf, BYTES("kept")));
	const size_t too_large[] = {size + 1, size, size / 4 * 3};
	for (size_t i = 0; i < 3; i++) {
		record.value = (struct ary_bytes){data, too_large[i]};
		assert_int_equal(ary_record_encode(&record, &buf), ARY_TOO_LARGE);
		assert_bytes(ary_buf_view(&buf), BYTES("kept"));
	}
	record.value = (struct ary_bytes){data, size / 4 * 3 - 96};
	assert_round_trip(&record);
	free(data);
	ary_buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_the_documented_bytes),
		cmocka_unit_test(test_every_byte_comes_back),
		cmocka_unit_test(test_random_bytes_come_back),
		cmocka_unit_test(test_value_ends_twenty_bytes_before_the_line),
		cmocka_unit_test(test_value_is_base64_beyond_64_kib),
		cmocka_unit_test(test_text_is_only_utf8_without_zero),
		cmocka_unit_test(test_what_is_said_of_a_value_comes_back),
		cmocka_unit_test(test_no_memory_leaves_the_buffer),
		cmocka_unit_test(test_line_that_could_not_be_read_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
