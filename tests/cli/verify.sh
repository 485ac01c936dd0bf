#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: verify reads every line and changes nothing; it says of each log what is wrong with it,
# goes on with the others, and exits 3 where the store would not open, and 0 where it would.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1

# said PATTERN: the last run printed a line that matches.
said() {
	grep -q -e "$1" out || {
		fail "printed nothing like '$1':"
		sed 's/^/  | /' out
	}
}

# verify STATUS: verifies the store, which must end with STATUS and change nothing.
verify() {
	(cd data && find . -type f -exec cksum {} + | sort; ls -lR) >before
	expect "$1" verify
	(cd data && find . -type f -exec cksum {} + | sort; ls -lR) >after
	check "verify changes nothing" cmp before after
}

# A store of several logs.
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
	expect 0 set "key$n" "a value that is long enough to fill a log soon: $n" \
		--rotate-bytes 512 --compact-stale-bytes 0
done
expect 0 rm key1 --rotate-bytes 512
check "there are several logs" [ -e data/logs/3.log ]
rm -rf intact
cp -Rp data intact
verify 0
check "it has nothing to complain of" [ ! -s err ]
for log in data/logs/*.log; do
	lines=$(wc -l <"$log")
	said "^${log##*/} bytes $(wc -c <"$log") lines $((lines)) sets [0-9]* removes [01] ok\$"
done
said "^logs $(find data/logs -name '*.log' | wc -l)\$"
said "^bytes $(log_bytes data)\$"
said "^lines $(cat data/logs/*.log | wc -l)\$"
said '^sets 12$'
said '^removes 1$'
said '^torn_bytes 0$'
said '^bad_logs 0$'
check "the verdict comes last" [ "$(tail -n 1 out)" = 'verdict ok' ]

# A copy without its lock is verified, and gets none.
rm data/LOCK
verify 0
check "no lock is made" [ ! -e data/LOCK ]

# What a crash leaves is told, and left.
last=$(find data/logs -name '*.log' | sed 's/.*\///; s/\.log//' | sort -n | tail -n 1)
size=$(wc -c <"data/logs/$last.log")
printf '{"torn' >>"data/logs/$last.log"
verify 0
said "^$last\\.log .* torn tail of 6 bytes at $((size)) (would be cut)\$"
said '^torn_bytes 6$'
said '^verdict ok$'
: >"data/logs/$((last + 1)).log"
: >data/logs/7.log.tmp
: >data/logs/notes
verify 0
said "^$((last + 1))\\.log bytes 0 .* unused (would be removed)\$"
said "^$last\\.log .* torn tail of 6 bytes"
said '^leftover_files 1$'
said '^foreign_files 1$'

# Damage in two logs, each named with its place; the others are read all the same.
rm -rf data
cp -Rp intact data
for n in 2 8; do
	log=$(grep -l "\"key$n\"" data/logs/*.log)
	offset=$(grep -bo "soon: $n\"" "$log" | head -n 1 | cut -d: -f1)
	line=$(grep -b "\"key$n\"" "$log" | cut -d: -f1)
	printf 'X' | dd of="$log" bs=1 seek="$offset" conv=notrunc 2>/dev/null
	echo "${log##*/} $line" >>places
done
verify 3
while read -r name line; do
	said "^$name .* damaged at offset $line, after seq [0-9]*"
done <places
said '^bad_logs 2$'
check "the verdict comes last" [ "$(tail -n 1 out)" = 'verdict damaged' ]
check "others are fine" [ "$(grep -c ' ok$' out)" -gt 2 ]
complained "$(head -n 1 places | cut -d' ' -f1 | sed 's/\./\\./'): damaged at offset"

# In the last log, damage has lines on both sides, and so numbers.
rm -rf data
for n in 1 2 3 4 5; do
	expect 0 set "key$n" "value$n"
done
offset=$(grep -bo 'value3' data/logs/0.log | cut -d: -f1)
printf 'X' | dd of=data/logs/0.log bs=1 seek="$offset" conv=notrunc 2>/dev/null
verify 3
said '^0\.log .* damaged at offset [0-9]*, after seq [0-9]* and before seq [0-9]*: the checksum'

# A log that is missing.
rm -rf data
cp -Rp intact data
rm data/logs/1.log
verify 3
said '^1\.log bytes 0 .* is missing: '
said '^0\.log .* ok$'
said '^2\.log .* ok$'
rm data/logs/0.log
verify 3
said '^0\.log bytes 0 .* is missing'

# After a compaction.
rm -rf data
cp -Rp intact data
expect 0 compact
verify 0
said '^sets 11$'
said '^removes 0$'

# A store that only may be read.
if [ "$(id -u)" -ne 0 ]; then
	chmod -R a-w data
	verify 0
	chmod -R u+w data
fi
finish
