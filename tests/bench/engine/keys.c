/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/engine/bench.h"

static const char padding[] =
	"the quick brown fox jumps over the lazy dog, and the dog does not even open its eyes";

_Static_assert(sizeof(padding) - 1 >= BENCH_VALUE_BYTES - BENCH_KEY_BYTES - 1,
	       "a value is filled to its end");

/* The finalizer of SplitMix64: each number has one of its own, and neighbours nothing in common. */
static uint64_t scatter(uint64_t n)
{
	n += UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

void bench_key(uint64_t n, uint8_t *key)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t scattered = scatter(n);

	for (int i = 0; i < BENCH_KEY_BYTES; i++) {
		key[i] = (uint8_t)digits[scattered >> 60];
		scattered <<= 4;
	}
}

void bench_fill(const struct bench_span *span, uint64_t place, uint8_t *key, uint8_t *value)
{
	bench_key(place * span->stride % span->total, key);
	memcpy(value, key, BENCH_KEY_BYTES);
	value[BENCH_KEY_BYTES] = (uint8_t)('0' + span->generation);
	memcpy(value + BENCH_KEY_BYTES + 1, padding, BENCH_VALUE_BYTES - BENCH_KEY_BYTES - 1);
}

void bench_check(const uint8_t *key, const uint8_t *value, size_t size, unsigned generation)
{
	if (size != BENCH_VALUE_BYTES || memcmp(key, value, BENCH_KEY_BYTES) != 0 ||
	    value[BENCH_KEY_BYTES] != '0' + generation)
		bench_die("a value is not what was written", NULL);
}

void bench_die(const char *what, const char *error)
{
	fprintf(stderr, "%s%s%s\n", what, error ? ": " : "", error ? error : "");
	exit(1);
}
