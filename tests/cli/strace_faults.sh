#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Promise: whatever system call on the store's files fails in the real program, whenever, once or
# for ever, the program ends or goes on, and answers with the exit statuses and HTTP statuses that
# the tables below foresee; what it acknowledged is there afterwards, with what was there before,
# and what it refused is not. A call that a signal interrupts is made again, and nobody sees it; but
# for a sync, which is never tried twice.
#
# strace makes the calls fail: with EIO, ENOSPC and EINTR; and reads and writes transfer nothing
# (ZERO). A limit on the size of files cuts writes at any of their bytes. Each call is a case; a run
# tries each 31st from number ARYAVARTH_SEED (0) on, and with ARYAVARTH_FAULTS=all every one.
# Skipped (77) where processes cannot be traced.
set -u

# Looked at before shell.sh forgets them.
stride=31
[[ ${ARYAVARTH_FAULTS-} != all ]] || stride=1
seed=${ARYAVARTH_SEED:-0}
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

command -v strace >/dev/null || { echo "skipped: no strace here"; exit 77; }
strace -o /dev/null true 2>/dev/null || { echo "skipped: no tracing here"; exit 77; }
# What is read from memory makes no call that could fail; tests of the environment lose its pages.
export ARYAVARTH_MAP_BYTES_MAX=0
# A leak checker traces too, and two tracers are one too many.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# EINTR is one interruption, EINTR+ interrupts for ever; the other kinds are answered in the same
# way once and for ever. A call that has no row fails the test.
#
# Exit statuses: of commands that read, that write, and of compaction. Where 0 stands beside 3, not
# all such calls matter: the process id in LOCK, a new log that can wait, a closing mark on a full
# disk, the look for more behind the end of a file, the name of WATERMARK.
exit_table='
openat                  EIO,ENOSPC,EINTR+       3    0,3  3
newfstatat,fstat,statx  EIO,ENOSPC,EINTR+       3    0,3  3
getdents64,fcntl,flock  EIO,ENOSPC,EINTR+       3    3    3
mkdir,mkdirat           EIO,ENOSPC,EINTR+       -    3    -
renameat                EIO,ENOSPC,EINTR+       -    -    3
unlinkat                EIO,ENOSPC,EINTR+       3    3    0,3
ftruncate               EIO,ENOSPC,EINTR+       0,3  0,3  0,3
pread64                 EIO,ENOSPC,EINTR+       3    3    3
pread64                 ZERO                    0,3  0,3  0,3
pwrite64                EIO,ENOSPC,EINTR+,ZERO  0,3  0,3  0,3
openat,newfstatat,fstat,statx,getdents64,fcntl,flock,mkdir,mkdirat,unlinkat,renameat  EINTR  0 0 0
ftruncate,pread64,pwrite64                                                            EINTR  0 0 0
fsync                   EIO,ENOSPC,EINTR,EINTR+ 3    0,3  3
fdatasync               EIO,ENOSPC,EINTR,EINTR+ 3    3    3
close,fstatfs           EIO,ENOSPC,EINTR,EINTR+ 0    0    0
'
# HTTP statuses of GET, PUT, DELETE and POST /compact, and the exit status of the server. 500 of a
# write is an unknown outcome, or a write that is not stored; 503 is a store that takes no more. One
# file that cannot be opened is WATERMARK, whose absence a compaction does not mind.
http_table='
openat                        EIO,EINTR+             200     201         204         200,500     0
openat                        ENOSPC                 200     201         204         200,507     0
newfstatat,fstat,statx        EIO,EINTR+             200     201         204         500         0
newfstatat,fstat,statx        ENOSPC                 200     201         204         507         0
renameat                      EIO,ENOSPC,EINTR+      200     201,503     204         503         3
unlinkat                      EIO,ENOSPC,EINTR+      200     201         204         200         0
pread64                       EIO,EINTR+,ZERO        200,500 201         204         200,500     0
pread64                       ENOSPC                 200,500 201         204         200,507     0
pwrite64                      EIO,EINTR+,ZERO        200     201,500,503 204,500,503 200,500,503 3
pwrite64                      ENOSPC                 200     201,507     204,507     200,507     0
fdatasync                     EIO,ENOSPC,EINTR,EINTR+ 200     201,500,503 204,500,503 200,500,503 3
fsync                         EIO,ENOSPC,EINTR,EINTR+ 200     201,503     204,503     200,503     3
openat,newfstatat,fstat,statx EINTR                  200     201         204         200         0
renameat,unlinkat             EINTR                  200     201         204         200         0
pread64,pwrite64              EINTR                  200     201         204         200         0
close,fstatfs                 EIO,ENOSPC,EINTR,EINTR+ 200     201         204         200         0
'

