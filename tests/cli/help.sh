#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: help, manual page and README say the same, because all three come from one table.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

commands='serve set get rm list compact verify export import stats health version help'
expect 0 help
cp "$work/out" "$work/overview"
for word in -h --help; do
	expect 0 $word
	check "$word is help" cmp -s "$work/overview" "$work/out"
done
for command in $commands; do
	check "help lists $command" grep -q "^  $command " "$work/overview"
	expect 0 help "$command"
	check "help $command begins with its usage" \
		grep -q "^Usage: aryavarth $command" "$work/out"
	cp "$work/out" "$work/wanted"
	expect 0 "$command" --help
	check "$command --help is help $command" cmp -s "$work/wanted" "$work/out"
done
expect 0 help set
for option in dir durability rotate-bytes max-value-bytes; do
	check "help set tells --$option" grep -q -e "--$option" "$work/out"
done
check "help set does not tell --listen" [ "$(grep -c -e --listen "$work/out")" -eq 0 ]

expect 0 help --man
cp "$work/out" "$work/aryavarth.1"
for section in NAME SYNOPSIS DESCRIPTION COMMANDS OPTIONS 'EXIT STATUS' ENVIRONMENT FILES; do
	check "the manual has $section" grep -q "^\.SH $section\$" "$work/aryavarth.1"
done
if command -v groff >/dev/null; then
	groff -man -Tascii -ww "$work/aryavarth.1" >"$work/page" 2>"$work/groff"
	check "groff has nothing to say: $(cat "$work/groff")" [ ! -s "$work/groff" ]
	# Without bold and its overstrikes.
	sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' "$work/page" >"$work/plain"
	for word in $commands EXIT --dir --shutdown-timeout-ms ARYAVARTH_DIR; do
		check "the rendered manual has $word" grep -q -e "$word" "$work/plain"
	done
fi

expect 0 help --markdown
sed -n '/<!-- options: begin -->/,/<!-- options: end -->/p' "$top/README.md" |
	sed '1d;$d' >"$work/readme-table"
check "README.md has the table of help --markdown" diff "$work/out" "$work/readme-table"
finish
