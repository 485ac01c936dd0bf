#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: damage inside confirmed data is refused with file, offset and seq, and nothing is
# changed; a torn tail is cut, and what was confirmed is still there.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
for n in 1 2 3 4 5 6; do
	expect 0 set "key$n" "value$n"
done
cp -R data intact

# One letter in the middle of a value.
offset=$(grep -bo 'value3' data/logs/0.log | head -n 1 | cut -d: -f1)
printf 'X' | dd of=data/logs/0.log bs=1 seek="$offset" conv=notrunc 2>dd.err
cksum data/logs/* >before
for words in 'get key1' 'get key3' 'set key1 x' 'rm key1' list stats compact export 'import -' \
	'serve --listen 127.0.0.1:0'; do
	# shellcheck disable=SC2086
	expect 3 $words
	printed ''
	complained '0\.log'
	complained 'offset [0-9]'
	complained 'seq'
done
cksum data/logs/* >after
check "a refusal changes nothing" cmp before after

# Half a line at the end is what a crash leaves.
rm -rf data
cp -R intact data
printf '{"torn' >>data/logs/0.log
expect 0 get key6
printed 'value6'
expect 0 list
printed 'key1\nkey2\nkey3\nkey4\nkey5\nkey6\n'
check "the torn tail is gone" [ "$(grep -c '"torn' data/logs/0.log)" -eq 0 ]

# A log that is missing in the middle.
rm -rf data
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
	expect 0 set "key$n" "a value that is long enough to fill a log soon: $n" \
		--rotate-bytes 512 --compact-stale-bytes 0
done
check "there are several logs" [ -e data/logs/2.log ]
mv data/logs/1.log lost
expect 3 get key1
check "it is not made anew" [ ! -e data/logs/1.log ]
mv lost data/logs/1.log
expect 0 get key1

# A folder that cannot be read is not an empty store (root may read everything).
if [ "$(id -u)" -ne 0 ]; then
	chmod 0 data/logs
	expect 3 get key1
	expect 3 set key1 x
	chmod 700 data/logs
fi
printf 'a file' >file
expect 3 get key1 --dir file
expect 3 set key1 x --dir file
expect 3 set key1 x --dir no/such/parent
finish