work=$(cd "$work" && pwd -P)
run=$work/case
dir=$run/data
small=(--dir "$dir" --rotate-bytes 512)
paths=(-P "$run" -P "$dir" -P "$dir/LOCK" -P "$dir/logs")
for n in 0 1 2 3 4 5 6 7 8 9; do
	paths+=(-P "$dir/logs/$n.log" -P "$dir/logs/$n.log.tmp")
done
# Enough to fill a log, so that a new one is begun.
value=$(printf '%0250d' 7)
number=0
cases=0
fired=0

# What a case begins with: three logs, the last not closed and torn, and a merge that never counted.
make_fixture() {
	mkdir "$run"
	for n in 1 2 3 4; do
		expect 0 set "${small[@]}" keep$n value$n
	done
	for n in 1 2; do
		expect 0 set "${small[@]}" old $n
	done
	expect 0 set "${small[@]}" gone soon
	cp -R "$run" "$work/clean"
	echo torn >"$dir/logs/9.log.tmp"
	for log in "$dir"/logs/?.log; do :; done
	printf '{"seq":' >>"$log"
	cp -R "$run" "$work/torn"
	mkdir "$work/none"
	"$aryavarth" export "${small[@]}" >"$work/before" 2>/dev/null
	check "the fixture has its keys" [ "$(wc -l <"$work/before")" -eq 6 ]
}

# begin FIXTURE: the case's folder is as FIXTURE is.
begin() {
	rm -rf "$run"
	cp -R "$work/$1" "$run"
}

# The calls in the trace, as NAME COUNT: the most that one thread made, as each counts by itself.
calls_made() {
	awk '/^[0-9]+ +[a-z_0-9]+\(/ {
		name = $2
		sub(/\(.*/, "", name)
		if (++made[$1, name] > most[name])
			most[name] = made[$1, name]
	}
	END { for (name in most) print name, most[name] }' "$work/trace" | sort
}

kinds_of() {
	case $1 in
	pread64 | pwrite64) echo EIO ENOSPC EINTR ZERO ;;
	*) echo EIO ENOSPC EINTR ;;
	esac
}

# each_case DO WHAT...: DO CALL KIND WHEN WHAT..., for each case that is due, of the calls made.
each_case() {
	local what=("${@:2}") call count kind n when
	while read -r call count; do
		for kind in $(kinds_of "$call"); do
			for ((n = 1; n <= count; n++)); do
				for when in $n $n+; do
					number=$((number + 1))
					((number % stride == seed % stride)) || continue
					cases=$((cases + 1))
					"$1" "$call" "$kind" $when "${what[@]}"
				done
			done
		done
	done < <(calls_made)
}

injection() {
	case $2 in
	ZERO) echo "inject=$1:retval=0:when=$3" ;;
	*) echo "inject=$1:error=$2:when=$3" ;;
	esac
}

# allowed TABLE COLUMN CALL KIND WHEN: what the row says, or nothing when there is none.
allowed() {
	local kind=$4
	[[ $4 = EINTR && $5 = *+ ]] && kind=EINTR+
	awk -v column="$2" -v call="$3" -v kind="$kind" '
		index("," $1 ",", "," call ",") && index("," $2 ",", "," kind ",") {
			print $column
		}' <<<"$1"
}

# is_one_of WORD LIST: LIST is separated by commas.
is_one_of() {
	[[ ,$2, = *,$1,* ]]
}

