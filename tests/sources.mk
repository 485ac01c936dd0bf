# SPDX-License-Identifier: MIT
# Written by build-aux/sources; run that after adding, moving or removing a file.
testlib_sources = \
	%D%/lib/client.c \
	%D%/lib/client.h \
	%D%/lib/fault_env.c \
	%D%/lib/fault_env.h \
	%D%/lib/node.c \
	%D%/lib/node.h \
	%D%/lib/tmpdir.c \
	%D%/lib/tmpdir.h \
	%D%/lib/wire.c \
	%D%/lib/wire.h
shell_tests = \
	%D%/tidy_test.sh
