# SPDX-License-Identifier: MIT
# Written by build-aux/sources; run that after adding, moving or removing a file.
testlib_sources = \
	%D%/lib/client.c \
	%D%/lib/client.h \
	%D%/lib/fault_env.c \
	%D%/lib/fault_env.h \
	%D%/lib/lines.c \
	%D%/lib/lines.h \
	%D%/lib/node.c \
	%D%/lib/node.h \
	%D%/lib/tmpdir.c \
	%D%/lib/tmpdir.h \
	%D%/lib/wire.c \
	%D%/lib/wire.h
shell_tests = \
	%D%/cli/bytes.sh \
	%D%/cli/compact.sh \
	%D%/cli/contract.sh \
	%D%/cli/damage.sh \
	%D%/cli/environment.sh \
	%D%/cli/help.sh \
	%D%/cli/list.sh \
	%D%/cli/lock.sh \
	%D%/cli/output.sh \
	%D%/cli/serve.sh \
	%D%/tidy_test.sh

check_PROGRAMS += %D%/unit/base/alloc_test
tests_unit_base_alloc_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_alloc_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_alloc_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/base64_test
tests_unit_base_base64_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_base64_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_base64_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/bytes_test
tests_unit_base_bytes_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_bytes_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_bytes_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/check_test
tests_unit_base_check_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_check_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_check_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/crc32c_test
tests_unit_base_crc32c_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_crc32c_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_crc32c_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/diag_test
tests_unit_base_diag_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_diag_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_diag_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/hash_test
tests_unit_base_hash_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_hash_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_hash_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/number_test
tests_unit_base_number_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_number_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_number_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/status_test
tests_unit_base_status_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_status_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_status_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/utf8_test
tests_unit_base_utf8_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_utf8_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_utf8_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/format/decode_test
tests_unit_format_decode_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_decode_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_decode_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/encode_test
tests_unit_format_encode_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_encode_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_encode_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/name_test
tests_unit_format_name_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_name_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_name_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/app/config_test
tests_unit_app_config_test_CPPFLAGS = $(test_cppflags)
tests_unit_app_config_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_app_config_test_LDADD = libtestary.a $(upto_app) $(test_libs)
