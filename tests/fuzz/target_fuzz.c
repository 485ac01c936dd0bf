/* SPDX-License-Identifier: MIT */
/* Promise: request targets and conditions are read without harm whatever they hold, and reading
 * them means the same each time: what was decoded can be encoded and decoded again, the parts lie
 * in the whole, and a condition written from what was read is read as the same.
 *
 * The first byte says what the rest is: 0 a target, 1 If-Match and If-None-Match, one field a line,
 * 2 bytes to encode, 3 a path. */
#include <inttypes.h>
#include <string.h>

#include "api/condition.h"
#include "api/query.h"
#include "api/route.h"
#include "api/target.h"
#include "fuzz/fuzz.h"

const char fuzz_name[] = "target";
const unsigned long fuzz_runs = 20000;

enum { WAYS = 4, FIELDS_MAX = 16 };

static bool lies_in(struct ary_bytes part, struct ary_bytes whole)
{
	return part.size == 0 || (part.data >= whole.data &&
				  part.data + part.size <= whole.data + whole.size);
}

static bool holds(struct ary_bytes bytes, char byte)
{
	return bytes.size > 0 && memchr(bytes.data, byte, bytes.size) != NULL;
}

/* BYTES, encoded, are plain characters, and decode to what they were. */
static void check_encoding(struct ary_bytes bytes)
{
	struct ary_buf encoded = {0}, storage = {0};
	struct ary_bytes decoded;

	ARY_CHECK(ary_percent_encode(bytes, &encoded));
	ARY_CHECK(encoded.size >= bytes.size && encoded.size <= 3 * bytes.size);
	for (size_t i = 0; i < encoded.size; i++)
		ARY_CHECK(encoded.data[i] > ' ' && encoded.data[i] < 0x7f &&
			  !strchr("\"#&+?\\", encoded.data[i]));
	ARY_CHECK(ary_percent_decode(ary_buf_view(&encoded), &storage, &decoded) == ARY_OK);
	ARY_CHECK(ary_bytes_equal(decoded, bytes));
	ary_buf_release(&encoded);
	ary_buf_release(&storage);
}

/* Whether every percent sign in TEXT has its two digits. */
static bool is_well_escaped(struct ary_bytes text)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] != '%')
			continue;
		if (text.size - i < 3 || !memchr(digits, text.data[i + 1], sizeof(digits) - 1) ||
		    !memchr(digits, text.data[i + 2], sizeof(digits) - 1))
			return false;
		i += 2;
	}
	return true;
}

static void check_dots(struct ary_bytes path)
{
	struct ary_buf framed = {0};

	ARY_CHECK(ary_buf_append(&framed, ary_bytes_of("/")) && ary_buf_append(&framed, path) &&
		  ary_buf_append(&framed, ary_bytes_of("/")));
	bool has_dots = memmem(framed.data, framed.size, "/./", 3) ||
			memmem(framed.data, framed.size, "/../", 4);
	ARY_CHECK(ary_path_has_dot_segment(path) == has_dots);
	ary_buf_release(&framed);
}

static void check_route(struct ary_bytes path)
{
	struct ary_bytes tail = {NULL, 0};
	const struct ary_route *route = ary_route_find(path, &tail);
	char allow[ARY_ALLOW_BYTES];

	if (!route)
		return;
	ARY_CHECK(lies_in(tail, path) && route->has_tail == (tail.size > 0));
	ARY_CHECK(path.size == strlen(route->path) + tail.size);
	ARY_CHECK(ary_bytes_start_with(path, ary_bytes_of(route->path)));
	ary_route_allow(route, allow);
	ARY_CHECK(strstr(allow, "OPTIONS"));
}

static void check_path(struct ary_bytes path)
{
	struct ary_buf storage = {0};
	struct ary_bytes decoded;

	enum ary_status status = ary_percent_decode(path, &storage, &decoded);
	ARY_CHECK(status == (is_well_escaped(path) ? ARY_OK : ARY_INVALID));
	if (status == ARY_OK) {
		ARY_CHECK(decoded.size <= path.size);
		ARY_CHECK(holds(path, '%') || ary_bytes_equal(decoded, path));
		check_encoding(decoded);
		check_dots(decoded);
		check_route(decoded);
	}
	ary_buf_release(&storage);
}

static void check_query(struct ary_bytes query)
{
	struct ary_bytes rest = query, name, value;
	size_t left = rest.size;

	while (ary_query_next(&rest, &name, &value)) {
		ARY_CHECK(lies_in(name, query) && lies_in(value, query) && lies_in(rest, query));
		ARY_CHECK(!holds(name, '&') && !holds(name, '=') && !holds(value, '&'));
		ARY_CHECK(rest.size < left && name.size + value.size <= left - rest.size);
		left = rest.size;
		struct ary_bytes found = {NULL, 0};
		ARY_CHECK(ary_query_find(query, name, &found) && lies_in(found, query));
		ARY_CHECK(found.data <= value.data);
	}
	ARY_CHECK(rest.size == 0);
}

