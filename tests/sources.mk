# SPDX-License-Identifier: MIT
# Written by build-aux/sources; run that after adding, moving or removing a file.
testlib_sources = \
	%D%/lib/api_fixture.c \
	%D%/lib/api_fixture.h \
	%D%/lib/api_rules.c \
	%D%/lib/api_rules.h \
	%D%/lib/client.c \
	%D%/lib/client.h \
	%D%/lib/crash_bugs.c \
	%D%/lib/crash_bugs.h \
	%D%/lib/crash_check.c \
	%D%/lib/crash_check.h \
	%D%/lib/crash_oracle.c \
	%D%/lib/crash_oracle.h \
	%D%/lib/crash_script.c \
	%D%/lib/crash_script.h \
	%D%/lib/crash_writes.c \
	%D%/lib/crash_writes.h \
	%D%/lib/damage.c \
	%D%/lib/damage.h \
	%D%/lib/damage_store.c \
	%D%/lib/damage_store.h \
	%D%/lib/exchange.c \
	%D%/lib/exchange.h \
	%D%/lib/fault_env.c \
	%D%/lib/fault_env.h \
	%D%/lib/fault_rows.c \
	%D%/lib/fault_rows.h \
	%D%/lib/gunzip.c \
	%D%/lib/gunzip.h \
	%D%/lib/image.c \
	%D%/lib/image.h \
	%D%/lib/large.c \
	%D%/lib/large.h \
	%D%/lib/life.c \
	%D%/lib/life.h \
	%D%/lib/lines.c \
	%D%/lib/lines.h \
	%D%/lib/load.c \
	%D%/lib/load.h \
	%D%/lib/log_keys.c \
	%D%/lib/log_keys.h \
	%D%/lib/memory_env.c \
	%D%/lib/memory_env.h \
	%D%/lib/model.c \
	%D%/lib/model.h \
	%D%/lib/node.c \
	%D%/lib/node.h \
	%D%/lib/one_in.h \
	%D%/lib/portrait.c \
	%D%/lib/portrait.h \
	%D%/lib/probe.c \
	%D%/lib/probe.h \
	%D%/lib/program.c \
	%D%/lib/program.h \
	%D%/lib/recorder.c \
	%D%/lib/recorder.h \
	%D%/lib/rest.c \
	%D%/lib/rest.h \
	%D%/lib/sanitizer.h \
	%D%/lib/script.c \
	%D%/lib/script.h \
	%D%/lib/service.c \
	%D%/lib/service.h \
	%D%/lib/sim_crash.c \
	%D%/lib/sim_crash.h \
	%D%/lib/sim_disk.c \
	%D%/lib/sim_disk.h \
	%D%/lib/sim_env.c \
	%D%/lib/sim_env.h \
	%D%/lib/sim_thread.c \
	%D%/lib/sim_thread.h \
	%D%/lib/sim_thread_locks.h \
	%D%/lib/sim_thread_use.h \
	%D%/lib/store_files.c \
	%D%/lib/store_files.h \
	%D%/lib/store_helper.c \
	%D%/lib/store_helper.h \
	%D%/lib/stub.c \
	%D%/lib/stub.h \
	%D%/lib/tmpdir.c \
	%D%/lib/tmpdir.h \
	%D%/lib/wire.c \
	%D%/lib/wire.h \
	%D%/lib/write_batch.c \
	%D%/lib/write_batch.h
shell_tests = \
	%D%/cli/bytes.sh \
	%D%/cli/checkpoint.sh \
	%D%/cli/compact.sh \
	%D%/cli/contract.sh \
	%D%/cli/damage.sh \
	%D%/cli/environment.sh \
	%D%/cli/full.sh \
	%D%/cli/help.sh \
	%D%/cli/large.sh \
	%D%/cli/list.sh \
	%D%/cli/lock.sh \
	%D%/cli/output.sh \
	%D%/cli/readme.sh \
	%D%/cli/remote.sh \
	%D%/cli/remote_import.sh \
	%D%/cli/serve.sh \
	%D%/cli/strace_faults.sh \
	%D%/cli/strace_order.sh \
	%D%/cli/tmpfs.sh \
	%D%/cli/transfer.sh \
	%D%/cli/ttl.sh \
	%D%/cli/verify.sh \
	%D%/contract/generated.sh \
	%D%/contract/lint.sh \
	%D%/contract/properties.sh \
	%D%/contract/recorded.sh \
	%D%/seam_test.sh \
	%D%/table_test.sh \
	%D%/tidy_test.sh

