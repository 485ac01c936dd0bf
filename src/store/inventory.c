/* SPDX-License-Identifier: MIT */
#include "store/inventory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/name.h"
#include "format/record.h"

/* The first line of a log is shorter than this. */
enum { FIRST_LINE_BYTES_MAX = 4096 };

/* A growing list of numbers. */
struct numbers {
	uint64_t *items;
	size_t count;
	size_t capacity;
};

struct listing {
	struct numbers logs;
	struct numbers temporary;
	size_t foreign_count;
	bool out_of_memory;
};

static bool add_number(struct numbers *numbers, uint64_t number)
{
	if (numbers->count == numbers->capacity) {
		size_t capacity = numbers->capacity == 0 ? 64 : numbers->capacity * 2;
		uint64_t *bigger =
			ary_try_realloc(numbers->items, capacity * sizeof(*numbers->items));
		if (bigger == NULL)
			return false;
		numbers->items = bigger;
		numbers->capacity = capacity;
	}
	numbers->items[numbers->count++] = number;
	return true;
}

static bool note_name(void *context, const char *name)
{
	struct listing *listing = context;
	uint64_t number;
	bool added = true;
	switch (ary_name_parse(name, &number)) {
	case ARY_NAME_LOG:
		added = add_number(&listing->logs, number);
		break;
	case ARY_NAME_TEMPORARY:
		added = add_number(&listing->temporary, number);
		break;
	case ARY_NAME_FOREIGN:
		listing->foreign_count++;
		break;
	}
	listing->out_of_memory = listing->out_of_memory || !added;
	return added;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

/* What a log's first line says. */
struct first_line {
	bool is_base;
	uint64_t base; /* the lowest number that the log stands for */
};

/* What LINE, the first of log NUMBER, says; one that is not intact is for the scan to judge. */
static enum ary_status read_first_line(uint64_t number, struct ary_bytes line,
				       struct first_line *out, struct ary_error *err)
{
	struct ary_buf scratch = {0};
	struct ary_record record;
	enum ary_status status = ary_record_decode_head(line, &scratch, &record, err);
	*out = (struct first_line){.base = number};
	if (status == ARY_OK && record.log == number && record.base <= number) {
		out->is_base = record.op == ARY_OP_BASE;
		if (out->is_base || record.op == ARY_OP_MERGE)
			out->base = record.base;
	}
	ary_buf_release(&scratch);
	return status == ARY_NO_MEMORY ? status : ARY_OK;
}

/* Reads the first line of log NUMBER; *BYTES_OUT is the size of its file. */
static enum ary_status look_at_log(struct ary_dir *dir, uint64_t number, struct first_line *out,
				   uint64_t *bytes_out, struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	ary_name_log(number, name);
	struct ary_file *file;
	enum ary_status status = ary_file_open(dir, name, ARY_OPEN_READ, &file, err);
	if (status != ARY_OK)
		return status;
	uint8_t bytes[FIRST_LINE_BYTES_MAX];
	size_t size = 0;
	status = ary_file_size(file, bytes_out, err);
	if (status == ARY_OK)
		status = ary_file_read_at(file, 0, bytes, sizeof(bytes), &size, err);
	ary_file_close(file, NULL);
	/* A Base line that is not seen would make the logs below it count again. */
	if (status == ARY_OK && size < sizeof(bytes) && size < *bytes_out)
		status = ary_fail(err, ARY_IO, "%s: became shorter while it was read", name);
	if (status != ARY_OK)
		return status;
	const uint8_t *newline = memchr(bytes, '\n', size);
	size_t line_bytes = newline == NULL ? 0 : (size_t)(newline - bytes) + 1;
	return read_first_line(number, (struct ary_bytes){bytes, line_bytes}, out, err);
}

/* Goes through LOGS, which rise, from the highest downwards. Logs that count and logs that do not
 * are put into OUT in that order. */
static enum ary_status walk_down(struct ary_dir *dir, const struct numbers *logs,
				 struct ary_inventory *out, struct ary_error *err)
{
	uint64_t bound = UINT64_MAX; /* only lower ones count */
	for (size_t i = logs->count; i > 0; i--) {
		uint64_t number = logs->items[i - 1];
		struct first_line first;
		uint64_t bytes;
		if (out->based || number >= bound) {
			out->obsolete[out->obsolete_count++] = number;
			continue;
		}
		enum ary_status status = look_at_log(dir, number, &first, &bytes, err);
		if (status != ARY_OK)
			return status;
		out->logs[out->log_count] = number;
		out->bases[out->log_count++] = first.base;
		out->bytes += bytes;
		out->based = first.is_base;
		bound = first.base;
	}
	return ARY_OK;
}

static void reverse(uint64_t *items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		uint64_t low = items[i];
		items[i] = items[count - 1 - i];
		items[count - 1 - i] = low;
	}
}

