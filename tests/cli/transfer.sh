#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: what export prints, import brings back byte for byte; the lines of the stores that came
# before are read in all their forms; and a bad line is named, and does no harm.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1

# pipe_in STORE STATUS: imports standard input into STORE, which must end with STATUS.
pipe_in() {
	status=0
	"$aryavarth" import --dir "$1" - >out 2>err || status=$?
	[ "$status" -eq "$2" ] || fail "import ends with $status instead of $2: $(cat err)"
}

# The article's log, in order: username was removed and set again.
cat >article.log <<'END'
{"key":"username","value":"john","cmd":"Set"}
{"key":"email","value":"john@example.com","cmd":"Set"}
{"key":"username","cmd":"Rm"}
{"key":"username","value":"jane","cmd":"Set"}
END
expect 0 import article.log
printed 'files 1\nlines 4\nsets 3\nremoves 1\nskipped 0\n'
check "it says nothing else" [ ! -s err ]
expect 0 get username
printed 'jane'
expect 0 get email
printed 'john@example.com'
expect 0 list
printed 'email\nusername\n'
expect 0 export
printed '{"cmd":"Set","key":"email","value":"john@example.com"}
{"cmd":"Set","key":"username","value":"jane"}\n'
expect 0 verify

# All that can be said of a value: in any order on the way in, in ours on the way out.
sha=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
pipe_in about 0 <<END
{"meta":{"b":"2","A":"\u0031"},"cmd":"Set","key":"k","sha256":"$sha","value":"v","encoding":"gzip"}
{"cmd":"Set","key":"later","value":"v","expires":9007199254740991}
{"cmd":"Set","key":"over","value":"v","expires":1763796000123}
{"cmd":"Set","key":"ended","value":"v"}
{"cmd":"Expire","key":"ended","prev":4}
END
expect 0 export --dir about
printed "$(printf '{"cmd":"Set","key":"k","encoding":"gzip","meta":%s,"sha256":"%s","value":"v"}
{"cmd":"Set","key":"later","expires":9007199254740991,"value":"v"}' '{"a":"1","b":"2"}' "$sha")\n"
cp out about.lines
pipe_in about-again 0 <about.lines
expect 0 export --dir about-again
check "it is the same again" cmp -s out about.lines
expect 1 get --dir about over
pipe_in about 3 <<END
{"cmd":"Set","key":"k","value":"v","meta":{"a b":"c"}}
END
check "it says which line, and why" grep -q 'line 1: field "meta".*token' err

# A directory of such logs, given in the order of their numbers; a Get is in one of them.
mkdir -p seed/logs
for n in 0 1 2 3 4 5 6 7 8 9 10 11; do
	echo "{\"Set\":{\"key\":\"last\",\"value\":\"$n\"}}"
	echo "{\"cmd\":\"set\",\"key\":\"key$n\",\"value\":\"value$n\"}"
	[ $n -eq 0 ] || echo "{\"Rm\":{\"key\":\"key$((n - 1))\"}}"
	echo "{\"Get\":{\"key\":\"last\"}}"
	echo "{\"cmd\":\"rm\",\"key\":\"never there\"}"
done | awk '/"last","value"/ { n++ } { print > ("seed/logs/" n - 1 ".log") }'
# shellcheck disable=SC2046
expect 0 import --dir from-seed $(find seed/logs -name '*.log' | sort -t/ -k3n)
printed 'files 12\nlines 59\nsets 24\nremoves 23\nskipped 12\n'
expect 0 export --dir from-seed
printed '{"cmd":"Set","key":"key11","value":"value11"}
{"cmd":"Set","key":"last","value":"11"}\n'

