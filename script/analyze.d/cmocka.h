/* SPDX-License-Identifier: MIT */
/* Stands before cmocka's own header where script/analyze looks: the assertions that end a test are
 * functions of which its tools do not know that they do not come back. */
#ifndef ARY_SCRIPT_ANALYZE_CMOCKA_H
#define ARY_SCRIPT_ANALYZE_CMOCKA_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include_next <cmocka.h>

#undef assert_true
#undef assert_false
#undef assert_null
#undef assert_non_null
#undef assert_int_equal
#undef fail_msg
#define assert_true(condition) ((condition) ? (void)0 : abort())
#define assert_false(condition) ((condition) ? abort() : (void)0)
#define assert_null(pointer) ((pointer) ? abort() : (void)0)
#define assert_non_null(pointer) ((pointer) ? (void)0 : abort())
#define assert_int_equal(a, b) ((intmax_t)(a) == (intmax_t)(b) ? (void)0 : abort())
#define fail_msg(...) ((void)snprintf(NULL, 0, __VA_ARGS__), abort())

#endif
