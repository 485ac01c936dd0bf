#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: list prints every key once, in the order of its bytes, and can be narrowed.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
for key in b a/2 a/10 a/1 c Z 'ab'; do
	expect 0 set "$key" value
done
expect 0 list
printed 'Z\na/1\na/10\na/2\nab\nb\nc\n'
expect 0 list --prefix a/
printed 'a/1\na/10\na/2\n'
expect 0 list --limit 2
printed 'Z\na/1\n'
expect 0 list --prefix=a/ --limit=1
printed 'a/1\n'
expect 0 list --prefix nothing
printed ''
expect 0 rm a/10
expect 0 list --prefix a/ --json
check "JSON has key and seq" grep -Eq '^\{"key":"a/1","seq":[0-9]+\}$' "$work/out"
check "one line a key" [ "$(wc -l <"$work/out")" -eq 2 ]

expect 0 set "$(printf 'two\n"lines"')" value
expect 0 set "$(printf '\377')" value
expect 0 list --json
check "a newline is escaped" grep -qF '{"key":"two\n\"lines\"",' "$work/out"
check "bytes that are not text are base64" grep -qF '{"key_b64":"/w==",' "$work/out"
if command -v jq >/dev/null; then
	check "jq reads it" jq -ce . "$work/out" >/dev/null
fi

# More keys than a page of the listing holds.
serve --dir many --durability never
awk -v url="$server_url" 'BEGIN {
	for (i = 0; i < 2500; i++)
		printf "next\nurl = %s/keys/k%05d\nupload-file = one\nsilent\nfail\n", url, i
}' | sed 1d >uploads
printf 1 >one
check "2500 keys are stored" curl -K uploads
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]
expect 0 list --dir many
awk 'BEGIN { for (i = 0; i < 2500; i++) printf "k%05d\n", i }' >wanted-keys
check "all 2500 keys are listed" cmp wanted-keys "$work/out"
expect 0 list --dir many --limit 1001
check "1001 of them" [ "$(wc -l <"$work/out")" -eq 1001 ]
finish
