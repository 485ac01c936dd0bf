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

bool ary_base64url_encode(struct ary_bytes bytes, struct ary_buf *out)
{
	struct base64_encode_ctx context;
	size_t written;

	if (bytes.size == 0)
		return true;
	if (!ary_buf_reserve(out, ary_base64_size(bytes.size) + BASE64_ENCODE_FINAL_LENGTH))
		return false;
	base64url_encode_init(&context);
	written = base64_encode_update(&context, (char *)out->data + out->size, bytes.size,
				       bytes.data);
	(void)base64_encode_final(&context, (char *)out->data + out->size + written);
	out->size += (bytes.size * 8 + 5) / 6;
	return true;
}

/* TEXT without its padding; what is left of wrong padding is for the decoder to find. */
static struct ary_bytes without_padding(struct ary_bytes text)
{
	if (text.size > 0 && text.size % 4 == 0)
		for (unsigned i = 0; i < 2 && text.data[text.size - 1] == '='; i++)
			text.size--;
	return text;
}

enum ary_status ary_base64url_decode(struct ary_bytes text, struct ary_buf *out)
{
	struct base64_decode_ctx context;
	size_t size = 0, none = 0;
	bool valid;

	text = without_padding(text);
	if (text.size % 4 == 1)
		return ARY_INVALID;
	if (text.size == 0)
		return ARY_OK;
	if (!ary_buf_reserve(out, BASE64_DECODE_LENGTH(text.size + 2)))
		return ARY_NO_MEMORY;
	base64url_decode_init(&context);
	valid = base64_decode_update(&context, &size, out->data + out->size, text.size,
				     (const char *)text.data) &&
		size == text.size * 3 / 4;
	/* The library wants to see the padding, from which no byte comes. */
	if (valid && text.size % 4 != 0)
		valid = base64_decode_update(&context, &none, out->data + out->size + size,
					     4 - text.size % 4, "==");
	if (!valid || !base64_decode_final(&context))
		return ARY_INVALID;
	out->size += size;
	return ARY_OK;
}
