/* SPDX-License-Identifier: MIT */
/* Its members are const where it only reads. */
#define ZLIB_CONST
#include "base/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/check.h"

/* The largest window, and a gzip frame around what is packed. */
enum { WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8, STEP_BYTES = 4096 };

static void *take_memory(void *context, unsigned count, unsigned size)
{
	(void)context;
	return ary_try_alloc((size_t)count * size);
}

static void give_memory(void *context, void *memory)
{
	(void)context;
	free(memory);
}

bool ary_gzip(struct ary_bytes bytes, enum ary_gzip_effort effort, struct ary_buf *out)
{
	z_stream stream = { .zalloc = take_memory, .zfree = give_memory };
	size_t size_before = out->size;
	int status = Z_OK;

	if (bytes.size > UINT_MAX ||
	    deflateInit2(&stream, effort, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	stream.next_in = bytes.data;
	stream.avail_in = (unsigned)bytes.size;
	while (status != Z_STREAM_END && ary_buf_reserve(out, STEP_BYTES)) {
		stream.next_out = out->data + out->size;
		stream.avail_out = STEP_BYTES;
		status = deflate(&stream, Z_FINISH);
		ARY_CHECK(status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END);
		out->size += STEP_BYTES - stream.avail_out;
	}
	(void)deflateEnd(&stream);
	if (status != Z_STREAM_END)
		out->size = size_before;
	return status == Z_STREAM_END;
}
