/* SPDX-License-Identifier: MIT */
#include "app/import_large.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"

/* The value called UPLOAD, or NULL. */
static struct ary_import_value *find(struct ary_import_large *self, uint64_t upload)
{
	/* Mostly there is one, and it is the last one. */
	for (size_t i = self->count; i > 0; i--) {
		if (self->values[i - 1].upload == upload)
			return &self->values[i - 1];
	}
	return NULL;
}

/* A new value, which begins with PART; NULL: it cannot, and ERR says why. */
static struct ary_import_value *begin(struct ary_import_large *self,
				      const struct ary_foreign *part, struct ary_error *err)
{
	struct ary_import_value value = { .upload = part->upload,
					  .part_bytes = part->value.size };

	if (self->count == self->capacity) {
		size_t capacity = 2 * self->capacity + 4;
		struct ary_import_value *values =
			ary_try_realloc(self->values, capacity * sizeof(*values));

		if (values == NULL) {
			(void)ary_fail(err, ARY_NO_MEMORY, "no memory for a value in parts");
			return NULL;
		}
		self->values = values;
		self->capacity = capacity;
	}
	if (self->store != NULL && ary_large_begin(self->store, &value.large, err) != ARY_OK)
		return NULL;
	self->values[self->count] = value;
	return &self->values[self->count++];
}

static void end(struct ary_import_large *self, struct ary_import_value *value)
{
	if (self->store != NULL)
		ary_large_end(&value->large);
	*value = self->values[--self->count];
}

enum ary_status ary_import_part(struct ary_import_large *self, const struct ary_foreign *part,
				struct ary_error *err)
{
	struct ary_import_value *value = find(self, part->upload);

	/* An upload that begins again takes the place of one that was given up. */
	if (value != NULL && part->part == 0) {
		end(self, value);
		value = NULL;
	}
	if (part->value.size == 0)
		return ary_fail(err, ARY_CORRUPT, "a part without bytes");
	if (value == NULL && part->part > 0)
		return ary_fail(err, ARY_CORRUPT, "the parts before part %" PRIu64
				" of upload %" PRIu64 " have not come", part->part, part->upload);
	if (value == NULL)
		value = begin(self, part, err);
	if (value == NULL)
		return err->status;
	if (part->part != value->parts || value->ended || part->value.size > value->part_bytes)
		return ary_fail(err, ARY_CORRUPT, "part %" PRIu64 " of upload %" PRIu64
				" does not follow the one before", part->part, part->upload);
	value->parts++;
	value->size += part->value.size;
	value->ended = part->value.size < value->part_bytes;
	return self->store == NULL ? ARY_OK : ary_large_add(&value->large, part->value, err);
}

enum ary_status ary_import_set(struct ary_import_large *self, const struct ary_foreign *set,
			       struct ary_error *err)
{
	struct ary_import_value *value = find(self, set->large.upload);
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = set->key,
		.type = set->type,
		.encoding = set->encoding,
		.expires_ms = set->expires_ms,
		.meta = set->meta,
		.sha256 = set->sha256,
	};

	if (value == NULL || value->parts != set->large.count || value->size != set->large.size)
		return ary_fail(err, ARY_CORRUPT, "the parts of upload %" PRIu64
				" have not all come before it", set->large.upload);
	enum ary_status status = ARY_OK;
	if (self->store != NULL)
		status = ary_large_finish(&value->large, &write);
	if (status != ARY_OK)
		*err = write.error;
	end(self, value);
	return status;
}

void ary_import_large_release(struct ary_import_large *self)
{
	while (self->count > 0)
		end(self, &self->values[self->count - 1]);
	free(self->values);
	*self = (struct ary_import_large){ .count = 0 };
}
