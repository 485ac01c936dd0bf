# SPDX-License-Identifier: MIT

# ARY_ENABLE(NAME, HELP): a switch --enable-NAME that is off by default; sets enable_NAME.
AC_DEFUN([ARY_ENABLE],
[AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2])], [], [enable_$1=no])])

# ARY_ADD_CFLAGS(FLAG...): appends each FLAG to ARY_CFLAGS when the compiler takes it.
# Checked with -Werror, as clang only warns about flags that it does not know.
AC_DEFUN([ARY_ADD_CFLAGS],
[for ary_flag in $1; do
	AC_MSG_CHECKING([whether $CC takes $ary_flag])
	ary_save_cflags=$CFLAGS
	CFLAGS="$CFLAGS -Werror $ary_flag"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes])
		ARY_CFLAGS="$ARY_CFLAGS $ary_flag"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$ary_save_cflags
done])

# ARY_ADD_LDFLAGS(FLAG...): appends each FLAG to ARY_LDFLAGS when a program links with it.
AC_DEFUN([ARY_ADD_LDFLAGS],
[for ary_flag in $1; do
	AC_MSG_CHECKING([whether $CC links with $ary_flag])
	ary_save_cflags=$CFLAGS
	ary_save_ldflags=$LDFLAGS
	CFLAGS="$CFLAGS $ARY_CFLAGS -Werror"
	LDFLAGS="$LDFLAGS $ARY_LDFLAGS $ary_flag"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes])
		ARY_LDFLAGS="$ARY_LDFLAGS $ary_flag"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$ary_save_cflags
	LDFLAGS=$ary_save_ldflags
done])

AC_DEFUN([ARY_WARNINGS],
[ARY_ADD_CFLAGS([-Wall -Wextra -Wconversion -Wshadow])
ARY_ADD_CFLAGS([-Wstrict-prototypes -Wmissing-prototypes -Wthread-safety])])

# ARY_INSTRUMENT(NAME, FLAGS): what the user asked for must work, or configure says so.
AC_DEFUN([ARY_INSTRUMENT],
[AS_IF([test "$enable_$1" = yes],
	[AC_MSG_CHECKING([whether --enable-$1 links])
	ary_save_cflags=$CFLAGS
	CFLAGS="$CFLAGS $2"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([$CC cannot build with $2])])
	CFLAGS=$ary_save_cflags
	ARY_CFLAGS="$ARY_CFLAGS $2"
	ARY_LDFLAGS="$ARY_LDFLAGS $2"])])

# Sets ary_instrumented. A finding ends the program: a report that scrolls by is no report.
AC_DEFUN([ARY_INSTRUMENTATION],
[ARY_INSTRUMENT([asan], [-fsanitize=address -fno-omit-frame-pointer])
ARY_INSTRUMENT([ubsan], [-fsanitize=undefined -fno-sanitize-recover=all])
ARY_INSTRUMENT([tsan], [-fsanitize=thread -fno-omit-frame-pointer])
ARY_INSTRUMENT([coverage], [--coverage -fprofile-update=atomic])
ARY_INSTRUMENT([fuzzing], [-fsanitize=fuzzer-no-link])
AS_IF([test "$enable_asan$enable_ubsan$enable_tsan$enable_coverage" = nononono],
	[ary_instrumented=no], [ary_instrumented=yes])])

# Hardening where the tools know it. _FORTIFY_SOURCE needs an optimising compiler, and hides from
# the sanitizers what they are there to see.
AC_DEFUN([ARY_HARDENING],
[ARY_ADD_CFLAGS([-fstack-protector-strong -fPIE])
ARY_ADD_LDFLAGS([-pie -Wl,-z,relro -Wl,-z,now -Wl,--as-needed])
AC_MSG_CHECKING([whether to use _FORTIFY_SOURCE])
ary_fortify=no
AS_IF([test "$ary_instrumented" = no],
	[AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#ifndef __OPTIMIZE__
#error not optimising
#endif
]])], [ary_fortify=yes])])
AS_IF([test "$ary_fortify" = yes],
	[ARY_CFLAGS="$ARY_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
AC_MSG_RESULT([$ary_fortify])])

# Defines HAVE_XXH3_DISPATCH where libxxhash has functions that choose vectors when they run.
AC_DEFUN([ARY_XXHASH_DISPATCH],
[AC_MSG_CHECKING([whether libxxhash chooses vectors at run time])
ary_save_cflags=$CFLAGS
ary_save_libs=$LIBS
CFLAGS="$CFLAGS $XXHASH_CFLAGS"
LIBS="$XXHASH_LIBS $LIBS"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <xxh_x86dispatch.h>]],
		[[char text[256] = {0};
		return (int)XXH3_64bits_withSecret_dispatch(text, sizeof(text), text,
							    sizeof(text))]])],
	[AC_MSG_RESULT([yes])
	AC_DEFINE([HAVE_XXH3_DISPATCH], [1], [functions of libxxhash choose vectors])],
	[AC_MSG_RESULT([no])])
CFLAGS=$ary_save_cflags
LIBS=$ary_save_libs])
