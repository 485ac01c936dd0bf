/* SPDX-License-Identifier: MIT */
/* Promise: whatever is in a file, a scan visits exactly the intact lines before the first bad one,
 * tells where they end, finds damage where and only where a line after the bad one proves it, and
 * what it found good is good by itself.
 *
 * The first byte is the seq that all must be above. The second says which lines of the rest (the
 * n-th modulo eight) keep the checksum that they have; all others get the right one. */
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/number.h"
#include "format/record.h"
#include "fuzz/fuzz.h"
#include "lib/memory_env.h"
#include "segment/scan.h"

const char fuzz_name[] = "scan";
const unsigned long fuzz_runs = 10000;

static const char file_name[] = "0.log";

/* What the visits of one scan came to. */
struct visits {
	uint64_t count;
	uint64_t end;
	uint64_t seq;
	uint64_t durable_bytes;
};

/* Gives LINE, which ends with a trailer, the right checksum. */
static void repair_line(uint8_t *line, size_t size)
{
	if (size <= ARY_RECORD_TRAILER_BYTES)
		return;
	uint8_t *trailer = line + size - ARY_RECORD_TRAILER_BYTES;
	if (memcmp(trailer, ",\"crc\":\"", 8) == 0)
		ary_format_hex32(ary_crc32c(line, size - ARY_RECORD_TRAILER_BYTES), trailer + 8);
}

static void repair(struct ary_buf *bytes, uint8_t kept)
{
	size_t start = 0;

	for (unsigned number = 0; start < bytes->size; number++) {
		uint8_t *line = bytes->data + start;
		uint8_t *newline = memchr(line, '\n', bytes->size - start);
		if (!newline)
			return;
		size_t size = (size_t)(newline - line) + 1;
		if (!(kept >> number % 8 & 1))
			repair_line(line, size);
		start += size;
	}
}

/* The line of BYTES that begins at START, without a newline where the bytes end before one. */
static struct ary_bytes line_at(struct ary_bytes bytes, size_t start)
{
	const uint8_t *line = bytes.data + start;
	const uint8_t *newline = memchr(line, '\n', bytes.size - start);

	return (struct ary_bytes){line, newline ? (size_t)(newline - line) + 1
						: bytes.size - start};
}

/* Where the first bad line begins, and what follows from the lines after it. */
struct verdict {
	size_t end;
	bool damaged;    /* a whole line proves that what is bad was durable */
	bool suspicious; /* something behind another beginning of a line does */
};

/* Whether LINE is a line that states more than END to be durable. */
static bool proves(struct ary_bytes line, uint64_t end, struct ary_buf *scratch)
{
	struct ary_record record;

	return ary_record_decode_head(line, scratch, &record, NULL) == ARY_OK &&
	       record.has_durable && record.durable_bytes > end;
}

/* Whether any part of LINE up to its end, but all of it, is such a line. */
static bool ends_with_proof(struct ary_bytes line, uint64_t end, struct ary_buf *scratch)
{
	for (size_t i = 1; i < line.size; i++)
		if (line.data[i] == '{' && proves((struct ary_bytes){line.data + i, line.size - i},
						  end, scratch))
			return true;
	return false;
}

/* What the rules of docs/FORMAT.md say of BYTES, the plain way. */
static struct verdict judge(struct ary_bytes bytes, uint64_t seq_after)
{
	struct verdict verdict = {.end = bytes.size};
	struct ary_buf scratch = {0};
	struct ary_record record;
	bool bad = false;

	for (size_t at = 0; at < bytes.size;) {
		struct ary_bytes line = line_at(bytes, at);
		if (bad && proves(line, verdict.end, &scratch))
			verdict.damaged = true;
		bool good = ary_record_decode_head(line, &scratch, &record, NULL) == ARY_OK &&
			    record.seq > seq_after;
		if (!bad && !good) {
			bad = true;
			verdict.end = at;
		}
		if (bad && ends_with_proof(line, verdict.end, &scratch))
			verdict.suspicious = true;
		seq_after = bad ? seq_after : record.seq;
		at += line.size;
	}
	ary_buf_release(&scratch);
	return verdict;
}