static void check_target(struct ary_bytes raw)
{
	struct ary_target target, again;

	if (ary_target_split(raw, &target) != ARY_OK)
		return;
	for (size_t i = 0; i < raw.size; i++)
		ARY_CHECK(raw.data[i] > ' ' && raw.data[i] != 0x7f && raw.data[i] != '#');
	bool is_star = ary_bytes_equal(target.path, ary_bytes_of("*"));
	ARY_CHECK(is_star || target.path.data[0] == '/');
	ARY_CHECK(!holds(target.path, '?') && lies_in(target.query, raw));
	ARY_CHECK(target.path.size + target.query.size <= raw.size ||
		  ary_bytes_equal(target.path, ary_bytes_of("/")));
	ARY_CHECK(ary_target_split(target.path, &again) == ARY_OK);
	ARY_CHECK(ary_bytes_equal(again.path, target.path) && again.query.size == 0);
	check_path(target.path);
	check_query(target.query);
}

static bool same_set(const struct ary_match_set *a, const struct ary_match_set *b)
{
	if (a->kind != b->kind || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->seqs[i] != b->seqs[i])
			return false;
	return true;
}

/* Writes SET as a field's value; a set of nothing is a tag that is not ours. */
static void write_set(const struct ary_match_set *set, struct ary_buf *out)
{
	if (set->kind == ARY_MATCH_ANY)
		ARY_CHECK(ary_buf_append(out, ary_bytes_of("*")));
	else if (set->count == 0)
		ARY_CHECK(ary_buf_append(out, ary_bytes_of("\"other\"")));
	else
		for (size_t i = 0; i < set->count; i++)
			ARY_CHECK(ary_buf_printf(out, "%s\"%" PRIu64 "\"", i > 0 ? ", " : "",
						 set->seqs[i]));
}

/* What CALL was read as, written and read again. */
static void check_same_conditions(const struct ary_call *call)
{
	struct ary_buf match = {0}, none = {0};
	struct ary_field fields[2];
	struct ary_call again;

	ary_call_init(&again);
	again.request.fields = fields;
	if (call->if_match.kind != ARY_MATCH_NONE) {
		write_set(&call->if_match, &match);
		fields[again.request.field_count++] =
			ary_field_of(ary_bytes_of("if-match"), ary_buf_view(&match));
	}
	if (call->if_none_match.kind != ARY_MATCH_NONE) {
		write_set(&call->if_none_match, &none);
		fields[again.request.field_count++] =
			ary_field_of(ary_bytes_of("IF-NONE-MATCH"), ary_buf_view(&none));
	}
	ARY_CHECK(ary_conditions_parse(&again) == ARY_OK);
	ARY_CHECK(same_set(&call->if_match, &again.if_match));
	ARY_CHECK(same_set(&call->if_none_match, &again.if_none_match));
	for (size_t i = 0; i < call->if_match.count; i++)
		ARY_CHECK(ary_match_set_has(&again.if_match, call->if_match.seqs[i]));
	ary_call_release(&again);
	ary_buf_release(&match);
	ary_buf_release(&none);
}

/* Each line of INPUT is one field: If-Match, or If-None-Match where it begins with an exclamation
 * mark. */
static void check_conditions(struct ary_bytes input)
{
	struct ary_field fields[FIELDS_MAX];
	struct ary_call call;

	ary_call_init(&call);
	call.request.fields = fields;
	while (input.size > 0 && call.request.field_count < FIELDS_MAX) {
		const uint8_t *end = memchr(input.data, '\n', input.size);
		struct ary_bytes line =
			fuzz_take(&input, end ? (size_t)(end - input.data) : input.size);
		(void)fuzz_take_byte(&input);
		bool none = line.size > 0 && line.data[0] == '!';
		if (none)
			(void)fuzz_take_byte(&line);
		fields[call.request.field_count++] = ary_field_of(
			ary_bytes_of(none ? "If-None-Match" : "If-Match"), line);
	}
	enum ary_status status = ary_conditions_parse(&call);
	ARY_CHECK(status == ARY_OK || status == ARY_INVALID);
	if (status == ARY_OK)
		check_same_conditions(&call);
	ary_call_release(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ary_bytes input = {data, size};

	switch (fuzz_take_byte(&input) % WAYS) {
	case 0:
		check_target(input);
		return 0;
	case 1:
		check_conditions(input);
		return 0;
	case 2:
		check_encoding(input);
		return 0;
	default:
		check_path(input);
		check_query(input);
		return 0;
	}
}
