#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: set, get and rm do what their names say, with the exit statuses that scripts rely on.
# The cases are those of the talent plan's test suite, and those that it forgot.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1

expect 2
printed ''
complained '^Usage: aryavarth'
expect 0 -V
printed "aryavarth $("$aryavarth" version | cut -d' ' -f2)\\n"
expect 0 --version
expect 0 version
check "the version is a number" grep -Eq '^aryavarth [0-9]+\.[0-9]+\.[0-9]+$' "$work/out"

# Without a store there is nothing to miss.
for words in 'get k' 'rm k' list stats compact verify export; do
	# shellcheck disable=SC2086
	expect 3 $words
	complained 'no store at ./data'
	check "$words makes no directory" [ ! -e data ]
done
mkdir empty
expect 3 get k --dir empty
complained 'no store at empty'

# Set, get, overwrite, remove; each in a process of its own, so that everything went by the disk.
expect 0 set key1 value1
printed ''
check "set says nothing" [ ! -s "$work/err" ]
check "the log is where the documentation says" [ -s data/logs/0.log ]
expect 0 set key2 value2
expect 0 get key1
printed 'value1'
expect 0 get key2
printed 'value2'
expect 0 set key1 value3
expect 0 get key1
printed 'value3'
expect 0 rm key1
printed ''
check "rm says nothing" [ ! -s "$work/err" ]
expect 1 get key1
printed ''
complained '^Key not found$'
expect 1 rm key1
printed ''
complained '^Key not found$'
expect 1 get never-there
expect 1 rm never-there
expect 0 get key2
printed 'value2'
expect 0 set key1 again
expect 0 get key1
printed 'again'

# A value is not mistaken for a message.
expect 0 set key3 'Key not found'
expect 0 get key3
printed 'Key not found'

# Wrong numbers of arguments, and unknown words.
for words in get 'get a b' set 'set a' 'set a b c' rm 'rm a b' 'list a' 'compact a' \
	'stats a' 'verify a' 'export a' import 'health a' 'version a' 'serve a' \
	'help a b' nonsense 'help nonsense' '--nonsense' '-x' 'get -x' \
	'get --nonsense k' 'get k --dir' 'get k --listen 1' 'set k -1'; do
	# shellcheck disable=SC2086
	expect 2 $words
	printed ''
	check "$words is explained" [ -s "$work/err" ]
done
expect 0 set k -- -1
expect 0 get k
printed '-1'

# Every option refuses what it does not take, names itself, and nothing is done.
for word in --durability=soon --rotate-bytes=511 --rotate-bytes=1025GiB --rotate-bytes=x \
	--rotate-bytes= --rotate-bytes=-1 --compact-stale-bytes=x --disk-reserve-bytes=1x \
	--max-key-bytes=0 --max-key-bytes=4097 --max-value-bytes=0 --max-value-bytes=1073741825; do
	expect 2 set fresh value --dir new "$word"
	complained "${word%%=*}"
done
check "nothing is made by a wrong command line" [ ! -e new ]
for word in --listen=nowhere:99999 --listen=127.0.0.1:x --threads=65 --connections-max=0 \
	--max-target-bytes=1 --max-header-bytes=1 --queue-bytes-max=1 --batch-bytes-max=1 \
	--header-timeout-ms=0 --body-timeout-ms=0 --reply-timeout-ms=0 --idle-timeout-ms=0 \
	--shutdown-timeout-ms=0 --shutdown-delay-ms=600001 --sync-interval-ms=0 --insecure=x \
	--log-level=loud; do
	expect 2 serve --dir new "$word"
	complained "${word%%=*}"
done
for word in --timeout-ms=0 --timeout-ms=x; do
	expect 2 health "$word"
	complained "${word%%=*}"
done
expect 2 list --limit=x
complained --limit
expect 2 list --json=x
complained --json

# Limits are named.
expect 2 set '' value
expect 2 set --max-key-bytes 3 four value
complained --max-key-bytes
expect 2 set --max-value-bytes 3 key four
complained --max-value-bytes
expect 1 get four
finish
