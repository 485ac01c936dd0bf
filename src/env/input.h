/* SPDX-License-Identifier: MIT */
/* Input that a person names on the command line: a file, a pipe, or standard input. Not part of a
 * store, so links are followed, and what cannot be read twice is welcome.
 *
 * Threads: one input, one thread. */
#ifndef ARY_ENV_INPUT_H
#define ARY_ENV_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/status.h"

struct ary_input;

/* Whether PATH can be opened and read as often as one likes: not "-", no pipe, no terminal. A PATH
 * that is not there counts as such; opening it says more. *BYTES_OUT is its size, or 0. */
bool ary_input_repeatable(const char *path, uint64_t *bytes_out);

/* Opens PATH for reading; "-" is standard input. Returns owned. NOT_FOUND, IO. */
ARY_MUST_CHECK enum ary_status ary_input_open(const char *path, struct ary_input **out,
					      struct ary_error *err);

/* Reads up to SIZE bytes; *GOT_OUT of 0 is the end. What is appended to a file after it was opened
 * is not read. IO. */
ARY_MUST_CHECK enum ary_status ary_input_read(struct ary_input *input, void *data, size_t size,
					      size_t *got_out, struct ary_error *err);

/* Takes INPUT (may be NULL); standard input stays open. */
void ary_input_close(struct ary_input *input);

#endif
