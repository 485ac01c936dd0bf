#!/bin/sh
# SPDX-License-Identifier: MIT
# The promise: with `always`, the acknowledgement of a write leaves the server after the fdatasync
# that made it durable, and all parts of a large value, whichever logs they are in; and after an
# fdatasync that failed there is no acknowledgement, then or later.
# Watched from outside, at the system calls. Skipped (77) where processes cannot be traced.
set -u
: "${ARYAVARTH:?the program under test}"

command -v strace >/dev/null 2>&1 || { echo "skipped: no strace here"; exit 77; }
strace -o /dev/null true 2>/dev/null || { echo "skipped: no tracing here"; exit 77; }
# A leak checker traces too, and two tracers are one too many.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS

home=$(mktemp -d "${TMPDIR:-/tmp}/strace-order.XXXXXX") || exit 1
tracer=
failed=0

stop_server() {
	[ -n "$tracer" ] || return 0
	server=$(pgrep -P "$tracer" 2>/dev/null)
	[ -z "$server" ] || kill -"$1" "$server" 2>/dev/null
	wait "$tracer" 2>/dev/null
	tracer=
}
trap 'stop_server KILL; rm -rf "$home"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
	echo "FAIL: $*"
	failed=1
}

# start OPTION... : a traced server; its port goes to $port. Its own options are in $options.
options=
start() {
	: >"$home/messages"
	# shellcheck disable=SC2086 # several words
	strace -f -o "$home/trace" -s 400 \
		-e trace=pwrite64,fdatasync,sendto,sendmsg,sendfile,writev,write "$@" \
		"$ARYAVARTH" serve --dir "$home/data" --listen 127.0.0.1:0 --threads 1 $options \
		2>"$home/messages" &
	tracer=$!
	port=
	tries=0
	while [ "$tries" -lt 300 ]; do
		port=$(sed -n 's/.*event=listening address=127\.0\.0\.1:\([0-9]*\).*/\1/p' \
			"$home/messages")
		grep -q event=serving "$home/messages" && [ -n "$port" ] && return 0
		sleep 0.1
		tries=$((tries + 1))
	done
	fail "the server did not start: $(cat "$home/messages")"
	exit 1
}

# put KEY : answers the status.
put() {
	curl -s -o /dev/null -w '%{http_code}' -X PUT --data-binary "value of $1" \
		"http://127.0.0.1:$port/keys/$1"
}

start
for key in one two three four five; do
	status=$(put "$key")
	[ "$status" = 201 ] || fail "PUT $key answered $status"
done
stop_server TERM
# For each PUT the order must be: its line written, an fdatasync that returned 0, its 201 sent.
awk '
	/pwrite64\(.*"cmd\\":\\"Set\\"/ { written++; synced = 0 }
	/fdatasync(\(| resumed).*= 0/ { synced = 1 }
	/HTTP\/1.1 201/ { if (!synced) early++; acknowledged++ }
	END {
		printf "%d lines written, %d acknowledged, %d of them before their sync\n",
			written, acknowledged, early
		exit !(written == 5 && acknowledged == 5 && early == 0)
	}' "$home/trace" || fail "an acknowledgement came before its sync, or was not seen"

rm -rf "$home/data"
# Nothing is synced unless it is asked for, but a log that is full.
options='--durability never --rotate-bytes 1MiB'
start -y
head -c 5000000 /dev/urandom >"$home/large"
status=$(curl -s -o /dev/null -w '%{http_code}' -T "$home/large" \
	"http://127.0.0.1:$port/keys/large?durability=always")
[ "$status" = 201 ] || fail "PUT of a large value answered $status"
stop_server TERM
awk '
	function path_in(line) {
		sub(/^[^<]*</, "", line)
		sub(/>.*/, "", line)
		return line
	}
	/ pwrite64\([0-9]+<[^>]*\.log>/ { dirty[path_in($0)] = 1; logs[path_in($0)] = 1 }
	/ fdatasync\([0-9]+</ { of[$1] = path_in($0) }
	/fdatasync(\(| resumed).*= 0/ { delete dirty[of[$1]] }
	/HTTP\/1.1 201/ { for (path in dirty) early++; acknowledged++ }
	END {
		for (path in logs) count++
		printf "%d logs written, %d acknowledged, %d logs not synced by then\n",
			count, acknowledged, early
		exit !(count > 2 && acknowledged == 1 && early == 0)
	}' "$home/trace" || fail "a large value was acknowledged before all of it was synced"

rm -rf "$home/data"
options=
# The first group syncs once; then the disk fails, for ever.
start -e inject=fdatasync:error=EIO:when=2+
status=$(put before)
[ "$status" = 201 ] || fail "PUT before the failure answered $status"
status=$(put during)
[ "$status" = 500 ] || fail "PUT whose sync failed answered $status, not 500"
status=$(put after)
[ "$status" = 503 ] || fail "PUT after the failed sync answered $status, not 503"
body=$(curl -s "http://127.0.0.1:$port/keys/before")
[ "$body" = "value of before" ] || fail "reading what was there before gave: $body"
ready=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/readyz")
[ "$ready" = 503 ] || fail "/readyz after a failed sync answered $ready"
stop_server TERM
injected=$(grep -c 'fdatasync.*EIO.*INJECTED' "$home/trace")
[ "$injected" = 1 ] || fail "a failed sync was tried again: $injected failures"

[ "$failed" = 0 ] && echo "ok"
exit "$failed"
