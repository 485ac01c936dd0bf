#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: the data commands do with a server what they do with a directory: the same output, the
# same exit statuses; and what they cannot do there they say.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1

# at STATUS ARGUMENT...: expect, on the server.
at() {
	at_status=$1
	shift
	expect "$at_status" "$@" --server "$server_url"
}

serve --dir data --max-value-bytes 4MiB
at 0 set key1 value1
printed ''
check "set says nothing" [ ! -s err ]
at 0 get key1
printed 'value1'
check "get says nothing else" [ ! -s err ]
at 0 set key1 value2
at 0 get key1
printed 'value2'
at 0 rm key1
printed ''
at 1 get key1
printed ''
complained '^Key not found$'
at 1 rm key1
printed ''
complained '^Key not found$'
at 1 get ''
complained '^Key not found$'
at 2 set '' value
at 2 rm ''
check "no directory is made" [ "$(ls -d data*)" = data ]

# Values are bytes.
: >nothing
printf '\000\001\377\376"\\\r\n\342\200\250\000' >odd
head -c 1048576 /dev/urandom >random
for file in nothing odd random; do
	"$aryavarth" set "of $file" - --server "$server_url" <$file || fail "set - <$file"
	at 0 get "of $file"
	check "$file comes back" cmp $file out
done
at 0 set empty ''
at 0 get empty
printed ''
status=0
"$aryavarth" set unread - --server "$server_url" <&- 2>err || status=$?
check "closed standard input ends with 3, not $status" [ $status -eq 3 ]
at 1 get unread
if [ -c /dev/full ]; then
	status=0
	"$aryavarth" get 'of random' --server "$server_url" >/dev/full 2>err || status=$?
	check "a full output ends with 3, not $status" [ $status -eq 3 ]
	check "and is told in one line" [ "$(wc -l <err)" -eq 1 ]
	check "and is told as such" grep -q 'standard output' err
fi

# Keys are bytes.
newline_key=$(printf 'two\nlines')
binary_key=$(printf 'not utf-8 \377')
long_key=$(printf '%01024d' 0)
for key in "$newline_key" "$binary_key" "$long_key" a/b a//b /a b/ / %00 %2F %2e%2e 'a b' a+b \
	a?b=c a#b '"' '\' ' ' '{}' '$HOME' 'ключ' ... .a a.. '&' ';'; do
	at 0 set "$key" "value of $key"
	at 0 get "$key"
	printf 'value of %s' "$key" >wanted-value
	check "key '$key' keeps its own value" cmp -s wanted-value out
done
printf '{"cmd":"Set","key_b64":"YQBi","value":"NUL"}\n' >line
at 0 import line
check "a NUL gets into a key" [ "$(curl -s "$server_url/keys/a%00b")" = NUL ]

# What the server refuses, as a directory would: nothing was done, and the words are to blame.
at 2 set "$long_key"1 value
complained 'Key too long: .*1025'
head -c 4194305 /dev/zero >large
status=0
"$aryavarth" set large - --server "$server_url" <large 2>err || status=$?
check "a value too large ends with 2, not $status" [ $status -eq 2 ]
complained 'Value too large: .*4194304'
at 1 get large
for key in . .. a/.. ../a a/./b a/../b; do
	at 2 set "$key" value
	complained 'Dot segment'
	at 2 get "$key"
	at 2 rm "$key"
done

# Figures and compaction.
at 0 rm 'of random'
at 0 stats
sed 's/ .*//' out >remote-names
check "stats counts" [ "$(sed -n 's/^keys //p' out)" -gt 20 ]
check "bytes are stale" [ "$(sed -n 's/^stale_bytes //p' out)" -gt 1000000 ]
at 0 compact
sed 's/ .*//' out >remote-report
check "compact says nothing else" [ ! -s err ]
check "the log is smaller" [ "$(sed -n 's/^bytes_after //p' out)" -lt 1000000 ]
at 0 stats
check "nothing much is stale" [ "$(sed -n 's/^stale_bytes //p' out)" -lt 100000 ]

# What a server cannot do yet.
at 2 export
complained 'cannot be exported'
ARYAVARTH_SERVER=$server_url run export
check "export is not done on some directory instead" [ $status -eq 2 ]
complained 'cannot be exported'
at 2 verify

