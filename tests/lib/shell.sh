# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests in tests/cli share. A test sources this, calls `check` and `expect`, and ends
# with `finish`. It has a folder of its own, $work, which goes away with it, like its servers.
# shellcheck disable=SC2034 # what is set here is used there

aryavarth=${ARYAVARTH:-$PWD/aryavarth}
[ -x "$aryavarth" ] || {
	echo "set ARYAVARTH to the program to be tested; there is none at $aryavarth"
	exit 1
}
top=${abs_top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d "${TMPDIR:-/tmp}/aryavarth-cli.XXXXXX")
failures=0
server_pid=
server_url=

# The settings of whoever runs the tests are not part of them.
for name in $(env | sed -n 's/^\(ARYAVARTH_[A-Z_]*\)=.*/\1/p'); do
	unset "$name"
done
LC_ALL=C
export LC_ALL

stop_all() {
	if [ -n "$server_pid" ]; then
		kill -9 "$server_pid" 2>/dev/null
		wait "$server_pid" 2>/dev/null
	fi
	chmod -R u+rwx "$work"
	rm -rf "$work"
}
trap stop_all EXIT
trap 'exit 1' INT TERM HUP

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# check WHAT COMMAND...: the command ends with 0.
check() {
	check_what=$1
	shift
	"$@" || fail "$check_what"
}

# run ARGUMENT...: runs the program; $status, $work/out and $work/err are what came of it.
run() {
	status=0
	"$aryavarth" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

# expect STATUS ARGUMENT...: as run, with this exit status.
expect() {
	expect_status=$1
	shift
	run "$@"
	if [ "$status" -ne "$expect_status" ]; then
		fail "aryavarth $*: exit status $status instead of $expect_status"
		sed 's/^/  | /' "$work/err"
	fi
}

# printed TEXT: the last run's standard output is exactly TEXT (printf escapes, no newline added).
printed() {
	# shellcheck disable=SC2059
	printf -- "$1" >"$work/wanted"
	if ! cmp -s "$work/wanted" "$work/out"; then
		fail "printed something else than '$1':"
		od -c "$work/out" | head -n 5
	fi
}

# complained PATTERN: the last run's standard error has a line that matches.
complained() {
	if ! grep -q -e "$1" "$work/err"; then
		fail "standard error says nothing of '$1':"
		sed 's/^/  | /' "$work/err"
	fi
}

# Tries COMMAND up to about 20 seconds, until it ends with 0.
wait_for() {
	wait_count=0
	until "$@" >/dev/null 2>&1; do
		wait_count=$((wait_count + 1))
		[ $wait_count -lt 400 ] || return 1
		sleep 0.05
	done
}

# serve ARGUMENT...: starts a server on a free port, and waits until it serves. Sets $server_pid
# and $server_url; its messages are in $work/serve.
serve() {
	# What the server before it said must not be taken for what this one says.
	: >"$work/serve"
	"$aryavarth" serve --listen 127.0.0.1:0 "$@" 2>"$work/serve" >/dev/null </dev/null &
	server_pid=$!
	if ! wait_for grep -q 'event=serving' "$work/serve"; then
		fail "the server does not serve:"
		cat "$work/serve"
		exit 1
	fi
	server_url=http://$(sed -n 's/.*event=listening address=\([^ ]*\).*/\1/p' "$work/serve")
}

# stop_server SIGNAL: ends the server; $status is its exit status.
stop_server() {
	kill -s "$1" "$server_pid"
	status=0
	wait "$server_pid" || status=$?
	server_pid=
}

# As curl; what is asked and answered is kept for tests/contract, see tests/lib/exchange.h. Of what
# is sent and received only the beginning is.
curl() {
	if [ -z "${EXCHANGES-}" ]; then
		command curl "$@"
		return
	fi
	curl_trace=$(mktemp "$work/trace.XXXXXX")
	curl_status=0
	command curl --trace "$curl_trace" "$@" || curl_status=$?
	awk '/^[=<]/ { lines = 0; data = / data, / } !data || lines++ < 200' "$curl_trace" \
		>"$(mktemp "$EXCHANGES/${0##*/}.XXXXXX")"
	rm -f "$curl_trace"
	return $curl_status
}

# Bytes of the logs of store $1.
log_bytes() {
	cat "$1"/logs/*.log | wc -c
}

finish() {
	[ $failures -eq 0 ] || exit 1
	exit 0
}
