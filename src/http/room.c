/* SPDX-License-Identifier: MIT */
#include "http/room.h"

#include <stdint.h>
#include <string.h>

enum {
	/* What the library notes of a field, a parameter or a cookie. */
	NOTE_BYTES = 64,
	/* The same, what stands between a name and its value, the end of the line, and a little
	 * white space. */
	FIELD_BYTES = 72,
	/* The library rounds up. */
	ROUNDING_BYTES = 16,
	/* That, the request line but for the target, and the empty line. */
	LINE_BYTES = 48,
	/* A byte of a key in a target or a Location. */
	ENCODED_BYTES = 3,
	/* What stands beside a key in these: the path, and a short query. */
	PATH_BYTES = 64,
	/* The metadata in the head of an answer: 4 KiB as they are stored, and what each of 64
	 * names takes more as a field. */
	METADATA_BYTES = 4096 + 64 * 16,
	/* The head of an answer, but for a Location and metadata. */
	ANSWER_BYTES = 2048,
};

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The library writes zeros over one and a half times as much for each request, and asks the system
 * for pages where it is more than 32 KiB; so this is what heads at their limits need, and no more.
 *
 * Beside any target there is room for an answer without a Location or metadata. A target that is
 * the path to a key has at most three bytes for each of the key, as a Location has; beside it there
 * is room for a Location or for metadata, whichever is longer. Beside a longer one (with a long
 * authority, or a long query) there may be none once all else is at its limit too: a write is
 * refused then, and a read if its answer turns out too long. So are heads blown up by white space,
 * and by cookies, which the library copies. The limits are options, which are far from wrapping. */
size_t ary_room_total(const struct ary_server_options *options)
{
	size_t key = (size_t)options->key_bytes_max * ENCODED_BYTES + PATH_BYTES;
	size_t target = larger((size_t)options->target_bytes_max,
			       key + larger(key, METADATA_BYTES));

	return target + (size_t)options->header_bytes_max +
	       (size_t)options->header_fields_max * FIELD_BYTES + LINE_BYTES + ANSWER_BYTES;
}

static size_t left_of(size_t room, size_t bytes)
{
	return room > bytes ? room - bytes : 0;
}

/* The library's copies of what cookies there are. */
static size_t cookie_bytes(const struct ary_request *request)
{
	size_t bytes = 0;

	for (size_t i = 0; i < request->field_count; i++) {
		const struct ary_field *field = &request->fields[i];

		if (field->name.size == strlen(MHD_HTTP_HEADER_COOKIE) &&
		    ary_bytes_are_caseless(field->name, MHD_HTTP_HEADER_COOKIE))
			bytes += field->value.size + NOTE_BYTES;
	}
	return bytes;
}

size_t ary_room_after_head(struct MHD_Connection *connection, const struct ary_request *request,
			   size_t note_count, size_t total)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	if (!info)
		return 0;
	return left_of(total, info->header_size + note_count * NOTE_BYTES + cookie_bytes(request) +
				      ROUNDING_BYTES);
}

/* Where trailers lie, and how many they are. */
struct trailers {
	uintptr_t start;
	uintptr_t end;
	size_t count;
};

static enum MHD_Result add_trailer(void *context, enum MHD_ValueKind kind, const char *name,
				   size_t name_size, const char *value, size_t value_size)
{
	struct trailers *trailers = context;
	uintptr_t name_end = (uintptr_t)name + name_size;
	uintptr_t value_end = value ? (uintptr_t)value + value_size : 0;

	(void)kind;
	if (trailers->count++ == 0)
		trailers->start = (uintptr_t)name;
	if (trailers->end < name_end)
		trailers->end = name_end;
	if (trailers->end < value_end)
		trailers->end = value_end;
	return MHD_YES;
}

size_t ary_room_after_trailers(struct MHD_Connection *connection, size_t bytes)
{
	struct trailers trailers = { 0 };

	MHD_get_connection_values_n(connection, MHD_FOOTER_KIND, add_trailer, &trailers);
	return left_of(bytes, (size_t)(trailers.end - trailers.start) +
				     trailers.count * NOTE_BYTES);
}

bool ary_room_fits_write(const struct ary_call *call, size_t bytes)
{
	if (call->method == ARY_DELETE)
		return bytes >= ANSWER_BYTES;
	if (call->method != ARY_PUT && call->method != ARY_POST)
		return true;
	return bytes >= ANSWER_BYTES + PATH_BYTES + call->tail.size * ENCODED_BYTES;
}

bool ary_room_fits(const struct ary_response *response, size_t bytes)
{
	size_t needed = ARY_ROOM_LIBRARY_BYTES;

	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		needed += strlen(ary_response_name(response, field)) + strlen(": \r\n") +
			  strlen(ary_response_value(response, field));
	}
	return needed <= bytes;
}