/* Splits the listing into what counts and what does not. */
static enum ary_status sort_out(struct ary_dir *dir, struct listing *listing,
				struct ary_inventory *out, struct ary_error *err)
{
	struct numbers *logs = &listing->logs;
	struct ary_inventory inventory = {.foreign_count = listing->foreign_count};
	if (logs->count > 0)
		qsort(logs->items, logs->count, sizeof(*logs->items), compare_numbers);
	inventory.logs = ary_try_alloc(logs->count * sizeof(*inventory.logs));
	inventory.bases = ary_try_alloc(logs->count * sizeof(*inventory.bases));
	inventory.obsolete = ary_try_alloc(logs->count * sizeof(*inventory.obsolete));
	enum ary_status status;
	if (inventory.logs == NULL || inventory.bases == NULL || inventory.obsolete == NULL)
		status = ary_fail(err, ARY_NO_MEMORY, "no memory to list the logs");
	else
		status = walk_down(dir, logs, &inventory, err);
	if (status != ARY_OK) {
		ary_inventory_release(&inventory);
		return status;
	}
	reverse(inventory.logs, inventory.log_count);
	reverse(inventory.bases, inventory.log_count);
	reverse(inventory.obsolete, inventory.obsolete_count);
	inventory.temporary = listing->temporary.items;
	inventory.temporary_count = listing->temporary.count;
	listing->temporary.items = NULL;
	*out = inventory;
	return ARY_OK;
}

enum ary_status ary_inventory_survey(struct ary_dir *dir, struct ary_inventory *out,
				     struct ary_error *err)
{
	struct listing listing = {0};
	enum ary_status status = ary_dir_list(dir, note_name, &listing, err);
	if (status == ARY_OK && listing.out_of_memory)
		status = ary_fail(err, ARY_NO_MEMORY, "no memory to list the logs");
	if (status == ARY_OK)
		status = sort_out(dir, &listing, out, err);
	free(listing.logs.items);
	free(listing.temporary.items);
	return status;
}

enum ary_status ary_inventory_check(const struct ary_inventory *inventory, size_t i,
				    struct ary_error *err)
{
	const uint64_t *logs = inventory->logs;
	uint64_t base = inventory->bases[i];
	if (i == 0 && !inventory->based && base != 0)
		return ary_fail(err, ARY_CORRUPT, "0.log is missing: the logs begin with %" PRIu64
				".log, which is not a merge of all those before it", logs[0]);
	if (i > 0 && base != logs[i - 1] + 1)
		return ary_fail(err, ARY_CORRUPT, "%" PRIu64 ".log is missing: %" PRIu64 ".log "
				"does not say that it stands for it", logs[i - 1] + 1, logs[i]);
	return ARY_OK;
}

enum ary_status ary_inventory_last_empty(struct ary_dir *dir,
					 const struct ary_inventory *inventory, bool *out,
					 struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	ary_name_log(inventory->logs[inventory->log_count - 1], name);
	struct ary_file *file;
	enum ary_status status = ary_file_open(dir, name, ARY_OPEN_READ, &file, err);
	if (status != ARY_OK)
		return status;
	uint64_t bytes;
	status = ary_file_size(file, &bytes, err);
	ary_file_close(file, NULL);
	if (status == ARY_OK)
		*out = bytes == 0;
	return status;
}

enum ary_status ary_inventory_take(struct ary_dir *dir, struct ary_inventory *out,
				   struct ary_error *err)
{
	struct ary_inventory inventory;
	enum ary_status status = ary_inventory_survey(dir, &inventory, err);
	if (status != ARY_OK)
		return status;
	for (size_t i = 0; status == ARY_OK && i < inventory.log_count; i++)
		status = ary_inventory_check(&inventory, i, err);
	if (status == ARY_OK)
		*out = inventory;
	else
		ary_inventory_release(&inventory);
	return status;
}

void ary_inventory_release(struct ary_inventory *inventory)
{
	free(inventory->logs);
	free(inventory->bases);
	free(inventory->obsolete);
	free(inventory->temporary);
}

enum ary_status ary_inventory_clean(struct ary_dir *dir, const struct ary_inventory *inventory,
				    struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	enum ary_status status = ARY_OK;
	/* A merge may have its name in the system's memory only: what it stands for must not go
	 * before that is on the disk. */
	if (inventory->obsolete_count > 0)
		status = ary_dir_sync(dir, err);
	for (size_t i = 0; status == ARY_OK && i < inventory->temporary_count; i++) {
		ary_name_temporary(inventory->temporary[i], name);
		status = ary_dir_unlink(dir, name, err);
	}
	/* Lowest first, so that what a crash leaves has no gap either. */
	for (size_t i = 0; status == ARY_OK && i < inventory->obsolete_count; i++) {
		ary_name_log(inventory->obsolete[i], name);
		status = ary_dir_unlink(dir, name, err);
	}
	if (status == ARY_OK && inventory->temporary_count + inventory->obsolete_count > 0)
		status = ary_dir_sync(dir, err);
	return status;
}