check_PROGRAMS += %D%/unit/base/alloc_test
tests_unit_base_alloc_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_alloc_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_alloc_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/base64_test
tests_unit_base_base64_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_base64_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_base64_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/budget_test
tests_unit_base_budget_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_budget_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_budget_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/byte_class_test
tests_unit_base_byte_class_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_byte_class_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_byte_class_test_LDADD = libtestary.a $(upto_base) $(test_libs)

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

check_PROGRAMS += %D%/unit/base/gzip_test
tests_unit_base_gzip_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_gzip_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_gzip_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/hash_test
tests_unit_base_hash_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_hash_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_hash_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/number_test
tests_unit_base_number_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_number_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_number_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/sha2_test
tests_unit_base_sha2_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_sha2_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_sha2_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/status_test
tests_unit_base_status_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_status_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_status_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/base/utf8_test
tests_unit_base_utf8_test_CPPFLAGS = $(test_cppflags)
tests_unit_base_utf8_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base_utf8_test_LDADD = libtestary.a $(upto_base) $(test_libs)

check_PROGRAMS += %D%/unit/env/input_test
tests_unit_env_input_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_input_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_input_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/net_test
tests_unit_env_net_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_net_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_net_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/pages_test
tests_unit_env_pages_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_pages_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_pages_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/posix_copy_test
tests_unit_env_posix_copy_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_posix_copy_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_posix_copy_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/posix_dir_test
tests_unit_env_posix_dir_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_posix_dir_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_posix_dir_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/posix_fault_test
tests_unit_env_posix_fault_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_posix_fault_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_posix_fault_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/posix_file_test
tests_unit_env_posix_file_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_posix_file_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_posix_file_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/posix_lock_test
tests_unit_env_posix_lock_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_posix_lock_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_posix_lock_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/posix_lost_page_test
tests_unit_env_posix_lost_page_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_posix_lost_page_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_posix_lost_page_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/posix_map_test
tests_unit_env_posix_map_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_posix_map_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_posix_map_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/posix_test
tests_unit_env_posix_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_posix_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_posix_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/env/thread_test
tests_unit_env_thread_test_CPPFLAGS = $(test_cppflags)
tests_unit_env_thread_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_env_thread_test_LDADD = libtestary.a $(upto_env) $(test_libs)

check_PROGRAMS += %D%/unit/format/decode_test
tests_unit_format_decode_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_decode_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_decode_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/encode_test
tests_unit_format_encode_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_encode_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_encode_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/foreign_test
tests_unit_format_foreign_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_foreign_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_foreign_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/intact_test
tests_unit_format_intact_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_intact_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_intact_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/meta_test
tests_unit_format_meta_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_meta_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_meta_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/name_test
tests_unit_format_name_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_name_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_name_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/parts_line_test
tests_unit_format_parts_line_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_parts_line_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_parts_line_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/format/watermark_test
tests_unit_format_watermark_test_CPPFLAGS = $(test_cppflags)
tests_unit_format_watermark_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_format_watermark_test_LDADD = libtestary.a $(upto_format) $(test_libs)

check_PROGRAMS += %D%/unit/segment/fault_env_test
tests_unit_segment_fault_env_test_CPPFLAGS = $(test_cppflags)
tests_unit_segment_fault_env_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_segment_fault_env_test_LDADD = libtestary.a $(upto_segment) $(test_libs)

check_PROGRAMS += %D%/unit/segment/scan_test
tests_unit_segment_scan_test_CPPFLAGS = $(test_cppflags)
tests_unit_segment_scan_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_segment_scan_test_LDADD = libtestary.a $(upto_segment) $(test_libs)

check_PROGRAMS += %D%/unit/segment/segment_test
tests_unit_segment_segment_test_CPPFLAGS = $(test_cppflags)
tests_unit_segment_segment_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_segment_segment_test_LDADD = libtestary.a $(upto_segment) $(test_libs)

check_PROGRAMS += %D%/unit/index/arena_test
tests_unit_index_arena_test_CPPFLAGS = $(test_cppflags)
tests_unit_index_arena_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_index_arena_test_LDADD = libtestary.a $(upto_index) $(test_libs)

check_PROGRAMS += %D%/unit/index/bulk_test
tests_unit_index_bulk_test_CPPFLAGS = $(test_cppflags)
tests_unit_index_bulk_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_index_bulk_test_LDADD = libtestary.a $(upto_index) $(test_libs)

