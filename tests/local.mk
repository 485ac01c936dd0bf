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

# The engines that script/bench measures beside ours. It alone builds them: they need libraries that
# nothing else does.
engine_bench = %D%/bench/engine/bench.h %D%/bench/engine/keys.c %D%/bench/engine/main.c
EXTRA_PROGRAMS += %D%/bench/engine/ours %D%/bench/engine/leveldb %D%/bench/engine/rocksdb \
	%D%/bench/engine/lmdb
%C%_bench_engine_ours_SOURCES = $(engine_bench) %D%/bench/engine/ours.c
%C%_bench_engine_ours_CPPFLAGS = $(test_cppflags)
%C%_bench_engine_ours_LDADD = $(upto_store)
%C%_bench_engine_leveldb_SOURCES = $(engine_bench) %D%/bench/engine/leveldb.c
%C%_bench_engine_leveldb_CPPFLAGS = $(test_cppflags)
%C%_bench_engine_leveldb_LDADD = -lleveldb
%C%_bench_engine_rocksdb_SOURCES = $(engine_bench) %D%/bench/engine/rocksdb.c
%C%_bench_engine_rocksdb_CPPFLAGS = $(test_cppflags)
%C%_bench_engine_rocksdb_LDADD = -lrocksdb
%C%_bench_engine_lmdb_SOURCES = $(engine_bench) %D%/bench/engine/lmdb.c
%C%_bench_engine_lmdb_CPPFLAGS = $(test_cppflags)
%C%_bench_engine_lmdb_LDADD = -llmdb

TESTS += $(check_PROGRAMS) $(shell_tests) build-aux/tidy

AM_TESTS_ENVIRONMENT = \
	ARYAVARTH='$(abs_top_builddir)/aryavarth$(EXEEXT)'; export ARYAVARTH; \
	srcdir='$(srcdir)'; export srcdir; \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	CC='$(CC)'; export CC; \
	CONTRACT='$(CONTRACT)'; export CONTRACT; \
	EXCHANGES='$(abs_top_builddir)/tests/exchanges'; export EXCHANGES; \
	TIDY_CPPFLAGS='-D_GNU_SOURCE $(tidy_cflags)'; export TIDY_CPPFLAGS;

# What the tests ask and are answered goes into a folder that each run begins anew. At its end, all
# of it is held against the description.
check_DATA = %D%/exchanges/new
.PHONY: %D%/exchanges/new
%D%/exchanges/new:
	@rm -rf %D%/exchanges && $(MKDIR_P) %D%/exchanges
clean-local:
	rm -rf %D%/exchanges

%D%/contract/recorded.log: $(filter-out %D%/contract/recorded.log,$(TEST_LOGS))

tidy_cflags = $(MICROHTTPD_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) $(CMOCKA_CFLAGS)
