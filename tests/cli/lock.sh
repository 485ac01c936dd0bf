#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: one process at a time; a second one is refused, and told which process has the store.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

expect 0 set k old --dir "$work/store"
serve --dir "$work/store"
cksum "$work"/store/logs/* >"$work/before"
for words in 'get k' 'set k v' 'rm k' list stats compact verify export 'import -' \
	'serve --listen 127.0.0.1:0'; do
	# shellcheck disable=SC2086
	expect 3 $words --dir "$work/store"
	printed ''
	complained "\\b$server_pid\\b"
done
cksum "$work"/store/logs/* >"$work/after"
check "those refused change nothing" cmp "$work/before" "$work/after"
check "the server still answers" curl -sf "$server_url/readyz" -o "$work/ready"
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]
expect 0 set k v --dir "$work/store"

# The lock of a killed process does not stay.
serve --dir "$work/store"
stop_server KILL
expect 0 get k --dir "$work/store"
printed 'v'
finish
