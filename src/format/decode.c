/* SPDX-License-Identifier: MIT */
/* Reads lines in the form in which this program writes them: one pass, and nothing is copied that
 * stands for itself. Whatever looks different is left to decode_json.c, which also is the one that
 * refuses, so that both ways agree on what is damage. */
#include <string.h>

#include "base/base64.h"
#include "base/block.h"
#include "base/utf8.h"
#include "format/meta.h"
#include "format/record.h"
#include "format/record_private.h"
#include "format/text.h"

struct cursor {
	const uint8_t *at;
	const uint8_t *end; /* where the trailer begins */
};

/* How a string says what it means. */
enum kind {
	PLAIN, /* it stands for itself */
	ESCAPED,
	BASE64,
	HEX, /* a sha256 */
};

/* The inside of a string, as it stands in the line. */
struct text {
	struct ary_bytes raw;
	enum kind kind;
};

/* What a line says before anything is decoded. */
struct parts {
	struct ary_record record;
	struct text key;
	struct text type;
	struct text encoding;
	struct text sha256;
	struct text value;
	struct text durability;
};

static inline bool skip(struct cursor *cursor, size_t size)
{
	cursor->at += size;
	return true;
}

/* Whether LITERAL comes next. A macro: comparing so many bytes as the compiler knows takes two
 * instructions, and this is asked six times a line. */
#define FOLLOWS(cursor, literal) \
	((size_t)((cursor)->end - (cursor)->at) >= sizeof(literal) - 1 && \
	 memcmp((cursor)->at, literal, sizeof(literal) - 1) == 0)

/* The same, and takes it. */
#define TAKE(cursor, literal) \
	(FOLLOWS(cursor, literal) && skip(cursor, sizeof(literal) - 1))

