/* SPDX-License-Identifier: MIT */
/* An index as bytes that can be used where they lie, by this program on this kind of machine only:
 * a head, which says what it is, and the data, which are its memory as it is. Nothing in the data
 * points to an address, so that opening an image takes no time, whatever its size.
 *
 * Threads: none but the caller's may use the index while its image is made.
 * Limits: nothing is checked but what the head says of sizes: who keeps an image makes sure that
 * head and data are the bytes that were written. */
#ifndef ARY_INDEX_IMAGE_H
#define ARY_INDEX_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "index/index.h"

/* Takes the next BYTES of an image. Returning false ends it. */
typedef bool (*ary_image_sink)(void *context, struct ary_bytes bytes);

/* Appends to OUT the head of INDEX's image. False: no memory. */
ARY_MUST_CHECK bool ary_image_head(struct ary_index *index, struct ary_buf *out);

/* How many bytes of data the image has. */
uint64_t ary_image_data_bytes(struct ary_index *index);

/* Gives SINK the data; whether it took all. */
ARY_MUST_CHECK bool ary_image_write(struct ary_index *index, ary_image_sink sink, void *context);

/* The index whose image has this HEAD and the DATA_BYTES at DATA, aligned to 8. Borrows DATA until
 * it is destroyed, and changes them. Returns owned; NULL: HEAD is of another program, or does not
 * belong to so many bytes, or there is no memory. */
struct ary_index *ary_image_open(struct ary_bytes head, uint8_t *data, uint64_t data_bytes);

#endif