static enum ary_status visit(void *context, const struct ary_scan_line *line, struct ary_error *err)
{
	struct visits *visits = context;
	const struct ary_record *record = line->record;

	ARY_CHECK(err != NULL);
	ARY_CHECK(line->offset == visits->end);
	ARY_CHECK(ary_record_intact(line->line));
	ARY_CHECK(record->seq > visits->seq);
	if (record->has_durable && record->durable_bytes > visits->durable_bytes)
		visits->durable_bytes = record->durable_bytes;
	visits->seq = record->seq;
	visits->end += line->line.size;
	visits->count++;
	return ARY_OK;
}

/* Scans FILE of SIZE bytes and checks what the report says of itself. */
static enum ary_status scan(struct ary_file *file, uint64_t size, uint64_t seq_after,
			    struct ary_scan_report *out)
{
	struct visits visits = {.seq = seq_after};
	struct ary_error err = {0};

	memset(out, 0xff, sizeof(*out));
	enum ary_status status =
		ary_scan(file, file_name, (struct ary_scan_start){.seq = seq_after}, visit, &visits,
			 out, &err);
	ARY_CHECK(status == ARY_OK || status == ARY_CORRUPT);
	ARY_CHECK((status == ARY_OK) == (err.text[0] == '\0'));
	ARY_CHECK(out->lines == visits.count && out->end == visits.end);
	ARY_CHECK(out->bytes == size && out->end <= size);
	ARY_CHECK(out->torn == (out->end < size));
	ARY_CHECK(out->durable_bytes <= out->end);
	ARY_CHECK(out->durable_bytes == out->end || out->durable_bytes >= visits.durable_bytes);
	ARY_CHECK(out->seq_last == (visits.count > 0 ? visits.seq : 0));
	ARY_CHECK(out->seq_seen >= out->seq_last);
	ARY_CHECK(status == ARY_OK || out->torn);
	return status;
}

static void check_file(struct ary_file *file, struct ary_bytes bytes, uint64_t seq_after)
{
	struct ary_scan_report report, again;
	struct verdict verdict = judge(bytes, seq_after);

	enum ary_status status = scan(file, bytes.size, seq_after, &report);
	ARY_CHECK(report.end == verdict.end);
	ARY_CHECK(status == ARY_CORRUPT || !verdict.damaged);
	ARY_CHECK(status == ARY_OK || verdict.damaged || verdict.suspicious);

	ARY_CHECK(ary_file_truncate(file, report.end, NULL) == ARY_OK);
	ARY_CHECK(scan(file, report.end, seq_after, &again) == ARY_OK);
	ARY_CHECK(!again.torn && again.lines == report.lines && again.end == report.end);
	ARY_CHECK(again.seq_last == report.seq_last && again.seq_seen == report.seq_last);
	ARY_CHECK(again.durable_bytes <= report.durable_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ary_bytes input = {data, size};
	uint64_t seq_after = fuzz_take_byte(&input);
	uint8_t kept = fuzz_take_byte(&input);
	struct memory_env *memory = memory_env_create();
	struct ary_buf bytes = {0};
	struct ary_file *file;
	struct ary_dir *dir;
	size_t written;

	ARY_CHECK(ary_buf_append(&bytes, input));
	repair(&bytes, kept);
	ARY_CHECK(ary_dir_open(memory_env_env(memory), "logs", true, &dir, NULL) == ARY_OK);
	ARY_CHECK(ary_file_open(dir, file_name, ARY_OPEN_CREATE_NEW, &file, NULL) == ARY_OK);
	ARY_CHECK(ary_file_write_at(file, 0, bytes.data, bytes.size, &written, NULL) == ARY_OK);
	check_file(file, ary_buf_view(&bytes), seq_after);
	ARY_CHECK(ary_file_close(file, NULL) == ARY_OK);
	ary_dir_close(dir);
	memory_env_destroy(memory);
	ary_buf_release(&bytes);
	return 0;
}
