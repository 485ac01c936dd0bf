# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # the parts set variables for each other
# The processes of a run: each is started here, known by its pid, and stopped whatever happens.

work=                     # the folder of this run: configurations, what servers say
data=                     # a folder in it: what the servers of a section store
declare -A pid_of=()      # server -> its process
declare -A served_by=()   # server -> its process and those behind it, all of which it costs
client_pid=
has_verdict=no

# What went wrong, as the last line.
fail() {
	has_verdict=yes
	printf '%s: FAILED: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# The same, with the end of file $1 before it.
fail_showing() {
	tail -n 20 "$1" >&2
	echo >&2
	fail "$2"
}

# start NAME COMMAND...: in the background, what it says in $work/NAME.out and .err. The kernel
# ends it should this script be killed in a way that it cannot see.
start() {
	local name=$1
	shift
	# What an earlier one of that name has said must not pass for what this one says.
	: >"$work/$name.out"
	: >"$work/$name.err"
	setpriv --pdeathsig TERM "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
	pid_of[$name]=$!
	served_by[$name]=$!
}

is_running() {
	kill -0 "${pid_of[$1]}" 2>/dev/null
}

# The last words of server $1, and the end of the run.
fail_server() {
	tail -n 20 "$work/$1.out" "$work/$1.err" >&2
	fail "$1 $2"
}

# wait_until NAME COMMAND...: COMMAND succeeds, within 60 seconds and while server NAME runs.
wait_until() {
	local name=$1 tries
	shift
	for ((tries = 0; tries < 1200; tries++)); do
		is_running "$name" || fail_server "$name" "ended at its start"
		"$@" && return
		sleep 0.05
	done
	fail_server "$name" "does not answer"
}

# The children of process $1, which a server that forks is made of as well.
children_of() {
	cat /proc/"$1"/task/*/children 2>/dev/null || :
}

# stop NAME...: asks each to end, then makes it.
stop() {
	local name tries pids=()
	for name; do
		[[ -n ${pid_of[$name]-} ]] || continue
		# shellcheck disable=SC2207 # a list of numbers
		pids+=("${pid_of[$name]}" $(children_of "${pid_of[$name]}"))
		unset "pid_of[$name]" "served_by[$name]"
	done
	((${#pids[@]} > 0)) || return 0
	kill "${pids[@]}" 2>/dev/null || :
	for ((tries = 0; tries < 100; tries++)); do
		kill -0 "${pids[@]}" 2>/dev/null || break
		sleep 0.05
	done
	kill -9 "${pids[@]}" 2>/dev/null || :
	wait "${pids[@]}" 2>/dev/null || :
}

stop_all() {
	[[ -z $client_pid ]] || kill "$client_pid" 2>/dev/null || :
	stop "${!pid_of[@]}"
	[[ -z $work ]] || rm -rf "$work"
}

# run_client OUT COMMAND...: waited for in a way that lets a signal in.
run_client() {
	local out=$1 status=0
	shift
	setpriv --pdeathsig TERM "$@" >"$out" 2>&1 </dev/null &
	client_pid=$!
	wait "$client_pid" || status=$?
	client_pid=
	return $status
}

# Hundredths of a second (CLK_TCK) of processor that server $1 has used: its processes, with all
# their threads, and their children.
cpu_ticks() {
	local pid child
	for pid in ${served_by[$1]}; do
		cat "/proc/$pid/stat" || return
		for child in $(children_of "$pid"); do
			cat "/proc/$child/stat" || return
		done
	done | awk '{ sub(/^.*\) /, ""); ticks += $12 + $13 } END { print ticks }'
}

is_port_taken() {
	awk -v port="$(printf '%04X' "$1")" '
		FNR > 1 { sub(/.*:/, "", $2); found = found || $2 == port }
		END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Sets $port to one that nobody has, below those that the system gives to clients.
choose_port() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		port=$((RANDOM % 12000 + 20000))
		[[ " ${chosen_ports-} " != *" $port "* ]] || continue
		is_port_taken "$port" && continue
		chosen_ports="${chosen_ports-} $port"
		return
	done
	fail "no port is free"
}