check_PROGRAMS += %D%/unit/index/image_test
tests_unit_index_image_test_CPPFLAGS = $(test_cppflags)
tests_unit_index_image_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_index_image_test_LDADD = libtestary.a $(upto_index) $(test_libs)

check_PROGRAMS += %D%/unit/index/index_test
tests_unit_index_index_test_CPPFLAGS = $(test_cppflags)
tests_unit_index_index_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_index_index_test_LDADD = libtestary.a $(upto_index) $(test_libs)

check_PROGRAMS += %D%/unit/index/index_threads_test
tests_unit_index_index_threads_test_CPPFLAGS = $(test_cppflags)
tests_unit_index_index_threads_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_index_index_threads_test_LDADD = libtestary.a $(upto_index) $(test_libs)

check_PROGRAMS += %D%/unit/index/inner_test
tests_unit_index_inner_test_CPPFLAGS = $(test_cppflags)
tests_unit_index_inner_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_index_inner_test_LDADD = libtestary.a $(upto_index) $(test_libs)

check_PROGRAMS += %D%/unit/index/range_test
tests_unit_index_range_test_CPPFLAGS = $(test_cppflags)
tests_unit_index_range_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_index_range_test_LDADD = libtestary.a $(upto_index) $(test_libs)

check_PROGRAMS += %D%/unit/store/apply_test
tests_unit_store_apply_test_CPPFLAGS = $(test_cppflags)
tests_unit_store_apply_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_apply_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/unit/store/checkpoint_blocks_test
tests_unit_store_checkpoint_blocks_test_CPPFLAGS = $(test_cppflags)
tests_unit_store_checkpoint_blocks_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_checkpoint_blocks_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/unit/store/expiry_test
tests_unit_store_expiry_test_CPPFLAGS = $(test_cppflags)
tests_unit_store_expiry_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_expiry_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/unit/store/inventory_test
tests_unit_store_inventory_test_CPPFLAGS = $(test_cppflags)
tests_unit_store_inventory_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_inventory_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/unit/store/logs_test
tests_unit_store_logs_test_CPPFLAGS = $(test_cppflags)
tests_unit_store_logs_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_logs_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/unit/store/overlay_test
tests_unit_store_overlay_test_CPPFLAGS = $(test_cppflags)
tests_unit_store_overlay_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_overlay_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/unit/store/plan_test
tests_unit_store_plan_test_CPPFLAGS = $(test_cppflags)
tests_unit_store_plan_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_plan_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/unit/replica/solo_test
tests_unit_replica_solo_test_CPPFLAGS = $(test_cppflags)
tests_unit_replica_solo_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_replica_solo_test_LDADD = libtestary.a $(upto_replica) $(test_libs)

check_PROGRAMS += %D%/unit/api/about_test
tests_unit_api_about_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_about_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_about_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/admin_test
tests_unit_api_admin_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_admin_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_admin_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/answer_test
tests_unit_api_answer_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_answer_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_answer_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/api_test
tests_unit_api_api_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_api_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_api_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/condition_test
tests_unit_api_condition_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_condition_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_condition_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/cors_test
tests_unit_api_cors_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_cors_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_cors_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/date_test
tests_unit_api_date_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_date_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_date_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/dictionary_test
tests_unit_api_dictionary_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_dictionary_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_dictionary_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/digest_test
tests_unit_api_digest_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_digest_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_digest_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/durability_test
tests_unit_api_durability_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_durability_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_durability_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/encoding_test
tests_unit_api_encoding_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_encoding_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_encoding_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/fault_test
tests_unit_api_fault_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_fault_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_fault_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/field_test
tests_unit_api_field_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_field_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_field_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/health_test
tests_unit_api_health_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_health_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_health_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/kept_test
tests_unit_api_kept_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_kept_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_kept_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/keys_b64_test
tests_unit_api_keys_b64_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_keys_b64_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_keys_b64_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/kv_date_test
tests_unit_api_kv_date_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_kv_date_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_kv_date_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/kv_test
tests_unit_api_kv_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_kv_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_kv_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/kv_ttl_test
tests_unit_api_kv_ttl_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_kv_ttl_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_kv_ttl_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/kv_upload_test
tests_unit_api_kv_upload_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_kv_upload_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_kv_upload_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/list_add_test
tests_unit_api_list_add_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_list_add_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_list_add_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/list_count_test
tests_unit_api_list_count_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_list_count_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_list_count_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/list_model_test
tests_unit_api_list_model_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_list_model_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_list_model_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/list_over_test
tests_unit_api_list_over_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_list_over_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_list_over_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/list_pages_test
tests_unit_api_list_pages_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_list_pages_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_list_pages_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/list_remove_test
tests_unit_api_list_remove_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_list_remove_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_list_remove_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/list_test
tests_unit_api_list_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_list_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_list_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/memory_test
tests_unit_api_memory_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_memory_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_memory_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/pages_test
tests_unit_api_pages_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_pages_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_pages_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/prefer_test
tests_unit_api_prefer_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_prefer_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_prefer_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/problem_test
tests_unit_api_problem_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_problem_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_problem_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/query_test
tests_unit_api_query_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_query_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_query_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/range_test
tests_unit_api_range_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_range_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_range_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/request_id_test
tests_unit_api_request_id_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_request_id_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_request_id_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/route_test
tests_unit_api_route_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_route_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_route_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/target_test
tests_unit_api_target_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_target_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_target_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/api/timing_test
tests_unit_api_timing_test_CPPFLAGS = $(test_cppflags)
tests_unit_api_timing_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_timing_test_LDADD = libtestary.a $(upto_api) $(test_libs)

