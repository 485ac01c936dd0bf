# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts share: how to build a tree and how to run its tests.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)

say() {
	printf '==> %s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# set_dir NAME: sets $dir to where script/NAME builds: $BUILD_DIR, or build/NAME.
set_dir() {
	dir=${BUILD_DIR:-build/$1}
	[[ $dir = /* ]] || dir=$root/$dir
}

# Installs those of the Debian packages that are missing.
need_packages() {
	local missing=() as_root=() package
	for package; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null |
			grep -qx installed || missing+=("$package")
	done
	((${#missing[@]} > 0)) || return 0
	command -v apt-get >/dev/null || die "please install ${missing[*]}"
	(($(id -u) == 0)) || as_root=(sudo)
	say "installing ${missing[*]}"
	"${as_root[@]}" apt-get -qq update
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0 \
		install -y --no-install-recommends "${missing[@]}"
}

# Makes ./configure when it is missing, or older than what it is made from.
make_configure() {
	[[ ! -e $root/config.status ]] ||
		die "the source folder itself is configured; run 'make distclean' in it first"
	if [[ ! -x $root/configure || -n $(find "$root/configure.ac" "$root/Makefile.am" \
		"$root/m4" "$root/build-aux/dist.mk" "$root/src/local.mk" "$root/src/sources.mk" \
		"$root/tests/local.mk" "$root/tests/sources.mk" \
		-newer "$root/configure" -print -quit) ]]; then
		say "making configure"
		(cd "$root" && autoreconf -i) || return
		touch "$root/configure"
	fi
}

# configure_tree DIR CONFIGURE-ARGUMENT...: configures DIR, when something changed. Answers
# failures by itself, as `set -e` is off wherever somebody looks at the answer.
configure_tree() {
	local dir=$1
	shift
	make_configure || return
	mkdir -p "$dir" || return
	if [[ ! -e $dir/config.status || $root/configure -nt $dir/config.status ||
		$(cat "$dir/configured-with" 2>/dev/null) != "$*" ]]; then
		say "configuring $dir $*"
		(cd "$dir" && "$root/configure" -q "$@") || return
		printf '%s\n' "$*" >"$dir/configured-with"
	fi
}

# build_tree DIR CONFIGURE-ARGUMENT...: builds in DIR, configuring only when something changed.
build_tree() {
	configure_tree "$@" || return
	say "building $1"
	make -C "$1" -j"$jobs"
}

# Sums up the lines "# WORD: N" of file $1, for each WORD that follows.
count_results() {
	local file=$1 word
	shift
	for word; do
		sed -n "s/^# $word: *\([0-9][0-9]*\).*/\1/p" "$file"
	done | awk '{ sum += $1 } END { print sum + 0 }'
}

# Prints how many tests of log $1 were skipped, passed and failed. $2 is 0 when make was content;
# if it was not, and no test failed, then something else did, and counts as one. Answers whether
# all went well; the last line is always "N passed, N failed".
print_verdict() {
	local log=$1 status=$2 passed=0 failed=0 skipped=0
	if [[ -f $log ]]; then
		passed=$(count_results "$log" PASS XFAIL)
		failed=$(count_results "$log" FAIL XPASS ERROR)
		skipped=$(count_results "$log" SKIP)
	fi
	if ((status != 0 && failed == 0)); then
		failed=1
	fi
	if ((failed > 0)); then
		say "FAILED"
	elif ((passed == 0)); then
		say "FAILED: no test ran"
		failed=1
	else
		say "all tests passed"
	fi
	((skipped == 0)) || say "$skipped skipped"
	printf '%d passed, %d failed\n' "$passed" "$failed"
	((failed == 0))
}

# Ends a script whose tree could not be built.
end_unbuilt() {
	say "the build failed"
	print_verdict /dev/null 1 || exit 1
}

# check_tree DIR MAKE-ARGUMENT...: runs the tests of DIR, shows the logs of those that fail, and
# ends with the verdict. One more at a time than there are processors, as some wait: for deadlines,
# slow clients, syncs.
check_tree() {
	local dir=$1 status=0
	shift
	rm -f "$dir/test-suite.log" "$dir/tests/contract/recorded.log"
	say "testing $dir"
	make -C "$dir" -j"$((jobs + 1))" check VERBOSE=1 CONTRACT=required "$@" || status=$?
	grep -s 'held against the description' "$dir/tests/contract/recorded.log" || :
	print_verdict "$dir/test-suite.log" "$status"
}
