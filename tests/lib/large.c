/* SPDX-License-Identifier: MIT */
#include "lib/large.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"

uint8_t large_byte(uint32_t seed, uint64_t offset)
{
	uint64_t mixed = (offset + 1) * UINT64_C(0x9e3779b97f4a7c15) + seed;

	return (uint8_t)(mixed >> 29);
}

struct ary_upload *large_begin(struct ary_store *store)
{
	struct ary_upload *upload = NULL;

	assert_int_equal(ary_upload_begin(store, &upload, NULL), ARY_OK);
	return upload;
}

static enum ary_status write_part(struct ary_store *store, struct ary_upload *upload,
				  uint64_t number, struct ary_bytes bytes)
{
	struct ary_write write = {
		.op = ARY_WRITE_PART,
		.value = bytes,
		.upload = upload,
		.part = number,
	};

	return ary_store_write(store, &write);
}

enum ary_status large_part(struct ary_store *store, struct ary_upload *upload, uint32_t seed,
			   uint64_t from, uint64_t to)
{
	size_t size = (size_t)(to - from);
	uint8_t *bytes = ary_alloc(size + 1);

	for (size_t i = 0; i < size; i++)
		bytes[i] = large_byte(seed, from + i);
	enum ary_status status = write_part(store, upload, from / ary_store_part_bytes(store),
					    (struct ary_bytes){bytes, size});
	free(bytes);
	return status;
}

enum ary_status large_cut(struct ary_store *store, struct ary_upload *upload,
			  struct ary_bytes bytes)
{
	size_t part_bytes = (size_t)ary_store_part_bytes(store);
	enum ary_status status = ARY_OK;

	for (size_t at = 0; status == ARY_OK && at < bytes.size; at += part_bytes) {
		size_t left = bytes.size - at;
		const struct ary_bytes part = {bytes.data + at,
					       left < part_bytes ? left : part_bytes};
		status = write_part(store, upload, at / part_bytes, part);
	}
	return status;
}

enum ary_status large_parts(struct ary_store *store, struct ary_upload *upload, uint32_t seed,
			    uint64_t size)
{
	uint64_t part_bytes = ary_store_part_bytes(store);
	enum ary_status status = ARY_OK;

	for (uint64_t from = 0; status == ARY_OK && from < size; from += part_bytes) {
		uint64_t to = size - from < part_bytes ? size : from + part_bytes;
		status = large_part(store, upload, seed, from, to);
	}
	return status;
}

enum ary_status large_name(struct ary_store *store, struct ary_upload *upload, const char *key)
{
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of(key),
		.type = ary_bytes_of("large/seed"),
		.upload = upload,
	};

	return ary_store_write(store, &write);
}

uint64_t large_set(struct ary_store *store, const char *key, uint32_t seed, uint64_t size)
{
	struct ary_upload *upload = large_begin(store);
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of(key),
		.type = ary_bytes_of("large/seed"),
		.upload = upload,
	};

	assert_int_equal(large_parts(store, upload, seed, size), ARY_OK);
	assert_int_equal(ary_store_write(store, &write), ARY_OK);
	ary_upload_close(upload);
	return write.seq;
}

const char *large_check(struct ary_value *value, uint32_t seed, uint64_t size, uint64_t from)
{
	static _Thread_local struct ary_error err;
	struct ary_bytes bytes;

	if (value->size != size)
		return "another size";
	if (!ary_value_is_large(value) || value->value.size > 0)
		return "not a large value";
	while (from < size) {
		if (ary_value_read(value, from, &bytes, &err) != ARY_OK)
			return err.text;
		if (bytes.size == 0 || bytes.size > size - from)
			return "a part of no such size";
		for (size_t i = 0; i < bytes.size; i++) {
			if (bytes.data[i] != large_byte(seed, from + i))
				return "other bytes";
		}
		from += bytes.size;
	}
	return NULL;
}

void large_expect(struct ary_store *store, const char *key, uint32_t seed, uint64_t size)
{
	struct ary_value value;
	struct ary_error err;

	if (ary_store_get(store, ary_bytes_of(key), &value, &err) != ARY_OK)
		fail_msg("%s: %s", key, err.text);
	const char *wrong = large_check(&value, seed, size, 0);
	if (wrong)
		fail_msg("%s: %s", key, wrong);
	assert_true(ary_bytes_equal(value.type, ary_bytes_of("large/seed")));
	ary_value_release(&value);
}
