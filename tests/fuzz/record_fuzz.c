/* SPDX-License-Identifier: MIT */
/* Promise: any bytes can be read as a line without harm; the three ways to read one (by hand,
 * without its value, through the JSON library) agree; and what was read is written again as the
 * same.
 *
 * The first byte says what the rest is: 0 a line as it is, 1 a line that still lacks its trailer,
 * 2 the parts of a record. */
#include <string.h>

#include "base/status.h"
#include "format/meta.h"
#include "format/record.h"
#include "format/record_private.h"
#include "fuzz/fuzz.h"
#include "lib/lines.h"

const char fuzz_name[] = "record";
const unsigned long fuzz_runs = 20000;

enum { WAYS = 3, UNTOUCHED = 0x5a };

static bool same_bytes(struct ary_bytes a, struct ary_bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static void check_same_head(const struct ary_record *a, const struct ary_record *b)
{
	ARY_CHECK(a->seq == b->seq && a->time_ms == b->time_ms && a->op == b->op);
	ARY_CHECK(same_bytes(a->key, b->key) && same_bytes(a->type, b->type));
	ARY_CHECK(same_bytes(a->encoding, b->encoding) && same_bytes(a->meta, b->meta));
	ARY_CHECK(same_bytes(a->sha256, b->sha256) && a->expires_ms == b->expires_ms);
	ARY_CHECK(a->prev == b->prev && a->has_durable == b->has_durable);
	ARY_CHECK(a->durable_bytes == b->durable_bytes && a->log == b->log);
	ARY_CHECK(a->version == b->version && a->base == b->base && a->lines == b->lines);
	ARY_CHECK(a->cleaned == b->cleaned);
	ARY_CHECK(a->clean == b->clean && same_bytes(a->durability, b->durability));
	ARY_CHECK(a->upload == b->upload && a->part == b->part);
	ARY_CHECK(a->large.upload == b->large.upload && a->large.count == b->large.count);
	ARY_CHECK(a->large.part_bytes == b->large.part_bytes && a->large.size == b->large.size);
}

static void check_same(const struct ary_record *a, const struct ary_record *b)
{
	check_same_head(a, b);
	ARY_CHECK(same_bytes(a->value, b->value));
}

/* A record as it was before a reader failed. */
static struct ary_record untouched(void)
{
	struct ary_record record;

	memset(&record, UNTOUCHED, sizeof(record));
	return record;
}

static void check_untouched(const struct ary_record *record)
{
	const uint8_t *bytes = (const uint8_t *)record;

	for (size_t i = 0; i < sizeof(*record); i++)
		ARY_CHECK(bytes[i] == UNTOUCHED);
}

static void check_limits(const struct ary_record *record)
{
	bool has_key = record->op <= ARY_OP_EXPIRE;

	ARY_CHECK(record->seq > 0 && record->seq <= ARY_SEQ_MAX);
	ARY_CHECK(record->time_ms <= ARY_SEQ_MAX && record->prev <= ARY_SEQ_MAX);
	ARY_CHECK(record->durable_bytes <= ARY_SEQ_MAX && record->lines <= ARY_SEQ_MAX);
	ARY_CHECK(has_key == (record->key.size > 0));
	ARY_CHECK(record->op == ARY_OP_SET ||
		  record->type.size + record->encoding.size + record->meta.size +
			  record->sha256.size + record->expires_ms == 0);
	ARY_CHECK(record->op == ARY_OP_SET || record->op == ARY_OP_PART || record->value.size == 0);
	ARY_CHECK(record->op == ARY_OP_SET || record->large.count == 0);
	ARY_CHECK(record->large.count == 0 || record->value.size == 0);
	ARY_CHECK(record->op == ARY_OP_PART ? record->part < ARY_RECORD_PARTS_MAX
					    : record->upload + record->part == 0);
	ARY_CHECK(record->type.size <= ARY_RECORD_TYPE_BYTES_MAX);
	ARY_CHECK(record->encoding.size <= ARY_RECORD_TYPE_BYTES_MAX);
	ARY_CHECK(record->expires_ms <= ARY_SEQ_MAX && ary_meta_valid(record->meta));
	ARY_CHECK(record->sha256.size == 0 || record->sha256.size == ARY_RECORD_SHA256_BYTES);
	ARY_CHECK(record->op != ARY_OP_EXPIRE || record->prev > 0);
}

/* Writes RECORD, and reads it again in every way. */
static void check_written(const struct ary_record *record)
{
	struct ary_buf line = {0}, scratch = {0}, json_scratch = {0}, again = {0};
	struct ary_record read, json;

	ARY_CHECK(ary_record_encode(record, &line) == ARY_OK);
	struct ary_bytes view = ary_buf_view(&line);
	ARY_CHECK(ary_record_intact(view));
	ARY_CHECK(memchr(view.data, '\n', view.size) == view.data + view.size - 1);
	ARY_CHECK(view.size <= ary_record_line_bytes_max(record));
	ARY_CHECK(ary_record_decode(view, &scratch, &read, NULL) == ARY_OK);
	check_same(record, &read);
	ARY_CHECK(ary_record_decode_json(view, true, &json_scratch, &json, NULL) == ARY_OK);
	check_same(record, &json);
	ARY_CHECK(ary_record_encode(&read, &again) == ARY_OK);
	ARY_CHECK(same_bytes(view, ary_buf_view(&again)));
	ary_buf_release(&line);
	ary_buf_release(&scratch);
	ary_buf_release(&json_scratch);
	ary_buf_release(&again);
}

/* Reads LINE in the three ways. */
static void check_line(struct ary_bytes line)
{
	struct ary_buf scratch = {0}, head_scratch = {0}, json_scratch = {0};
	struct ary_record record = untouched(), head = untouched(), json = untouched();
	struct ary_error err = {0};
	bool intact = ary_record_intact(line);

	enum ary_status status = ary_record_decode(line, &scratch, &record, &err);
	ARY_CHECK(status == ARY_OK || (status == ARY_CORRUPT && err.text[0] != '\0'));
	enum ary_status head_status = ary_record_decode_head(line, &head_scratch, &head, &err);
	ARY_CHECK(head_status == ARY_OK || (head_status == ARY_CORRUPT && status != ARY_OK));
	ARY_CHECK(intact || (status != ARY_OK && head_status != ARY_OK));
	if (head_status != ARY_OK)
		check_untouched(&head);
	else
		ARY_CHECK(head.value.size == 0);
	if (intact) {
		ARY_CHECK(ary_record_decode_json(line, true, &json_scratch, &json, NULL) == status);
		if (status == ARY_OK)
			check_same(&record, &json);
	}
	if (status == ARY_OK) {
		check_same_head(&record, &head);
		check_limits(&record);
		if (record.op != ARY_OP_UNKNOWN)
			check_written(&record);
	} else {
		check_untouched(&record);
	}
	ary_buf_release(&scratch);
	ary_buf_release(&head_scratch);
	ary_buf_release(&json_scratch);
}

static uint64_t take_number(struct ary_bytes *input)
{
	uint64_t number = 0;

	for (unsigned bytes = fuzz_take_byte(input) % 8; bytes > 0; bytes--)
		number = number << 8 | fuzz_take_byte(input);
	return number & ARY_SEQ_MAX;
}

/* Where the parts of a record are made. */
struct room {
	uint8_t word[ARY_RECORD_TYPE_BYTES_MAX];
	uint8_t other_word[ARY_RECORD_TYPE_BYTES_MAX];
	struct ary_buf meta;
};

/* Makes bytes of INPUT a word of printable characters in OUT. */
static struct ary_bytes take_word(struct ary_bytes *input, uint8_t out[ARY_RECORD_TYPE_BYTES_MAX])
{
	struct ary_bytes word = fuzz_take(input, fuzz_take_byte(input));

	for (size_t i = 0; i < word.size; i++)
		out[i] = (uint8_t)(0x20 + word.data[i] % 0x5f);
	return (struct ary_bytes){out, word.size};
}

/* Numbers of a value in parts that may stand in a Set with SEQ, or none. */
static struct ary_record_large take_large(struct ary_bytes *input, uint64_t seq)
{
	struct ary_record_large large = {.upload = take_number(input) % (seq + 1)};

	if (large.upload == 0 || large.upload == seq)
		return (struct ary_record_large){0};
	large.count = 1 + take_number(input) % ARY_RECORD_PARTS_MAX;
	large.part_bytes = 1 + take_number(input) % ARY_RECORD_PART_BYTES_MAX;
	large.size = large.count * large.part_bytes - take_number(input) % large.part_bytes;
	return large;
}

/* Makes bytes of INPUT metadata in BUF, as far as they can be. */
static void take_meta(struct ary_bytes *input, struct ary_buf *buf)
{
	uint8_t word[ARY_RECORD_TYPE_BYTES_MAX];

	for (unsigned count = fuzz_take_byte(input) % 5; count > 0; count--) {
		struct ary_bytes name = fuzz_take(input, fuzz_take_byte(input) % 16);
		enum ary_status status = ary_meta_add(buf, 0, name, take_word(input, word), NULL);
		ARY_CHECK(status == ARY_OK || status == ARY_INVALID);
		ARY_CHECK(ary_meta_valid(ary_buf_view(buf)));
	}
}

static void fill_set(struct ary_bytes *input, struct ary_record *record, struct room *room)
{
	record->type = take_word(input, room->word);
	record->encoding = take_word(input, room->other_word);
	record->expires_ms = take_number(input);
	take_meta(input, &room->meta);
	record->meta = ary_buf_view(&room->meta);
	record->sha256 = fuzz_take(input, ARY_RECORD_SHA256_BYTES);
	if (record->sha256.size != ARY_RECORD_SHA256_BYTES || record->sha256.data[0] % 2 == 0)
		record->sha256.size = 0;
	record->large = take_large(input, record->seq);
	if (record->large.count == 0)
		record->value = *input;
}

static void fill_own(struct ary_bytes *input, struct ary_record *record, struct room *room)
{
	bool has_key = record->op <= ARY_OP_EXPIRE;
	bool is_merged = record->op == ARY_OP_BASE || record->op == ARY_OP_MERGE;
	bool is_first = record->op == ARY_OP_LOG || is_merged;

	if (has_key) {
		record->prev = take_number(input);
		record->key = fuzz_take(input, 1 + (size_t)fuzz_take_byte(input));
	}
	if (is_first) {
		record->version = take_number(input);
		record->log = take_number(input);
	}
	if (is_merged) {
		record->base = take_number(input);
		record->cleaned = take_number(input);
	}
	if (record->op == ARY_OP_SEAL)
		record->lines = take_number(input);
	if (record->op == ARY_OP_MARK)
		record->clean = fuzz_take_byte(input) % 2 == 1;
	if (record->op == ARY_OP_LOG || record->op == ARY_OP_MARK)
		record->durability = take_word(input, room->word);
	if (record->op == ARY_OP_SET)
		fill_set(input, record, room);
	if (record->op == ARY_OP_PART) {
		record->part = record->seq > 1 ? take_number(input) % ARY_RECORD_PARTS_MAX : 0;
		record->upload = record->part == 0 ? record->seq : record->seq - 1;
		record->value = *input;
	}
}

static int check_parts(struct ary_bytes input)
{
	struct room room = {.meta = {0}};
	struct ary_record record = {.op = (enum ary_op)(fuzz_take_byte(&input) % ARY_OP_UNKNOWN)};

	record.seq = take_number(&input);
	record.time_ms = take_number(&input);
	record.has_durable = fuzz_take_byte(&input) % 2 == 1;
	if (record.has_durable)
		record.durable_bytes = take_number(&input);
	fill_own(&input, &record, &room);
	bool lacks_key = record.op <= ARY_OP_EXPIRE && record.key.size == 0;
	bool lacks_word = record.op == ARY_OP_LOG && record.durability.size == 0;
	bool lacks_prev = record.op == ARY_OP_EXPIRE && record.prev == 0;
	bool complete = record.seq > 0 && !lacks_key && !lacks_word && !lacks_prev;
	if (complete)
		check_written(&record);
	ary_buf_release(&room.meta);
	return complete ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ary_bytes input = {data, size};
	struct ary_buf line = {0};

	switch (fuzz_take_byte(&input) % WAYS) {
	case 0:
		check_line(input);
		return 0;
	case 1:
		lines_seal(&line, input);
		check_line(ary_buf_view(&line));
		ary_buf_release(&line);
		return 0;
	default:
		return check_parts(input);
	}
}
