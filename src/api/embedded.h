/* SPDX-License-Identifier: MIT */
/* Files of openapi/ that travel inside the program, as they were when it was built. */
#ifndef ARY_API_EMBEDDED_H
#define ARY_API_EMBEDDED_H

#include <stddef.h>
#include <stdint.h>

/* One file; made by build-aux/embed. */
struct ary_embedded {
	const unsigned char *data; /* without a terminating NUL */
	size_t size;
	uint64_t sum;              /* a checksum that a change of the file changes; never 0 */
};

extern const struct ary_embedded ary_openapi_yaml; /* the REST contract */
extern const struct ary_embedded ary_openapi_json; /* the same as JSON */
extern const struct ary_embedded ary_docs_html;    /* a page that shows it */
extern const struct ary_embedded ary_root_html;
extern const struct ary_embedded ary_root_text;
extern const struct ary_embedded ary_style_css;    /* of all our pages */

#endif
