#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: values and keys are bytes, and come back byte for byte.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1

round_trip() {
	"$aryavarth" set "$1" - <"$2" || fail "set $1 - <$2"
	"$aryavarth" get "$1" >back || fail "get $1"
	cmp "$2" back || fail "$2 comes back different"
	"$aryavarth" get "$1" | cmp "$2" /dev/stdin || fail "$2 comes back different by a pipe"
}

: >nothing
printf 'no newline' >plain
printf 'line\nline\n\n' >lines
printf '\000\001\377\376"\\\r\n\342\200\250\000' >odd
awk 'BEGIN { for (i = 0; i < 256; i++) printf "%c", i }' >bytes
head -c 1048576 /dev/urandom >random
awk 'BEGIN { for (i = 0; i < 70000; i++) printf "a" }' >long-text
for file in nothing plain lines odd bytes random long-text; do
	round_trip "key of $file" "$file"
done
cat random plain >too-long
status=0
"$aryavarth" set big - --max-value-bytes 1048576 <too-long 2>err || status=$?
check "a value over the limit is refused" [ $status -eq 2 ]
check "and the limit is named" grep -q 1048576 err

# From a pipe, too.
printf 'by a pipe' | "$aryavarth" set piped - || fail "set from a pipe"
expect 0 get piped
printed 'by a pipe'

expect 0 set empty ''
expect 0 get empty
printed ''
check "an empty value is not a miss" [ ! -s "$work/err" ]

newline_key=$(printf 'two\nlines')
binary_key=$(printf 'not utf-8 \377')
for key in "$newline_key" "$binary_key" 'a/b' 'a b' '"' '\' ' ' '{}' '%00' '$HOME' 'ключ'; do
	expect 0 set "$key" "value of $key"
	expect 0 get "$key"
	printf 'value of %s' "$key" >wanted-value
	check "key '$key' keeps its own value" cmp -s wanted-value "$work/out"
	expect 0 rm "$key"
	expect 1 get "$key"
done

# A standard input that cannot be read is an error, and nothing is stored.
status=0
"$aryavarth" set unread - <&- 2>err || status=$?
check "closed standard input" [ $status -eq 3 ]
expect 1 get unread
finish
