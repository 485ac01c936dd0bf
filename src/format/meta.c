/* SPDX-License-Identifier: MIT */
#include "format/meta.h"

#include <string.h>

#include "base/check.h"

/* Quotes and colon of a member; what a first one adds, and what any other does. */
enum { MEMBER_FRAME_BYTES = 5, BRACES_BYTES = 2, COMMA_BYTES = 1 };

/* One member as it stands in an object's text. */
struct member {
	struct ary_bytes name;
	struct ary_bytes value; /* its quotes and backslashes escaped */
};

static uint8_t lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

/* A character of a token, RFC 9110 section 5.6.2, in lower case. */
static bool is_name_byte(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
	       (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_name(struct ary_bytes name)
{
	for (size_t i = 0; i < name.size; i++) {
		if (!is_name_byte(lower(name.data[i])))
			return false;
	}
	return name.size > 0;
}

/* Whether neither end of VALUE is a space: a field's value on a connection could not have one. */
static bool is_trimmed(struct ary_bytes value)
{
	return value.size == 0 || (value.data[0] != ' ' && value.data[value.size - 1] != ' ');
}

/* ---- Reading ---- */

static bool take_byte(struct ary_meta_cursor *cursor, uint8_t byte)
{
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

static bool take_name(struct ary_meta_cursor *cursor, struct ary_bytes *out)
{
	if (!take_byte(cursor, '"'))
		return false;
	const uint8_t *first = cursor->at;
	while (cursor->at < cursor->end && is_name_byte(*cursor->at))
		cursor->at++;
	*out = (struct ary_bytes){first, (size_t)(cursor->at - first)};
	return out->size > 0 && take_byte(cursor, '"');
}

static bool take_value(struct ary_meta_cursor *cursor, struct ary_bytes *out)
{
	if (!take_byte(cursor, '"'))
		return false;
	const uint8_t *first = cursor->at;
	while (cursor->at < cursor->end && *cursor->at != '"') {
		/* An escape: what follows is the character itself. */
		if (take_byte(cursor, '\\') &&
		    (cursor->at == cursor->end || (*cursor->at != '"' && *cursor->at != '\\')))
			return false;
		cursor->at++;
	}
	*out = (struct ary_bytes){first, (size_t)(cursor->at - first)};
	return ary_bytes_printable(*out) && is_trimmed(*out) && take_byte(cursor, '"');
}

/* Takes the next member and what separates it from the one before it. */
static bool take_member(struct ary_meta_cursor *cursor, struct member *out)
{
	return (take_byte(cursor, '{') || take_byte(cursor, ',')) &&
	       take_name(cursor, &out->name) && take_byte(cursor, ':') &&
	       take_value(cursor, &out->value);
}

static void begin(struct ary_meta_cursor *cursor, struct ary_bytes text)
{
	cursor->at = text.data;
	cursor->end = text.data + text.size;
}

size_t ary_meta_span(struct ary_bytes text)
{
	struct ary_meta_cursor cursor;
	struct member member = {.name = {NULL, 0}};
	size_t count = 0;

	if (text.size > ARY_META_BYTES_MAX)
		text.size = ARY_META_BYTES_MAX;
	if (text.size == 0 || text.data[0] != '{')
		return 0;
	begin(&cursor, text);
	while (!take_byte(&cursor, '}')) {
		struct ary_bytes before = member.name;
		/* A brace begins the first one only: a second one is no token, nor a comma. */
		if (count++ == ARY_META_NAMES_MAX ||
		    (before.size > 0) == (cursor.at < cursor.end && *cursor.at == '{') ||
		    !take_member(&cursor, &member) || ary_bytes_compare(before, member.name) >= 0)
			return 0;
	}
	return (size_t)(cursor.at - text.data);
}

bool ary_meta_valid(struct ary_bytes text)
{
	return ary_meta_span(text) == text.size;
}

void ary_meta_begin(struct ary_meta_cursor *cursor, struct ary_bytes text)
{
	begin(cursor, text);
}

bool ary_meta_next(struct ary_meta_cursor *cursor, struct ary_bytes *name_out,
		   struct ary_bytes *value_out)
{
	struct member member;
	size_t size = 0;

	if (cursor->end - cursor->at <= 1)
		return false;
	ARY_CHECK(take_member(cursor, &member));
	*name_out = member.name;
	*value_out = member.value;
	if (member.value.size == 0 || memchr(member.value.data, '\\', member.value.size) == NULL)
		return true;
	for (size_t i = 0; i < member.value.size; i++) {
		i += member.value.data[i] == '\\';
		cursor->unescaped[size++] = member.value.data[i];
	}
	*value_out = (struct ary_bytes){cursor->unescaped, size};
	return true;
}

/* ---- Writing ---- */

/* How long MEMBER, whose value is not escaped yet, will be. */
static size_t member_bytes(const struct member *member)
{
	struct ary_bytes value = member->value;
	size_t size = MEMBER_FRAME_BYTES + member->name.size + value.size;

	for (size_t i = 0; i < value.size; i++)
		size += value.data[i] == '"' || value.data[i] == '\\';
	return size;
}

/* Writes MEMBER, as above. Answers the byte after. */
static uint8_t *put_member(uint8_t *out, const struct member *member)
{
	struct ary_bytes name = member->name;
	struct ary_bytes value = member->value;

	*out++ = '"';
	for (size_t i = 0; i < name.size; i++)
		*out++ = lower(name.data[i]);
	memcpy(out, "\":\"", 3);
	out += 3;
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] == '"' || value.data[i] == '\\')
			*out++ = '\\';
		*out++ = value.data[i];
	}
	*out++ = '"';
	return out;
}

