/* SPDX-License-Identifier: MIT */
#include "http/guard.h"

#include <string.h>

#include "base/byte_class.h"

struct check {
	const struct ary_request *request;
	uint64_t seen;     /* a bit for each enum ary_field_id that is there, as in a call */
	uint64_t repeated; /* and for each that is there more than once */
	bool is_http_1_0;
	struct ary_guard_framing *framing;
	struct ary_guard_finding *finding;
};

enum kind { BAD, CODING, EXPECTATION };

ARY_COLD static bool refuse(struct check *check, enum kind kind, const char *detail)
{
	static const struct ary_guard_finding kinds[] = {
		[BAD] = { .status = 400, .slug = "bad-request" },
		[CODING] = { .status = 501, .slug = "transfer-coding" },
		[EXPECTATION] = { .status = 417, .slug = "expectation-failed" },
	};

	*check->finding = kinds[kind];
	check->finding->detail = detail;
	return false;
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static void note_fields(struct check *check)
{
	for (size_t i = 0; i < check->request->field_count; i++) {
		uint64_t bit = ARY_FIELD_BIT(check->request->fields[i].id);

		check->repeated |= check->seen & bit;
		check->seen |= bit;
	}
}

/* The value of the first field ID, of which there is one. */
static struct ary_bytes value_of(const struct check *check, enum ary_field_id id)
{
	return ary_field_find(check->request->fields, check->request->field_count, id)->value;
}

static bool check_version(struct check *check, struct ary_bytes version)
{
	bool is_well_formed = version.size == 8 && memcmp(version.data, "HTTP/", 5) == 0 &&
			      is_digit(version.data[5]) && version.data[6] == '.' &&
			      is_digit(version.data[7]);

	if (!is_well_formed)
		return refuse(check, BAD, "the request line names no version of HTTP");
	if (version.data[5] != '1')
		return refuse(check, BAD, "only HTTP/1.0 and HTTP/1.1 are spoken");
	check->is_http_1_0 = version.data[7] == '0';
	return true;
}

static bool check_line(struct check *check)
{
	struct ary_bytes target = check->request->target;

	if (!ary_field_is_token(check->request->method))
		return refuse(check, BAD, "the method is not a token");
	if (target.size == 0)
		return refuse(check, BAD, "the request line names no target");
	return ary_bytes_are_above(target, '!') ||
	       refuse(check, BAD, "the target holds a space or a control byte, not escaped");
}

static bool is_field_value(struct ary_bytes value)
{
	if (ary_bytes_are_above(value, ' '))
		return true;
	for (size_t i = 0; i < value.size; i++) {
		uint8_t byte = value.data[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

static bool check_fields(struct check *check)
{
	for (size_t i = 0; i < check->request->field_count; i++) {
		const struct ary_field *field = &check->request->fields[i];

		/* What is known is one, but for what follows a prefix. */
		if ((field->id == ARY_FIELD_OTHER || field->id == ARY_FIELD_META) &&
		    !ary_field_is_token(field->name))
			return refuse(check, BAD, "the name of a field is not a token");
		if (!is_field_value(field->value))
			return refuse(check, BAD, "the value of a field holds a control byte");
	}
	return true;
}

/* Fields of which a second one could only mean that two parties read two different ones. */
static bool check_singles(struct check *check)
{
	const uint64_t singles = ARY_FIELD_BIT(ARY_FIELD_AUTHORIZATION) |
				 ARY_FIELD_BIT(ARY_FIELD_CONTENT_ENCODING) |
				 ARY_FIELD_BIT(ARY_FIELD_CONTENT_RANGE) |
				 ARY_FIELD_BIT(ARY_FIELD_CONTENT_TYPE) |
				 ARY_FIELD_BIT(ARY_FIELD_IF_MODIFIED_SINCE) |
				 ARY_FIELD_BIT(ARY_FIELD_IF_RANGE) |
				 ARY_FIELD_BIT(ARY_FIELD_IF_UNMODIFIED_SINCE) |
				 ARY_FIELD_BIT(ARY_FIELD_ORIGIN) |
				 ARY_FIELD_BIT(ARY_FIELD_RANGE) |
				 ARY_FIELD_BIT(ARY_FIELD_SEC_FETCH_SITE);

	return (check->repeated & singles) == 0 ||
	       refuse(check, BAD, "a field that may appear once appears twice");
}

/* RFC 9110 section 7.2: a name or an address in brackets, or nothing; then a colon and digits, or
 * nothing. */
static bool is_host(struct ary_bytes host)
{
	bool is_in_brackets = false;
	bool has_port = false;
	size_t i = 0;

	/* Most are a name and a port. */
	while (i < host.size && ary_byte_is(host.data[i], ARY_BYTE_HOST))
		i++;
	for (; i < host.size; i++) {
		uint8_t byte = host.data[i];

		if (byte == '[' || byte == ']')
			is_in_brackets = byte == '[';
		else if (has_port && !is_digit(byte))
			return false;
		else if (byte == ':')
			has_port = !is_in_brackets;
		else if (!ary_byte_is(byte, ARY_BYTE_HOST))
			return false;
	}
	return !is_in_brackets;
}

static bool check_host(struct check *check)
{
	const uint64_t bit = ARY_FIELD_BIT(ARY_FIELD_HOST);

	if (check->repeated & bit)
		return refuse(check, BAD, "there is more than one Host field");
	if (!(check->seen & bit))
		return check->is_http_1_0 ||
		       refuse(check, BAD, "HTTP/1.1 requires a Host field");
	return is_host(value_of(check, ARY_FIELD_HOST)) ||
	       refuse(check, BAD, "the Host field names no host");
}

/* Content-Length is 1*DIGIT: leading zeros are legal, signs, lists and spaces are not. */
static bool parse_length(struct ary_bytes text, uint64_t *out)
{
	uint64_t length = 0;

	for (size_t i = 0; i < text.size; i++) {
		unsigned digit = (unsigned)text.data[i] - '0';

		if (digit > 9 || length > (UINT64_MAX - digit) / 10)
			return false;
		length = length * 10 + digit;
	}
	*out = length;
	return text.size > 0;
}

static bool check_length(struct check *check)
{
	const uint64_t bit = ARY_FIELD_BIT(ARY_FIELD_CONTENT_LENGTH);

	if (!(check->seen & bit))
		return true;
	if (check->repeated & bit)
		return refuse(check, BAD, "there is more than one Content-Length");
	if (!parse_length(value_of(check, ARY_FIELD_CONTENT_LENGTH), &check->framing->length))
		return refuse(check, BAD, "Content-Length is not a number of bytes");
	check->framing->has_length = true;
	return true;
}

static bool check_transfer_encoding(struct check *check)
{
	const uint64_t bit = ARY_FIELD_BIT(ARY_FIELD_TRANSFER_ENCODING);

	if (!(check->seen & bit))
		return true;
	if (check->framing->has_length)
		return refuse(check, BAD,
			      "Transfer-Encoding and Content-Length exclude each other");
	if ((check->repeated & bit) || check->is_http_1_0)
		return refuse(check, BAD,
			      "Transfer-Encoding may appear once, and in HTTP/1.1 only");
	if (!ary_bytes_are_caseless(value_of(check, ARY_FIELD_TRANSFER_ENCODING), "chunked"))
		return refuse(check, CODING, "the only transfer coding taken is chunked");
	check->framing->is_chunked = true;
	return true;
}

static bool check_expect(struct check *check)
{
	if (!(check->seen & ARY_FIELD_BIT(ARY_FIELD_EXPECT)))
		return true;
	for (size_t i = 0; i < check->request->field_count; i++) {
		const struct ary_field *field = &check->request->fields[i];

		if (field->id != ARY_FIELD_EXPECT)
			continue;
		if (!ary_bytes_are_caseless(field->value, "100-continue"))
			return refuse(check, EXPECTATION, "only 100-continue can be expected");
		check->framing->expects_continue = !check->is_http_1_0;
	}
	return true;
}

bool ary_guard_check(const struct ary_request *request, struct ary_bytes version,
		     struct ary_guard_framing *framing, struct ary_guard_finding *finding)
{
	struct check check = { .request = request, .framing = framing, .finding = finding };

	memset(framing, 0, sizeof(*framing));
	note_fields(&check);
	return check_line(&check) && check_version(&check, version) && check_fields(&check) &&
	       check_host(&check) && check_length(&check) && check_transfer_encoding(&check) &&
	       check_singles(&check) && check_expect(&check);
}
