#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: the directory shrinks by itself under overwrites, and on demand, and every key has the
# value that was set last.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
keys=10

# Overwrites every key, round after round, until the logs have shrunk from one write to the next.
shrunk=no
round=0
bytes=0
while [ $shrunk = no ] && [ $round -lt 20 ]; do
	round=$((round + 1))
	n=0
	while [ $n -lt $keys ]; do
		n=$((n + 1))
		"$aryavarth" set "key$n" "value $n of round $round" --rotate-bytes 1004 \
			--compact-stale-bytes 2048 || fail "set key$n in round $round"
		before=$bytes
		bytes=$(log_bytes data)
		[ "$bytes" -ge "$before" ] || shrunk=yes
	done
done
check "a compaction started by itself ($round rounds, $bytes bytes)" [ $shrunk = yes ]
check_all() {
	n=0
	while [ $n -lt $keys ]; do
		n=$((n + 1))
		expect 0 get "key$n"
		printed "value $n of round $round"
	done
}
check_all

# On demand, with deletes.
expect 0 set gone value
expect 0 rm gone
before=$(log_bytes data)
expect 0 compact
check "compact says what it did" grep -Eq '^bytes_after [0-9]+$' "$work/out"
check "compact says nothing else" [ ! -s "$work/err" ]
check "the logs are smaller: $before before, $(log_bytes data) after" \
	[ "$(log_bytes data)" -lt "$before" ]
check_all
expect 1 get gone
expect 0 list
check "all keys are listed" [ "$(wc -l <"$work/out")" -eq $keys ]
expect 0 compact
check_all
expect 1 get gone

# Reading commands never rewrite anything by themselves.
round=x
for n in 1 2 3 4 5 6 7 8 9 10; do
	for key in 1 2 3 4 5 6 7 8 9 10; do
		"$aryavarth" set "key$key" "value $key of round x" --rotate-bytes 1004 \
			--compact-stale-bytes 0 || fail "set key$key"
	done
done
stale=$("$aryavarth" stats | sed -n 's/^stale_bytes //p')
check "stale bytes are counted: $stale" [ "$stale" -gt 4096 ]
export ARYAVARTH_COMPACT_STALE_BYTES=2048
check_all
unset ARYAVARTH_COMPACT_STALE_BYTES
check "get does not compact" \
	[ "$("$aryavarth" stats | sed -n 's/^stale_bytes //p')" -ge "$stale" ]

expect 0 stats
for name in keys logs log_bytes live_bytes stale_bytes seq read_only; do
	check "stats has $name" grep -Eq "^$name [0-9a-z]+\$" "$work/out"
done
check "stats counts the keys" grep -qx "keys $keys" "$work/out"
finish
