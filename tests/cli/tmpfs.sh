#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise, on a real disk of 64 MB that is really full: writes are answered 507; everything that was
# acknowledged can be read, byte by byte; deletes are taken from the reserve, and a compaction works
# there and makes space, although one log of the size that is asked for would fill the disk; then
# writes go on by themselves. Also where something else has taken the last byte, and after kill -9
# there: no answer is a lie.
# Skipped (77) where nothing can be mounted.
set -u

# The mount is in a namespace of its own, and goes away with it, whatever happens.
if [ "${1-}" != inside ]; then
	probe=$(mktemp -d "${TMPDIR:-/tmp}/aryavarth-mount.XXXXXX") || exit 1
	for how in -m -rm; do
		unshare $how mount -t tmpfs -o size=1m tmpfs "$probe" 2>/dev/null || continue
		rmdir "$probe"
		# shellcheck disable=SC2093 # what follows is for where it cannot be mounted
		exec unshare $how bash "$0" inside
	done
	rmdir "$probe"
	echo "skipped: a tmpfs cannot be mounted here, neither as root nor in a user namespace"
	exit 77
fi
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

disk=$work/disk
have=$work/have # holds a file for each key that was acknowledged and not deleted
mkdir "$disk" "$have"
mount -t tmpfs -o size=64m tmpfs "$disk" || { fail "cannot mount"; exit 1; }

end_all() {
	[ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null
	wait
	server_pid=
	umount "$disk"
	stop_all
}
trap end_all EXIT
cd "$work" || exit 1

head -c 524288 /dev/zero | tr '\0' x >filler

# The value of key $1: half a megabyte, but for keys called tiny.
value_of() {
	printf 'the value of %s ' "$1"
	case $1 in
	tiny*) ;;
	*) cat filler ;;
	esac
}

# put KEY: sets $code, the status. What is stored is noted.
put() {
	value_of "$1" >piece
	code=$(curl -s -m 30 -o reply -w '%{http_code}' -T piece "$server_url/keys/$1")
	case $code in
	201 | 204) : >"$have/$1" ;;
	507) grep -q '/problems/no-space' reply || fail "507 is no problem: $(cat reply)" ;;
	esac
}

stores() {
	put "$1"
	[ "$code" = 201 ]
}

removes() {
	remove "$1"
	[ "$code" = 204 ]
}

is_refused() {
	put "$1"
	[ "$code" = 507 ]
}

# remove KEY: sets $code, the status. What is removed is noted.
remove() {
	code=$(curl -s -m 30 -o reply -w '%{http_code}' -X DELETE "$server_url/keys/$1")
	[ "$code" != 204 ] || rm -f "$have/$1"
}

ask() {
	curl -s -m 60 -o reply -w '%{http_code}' "$@"
}

# Every key that should be there has its value, and no other key is there.
expect_all() {
	for path in "$have"/*; do
		value_of "${path##*/}" >piece
		curl -sf -m 30 "$server_url/keys/${path##*/}" | cmp -s - piece ||
			fail "$1: ${path##*/} is not what was stored"
	done
	check "$1: there are as many keys as were acknowledged" \
		[ "$(curl -s "$server_url/stats" | jq .keys)" = "$(find "$have" -type f | wc -l)" ]
}

no_leftovers() {
	check "$1: nothing is left of a compaction" [ -z "$(find "$disk" -name '*.tmp')" ]
}

begin() {
	serve --dir "$disk/data" --compact-stale-bytes 0
}

begin
count=0
while [ $count -lt 200 ] && stores "key$((count + 1))"; do
	count=$((count + 1))
done
check "the disk holds some 56 MB of values (as base64), not $count" [ $count -gt 75 ]
check "then a PUT is answered 507" [ "$code" = 507 ] || cat reply
check "and the next one, too" is_refused again
check "it is not ready" [ "$(ask "$server_url/readyz")" = 503 ]
check "because of the disk" grep -q '^\[-\]disk failed' reply
expect_all "on the full disk"

# Half of the values.
key=0
while [ $key -lt $count ]; do
	key=$((key + 2))
	[ $key -gt $count ] || check "DELETE key$key" removes key$key
done
before=$(df --output=avail -B1 "$disk" | tail -n 1)
check "compaction works on the full disk" [ "$(ask -X POST "$server_url/compact")" = 200 ]
after=$(df --output=avail -B1 "$disk" | tail -n 1)
echo "$before bytes were free on the full disk, and $after after the compaction"
check "it makes room for what was deleted" [ $((after - before)) -gt 20000000 ]
expect_all "after the compaction"
no_leftovers "after the compaction"
check "writes go on by themselves" wait_for stores more
check "it is ready" [ "$(ask "$server_url/readyz")" = 200 ]

# Something else takes the last byte, the reserve too.
for n in 1 2 3 4 5 6 7 8; do
	check "PUT extra$n" stores "extra$n"
	check "DELETE extra$n" removes "extra$n"
	check "PUT extra$n again" stores "extra$n"
done
for n in {1..90}; do
	check "PUT tiny$n" stores "tiny$n"
done
cat /dev/zero >"$disk/foreign" 2>/dev/null
check "nothing is free" [ "$(df --output=avail "$disk" | tail -n 1)" -eq 0 ]
check "PUT without a byte free" is_refused refused
refused=0
for path in "$have"/tiny*; do
	remove "${path##*/}"
	case $code in
	204) ;;
	507) refused=$((refused + 1)) ;;
	*) fail "DELETE without a byte free: $code" ;;
	esac
done
echo "$refused of 90 deletes were refused without a byte free"
# What the log's last page still holds is room, too, but not for all.
[ "$(getconf PAGESIZE)" -gt 4096 ] || check "some deletes were refused" [ $refused -gt 0 ]
expect_all "without a byte free"
check "a compaction without a byte free" [ "$(ask -X POST "$server_url/compact")" = 507 ]
no_leftovers "without a byte free"
expect_all "after that compaction"

# A crash in this state: what was acknowledged is served again.
kill -9 "$server_pid"
wait "$server_pid" 2>/dev/null
begin
expect_all "after kill -9 without a byte free"
check "PUT after the restart" is_refused refused

rm "$disk/foreign"
check "writes go on by themselves when the space is back" wait_for stores later
check "it is ready again" [ "$(ask "$server_url/readyz")" = 200 ]
check "compaction works again" [ "$(ask -X POST "$server_url/compact")" = 200 ]
expect_all "with space"
stop_server TERM
check "it ends well" [ "$status" -eq 0 ]
expect 0 verify --dir "$disk/data"
begin
expect_all "after a restart"
for key in again refused; do
	check "$key was refused and is not there" [ "$(ask "$server_url/keys/$key")" = 404 ]
done
stop_server TERM
finish
