/* SPDX-License-Identifier: MIT */
#include "api/timing.h"

#include <inttypes.h>

#include "api/api_private.h"
#include "api/prefer.h"
#include "api/respond.h"

void ary_timing_begin(struct ary_api *api, struct ary_call *call)
{
	if (call->begun_ns == 0 && ary_call_has(call, ARY_FIELD_PREFER) &&
	    ary_prefer_has(call, "server-timing"))
		call->begun_ns = ary_monotonic_ns(api->options.env);
}

bool ary_timing_wanted(const struct ary_call *call)
{
	return call->begun_ns != 0;
}

/* Appends metric NAME of DURATION, unless that is 0: what was not done is not there. */
static bool append(struct ary_buf *text, const char *name, uint64_t duration_ns)
{
	uint64_t duration_us = duration_ns / 1000;

	return duration_ns == 0 ||
	       ary_buf_printf(text, "%s;dur=%" PRIu64 ".%03u, ", name, duration_us / 1000,
			      (unsigned)(duration_us % 1000));
}

void ary_timing_tell(struct ary_api *api, struct ary_call *call)
{
	const struct ary_write_timing *write = &call->write_timing;
	struct ary_response *response = &call->response;
	struct ary_buf *text = &response->text;
	uint64_t total_ns = ary_monotonic_ns(api->options.env) - call->begun_ns;
	bool written;

	ary_response_begin_field(response, "Server-Timing");
	/* A total of nothing is told too, so that the list never is empty. */
	written = append(text, "queue", write->queue_ns) &&
		  append(text, "append", write->append_ns) &&
		  append(text, "sync", write->sync_ns) &&
		  append(text, "total", total_ns > 0 ? total_ns : 1);
	if (written)
		text->size -= 2;
	ary_response_end_field(response, written);
}
