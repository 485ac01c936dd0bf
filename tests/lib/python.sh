# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests in tests/contract share: a Python that has what they need. Where there is none, a
# test is skipped, but for $CONTRACT=required, as script/test sets it.

# need_python MODULE...: sets $python.
need_python() {
	local code
	code="import importlib.util, sys
sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))"
	for python in python3 /usr/bin/python3; do
		"$python" -c "$code" "$@" 2>/dev/null && return
	done
	echo "there is no python3 with $*: script/bootstrap installs it"
	[[ ${CONTRACT-} = required ]] && exit 1
	echo "SKIPPED: no answer was held against the description"
	exit 77
}

top=${abs_top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
# shellcheck disable=SC2034 # what is set here is used there
contract=$top/tests/contract
# The sources may be read-only, and are not to be littered.
export PYTHONDONTWRITEBYTECODE=1
