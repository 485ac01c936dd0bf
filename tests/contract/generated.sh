#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise: openapi/aryavarth.json and openapi/docs.html, which the server sends, say what
# openapi/aryavarth.yaml says; and a difference would be found.
set -euo pipefail

# shellcheck source=tests/lib/python.sh
. "$(dirname "$0")/../lib/python.sh"
need_python yaml
work=$(mktemp -d "${TMPDIR:-/tmp}/generated-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

"$python" "$top/build-aux/describe" --check
"$python" - "$top/openapi" <<'END'
import json, sys, yaml
with open(sys.argv[1] + "/aryavarth.yaml") as one, open(sys.argv[1] + "/aryavarth.json") as other:
    sys.exit(yaml.safe_load(one) != json.load(other))
END

# A word more in the description, and both are out of date.
mkdir "$work/build-aux"
cp "$top/build-aux/describe" "$work/build-aux/describe"
cp -R "$top/openapi" "$work/openapi"
chmod -R u+w "$work"
sed -i 's/^  summary: /&A different one, /' "$work/openapi/aryavarth.yaml"
found=$("$python" "$work/build-aux/describe" --check) && { echo "it sees no difference"; exit 1; }
[[ $(wc -l <<<"$found") = 2 ]] || { echo "it sees not both: $found"; exit 1; }
"$python" "$work/build-aux/describe"
"$python" "$work/build-aux/describe" --check
echo "ok"
