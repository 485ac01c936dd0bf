/* SPDX-License-Identifier: MIT */
/* The REST contract, openapi/aryavarth.yaml, as it was when the program was built. */
#ifndef ARY_API_OPENAPI_H
#define ARY_API_OPENAPI_H

#include <stddef.h>

/* The bytes of the file, without a terminating NUL; made by build-aux/embed. */
extern const unsigned char ary_openapi_yaml[];
extern const size_t ary_openapi_yaml_size;

#endif
