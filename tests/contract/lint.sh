#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise: the description has an example for everything, closed schemas, and just the problems that
# the server has; and what it lacks would be found.
set -u

# shellcheck source=tests/lib/python.sh
. "$(dirname "$0")/../lib/python.sh"
need_python yaml jsonschema
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

check "it finds what is lacking" "$python" "$contract/lint_test.py"
serve --dir "$work/store"
check "the server lists its problems" \
	curl -sSf -H 'Accept: application/json' -o "$work/problems" "$server_url/problems"
check "the description lacks nothing" \
	"$python" "$contract/lint.py" "$top/openapi/aryavarth.yaml" "$work/problems"
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]
finish
