#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: set --ttl makes a value that is there for its time and gone after it, for get, list and
# export, also in later processes; set --type gives a value its type, in a directory and on a
# server.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1

# The end is that of the write, in milliseconds, and so many seconds after it.
before=$(date +%s)
expect 0 set --ttl 1000 k v
after=$(date +%s)
expect 0 get k
printed 'v'
expect 0 list
printed 'k\n'
expect 0 export
ends=$(sed -n 's/.*"expires":\([0-9]*\),.*/\1/p' out)
check "it does not end too early" [ "$ends" -ge $((before * 1000 + 1000000)) ]
check "nor too late" [ "$ends" -le $((after * 1000 + 1001000)) ]
expect 0 stats
check "its end is counted" grep -qx 'keys_with_expiry 1' out
# What is set without an end in its place has none.
expect 0 set k w
expect 0 stats
check "no end is left" grep -qx 'keys_with_expiry 0' out
expect 0 export
printed '{"cmd":"Set","key":"k","value":"w"}\n'
expect 0 set --ttl=0 k x
expect 0 export
printed '{"cmd":"Set","key":"k","value":"x"}\n'

# A short time is soon over.
is_gone() {
	run get short
	[ "$status" -eq 1 ]
}
expect 0 set --ttl 1 short v
check "it ends" wait_for is_gone
complained '^Key not found$'
expect 0 list
printed 'k\n'
expect 1 rm short
expect 0 export
printed '{"cmd":"Set","key":"k","value":"x"}\n'
expect 0 verify

# Who only reads writes nothing to the log, not even that a value has ended; a compaction does.
log_sum() {
	cat data/logs/*.log | cksum
}
expect 0 set --ttl 1 over v
sum=$(log_sum)
gone_over() {
	run get over
	[ "$status" -eq 1 ]
}
check "it ends, too" wait_for gone_over
expect 1 get over
expect 0 get k
expect 0 list
printed 'k\n'
expect 0 export
printed '{"cmd":"Set","key":"k","value":"x"}\n'
expect 0 stats
check "its key is still counted" grep -qx 'keys 2' out
check "the log is as it was" [ "$(log_sum)" = "$sum" ]
expect 0 verify
expect 0 compact
expect 0 stats
check "its key is not counted any more" grep -qx 'keys 1' out
check "the log is another" [ "$(log_sum)" != "$sum" ]

# With a type, on its own or with a time.
expect 0 set --type 'text/html; charset="x"' t '<p>'
expect 0 set t2 --type=a/b --ttl 1000 v
expect 0 export --prefix t
check "export says the type" \
	grep -q '"key":"t","type":"text/html; charset=\\"x\\"","value":"<p>"' out
check "and both" grep -q '"key":"t2","type":"a/b","expires":[0-9]*,"value":"v"' out

# What is no time, or no type.
for words in '--ttl -1' '--ttl x' '--ttl 1.5' '--ttl 3155760001' '--ttl'; do
	# shellcheck disable=SC2086
	expect 2 set k v $words
done
expect 2 get k --ttl 5
expect 2 set k v --type "$(printf 'a\tb')"
long=$(printf '%0256d' 0)
expect 2 set k v --type "$long"
complained '255'
expect 0 set k v --type "${long#0}"
expect 0 get k
printed 'v'

# A server is given both.
serve --dir remote
expect 0 set --server "$server_url" --type text/css t 'a{}'
type=$(curl -s -o /dev/null -w '%{content_type}' "$server_url/keys/t")
check "the server has the type" [ "$type" = text/css ]
expect 0 set --server "$server_url" --ttl 1000 k v
expect 0 get --server "$server_url" k
printed 'v'
expect 0 stats --server "$server_url"
check "the server knows its end" grep -qx 'keys_with_expiry 1' out
remote_is_gone() {
	run get --server "$server_url" k
	[ "$status" -eq 1 ]
}
expect 0 set --server "$server_url" --ttl 1 k v
check "it ends there" wait_for remote_is_gone
stop_server TERM
finish
