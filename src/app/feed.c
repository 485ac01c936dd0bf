/* SPDX-License-Identifier: MIT */
#include "app/feed.h"

#include <string.h>

#include "format/foreign.h"

enum { READ_BYTES = 256 * 1024 };

enum ary_status ary_feed_open(const char *path, struct ary_feed *out, struct ary_error *err)
{
	struct ary_feed feed = { .path = path };
	enum ary_status status = ary_input_open(path, &feed.input, err);

	if (status == ARY_OK)
		*out = feed;
	return status;
}

void ary_feed_close(struct ary_feed *feed)
{
	ary_input_close(feed->input);
	ary_buf_release(&feed->window);
}

/* Reads on, behind what is yet to be taken. */
static enum ary_status fill(struct ary_feed *feed, struct ary_error *err)
{
	struct ary_buf *window = &feed->window;
	size_t got = 0;
	enum ary_status status;

	if (feed->start > 0) {
		memmove(window->data, window->data + feed->start, window->size - feed->start);
		window->size -= feed->start;
		feed->searched -= feed->start;
		feed->start = 0;
	}
	/* One byte more, for the newline that the last line may lack. */
	if (!ary_buf_reserve(window, READ_BYTES + 1))
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a line");
	status = ary_input_read(feed->input, window->data + window->size, READ_BYTES, &got, err);
	if (status != ARY_OK)
		return status;
	window->size += got;
	feed->ended = got == 0;
	if (feed->ended && window->size > 0)
		window->data[window->size++] = '\n';
	return ARY_OK;
}

/* Whether the window holds a whole line; *SIZE_OUT is its size. */
static bool find_line(struct ary_feed *feed, size_t *size_out)
{
	const uint8_t *data = feed->window.data;
	const uint8_t *newline;

	if (feed->searched == feed->window.size)
		return false;
	newline = memchr(data + feed->searched, '\n', feed->window.size - feed->searched);
	feed->searched = newline ? (size_t)(newline - data) + 1 : feed->window.size;
	*size_out = feed->searched - feed->start;
	return newline != NULL;
}

enum ary_status ary_feed_next(struct ary_feed *feed, struct ary_bytes *out, struct ary_error *err)
{
	size_t size = 0;
	enum ary_status status;

	while (!find_line(feed, &size)) {
		if (feed->window.size - feed->start > ARY_FOREIGN_LINE_BYTES_MAX) {
			feed->line++;
			return ary_fail(err, ARY_TOO_LARGE, "the line is longer than %d bytes",
					ARY_FOREIGN_LINE_BYTES_MAX);
		}
		if (feed->ended) {
			*out = (struct ary_bytes){ .size = 0 };
			return ARY_OK;
		}
		status = fill(feed, err);
		if (status != ARY_OK)
			return status;
	}
	feed->line++;
	*out = (struct ary_bytes){ feed->window.data + feed->start, size };
	feed->start += size;
	return ARY_OK;
}
