# SPDX-License-Identifier: MIT
# The tests. A unit test links its own floor and those below; tests in rest/, cli/ and kill/ drive
# the built program.
check_LIBRARIES += libtestary.a
libtestary_a_SOURCES = $(testlib_sources)
libtestary_a_CPPFLAGS = $(test_cppflags)
libtestary_a_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)

test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/%D%
test_libs = $(JANSSON_LIBS) $(CURL_LIBS) $(CMOCKA_LIBS)

# A fuzz target is a test with a main of ours, or a program of libFuzzer's (script/fuzz).
if ENABLE_FUZZING
fuzz_main =
fuzz_ldflags = -fsanitize=fuzzer
else
fuzz_main = %D%/fuzz/main.c
fuzz_ldflags =
endif

include %D%/sources.mk

TESTS += $(check_PROGRAMS) $(shell_tests) build-aux/tidy

AM_TESTS_ENVIRONMENT = \
	ARYAVARTH='$(abs_top_builddir)/aryavarth$(EXEEXT)'; export ARYAVARTH; \
	srcdir='$(srcdir)'; export srcdir; \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	CC='$(CC)'; export CC; \
	TIDY_CPPFLAGS='-D_GNU_SOURCE $(tidy_cflags)'; export TIDY_CPPFLAGS;

tidy_cflags = $(MICROHTTPD_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) $(CMOCKA_CFLAGS)
