#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise: build-aux/tidy lets a tidy tree pass, and finds each sin that it is there to find.
set -euo pipefail

top=${abs_top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
work=$(mktemp -d "${TMPDIR:-/tmp}/tidy-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0
spdx='/* SPDX-License-Identifier: MIT */'

# A small tidy tree in $work/seed, with its lists.
make_seed() {
	mkdir -p "$work/seed/src/base" "$work/seed/src/env" "$work/seed/src/app" \
		"$work/seed/tests/unit/base" "$work/seed/build-aux"
	cd "$work/seed"
	cp "$top/build-aux/FLOORS" build-aux/
	printf '%s\n' "$spdx" '#ifndef ARY_BASE_ROOM_H' '#define ARY_BASE_ROOM_H' '' \
		'#include <stddef.h>' '' 'size_t ary_room_size(void);' '' '#endif' >src/base/room.h
	printf '%s\n' "$spdx" '#include "base/room.h"' '' \
		'/* open("x") is only talk, and so is a string. */' \
		'size_t ary_room_size(void)' '{' '	return sizeof("strcpy(a, b)");' '}' \
		>src/base/room.c
	printf '%s\n' "$spdx" '#ifndef ARY_ENV_DOOR_H' '#define ARY_ENV_DOOR_H' '#endif' \
		>src/env/door.h
	printf '%s\n' "$spdx" '#include <unistd.h>' '' 'int ary_door_sync(int fd)' '{' \
		'	return fsync(fd);' '}' >src/env/door.c
	printf '%s\n' "$spdx" '#include "base/room.h"' >tests/unit/base/room_test.c
	"$top/build-aux/sources" "$work/seed" >/dev/null
}

plant_tree() {
	cd "$work"
	rm -rf tree
	cp -R seed tree
	cd tree
}

# The tree has a sin: tidy must fail, and name it as $1 (a basic regular expression) says.
expect_finding() {
	if abs_top_srcdir='' TIDY_CPPFLAGS='' "$top/build-aux/tidy" "$work/tree" \
		>"$work/out" 2>&1; then
		echo "not ok: passed, though it should say: $1"
		failures=$((failures + 1))
	elif ! grep -q -e "$1" "$work/out"; then
		echo "not ok: should say: $1; it says:"
		cat "$work/out"
		failures=$((failures + 1))
	else
		echo "ok: $1"
	fi
}

# Appends the lines $3... to file $2 of a fresh tree and expects finding $1.
sin() {
	local finding=$1 file=$2
	shift 2
	plant_tree
	printf '%s\n' "$@" >>"$file"
	[[ -e $work/seed/$file ]] || "$top/build-aux/sources" "$work/tree" >/dev/null
	expect_finding "$finding"
}

many() {
	local i
	for ((i = 0; i < $1; i++)); do
		printf '%s\n' "$2"
	done
}

make_seed
plant_tree
if ! "$top/build-aux/tidy" "$work/tree" >"$work/out" 2>&1; then
	echo "not ok: a tidy tree does not pass:"
	cat "$work/out"
	failures=1
fi

sin 'base/ includes env/door.h, of a higher floor' src/base/room.c '#include "env/door.h"'
sin 'a test of base/ includes env/door.h' tests/unit/base/room_test.c '#include "env/door.h"'
sin 'is not "floor/file"' src/base/room.c '#include "room.h"'
sin 'base/ is no door for <unistd.h>' src/base/room.c '#include <unistd.h>'
sin 'base/ is no door for <sys/\*>' src/base/room.c '#include <sys/stat.h>'
sin 'env/ is no door for <jansson.h>' src/env/door.c '#include <jansson.h>'
sin 'no door for <ncurses.h>' src/base/room.c '#include <ncurses.h>'
sin 'function of 71 lines' src/base/room.c 'void f(void)' '{' "$(many 69 '	f();')" '}'
sin 'file of 60[1-9] lines' src/base/room.c "$(many 593 'int x;')"
sin 'line of more than 100 columns' src/base/room.c "	/* $(printf '%090d' 0) */"
sin 'white space at the end' src/base/room.c 'int x; '
sin 'indented by spaces' src/base/room.c 'void f(void)' '{' '        f();' '}'
sin 'the brace of a function' src/base/room.c 'void f(void) {' '}'
sin 'leftover' src/base/room.c "/* TO""DO: later */"
sin 'leftover' tests/note.sh '# SPDX-License-Identifier: MIT' "# XX""X"
sin 'the first line is not the SPDX line' src/base/bare.c 'int x;'
sin 'no SPDX line' tests/bare.sh 'true'
sin 'no header guard' src/base/bare.h "$spdx" 'int x;'
sin 'header guard ARY_WRONG_H should be ARY_BASE_BAD_H' src/base/bad.h "$spdx" \
	'#ifndef ARY_WRONG_H' '#define ARY_WRONG_H' '#endif'
sin 'does not stand alone' src/base/leaning.h "$spdx" '#ifndef ARY_BASE_LEANING_H' \
	'#define ARY_BASE_LEANING_H' 'uint64_t ary_leaning(void);' '#endif'
for name in strcpy strcat sprintf gets strtok atoi system json_load_file; do
	sin "banned: $name()" src/env/door.c 'void f(void)' '{' "	$name(x);" '}'
done
sin 'banned: atoi()' tests/unit/base/room_test.c 'int x = atoi("1");'
for name in open read write fsync rename unlink clock_gettime pthread_create; do
	sin "$name() belongs to env/" src/base/room.c 'void f(void)' '{' "	$name(x);" '}'
done
for name in malloc realloc strdup; do
	sin "$name() belongs to base/" src/env/door.c 'void f(void)' '{' "	$name(x);" '}'
done

plant_tree
echo "$spdx" >src/base/forgotten.c
expect_finding 'src/sources.mk:1: not what the tree holds'
plant_tree
echo "$spdx" >tests/unit/base/forgotten_test.c
expect_finding 'tests/sources.mk:1: not what the tree holds'

plant_tree
printf '%s\n' 'int f(struct x *x)' '{' '	return x->read(x->open(1));' '}' >>src/base/room.c
if ! "$top/build-aux/tidy" "$work/tree" >"$work/out" 2>&1; then
	echo "not ok: a member's name is not a call of the system's:"
	cat "$work/out"
	failures=$((failures + 1))
fi

exit $((failures > 0))