check_PROGRAMS += %D%/unit/http/body_test
tests_unit_http_body_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_body_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_body_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/deadline_test
tests_unit_http_deadline_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_deadline_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_deadline_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/desk_test
tests_unit_http_desk_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_desk_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_desk_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/early_test
tests_unit_http_early_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_early_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_early_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/flight_test
tests_unit_http_flight_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_flight_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_flight_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/guard_test
tests_unit_http_guard_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_guard_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_guard_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/held_test
tests_unit_http_held_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_held_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_held_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/hot_test
tests_unit_http_hot_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_hot_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_hot_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/intake_test
tests_unit_http_intake_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_intake_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_intake_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/parking_test
tests_unit_http_parking_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_parking_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_parking_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/http/room_test
tests_unit_http_room_test_CPPFLAGS = $(test_cppflags)
tests_unit_http_room_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_http_room_test_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/unit/app/backlog_test
tests_unit_app_backlog_test_CPPFLAGS = $(test_cppflags)
tests_unit_app_backlog_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_app_backlog_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/unit/app/config_test
tests_unit_app_config_test_CPPFLAGS = $(test_cppflags)
tests_unit_app_config_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_app_config_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/unit/app/server_url_test
tests_unit_app_server_url_test_CPPFLAGS = $(test_cppflags)
tests_unit_app_server_url_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_app_server_url_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/store/checkpoint_large_test
tests_store_checkpoint_large_test_CPPFLAGS = $(test_cppflags)
tests_store_checkpoint_large_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_checkpoint_large_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/checkpoint_test
tests_store_checkpoint_test_CPPFLAGS = $(test_cppflags)
tests_store_checkpoint_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_checkpoint_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/compact_beside_test
tests_store_compact_beside_test_CPPFLAGS = $(test_cppflags)
tests_store_compact_beside_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_compact_beside_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/compact_crash_test
tests_store_compact_crash_test_CPPFLAGS = $(test_cppflags)
tests_store_compact_crash_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_compact_crash_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/compact_test
tests_store_compact_test_CPPFLAGS = $(test_cppflags)
tests_store_compact_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_compact_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/compact_wish_test
tests_store_compact_wish_test_CPPFLAGS = $(test_cppflags)
tests_store_compact_wish_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_compact_wish_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/concurrent_test
tests_store_concurrent_test_CPPFLAGS = $(test_cppflags)
tests_store_concurrent_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_concurrent_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/content_test
tests_store_content_test_CPPFLAGS = $(test_cppflags)
tests_store_content_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_content_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/crash_bugs_test
tests_store_crash_bugs_test_CPPFLAGS = $(test_cppflags)
tests_store_crash_bugs_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_crash_bugs_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/crash_test
tests_store_crash_test_CPPFLAGS = $(test_cppflags)
tests_store_crash_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_crash_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/damage_test
tests_store_damage_test_CPPFLAGS = $(test_cppflags)
tests_store_damage_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_damage_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/damages_test
tests_store_damages_test_CPPFLAGS = $(test_cppflags)
tests_store_damages_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_damages_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/durability_test
tests_store_durability_test_CPPFLAGS = $(test_cppflags)
tests_store_durability_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_durability_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/expire_test
tests_store_expire_test_CPPFLAGS = $(test_cppflags)
tests_store_expire_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_expire_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/fault_test
tests_store_fault_test_CPPFLAGS = $(test_cppflags)
tests_store_fault_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_fault_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/gather_test
tests_store_gather_test_CPPFLAGS = $(test_cppflags)
tests_store_gather_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_gather_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/loader_test
tests_store_loader_test_CPPFLAGS = $(test_cppflags)
tests_store_loader_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_loader_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/memory_test
tests_store_memory_test_CPPFLAGS = $(test_cppflags)
tests_store_memory_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_memory_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/model_test
tests_store_model_test_CPPFLAGS = $(test_cppflags)
tests_store_model_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_model_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/partial_test
tests_store_partial_test_CPPFLAGS = $(test_cppflags)
tests_store_partial_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_partial_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/parts_beside_test
tests_store_parts_beside_test_CPPFLAGS = $(test_cppflags)
tests_store_parts_beside_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_parts_beside_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/parts_groups_test
tests_store_parts_groups_test_CPPFLAGS = $(test_cppflags)
tests_store_parts_groups_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_parts_groups_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/parts_test
tests_store_parts_test_CPPFLAGS = $(test_cppflags)
tests_store_parts_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_parts_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/prove_test
tests_store_prove_test_CPPFLAGS = $(test_cppflags)
tests_store_prove_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_prove_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/recover_test
tests_store_recover_test_CPPFLAGS = $(test_cppflags)
tests_store_recover_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_recover_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/rules_test
tests_store_rules_test_CPPFLAGS = $(test_cppflags)
tests_store_rules_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_rules_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/scan_test
tests_store_scan_test_CPPFLAGS = $(test_cppflags)
tests_store_scan_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_scan_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/seed_bugs_test
tests_store_seed_bugs_test_CPPFLAGS = $(test_cppflags)
tests_store_seed_bugs_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_seed_bugs_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/seq_test
tests_store_seq_test_CPPFLAGS = $(test_cppflags)
tests_store_seq_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_seq_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/verify_test
tests_store_verify_test_CPPFLAGS = $(test_cppflags)
tests_store_verify_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_verify_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/wish_test
tests_store_wish_test_CPPFLAGS = $(test_cppflags)
tests_store_wish_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_wish_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/store/witness_test
tests_store_witness_test_CPPFLAGS = $(test_cppflags)
tests_store_witness_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_store_witness_test_LDADD = libtestary.a $(upto_store) $(test_libs)

