#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: a value up to --max-value-bytes is set from standard input, comes back byte for byte from
# the directory, from a server, and by way of an export and an import, and all of that in the memory
# of a few parts; what is too long, or stops in the middle, leaves nothing but stale bytes.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1

# A program with instruments in it takes memory of its own.
instrumented=no
if grep -q -e __asan_init -e __tsan_init "$aryavarth"; then
	instrumented=yes
fi

# flat WHAT PID: process PID has never had more memory than some parts take.
flat() {
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$2/status")
	[ $instrumented = yes ] || [ "${peak:-999999}" -lt 32768 ] || fail "$1: $peak KiB of memory"
}

# set_from STATUS KEY FILE OPTION...: sets KEY from a file.
set_from() {
	wanted=$1 key=$2 file=$3
	shift 3
	status=0
	"$aryavarth" set "$key" - "$@" <"$file" >out 2>err || status=$?
	[ "$status" -eq "$wanted" ] || fail "set $key ends with $status: $(cat err)"
}

# is_stored KEY FILE OPTION...: KEY has the bytes of FILE.
is_stored() {
	key=$1 file=$2
	shift 2
	"$aryavarth" get "$key" "$@" >got 2>err || fail "get $key: $(cat err)"
	cmp -s got "$file" || fail "$key has other bytes than $file ($*)"
}

# stat_of NAME: that figure of the store.
stat_of() {
	"$aryavarth" stats | sed -n "s/^$1 //p"
}

mib=1048576
for size in $mib $((mib + 1)) $((2 * mib)) $((5 * mib + 3)); do
	head -c "$size" /dev/urandom >"v$size"
	set_from 0 "k$size" "v$size"
done
head -c $((40 * mib)) /dev/urandom >v40
for size in $mib $((mib + 1)) $((2 * mib)) $((5 * mib + 3)); do
	is_stored "k$size" "v$size"
done

# While most of 40 MiB have gone in, look at the memory of who takes them.
mkfifo in
"$aryavarth" set k40 - <in >out 2>err &
setter=$!
exec 3>in
cat v40 >&3
flat 'set' $setter
exec 3>&-
wait $setter || fail "set of 40 MiB: $(cat err)"
is_stored k40 v40

# A value in parts is listed, replaced and removed as any other.
expect 0 list
printed 'k1048576\nk1048577\nk2097152\nk40\nk5242883\n'
set_from 0 k1048577 "v$((2 * mib))"
is_stored k1048577 "v$((2 * mib))"
expect 0 rm k2097152
expect 1 get k2097152
expect 0 verify

# Too long: by a byte, by a lot, by any size of the store's parts.
before=$(stat_of live_bytes)
set_from 2 long v40 --max-value-bytes $((40 * mib - 1))
complained "standard input has more than $((40 * mib - 1)) bytes"
set_from 2 long v40 --max-value-bytes 1000
set_from 0 long v40 --max-value-bytes $((40 * mib))
expect 0 rm long
expect 1 get long
check "what was refused is stale" [ "$(stat_of live_bytes)" -eq "$before" ]
expect 0 compact --full
check "what was refused goes" [ "$(log_bytes data)" -lt $((before + 65536)) ]

# Killed in the middle: nothing is left of it.
"$aryavarth" set cut - <in >out 2>err &
setter=$!
exec 3>in
head -c $((3 * mib)) v40 >&3
wait_for [ "$(log_bytes data)" -gt $((before + 2 * mib)) ]
kill -9 $setter
wait $setter
exec 3>&-
expect 1 get cut
check "what was cut off is stale" [ "$(stat_of live_bytes)" -eq "$before" ]
is_stored k40 v40

# Out and in again. A part may be cut off its Set, or be missing: then nothing is applied.
expect 0 export
mv out all.export
longest=$(awk '/"cmd":"Part"/ && length > n { n = length } END { print n }' all.export)
check "a part has 256 KiB" [ "$longest" -gt 340000 ] && [ "$longest" -lt 360000 ]
expect 0 import --dir again all.export
for key in 1048577 5242883; do
	"$aryavarth" get "k$key" >wanted
	is_stored "k$key" wanted --dir again
