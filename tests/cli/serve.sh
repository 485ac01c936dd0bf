#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: serve listens, serves, ends with 0 on SIGTERM and SIGINT, keeps what it acknowledged,
# and says what it cannot do; health tells whether it is ready.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

for address in 0.0.0.0:0 '[::]:0'; do
	expect 2 serve --dir "$work/never" --listen "$address"
	complained 'insecure'
done
check "a refused start makes no store" [ ! -e "$work/never" ]

serve --dir "$work/store"
check "the address is told" [ "$server_url" != http:// ]
expect 0 health --server "$server_url"
printed ''
check "health says nothing" [ ! -s "$work/err" ]
expect 0 health --server "$server_url/"
status=0
ARYAVARTH_SERVER=$server_url "$aryavarth" health || status=$?
check "health asks \$ARYAVARTH_SERVER" [ $status -eq 0 ]
expect 1 health --server "$server_url/nothing-here"
complained '404'
check "curl stores" curl -sSf -o "$work/put" -X PUT --data-binary hello "$server_url/keys/greeting"
port=${server_url##*:}
expect 3 serve --dir "$work/other" --listen "127.0.0.1:$port"
complained 'event=listen_failed'
stop_server TERM
check "SIGTERM ends it with 0, not $status" [ "$status" -eq 0 ]
check "it says so" grep -q 'event=stopped' "$work/serve"
expect 1 health --server "$server_url"
complained 'not ready'
expect 0 get greeting --dir "$work/store"
printed 'hello'

serve --dir "$work/store" --insecure --listen 0.0.0.0:0
stop_server INT
check "SIGINT ends it with 0, not $status" [ "$status" -eq 0 ]

# While it is told to wait before it ends, /readyz fails and the rest is served; a second signal
# does not wait.
serve --dir "$work/store" --shutdown-delay-ms 60000
kill -s TERM "$server_pid"
not_ready() {
	! "$aryavarth" health --server "$server_url"
}
check "readiness fails at once" wait_for not_ready
check "reads go on" curl -sf "$server_url/keys/greeting" -o "$work/value"
check "liveness goes on" curl -sf "$server_url/livez" -o "$work/live"
stop_server TERM
check "a second signal ends it with 1, not $status" [ "$status" -eq 1 ]
expect 0 get greeting --dir "$work/store"
printed 'hello'

# Nobody listens; nobody answers.
expect 1 health --server http://127.0.0.1:1 --timeout-ms 2000
complained 'not ready'
expect 2 health --server ftp://127.0.0.1:1
finish
