#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: output that does not get out is an error, and never a silent one.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
expect 0 set key value
head -c 300000 /dev/urandom >big
"$aryavarth" set big - <big || fail "set big"

if [ -c /dev/full ]; then
	for words in 'get key' 'get big' list 'list --json' stats compact verify export \
		'import -' help 'help set' 'help --man' version; do
		status=0
		# shellcheck disable=SC2086
		"$aryavarth" $words >/dev/full 2>err </dev/null || status=$?
		check "$words >/dev/full ends with 3, not $status" [ $status -eq 3 ]
		check "$words >/dev/full says why" grep -q 'standard output' err
	done
fi

# A reader that goes away.
{
	status=0
	"$aryavarth" get big 2>err || status=$?
	echo $status >status
} | head -c 1 >first
check "a closed pipe ends with 3, not $(cat status)" [ "$(cat status)" -eq 3 ]

# Standard output that is closed: no file of the store may be taken for it.
cksum data/logs/* >before
status=0
"$aryavarth" get key >&- 2>err || status=$?
check "closed standard output ends with 3, not $status" [ $status -eq 3 ]
status=0
"$aryavarth" set other value >&- 2>&- <&- || status=$?
check "set needs no streams" [ $status -eq 0 ]
expect 0 get key
printed 'value'
expect 0 get other
printed 'value'
finish
