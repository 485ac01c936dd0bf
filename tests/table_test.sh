#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise: docs/TESTING.md names every test, among what the tests prove, and no test that is not
# there. And that this check can fail.
set -euo pipefail

top=${abs_top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
work=$(mktemp -d "${TMPDIR:-/tmp}/table-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

# The tests that folder $1 has.
tests_of() {
	(cd "$1" && find tests -name '*_test.c' -o -name '*_fuzz.c' -o -name '*.sh' \
		-o -name '*_test.py') |
		grep -v '^tests/lib/' | sort
}

# The tests that the tables of page $1 name, between backticks: by their path, or by their name
# alone, which stands for the folder of the path before it, if it is there.
named_in() {
	sed -n '/^## Which test proves what/,/^## Chance/s/^|//p' "$1" |
		grep -o '`[^`]*\(_test\.c\|_fuzz\.c\|\.sh\|_test\.py\)`' | tr -d '`' |
		awk '
			/\// { folder = $0; sub(/[^\/]*$/, "", folder); print; next }
			{ print folder $0 }' | sort -u
}

# Prints what the page of folder $1 does not name, and what it names that is not there.
differences() {
	tests_of "$1" >"$work/there"
	named_in "$1/docs/TESTING.md" >"$work/named"
	comm -23 "$work/there" "$work/named" | sed 's/$/: in no table of docs\/TESTING.md/'
	comm -13 "$work/there" "$work/named" | sed 's/$/: named, and not there/'
}

fail() {
	echo "not ok: $*"
	failures=$((failures + 1))
}

found=$(differences "$top")
[[ -z $found ]] || fail "$found"
(($(wc -l <"$work/there") > 100)) || fail "it hardly finds a test"

# A test more, and one less.
mkdir -p "$work/tree/docs"
tests_of "$top" | while read -r file; do
	mkdir -p "$work/tree/${file%/*}"
	: >"$work/tree/$file"
done
cp "$top/docs/TESTING.md" "$work/tree/docs/TESTING.md"
: >"$work/tree/tests/unit/base/new_test.c"
rm "$work/tree/tests/store/seq_test.c"
wanted='tests/unit/base/new_test.c: in no table of docs/TESTING.md
tests/store/seq_test.c: named, and not there'
[[ $(differences "$work/tree") = "$wanted" ]] || fail "it does not see a test more and one less"

((failures == 0)) && echo "ok: $(wc -l <"$work/there") tests"
exit $((failures > 0))