# What must be there now: the fixture's keys with all of the other arguments' (KEY=VALUE, or KEY=
# for none); a key=VALUE? may be as before. Then a write must work.
expect_store() {
	local change key value line
	: >"$work/now"
	# What could not be made is not there, and is made by the next who writes.
	if [[ $1 != nothing || -d $dir/logs ]]; then
		expect 0 verify --dir "$dir"
		expect 0 export "${small[@]}"
		cp "$work/out" "$work/now"
	fi
	cp "$work/$1" "$work/wanted"
	shift
	for change; do
		key=${change%%=*}
		value=${change#*=}
		line="{\"cmd\":\"Set\",\"key\":\"$key\",\"value\":\"${value%\?}\"}"
		if [[ $value = *\? ]]; then
			# Either way is right: take what is there, if it is one of the two.
			if [[ $value = \? ]]; then
				grep -q "\"key\":\"$key\"" "$work/now" && continue
			else
				grep -qxF "$line" "$work/now" || continue
			fi
		fi
		grep -v "\"key\":\"$key\"" "$work/wanted" >"$work/changed"
		[[ -z ${value%\?} ]] || echo "$line" >>"$work/changed"
		LC_ALL=C sort "$work/changed" >"$work/wanted"
	done
	cmp -s "$work/wanted" "$work/now" || {
		fail "$label: the store holds something else:"
		diff "$work/wanted" "$work/now" | sed 's/^/  | /'
	}
	expect 0 set "${small[@]}" after all
	expect 0 get "${small[@]}" after
	[[ $(cat "$work/out") = all ]] || fail "$label: a write afterwards is not there"
}

# One case of a command: CALL KIND WHEN COLUMN FIXTURE COMMAND...
try_command() {
	local call=$1 kind=$2 when=$3 column=$4 fixture=$5 status=0 statuses
	shift 5
	label="$* with $call $kind $when"
	begin "$fixture"
	timeout -k 5 60 strace -f -qqq -o "$work/trace" "${paths[@]}" \
		-e "$(injection "$call" "$kind" "$when")" "$aryavarth" "$@" \
		>"$work/out" 2>"$work/err" </dev/null || status=$?
	fired=$((fired + $(grep -c INJECTED "$work/trace")))
	statuses=$(allowed "$exit_table" "$column" "$call" "$kind" "$when")
	is_one_of $status "$statuses" ||
		fail "$label: exit status $status, not one of '$statuses': $(tail -n 1 "$work/err")"
	expect_effect $status "$@"
}

# What command $2... with exit status $1 may have done.
expect_effect() {
	local status=$1 doubt='?'
	[[ $status != 0 ]] || doubt=
	case $2 in
	get) expect_output "$status" 'value1' ;;
	list) expect_output "$status" "$(printf '%s\n' gone keep1 keep2 keep3 keep4 old)" ;;
	esac
	case $2 in
	set) expect_store "$base" "new=$value$doubt" ;;
	rm) expect_store before "gone=$doubt" ;;
	*) expect_store before ;;
	esac
}

# A command that failed prints nothing, or all.
expect_output() {
	[[ $1 != 0 && ! -s $work/out ]] || [[ $(cat "$work/out") = "$2" ]] ||
		fail "$label: printed $(head -c 200 "$work/out")"
}

# sweep COLUMN FIXTURE COMMAND...: every case of a command.
sweep() {
	begin "$2"
	strace -f -qqq -o "$work/trace" "${paths[@]}" "$aryavarth" "${@:3}" >"$work/out" \
		2>"$work/err" || fail "${*:3} without a fault: $(cat "$work/err")"
	each_case try_command "$@"
}

# The requests of every server's case; their statuses go to $statuses.
request_all() {
	local w='%{http_code} '
	statuses=$(curl -s -m 30 -w "$w" -o "$work/got" "$server_url/keys/keep1" \
		--next -s -m 30 -w "$w" -o "$work/put" -T "$work/value" "$server_url/keys/new" \
		--next -s -m 30 -w "$w" -o "$work/rm" -X DELETE "$server_url/keys/gone" \
		--next -s -m 30 -w "$w" -o "$work/compact" -X POST "$server_url/compact" \
		--next -s -m 30 -w "$w" -o "$work/again" "$server_url/keys/keep1" \
		--next -s -m 30 -w "$w" -o "$work/late" -T "$work/value" "$server_url/keys/late")
}