check_PROGRAMS += %D%/cli/remote_test
tests_cli_remote_test_CPPFLAGS = $(test_cppflags)
tests_cli_remote_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_cli_remote_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/cli/remote_work_test
tests_cli_remote_work_test_CPPFLAGS = $(test_cppflags)
tests_cli_remote_work_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_cli_remote_work_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/clock_test
tests_rest_clock_test_CPPFLAGS = $(test_cppflags)
tests_rest_clock_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_clock_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/compact_load_test
tests_rest_compact_load_test_CPPFLAGS = $(test_cppflags)
tests_rest_compact_load_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_compact_load_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/compact_test
tests_rest_compact_test_CPPFLAGS = $(test_cppflags)
tests_rest_compact_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_compact_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/condition_test
tests_rest_condition_test_CPPFLAGS = $(test_cppflags)
tests_rest_condition_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_condition_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/cors_test
tests_rest_cors_test_CPPFLAGS = $(test_cppflags)
tests_rest_cors_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_cors_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/counter_test
tests_rest_counter_test_CPPFLAGS = $(test_cppflags)
tests_rest_counter_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_counter_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/crowd_test
tests_rest_crowd_test_CPPFLAGS = $(test_cppflags)
tests_rest_crowd_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_crowd_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/download_test
tests_rest_download_test_CPPFLAGS = $(test_cppflags)
tests_rest_download_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_download_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/durability_test
tests_rest_durability_test_CPPFLAGS = $(test_cppflags)
tests_rest_durability_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_durability_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/flight_test
tests_rest_flight_test_CPPFLAGS = $(test_cppflags)
tests_rest_flight_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_flight_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/guard_test
tests_rest_guard_test_CPPFLAGS = $(test_cppflags)
tests_rest_guard_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_guard_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/gzip_test
tests_rest_gzip_test_CPPFLAGS = $(test_cppflags)
tests_rest_gzip_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_gzip_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/health_test
tests_rest_health_test_CPPFLAGS = $(test_cppflags)
tests_rest_health_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_health_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/hot_test
tests_rest_hot_test_CPPFLAGS = $(test_cppflags)
tests_rest_hot_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_hot_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/jq_test
tests_rest_jq_test_CPPFLAGS = $(test_cppflags)
tests_rest_jq_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_jq_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/keepalive_test
tests_rest_keepalive_test_CPPFLAGS = $(test_cppflags)
tests_rest_keepalive_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_keepalive_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/kv_test
tests_rest_kv_test_CPPFLAGS = $(test_cppflags)
tests_rest_kv_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_kv_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/large_test
tests_rest_large_test_CPPFLAGS = $(test_cppflags)
tests_rest_large_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_large_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/limits_test
tests_rest_limits_test_CPPFLAGS = $(test_cppflags)
tests_rest_limits_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_limits_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/line_test
tests_rest_line_test_CPPFLAGS = $(test_cppflags)
tests_rest_line_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_line_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/list_test
tests_rest_list_test_CPPFLAGS = $(test_cppflags)
tests_rest_list_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_list_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/lost_page_test
tests_rest_lost_page_test_CPPFLAGS = $(test_cppflags)
tests_rest_lost_page_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_lost_page_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/many_test
tests_rest_many_test_CPPFLAGS = $(test_cppflags)
tests_rest_many_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_many_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/request_id_test
tests_rest_request_id_test_CPPFLAGS = $(test_cppflags)
tests_rest_request_id_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_request_id_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/resource_test
tests_rest_resource_test_CPPFLAGS = $(test_cppflags)
tests_rest_resource_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_resource_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/restart_test
tests_rest_restart_test_CPPFLAGS = $(test_cppflags)
tests_rest_restart_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_restart_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/room_test
tests_rest_room_test_CPPFLAGS = $(test_cppflags)
tests_rest_room_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_room_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/shutdown_test
tests_rest_shutdown_test_CPPFLAGS = $(test_cppflags)
tests_rest_shutdown_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_shutdown_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/slow_test
tests_rest_slow_test_CPPFLAGS = $(test_cppflags)
tests_rest_slow_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_slow_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/rest/timing_test
tests_rest_timing_test_CPPFLAGS = $(test_cppflags)
tests_rest_timing_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_rest_timing_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/kill/kill_test
tests_kill_kill_test_CPPFLAGS = $(test_cppflags)
tests_kill_kill_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_kill_kill_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/kill/ttl_kill_test
tests_kill_ttl_kill_test_CPPFLAGS = $(test_cppflags)
tests_kill_ttl_kill_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_kill_ttl_kill_test_LDADD = libtestary.a $(upto_app) $(test_libs)

