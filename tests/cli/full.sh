#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: a full disk is answered, never acknowledged; what is there can be read, deletes are
# taken from the reserve, and writes go on by themselves once there is room.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
expect 0 set kept value
expect 0 set dropped value

# Less is free than is held in reserve.
reserve=--disk-reserve-bytes=1048576GiB
expect 3 set kept other "$reserve"
complained 'free'
expect 3 set new value "$reserve"
expect 0 get kept "$reserve"
printed 'value'
expect 0 rm dropped "$reserve"
expect 1 get dropped
expect 1 get new
expect 0 set new value

printf 'a value' >piece

# put NAME: stores one value on the server, and answers with the status.
put() {
	curl -s -o "$work/reply" -w '%{http_code}' -X PUT --data-binary @piece "$server_url/keys/$1"
}

serve --dir data "$reserve"
check "a write is answered 507" [ "$(put new)" = 507 ]
check "it says so as a problem" grep -q '"status":507' reply
expect 1 health --server "$server_url"
complained 'disk'
check "it lives" curl -sf -o reply "$server_url/livez"
check "a delete is taken" curl -sf -o reply -X DELETE "$server_url/keys/kept"
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]
expect 1 get kept
expect 0 get new
printed 'value'

# A limit on the size of files stands in for the end of the disk: it can be lifted again.
head -c 6000 /dev/zero | tr '\0' a >piece
# What the server before it said must not be taken for what this one says.
: >"$work/serve"
(
	# shellcheck disable=SC3045
	ulimit -S -f 64
	exec "$aryavarth" serve --listen 127.0.0.1:0 2>"$work/serve" >"$work/served" </dev/null
) &
server_pid=$!
wait_for grep -q 'event=serving' "$work/serve" || fail "the server does not serve"
server_url=http://$(sed -n 's/.*event=listening address=\([^ ]*\).*/\1/p' "$work/serve")
stored=0
code=201
while [ "$code" = 201 ] && [ $stored -lt 50 ]; do
	code=$(put "piece$((stored + 1))")
	[ "$code" != 201 ] || stored=$((stored + 1))
done
check "the disk is full after $stored values: 507, not $code" [ "$code" = 507 ]
check "some were stored" [ $stored -gt 2 ]
check "it says so as a problem" grep -q '"status":507' reply
check "again" [ "$(put again)" = 507 ]
curl -sf "$server_url/keys/piece1" | cmp - piece || fail "reading goes on"
check "what was refused is not there" \
	[ "$(curl -s -o reply -w '%{http_code}' "$server_url/keys/again")" = 404 ]
if command -v prlimit >/dev/null; then
	prlimit --pid "$server_pid" --fsize=unlimited
	check "writes go on when there is room" [ "$(put more)" = 201 ]
fi
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]
expect 0 list --prefix piece
check "all $stored acknowledged values are there" [ "$(wc -l <out)" -eq $stored ]
n=0
while [ $n -lt $stored ]; do
	n=$((n + 1))
	"$aryavarth" get piece$n | cmp - piece || fail "piece$n came back different"
done
expect 1 get again
finish