# Keys of any bytes, more than one page of them; as the directory lists them.
awk 'BEGIN {
	for (i = 0; i < 2500; i++)
		printf "{\"cmd\":\"Set\",\"key\":\"page/%04d\",\"value\":\"\"}\n", i
}' >many
at 0 import many
newline_key=$(printf 'two\nlines')
binary_key=$(printf 'not utf-8 \377')
for key in "$newline_key" "$binary_key" 'a/b' 'a b' 'page&limit=1' '+' '%00'; do
	at 0 set "$key" odd
done
list_all() {
	for words in '' --json '--limit 3' '--limit 1001' '--prefix page/00' \
		'--prefix page/1 --json' '--prefix page& --json' '--prefix +' '--prefix none' \
		'--prefix page/ --limit 2000'; do
		echo "list $words"
		# shellcheck disable=SC2086
		"$@" $words || fail "list $words"
	done
}
list_all "$aryavarth" list --server "$server_url" >remote-lists
check "all are listed" [ "$(grep -c '^page/' remote-lists)" -gt 5000 ]
stop_server TERM
list_all "$aryavarth" list --dir data >local-lists
cmp remote-lists local-lists || fail "list has the same lines for both"
serve --dir data --max-value-bytes 4MiB

# The base: slashes at its end, a path that is not there, another scheme, no server.
expect 0 get empty --server "$server_url/"
expect 0 get empty --server="$server_url///"
expect 3 get empty --server "$server_url/elsewhere"
complained '/elsewhere: No such resource'
expect 3 get empty --server "https://${server_url#http://}"
for url in '' host localhost:8080 ftp://localhost "$server_url?a" "$server_url#a" http:// \
	http://user:secret@localhost:x; do
	expect 2 get empty --server "$url"
	complained '--server takes http://'
	check "$url is not repeated" [ "$(grep -c secret err)" -eq 0 ]
done
at 2 get empty --dir data
complained '--dir and --server'
for option in --durability=never --rotate-bytes=512 --disk-reserve-bytes=1 --max-key-bytes=1 \
	--max-value-bytes=1 --compact-stale-bytes=0; do
	at 2 set k v $option
	complained "^aryavarth: set: ${option%%=*} means nothing to a server"
done
expect 2 get k --dir data --timeout-ms 1
complained 'means nothing to a directory'
at 0 get empty --timeout-ms 20000

# The environment.
export ARYAVARTH_SERVER="$server_url" ARYAVARTH_DIR="$work/other"
export ARYAVARTH_ROTATE_BYTES=none
expect 0 set where server
check "the server goes before the directory" [ ! -e other ]
expect 0 get where
printed server
unset ARYAVARTH_ROTATE_BYTES
expect 0 set where directory --dir there
expect 0 get where --dir there
printed directory
expect 3 get where --server http://127.0.0.1:1
complained 'http://127.0.0.1:1: '
ARYAVARTH_SERVER=
expect 0 set where other
expect 0 get where --dir other
printed other
unset ARYAVARTH_DIR ARYAVARTH_SERVER

# A server that is about to end serves on; one that has ended does not.
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]
expect 0 get where
printed server
expect 0 stats
sed 's/ .*//' out | cmp - remote-names || fail "stats has the same lines for both"
expect 0 compact
sed 's/ .*//' out | cmp - remote-report || fail "compact has the same lines for both"
for words in 'get k' 'set k v' 'rm k' stats compact; do
	# shellcheck disable=SC2086
	at 3 $words
	printed ''
	complained "^aryavarth: $server_url: .*onnect"
	check "$words takes one line to say it" [ "$(wc -l <err)" -eq 1 ]
done
serve --dir data --shutdown-delay-ms 60000
kill -s TERM "$server_pid"
check "it says that it is stopping" wait_for grep -q event=stopping serve
at 0 set late value
at 0 get late
printed value
stop_server TERM

# A full disk: what is refused is told, and deletes are taken.
serve --dir data --disk-reserve-bytes 1048576GiB
at 3 set more value
complained 'No space left'
at 0 get late
at 0 rm late
stop_server TERM

# IPv6, where there is any.
if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
	serve --dir data --listen '[::1]:0'
	at 0 get where
	printed server
	stop_server TERM
fi
finish