done
is_stored k40 v40 --dir again
expect 0 export --dir again
sed 's/"upload":[0-9]*/"upload":N/' all.export >all.wanted
sed 's/"upload":[0-9]*/"upload":N/' out | cmp -s - all.wanted || fail "exports differ"
grep -v '"part":1,' all.export >lacking
expect 3 import --dir lacking lacking
complained 'nothing was applied'
check "no store was made" [ ! -e lacking/logs ]
# The logs themselves are such lines, too.
expect 0 import --dir logs data/logs/*.log
is_stored k40 v40 --dir logs

# A server gives it out a part at a time.
serve --dir data
is_stored k40 v40 --server "$server_url"
flat 'serve' "$server_pid"
curl -s -I "$server_url/keys/k40" | tr -d '\r' >head.whole
check "HEAD tells the size" grep -qix "content-length: $((40 * mib))" head.whole
# A range over the border of two parts, one inside a part, and the last bytes.
for range in $((mib - 5)):10 $((3 * mib + 17)):1000 $((40 * mib - 9)):9; do
	first=${range%:*} size=${range#*:}
	curl -s -r "$first-$((first + size - 1))" -D head.range -o got "$server_url/keys/k40"
	tail -c +$((first + 1)) v40 | head -c "$size" | cmp -s - got || fail "range $range"
	check "range $range is told" grep -q "bytes $first-$((first + size - 1))/$((40 * mib))" \
		head.range
done
check "a range behind the end is refused" [ "$(curl -s -o got -w '%{http_code}' \
	-r $((40 * mib))- "$server_url/keys/k40")" = 416 ]
etag=$(sed -n 's/^[Ee][Tt]ag: //p' head.whole)
check "and is not modified" [ "$(curl -s -o got -w '%{http_code}' -H "If-None-Match: $etag" \
	"$server_url/keys/k40")" = 304 ]
# And takes it so, with and without its length.
check "a body of 40 MiB is taken" [ "$(curl -s -o got -w '%{http_code}' -T v40 \
	"$server_url/keys/k40")" = 204 ]
check "a body of 40 MiB is taken as it comes" [ "$(curl -s -o got -w '%{http_code}' -T - \
	"$server_url/keys/new40" <v40)" = 201 ]
is_stored new40 v40 --server "$server_url"
flat 'serve' "$server_pid"
# The command sends what comes as it comes, in the memory of a part.
"$aryavarth" set by-command - --server "$server_url" --type a/b <in >out 2>err &
setter=$!
exec 3>in
cat v40 >&3
flat 'set --server' $setter
exec 3>&-
wait $setter || fail "set of 40 MiB on a server: $(cat err)"
is_stored by-command v40 --server "$server_url"
check "its type is told" [ "$(curl -sI "$server_url/keys/by-command" | tr -d '\r' |
	sed -n 's/^Content-Type: //p')" = a/b ]
# Killed in the middle, and too long for the server: nothing is left of it.
"$aryavarth" set cut - --server "$server_url" <in >out 2>err &
setter=$!
exec 3>in
head -c $((3 * mib)) v40 >&3
kill -9 $setter
wait $setter
exec 3>&-
expect 1 get cut --server "$server_url"
cat v40 v40 | set_from 2 long /dev/stdin --server "$server_url"
complained 'Value too large'
expect 1 get long --server "$server_url"

# One that takes 40 MiB slowly keeps its value, whatever becomes of the key.
curl -s --limit-rate 20M -o slow "$server_url/keys/k40" &
slow=$!
wait_for [ -s slow ]
printf small | curl -s -T - "$server_url/keys/k40"
curl -s -X POST "$server_url/compact" >got
wait $slow || fail "the download ends with $?"
cmp -s slow v40 || fail "a value that was replaced while it was sent has other bytes"
printf small >small
is_stored k40 small --server "$server_url"
expect 3 import --server "$server_url" all.export
complained 'can only be imported into a directory'
status=0
stop_server TERM
check "the server ends in order" [ "$status" -eq 0 ]
expect 0 verify
finish
