/* SPDX-License-Identifier: MIT */
#include "store/upload_group.h"

#include <inttypes.h>

#include "base/check.h"

static enum ary_status check_part(const struct ary_store *store, const struct ary_write *write,
				  struct ary_error *err)
{
	const struct ary_upload_state *state = &write->upload->decided;
	uint64_t size = state->size + write->value.size;
	if (state->ended)
		return ary_fail(err, ARY_INVALID, "nothing can follow the last part");
	if (write->part != state->count)
		return ary_fail(err, ARY_INVALID,
				"part %" PRIu64 " of a value comes after %" PRIu64 " parts",
				write->part, state->count);
	if (size > store->options.value_bytes_max)
		return ary_fail(err, ARY_TOO_LARGE, "the value has more than %" PRIu64 " bytes",
				store->options.value_bytes_max);
	if (state->count == ARY_RECORD_PARTS_MAX)
		return ary_fail(err, ARY_TOO_LARGE, "the value has more than %d parts",
				ARY_RECORD_PARTS_MAX);
	return ARY_OK;
}

enum ary_status ary_upload_check(const struct ary_store *store, const struct ary_write *write,
				 struct ary_error *err)
{
	const struct ary_upload_state *state = &write->upload->decided;
	if (write->op == ARY_WRITE_PART)
		return check_part(store, write, err);
	if (state->named)
		return ary_fail(err, ARY_INVALID, "what was uploaded is a value already");
	if (state->count == 0)
		return ary_fail(err, ARY_INVALID, "nothing was uploaded");
	return ARY_OK;
}

/* What a Set says of an upload that is as STATE. */
static struct ary_record_large large_of(const struct ary_store *store,
					const struct ary_upload_state *state)
{
	return (struct ary_record_large){
		.upload = state->upload,
		.count = state->count,
		.part_bytes = store->options.part_bytes,
		.size = state->size,
	};
}

enum ary_status ary_upload_fill(const struct ary_store *store, const struct ary_write *write,
				uint64_t seq, struct ary_record *record)
{
	const struct ary_upload_state *state = &write->upload->decided;
	if (write->op == ARY_WRITE_SET) {
		record->large = large_of(store, state);
		return ARY_OK;
	}
	record->value = write->value;
	record->part = state->count;
	record->upload = state->count == 0 ? seq : state->upload;
	return ary_parts_reserve(write->upload, state->count);
}

void ary_upload_decided(const struct ary_store *store, const struct ary_write *write,
			uint64_t seq)
{
	struct ary_upload_state *state = &write->upload->decided;
	if (write->op == ARY_WRITE_SET) {
		state->named = true;
		state->ended = true;
		return;
	}
	if (state->count == 0)
		state->upload = seq;
	state->count++;
	state->size += write->value.size;
	state->ended = write->value.size < store->options.part_bytes;
}

void ary_upload_undecided(const struct ary_write *write)
{
	write->upload->decided = write->upload->stored;
}

void ary_upload_stored(const struct ary_store *store, const struct ary_write *write, uint64_t seq,
		       const struct ary_location *location)
{
	struct ary_upload *upload = write->upload;
	struct ary_upload_state *state = &upload->stored;
	if (write->op == ARY_WRITE_SET) {
		const struct ary_record_large large = large_of(store, state);
		ary_parts_name(upload, seq, &large);
		*state = upload->decided;
		return;
	}
	if (state->count == 0)
		state->upload = seq;
	ARY_CHECK(ary_parts_put(upload, state->upload, state->count, location));
	state->count++;
	state->size += write->value.size;
	state->ended = write->value.size < store->options.part_bytes;
}
