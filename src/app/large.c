/* SPDX-License-Identifier: MIT */
#include "app/large.h"

#include "base/check.h"

enum ary_status ary_large_begin(struct ary_store *store, struct ary_large *out,
				struct ary_error *err)
{
	struct ary_upload *upload;
	enum ary_status status = ary_upload_begin(store, &upload, err);

	if (status == ARY_OK)
		*out = (struct ary_large){ .store = store, .upload = upload };
	return status;
}

static enum ary_status write_part(struct ary_large *large, struct ary_bytes bytes,
				  struct ary_error *err)
{
	struct ary_write write = {
		.op = ARY_WRITE_PART,
		.value = bytes,
		.upload = large->upload,
		.part = large->parts++,
	};
	enum ary_status status = ary_store_write(large->store, &write);

	if (status != ARY_OK)
		*err = write.error;
	return status;
}

/* Writes what is held, which ends the value unless it is a whole part. */
static enum ary_status flush(struct ary_large *large, struct ary_error *err)
{
	enum ary_status status = write_part(large, ary_buf_view(&large->rest), err);

	/* Of many values that wait for their ends, none is to hold a part. */
	ary_buf_release(&large->rest);
	return status;
}

enum ary_status ary_large_add(struct ary_large *large, struct ary_bytes bytes,
			      struct ary_error *err)
{
	size_t part_bytes = (size_t)ary_store_part_bytes(large->store);
	enum ary_status status = ARY_OK;

	large->size += bytes.size;
	while (status == ARY_OK && bytes.size > 0) {
		size_t room = part_bytes - large->rest.size;
		struct ary_bytes piece = { bytes.data, bytes.size < room ? bytes.size : room };

		bytes = (struct ary_bytes){ bytes.data + piece.size, bytes.size - piece.size };
		if (piece.size == part_bytes)
			status = write_part(large, piece, err);
		else if (!ary_buf_append(&large->rest, piece))
			status = ary_fail(err, ARY_NO_MEMORY, "no memory for a part of a value");
		if (status == ARY_OK && large->rest.size == part_bytes)
			status = flush(large, err);
	}
	return status;
}

enum ary_status ary_large_finish(struct ary_large *large, struct ary_write *write)
{
	ARY_CHECK(write->op == ARY_WRITE_SET);
	write->upload = large->upload;
	if (large->rest.size > 0)
		write->status = flush(large, &write->error);
	else
		write->status = ARY_OK;
	return write->status == ARY_OK ? ary_store_write(large->store, write) : write->status;
}

void ary_large_end(struct ary_large *large)
{
	ary_upload_close(large->upload);
	ary_buf_release(&large->rest);
}

enum ary_status ary_large_write(struct ary_store *store, struct ary_write *write)
{
	struct ary_bytes value = write->value;
	struct ary_large large;

	if (write->op != ARY_WRITE_SET || value.size <= ARY_LARGE_BYTES_MIN)
		return ary_store_write(store, write);
	write->value = (struct ary_bytes){ NULL, 0 };
	write->status = ary_large_begin(store, &large, &write->error);
	if (write->status != ARY_OK)
		return write->status;
	write->status = ary_large_add(&large, value, &write->error);
	if (write->status == ARY_OK)
		write->status = ary_large_finish(&large, write);
	ary_large_end(&large);
	return write->status;
}
