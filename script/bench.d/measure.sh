# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# One measurement: a client for some seconds, and what the server spent meanwhile.

declare -A port_of=()     # server -> the port of the redis in it
ticks_a_second=$(getconf CLK_TCK)
rate=                     # how many requests a second the client sends; empty: as many as it can

# ask NAME STATUS CURL-ARGUMENT...: one request before the measuring, which must be answered with
# STATUS, so that no error page is measured. The answer is in $work/answer.
ask() {
	local name=$1 expected=$2 status
	shift 2
	status=$(answers -w '%{http_code}' "$@") ||
		fail_server "$name" "does not answer"
	[[ $status = "$expected" ]] ||
		fail_showing "$work/answer" "$name answers $status, not $expected"
}

# The answer that `ask` got must hold what file $2 does.
expect_answer() {
	grep -qF -f "$2" "$work/answer" ||
		fail_showing "$work/answer" "$1 does not answer what was stored"
}

# How many requests the redis behind server $1 has refused; webdis answers 200 to those, too.
refused_by_redis() {
	[[ -n ${port_of[$1]-} ]] || { echo 0; return; }
	redis-cli -h 127.0.0.1 -p "${port_of[$1]}" info stats |
		awk -F: '/^total_error_replies/ { print $2 + 0; found = 1 } END { exit !found }'
}

# record SECTION CONNECTIONS ROUND LABEL "REQUESTS MICROSECONDS P50 P99" ERRORS TICKS
# adds a line: the first four, requests a second, microseconds of processor a request, p50, p99
# (microseconds), errors.
record() {
	local key
	printf -v key '%s\t' "${@:1:4}"
	awk -v OFS='\t' -v hz="$ticks_a_second" '{
		print key $1 * 1e6 / $2, $6 * 1e6 / hz / $1, $3, $4, $5
	}' key="$key" - <<<"${*:5}" >>"$work/figures"
	tail -n 1 "$work/figures" | awk -F'\t' '{
		cpu = $6 > 0 ? sprintf("%7.2f us CPU", $6) : "              "
		printf "    round %s, %3s connections, %-17s %8.0f requests/s %s, p99 %6.2f ms," \
			" %s errors\n", $3, $2, $4, $5, cpu, $8 / 1000, $9
	}'
}

# The costs of server $1 from here on; end_costs sets $ticks and $refused to what they came to.
begin_costs() {
	ticks_before=$(cpu_ticks "$1") || fail_server "$1" "is not there"
	refused_before=$(refused_by_redis "$1") || fail_server "$1" "does not tell its errors"
}

end_costs() {
	ticks=$(cpu_ticks "$1") || fail_server "$1" "is not there any more"
	refused=$(refused_by_redis "$1") || fail_server "$1" "does not tell its errors any more"
	ticks=$((ticks - ticks_before))
	refused=$((refused - refused_before))
}

# ratio_of SECTION COLUMN FIRST SECOND: in this round, what label SECOND had in that column of the
# figures, divided by what FIRST had.
ratio_of() {
	awk -F'\t' -v section="$1" -v column="$2" -v first="$3" -v second="$4" -v round="$round" '
		$1 == section && $3 == round { value[$4] = $column }
		END { printf "%.6g", value[second] / value[first] }' "$work/figures"
}

# note NAME VALUE: one sample of a figure that has no row of its own; report.sh takes the median.
note() {
	printf '%s\t%s\n' "$1" "$2" >>"$work/notes"
}

# note_of NAME AWK-EXPRESSION: the same, computed.
note_of() {
	note "$1" "$(awk "BEGIN { printf \"%.6g\", $2 }")"
}

# Sets $result to "REQUESTS MICROSECONDS P50 P99" and $failed to the errors of the client whose
# output is file $1, and which asked server $2.
read_result() {
	result=$(sed -n 's/^RESULT //p' "$1")
	[[ $result =~ ^([1-9][0-9]*\ [0-9]+\ [0-9]+\ [0-9]+)\ ([0-9]+)$ ]] ||
		fail_showing "$1" "no answer of $2 was counted"
	result=${BASH_REMATCH[1]}
	failed=${BASH_REMATCH[2]}
}

# begin_load SERVER CONNECTIONS RATE LOAD-ARGUMENT...: a load beside what is measured, at so many
# requests a second, until end_load, which sets $result and $failed.
begin_load() {
	start load env LOAD_RATE="$3" wrk -t1 -c"$2" -d3600s --timeout 10s --latency \
		-s "$here/load.lua" "${url_of[$1]}" -- "${@:4}"
}

# end_load SERVER
end_load() {
	is_running load || fail_server load "has ended meanwhile"
	kill -INT "${pid_of[load]}"
	wait "${pid_of[load]}" || fail_server load "failed"
	unset "pid_of[load]" "served_by[load]"
	read_result "$work/load.out" "$1"
}

# measure SECTION CONNECTIONS ROUND LABEL SERVER URL LOAD-ARGUMENT...
measure() {
	local section=$1 connections=$2 round=$3 label=$4 name=$5 url=$6 result failed
	shift 6
	begin_costs "$name"
	run_client "$work/client" env LOAD_RATE="$rate" wrk -t1 -c"$connections" -d"${seconds}s" \
		--timeout 10s --latency -s "$here/load.lua" "$url" -- "$@" ||
		fail_showing "$work/client" "wrk failed"
	end_costs "$name"
	read_result "$work/client" "$name"
	record "$section" "$connections" "$round" "$label" "$result" $((failed + refused)) "$ticks"
}

# measure_redis SECTION CONNECTIONS ROUND LABEL SERVER: redis-benchmark counts requests, not
# seconds, so how many it is to send comes from how fast it was before (at first, a short try).
declare -A rate_of=()
measure_redis() {
	local section=$1 connections=$2 round=$3 label=$4 name=$5
	[[ -n ${rate_of[$connections]-} ]] || run_redis_benchmark $((connections * 100 + 1000))
	begin_costs "$name"
	run_redis_benchmark $((rate_of[$connections] * seconds))
	end_costs "$name"
	record "$section" "$connections" "$round" "$label" "$redis_result" "$refused" "$ticks"
}

# Sets $redis_result to: requests, microseconds, p50, p99; and remembers the rate.
run_redis_benchmark() {
	local requests=$1
	run_client "$work/client" redis-benchmark -h 127.0.0.1 -p "${port_of[$name]}" -t set \
		-d 100 -r 1000 -c "$connections" -n "$requests" --csv ||
		fail_showing "$work/client" "redis-benchmark failed"
	redis_result=$(awk -F'","' -v requests="$requests" '/"SET"/ {
		printf "%d %d %d %d", requests, requests * 1e6 / $2, $5 * 1000, $7 * 1000
	}' "$work/client")
	[[ -n $redis_result ]] || fail_showing "$work/client" "redis-benchmark counted nothing"
	rate_of[$connections]=$(awk '{ printf "%d", $1 * 1e6 / $2 + 1 }' <<<"$redis_result")
}
