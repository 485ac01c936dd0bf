# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# From the start of the program until it serves, what it takes in memory, and how large it is.

title_of[startup]='one million keys'
startup_keys=1000000
kib_in_mib=0.0009765625

print_million_lines() {
	awk -v keys="$startup_keys" 'BEGIN {
		value = sprintf("%0100d", 7)
		for (i = 0; i < keys; i++)
			printf "{\"cmd\":\"Set\",\"key\":\"k%015d\",\"value\":\"%s\"}\n", i, value
	}'
}

# A number of kB that the kernel tells of server $1 as $2.
memory_of() {
	sed -n "s/^$2:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/${pid_of[$1]}/status"
}

# measure_start NAME: starts it on $data/NAME and looks at it. Sets $took (seconds) and $memory,
# $memory_most (kB); the answer of /stats is in $work/answer.
measure_start() {
	local begin=$EPOCHREALTIME deadline=$((SECONDS + 60)) text=
	start "$1" "$program" serve --dir "$data/$1" --listen 127.0.0.1:0
	# Looked at often, without a program in between that costs what is measured.
	until [[ $text = *event=serving* ]]; do
		is_running "$1" || fail_server "$1" "ended at its start"
		((SECONDS < deadline)) || fail_server "$1" "does not serve"
		sleep 0.002
		text=$(<"$work/$1.err")
	done
	took=$(awk -v begin="$begin" -v end="$EPOCHREALTIME" 'BEGIN { print end - begin }')
	find_address "$1"
	ask "$1" 200 "${url_of[$1]}/readyz"
	ask "$1" 200 "${url_of[$1]}/stats"
	memory=$(memory_of "$1" VmRSS)
	memory_most=$(memory_of "$1" VmHWM)
	stop "$1"
}

# With all keys, and with none: the difference is what keys take.
measure_startup() {
	local took memory memory_most empty_memory index
	measure_start empty
	empty_memory=$memory
	note startup:'empty seconds' "$took"
	note startup:'empty memory' "$memory"
	measure_start full
	note startup:seconds "$took"
	note_of startup:records "$startup_keys / $took"
	note startup:memory "$memory"
	note startup:'memory most' "$memory_most"
	note_of startup:'a key' "($memory - $empty_memory) * 1024 / $startup_keys - 16"
	index=$(sed -n 's/.*"index_bytes":\([0-9]*\).*/\1/p' "$work/answer")
	note_of startup:'index a key' "$index / $startup_keys - 16"
	printf '    round %s: serves after %.3f s, %d kB\n' "$round" "$took" "$memory"
}

section_startup() {
	local round
	begin_section startup
	say "startup: making a store of $startup_keys keys"
	print_million_lines | "$program" import --dir "$data/full" --durability never - \
		>"$work/import.out" || fail_showing "$work/import.out" "the import failed"
	for ((round = 1; round <= rounds; round++)); do
		measure_startup
	done
	strip -o "$work/stripped" "$program"
	note startup:size "$(stat -c %s "$work/stripped")"
	rm -rf "$data"
	count_of[startup]="$startup_keys keys"
}

print_startup() {
	cat <<-'END'
		One million keys of 16 bytes with values of 100, read from the system's cache.
		Counted from the start of the process until it says that it serves, with its
		threads, its port and its index; what the engine alone takes is in `engine`.
		Memory is what the whole process holds (VmRSS), and of that the difference to one
		without keys.

		| | |
		|---|---:|
	END
	row 'serves after' '%.3f s' startup:seconds
	row 'records a second' '%.0f' startup:records
	row 'serves after, without keys' '%.3f s' 'startup:empty seconds'
	row 'memory, all keys' '%.1f MiB' startup:memory $kib_in_mib
	row '... at its most, while it started' '%.1f MiB' 'startup:memory most' $kib_in_mib
	row '... without keys' '%.1f MiB' 'startup:empty memory' $kib_in_mib
	row 'memory of the process per key, beyond its own bytes' '%.1f bytes' 'startup:a key'
	row 'memory of the index per key, beyond its own bytes' '%.1f bytes' 'startup:index a key'
	row 'the program, stripped' '%.0f kB' startup:size 1e-3
}
