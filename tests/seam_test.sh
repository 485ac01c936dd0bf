#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise: no floor but the one that may (build-aux/FLOORS: `call FLOOR NAME...`) calls a function
# of the system, also not by a macro, a header or the compiler's help: what was built is looked at,
# in every floor's archive, under all names that the C library gives such a function (open64,
# __open_2, __read_chk). And that this check can fail.
set -euo pipefail

top=${abs_top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
built=${abs_top_builddir:-$PWD}
work=$(mktemp -d "${TMPDIR:-/tmp}/seam-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

command -v nm >/dev/null || { echo "skipped: no nm here"; exit 77; }

# What the archives of the floors in folder $1 need from elsewhere: FLOOR OBJECT SYMBOL.
needed() {
	(
		cd "$1"
		for floor in $(sed -n 's/^floors //p' "$top/build-aux/FLOORS"); do
			[[ -e libary_$floor.a ]] || continue
			nm -A -u "libary_$floor.a" 2>/dev/null |
				sed -n "s/^[^:]*:\\([^:]*\\):.* \\([^ ]*\\)\$/$floor \\1 \\2/p"
		done
	)
}

# Says which of them, in folder $1, are calls that belong to another floor.
strangers() {
	needed "$1" >"$work/needed"
	awk '
		NR == FNR {
			if ($1 == "call")
				for (i = 3; i <= NF; i++)
					owner[$i] = $2
			next
		}
		# The name in the source: without what fortification, large files, a sanitizer or a
		# newer kind of time add to it.
		function plain(name) {
			sub(/@.*/, "", name)
			sub(/^_*(interceptor_|(asan|tsan|msan)_)?/, "", name)
			while (!(name in owner) && sub(/(_chk|_2|_time64|64)$/, "", name))
				;
			return name
		}
		{
			name = plain($3)
			if (name in owner && index("," owner[name] ",", "," $1 ",") == 0)
				print "libary_" $1 ".a: " $2 " calls " $3 ", which belongs to " \
				    owner[name] "/"
		}' "$top/build-aux/FLOORS" "$work/needed"
}

# The archives say what they need: those of the link-time optimizer, for one, would not.
for floor in $(sed -n 's/^floors //p' "$top/build-aux/FLOORS"); do
	if [[ ! -e $built/libary_$floor.a ]]; then
		echo "not ok: there is no libary_$floor.a in $built"
		failures=$((failures + 1))
	fi
done
strangers "$built" >"$work/found"
for name in fdatasync renameat pthread_create; do
	if ! grep -q "^env .* $name" "$work/needed"; then
		echo "not ok: nothing in libary_env.a calls $name, so this test is blind"
		failures=$((failures + 1))
	fi
done

if [[ -s $work/found ]]; then
	sed 's/^/not ok: /' "$work/found"
	failures=$((failures + 1))
else
	echo "ok: $(wc -l <"$work/needed") needs of the archives, no stranger among them"
fi

# plant FLOOR NAME: an object of that floor, in $work/planted, calls NAME.
plant() {
	rm -rf "$work/planted"
	mkdir "$work/planted"
	(
		cd "$work/planted"
		printf '%s\n' "extern int called(void) __asm__(\"$2\");" \
			'int planted(void);' 'int planted(void)' '{' '	return called();' '}' \
			>planted.c
		${CC:-cc} -c planted.c
		ar -cr "libary_$1.a" planted.o
	)
}

# FLOOR must not call any of the other arguments.
must_find() {
	local floor=$1 name
	shift
	for name; do
		plant "$floor" "$name"
		strangers "$work/planted" >"$work/found"
		if grep -qx "libary_$floor.a: planted.o calls $name, which belongs to .*/" \
			"$work/found"; then
			echo "ok: $name in $floor/ is found"
		else
			echo "not ok: $name in $floor/ is not found"
			failures=$((failures + 1))
		fi
	done
}

must_pass() {
	plant "$1" "$2"
	if [[ -n $(strangers "$work/planted") ]]; then
		echo "not ok: $2 in $1/ is found, and it may be there"
		failures=$((failures + 1))
	fi
}

must_find base open open64 __open_2 __open64_2 openat64 read __read_chk pread64 __pread64_chk \
	fopen fopen64 write close fsync fdatasync rename unlinkat ftruncate64 clock_gettime \
	__clock_gettime64 __fstat64_time64 __interceptor_read pthread_create
must_find store openat pwrite64 fdatasync renameat malloc __interceptor_malloc realloc strdup
must_find http recv __recv_chk poll __poll_chk epoll_wait
must_find app open64 fopen
must_find env malloc
must_find store sigaction
must_pass env open64
must_pass env __read_chk
must_pass base malloc
must_pass app sigaction
must_pass env sigaction
must_pass store ary_file_read_at
must_pass store memcpy

exit $((failures > 0))
