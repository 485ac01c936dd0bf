# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# Reads beside writes whose disk is slow: does a GET wait for somebody else's sync?

title_of[delay]='GET beside a slow disk'
delays=(0 10)             # milliseconds that are added to each sync
writes_a_second=1000
reads_a_second=4000
write_connections=64

section_delay() {
	local ms rate=$reads_a_second
	begin_section delay reads
	"${CC-cc}" -O2 -shared -fPIC -o "$work/slow_sync.so" "$root/tests/bench/slow_sync.c" ||
		fail "tests/bench/slow_sync.c cannot be built"
	for ms in "${delays[@]}"; do
		start_delayed "$ms"
	done
	run_delayed_turns
	stop_section
	count_of[delay]="${#delays[@]} servers"
}

start_delayed() {
	local name=delayed-$1
	start_serve "$name" "$data/$name" env LD_PRELOAD="$work/slow_sync.so" SLOW_SYNC_MS="$1" \
		"$program"
	ask "$name" 201 -X PUT -H 'Content-Type:' --data-binary "@$work/value" \
		"${url_of[$name]}/keys/bench"
}

run_delayed_turns() {
	local round ms name
	for ((round = 1; round <= rounds; round++)); do
		for ms in "${delays[@]}"; do
			name=delayed-$ms
			begin_load "$name" "$write_connections" "$writes_a_second" \
				PUT '/keys/b{n}' "$work/value"
			measure delay 16 "$round" "$ms ms" "$name" "${url_of[$name]}" \
				GET /keys/bench
			end_load "$name"
			take_writes
		done
		note_ratios
	done
}

# Of the writes beside: a delay that they did not feel would prove nothing.
take_writes() {
	local requests took p50 p99
	read -r requests took p50 p99 <<<"$result"
	((p50 >= ms * 1000)) || fail "writes took $p50 us although each sync waits $ms ms"
	record delay-writes "$write_connections" "$round" "$ms ms" "$result" "$failed" 0
}

note_ratios() {
	local both=("${delays[@]/%/ ms}")
	note delay:p99 "$(ratio_of delay 8 "${both[@]}")"
	note delay:writes "$(ratio_of delay-writes 5 "${both[@]}")"
}

print_delay() {
	local ms
	cat <<-END
		Two servers, in turn, each under the same $writes_a_second durable PUTs a second
		by $write_connections connections, and beside them $reads_a_second GETs a second
		by 16: one server on the disk as it is, one whose every \`fdatasync\` takes
		${delays[1]} ms longer (\`tests/bench/slow_sync.c\`). A read that waited for a
		writer, or for a loop that a sync holds up, would show it. Requests begin at fixed
		times, whatever became of those before.

		| added to each sync | GET/s | p50 ms | p99 ms | PUT/s | PUT p50 ms |
		|---:|---:|---:|---:|---:|---:|
	END
	for ms in "${delays[@]}"; do
		printf '| %s ms | %.0f | %.2f | %.2f | %.0f | %.2f |\n' "$ms" \
			"$(median "delay:16:$ms ms:rps")" "$(median "delay:16:$ms ms:p50")" \
			"$(median "delay:16:$ms ms:p99")" \
			"$(median "delay-writes:$write_connections:$ms ms:rps")" \
			"$(median "delay-writes:$write_connections:$ms ms:p50")"
	done
	printf '\nThe p99 of GET with the delay was %.2f times that without.\n' \
		"$(median delay:p99)"
}
