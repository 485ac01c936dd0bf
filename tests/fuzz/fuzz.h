/* SPDX-License-Identifier: MIT */
/* What every fuzz target offers: one function that takes any bytes, and ends the program when a
 * promise does not hold. libFuzzer drives it (script/fuzz), or else main.c (make check).
 *
 * Threads: one. */
#ifndef ARY_TESTS_FUZZ_FUZZ_H
#define ARY_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"

/* Inputs are not longer; script/fuzz tells libFuzzer. */
enum { FUZZ_INPUT_BYTES_MAX = 4096 };

/* The name of the target, and of its folders below corpus/ and regression/. */
extern const char fuzz_name[];

/* How many mutated inputs `make check` tries: a second or two. */
extern const unsigned long fuzz_runs;

/* Tries the SIZE bytes at DATA. Answers 0, or -1 where they are none to remember. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes up to SIZE bytes from the front of *INPUT. */
static inline struct ary_bytes fuzz_take(struct ary_bytes *input, size_t size)
{
	struct ary_bytes taken = {input->data, size < input->size ? size : input->size};

	input->data = taken.size > 0 ? input->data + taken.size : input->data;
	input->size -= taken.size;
	return taken;
}

/* Takes one byte; 0 where there is none. */
static inline uint8_t fuzz_take_byte(struct ary_bytes *input)
{
	struct ary_bytes taken = fuzz_take(input, 1);

	return taken.size > 0 ? taken.data[0] : 0;
}

#endif