# Odd keys and values, by way of the server: a command line cannot hold a NUL.
head -c 65537 /dev/urandom >big
head -c 65537 /dev/zero | tr '\0' 'x' >big.txt
printf 'a\0b\n\377"\\\001' >odd
printf 'line\nline\n' >lines
: >empty
serve --dir odd-store
put() {
	curl -sf -o /dev/null -T "$2" -H "Content-Type: $3" "$server_url/keys/$1" ||
		fail "PUT $1"
}
put big big application/octet-stream
put big.txt big.txt 'text/plain; charset="utf-8"'
put odd odd ''
put %00%ff%0a odd 'a/b'
put %0a lines text/plain
put %22%5C%01%7F empty ''
put %c3%a4%e2%80%a8 lines ''
put a%2Fb%20c empty text/plain
stop_server TERM
expect 0 export --dir odd-store
cp out exported
check "there is one line a key" [ "$(wc -l <exported)" -eq 8 ]
# true_of FILTER: so jq answers of the array of exported lines.
true_of() {
	[ "$(jq -s "$1" exported)" = true ]
}
check "jq reads it" true_of 'length == 8 and all(.cmd == "Set")'
check "text stays text" true_of 'any(.key == "big.txt" and (.value | length) == 65537)'
check "other bytes do not" true_of 'any(.key == "odd" and has("value_b64"))'
expect 0 import --dir odd-copy exported
expect 0 export --dir odd-copy
check "a round trip changes nothing" cmp exported out
expect 0 get --dir odd-copy big
check "bytes come back" cmp big out
expect 0 get --dir odd-copy odd
check "odd bytes come back" cmp odd out
"$aryavarth" export --dir odd-store | pipe_in odd-piped 0
expect 0 export --dir odd-piped
check "so does one through a pipe" cmp exported out

# Our own logs, compacted or not, with their checksums.
expect 0 set --dir odd-store big gone
expect 0 rm --dir odd-store big
expect 0 export --dir odd-store
cp out exported
expect 0 import --dir own odd-store/logs/0.log
grep -q '^skipped [1-9]' out || fail "control lines are not counted as skipped"
expect 0 export --dir own
check "a log of ours is read" cmp exported out
expect 0 import odd-store/logs/0.log --dir odd-store
expect 0 export --dir odd-store
check "even into its own store" cmp exported out
sed 's/"key":"big"/"key":"pig"/' odd-store/logs/0.log >changed
expect 3 import --dir changed-store changed
complained '^aryavarth: changed, line [0-9]*: the checksum'
check "nothing is made" [ ! -e changed-store ]

# A prefix.
expect 0 export --dir odd-store --prefix a/
printed '{"cmd":"Set","key":"a/b c","type":"text/plain","value":""}\n'

# A bad line, in whichever file: nothing is applied, the store not even made.
cat >good <<'END'
{"cmd":"Set","key":"good","value":"1"}

{"cmd":"Rm","key":"username"}
END
cat >bad <<'END'
{"cmd":"Set","key":"good","value":"2"}
{"cmd":"Set","key":"half
END
cksum data/logs/* >before
expect 3 import good bad
printed ''
complained '^aryavarth: bad, line 2: not JSON: .*; nothing was applied$'
expect 3 import bad good
expect 3 import good missing
complained 'missing'
expect 3 import good "$work"
complained 'directory'
cksum data/logs/* >after
check "nothing is changed" cmp before after
expect 3 import --dir fresh good bad
check "nothing is made" [ ! -e fresh ]
printf '{"cmd":"Set","key":"%0100d","value":"12345"}\n' 0 >long
expect 3 import --max-key-bytes 99 long
complained 'long, line 1: .*--max-key-bytes'
expect 3 import --max-value-bytes 4 long
complained 'long, line 1: .*--max-value-bytes'
expect 0 import --max-key-bytes 100 --max-value-bytes 5 long

# Standard input is applied as it comes, up to the bad line, and says so.
pipe_in data 3 <bad
check "the line is named" grep -q '^aryavarth: -, line 2: .*; 1 lines were applied$' err
expect 0 get good
printed '2'

# A last line may lack its newline.
printf '{"cmd":"Set","key":"last","value":"line"}' >short
expect 0 import short
expect 0 get last
printed 'line'
expect 0 import empty
printed 'files 1\nlines 0\nsets 0\nremoves 0\nskipped 0\n'

# Many lines, so that the pipeline fills and logs rotate; the last one of each key counts.
awk 'BEGIN { for (n = 0; n < 20000; n++)
	printf "{\"cmd\":\"Set\",\"key\":\"k%04d\",\"value\":\"%d\"}\n", n % 5000, n }' >many
expect 0 import --dir many-store --rotate-bytes 64KiB many
expect 0 export --dir many-store
tail -n 5000 many >wanted
check "the last 5000 are left" cmp wanted out
expect 0 verify --dir many-store

# What the store refuses is told with its line; with no room at all that is the first one.
expect 3 import --dir full --disk-reserve-bytes 1048576GiB many
printed ''
complained '^aryavarth: many, line 1: .*; 0 lines were applied$'
finish