check_PROGRAMS += %D%/fuzz/api_fuzz
tests_fuzz_api_fuzz_SOURCES = %D%/fuzz/api_fuzz.c %D%/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_api_fuzz_CPPFLAGS = $(test_cppflags)
tests_fuzz_api_fuzz_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_api_fuzz_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/fuzz/http_fuzz
tests_fuzz_http_fuzz_SOURCES = %D%/fuzz/http_fuzz.c %D%/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_http_fuzz_CPPFLAGS = $(test_cppflags)
tests_fuzz_http_fuzz_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_http_fuzz_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/fuzz/record_fuzz
tests_fuzz_record_fuzz_SOURCES = %D%/fuzz/record_fuzz.c %D%/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_record_fuzz_CPPFLAGS = $(test_cppflags)
tests_fuzz_record_fuzz_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_record_fuzz_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/fuzz/scan_fuzz
tests_fuzz_scan_fuzz_SOURCES = %D%/fuzz/scan_fuzz.c %D%/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_scan_fuzz_CPPFLAGS = $(test_cppflags)
tests_fuzz_scan_fuzz_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_scan_fuzz_LDADD = libtestary.a $(upto_http) $(test_libs)

check_PROGRAMS += %D%/fuzz/target_fuzz
tests_fuzz_target_fuzz_SOURCES = %D%/fuzz/target_fuzz.c %D%/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_target_fuzz_CPPFLAGS = $(test_cppflags)
tests_fuzz_target_fuzz_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_target_fuzz_LDADD = libtestary.a $(upto_http) $(test_libs)

noinst_PROGRAMS += %D%/bench/bare_http
tests_bench_bare_http_LDADD = $(MICROHTTPD_LIBS)
