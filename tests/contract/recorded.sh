#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise: every answer that a test saw is one that openapi/aryavarth.yaml describes. It runs after
# all others (tests/local.mk), on what they recorded; and what it looks with is tested itself.
set -euo pipefail

# shellcheck source=tests/lib/python.sh
. "$(dirname "$0")/../lib/python.sh"
need_python yaml jsonschema

"$python" "$contract/description_test.py"
"$python" "$contract/check_recorded.py" "$top/openapi/aryavarth.yaml" \
	"${EXCHANGES:-$PWD/tests/exchanges}"