/* Eight bytes, the first one lowest, whatever the byte order of the machine. */
static inline uint64_t load_little(const uint8_t *bytes)
{
	return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
	       (uint64_t)bytes[3] << 24 | (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
	       (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

/* Appends the digits that AT begins with, at most eight, to *NUMBER, and answers how many. All are
 * read together: digits become their values, zeros take the place of what is behind them, and then
 * neighbours are joined three times. */
static inline unsigned append_digits(const uint8_t *at, uint64_t *number)
{
	static const uint32_t powers[] = {1,      10,      100,      1000,     10000,
					  100000, 1000000, 10000000, 100000000};
	uint64_t digits = load_little(at) ^ UINT64_C(0x3030303030303030);
	uint64_t others = (digits | (digits + UINT64_C(0x7676767676767676))) &
			  UINT64_C(0x8080808080808080);
	unsigned count = others != 0 ? (unsigned)__builtin_ctzll(others) / 8 : 8;

	if (count == 0)
		return 0;
	digits <<= 64 - 8 * count;
	digits = digits * 10 + (digits >> 8);
	digits = ((digits & UINT64_C(0x000000ff000000ff)) * (100 + (UINT64_C(1000000) << 32)) +
		  (digits >> 16 & UINT64_C(0x000000ff000000ff)) * (1 + (UINT64_C(10000) << 32))) >>
		 32;
	*number = *number * powers[count] + digits;
	return count;
}

/* The trailer, which is no number and longer than what is read beyond one, ends every number. */
static inline bool take_number(struct cursor *cursor, uint64_t *out)
{
	const uint8_t *first = cursor->at;
	uint64_t number = 0;
	unsigned count = append_digits(first, &number);

	if (count == 8)
		count += append_digits(first + 8, &number);
	/* 2^53 - 1 has 16 digits. */
	if (count == 16 && (unsigned)first[16] - '0' <= 9)
		return false;
	if (count == 0 || number > ARY_SEQ_MAX || (*first == '0' && count > 1))
		return false;
	cursor->at = first + count;
	*out = number;
	return true;
}

/* The inside of a string after its opening quote; takes the closing one. */
static bool take_string(struct cursor *cursor, struct text *out)
{
	const uint8_t *first = cursor->at;
	const uint8_t *at = first;
	bool escaped = false;

	for (;;) {
		at += ary_text_plain(at, (size_t)(cursor->end - at));
		if (at == cursor->end)
			return false;
		if (*at == '"')
			break;
		if (*at != '\\' || cursor->end - at < 2)
			return false;
		escaped = true;
		at += 2;
	}
	out->raw = (struct ary_bytes){first, (size_t)(at - first)};
	/* Neither base64 nor digits have escapes: such a string is refused when it is decoded. */
	if (escaped && out->kind == PLAIN)
		out->kind = ESCAPED;
	cursor->at = at + 1;
	/* An escape is ASCII: the text is UTF-8 if and only if its meaning is. */
	return ary_text_ascii(out->raw) || ary_utf8_valid(out->raw);
}

static bool take_key(struct cursor *cursor, struct parts *out)
{
	if (!TAKE(cursor, ",\"key"))
		return false;
	if (TAKE(cursor, "_b64"))
		out->key.kind = BASE64;
	return TAKE(cursor, "\":\"") && take_string(cursor, &out->key) && out->key.raw.size > 0;
}

static bool take_meta(struct cursor *cursor, struct parts *out)
{
	if (!TAKE(cursor, ",\"meta\":"))
		return true;
	const struct ary_bytes rest = {cursor->at, (size_t)(cursor->end - cursor->at)};
	out->record.meta = (struct ary_bytes){cursor->at, ary_meta_span(rest)};
	return out->record.meta.size > 0 && skip(cursor, out->record.meta.size);
}

/* What a Set says of its value. */
static bool take_about(struct cursor *cursor, struct parts *out)
{
	if (TAKE(cursor, ",\"type\":\"") && !take_string(cursor, &out->type))
		return false;
	if (TAKE(cursor, ",\"encoding\":\"") && !take_string(cursor, &out->encoding))
		return false;
	if (TAKE(cursor, ",\"expires\":") &&
	    (!take_number(cursor, &out->record.expires_ms) || out->record.expires_ms == 0))
		return false;
	if (!take_meta(cursor, out))
		return false;
	if (!TAKE(cursor, ",\"sha256\":\""))
		return true;
	out->sha256.kind = HEX;
	return take_string(cursor, &out->sha256);
}

static bool take_prev(struct cursor *cursor, struct parts *out)
{
	if (!TAKE(cursor, ",\"prev\":"))
		return true;
	return take_number(cursor, &out->record.prev) && out->record.prev > 0;
}

/* Whether the inside of a string that begins at FIRST ends at END, one quote before the trailer,
 * and not before: otherwise more fields follow the value, and they count. */
static bool ends_at(const uint8_t *first, const uint8_t *end)
{
	const uint8_t *quote = memchr(first, '"', (size_t)(end - first));

	if (quote == end - 1)
		return true;
	const uint8_t *at = first + ary_text_plain(first, (size_t)(end - first));
	while (at < end - 1 && *at == '\\') {
		at += 2;
		at += at < end ? ary_text_plain(at, (size_t)(end - at)) : 0;
	}
	return at == end - 1;
}

/* The value is the last field before the trailer, so that it can be skipped without decoding it. */
static bool take_value(struct cursor *cursor, bool with_value, struct parts *out)
{
	if (!TAKE(cursor, ",\"value"))
		return false;
	bool base64 = TAKE(cursor, "_b64");
	if (!TAKE(cursor, "\":\""))
		return false;
	if (with_value && !base64)
		return take_string(cursor, &out->value);
	const uint8_t *first = cursor->at;
	if (first == cursor->end || cursor->end[-1] != '"' || !ends_at(first, cursor->end))
		return false;
	cursor->at = cursor->end;
	if (with_value) {
		out->value.kind = BASE64;
		out->value.raw = (struct ary_bytes){first, (size_t)(cursor->end - 1 - first)};
	}
	return true;
}

static bool take_large(struct cursor *cursor, struct parts *out)
{
	struct ary_record_large *large = &out->record.large;

	return take_number(cursor, &large->upload) && TAKE(cursor, ",\"count\":") &&
	       take_number(cursor, &large->count) && TAKE(cursor, ",\"part_bytes\":") &&
	       take_number(cursor, &large->part_bytes) && TAKE(cursor, ",\"size\":") &&
	       take_number(cursor, &large->size) && TAKE(cursor, "}") &&
	       ary_record_large_valid(large, out->record.seq);
}

static bool take_set(struct cursor *cursor, bool with_value, struct parts *out)
{
	out->record.op = ARY_OP_SET;
	if (!take_key(cursor, out))
		return false;
	/* Most values have nothing said of them: then this is one question, and not six. */
	if (FOLLOWS(cursor, ",\"value"))
		return take_value(cursor, with_value, out);
	if (!take_about(cursor, out) || !take_prev(cursor, out))
		return false;
	if (TAKE(cursor, ",\"parts\":{\"upload\":"))
		return take_large(cursor, out);
	return take_value(cursor, with_value, out);
}

static bool take_rm(struct cursor *cursor, struct parts *out)
{
	out->record.op = ARY_OP_RM;
	return take_key(cursor, out) && take_prev(cursor, out);
}

static bool take_expire(struct cursor *cursor, struct parts *out)
{
	out->record.op = ARY_OP_EXPIRE;
	return take_key(cursor, out) && take_prev(cursor, out) && out->record.prev > 0;
}

static bool take_log(struct cursor *cursor, struct parts *out)
{
	out->record.op = ARY_OP_LOG;
	return TAKE(cursor, ",\"version\":") && take_number(cursor, &out->record.version) &&
	       TAKE(cursor, ",\"log\":") && take_number(cursor, &out->record.log) &&
	       TAKE(cursor, ",\"durability\":\"") && take_string(cursor, &out->durability) &&
	       out->durability.raw.size > 0;
}

static bool take_cleaned(struct cursor *cursor, struct parts *out)
{
	if (!TAKE(cursor, ",\"cleaned\":"))
		return true;
	return take_number(cursor, &out->record.cleaned) && out->record.cleaned > 0;
}

static bool take_merged(struct cursor *cursor, enum ary_op op, struct parts *out)
{
	out->record.op = op;
	return TAKE(cursor, ",\"version\":") && take_number(cursor, &out->record.version) &&
	       TAKE(cursor, ",\"log\":") && take_number(cursor, &out->record.log) &&
	       TAKE(cursor, ",\"base\":") && take_number(cursor, &out->record.base) &&
	       take_cleaned(cursor, out);
}

static bool take_seal(struct cursor *cursor, struct parts *out)
{
	out->record.op = ARY_OP_SEAL;
	return TAKE(cursor, ",\"lines\":") && take_number(cursor, &out->record.lines);
}

static bool take_mark(struct cursor *cursor, struct parts *out)
{
	out->record.op = ARY_OP_MARK;
	out->record.clean = TAKE(cursor, ",\"clean\":true");
	if (TAKE(cursor, ",\"durability\":\""))
		return take_string(cursor, &out->durability) && out->durability.raw.size > 0;
	return true;
}

static bool take_part(struct cursor *cursor, bool with_value, struct parts *out)
{
	out->record.op = ARY_OP_PART;
	return TAKE(cursor, ",\"upload\":") && take_number(cursor, &out->record.upload) &&
	       TAKE(cursor, ",\"part\":") && take_number(cursor, &out->record.part) &&
	       ary_record_part_valid(&out->record) && take_value(cursor, with_value, out);
}

static bool take_durable(struct cursor *cursor, struct ary_record *out)
{
	out->has_durable = TAKE(cursor, ",\"durable\":");
	return !out->has_durable || take_number(cursor, &out->durable_bytes);
}

/* `cmd` and what follows it. */
static bool take_command(struct cursor *cursor, bool with_value, struct parts *out)
{
	struct ary_record *record = &out->record;

	if (TAKE(cursor, "Set\""))
		return take_durable(cursor, record) && take_set(cursor, with_value, out);
	if (TAKE(cursor, "Rm\""))
		return take_durable(cursor, record) && take_rm(cursor, out);
	if (TAKE(cursor, "Expire\""))
		return take_durable(cursor, record) && take_expire(cursor, out);
	if (TAKE(cursor, "Part\""))
		return take_durable(cursor, record) && take_part(cursor, with_value, out);
	if (TAKE(cursor, "Mark\""))
		return take_durable(cursor, record) && take_mark(cursor, out);
	if (TAKE(cursor, "Log\""))
		return take_durable(cursor, record) && take_log(cursor, out);
	if (TAKE(cursor, "Base\""))
		return take_durable(cursor, record) && take_merged(cursor, ARY_OP_BASE, out);
	if (TAKE(cursor, "Merge\""))
		return take_durable(cursor, record) && take_merged(cursor, ARY_OP_MERGE, out);
	return TAKE(cursor, "Seal\"") && take_durable(cursor, record) && take_seal(cursor, out);
}

static bool take_line(struct ary_bytes line, bool with_value, struct parts *out)
{
	struct cursor cursor = {line.data, line.data + line.size - ARY_RECORD_TRAILER_BYTES};

	return TAKE(&cursor, "{\"seq\":") && take_number(&cursor, &out->record.seq) &&
	       out->record.seq > 0 && TAKE(&cursor, ",\"time\":") &&
	       take_number(&cursor, &out->record.time_ms) && TAKE(&cursor, ",\"cmd\":\"") &&
	       take_command(&cursor, with_value, out) && cursor.at == cursor.end;
}

/* Room that decoding TEXT needs: never more than its own size. One more, so that there is a buffer
 * to point into where an empty string is decoded. */
static size_t room_for(const struct text *text)
{
	return text->kind != PLAIN ? text->raw.size + 1 : 0;
}

/* What TEXT stands for, in SCRATCH where it is not what stands in the line. INVALID: it is not
 * well formed. */
static enum ary_status resolve(const struct text *text, struct ary_buf *scratch,
			       struct ary_bytes *out)
{
	if (text->kind == PLAIN) {
		*out = text->raw;
		return ARY_OK;
	}
	size_t start = scratch->size;
	if (text->kind == BASE64) {
		enum ary_status status = ary_base64_decode(text->raw, scratch);
		if (status != ARY_OK)
			return status;
	} else if (text->kind == HEX) {
		if (!ary_record_take_sha256(text->raw, scratch->data + start))
			return ARY_INVALID;
		scratch->size += ARY_RECORD_SHA256_BYTES;
	} else {
		size_t size;
		if (!ary_text_unescape(text->raw, scratch->data + start, &size))
			return ARY_INVALID;
		scratch->size += size;
	}
	*out = (struct ary_bytes){scratch->data + start, scratch->size - start};
	return ARY_OK;
}

static enum ary_status check_sizes(const struct ary_record *record)
{
	/* As of most lines. */
	if (record->op == ARY_OP_SET && record->type.size == 0 && record->encoding.size == 0)
		return ARY_OK;
	bool fits = ary_record_type_valid(record->type) &&
		    ary_record_type_valid(record->encoding) &&
		    ary_record_type_valid(record->durability) &&
		    (record->op != ARY_OP_PART ||
		     record->value.size <= ARY_RECORD_PART_BYTES_MAX);
	return fits ? ARY_OK : ARY_INVALID;
}

static bool are_plain(const struct parts *parts)
{
	return (parts->key.kind | parts->type.kind | parts->encoding.kind | parts->sha256.kind |
		parts->value.kind | parts->durability.kind) == PLAIN;
}

/* As resolve_parts, where all strings stand for themselves, as those of most lines do. */
static enum ary_status resolve_plain(struct parts *parts)
{
	parts->record.key = parts->key.raw;
	parts->record.type = parts->type.raw;
	parts->record.encoding = parts->encoding.raw;
	parts->record.durability = parts->durability.raw;
	parts->record.value = parts->value.raw;
	return check_sizes(&parts->record);
}

/* Decodes the strings of PARTS into its record. All room is made first: SCRATCH must not move
 * while views borrow from it. */
static enum ary_status resolve_parts(struct parts *parts, struct ary_buf *scratch)
{
	enum { TEXT_COUNT = 6 };
	const struct text *texts[TEXT_COUNT] = {&parts->key,    &parts->type,  &parts->encoding,
						&parts->sha256, &parts->value, &parts->durability};
	struct ary_record *record = &parts->record;
	struct ary_bytes *views[TEXT_COUNT] = {&record->key,    &record->type,  &record->encoding,
					       &record->sha256, &record->value,
					       &record->durability};
	size_t room = 0;

	if (are_plain(parts))
		return resolve_plain(parts);
	for (size_t i = 0; i < TEXT_COUNT; i++)
		room += room_for(texts[i]);
	if (!ary_buf_reserve(scratch, room))
		return ARY_NO_MEMORY;
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		enum ary_status status = resolve(texts[i], scratch, views[i]);
		if (status != ARY_OK)
			return status;
	}
	return check_sizes(record);
}

static enum ary_status decode(struct ary_bytes line, bool with_value, struct ary_buf *scratch,
			      struct ary_record *out, struct ary_error *err)
{
	struct parts parts;

	ary_block_clear(&parts, sizeof(parts));
	scratch->size = 0;
	if (!ary_record_intact(line))
		return ary_fail(err, ARY_CORRUPT, "the checksum does not match");
	if (take_line(line, with_value, &parts)) {
		enum ary_status status = resolve_parts(&parts, scratch);
		if (status == ARY_OK) {
			ary_block_copy(out, &parts.record, sizeof(*out));
			return ARY_OK;
		}
		if (status == ARY_NO_MEMORY)
			return ary_fail(err, ARY_NO_MEMORY, "no memory to decode a line");
	}
	scratch->size = 0;
	return ary_record_decode_json(line, with_value, scratch, out, err);
}

enum ary_status ary_record_decode(struct ary_bytes line, struct ary_buf *scratch,
				  struct ary_record *out, struct ary_error *err)
{
	return decode(line, true, scratch, out, err);
}

enum ary_status ary_record_decode_head(struct ary_bytes line, struct ary_buf *scratch,
				       struct ary_record *out, struct ary_error *err)
{
	return decode(line, false, scratch, out, err);
}
