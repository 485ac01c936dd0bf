/* SPDX-License-Identifier: MIT */
#include "http/head.h"

#include <microhttpd.h>

/* The library hands out the words of the request line as strings, which a NUL ends: a PUT of
 * /keys/a<NUL>b would change the key a. They lie where they were received, so in a whole line each
 * begins one byte behind the end of the one before. */
static bool is_line_whole(const struct ary_head *head)
{
	const char *target = head->target_start;
	struct ary_bytes method = head->request->method;

	return (const char *)method.data + method.size + 1 == target &&
	       target + head->request->target.size + 1 == (const char *)head->version.data;
}

/* Some versions of the library join a folded line onto the name of its field, not onto the value:
 * `Content-Length:` folded before its number is a field of another name then, and the body the next
 * request. The longer name lies in new memory; any other name lies before its value. */
static bool has_folded_field(const struct ary_request *request)
{
	for (size_t i = 0; i < request->field_count; i++) {
		const struct ary_field *field = &request->fields[i];

		if (field->value.data &&
		    (uintptr_t)field->value.data <= (uintptr_t)field->name.data)
			return true;
	}
	return false;
}

/* The library hands out the values of fields as strings too, and takes a field without a name for
 * the end of the head: what follows would be the next request. All lies where it was received, with
 * the ends of lines overwritten by NULs, so in a whole head each name begins one end of a line
 * behind the value before, and the last value is followed by two of them. Versions from 1.0 on lay
 * it out in another way, and refuse both themselves. */
static bool are_fields_whole(const struct ary_request *request, struct ary_bytes version)
{
	const char *end = (const char *)version.data + version.size;
	size_t line_end_bytes = 1;

	if (MHD_get_version()[0] != '0')
		return true;
	if (request->field_count > 0 && (const char *)request->fields[0].name.data == end + 2)
		line_end_bytes = 2;
	for (size_t i = 0; i < request->field_count; i++) {
		const struct ary_field *field = &request->fields[i];

		if ((const char *)field->name.data != end + line_end_bytes || !field->value.data)
			return false;
		end = (const char *)field->value.data + field->value.size;
	}
	for (size_t i = 0; i < 2 * line_end_bytes; i++)
		if (end[i] != '\0')
			return false;
	return true;
}

bool ary_head_check(const struct ary_head *head, struct ary_guard_framing *framing,
		    struct ary_guard_finding *finding)
{
	if (!ary_guard_check(head->request, head->version, framing, finding))
		return false;
	*finding = (struct ary_guard_finding){ 400, "bad-request", NULL };
	if (!is_line_whole(head))
		finding->detail = "the request line holds a NUL, or a space too many";
	else if (has_folded_field(head->request))
		finding->detail = "a field is folded over several lines";
	else if (!are_fields_whole(head->request, head->version))
		finding->detail = "a field holds a NUL, has no name, or ends in another way";
	return !finding->detail;
}
