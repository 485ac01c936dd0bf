/* SPDX-License-Identifier: MIT */
/* Writing, up to the commit thread's queue. */
#include <inttypes.h>

#include "format/meta.h"
#include "format/record.h"
#include "index/index.h"
#include "store/commit.h"
#include "store/store.h"

static bool is_word(struct ary_bytes bytes)
{
	return bytes.size <= ARY_RECORD_TYPE_BYTES_MAX && ary_bytes_printable(bytes);
}

/* What a write says of its value. */
static enum ary_status check_about(struct ary_write *write)
{
	struct ary_error *err = &write->error;
	if (!is_word(write->type))
		return ary_fail(err, ARY_INVALID, "the content type is not at most %d printable "
				"ASCII characters", ARY_RECORD_TYPE_BYTES_MAX);
	if (!is_word(write->encoding))
		return ary_fail(err, ARY_INVALID, "the content coding is not at most %d printable "
				"ASCII characters", ARY_RECORD_TYPE_BYTES_MAX);
	if (write->meta.size > ARY_META_BYTES_MAX)
		return ary_fail(err, ARY_TOO_LARGE, "the metadata has %zu bytes, more than %d",
				write->meta.size, ARY_META_BYTES_MAX);
	if (!ary_meta_valid(write->meta))
		return ary_fail(err, ARY_INVALID, "the metadata is not in its canonical form");
	if (write->sha256.size != 0 && write->sha256.size != ARY_RECORD_SHA256_BYTES)
		return ary_fail(err, ARY_INVALID, "a SHA-256 has %d bytes, not %zu",
				ARY_RECORD_SHA256_BYTES, write->sha256.size);
	if (write->expires_ms > 0 && write->ttl_ms > 0)
		return ary_fail(err, ARY_INVALID, "a value has an end or a lifetime, not both");
	if (write->expires_ms > ARY_SEQ_MAX || write->ttl_ms > ARY_SEQ_MAX)
		return ary_fail(err, ARY_INVALID, "the end of a value is out of range");
	return ARY_OK;
}

/* A part has no key, and its size is that of all parts, but of the last. */
static enum ary_status check_part(const struct ary_store_options *options,
				  struct ary_write *write)
{
	struct ary_error *err = &write->error;
	if (write->value.size == 0 || write->value.size > options->part_bytes)
		return ary_fail(err, ARY_INVALID, "a part has 1 to %" PRIu64 " bytes",
				options->part_bytes);
	return ARY_OK;
}

/* How long a value of one line may be. */
static uint64_t inline_bytes_max(const struct ary_store_options *options)
{
	return options->value_bytes_max < ARY_VALUE_INLINE_BYTES_MAX
		       ? options->value_bytes_max
		       : ARY_VALUE_INLINE_BYTES_MAX;
}

/* What can be refused without looking at the state. */
static enum ary_status check_write(const struct ary_store_options *options,
				   struct ary_write *write)
{
	struct ary_error *err = &write->error;
	if (write->op == ARY_WRITE_PART)
		return check_part(options, write);
	if (write->key.size == 0)
		return ary_fail(err, ARY_INVALID, "the key is empty");
	if (write->key.size > options->key_bytes_max)
		return ary_fail(err, ARY_TOO_LARGE, "the key has %zu bytes, more than %" PRIu64,
				write->key.size, options->key_bytes_max);
	if (write->value.size > inline_bytes_max(options))
		return ary_fail(err, ARY_TOO_LARGE, "the value has %zu bytes, more than %" PRIu64,
				write->value.size, inline_bytes_max(options));
	return check_about(write);
}

void ary_store_submit(struct ary_store *store, struct ary_write *write)
{
	/* Field by field: the rest of the text is never looked at, and long. */
	write->error.status = ARY_OK;
	write->error.os_errno = 0;
	write->error.text[0] = '\0';
	write->status = check_write(&store->options, write);
	if (write->status != ARY_OK) {
		write->done(write);
		return;
	}
	/* Here, as there are more threads that submit than that commit. */
	if (write->op != ARY_WRITE_PART)
		write->key_hash = ary_index_hash(store->index, write->key);
	ary_commit_enqueue(store, write);
}

/* Where a thread waits for its own write. */
struct waiter {
	struct ary_mutex lock;
	struct ary_cond done;
	bool is_done;
};

static void wake_waiter(struct ary_write *write)
{
	struct waiter *waiter = write->context;
	ary_mutex_lock(&waiter->lock);
	waiter->is_done = true;
	ary_cond_signal(&waiter->done);
	ary_mutex_unlock(&waiter->lock);
}

enum ary_status ary_store_write(struct ary_store *store, struct ary_write *write)
{
	struct waiter waiter = {.is_done = false};
	ary_mutex_init(&waiter.lock);
	ary_cond_init(&waiter.done);
	write->done = wake_waiter;
	/* cppcheck-suppress autoVariables ; nobody looks at it after wake_waiter, awaited below */
	write->context = &waiter;
	ary_store_submit(store, write);
	ary_mutex_lock(&waiter.lock);
	while (!waiter.is_done)
		ary_cond_wait(&waiter.done, &waiter.lock);
	ary_mutex_unlock(&waiter.lock);
	ary_cond_release(&waiter.done);
	ary_mutex_release(&waiter.lock);
	return write->status;
}
