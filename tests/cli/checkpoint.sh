#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: with a CHECKPOINT the program says what it says without one, whatever became of the file,
# the process or the logs in between; a damaged one is told and not used, and damage to lines that
# were not read is told while the server serves.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
export ARYAVARTH_CHECKPOINT_BYTES_MIN=1 ARYAVARTH_ROTATE_BYTES=20000

# figure NAME: what stats says it is.
figure() {
	run stats
	sed -n "s/^$1 //p" out
}

# All that the store has, as text, and its figures but those of the start.
portrait() {
	"$aryavarth" export 2>err || fail "cannot export"
	"$aryavarth" stats 2>>err | grep -v '^recover\|^disk\|^index_bytes'
}

# Fills replayed with the portrait that the store has when nothing but its lines is read.
replay() {
	ARYAVARTH_CHECKPOINT_BYTES_MIN=0
	check "all lines are read" [ "$(figure recovered_records)" -gt 100 ]
	portrait >replayed
	ARYAVARTH_CHECKPOINT_BYTES_MIN=1
}

# same WHAT: what was left is used, and the store without it is the same.
same() {
	check "$1: there is a checkpoint" [ -e data/CHECKPOINT ]
	check "$1: no line is read" [ "$(figure recovered_records)" = 0 ]
	portrait >used
	replay
	check "$1: it is the same store" cmp used replayed
}

i=0
while [ $i -lt 1500 ]; do
	i=$((i + 1))
	echo "{\"cmd\":\"Set\",\"key\":\"key$((i * 7 % 1000))\",\"value\":\"the value of line $i\"}"
	[ $((i % 5)) -ne 0 ] || echo "{\"cmd\":\"Rm\",\"key\":\"key$((i % 1000))\"}"
done >lines
expect 0 import lines
head -c 5000000 /dev/zero | tr '\0' 'z' >large
"$aryavarth" set 'a large one' - <large || fail "cannot set a large value"
same import
"$aryavarth" get 'a large one' | cmp - large || fail "the large value is another"

expect 0 import lines
expect 0 compact
same compaction

# A server that is killed has read what came after the checkpoint, and no more.
serve
for n in 1 2 3 4 5; do
	curl -s -o /dev/null -X PUT -d "after $n" "$server_url/keys/after$n"
done
kill -9 "$server_pid"
wait "$server_pid" 2>/dev/null
server_pid=
check "little is read after a kill" [ "$(figure recovered_records)" -le 8 ]
expect 0 get after5
printed 'after 5'
portrait >used
replay
check "a kill: it is the same store" cmp used replayed

# Damage to it is told, and it is not used.
size=$(wc -c <data/CHECKPOINT)
for at in 5 100 300 $((size / 2)) $((size - 1)); do
	cp data/CHECKPOINT aside
	byte=$(od -An -tu1 -j "$at" -N 1 data/CHECKPOINT)
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((byte ^ 1)))" |
		dd of=data/CHECKPOINT bs=1 seek="$at" conv=notrunc 2>/dev/null
	check "one with byte $at damaged is not used" [ "$(figure recovered_records)" -gt 100 ]
	serve
	check "and that is told" grep -q 'event=checkpoint_ignored reason=' serve
	stop_server TERM
	mv aside data/CHECKPOINT
done

# Damage to a line that nobody has read: reads go on, writes do not, and it says why.
first=$(find data/logs -name '*.log' | sed 's/.*\///; s/\.log//' | sort -n | head -n 1).log
check "the first log is longer than what tells it from others" \
	[ "$(wc -c <"data/logs/$first")" -gt 10000 ]
cp "data/logs/$first" intact
printf '#' | dd of="data/logs/$first" bs=1 seek=1000 conv=notrunc 2>/dev/null
serve
tries=0
while [ "$(curl -s -o /dev/null -w '%{http_code}' "$server_url/readyz")" = 200 ] &&
	[ $tries -lt 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
code=$(curl -s -o answer -w '%{http_code}' -X PUT -d x "$server_url/keys/k")
check "a write is answered 503" [ "$code" = 503 ]
check "and why" grep -q "$first: damaged at offset" answer
check "a read is answered" [ "$(curl -s "$server_url/keys/after5")" = 'after 5' ]
check "it says so" grep -q "event=damage_found error=\"$first: damaged" serve
stop_server TERM
check "it ends with an error" [ "$status" -eq 3 ]
expect 3 get after5
complained "$first: damaged at offset"
mv intact "data/logs/$first"
expect 0 verify
expect 0 get after5
finish
