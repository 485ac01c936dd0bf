/* SPDX-License-Identifier: MIT */
/* What the tests of listings share: a service in *STATE, keys that are hard to list, and listings
 * of them. Threads: one. */
#ifndef ARY_TESTS_UNIT_API_LIST_SUPPORT_H
#define ARY_TESTS_UNIT_API_LIST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "lib/api_fixture.h"

enum { BODY_BYTES = 64 * 1024 };

static inline void put_all(struct api_fixture *fixture, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		char target[128];

		(void)snprintf(target, sizeof(target), "/keys/%s", *keys);
		assert_int_equal(api_put(fixture, target, "v"), 201);
	}
}

/* GET of TARGET with Accept (or NULL); REQUEST is to be released. */
static inline unsigned get(struct api_fixture *fixture, const char *target, const char *accept,
		    struct api_request *request)
{
	api_request_init(request, "GET", target);
	if (accept != NULL)
		api_request_header(request, "Accept", accept);
	return api_request_send(fixture, request);
}

/* Keys that are hard to list; the last is NULL. */
static inline const char *const *tree(void)
{
	static const char *const names[] = {
		"a", "a%00", "a/", "a//d", "a/b", "a/b/1", "a/b/2", "a/c", "a0", "b", "b%ff",
		"b%ffc", "c+d", "%ff", "%ff%ff", NULL};

	return names;
}

/* A listing of that tree, as text. */
struct listing {
	const char *target;
	const char *lines;
};

/* The listings, from 0 on; NULL behind the last. */
static inline const struct listing *listing_at(size_t index)
{
	static const struct listing listings[] = {
		{"/keys?limit=20",
		 "a\na%00\na/\na//d\na/b\na/b/1\na/b/2\na/c\na0\nb\nb%FF\nb%FFc\nc%2Bd\n%FF\n"
		 "%FF%FF\n"},
		{"/keys?reverse",
		 "%FF%FF\n%FF\nc%2Bd\nb%FFc\nb%FF\nb\na0\na/c\na/b/2\na/b/1\na/b\na//d\na/\n"
		 "a%00\na\n"},
		{"/keys?prefix=a/", "a/\na//d\na/b\na/b/1\na/b/2\na/c\n"},
		{"/keys?prefix=a%2Fb", "a/b\na/b/1\na/b/2\n"},
		{"/keys?prefix=b%ff", "b%FF\nb%FFc\n"},
		{"/keys?prefix=%ff", "%FF\n%FF%FF\n"},
		{"/keys?prefix=%ff&reverse", "%FF%FF\n%FF\n"},
		{"/keys?prefix=c+", "c%2Bd\n"},
		{"/keys?prefix=zz", ""},
		{"/keys?prefix=",
		 "a\na%00\na/\na//d\na/b\na/b/1\na/b/2\na/c\na0\nb\nb%FF\nb%FFc\nc%2Bd\n%FF\n"
		 "%FF%FF\n"},
		{"/keys?start=b", "b\nb%FF\nb%FFc\nc%2Bd\n%FF\n%FF%FF\n"},
		{"/keys?after=b", "b%FF\nb%FFc\nc%2Bd\n%FF\n%FF%FF\n"},
		{"/keys?start=a1&end=b%ff", "b\n"},
		{"/keys?start=b&end=b", ""},
		{"/keys?after=b&end=b", ""},
		{"/keys?end=a/", "a\na%00\n"},
		{"/keys?end=a/&reverse", "a%00\na\n"},
		{"/keys?end=%00", ""},
		{"/keys?start=a/b&end=a/c&reverse=1", "a/b/2\na/b/1\na/b\n"},
		{"/keys?after=a/b&end=a/c&reverse=true", "a/b/2\na/b/1\n"},
		{"/keys?prefix=a/&start=a/b/", "a/b/1\na/b/2\na/c\n"},
		{"/keys?prefix=a/&after=a/", "a//d\na/b\na/b/1\na/b/2\na/c\n"},
		{"/keys?prefix=a/&start=0", "a/\na//d\na/b\na/b/1\na/b/2\na/c\n"},
		{"/keys?prefix=a/&after=a", "a/\na//d\na/b\na/b/1\na/b/2\na/c\n"},
		{"/keys?prefix=a/&end=z", "a/\na//d\na/b\na/b/1\na/b/2\na/c\n"},
		{"/keys?prefix=a/&end=a", ""},
		{"/keys?prefix=a/&start=b", ""},
		{"/keys?limit=2", "a\na%00\n"},
		{"/keys?limit=2&reverse", "%FF%FF\n%FF\n"},
		{"/keys?delimiter=/", "a\na%00\na/\na0\nb\nb%FF\nb%FFc\nc%2Bd\n%FF\n%FF%FF\n"},
		{"/keys?delimiter=/&prefix=a/", "a/\na//\na/b\na/b/\na/c\n"},
		{"/keys?delimiter=/&prefix=a/&reverse", "a/c\na/b/\na/b\na//\na/\n"},
		{"/keys?delimiter=/&limit=3", "a\na%00\na/\n"},
		{"/keys?delimiter=/&start=a/c", "a/\na0\nb\nb%FF\nb%FFc\nc%2Bd\n%FF\n%FF%FF\n"},
		{"/keys?delimiter=/&start=a/c&reverse",
		 "%FF%FF\n%FF\nc%2Bd\nb%FFc\nb%FF\nb\na0\na/\n"},
		{"/keys?delimiter=%ff",
		 "a\na%00\na/\na//d\na/b\na/b/1\na/b/2\na/c\na0\nb\nb%FF\nc%2Bd\n%FF\n"},
		{"/keys?delimiter=%ff&reverse",
		 "%FF\nc%2Bd\nb%FF\nb\na0\na/c\na/b/2\na/b/1\na/b\na//d\na/\na%00\na\n"},
		{"/keys?delimiter=b/&prefix=a", "a\na%00\na/\na//d\na/b\na/b/\na/c\na0\n"},
		{"/keys?delimiter=nowhere&prefix=b", "b\nb%FF\nb%FFc\n"},
	};

	return index < sizeof(listings) / sizeof(listings[0]) ? &listings[index] : NULL;
}

#endif