# trace_server STRACE-OPTION...: a server on a store of its own is traced while it is asked, and
# then ended: $statuses, and its exit $status.
trace_server() {
	local tracer
	begin clean
	serve "${small[@]}" --threads 1
	rm -f "$work/attach"
	strace -f -p "$server_pid" -o "$work/trace" "${paths[@]}" \
		--quiet=exit,path-resolution,personality "$@" 2>"$work/attach" &
	tracer=$!
	wait_for grep -q attached "$work/attach" || {
		kill $tracer 2>/dev/null
		wait $tracer
		return 1
	}
	request_all
	stop_server TERM
	wait $tracer
}

# What a write answered with $2, with the body in file $3, has done to the key of change $1.
effect() {
	case $2 in
	201 | 204) echo "$1" ;;
	500) ! grep -q '/problems/outcome-unknown' "$3" || echo "$1?" ;;
	esac
}

# One case of a server: CALL KIND WHEN.
try_server() {
	local column got answer
	label="serve with $1 $2 $3"
	trace_server -e "$(injection "$1" "$2" "$3")" || fail "$label: cannot be traced"
	fired=$((fired + $(grep -c INJECTED "$work/trace")))
	read -ra got <<<"$statuses $status"
	for column in 3 4 5 6 3 4 7; do
		answer=${got[0]}
		got=("${got[@]:1}")
		is_one_of "$answer" "$(allowed "$http_table" $column "$1" "$2" "$3")" ||
			fail "$label: $answer in column $column ($statuses, exit $status)"
	done
	read -ra got <<<"$statuses"
	[[ ${got[0]} != 200 || $(cat "$work/got") = value1 ]] || fail "$label: a GET is wrong"
	[[ ${got[4]} != 200 || $(cat "$work/again") = value1 ]] || fail "$label: a GET is wrong"
	# shellcheck disable=SC2046 # a list of words
	expect_store before $(
		effect "new=$value" "${got[1]}" "$work/put"
		effect gone= "${got[2]}" "$work/rm"
		effect "late=$value" "${got[5]}" "$work/late"
	)
}

sweep_server() {
	printf %s "$value" >"$work/value"
	if ! trace_server; then
		echo "no server can be traced here: $(cat "$work/attach")"
		stop_server TERM
		return
	fi
	[[ $statuses = '200 201 204 200 200 201 ' && $status = 0 ]] ||
		fail "a server without a fault answered $statuses and ended with $status"
	each_case try_server
}

# sweep_sizes FROM TO COMMAND...: files can have no more than FROM to TO bytes, so that a write ends
# after any of its bytes. What a full disk refused is not there.
sweep_sizes() {
	local bytes doubt
	for ((bytes = $1; bytes <= $2; bytes++)); do
		number=$((number + 1))
		((number % stride == seed % stride)) || continue
		cases=$((cases + 1))
		label="${*:3} with files of at most $bytes bytes"
		begin torn
		status=0
		prlimit --fsize=$bytes "$aryavarth" "${@:3}" >/dev/null 2>&1 </dev/null ||
			status=$?
		is_one_of "$status" 0,3 || fail "$label: exit status $status"
		[[ $status = 0 ]] || fired=$((fired + 1))
		doubt=
		[[ $status != 0 || $3 != set ]] || doubt=new=$value
		# shellcheck disable=SC2086 # none or one
		expect_store before $doubt
	done
}

make_fixture
: >"$work/nothing"
base=before
sweep 3 torn get "${small[@]}" keep1
sweep 3 torn list "${small[@]}"
sweep 3 torn verify --dir "$dir"
sweep 4 torn set "${small[@]}" new "$value"
sweep 4 torn rm "${small[@]}" gone
sweep 5 torn compact "${small[@]}"
base=nothing
sweep 4 none set "${small[@]}" new "$value"
sweep_server
if command -v prlimit >/dev/null; then
	sweep_sizes 400 900 set "${small[@]}" new "$value"
	sweep_sizes 0 900 compact "${small[@]}"
fi
echo "$cases of $number cases, $fired calls failed"
finish
