# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# What the sections share: who takes part, and the turns in which they are measured.

labels=()                 # of the servers of this section, in their turn
declare -A server_of=() url_for=() load_of=()
asked_for=reads           # or writes: which of its two loads a server is measured with

# begin_section SECTION [reads|writes]
begin_section() {
	say "$1: starting"
	asked_for=${2-reads}
	labels=()
	rm -rf "$data"
	mkdir "$data"
	printf '%0100d' 7 >"$work/value"
	encoded=$(base64 -w 0 "$work/value")
	printf '{"key":"a2V50000"}' >"$work/range.json"
	printf '{"key":"a2V5{n}","value":"%s"}' "$encoded" >"$work/put.json"
	printf '{"key":"a2V50000","value":"%s"}' "$encoded" >"$work/put0.json"
	printf '"%s"' "$encoded" >"$work/encoded"
	{ printf 'value='; cat "$work/value"; } >"$work/form"
}

# join LABEL SERVER READ-LOAD WRITE-LOAD: the server takes part, with the load that is asked for
# (load.lua has the arguments; words without spaces: configure refuses folders that have some).
join() {
	labels+=("$1")
	server_of[$1]=$2
	url_for[$1]=${url_of[$2]}
	load_of[$1]=$3
	[[ $asked_for = reads ]] || load_of[$1]=$4
}

# run_section SECTION CONNECTIONS...
run_section() {
	local section=$1
	run_turns "$@"
	stop_section
	count_of[$section]="${#labels[@]} servers"
}

# run_turns SECTION CONNECTIONS...: all rounds; the servers go on.
run_turns() {
	local section=$1 connections label round
	shift
	say "$section: $rounds rounds, ${#labels[@]} servers, connections: $*, $seconds s each"
	for ((round = 1; round <= rounds; round++)); do
		for connections; do
			for label in "${labels[@]}"; do
				run_cell
			done
		done
	done
}

# Ends all servers, each of which must have lasted until now.
stop_section() {
	local name
	for name in "${!pid_of[@]}"; do
		is_running "$name" || fail_server "$name" "has ended meanwhile"
	done
	stop "${!pid_of[@]}"
	rm -rf "$data"
}

run_cell() {
	local name=${server_of[$label]}
	if [[ ${load_of[$label]} = redis-benchmark ]]; then
		measure_redis "$section" "$connections" "$round" "$label" "$name"
		return
	fi
	# shellcheck disable=SC2086 # words without spaces
	measure "$section" "$connections" "$round" "$label" "$name" "${url_for[$label]}" \
		${load_of[$label]}
}
