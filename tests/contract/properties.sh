#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise: whatever is asked, as the description lets it be asked or not, is answered as it is
# described, and what was put is got. ARYAVARTH_SEED sets the choices, ARYAVARTH_REQUESTS how many
# (20,000; of which ARYAVARTH_ONE_IN takes a part).
set -u

seed=${ARYAVARTH_SEED:-1}
requests=${ARYAVARTH_REQUESTS:-$((20000 / ${ARYAVARTH_ONE_IN:-1}))}
# shellcheck source=tests/lib/python.sh
. "$(dirname "$0")/../lib/python.sh"
need_python yaml jsonschema hypothesis
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
check "it finds a wrong server out" "$python" "$contract/properties_test.py"
serve --dir "$work/store" --durability never --max-value-bytes 4096 \
	--cors-origin https://app.example
check "the answers are as they are described" \
	"$python" "$contract/properties.py" "$top/openapi/aryavarth.yaml" "${server_url##*:}" \
	"$requests" "$seed"
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]
finish
