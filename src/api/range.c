/* SPDX-License-Identifier: MIT */
#include "api/range.h"

#include "base/number.h"

/* One range as it is written. */
struct spec {
	bool has_first;
	bool has_last;
	uint64_t first;
	uint64_t last; /* without FIRST: how many bytes from the end */
};

/* A number past 64 bits lies behind the end of every value. */
static bool parse_position(struct ary_bytes digits, uint64_t *out)
{
	uint64_t number = 0;

	for (size_t i = 0; i < digits.size; i++) {
		unsigned digit = digits.data[i] - (unsigned)'0';

		if (digit > 9)
			return false;
		number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
	}
	*out = number;
	return digits.size > 0;
}

/* "a-b", "a-" or "-n" */
static bool parse_spec(struct ary_bytes text, struct spec *spec)
{
	struct ary_bytes last;
	struct ary_bytes first = ary_bytes_cut(text, '-', &last);

	if (first.size == text.size)
		return false;
	*spec = (struct spec){.has_first = first.size > 0, .has_last = last.size > 0};
	if (spec->has_first && !parse_position(first, &spec->first))
		return false;
	if (spec->has_last && !parse_position(last, &spec->last))
		return false;
	if (!spec->has_first)
		return spec->has_last;
	return !spec->has_last || spec->first <= spec->last;
}

/* Reads a list that has one range in it; empty elements are legal. */
static bool parse_set(struct ary_bytes text, struct spec *spec)
{
	size_t count = 0;

	while (text.size > 0) {
		struct ary_bytes element = ary_bytes_trim(ary_bytes_cut(text, ',', &text));

		if (element.size == 0)
			continue;
		if (count++ > 0 || !parse_spec(element, spec))
			return false;
	}
	return count == 1;
}

/* The last bytes of a value. An empty one has none to send, and a range of no bytes cannot be
 * written: it is sent as the whole. */
static enum ary_range_kind take_suffix(uint64_t wanted, uint64_t value_bytes,
				       struct ary_range *out)
{
	if (wanted == 0)
		return ARY_RANGE_UNSATISFIABLE;
	if (value_bytes == 0)
		return ARY_RANGE_WHOLE;
	out->size = wanted < value_bytes ? wanted : value_bytes;
	out->first = value_bytes - out->size;
	return ARY_RANGE_PART;
}

enum ary_range_kind ary_range_parse(struct ary_bytes text, uint64_t value_bytes,
				    struct ary_range *out)
{
	struct ary_bytes set;
	struct ary_bytes unit = ary_bytes_cut(text, '=', &set);
	struct spec spec;
	uint64_t end;

	if (!ary_bytes_are_caseless(unit, "bytes") || !parse_set(set, &spec))
		return ARY_RANGE_WHOLE;
	if (!spec.has_first)
		return take_suffix(spec.last, value_bytes, out);
	if (spec.first >= value_bytes)
		return ARY_RANGE_UNSATISFIABLE;
	end = spec.has_last && spec.last < value_bytes ? spec.last + 1 : value_bytes;
	*out = (struct ary_range){.first = spec.first, .size = end - spec.first};
	return ARY_RANGE_PART;
}

/* Whether TEXT is the entity tag of SEQ, a strong one. */
static bool is_tag_of(struct ary_bytes text, uint64_t seq)
{
	uint64_t tag;

	if (text.size < 2 || text.data[0] != '"' || text.data[text.size - 1] != '"')
		return false;
	return ary_parse_u64((struct ary_bytes){text.data + 1, text.size - 2}, &tag) && tag == seq;
}

static bool holds_if_range(const struct ary_call *call, uint64_t seq)
{
	if (!ary_call_has_any(call, ARY_FIELD_BIT(ARY_FIELD_IF_RANGE)))
		return true;
	return ary_call_field_count(call, ARY_FIELD_IF_RANGE) == 1 &&
	       is_tag_of(ary_bytes_trim(*ary_call_field(call, ARY_FIELD_IF_RANGE)), seq);
}

enum ary_range_kind ary_range_of(const struct ary_call *call, uint64_t seq, uint64_t value_bytes,
				 struct ary_range *out)
{
	if (call->method != ARY_GET || !ary_call_has_any(call, ARY_FIELD_BIT(ARY_FIELD_RANGE)) ||
	    ary_call_field_count(call, ARY_FIELD_RANGE) != 1 || !holds_if_range(call, seq))
		return ARY_RANGE_WHOLE;
	return ary_range_parse(ary_bytes_trim(*ary_call_field(call, ARY_FIELD_RANGE)), value_bytes,
			       out);
}
