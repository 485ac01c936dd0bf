/* SPDX-License-Identifier: MIT */
#include "api/prefer.h"

#include <strings.h>

/* Takes what comes before the first SEPARATOR outside quotes from *TEXT, which goes on behind
 * it. */
static struct ary_bytes take(struct ary_bytes *text, char separator)
{
	bool quoted = false;
	struct ary_bytes part;
	size_t size = 0;

	while (size < text->size && (quoted || text->data[size] != (uint8_t)separator)) {
		if (quoted && text->data[size] == '\\')
			size++;
		else if (text->data[size] == '"')
			quoted = !quoted;
		size++;
	}
	if (size > text->size)
		size = text->size;
	part = (struct ary_bytes){text->data, size};
	size += size < text->size;
	*text = (struct ary_bytes){text->data + size, text->size - size};
	return ary_bytes_trim(part);
}

static struct ary_bytes unquote(struct ary_bytes value)
{
	if (value.size < 2 || value.data[0] != '"' || value.data[value.size - 1] != '"')
		return value;
	return (struct ary_bytes){value.data + 1, value.size - 2};
}

/* Whether LIST has TOKEN; *VALUE_OUT is its value then, without quotes. */
static bool list_has(struct ary_bytes list, const char *token, struct ary_bytes *value_out)
{
	while (list.size > 0) {
		struct ary_bytes element = take(&list, ',');
		struct ary_bytes name;

		if (element.size == 0)
			continue;
		element = take(&element, ';');
		if (element.size == 0)
			continue;
		name = take(&element, '=');
		if (!ary_bytes_are_caseless(name, token))
			continue;
		*value_out = unquote(ary_bytes_trim(element));
		return true;
	}
	return false;
}

static bool find(const struct ary_call *call, const char *token, struct ary_bytes *value_out)
{
	for (size_t i = 0; i < call->request.field_count; i++) {
		const struct ary_field *field = &call->request.fields[i];

		if (field->id == ARY_FIELD_PREFER && list_has(field->value, token, value_out))
			return true;
	}
	return false;
}

bool ary_prefer_has(const struct ary_call *call, const char *token)
{
	struct ary_bytes value;

	return find(call, token, &value);
}

bool ary_prefer_is(const struct ary_call *call, const char *token, const char *value)
{
	struct ary_bytes found;

	return find(call, token, &found) && ary_bytes_are_caseless(found, value);
}

/* A qvalue in thousandths: "1", "0.8", "0.125". What is none counts as 0. */
static unsigned parse_quality(struct ary_bytes text)
{
	unsigned quality = 0;
	unsigned unit = 1000;

	for (size_t i = 0; i < text.size; i++) {
		if (i == 1 && text.data[i] == '.')
			continue;
		if (text.data[i] < '0' || text.data[i] > '9' || unit == 0)
			return 0;
		quality += (unsigned)(text.data[i] - '0') * unit;
		unit /= 10;
	}
	return quality <= 1000 ? quality : 0;
}

static unsigned range_quality(struct ary_bytes parameters)
{
	while (parameters.size > 0) {
		struct ary_bytes parameter = take(&parameters, ';');
		struct ary_bytes name;

		if (parameter.size == 0)
			continue;
		name = take(&parameter, '=');
		if (ary_bytes_are_caseless(name, "q"))
			return parse_quality(parameter);
	}
	return 1000;
}

/* How specifically RANGE names TYPE: 3 exactly, 2 by what is before its slash, 1 by anything, 0
 * not. */
static unsigned range_match(struct ary_bytes range, const char *type)
{
	struct ary_bytes subtype;

	if (ary_bytes_are_caseless(range, type))
		return 3;
	if (ary_bytes_are_caseless(range, "*/*"))
		return 1;
	range = ary_bytes_cut(range, '/', &subtype);
	return ary_bytes_equal(subtype, ary_bytes_of("*")) &&
			       strncasecmp((const char *)range.data, type, range.size) == 0 &&
			       type[range.size] == '/' ?
		       2 :
		       0;
}

/* The quality of TYPE in all Accept fields: the most specific range decides. */
static unsigned quality_of(const struct ary_call *call, const char *type)
{
	unsigned quality = 0;
	unsigned best = 0;

	for (size_t i = 0; i < call->request.field_count; i++) {
		struct ary_bytes list = call->request.fields[i].value;

		if (call->request.fields[i].id != ARY_FIELD_ACCEPT)
			continue;
		while (list.size > 0) {
			struct ary_bytes element = take(&list, ',');
			unsigned match;

			match = element.size > 0 ? range_match(take(&element, ';'), type) : 0;
			if (match > best) {
				best = match;
				quality = range_quality(element);
			}
		}
	}
	return quality;
}

size_t ary_accept_best(const struct ary_call *call, const char *const *types)
{
	unsigned quality = quality_of(call, types[0]);
	size_t best = 0;

	for (size_t i = 1; types[i] != NULL; i++) {
		unsigned other = quality_of(call, types[i]);

		if (other <= quality)
			continue;
		quality = other;
		best = i;
	}
	return best;
}

bool ary_accept_html(const struct ary_call *call)
{
	return quality_of(call, "text/html") > quality_of(call, "text/plain");
}

/* What an Accept-Encoding says of a coding; all of them say it together. */
struct coding {
	unsigned quality;
	bool is_named;
};

static void take_coding(struct ary_bytes element, struct coding *gzip, struct coding *identity,
			struct coding *others)
{
	struct ary_bytes name = take(&element, ';');
	struct coding *coding = NULL;

	if (ary_bytes_are_caseless(name, "gzip") || ary_bytes_are_caseless(name, "x-gzip"))
		coding = gzip;
	else if (ary_bytes_are_caseless(name, "identity"))
		coding = identity;
	else if (ary_bytes_are_caseless(name, "*"))
		coding = others;
	if (coding != NULL)
		*coding = (struct coding){ range_quality(element), true };
}

bool ary_accept_gzip(const struct ary_call *call)
{
	struct coding gzip = {0}, identity = {0}, others = {0};

	for (size_t i = 0; i < call->request.field_count; i++) {
		struct ary_bytes list = call->request.fields[i].value;

		if (call->request.fields[i].id != ARY_FIELD_ACCEPT_ENCODING)
			continue;
		while (list.size > 0)
			take_coding(take(&list, ','), &gzip, &identity, &others);
	}
	if (!gzip.is_named)
		gzip = others;
	/* As it is, is always fine, but no wish unless it is named. */
	return gzip.quality > 0 && gzip.quality >= identity.quality;
}