/* As ary_bytes_compare, with the letters of NAME in lower case. */
static int compare_name(struct ary_bytes present, struct ary_bytes name)
{
	for (size_t i = 0; i < present.size && i < name.size; i++) {
		int difference = present.data[i] - lower(name.data[i]);
		if (difference != 0)
			return difference;
	}
	return (present.size > name.size) - (present.size < name.size);
}

/* Where in OBJECT the member NAME belongs: the offset of the comma or brace before which it goes.
 * False: it is there. */
static bool find_place(struct ary_bytes object, struct ary_bytes name, size_t *out)
{
	struct ary_meta_cursor cursor;
	struct member member;

	begin(&cursor, object);
	while (cursor.end - cursor.at > 1) {
		const uint8_t *at = cursor.at;
		ARY_CHECK(take_member(&cursor, &member));
		int order = compare_name(member.name, name);
		*out = (size_t)(at - object.data);
		if (order >= 0)
			return order > 0;
	}
	*out = object.size - 1;
	return true;
}

/* Puts MEMBER into the object, which begins at START, at OFFSET from there. There is room. */
static void insert(struct ary_buf *buf, size_t start, size_t offset, const struct member *member)
{
	uint8_t *at = buf->data + start + offset;
	size_t bytes = member_bytes(member);

	if (buf->size == start) {
		*at = '{';
		*put_member(at + 1, member) = '}';
		buf->size += bytes + BRACES_BYTES;
		return;
	}
	memmove(at + bytes + COMMA_BYTES, at, buf->size - start - offset);
	/* The brace in front stays in front, and what it stood before gets a comma. */
	*at = offset == 0 ? '{' : ',';
	*put_member(at + 1, member) = at[bytes + COMMA_BYTES] == '}' ? '}' : ',';
	buf->size += bytes + COMMA_BYTES;
}

static size_t count_members(struct ary_bytes object)
{
	struct ary_meta_cursor cursor;
	struct member member;
	size_t count = 0;

	begin(&cursor, object);
	for (; cursor.end - cursor.at > 1; count++)
		ARY_CHECK(take_member(&cursor, &member));
	return count;
}

enum ary_status ary_meta_add(struct ary_buf *buf, size_t start, struct ary_bytes name,
			     struct ary_bytes value, struct ary_error *err)
{
	struct ary_bytes object = {NULL, buf->size - start};
	const struct member member = {name, value};
	size_t offset = 0;

	if (object.size > 0)
		object.data = buf->data + start;
	if (!is_name(name))
		return ary_fail(err, ARY_INVALID, "the name of metadata is not a token");
	if (!ary_bytes_printable(value) || !is_trimmed(value))
		return ary_fail(err, ARY_INVALID, "metadata \"%.*s\" is not printable ASCII "
				"without spaces at its ends", (int)name.size,
				(const char *)name.data);
	size_t more = member_bytes(&member) + (object.size > 0 ? COMMA_BYTES : BRACES_BYTES);
	if (object.size + more > ARY_META_BYTES_MAX)
		return ary_fail(err, ARY_TOO_LARGE, "the metadata has more than %d bytes as JSON",
				ARY_META_BYTES_MAX);
	if (object.size > 0 && !find_place(object, name, &offset))
		return ary_fail(err, ARY_INVALID, "metadata \"%.*s\" stands twice",
				(int)name.size, (const char *)name.data);
	if (object.size > 0 && count_members(object) == ARY_META_NAMES_MAX)
		return ary_fail(err, ARY_TOO_LARGE, "the metadata has more than %d names",
				ARY_META_NAMES_MAX);
	if (!ary_buf_reserve(buf, more))
		return ary_fail(err, ARY_NO_MEMORY, "no memory for metadata");
	insert(buf, start, offset, &member);
	return ARY_OK;
}
