/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

#include <nettle/base64.h>

size_t ary_base64_size(size_t size)
{
	return size / 3 * 4 + (size % 3 != 0 ? 4 : 0);
}

void ary_base64_encode(struct ary_bytes bytes, uint8_t *out)
{
	base64_encode_raw((char *)out, bytes.size, bytes.data);
}

/* How many bytes TEXT stands for when it is canonical. */
static size_t decoded_size(struct ary_bytes text)
{
	size_t size = text.size / 4 * 3;

	if (text.size > 0 && text.data[text.size - 1] == '=')
		size--;
	if (text.size > 1 && text.data[text.size - 1] == '=' && text.data[text.size - 2] == '=')
		size--;
	return size;
}

enum ary_status ary_base64_decode(struct ary_bytes text, struct ary_buf *out)
{
	struct base64_decode_ctx context;
	size_t size = 0;

	if (text.size % 4 != 0)
		return ARY_INVALID;
	if (text.size == 0)
		return ARY_OK;
	if (!ary_buf_reserve(out, BASE64_DECODE_LENGTH(text.size)))
		return ARY_NO_MEMORY;
	base64_decode_init(&context);
	if (!base64_decode_update(&context, &size, out->data + out->size, text.size,
				  (const char *)text.data))
		return ARY_INVALID;
	/* The library passes over white space; the size then falls short of what it should be. */
	if (!base64_decode_final(&context) || size != decoded_size(text))
		return ARY_INVALID;
	out->size += size;
	return ARY_OK;
}
