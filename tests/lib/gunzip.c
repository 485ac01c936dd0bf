/* SPDX-License-Identifier: MIT */
#define ZLIB_CONST
#include "lib/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

enum { STEP_BYTES = 4096, GZIP_FRAME = 15 + 16 };

struct ary_buf gunzip(struct ary_bytes packed)
{
	z_stream stream = { .next_in = packed.data, .avail_in = (unsigned)packed.size };
	struct ary_buf out = {0};
	int status = Z_OK;

	assert_int_equal(inflateInit2(&stream, GZIP_FRAME), Z_OK);
	while (status == Z_OK) {
		assert_true(ary_buf_reserve(&out, STEP_BYTES));
		stream.next_out = out.data + out.size;
		stream.avail_out = STEP_BYTES;
		status = inflate(&stream, Z_NO_FLUSH);
		out.size += STEP_BYTES - stream.avail_out;
	}
	assert_int_equal(status, Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_int_equal(inflateEnd(&stream), Z_OK);
	return out;
}
