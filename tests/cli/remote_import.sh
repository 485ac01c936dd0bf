#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: an import leaves a server as it leaves a directory, however many requests are under way;
# it is as strict, says the same, and names the line that was refused.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1

# Many lines about few keys, values and removals; the last one of each key counts. Some values are
# large, so that their requests would be overtaken by later ones if they could be.
awk 'BEGIN {
	srand(4)
	large = "0123456789abcdef"
	while (length(large) < 20000)
		large = large large
	for (n = 0; n < 10000; n++) {
		key = int(rand() * 30)
		value = n (rand() < 0.05 ? large : "")
		if (rand() < 0.2)
			print "{\"cmd\":\"Rm\",\"key\":\"k/" key "\"}"
		else
			print "{\"Set\":{\"key\":\"k/" key "\",\"type\":\"a/" n % 3 \
				"\",\"value\":\"" value "\"}}"
	}
}' >many
cat >odd <<'END'
{"cmd":"Get","key":"k/1"}
{"cmd":"Set","key_b64":"AP8lIC8=","value_b64":"AAH/"}
{"cmd":"Set","key":"%2F","value":""}

{"cmd":"Set","key":"ключ","type":"text/plain; charset=\"utf-8\"","value":"значение"}
END
expect 0 import --dir local many odd
cp out wanted
serve --dir remote --max-value-bytes 4MiB
expect 0 import --server "$server_url" many odd
check "it says the same" cmp wanted out
check "it says nothing else" [ ! -s err ]
status=0
"$aryavarth" import --server "$server_url" - <many >out 2>err || status=$?
check "again, from standard input" [ $status -eq 0 ]
ARYAVARTH_SERVER=$server_url run import odd
check "by the environment" [ $status -eq 0 ]
check "no directory is made" [ ! -e data ]

# A bad line: nothing is applied. One that a server would not have, too.
echo '{"cmd":"Set","key":"good","value":"1"}' >good
echo '{"cmd":"Set"' >bad
echo '{"cmd":"Set","key":"a/../b","value":"1"}' >dots
expect 3 import --server "$server_url" good bad
complained '^aryavarth: bad, line 1: .*; nothing was applied$'
expect 3 import --server "$server_url" good dots
complained '^aryavarth: dots, line 1: Dot segment.*; nothing was applied$'
printf '{"cmd":"Set","key":"k","value":"v","expires":9007199254740991}\n' >ends
expect 3 import --server "$server_url" good ends
complained 'ends, line 1: .*expires'
expect 1 get good --server "$server_url"
cat good bad >both
status=0
"$aryavarth" import --server "$server_url" - <both >out 2>err || status=$?
check "standard input is applied up to its bad line" [ $status -eq 3 ]
complained '^aryavarth: -, line 2: .*; 1 lines were applied$'
expect 0 rm good --server "$server_url"

# What only the server knows to be too large is told with its line.
head -c 4194305 /dev/zero | tr '\0' x >text
{
	printf '{"cmd":"Set","key":"large","value":"'
	cat text
	printf '"}\n'
} >large
expect 3 import --server "$server_url" large
complained '^aryavarth: large, line 1: http://.*Value too large.*; 0 lines were applied$'
stop_server TERM
expect 0 export --dir local
cp out wanted
expect 0 export --dir remote
check "both stores hold the same" cmp wanted out
check "that is something" [ "$(wc -l <out)" -gt 20 ]
expect 0 verify --dir remote

# No server; a full disk, which takes removals.
expect 3 import --server "$server_url" good
complained '^aryavarth: good, line 1: http://.*; 0 lines were applied$'
serve --dir remote --disk-reserve-bytes 1048576GiB
echo '{"cmd":"Rm","key":"k/1"}' >removal
expect 0 import --server "$server_url" removal
expect 3 import --server "$server_url" removal good
complained '^aryavarth: good, line 1: http://.*No space left.*; 1 lines were applied$'
stop_server TERM

# Fewer places for connections than an import would take: it makes do with them.
serve --dir few --connections-max 4
expect 0 import --server "$server_url" many
stop_server TERM
expect 0 import --dir few-local many
expect 0 export --dir few-local
cp out wanted
expect 0 export --dir few
check "few places do for all lines" cmp wanted out
finish
